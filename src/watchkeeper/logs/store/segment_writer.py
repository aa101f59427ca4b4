"""Writes one segment file: blocks, then their filters, then the footer. docs/formats/log-segment.md draws it."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final

import numpy as np
from zlib_ng import zlib_ng

from watchkeeper.core.disk.atomic import sync_directory
from watchkeeper.logs.store.segment_footer import COLUMNS, MAGIC, Footer, encode_footer

TEMPORARY_SUFFIX: Final = ".tmp"


@dataclass(frozen=True, slots=True)
class SealedBlock:
    """A sealed block and what its segment's footer says of it."""

    data: bytes | memoryview
    filter: bytes | memoryview
    min_ns: int
    max_ns: int
    n_rows: int
    raw_bytes: int


class SegmentWriter:
    """A file in the making; `finish` puts it in its place, and without that it never was there.

    Use as a context manager. Blocks come stream by stream, sorted by their first time within a stream.
    """

    def __init__(self, path: Path, *, log_id: int, parents: list[str] | None = None) -> None:
        """Raises OSError."""
        self._path = path
        self._part = path.with_name(path.name + TEMPORARY_SUFFIX)
        self._spool = path.with_name(path.name + ".filters" + TEMPORARY_SUFFIX)
        self._log_id = log_id
        self._parents = parents or []
        self._file: BinaryIO = open(self._part, "wb")  # noqa: SIM115  # Closed by __exit__.
        self._filters: BinaryIO | None = None
        self._offset = len(MAGIC)
        self._keys: list[bytes] = []
        self._flushed_to: list[int] = []
        self._rows: list[tuple[int, int, int, int, int, int, int, int]] = []
        self._filter_at = [0]
        self._file.write(MAGIC)

    def __enter__(self) -> SegmentWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()
        if self._filters is not None:
            self._filters.close()
        for path in (self._part, self._spool):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    @property
    def n_blocks(self) -> int:
        """How many blocks were added."""
        return len(self._rows)

    @property
    def n_streams(self) -> int:
        """How many streams were started."""
        return len(self._keys)

    def start_stream(self, key: bytes, flushed_to: int) -> None:
        """The blocks that follow are of this stream; it may have none."""
        self._keys.append(key)
        self._flushed_to.append(flushed_to)

    def add(self, block: SealedBlock) -> None:
        """One block of the present stream. Raises OSError."""
        stream = len(self._keys) - 1
        crc = zlib_ng.crc32(block.data)
        size = len(block.data)
        self._rows.append((stream, block.min_ns, block.max_ns, block.n_rows, block.raw_bytes, self._offset, size, crc))
        self._file.write(block.data)
        self._offset += size
        if self._filters is None:
            self._filters = open(self._spool, "w+b")  # noqa: SIM115  # Closed by __exit__.
        self._filters.write(block.filter)
        self._filter_at.append(self._filter_at[-1] + len(block.filter))

    def finish(self) -> Footer:
        """The file at its place and on the device; what its footer says. Raises OSError, and then it is not there."""
        columns = np.array(self._rows, np.int64).reshape(-1, len(COLUMNS)).T
        footer = Footer(
            self._keys,
            np.array(self._flushed_to, np.int64),
            **{name: np.ascontiguousarray(column) for name, column in zip(COLUMNS, columns, strict=True)},
            filter_at=np.array(self._filter_at, np.int64),
            filters_at=self._offset,
            log_id=self._log_id,
            parents=self._parents,
        )
        if self._filters is not None:
            self._filters.seek(0)
            shutil.copyfileobj(self._filters, self._file, 1 << 20)
        self._file.write(encode_footer(footer, self._offset + self._filter_at[-1]))
        self._file.flush()
        os.fsync(self._file.fileno())
        os.replace(self._part, self._path)
        sync_directory(self._path.parent)
        return footer
