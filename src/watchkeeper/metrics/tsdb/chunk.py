"""Sealed parts of a head: rows of one source, or samples with own times, compressed in groups of 64 columns.

They live in the chunk log; memory holds what is needed to find a column. docs/formats/wal.md draws the records.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.codec.columns import (
    GROUP_COLUMNS,
    HEAD_LEVEL,
    ColumnGroup,
    compress,
    decompress,
    encode_axes,
    encode_columns,
)
from watchkeeper.core.kernels.column_codec import Group
from watchkeeper.core.kernels.head_rows import gather_runs
from watchkeeper.core.model.errors import CorruptionError
from watchkeeper.core.model.stale import missing_mask
from watchkeeper.metrics.tsdb.wal import Floats, Ints, Refs, Samples, decode_blobs, encode_blobs

ROW_CHUNK_HEADER: Final = struct.Struct("<IIIII")  # source, rows, groups, bytes of times, bytes of refs
SAMPLE_CHUNK_HEADER: Final = struct.Struct("<IQIIIII")  # segment, offset, value, start and axis groups, times, refs
HISTOGRAM_CHUNK_HEADER: Final = struct.Struct("<IQ")  # segment, offset
FEW_COLUMNS: Final = 4  # Of one chunk: up to so many are read by way of kept groups.
KEPT_BYTES: Final = 4 << 20  # Of unpacked groups, for each file of 16 MB.
SLAB_COLUMNS: Final = 64 * GROUP_COLUMNS  # Sealing a very wide source takes memory for so many columns at a time.

Position = tuple[int, int]
"""Segment and offset in the WAL."""


class ChunkFile:
    """A segment of the chunk log for reading; open as long as a chunk refers to it, though it may be unlinked.

    Groups that were read for a few of their columns are kept unpacked, as dashboards and rules ask again.
    """

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self.path = path
        self._kept: dict[int, Group] = {}
        self._kept_bytes = 0
        self._fd = -1
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of the file. Raises CorruptionError where it ends early."""
        data = os.pread(self._fd, size, offset)
        if len(data) != size:
            raise CorruptionError(str(self.path), offset, "the file is cut short")
        return data

    def group(self, lo: int, hi: int) -> Group:
        """The group at these offsets, for `decode_few`. Raises CorruptionError."""
        kept = self._kept.get(lo)
        if kept is not None:
            return kept
        try:
            raw = decompress(self.read(lo, hi - lo))
            group = Group(raw)
        except ValueError as error:
            raise CorruptionError(str(self.path), lo, str(error)) from None
        self._kept_bytes += len(raw)
        if self._kept_bytes > KEPT_BYTES:
            self._kept, self._kept_bytes = {}, len(raw)
        self._kept[lo] = group
        return group

    def __del__(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Compressed groups of 64 columns that lie one after the other in a file.

    bounds   int64 (n_groups + 1,): file offsets
    """

    file: ChunkFile
    bounds: Ints

    def open(self, group: int) -> ColumnGroup:
        """One group, decompressed. Raises CorruptionError."""
        lo, hi = int(self.bounds[group]), int(self.bounds[group + 1])
        try:
            return ColumnGroup(self.file.read(lo, hi - lo))
        except ValueError as error:
            raise CorruptionError(str(self.file.path), lo, str(error)) from None

    def read(self, columns: Ints, lo: Ints, hi: Ints, out: Floats | Ints, out_at: Ints) -> None:
        """Write cells [lo[i], hi[i]) of column columns[i] (ascending) to out[out_at[i]:]. Raises CorruptionError."""
        if len(columns) == 1:
            self._read(int(columns[0]) // GROUP_COLUMNS, columns, lo, hi, out, out_at)
            return
        group_of = columns // GROUP_COLUMNS
        firsts = np.flatnonzero(np.diff(group_of, prepend=-1))
        for a, b in zip(firsts.tolist(), [*firsts[1:].tolist(), len(columns)], strict=True):
            self._read(int(group_of[a]), columns[a:b], lo[a:b], hi[a:b], out, out_at[a:b])

    def _read(self, number: int, columns: Ints, lo: Ints, hi: Ints, out: Floats | Ints, out_at: Ints) -> None:
        group = self.open(number)
        try:
            group.decode_into(columns - number * GROUP_COLUMNS, lo, hi, out, out_at)
        except ValueError as error:
            raise CorruptionError(str(self.file.path), int(self.bounds[number]), str(error)) from None


@dataclass(frozen=True, slots=True, eq=False)
class RowChunk:
    """Sealed rows of one source: a float64 matrix whose columns are `refs`, all with samples at `times`."""

    source: int
    segment: int
    times: Ints
    refs: Refs
    groups: Groups
    first_ms: int = field(init=False)
    last_ms: int = field(init=False)

    def __post_init__(self) -> None:
        # As plain numbers: every query compares them, of every chunk.
        object.__setattr__(self, "first_ms", int(self.times[0]))
        object.__setattr__(self, "last_ms", int(self.times[-1]))

    def read(self, columns: Ints | npt.NDArray[np.int32], lo: int, hi: int, out: Floats, out_at: Ints) -> None:
        """Write rows [lo, hi) of these columns (ascending) to out[out_at[i]:]. Raises CorruptionError."""
        n = len(columns)
        wide = columns.astype(np.int64, copy=False)
        self.groups.read(wide, np.full(n, lo, np.int64), np.full(n, hi, np.int64), out, out_at)

    def group_of(self, column: int) -> Group:
        """The unpacked group that has a column. Raises CorruptionError."""
        number = column // GROUP_COLUMNS
        bounds = self.groups.bounds
        return self.groups.file.group(int(bounds[number]), int(bounds[number + 1]))


@dataclass(frozen=True, slots=True, eq=False)
class SampleChunk:
    """Sealed samples with own times, by series.

    sealed_to   position in the WAL before which all samples are in chunks
    refs        ascending; lengths, axis: as many; `axis` says which column of `axes` holds a series' times
    """

    segment: int
    sealed_to: Position
    min_time_ms: int
    max_time_ms: int
    refs: Refs
    lengths: Ints
    axis: Ints
    values: Groups
    axes: Groups
    starts: Groups | None

    def read(self, rows: Ints) -> Samples:
        """All samples of these rows (ascending), sorted by row; `refs` are the series'. Raises CorruptionError."""
        lengths = self.lengths[rows]
        at = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(lengths, out=at[1:])
        zeros = np.zeros(len(rows), np.int64)
        values = np.empty(int(at[-1]), np.float64)
        self.values.read(rows, zeros, lengths, values, at[:-1])
        starts = None
        if self.starts is not None:
            starts = np.empty(int(at[-1]), np.int64)
            self.starts.read(rows, zeros, lengths, starts, at[:-1])
        times = np.empty(int(at[-1]), np.int64)
        order = np.argsort(self.axis[rows], kind="stable")
        self.axes.read(self.axis[rows][order], zeros, lengths[order], times, at[:-1][order])
        return Samples(np.repeat(self.refs[rows], lengths), times, values, starts)


@dataclass(frozen=True, slots=True, eq=False)
class HistogramChunk:
    """Sealed native histograms; decoded as a whole when one of its series is asked for."""

    segment: int
    sealed_to: Position
    min_time_ms: int
    max_time_ms: int
    refs: Refs
    file: ChunkFile
    offset: int
    size_bytes: int

    def read(self) -> list[tuple[int, int, bytes]]:
        """(ref, time, encoded histogram), as appended. Raises CorruptionError."""
        try:
            return decode_blobs(memoryview(decompress(self.file.read(self.offset, self.size_bytes))))
        except ValueError as error:
            raise CorruptionError(str(self.file.path), self.offset, str(error)) from None


# --- encoding --------------------------------------------------------------------------------------------------------


def encode_row_chunk(source: int, refs: Refs, times: list[int], bodies: list[bytes]) -> bytes | None:
    """A ROW_CHUNK record of rows (the first a key row); None where no column has a sample."""
    n_rows = len(times)
    kept: list[Refs] = []
    parts: list[Floats] = []
    blobs: list[bytes] = []
    waiting = 0
    for lo in range(0, len(refs), SLAB_COLUMNS):
        columns = np.arange(lo, min(lo + SLAB_COLUMNS, len(refs)), dtype=np.int32)
        matrix = np.empty((len(columns), n_rows), np.float64)
        bounds, at = np.array([0, len(columns)], np.int64), np.arange(len(columns), dtype=np.int64) * n_rows
        all_rows, none = np.full(1, n_rows, np.int64), np.zeros(1, np.int64)
        gather_runs([bodies], all_rows, none, bounds, columns, matrix.reshape(-1), at)
        present = ~missing_mask(matrix).all(axis=1)
        if not present.all():
            matrix = matrix[present]
        kept.append(refs[lo : lo + len(columns)][present])
        parts.append(matrix)
        waiting += len(matrix)
        last = lo + SLAB_COLUMNS >= len(refs)
        if waiting >= SLAB_COLUMNS or last:
            joined = parts[0] if len(parts) == 1 else np.concatenate(parts)
            whole = waiting if last else waiting - waiting % GROUP_COLUMNS
            blobs += [
                _encode_rows(joined[at : min(at + GROUP_COLUMNS, whole)]) for at in range(0, whole, GROUP_COLUMNS)
            ]
            parts, waiting = [joined[whole:]], waiting - whole
    used = np.concatenate(kept) if kept else refs[:0]
    if not len(used):
        return None
    times_blob = encode_axes(np.array(times, np.int64), np.array([0, n_rows], np.int64), HEAD_LEVEL)
    refs_blob = _encode_ints(used)
    return b"".join(
        [
            ROW_CHUNK_HEADER.pack(source, n_rows, len(blobs), len(times_blob), len(refs_blob)),
            times_blob,
            refs_blob,
            np.array([len(blob) for blob in blobs], np.uint32).tobytes(),
            *blobs,
        ]
    )


def _encode_rows(matrix: Floats) -> bytes:
    n, rows = matrix.shape
    return encode_columns(np.ascontiguousarray(matrix).ravel(), np.arange(n + 1, dtype=np.int64) * rows, HEAD_LEVEL)


def encode_sample_chunk(samples: Samples, sealed_to: Position) -> bytes:
    """A SAMPLE_CHUNK record. `samples` are sorted by ref, then time, each time once."""
    firsts = np.flatnonzero(np.diff(samples.refs.astype(np.int64), prepend=-1))
    bounds = np.append(firsts, len(samples)).astype(np.int64)
    axes: dict[bytes, int] = {}
    kept: list[Ints] = []
    axis = np.empty(len(firsts), np.int64)
    for i, (lo, hi) in enumerate(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)):  # A loop over series.
        times = samples.times[lo:hi]
        number = axes.setdefault(times.tobytes(), len(axes))
        if number == len(kept):
            kept.append(times)
        axis[i] = number
    axis_bounds = np.zeros(len(kept) + 1, np.int64)
    np.cumsum([len(times) for times in kept], out=axis_bounds[1:])
    value_blobs = _encode_groups(samples.values, bounds)
    start_blobs = [] if samples.starts is None else _encode_groups(samples.starts, bounds)
    axis_blobs = _encode_groups(np.concatenate(kept), axis_bounds)
    refs_blob = _encode_ints(samples.refs[firsts])
    lengths_blob = _encode_ints(np.diff(bounds))
    directory = struct.pack(
        "<qqII", int(samples.times.min()), int(samples.times.max()), len(refs_blob), len(lengths_blob)
    )
    directory += refs_blob + lengths_blob + _encode_ints(axis)
    blobs = [*value_blobs, *start_blobs, *axis_blobs]
    header = SAMPLE_CHUNK_HEADER.pack(
        *sealed_to, len(value_blobs), len(start_blobs), len(axis_blobs), len(directory), len(firsts)
    )
    return b"".join([header, directory, np.array([len(blob) for blob in blobs], np.uint32).tobytes(), *blobs])


def _encode_groups(cells: Floats | Ints, bounds: Ints) -> list[bytes]:
    out = []
    for lo in range(0, len(bounds) - 1, GROUP_COLUMNS):
        part = bounds[lo : min(lo + GROUP_COLUMNS, len(bounds) - 1) + 1]
        column = slice(int(part[0]), int(part[-1]))
        if cells.dtype == np.int64:
            out.append(encode_axes(cells[column].view(np.int64), part - part[0], HEAD_LEVEL))
        else:
            out.append(encode_columns(cells[column].view(np.float64), part - part[0], HEAD_LEVEL))
    return out


def encode_histogram_chunk(blobs: list[tuple[int, int, bytes]], sealed_to: Position) -> bytes:
    """A HISTOGRAM_CHUNK record."""
    return HISTOGRAM_CHUNK_HEADER.pack(*sealed_to) + compress(encode_blobs(blobs), HEAD_LEVEL)


def _encode_ints(values: npt.NDArray[np.generic]) -> bytes:
    return encode_axes(values.astype(np.int64), np.array([0, len(values)], np.int64), HEAD_LEVEL)


# --- decoding --------------------------------------------------------------------------------------------------------


def decode_row_chunk(payload: memoryview, segment: int, offset: int, file: ChunkFile) -> RowChunk:
    """The chunk of a record whose payload starts at `offset` of the file. Raises ValueError."""
    source, n_rows, n_groups, times_size, refs_size = _unpack(ROW_CHUNK_HEADER, payload)
    at = ROW_CHUNK_HEADER.size
    times = _decode_ints(payload[at : at + times_size])
    refs = _decode_ints(payload[at + times_size : at + times_size + refs_size]).astype(np.uint32)
    (groups,) = _groups(payload, at + times_size + refs_size, [n_groups], offset, file)
    if len(times) != n_rows or n_groups != -(-len(refs) // GROUP_COLUMNS) or not n_rows:
        raise ValueError("a chunk's parts do not fit")
    return RowChunk(source, segment, times, refs, groups)


def decode_sample_chunk(payload: memoryview, segment: int, offset: int, file: ChunkFile) -> SampleChunk:
    """As `decode_row_chunk`."""
    wal_segment, wal_offset, n_values, n_starts, n_axes, size, n_series = _unpack(SAMPLE_CHUNK_HEADER, payload)
    at = SAMPLE_CHUNK_HEADER.size
    directory = payload[at : at + size]
    low, high, refs_size, lengths_size = _unpack(struct.Struct("<qqII"), directory)
    refs = _decode_ints(directory[24 : 24 + refs_size]).astype(np.uint32)
    lengths = _decode_ints(directory[24 + refs_size : 24 + refs_size + lengths_size])
    axis = _decode_ints(directory[24 + refs_size + lengths_size :])
    values, starts, axes = _groups(payload, at + size, [n_values, n_starts, n_axes], offset, file)
    if not len(refs) == len(lengths) == len(axis) == n_series or (n_starts and n_starts != n_values):
        raise ValueError("a chunk's parts do not fit")
    return SampleChunk(
        segment, (wal_segment, wal_offset), low, high, refs, lengths, axis, values, axes, starts if n_starts else None
    )


def decode_histogram_chunk(payload: memoryview, segment: int, offset: int, file: ChunkFile) -> HistogramChunk:
    """As `decode_row_chunk`."""
    wal_segment, wal_offset = _unpack(HISTOGRAM_CHUNK_HEADER, payload)
    body = payload[HISTOGRAM_CHUNK_HEADER.size :]
    blobs = decode_blobs(memoryview(decompress(body)))
    if not blobs:
        raise ValueError("a chunk without histograms")
    times = [time_ms for _, time_ms, _ in blobs]
    refs = np.unique(np.array([ref for ref, _, _ in blobs], np.uint32))
    start = offset + HISTOGRAM_CHUNK_HEADER.size
    return HistogramChunk(segment, (wal_segment, wal_offset), min(times), max(times), refs, file, start, len(body))


def _groups(payload: memoryview, at: int, counts: list[int], offset: int, file: ChunkFile) -> Iterator[Groups]:
    total = sum(counts)
    start = at + 4 * total
    if start > len(payload):
        raise ValueError("a chunk is cut short")
    bounds = np.zeros(total + 1, np.int64)
    np.cumsum(np.frombuffer(payload[at:start], np.uint32), out=bounds[1:])
    if start + int(bounds[-1]) != len(payload):
        raise ValueError("a chunk is cut short")
    bounds += offset + start
    lo = 0
    parts = []
    for count in counts:
        parts.append(Groups(file, bounds[lo : lo + count + 1]))
        lo += count
    return iter(parts)


def _decode_ints(data: memoryview) -> Ints:
    return ColumnGroup(data).decode_ints(np.zeros(1, np.int64))[0]


def _unpack(layout: struct.Struct, payload: memoryview) -> tuple[int, ...]:
    if len(payload) < layout.size:
        raise ValueError("a record is cut short")
    return layout.unpack_from(payload)
