"""The chunks file of a block: checksummed records one after the other, read through a memory map.

magic "WKCHUNK1"  then for each record:  u32 payload size · u32 crc32 of the payload · payload   (little endian)
"""

from __future__ import annotations

import contextlib
import mmap
import os
import struct
import zlib
from pathlib import Path
from typing import Final

from watchkeeper.core.model.errors import CorruptionError
from watchkeeper.metrics.tsdb.layout import CHUNKS_MAGIC

_HEADER: Final = struct.Struct("<II")
HEADER_BYTES: Final = _HEADER.size


class RecordWriter:
    """Appends records to a new file."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._file.write(CHUNKS_MAGIC)
        self.size_bytes = len(CHUNKS_MAGIC)

    def append(self, payload: bytes) -> tuple[int, int]:
        """Writes one record; its offset, and the size of its payload."""
        at = self.size_bytes
        self._file.write(_HEADER.pack(len(payload), zlib.crc32(payload)))
        self._file.write(payload)
        self.size_bytes += HEADER_BYTES + len(payload)
        return at, len(payload)

    def finish(self) -> None:
        """Waits until all of it is on the disk, and closes."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def abandon(self) -> None:
        """Closes; what is still buffered may be lost, as on a full disk."""
        with contextlib.suppress(OSError):
            self._file.close()


def map_file(path: Path, magic: bytes) -> mmap.mmap:
    """The bytes of a file, read as they are needed. Raises CorruptionError where it is missing or another kind."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size < len(magic):
                raise CorruptionError(str(path), 0, "the file is cut short")
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise CorruptionError(str(path), 0, "the file is missing") from None
    if mapped[: len(magic)] != magic:
        mapped.close()
        raise CorruptionError(str(path), 0, "not a file of this kind, or of an unknown version")
    return mapped


class RecordReader:
    """Reads records by offset. Safe for many threads."""

    def __init__(self, path: Path, expected_size: int) -> None:
        """Raises CorruptionError where the file is missing, another kind, or not of the expected size."""
        self._path = str(path)
        self._map = map_file(path, CHUNKS_MAGIC)
        self.size_bytes = len(self._map)
        if self.size_bytes != expected_size:
            self._map.close()
            raise CorruptionError(self._path, min(self.size_bytes, expected_size), "the file has another length")

    def read(self, at: int, size: int) -> bytes:
        """The payload of the record at `at`. Raises CorruptionError where it is not there or fails its checksum."""
        end = at + HEADER_BYTES + size
        if at < len(CHUNKS_MAGIC) or size < 0 or end > self.size_bytes:
            raise CorruptionError(self._path, at, "a record lies outside of the file")
        found_size, checksum = _HEADER.unpack_from(self._map, at)
        payload = self._map[at + HEADER_BYTES : end]
        if found_size != size or zlib.crc32(payload) != checksum:
            raise CorruptionError(self._path, at, "checksum mismatch")
        return payload

    def corrupt(self, at: int, message: object) -> CorruptionError:
        """An error that names this file and a record's offset."""
        return CorruptionError(self._path, at, str(message))

    def close(self) -> None:
        """Reads fail afterwards."""
        self._map.close()
