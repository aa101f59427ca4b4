"""One persisted block: an immutable, memory-mapped directory that answers selects.

Opening reads the contents of the index and nothing of the series; everything else is decoded when it is asked for.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.codec.columns import ColumnGroup
from watchkeeper.core.codec.histograms import decode_histograms
from watchkeeper.core.disk.atomic import write_atomically
from watchkeeper.core.model.errors import CorruptionError
from watchkeeper.core.model.histogram import HistogramSamples
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.core.model.stale import MISSING, missing_mask
from watchkeeper.metrics.interface import Budget, Series
from watchkeeper.metrics.tsdb import layout
from watchkeeper.metrics.tsdb.block_index import BlockIndex
from watchkeeper.metrics.tsdb.block_meta import BlockMeta, read_meta
from watchkeeper.metrics.tsdb.records import RecordReader
from watchkeeper.metrics.tsdb.tombstones import read_tombstones

Ints = npt.NDArray[np.int64]

CHECK_EVERY_GROUPS: Final = 16  # Some million samples a second are decoded: the budget is asked every few ms.
AXIS_CACHE_CELLS: Final = 1 << 17  # 1 MiB of decoded time axes is kept.


class Block:
    """An opened block. Safe for many threads; whoever drops it waits for nobody, since readers hold the object."""

    def __init__(self, directory: Path) -> None:
        """Raises CorruptionError where meta, index or tombstones are damaged, or chunks have another length."""
        self.directory = directory
        meta = read_meta(directory)
        self._index = BlockIndex(directory)
        try:
            self._tombstones = read_tombstones(directory, self._index.n_rows)
            self._records = RecordReader(directory / layout.CHUNKS_FILE, self._index.chunks_bytes)
        except BaseException:
            self._index.close()
            raise
        # The two files are replaced one after the other; the tombstones are the truth.
        self._meta = meta.with_tombstones(len(self._tombstones))
        self._delete_lock = threading.Lock()
        self._axis_cache: dict[int, tuple[Ints, Ints]] = {}

    @property
    def meta(self) -> BlockMeta:
        """What meta.json says."""
        return self._meta

    @property
    def size_bytes(self) -> int:
        """The bytes of all its files."""
        return sum(path.stat().st_size for path in self.directory.iterdir())

    @property
    def n_series(self) -> int:
        """How many series it has, deleted ones too."""
        return self._index.n_rows

    # --- asking -----------------------------------------------------------------------------------------------------

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, budget: Budget) -> Series:
        """Samples from start to end (both included) of the series that pass all matchers.

        The arrays are fresh. Series without a sample in the range are left out. Raises CorruptionError with file and
        offset where a group that is needed is damaged; other groups still answer.
        """
        if not self._overlaps(start_ms, end_ms):
            return _empty()
        budget.check()
        return self.read_rows(self._index.rows_matching(matchers), start_ms, end_ms, budget)

    def series(self, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> LabelSets:
        """The series that pass any of the sets and may have samples in the range; all without sets."""
        return self._index.label_sets(self._rows_of(matcher_sets, start_ms, end_ms))

    def label_names(self, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> list[str]:
        """Sorted names of the labels of such series."""
        if not matcher_sets and self._overlaps(start_ms, end_ms):
            return self._index.names
        return self._index.names_in(self._rows_of(matcher_sets, start_ms, end_ms))

    def label_values(
        self, name: str, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int
    ) -> list[str]:
        """Sorted values of one label of such series."""
        if not matcher_sets and self._overlaps(start_ms, end_ms):
            return self._index.values_of(name, None)
        return self._index.values_of(name, self._rows_of(matcher_sets, start_ms, end_ms))

    def label_sets(self) -> LabelSets:
        """All series, in the block's order."""
        return self._index.label_sets(np.arange(self._index.n_rows))

    def parts(self, rows_per_part: int) -> Iterator[Series]:
        """All samples that are left, so many series at a time, in metric-major order; parts may be empty."""
        for lo in range(0, self._index.n_rows, rows_per_part):
            rows = np.arange(lo, min(lo + rows_per_part, self._index.n_rows))
            yield self.read_rows(rows, self._meta.min_time_ms, self._meta.max_time_ms - 1, Budget())

    # --- changing and checking --------------------------------------------------------------------------------------

    def delete(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> int:
        """Deletes samples from start to end (both included); the number of series that it concerned.

        On return it is on the disk. The bytes go at the next compaction.
        """
        if not self._overlaps(start_ms, end_ms):
            return 0
        with self._delete_lock:
            rows = self._rows_in_range(self._index.rows_matching(matchers), start_ms, end_ms)
            if not len(rows):
                return 0
            start_ms = max(start_ms, self._meta.min_time_ms)
            end_ms = min(end_ms, self._meta.max_time_ms - 1)
            stones = self._tombstones.with_range(rows, start_ms, end_ms)
            stones.write(self.directory)
            self._tombstones = stones
            meta = self._meta.with_tombstones(len(stones))
            write_atomically(self.directory / layout.META_FILE, meta.encoded())
            self._meta = meta
            return len(rows)

    def verify(self) -> None:
        """Decodes everything. Raises CorruptionError at the first damage."""
        index = self._index
        columns = index.label_sets(np.arange(index.n_rows))
        if len(columns) != index.n_rows:
            raise CorruptionError(str(self.directory / layout.INDEX_FILE), 0, "rows are missing")
        for part in self.parts(4096):
            del part
        found = index.section("histograms")
        for i in range(len(found["row"])):
            self._histogram(i)

    def release(self) -> None:
        """Gives back the memory of what was decoded of the index."""
        self._index.release()
        self._axis_cache = {}

    def close(self) -> None:
        """Reads fail afterwards; a block that may still be read is dropped instead."""
        self._index.close()
        self._records.close()

    # --- reading ----------------------------------------------------------------------------------------------------

    def read_rows(self, rows: Ints, start_ms: int, end_ms: int, budget: Budget) -> Series:
        """Samples from start to end of these series (ascending, int64); see `select`."""
        start_ms, end_ms = max(start_ms, self._meta.min_time_ms), min(end_ms, self._meta.max_time_ms - 1)
        places = self._index.section("rows")
        gone = self._tombstones.covering(self._meta.min_time_ms, self._meta.max_time_ms - 1)
        if len(gone):
            rows = rows[~np.isin(rows, gone)]
        rows = self._rows_in_range(rows, start_ms, end_ms)
        histograms = self._histogram_numbers(rows, start_ms, end_ms)
        axis, first, length = (places[name][rows].astype(np.int64) for name in ("axis", "start", "length"))
        axes, which = np.unique(axis, return_inverse=True)
        times, at = self._axes(axes)
        skipped = _places(times, at, start_ms) - at[:-1]
        taken = _places(times, at, end_ms + 1) - at[:-1] - skipped
        cell_lo = np.clip(skipped[which] - first, 0, length)
        cell_hi = np.clip(skipped[which] + taken[which] - first, 0, length)
        keep = cell_hi > cell_lo
        keep[list(histograms)] = True
        if not keep.all():
            kept = np.flatnonzero(keep)
            new_row = np.cumsum(keep) - 1
            histograms = {int(new_row[row]): number for row, number in histograms.items()}
            rows, which, first = rows[kept], which[kept], first[kept]
            cell_lo, cell_hi = cell_lo[kept], np.maximum(cell_lo[kept], cell_hi[kept])
        ends = np.cumsum(cell_hi - cell_lo)
        total = int(ends[-1]) if len(ends) else 0
        numbers = self._index.section("histograms")["samples"]
        budget.charge(total + sum(int(numbers[number]) for number in histograms.values()))
        out_at = ends - (cell_hi - cell_lo)
        values, starts = self._cells(rows, cell_lo, cell_hi, out_at, total, budget)
        axis_at = np.cumsum(taken) - taken
        found = Series(
            self._index.label_sets(rows),
            times if int(taken.sum()) == len(times) else times[(times >= start_ms) & (times <= end_ms)],
            values,
            out_at,
            ends,
            axis_at[which] + np.maximum(first + cell_lo - skipped[which], 0),
            {row: _between(self._histogram(number), start_ms, end_ms) for row, number in sorted(histograms.items())},
            starts,
        )
        self._apply_tombstones(found, rows)
        return _without_empty(found)

    def _overlaps(self, start_ms: int, end_ms: int) -> bool:
        return start_ms < self._meta.max_time_ms and end_ms >= self._meta.min_time_ms

    def _rows_of(self, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> Ints:
        if not self._overlaps(start_ms, end_ms):
            return np.zeros(0, np.int64)
        rows = self._rows_in_range(self._index.rows_matching_any(matcher_sets), start_ms, end_ms)
        gone = self._tombstones.covering(self._meta.min_time_ms, self._meta.max_time_ms - 1)
        return rows[~np.isin(rows, gone)] if len(gone) else rows

    def _rows_in_range(self, rows: Ints, start_ms: int, end_ms: int) -> Ints:
        """Those of the rows whose time axis, or histograms, reach into the range."""
        if start_ms <= self._meta.min_time_ms and end_ms >= self._meta.max_time_ms - 1:
            return rows
        axes, places = self._index.section("axes"), self._index.section("rows")
        reaches = np.zeros(len(axes["first"]) + 1, np.bool_)
        reaches[:-1] = (axes["first"] <= end_ms) & (axes["first"] + axes["last"] >= start_ms)
        keep = reaches[places["axis"][rows]] & (places["length"][rows] > 0)
        keep[list(self._histogram_numbers(rows, start_ms, end_ms))] = True
        return rows[keep]

    def _axes(self, axes: Ints) -> tuple[Ints, Ints]:
        """The times of these axes (ascending), one after the other, and int64 (n + 1,) offsets."""
        pieces: list[Ints] = []
        known = self._index.section("axes")["length"]
        # A block of histograms alone has no axis; its rows name axis 0.
        axes = axes[axes < len(known)]
        groups = self._index.section("axis_groups")["axis"]
        group_of = np.searchsorted(groups, axes, "right") - 1
        for number, group in zip(axes.tolist(), group_of.tolist(), strict=True):
            times, at = self._axis_cache.get(group) or self._axis_group(group)
            i = number - int(groups[group])
            pieces.append(times[at[i] : at[i + 1]])
        offsets = np.zeros(max(len(pieces), 1) + 1, np.int64)
        if pieces:
            np.cumsum([len(piece) for piece in pieces], out=offsets[1:])
        return np.concatenate([np.zeros(0, np.int64), *pieces]), offsets

    def _axis_group(self, group: int) -> tuple[Ints, Ints]:
        place = self._index.section("axis_groups")
        at = int(place["offset"][group])
        payload = self._records.read(at, int(place["size"][group]))
        try:
            decoded = ColumnGroup(payload).decode_ints()
        except ValueError as error:
            raise self._records.corrupt(at, error) from None
        first = int(place["axis"][group])
        expected = self._index.section("axes")["length"][first : first + len(decoded[1]) - 1]
        if not np.array_equal(_lengths(decoded[1]), expected):
            raise self._records.corrupt(at, "time axes of another length")
        if sum(len(times) for times, _ in list(self._axis_cache.values())) + len(decoded[0]) > AXIS_CACHE_CELLS:
            self._axis_cache = {}
        self._axis_cache[group] = decoded
        return decoded

    def _cells(
        self, rows: Ints, cell_lo: Ints, cell_hi: Ints, out_at: Ints, total: int, budget: Budget
    ) -> tuple[npt.NDArray[np.float64], Ints | None]:
        """Values and start times of ranges of cells, each row's at `out_at`."""
        values = np.empty(total, np.float64)
        starts: Ints | None = None
        place = self._index.section("groups")
        group_of = np.searchsorted(place["row"], rows, "right") - 1
        groups, begins = np.unique(group_of, return_index=True)
        bounds = np.append(begins, len(rows)).tolist()
        columns = rows - place["row"][group_of]
        offsets, sizes = place["offset"][groups].tolist(), place["size"][groups].tolist()
        starts_offsets, starts_sizes = place["starts_offset"][groups].tolist(), place["starts_size"][groups].tolist()
        for i in range(len(groups)):
            if i % CHECK_EVERY_GROUPS == 0:
                budget.check()
            chosen = slice(bounds[i], bounds[i + 1])
            lo, hi, at = cell_lo[chosen], cell_hi[chosen], out_at[chosen]
            self._decode(offsets[i], sizes[i], columns[chosen], lo, hi, values, at)
            if starts_sizes[i]:
                if starts is None:
                    starts = np.zeros(total, np.int64)
                self._decode(starts_offsets[i], starts_sizes[i], columns[chosen], lo, hi, starts, at)
        return values, starts

    def _decode(
        self, at: int, size: int, columns: Ints, lo: Ints, hi: Ints, out: npt.NDArray[np.float64] | Ints, out_at: Ints
    ) -> None:
        payload = self._records.read(at, size)
        try:
            ColumnGroup(payload).decode_into(columns, lo, hi, out, out_at)
        except ValueError as error:
            raise self._records.corrupt(at, error) from None

    def _histogram_numbers(self, rows: Ints, start_ms: int, end_ms: int) -> dict[int, int]:
        """For each of the rows that has histograms in the range, by its place in `rows`: their number."""
        places = self._index.section("histograms")
        if not len(places["row"]) or not len(rows):
            return {}
        at = np.minimum(np.searchsorted(rows, places["row"]), len(rows) - 1)
        hit = (rows[at] == places["row"]) & (places["first"] <= end_ms)
        hit &= places["first"] + places["last"] >= start_ms
        numbers = np.flatnonzero(hit)
        return dict(zip(at[numbers].tolist(), numbers.tolist(), strict=True))

    def _histogram(self, number: int) -> HistogramSamples:
        places = self._index.section("histograms")
        at = int(places["offset"][number])
        payload = self._records.read(at, int(places["size"][number]))
        try:
            return decode_histograms(payload)
        except ValueError as error:
            raise self._records.corrupt(at, error) from None

    def _apply_tombstones(self, found: Series, rows: Ints) -> None:
        """Puts MISSING where something was deleted."""
        stones = self._tombstones.of_rows(rows)
        if not len(stones):
            return
        ranges, which = np.unique(np.stack([stones.start_ms, stones.end_ms]), axis=1, return_inverse=True)
        # A loop over different ranges: as many as there were deletes, not as there are series.
        for i, (start_ms, end_ms) in enumerate(ranges.T.tolist()):
            hit = stones.rows[which.ravel() == i]
            lo, length = found.value_lo[hit], found.value_hi[hit] - found.value_lo[hit]
            within = np.arange(int(length.sum())) - np.repeat(np.cumsum(length) - length, length)
            cells = np.repeat(lo, length) + within
            times = found.times[np.repeat(found.time_lo[hit], length) + within]
            found.values[cells[(times >= start_ms) & (times <= end_ms)]] = MISSING
            for row in set(hit.tolist()) & found.histograms.keys():
                samples = found.histograms[row]
                keep = (samples.times < start_ms) | (samples.times > end_ms)
                kept = [value for value, good in zip(samples.values, keep.tolist(), strict=True) if good]
                found.histograms[row] = HistogramSamples(samples.times[keep], kept)


def _lengths(offsets: Ints) -> Ints:
    """The lengths between offsets."""
    return np.diff(offsets)


def _places(times: Ints, offsets: Ints, bound_ms: int) -> Ints:
    """In each ascending range between offsets, the place of the first time that is not before the bound."""
    lo, hi = offsets[:-1].copy(), offsets[1:].copy()
    # All ranges are halved together.
    while (open_ := lo < hi).any():
        middle = (lo + hi) >> 1
        before = np.zeros(len(lo), np.bool_)
        before[open_] = times[middle[open_]] < bound_ms
        lo = np.where(before, middle + 1, lo)
        hi = np.where(open_ & ~before, middle, hi)
    return lo


def _between(samples: HistogramSamples, start_ms: int, end_ms: int) -> HistogramSamples:
    lo = int(np.searchsorted(samples.times, start_ms, "left"))
    hi = int(np.searchsorted(samples.times, end_ms, "right"))
    return HistogramSamples(samples.times[lo:hi], samples.values[lo:hi])


def _empty() -> Series:
    none = np.zeros(0, np.int64)
    return Series(LabelSets.of([]), none, np.zeros(0), none, none, none)


def _without_empty(found: Series) -> Series:
    """Only the series that have a sample."""
    missing = missing_mask(found.values)
    filled = np.flatnonzero(found.value_hi > found.value_lo)
    keep = np.zeros(len(found.value_lo), np.bool_)
    if len(filled) and missing.any():
        # Rows lie one after the other, so the ones that hold cells bound each other.
        keep[filled] = ~np.logical_and.reduceat(missing, found.value_lo[filled])
    else:
        keep[filled] = True
    keep[[row for row, samples in found.histograms.items() if len(samples.times)]] = True
    if keep.all():
        return found
    rows = np.flatnonzero(keep)
    new_row = np.cumsum(keep) - 1
    return dataclasses.replace(
        found,
        labels=found.labels.take(rows),
        value_lo=found.value_lo[rows],
        value_hi=found.value_hi[rows],
        time_lo=found.time_lo[rows],
        histograms={int(new_row[row]): samples for row, samples in found.histograms.items() if keep[row]},
    )
