"""One file behind a path: what stood under the name until it was rotated or cut."""

from __future__ import annotations

import os
from typing import Final

READ_BYTES: Final = 256 << 10
TAIL_BYTES: Final = 64  # What was read last is looked at again: a file that was cut and has grown is another.
HEAD_BYTES: Final = 64
MAX_LINE_BYTES: Final = 16 << 20  # A line without an end is taken as it is then.

Identity = tuple[int, int]
"""Device and inode."""


class Generation:
    """An open file, or one that can be opened again, and how far it has been read.

    offset   of the first byte that was not handed on
    partial  the beginning of a line whose end was not read: it stands at `offset`
    lingers  whether somebody may go on writing to it, though it is not under its name any more
    """

    __slots__ = (
        "_fd",
        "head",
        "identity",
        "last_growth_s",
        "lingers",
        "newline",
        "offset",
        "opened_path",
        "partial",
        "tail",
    )

    def __init__(self, path: str, fd: int, identity: Identity, offset: int = 0, newline: bytes = b"\n") -> None:
        self.opened_path = path
        self._fd = fd
        self.identity = identity
        self.offset = offset
        self.newline = newline
        self.partial = b""
        self.head = b""
        self.tail = os.pread(fd, min(TAIL_BYTES, offset), max(0, offset - TAIL_BYTES)) if offset else b""
        self.last_growth_s = 0.0
        self.lingers = False

    @classmethod
    def open(cls, path: str, offset: int = 0, newline: bytes = b"\n") -> Generation:
        """Raises OSError."""
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        found = os.fstat(fd)
        return cls(path, fd, (found.st_dev, found.st_ino), offset, newline)

    @property
    def is_open(self) -> bool:
        """Whether it has a descriptor now."""
        return self._fd >= 0

    @property
    def end(self) -> int:
        """Where the next read begins."""
        return self.offset + len(self.partial)

    def reopen(self) -> None:
        """Takes a descriptor again. Raises OSError, FileNotFoundError too where another file has the name now."""
        if self._fd >= 0:
            return
        fd = os.open(self.opened_path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        found = os.fstat(fd)
        if (found.st_dev, found.st_ino) != self.identity:
            os.close(fd)
            raise FileNotFoundError(self.opened_path)
        self._fd = fd

    def close(self) -> None:
        """Gives its descriptor back."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def size(self) -> int:
        """Of the file now. Raises OSError."""
        return os.fstat(self._fd).st_size

    def read(self) -> bytes | None:
        """Whole lines that follow, without the last newline; empty where there are none yet, None where the file was
        cut or replaced. `offset` is then behind them. Raises OSError."""
        known = self.tail
        start = self.end - len(known)
        data = os.pread(self._fd, READ_BYTES + len(known), start)
        if known:
            if not data.startswith(known):
                return None
            data = data[len(known) :]
        elif self.end and not data and self.size() < self.end:
            return None
        if not data:
            return b""
        if not self.head and not self.end:
            self.head = data[:HEAD_BYTES]
        self.tail = (known + data)[-TAIL_BYTES:]
        return self._lines(data)

    def _lines(self, data: bytes) -> bytes:
        cut = _last_newline(data, self.newline, len(self.partial))
        if cut < 0:
            self.partial += data
            if len(self.partial) < MAX_LINE_BYTES:
                return b""
            whole, self.partial = self.partial, b""
            self.offset += len(whole)
            return whole
        whole = self.partial + data[:cut] if self.partial else data[:cut]
        self.offset += len(whole) + len(self.newline)
        self.partial = data[cut + len(self.newline) :]
        # One empty line has no bytes of its own; it must not look as if there were nothing.
        return whole or self.newline

    def take_partial(self) -> bytes:
        """The line whose end will not come any more."""
        left, self.partial = self.partial, b""
        self.offset += len(left)
        return left


def _last_newline(data: bytes, newline: bytes, before: int) -> int:
    """Where the last newline is; of wide characters only one that stands at their boundary counts."""
    width = len(newline)
    at = data.rfind(newline)
    while at >= 0 and width > 1 and (before + at) % width:
        at = data.rfind(newline, 0, at + width - 1)
    return at
