"""Where a segment's bytes come from: a local file here; a bucket's object has the same face."""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from watchkeeper.core.model.errors import CorruptionError


class SegmentSource(Protocol):
    """The bytes of one segment, read in parts: the end of the file, its filters, single blocks."""

    @property
    def size_bytes(self) -> int:
        """Size of the whole segment."""
        ...

    def read(self, offset: int, size: int) -> bytes | memoryview:
        """The bytes from `offset` on, all of them. Raises CorruptionError where the segment ends before, OSError or
        UnavailableError where it can't be read now."""
        ...

    def trim(self) -> None:
        """Give back memory that was read through; what was returned stays valid."""
        ...

    def refresh(self) -> bool:
        """What was read was damaged: whether another copy will be read from now on."""
        ...


OpenSource = Callable[[str], SegmentSource]
"""Opens a segment by its name. Raises OSError or UnavailableError."""


class LocalSource:
    """A file, mapped."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._path = path
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self.size_bytes = os.fstat(fd).st_size
            self._map = mmap.mmap(fd, 0, access=mmap.ACCESS_READ) if self.size_bytes else None
        finally:
            os.close(fd)
        self._view = memoryview(self._map) if self._map is not None else memoryview(b"")

    def read(self, offset: int, size: int) -> memoryview:
        """A view, valid as long as it is held. Raises CorruptionError."""
        if offset < 0 or size < 0 or offset + size > self.size_bytes:
            raise CorruptionError(str(self._path), offset, "the file is cut short")
        return self._view[offset : offset + size]

    def trim(self) -> None:
        """The pages go from this process; the system still has them and gives them back when they are asked for."""
        if self._map is not None:
            self._map.madvise(mmap.MADV_DONTNEED)

    def refresh(self) -> bool:
        """False: there is no other copy."""
        return False


def local_sources(directory: Path) -> OpenSource:
    """Opens segments of a folder."""
    return lambda name: LocalSource(directory / name)
