"""Reading a head: refs and a time range to a `Series`, from sealed chunks, open rows and ragged samples at once.

Of one source all chosen series share one time axis. Series that lie in several sources, or also in the ragged
samples, are joined.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from watchkeeper.core.codec.columns import GROUP_COLUMNS
from watchkeeper.core.kernels.column_codec import Group, decode_few
from watchkeeper.core.kernels.head_rows import gather_runs, join_pieces
from watchkeeper.core.model.errors import CorruptionError
from watchkeeper.core.model.histogram import HistogramSamples
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.stale import MISSING, missing_mask
from watchkeeper.metrics.interface import Budget, Series
from watchkeeper.metrics.tsdb.chunk import FEW_COLUMNS, RowChunk
from watchkeeper.metrics.tsdb.histogram_bytes import decode_histogram, is_stand_in
from watchkeeper.metrics.tsdb.merge import merge_series
from watchkeeper.metrics.tsdb.places import Found, Places
from watchkeeper.metrics.tsdb.ragged import Ragged, pick, pick_histograms
from watchkeeper.metrics.tsdb.source import Layout, Run
from watchkeeper.metrics.tsdb.wal import Floats, Ints, Refs, Samples

Rows = npt.NDArray[np.int32]
Intervals = dict[int, list[tuple[int, int]]]
"""By ref: time ranges that were deleted, both ends included."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """What a head held at one moment; nothing in it changes, but for runs that grow."""

    n_slots: int
    truncated_ms: int
    sources: list[Layout]
    places: Places
    ragged: Ragged
    deleted: Intervals
    on_corrupt: Callable[[CorruptionError], None]


@dataclass(slots=True)
class _Block:
    """Neighbouring parts of one source with the same chosen series, which share the times of these parts."""

    rows: Rows
    n_cells: int = 0
    parts: list[tuple[RowChunk | Run, Rows, int, int]] = field(default_factory=list)
    source: int = -1

    @property
    def is_last_row(self) -> bool:
        """Whether only one row is read."""
        return self.n_cells == 1


def row_index(n_slots: int, refs: Refs) -> Rows:
    """int32 (n_slots + 1,): the place of each ref in `refs`, -1 elsewhere."""
    row_of = np.full(n_slots + 1, -1, np.int32)
    row_of[refs] = np.arange(len(refs), dtype=np.int32)
    return row_of


def read(
    snapshot: Snapshot,
    refs: Refs,
    labels: LabelSets,
    start_ms: int,
    end_ms: int,
    budget: Budget,
    *,
    newest: bool = False,
) -> Series:
    """The samples from start to end of these series; those without any are left out.

    With `newest` older samples than the newest of each series may be missing.
    """
    # All slots are gone through only where something is looked up by slot.
    is_plain = snapshot.ragged.is_empty and not snapshot.deleted
    row_of = row_index(0, refs[:0]) if is_plain else row_index(snapshot.n_slots, refs)
    found, found_rows = pick(snapshot.ragged, row_of, start_ms, end_ms, snapshot.on_corrupt)
    # Rows before the truncation are in blocks; the rest of their chunk is still needed.
    plan = _Plan(snapshot, refs, max(start_ms, snapshot.truncated_ms), end_ms)
    # A deletion may have taken the newest sample, and then the one before it counts.
    newest = newest and not any(row_of[ref] >= 0 for ref in snapshot.deleted if ref < snapshot.n_slots)
    blocks = plan.newest() if newest else plan.all()
    while True:
        budget.check()
        n_cells = sum(len(block.rows) * block.n_cells for block in blocks)
        n_times = sum(block.n_cells for block in blocks)
        budget.charge(n_cells + len(found))
        values = np.empty(n_cells + len(found), np.float64)
        times = np.empty(n_times + len(found), np.int64)
        pieces = _fill(blocks, values, times, budget, snapshot.on_corrupt)
        again = plan.completed(blocks, values[:n_cells]) if newest else None
        if again is None:
            break
        blocks, newest = again, False
    values[n_cells:] = found.values
    times[n_times:] = found.times
    starts = None
    if found.starts is not None:
        starts = np.zeros(len(values), np.int64)
        starts[n_cells:] = found.starts
    if len(found) or not pieces:
        _add_ragged(found_rows, n_times, n_cells, pieces)
    piece_rows, time_lo, value_lo, lengths = (np.concatenate(column) for column in zip(*pieces, strict=True))
    order = np.argsort(piece_rows, kind="stable")
    times, values, starts, bounds = join_pieces(
        piece_rows[order].astype(np.int32),
        time_lo[order],
        value_lo[order],
        lengths[order],
        len(refs),
        times,
        values,
        starts,
    )
    blobs_of = pick_histograms(snapshot.ragged, row_of, start_ms, end_ms, snapshot.on_corrupt)
    histograms = {
        row: HistogramSamples(np.array(sorted(blobs), np.int64), [decode_histogram(blobs[t]) for t in sorted(blobs)])
        for row, blobs in blobs_of.items()
    }
    out = Series(labels, times, values, bounds[1], bounds[2], bounds[0], histograms, starts)
    _delete(out, refs, row_of, snapshot.deleted)
    return _without_empty(out)


def read_newest(
    snapshot: Snapshot,
    refs: Refs,
    labels: LabelSets,
    start_ms: int,
    end_ms: int,
    budget: Budget,
    newest_times: Ints,
    newest_values: Floats,
) -> Series:
    """As `read` with `newest`, where the newest samples of all are known: most answers are these and nothing is read.

    newest_times, newest_values   of each series over all time; of a histogram what stands in for it
    """
    # Not what is known, but something before it: the sample is too new, a histogram, or deleted.
    other = (newest_times > end_ms) | is_stand_in(newest_values)
    if snapshot.deleted:
        other[np.isin(refs, list(snapshot.deleted))] = True
    rows = np.flatnonzero(~other & (newest_times >= start_ms))
    one = np.arange(len(rows), dtype=np.int64)
    is_all = len(rows) == len(refs)
    kept = (
        (labels, newest_times, newest_values)
        if is_all
        else (labels.take(rows), newest_times[rows], newest_values[rows])
    )
    known = Series(*kept, one, one + 1, one)
    if not other.any():
        return known
    rest = np.flatnonzero(other)
    older = read(snapshot, refs[rest], labels.take(rest), start_ms, end_ms, budget, newest=True)
    return merge_series([older, known])


class _Plan:
    """What is to be read of the sources for some series and a time range."""

    def __init__(self, snapshot: Snapshot, refs: Refs, start_ms: int, end_ms: int) -> None:
        self._snapshot = snapshot
        self._refs = refs
        self._start_ms = start_ms
        self._end_ms = end_ms
        self._found = snapshot.places.find(refs)
        self._sources = snapshot.places.sources_of(self._found)

    def all(self) -> list[_Block]:
        """All rows of the range."""
        return [block for source in self._sources for block in self._whole(source)]

    def newest(self) -> list[_Block]:
        """The last row of each source, which has the newest sample of all its series, as a rule."""
        blocks: list[_Block] = []
        for source in self._sources:
            runs = self._snapshot.sources[source].runs
            run = runs[-1] if runs else None
            one = self._series_of(run) if run is not None else None
            n = 0
            if run is not None and one is not None:
                times = run.times
                n = len(times)
                if n and times[n - 1] > self._end_ms:
                    n = bisect_right(times, self._end_ms, 0, n)
            if run is None or one is None or not n or run.times[n - 1] < self._start_ms:
                blocks += self._last_of(source)
            else:
                blocks.append(_Block(one.rows, 1, [(run, one.columns, n - 1, n)], source))
        return blocks

    def completed(self, blocks: Sequence[_Block], values: Floats) -> list[_Block] | None:
        """Where the last row lacks a series, or others of the source are elsewhere: these sources in whole.

        None where nothing is missing. `values` are the cells of `blocks`.
        """
        counts = np.array([len(block.rows) * block.n_cells for block in blocks], np.int64)
        firsts = np.cumsum(counts) - counts
        partial = [block.is_last_row for block in blocks]
        absent = missing_mask(values)
        owed = {
            block.source
            for block, lo, n, is_partial in zip(blocks, firsts.tolist(), counts.tolist(), partial, strict=True)
            if is_partial and absent[lo : lo + n].any()
        }
        if not owed:
            return None
        kept = [block for block in blocks if block.source not in owed]
        return kept + [block for source in sorted(owed) for block in self._whole(source)]

    def _last_of(self, source: int) -> list[_Block]:
        blocks = self._whole(source)
        if len(blocks) == 1:
            part, columns, _, hi = blocks[0].parts[-1]
            return [_Block(blocks[0].rows, 1, [(part, columns, hi - 1, hi)], source)]
        return blocks

    def _whole(self, source: int) -> list[_Block]:
        mine: list[_Block] = []
        for part, lo, hi in _parts_between(self._snapshot.sources[source], self._start_ms, self._end_ms):
            one = self._series_of(part)
            if one is None:
                continue
            if not mine or not (mine[-1].rows is one.rows or mine[-1].rows.tobytes() == one.rows.tobytes()):
                mine.append(_Block(one.rows, source=source))
            mine[-1].parts.append((part, one.columns, lo, hi))
            mine[-1].n_cells += hi - lo
        return mine

    def _series_of(self, part: RowChunk | Run) -> Found | None:
        number = self._snapshot.places.number_of(part.refs)
        if number is not None:
            return self._found.get(number)
        one = self._snapshot.places.look_up(part.refs, self._refs)
        return one if len(one.rows) else None


def _parts_between(layout: Layout, start_ms: int, end_ms: int) -> list[tuple[RowChunk | Run, int, int]]:
    """The parts with rows from start to end, and which rows, half open. Looked for from the newest on."""
    out: list[tuple[RowChunk | Run, int, int]] = []
    for run in reversed(layout.runs):
        times = run.times
        n = len(times)  # The rows that are whole now; it may grow meanwhile.
        if not n or times[0] > end_ms:
            continue
        if times[n - 1] < start_ms:
            return out[::-1]
        lo = 0 if times[0] >= start_ms else bisect_left(times, start_ms, 0, n)
        hi = n if times[n - 1] <= end_ms else bisect_right(times, end_ms, 0, n)
        if lo < hi:
            out.append((run, lo, hi))
        if lo:
            return out[::-1]  # All before is older.
    for chunk in reversed(layout.chunks):
        if chunk.first_ms > end_ms:
            continue
        if chunk.last_ms < start_ms:
            break
        lo = 0 if chunk.first_ms >= start_ms else int(chunk.times.searchsorted(start_ms))
        hi = len(chunk.times) if chunk.last_ms <= end_ms else int(chunk.times.searchsorted(end_ms, "right"))
        if lo < hi:
            out.append((chunk, lo, hi))
        if lo:
            break
    return out[::-1]


Pieces = list[tuple[Ints, Ints, Ints, Ints]]
"""Columns of pieces: row, place in times, place in values, length."""


def _fill(
    blocks: Sequence[_Block],
    values: Floats,
    times: Ints,
    budget: Budget,
    on_corrupt: Callable[[CorruptionError], None],
) -> Pieces:
    """Decode all blocks; the open rows of all sources in one call, as there are many and each is small."""
    if not blocks:
        return []
    n_rows = np.array([len(block.rows) for block in blocks])
    n_cells = np.array([block.n_cells for block in blocks])
    lengths = np.repeat(n_cells, n_rows)
    value_lo = np.cumsum(lengths) - lengths
    time_lo = np.repeat(np.cumsum(n_cells) - n_cells, n_rows)
    runs: list[tuple[Run, int, int]] = []
    run_columns: list[Rows] = []
    run_at: list[Ints] = []
    few: list[tuple[Group, int, int, int, int]] = []
    row_at = time_at = 0
    for block in blocks:
        out_at = value_lo[row_at : row_at + len(block.rows)]
        row_at += len(block.rows)
        done = 0
        for part, columns, lo, hi in block.parts:
            if isinstance(part, RowChunk):
                try:
                    if len(columns) <= FEW_COLUMNS:
                        for column, at in zip(columns.tolist(), out_at.tolist(), strict=True):
                            few.append((part.group_of(column), column % GROUP_COLUMNS, lo, hi, at + done))
                    else:
                        budget.check()
                        part.read(columns, lo, hi, values, out_at + done)
                except CorruptionError as error:
                    on_corrupt(error)
                    for at in (out_at + done).tolist():
                        values[at : at + hi - lo] = MISSING
            else:
                runs.append((part, lo, hi))
                run_columns.append(columns)
                run_at.append(out_at + done if done else out_at)
            times[time_at : time_at + hi - lo] = part.times[lo:hi]
            time_at += hi - lo
            done += hi - lo
    if few:
        _decode_few(few, values)
    if runs:
        gather_runs(
            [run.bodies for run, _, _ in runs],
            np.array([hi for _, _, hi in runs], np.int64),
            np.array([lo for _, lo, _ in runs], np.int64),
            np.cumsum([0, *map(len, run_columns)]),
            np.concatenate(run_columns),
            values,
            np.concatenate(run_at),
        )
    return [(np.concatenate([block.rows for block in blocks]).astype(np.int64), time_lo, value_lo, lengths)]


def _decode_few(few: Sequence[tuple[Group, int, int, int, int]], values: Floats) -> None:
    columns = np.array([one[1:] for one in few], np.int64).T.copy()
    decode_few([one[0] for one in few], columns[0], columns[1], columns[2], columns[3], values.view(np.uint64))


def _add_ragged(rows: Rows, time_at: int, value_at: int, pieces: Pieces) -> None:
    firsts = np.flatnonzero(np.diff(rows, prepend=-1))
    lengths = np.diff(np.append(firsts, len(rows)))
    pieces.append((rows[firsts].astype(np.int64), time_at + firsts, value_at + firsts, lengths))


def _delete(series: Series, refs: Refs, row_of: Rows, deleted: Intervals) -> None:
    """Blank what was deleted, in place. A loop over the chosen series that something was deleted of."""
    for ref, intervals in deleted.items():
        row = int(row_of[ref]) if ref < len(row_of) else -1
        if row < 0:
            continue
        lo, hi, time_lo = int(series.value_lo[row]), int(series.value_hi[row]), int(series.time_lo[row])
        times = series.times[time_lo : time_lo + hi - lo]
        held = series.histograms.get(row)
        for start_ms, end_ms in intervals:
            series.values[lo:hi][(times >= start_ms) & (times <= end_ms)] = MISSING
            if held is not None:
                keep = np.flatnonzero((held.times < start_ms) | (held.times > end_ms))
                held = HistogramSamples(held.times[keep], [held.values[i] for i in keep.tolist()])
        if held is not None:
            series.histograms[row] = held
            if not len(held.times):
                del series.histograms[row]


def _without_empty(series: Series) -> Series:
    present = series.value_hi > series.value_lo
    present[list(series.histograms)] = True
    if present.all():
        return series
    rows = np.flatnonzero(present)
    new_row = {int(row): i for i, row in enumerate(rows.tolist())}
    return Series(
        series.labels.take(rows),
        series.times,
        series.values,
        series.value_lo[rows],
        series.value_hi[rows],
        series.time_lo[rows],
        {new_row[row]: held for row, held in series.histograms.items()},
        series.start_times,
    )


def present_refs(snapshot: Snapshot, start_ms: int, end_ms: int) -> npt.NDArray[np.bool_]:
    """bool (n_slots,): which refs may have samples from start to end."""
    flags = np.zeros(snapshot.n_slots + 1, np.bool_)
    limit = snapshot.n_slots
    for layout in snapshot.sources:
        seen: Refs | None = None
        for part, _, _ in _parts_between(layout, max(start_ms, snapshot.truncated_ms), end_ms):
            if part.refs is not seen:
                seen = part.refs
                flags[np.minimum(part.refs, limit)] = True
    ragged = snapshot.ragged
    for chunk in ragged.sealed:
        if chunk.max_time_ms >= start_ms and chunk.min_time_ms <= end_ms:
            flags[np.minimum(chunk.refs, limit)] = True
    for samples in (*ragged.sealing, *ragged.open):
        inside = (samples.times >= start_ms) & (samples.times <= end_ms)
        flags[np.minimum(samples.refs[inside], limit)] = True
    for blobs in (ragged.sealing_histograms, *ragged.histograms):
        for ref, time_ms, _ in blobs:
            if start_ms <= time_ms <= end_ms:
                flags[min(ref, limit)] = True
    return flags[:-1]


def only_known(samples: Samples, live: npt.NDArray[np.bool_]) -> Samples:
    """The samples of series that exist."""
    known = np.append(live, False)[np.minimum(samples.refs, len(live))]
    return samples if known.all() else samples.take(known)
