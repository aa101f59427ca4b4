"""Writes a block: parts of series in metric-major order go in, an immutable directory comes out, whole or not at all.

Memory is bounded by one part, and by a few bytes for each series' labels and place.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.codec.columns import BLOCK_LEVEL, GROUP_COLUMNS, encode_axes, encode_columns
from watchkeeper.core.codec.histograms import encode_histograms
from watchkeeper.core.disk.atomic import sync_directory
from watchkeeper.core.model.histogram import HistogramSamples
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import METRIC_NAME
from watchkeeper.core.model.stale import missing_mask
from watchkeeper.metrics.interface import Series
from watchkeeper.metrics.tsdb import layout
from watchkeeper.metrics.tsdb.block_index import SECTIONS, LabelColumn, encode_index
from watchkeeper.metrics.tsdb.block_meta import BlockMeta, BlockParent, BlockStats
from watchkeeper.metrics.tsdb.records import RecordWriter

Ints = npt.NDArray[np.int64]

GROUP_CELLS: Final = 1 << 15  # Long columns stand in smaller groups, so that one series stays cheap to read.


def write_block(
    parent_dir: Path,
    parts: Iterator[Series],
    *,
    min_time_ms: int,
    max_time_ms: int,
    level: int,
    sources: Sequence[str],
    parents: Sequence[BlockParent],
    now_ms: int,
) -> BlockMeta | None:
    """Writes a new block below `parent_dir`; its meta, or None where no part has a sample in the time range.

    parts        in metric-major order, each series in one part only; read once
    min_time_ms  first time that is kept
    max_time_ms  first time that is not
    sources      ulids of level-1 blocks; empty for a block from the head, which is its own source
    raises       OSError, and then nothing is left behind
    """
    ulid = layout.new_ulid(now_ms)
    temporary = parent_dir / (ulid + layout.TEMPORARY_SUFFIX)
    temporary.mkdir(parents=True)
    writer = _BlockWriter(temporary, min_time_ms, max_time_ms)
    try:
        for part in parts:
            writer.add(part)
        stats = writer.finish()
        if not stats.num_series:
            shutil.rmtree(temporary)
            return None
        meta = BlockMeta(ulid, min_time_ms, max_time_ms, stats, level, tuple(sources) or (ulid,), tuple(parents))
        layout.write_durably(temporary / layout.META_FILE, meta.encoded())
        sync_directory(temporary)
        temporary.rename(parent_dir / ulid)
        sync_directory(parent_dir)
    except BaseException:
        writer.abandon()
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return meta


class _BlockWriter:
    def __init__(self, directory: Path, min_time_ms: int, max_time_ms: int) -> None:
        self._directory = directory
        self._min, self._max = min_time_ms, max_time_ms
        self._records = RecordWriter(directory / layout.CHUNKS_FILE)
        self._n_rows = self._n_samples = self._n_columns = 0
        self._number_of: dict[str, int] = {"": 0}
        self._labels: dict[str, list[tuple[int, Ints]]] = {}
        self._sections: dict[str, dict[str, list[Ints]]] = {
            section: {name: [] for name in names} for section, names in SECTIONS.items()
        }
        self._axis_of: dict[bytes, int] = {}
        self._axes: list[Ints] = []  # Not yet written.
        self._axis_cells = 0

    # --- one part ---------------------------------------------------------------------------------------------------

    def add(self, part: Series) -> None:
        """Takes one part."""
        value_lo, value_hi, time_lo = self._clipped(part)
        histograms = self._clipped_histograms(part)
        present = np.zeros(len(part.values) + 1, np.int64)
        np.cumsum(~missing_mask(np.ascontiguousarray(part.values)), out=present[1:])
        samples = present[value_hi] - present[value_lo]
        value_hi = np.where(samples > 0, value_hi, value_lo)
        keep = samples > 0
        keep[list(histograms)] = True
        rows = np.flatnonzero(keep)
        if not len(rows):
            return
        self._n_samples += int(samples.sum()) + sum(len(found.values) for found in histograms.values())
        self._n_columns += int(np.count_nonzero(samples))
        value_lo, value_hi, time_lo = value_lo[rows], value_hi[rows], time_lo[rows]
        length = value_hi - value_lo
        axis, start = self._place_axes(part.times, time_lo, length)
        self._append("rows", axis=axis, start=start, length=length)
        self._add_labels(part.labels, rows)
        self._add_groups(part, value_lo, length)
        new_row = {int(row): self._n_rows + i for i, row in enumerate(rows.tolist()) if row in histograms}
        for row in sorted(histograms):
            self._add_histograms(new_row[row], histograms[row])
        self._n_rows += len(rows)

    def _clipped(self, part: Series) -> tuple[Ints, Ints, Ints]:
        """The part's ranges without cells outside of the block's time range."""
        early = np.zeros(len(part.times) + 1, np.int64)
        np.cumsum(part.times < self._min, out=early[1:])
        late = np.zeros(len(part.times) + 1, np.int64)
        np.cumsum(part.times >= self._max, out=late[1:])
        time_hi = part.time_lo + (part.value_hi - part.value_lo)
        skip = early[time_hi] - early[part.time_lo]
        drop = late[time_hi] - late[part.time_lo]
        return part.value_lo + skip, part.value_hi - drop, part.time_lo + skip

    def _clipped_histograms(self, part: Series) -> dict[int, HistogramSamples]:
        clipped = {}
        for row, found in part.histograms.items():
            lo, hi = np.searchsorted(found.times, [self._min, self._max]).tolist()
            if lo < hi:
                clipped[row] = HistogramSamples(found.times[lo:hi], found.values[lo:hi])
        return clipped

    def _place_axes(self, times: Ints, time_lo: Ints, length: Ints) -> tuple[Ints, Ints]:
        """Each row's axis and its first cell there; axes with new times are written."""
        axis = np.zeros(len(time_lo), np.int64)
        start = np.zeros(len(time_lo), np.int64)
        rows = np.flatnonzero(length)
        if not len(rows):
            return axis, start
        # Overlapping ranges of `times` lie on one axis; ranges that only touch do not.
        order = rows[np.argsort(time_lo[rows], kind="stable")]
        lo = time_lo[order]
        hi = np.maximum.accumulate(lo + length[order])
        first = np.ones(len(order), np.bool_)
        first[1:] = lo[1:] >= hi[:-1]
        begins = np.flatnonzero(first)
        numbers = []
        # A loop over axes: some hundred, or one for each series of the ragged kind.
        for begin, end in zip(lo[begins].tolist(), hi[np.append(begins[1:], len(order)) - 1].tolist(), strict=True):
            numbers.append(self._axis(times[begin:end]))
        which = np.cumsum(first) - 1
        axis[order] = np.array(numbers, np.int64)[which]
        start[order] = lo - lo[begins][which]
        return axis, start

    def _axis(self, times: Ints) -> int:
        digest = hashlib.blake2b(times.tobytes(), digest_size=16).digest()
        number = self._axis_of.setdefault(digest, len(self._axis_of))
        if number == self._n_axes_seen:
            self._axes.append(times.copy())
            self._axis_cells += len(times)
            first, last = int(times[0]), int(times[-1])
            self._append("axes", length=len(times), first=first, last=last - first)
            if len(self._axes) == GROUP_COLUMNS or self._axis_cells >= GROUP_CELLS:
                self._flush_axes()
        return number

    @property
    def _n_axes_seen(self) -> int:
        return len(self._sections["axes"]["length"])

    def _flush_axes(self) -> None:
        if not self._axes:
            return
        offsets = np.zeros(len(self._axes) + 1, np.int64)
        np.cumsum([len(times) for times in self._axes], out=offsets[1:])
        at, size = self._records.append(encode_axes(np.concatenate(self._axes), offsets, BLOCK_LEVEL))
        self._append("axis_groups", axis=self._n_axes_seen - len(self._axes), offset=at, size=size)
        self._axes = []
        self._axis_cells = 0

    def _add_labels(self, labels: LabelSets, rows: Ints) -> None:
        numbers, strings = self._number_of, labels.strings
        codes = labels.codes[rows]
        used = np.zeros(max(len(strings), 1), np.bool_)
        used[codes.ravel()] = True
        used[0] = False
        table = np.zeros(len(used), np.int64)
        for code in np.flatnonzero(used).tolist():
            table[code] = numbers.setdefault(strings[code], len(numbers))
        for i, name in enumerate(labels.names):
            column = table[codes[:, i]]
            if column.any():
                self._labels.setdefault(name, []).append((self._n_rows, column.astype(np.int32)))

    def _add_groups(self, part: Series, value_lo: Ints, length: Ints) -> None:
        ends = np.cumsum(length)
        row, n = 0, len(length)
        starts = part.start_times
        while row < n:
            # As many rows as fit, at least one.
            before = int(ends[row] - length[row])
            fitting = int(np.searchsorted(ends, before + GROUP_CELLS, "right"))
            end = max(row + 1, min(fitting, row + GROUP_COLUMNS, n))
            offsets = np.zeros(end - row + 1, np.int64)
            offsets[1:] = ends[row:end] - before
            cells = _cells(value_lo[row:end], offsets)
            at, size = self._records.append(encode_columns(part.values[cells], offsets, BLOCK_LEVEL))
            starts_at = starts_size = 0
            if starts is not None and starts[cells].any():
                starts_at, starts_size = self._records.append(encode_axes(starts[cells], offsets, BLOCK_LEVEL))
            self._append(
                "groups",
                row=self._n_rows + row,
                offset=at,
                size=size,
                starts_offset=starts_at,
                starts_size=starts_size,
            )
            row = end

    def _add_histograms(self, row: int, found: HistogramSamples) -> None:
        at, size = self._records.append(encode_histograms(found, BLOCK_LEVEL))
        first, last = int(found.times[0]), int(found.times[-1])
        self._append(
            "histograms", row=row, offset=at, size=size, first=first, last=last - first, samples=len(found.values)
        )

    def _append(self, section: str, **values: int | Ints) -> None:
        for name, value in values.items():
            self._sections[section][name].append(np.atleast_1d(np.asarray(value, np.int64)))

    # --- the end ----------------------------------------------------------------------------------------------------

    def finish(self) -> BlockStats:
        """Writes what is left and the index; what was counted."""
        self._flush_axes()
        self._records.finish()
        texts = list(self._number_of)
        order = sorted(range(1, len(texts)), key=texts.__getitem__)
        rank = np.zeros(len(texts), np.int64)
        rank[order] = np.arange(1, len(texts))
        symbols = [texts[number] for number in order]
        sections = {
            section: {name: np.concatenate([np.zeros(0, np.int64), *pieces]) for name, pieces in arrays.items()}
            for section, arrays in self._sections.items()
        }
        labels = ((name, self._column(name, rank)) for name in sorted(self._labels))
        index = encode_index(self._n_rows, symbols, labels, sections, self._records.size_bytes)
        layout.write_durably(self._directory / layout.INDEX_FILE, index)
        return BlockStats(self._n_samples, self._n_rows, self._n_columns)

    def _column(self, name: str, rank: Ints) -> LabelColumn:
        pieces = self._labels[name]
        lo, hi = pieces[0][0], pieces[-1][0] + len(pieces[-1][1])
        column = np.zeros(hi - lo, np.int64)
        for at, numbers in pieces:
            column[at - lo : at - lo + len(numbers)] = rank[numbers]
        set_rows = np.flatnonzero(column)
        column = column[set_rows[0] : set_rows[-1] + 1]
        if name == METRIC_NAME and bool((np.diff(column) < 0).any()):
            raise ValueError("parts of a block must come sorted by metric name")
        used = np.zeros(len(rank), np.bool_)
        used[column] = True
        used[0] = False
        numbers = np.flatnonzero(used)
        table = np.zeros(len(rank), np.int64)
        table[numbers] = np.arange(1, len(numbers) + 1)
        return LabelColumn(lo + int(set_rows[0]), table[column], numbers)

    def abandon(self) -> None:
        """Closes the files; the caller removes the directory."""
        self._records.abandon()


def _cells(value_lo: Ints, offsets: Ints) -> Ints | slice:
    """What picks the columns' cells out of `values`: a slice where they are neighbours."""
    length = np.diff(offsets)
    if bool((value_lo[1:] == (value_lo + length)[:-1]).all()):
        return slice(int(value_lo[0]), int(value_lo[0] + offsets[-1]))
    return np.repeat(value_lo - offsets[:-1], length) + np.arange(offsets[-1])
