"""What was deleted from a block: for single series, time ranges whose samples no longer answer.

The block's other files never change; this one is replaced as a whole.

    magic "WKTOMBS1" · u32 payload size · u32 crc32 of the payload · payload: three int64 columns, series, start, end
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.codec.columns import ColumnGroup, encode_axes
from watchkeeper.core.disk.atomic import write_atomically
from watchkeeper.core.model.errors import CorruptionError
from watchkeeper.metrics.tsdb.layout import TOMBSTONES_FILE, TOMBSTONES_MAGIC

Ints = npt.NDArray[np.int64]

_HEADER: Final = struct.Struct("<8sII")


@dataclass(frozen=True, slots=True)
class Tombstones:
    """Ranges to leave out; both ends are deleted. Sorted by series, then start; those of one series do not touch.

    rows, start_ms, end_ms   int64, equally long
    """

    rows: Ints
    start_ms: Ints
    end_ms: Ints

    @classmethod
    def none(cls) -> Tombstones:
        """Nothing deleted."""
        empty = np.zeros(0, np.int64)
        return cls(empty, empty, empty)

    def __len__(self) -> int:
        return len(self.rows)

    def with_range(self, rows: Ints, start_ms: int, end_ms: int) -> Tombstones:
        """A copy in which these series lack start to end, too; ranges that touch become one."""
        all_rows = np.concatenate([self.rows, rows])
        start = np.concatenate([self.start_ms, np.full(len(rows), start_ms)])
        end = np.concatenate([self.end_ms, np.full(len(rows), end_ms)])
        order = np.lexsort((start, all_rows))
        all_rows, start, end = all_rows[order], start[order], end[order]
        # A pass folds neighbours that touch; a range that swallowed several may then touch more.
        while len(all_rows) > 1:
            joined = (all_rows[1:] == all_rows[:-1]) & (start[1:] <= end[:-1] + 1)
            if not joined.any():
                break
            first = np.flatnonzero(np.concatenate([[True], ~joined]))
            end = np.maximum.reduceat(end, first)
            all_rows, start = all_rows[first], start[first]
        return Tombstones(all_rows, start, end)

    def of_rows(self, rows: Ints) -> Tombstones:
        """Those of these series (ascending), with `rows` now counting within the argument."""
        if not len(self) or not len(rows):
            return Tombstones.none()
        at = np.minimum(np.searchsorted(rows, self.rows), len(rows) - 1)
        keep = np.flatnonzero(rows[at] == self.rows)
        return Tombstones(at[keep], self.start_ms[keep], self.end_ms[keep])

    def covering(self, min_ms: int, max_ms: int) -> Ints:
        """The series that have nothing left between these times, both included."""
        return self.rows[(self.start_ms <= min_ms) & (self.end_ms >= max_ms)]

    def write(self, directory: Path) -> None:
        """Replaces the block's file."""
        n = len(self)
        payload = encode_axes(
            np.concatenate([self.rows, self.start_ms, self.end_ms]), np.array([0, n, 2 * n, 3 * n], np.int64)
        )
        header = _HEADER.pack(TOMBSTONES_MAGIC, len(payload), zlib.crc32(payload))
        write_atomically(directory / TOMBSTONES_FILE, header + payload)


def read_tombstones(directory: Path, n_rows: int) -> Tombstones:
    """A block's tombstones, none where there is no file. Raises CorruptionError."""
    path = directory / TOMBSTONES_FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Tombstones.none()
    if len(data) < _HEADER.size:
        raise CorruptionError(str(path), 0, "the file is cut short")
    magic, size, checksum = _HEADER.unpack_from(data)
    payload = data[_HEADER.size :]
    if magic != TOMBSTONES_MAGIC:
        raise CorruptionError(str(path), 0, "not a tombstones file, or of an unknown version")
    if size != len(payload) or zlib.crc32(payload) != checksum:
        raise CorruptionError(str(path), _HEADER.size, "checksum mismatch")
    try:
        cells, at = ColumnGroup(payload).decode_ints()
        rows, start, end = (cells[at[i] : at[i + 1]] for i in range(3))
        if len(at) != 4 or not len(rows) == len(start) == len(end):
            raise ValueError("other columns")
        if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < n_rows:
            raise ValueError("series that the block does not have")
    except (ValueError, IndexError) as error:
        raise CorruptionError(str(path), _HEADER.size, str(error)) from None
    return Tombstones(rows, start, end)
