"""Follows one path through rotations: what stood under its name is read to its end before what stands there now.

A rotation is seen as another inode (rename and create), as a file that is shorter than what was read of it, or as one
whose bytes before the reading position are others (cut, and grown again). The old file is read through its descriptor.
Files that came and went between two looks are found beside the log by name and by what they begin with, so that nothing
is lost where a log is rotated many times a second.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from watchkeeper.logs.agent.files.generation import HEAD_BYTES, Generation, Identity
from watchkeeper.logs.agent.files.siblings import Known, Sibling, siblings, start_of

LINGER_S: Final = 5.0  # A writer may go on with the old file until it is told to open another.
MAX_LINGERING: Final = 8
HOT_S: Final = 5.0  # After a rotation the next one may come soon: the file is looked at more often.
RESCAN_S: Final = 0.3  # A directory that changes while it is listed may hide a file.
COPY_S: Final = 0.02  # A log that was copied will be cut in a moment.
GONE_S: Final = 2.0  # A name may be missing for a moment while a log is rotated.
MAX_KNOWN: Final = 256
MAX_GENERATIONS: Final = 128  # Files that wait to be read while nothing can be sent.


@dataclass(slots=True)
class Chunk:
    """Whole lines, without the last newline.

    start   where they stand in their file
    end     where reading goes on; None where that is no position of the path's present file
    """

    data: bytes
    start: int
    end: int | None


def _nobody(_: str) -> bool:
    return False


class FileTail:
    """One followed path. Synchronous; belongs to one thread."""

    def __init__(
        self,
        path: str,
        offset: int,
        *,
        newline: bytes = b"\n",
        beginning: bytes = b"",
        is_followed: Callable[[str], bool] = _nobody,
    ) -> None:
        """Opens the file; `offset` beyond its end is taken as 0. Raises OSError.

        beginning     the first bytes of the file that the offset belongs to: if it was rotated meanwhile, the rest
                      of it and what came after it are read first
        is_followed   whether a path is followed for itself, and so is no place to look for what was rotated
        """
        self.path = path
        self.hot_until_s = 0.0
        self.n_lost = 0  # Rotated files that could not be read in time.
        self._newline = newline
        self._is_followed = is_followed
        first = Generation.open(path, 0, newline)
        is_another = bool(offset and beginning) and os.pread(first._fd, len(beginning), 0) != beginning
        if 0 < offset <= first.size() and not is_another:
            first.close()
            first = Generation.open(path, offset, newline)
        first.head = first.head or os.pread(first._fd, HEAD_BYTES, 0)
        self._generations = [first]
        self._known: dict[Identity, Known] = {}
        self._past: list[Known] = []
        self._rescan_s = float("inf")
        self._missing_s = float("inf")
        beside = siblings(path)
        if is_another:
            beside = self._resume(beside, offset, beginning)
        for one in beside:
            self._remember(one)

    def _resume(self, beside: list[Sibling], offset: int, beginning: bytes) -> list[Sibling]:
        """Takes up the file that was read before, and those that were written after it; the files before it."""
        for i, sibling in enumerate(beside):
            if sibling.size < offset or self._is_followed(sibling.path):
                continue
            with suppress(OSError):
                old = Generation.open(sibling.path, offset, self._newline)
                if os.pread(old._fd, len(beginning), 0) == beginning:
                    old.head = beginning
                    later = [one for one in beside[i + 1 :] if not self._is_followed(one.path)]
                    self._generations[:0] = [old, *(Generation.open(one.path, 0, self._newline) for one in later)]
                    return beside[:i]
                old.close()
        return beside

    @property
    def current(self) -> Generation:
        """The file that stands under the path."""
        return self._generations[-1]

    @property
    def n_open(self) -> int:
        """Descriptors it holds."""
        return sum(one.is_open for one in self._generations)

    def is_hot(self, now_s: float) -> bool:
        """Whether it should be looked at often: it is being rotated, or about to be."""
        return self.hot_until_s > now_s or self._rescan_s < float("inf")

    def is_gone(self, now_s: float) -> bool:
        """Whether the path has had no file for a while, and all is read."""
        return now_s - self._missing_s > GONE_S and len(self._generations) == 1

    def look(self, now_s: float, *, beside: bool = False) -> bool:
        """Whether there may be something to read; rotations are noticed here.

        beside   whether names beside the file have changed: it may have been copied and cut
        """
        try:
            found = os.stat(self.path)
        except OSError:
            if self._missing_s == float("inf"):
                self._missing_s = now_s
                self.hot_until_s = now_s + HOT_S
            return True
        self._missing_s = float("inf")
        current = self.current
        if (found.st_dev, found.st_ino) != current.identity:
            self._rotated(now_s)
            return True
        if found.st_size < current.end:
            self._cut(now_s)
            return True
        if beside or now_s >= self._rescan_s:
            self._rescan_s = float("inf")
            self._insert(self._new_siblings(size=found.st_size), now_s)
        return found.st_size > current.end or len(self._generations) > 1

    def read(self, now_s: float, max_bytes: int) -> list[Chunk]:
        """What there is to read, up to a size. Raises OSError."""
        chunks: list[Chunk] = []
        size = 0
        for one in list(self._generations):
            is_current = one is self.current
            if not one.is_open and not self._reopened(one):
                continue
            while size < max_bytes:
                start, end = one.offset, one.end
                data = one.read()
                if data is None:
                    if is_current:
                        self._cut(now_s)
                        return chunks
                    break
                if not data:
                    if one.end == end:
                        break
                    continue  # More of a long line.
                one.last_growth_s = now_s
                size += len(data)
                data = b"" if data == self._newline else data
                chunks.append(Chunk(data, start, one.offset if is_current else None))
            if size >= max_bytes:
                return chunks
            if not is_current:
                chunks += self._leave(one, now_s)
        return chunks

    def _reopened(self, one: Generation) -> bool:
        """Whether a file whose descriptor was given back can be read again; it may have another name by now."""
        with suppress(OSError):
            one.reopen()
            return True
        for sibling in siblings(self.path):
            if sibling.identity == one.identity:
                one.opened_path = sibling.path
                with suppress(OSError):
                    one.reopen()
                    return True
        if one is not self.current:
            self._generations.remove(one)
            self.n_lost += 1
        return False

    def _leave(self, one: Generation, now_s: float) -> list[Chunk]:
        """Lets go of an old file that is read to its end and has not grown for a while."""
        may_grow = one.lingers or bool(one.partial)
        if may_grow and now_s - one.last_growth_s < LINGER_S and len(self._generations) <= MAX_LINGERING:
            return []
        start, left = one.offset, one.take_partial()
        self._note(one)
        one.close()
        self._generations.remove(one)
        return [Chunk(left, start, None)] if left else []

    def _rotated(self, now_s: float) -> None:
        """Another file has the name."""
        try:
            new = Generation.open(self.path, 0, self._newline)
        except OSError:
            return
        if any(one.identity == new.identity for one in self._generations):
            new.close()
            return
        self._hot(now_s)
        old = self.current
        old.last_growth_s = now_s
        old.lingers = True
        start = self._continued(new)
        if start:
            new.close()
            new = Generation.open(self.path, start, self._newline)
        missed = self._new_siblings(new.identity)
        self._generations.append(new)
        self._insert(missed, now_s)
        self._rescan_s = now_s + RESCAN_S
        self._bound()

    def _continued(self, new: Generation) -> int:
        """Where a file that comes back under its name was left."""
        known = self._known.get(new.identity)
        head = os.pread(new._fd, HEAD_BYTES, 0)
        if known is None or not known.head or not head.startswith(known.head) or new.size() < known.offset:
            return 0
        return known.offset

    def _cut(self, now_s: float) -> None:
        """The file was emptied in place: what was not read of it may be in a copy."""
        self._hot(now_s)
        old = self.current
        was = Known(old.end, old.head, old.tail)
        self._past.append(was)
        missed = self._new_siblings(old.identity)
        copy = next((one for one in missed if one.offset == was.offset and was.offset), None)
        if copy is not None:
            copy.partial, copy.offset = old.partial, old.offset
        new = Generation.open(self.path, 0, self._newline)
        if copy is None and old.partial:
            # Nobody will write its end.
            kept = Generation(self.path, os.dup(new._fd), (-1, -1), 0, self._newline)
            kept.partial, kept.offset = old.partial + self._newline, old.offset
            self._generations[-1:] = [_Rest(kept), new]
        else:
            self._generations[-1:] = [new]
        old.close()
        self._insert(missed, now_s)
        self._rescan_s = now_s + RESCAN_S
        self._bound()

    def _hot(self, now_s: float) -> None:
        self.hot_until_s = now_s + HOT_S

    def _bound(self) -> None:
        while len(self._generations) > MAX_GENERATIONS:
            gone = self._generations.pop(0)
            gone.close()
            self.n_lost += 1

    def _insert(self, found: list[Generation], now_s: float) -> None:
        for one in found:
            one.last_growth_s = now_s
        self._generations[-1:-1] = found

    def _new_siblings(self, but: Identity | None = None, size: int = -1) -> list[Generation]:
        """Files beside the log that hold what was not read, opened where that begins.

        size   of the log, where it has neither gone nor been cut as far as is known: a copy of it that is no larger
               will be read in its own place
        """
        present = {one.identity for one in self._generations} | {but}
        found: list[Generation] = []
        for sibling in siblings(self.path):
            if sibling.identity in present or self._is_followed(sibling.path):
                continue
            with suppress(OSError):
                one = self._unread(sibling)
                if one is None:
                    continue
                if size >= 0 and one.size() <= size and self._is_copy(one):
                    one.close()
                    self._rescan_s = time.monotonic() + COPY_S
                    continue
                found.append(one)
        return found

    def _is_copy(self, one: Generation) -> bool:
        """Whether a file begins as the log does now."""
        self.current.reopen()
        head = os.pread(self.current._fd, HEAD_BYTES, 0)
        return bool(head) and one.head[: len(head)] == head[: len(one.head)]

    def _unread(self, sibling: Sibling) -> Generation | None:
        known = self._known.get(sibling.identity)
        if known is not None and known.offset == sibling.size and not known.head:
            return None
        one = Generation.open(sibling.path, 0, self._newline)
        if one.identity != sibling.identity:  # It was renamed meanwhile; the next scan sees it again.
            one.close()
            return None
        size = one.size()
        head = os.pread(one._fd, HEAD_BYTES, 0)
        if known is not None and _is_grown(one, known, head, size):
            start = known.offset
        else:
            current = self.current
            candidates = [*reversed(self._past), Known(current.end, current.head, current.tail)]
            start = start_of(one._fd, size, candidates)
        if start == size:
            self._known[sibling.identity] = Known(size, head, b"")
            one.close()
            return None
        if start:
            one.close()
            one = Generation.open(sibling.path, start, self._newline)
            if one.identity != sibling.identity:
                one.close()
                return None
        one.head = head
        return one

    def _remember(self, sibling: Sibling) -> None:
        """A file that was there before is nothing that was missed."""
        head = b""
        with suppress(OSError):
            fd = os.open(sibling.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            try:
                head = os.pread(fd, HEAD_BYTES, 0)
            finally:
                os.close(fd)
        self._known[sibling.identity] = Known(sibling.size, head, b"")

    def _note(self, one: Generation) -> None:
        """How far an old file was read, should it be seen again under another name."""
        known = Known(one.offset, one.head, one.tail)
        self._known.pop(one.identity, None)
        self._known[one.identity] = known
        self._past = [*self._past[-15:], known]
        while len(self._known) > MAX_KNOWN:
            del self._known[next(iter(self._known))]

    def release(self) -> None:
        """Gives the descriptor of an idle file back; it is opened again when there is something to read."""
        if len(self._generations) == 1:
            self.current.close()

    def close(self) -> None:
        """Lets go of all files."""
        for one in self._generations:
            one.close()


def _is_grown(one: Generation, known: Known, head: bytes, size: int) -> bool:
    """Whether a file is still the one that was known, and no other in its place."""
    if not known.head or not head.startswith(known.head) or size < known.offset:
        return False
    return os.pread(one._fd, len(known.tail), known.offset - len(known.tail)) == known.tail


class _Rest(Generation):
    """The end of a file that is no more: one line without its newline."""

    __slots__ = ("_left",)

    def __init__(self, from_: Generation) -> None:
        super().__init__(from_.opened_path, from_._fd, from_.identity, 0, from_.newline)
        self.offset = from_.offset
        self._left = from_.partial[: -len(from_.newline)]

    def read(self) -> bytes:
        """The line, once."""
        left, self._left = self._left, b""
        return left

    def reopen(self) -> None:
        """It needs no file."""
