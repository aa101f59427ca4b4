"""Groups of columns to compressed bytes and back, exactly: float64 values with any NaN, and int64 times.

A group is some 64 columns that are compressed together, with a directory that lets one column be decoded alone.
The layout is drawn in docs/formats/block.md.
"""

from __future__ import annotations

import threading
from typing import Final

import numpy as np
import numpy.typing as npt
import zstandard

from watchkeeper.core.kernels.column_codec import Group, encode

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

GROUP_COLUMNS: Final = 64
HEAD_LEVEL: Final = 1  # 0.190 bytes a sample on recorded scrapes, rows of 100; level 3 saves 1 %.
BLOCK_LEVEL: Final = 6  # 0.169 with rows of 300; level 9 saves 0.5 % for a third more time.

_STORED: Final = b"\x00"
_ZSTD: Final = b"\x01"
MAX_RAW_BYTES: Final = 1 << 28  # A hostile frame header must not make us reserve more.
MAX_CELLS: Final = 1 << 27

_local = threading.local()


def _compressor(level: int) -> zstandard.ZstdCompressor:
    # Contexts are large and not for two threads at a time.
    kept: dict[int, zstandard.ZstdCompressor] | None = getattr(_local, "compressors", None)
    if kept is None:
        kept = _local.compressors = {}
    if level not in kept:
        kept[level] = zstandard.ZstdCompressor(level=level, write_checksum=False, write_content_size=True)
    return kept[level]


def _decompressor() -> zstandard.ZstdDecompressor:
    kept: zstandard.ZstdDecompressor | None = getattr(_local, "decompressor", None)
    if kept is None:
        kept = _local.decompressor = zstandard.ZstdDecompressor()
    return kept


def compress(raw: bytes, level: int) -> bytes:
    """`raw` behind one byte that says how it is kept: with zstd, or as it is where that is smaller."""
    packed = _compressor(level).compress(raw)
    return _ZSTD + packed if len(packed) < len(raw) else _STORED + raw


def decompress(data: bytes | memoryview, *, max_bytes: int = MAX_RAW_BYTES) -> bytes:
    """What was given to `compress`. Raises ValueError on other bytes, and where the result would be too large."""
    view = memoryview(data)
    kind = bytes(view[:1])
    if kind == _STORED:
        return bytes(view[1:])
    if kind != _ZSTD:
        raise ValueError("unknown compression")
    try:
        size = zstandard.frame_content_size(view[1:])
        if not 0 <= size <= max_bytes:
            raise ValueError("size of the compressed bytes is missing or too large")
        return _decompressor().decompress(view[1:], max_output_size=max_bytes, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise ValueError(f"bad compressed bytes: {error}") from None


def encode_columns(values: Floats, offsets: Ints, level: int = BLOCK_LEVEL) -> bytes:
    """The bytes of a group of float64 columns.

    values   float64: the columns, one after the other; every bit pattern comes back as it is
    offsets  int64 (n_columns + 1,): column i is values[offsets[i]:offsets[i + 1]]
    level    of zstd
    """
    cells = np.ascontiguousarray(values, np.float64).view(np.uint64)
    return compress(encode(cells, np.ascontiguousarray(offsets, np.int64), False), level)


def encode_axes(times: Ints, offsets: Ints, level: int = BLOCK_LEVEL) -> bytes:
    """The bytes of a group of int64 columns, such as time axes; arguments as `encode_columns`."""
    cells = np.ascontiguousarray(times, np.int64).view(np.uint64)
    return compress(encode(cells, np.ascontiguousarray(offsets, np.int64), True), level)


class ColumnGroup:
    """A decompressed group, from which single columns are decoded. One thread at a time."""

    __slots__ = ("_group", "lengths")

    def __init__(self, data: bytes | memoryview) -> None:
        """Raises ValueError on bytes that are not a group."""
        self._group = Group(decompress(data))
        self.lengths: Ints = self._group.lengths

    def __len__(self) -> int:
        return len(self.lengths)

    def decode_into(self, columns: Ints, lo: Ints, hi: Ints, out: Floats | Ints, out_at: Ints) -> None:
        """Writes cells [lo[i], hi[i]) of column columns[i] to out[out_at[i]:], in place.

        The type of `out` (float64 or int64) must be that of the columns. Raises ValueError where anything is outside.
        """
        ints = out.dtype == np.int64
        self._group.decode_into(columns, lo, hi, out_at, out.view(np.uint64), ints)

    def decode(self, columns: Ints | None = None) -> tuple[Floats, Ints]:
        """float64 values of these columns (default: all), one after the other, and int64 (n + 1,) offsets; fresh."""
        wanted, lengths, offsets = self._layout(columns)
        out = np.empty(int(offsets[-1]), np.float64)
        self.decode_into(wanted, np.zeros_like(lengths), lengths, out, offsets[:-1])
        return out, offsets

    def decode_ints(self, columns: Ints | None = None) -> tuple[Ints, Ints]:
        """As `decode`, for int64 columns."""
        wanted, lengths, offsets = self._layout(columns)
        out = np.empty(int(offsets[-1]), np.int64)
        self.decode_into(wanted, np.zeros_like(lengths), lengths, out, offsets[:-1])
        return out, offsets

    def _layout(self, columns: Ints | None) -> tuple[Ints, Ints, Ints]:
        wanted = np.arange(len(self), dtype=np.int64) if columns is None else np.ascontiguousarray(columns, np.int64)
        if len(wanted) and (int(wanted.min()) < 0 or int(wanted.max()) >= len(self)):
            raise ValueError("the group has no such column")
        lengths = self.lengths[wanted]
        offsets = np.zeros(len(wanted) + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        if int(offsets[-1]) > MAX_CELLS:
            raise ValueError("the group is too large")
        return wanted, lengths, offsets
