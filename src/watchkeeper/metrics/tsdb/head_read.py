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

from watchkeeper.core.kernels.head_rows import gather_runs, join_pieces
from watchkeeper.core.model.errors import CorruptionError
from watchkeeper.core.model.histogram import HistogramSamples
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.stale import MISSING
from watchkeeper.metrics.interface import Budget, Series
from watchkeeper.metrics.tsdb.chunk import RowChunk
from watchkeeper.metrics.tsdb.histogram_bytes import decode_histogram
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
    ragged: Ragged
    deleted: Intervals
    on_corrupt: Callable[[CorruptionError], None]


@dataclass(slots=True)
class _Block:
    """Neighbouring parts of one source with the same chosen series."""

    rows: Rows
    n_cells: int = 0
    parts: list[tuple[RowChunk | Run, Ints, int, int]] = field(default_factory=list)


def row_index(n_slots: int, refs: Refs) -> Rows:
    """int32 (n_slots + 1,): the place of each ref in `refs`, -1 elsewhere."""
    row_of = np.full(n_slots + 1, -1, np.int32)
    row_of[refs] = np.arange(len(refs), dtype=np.int32)
    return row_of


def read(snapshot: Snapshot, refs: Refs, labels: LabelSets, start_ms: int, end_ms: int, budget: Budget) -> Series:
    """The samples from start to end of these series; those without any are left out."""
    row_of = row_index(snapshot.n_slots, refs)
    blocks: list[_Block] = []
    for layout in snapshot.sources:
        # Rows before the truncation are in blocks; the rest of their chunk is still needed.
        blocks += _plan(layout, row_of, max(start_ms, snapshot.truncated_ms), end_ms)
    budget.check()
    found, found_rows = pick(snapshot.ragged, row_of, start_ms, end_ms, snapshot.on_corrupt)
    n_cells = sum(len(block.rows) * block.n_cells for block in blocks)
    n_times = sum(block.n_cells for block in blocks)
    budget.charge(n_cells + len(found))
    values = np.empty(n_cells + len(found), np.float64)
    times = np.empty(n_times + len(found), np.int64)
    pieces = _fill(blocks, values, times, budget, snapshot.on_corrupt)
    values[n_cells:] = found.values
    times[n_times:] = found.times
    starts = None
    if found.starts is not None:
        starts = np.zeros(len(values), np.int64)
        starts[n_cells:] = found.starts
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


def _plan(layout: Layout, row_of: Rows, start_ms: int, end_ms: int) -> list[_Block]:
    blocks: list[_Block] = []
    limit = len(row_of) - 1
    seen: Refs | None = None
    columns: Ints = np.zeros(0, np.int64)
    rows: Rows = np.zeros(0, np.int32)
    for part in layout.parts:
        bounds = _range(part, start_ms, end_ms)
        if bounds is None:
            continue
        refs = part.refs
        if refs is not seen:
            chosen = row_of[np.minimum(refs, limit)]
            columns = np.flatnonzero(chosen >= 0)
            chosen = chosen[columns]
            if seen is None or not np.array_equal(chosen, rows):
                rows = chosen
            seen = refs
        if not len(columns):
            continue
        if not blocks or blocks[-1].rows is not rows:
            blocks.append(_Block(rows))
        blocks[-1].parts.append((part, columns, *bounds))
        blocks[-1].n_cells += bounds[1] - bounds[0]
    return blocks


def _range(part: RowChunk | Run, start_ms: int, end_ms: int) -> tuple[int, int] | None:
    """The part's rows from start to end, half open; None where there are none."""
    times = part.times
    n = len(times)  # Of a run: the rows that are whole now; it may grow meanwhile.
    if not n or times[0] > end_ms or times[n - 1] < start_ms:
        return None
    if isinstance(part, RowChunk):
        lo, hi = (int(part.times.searchsorted(start_ms)), int(part.times.searchsorted(end_ms, "right")))
    else:
        lo, hi = bisect_left(part.times, start_ms, 0, n), bisect_right(part.times, end_ms, 0, n)
    return (lo, hi) if lo < hi else None


Pieces = list[tuple[npt.NDArray[np.int64], Ints, Ints, Ints]]
"""Columns of pieces: row, place in times, place in values, length."""


def _fill(
    blocks: Sequence[_Block],
    values: Floats,
    times: Ints,
    budget: Budget,
    on_corrupt: Callable[[CorruptionError], None],
) -> Pieces:
    pieces: Pieces = []
    at = time_at = 0
    for block in blocks:
        n_rows, n = len(block.rows), block.n_cells
        value_lo = at + np.arange(n_rows, dtype=np.int64) * n
        done = 0
        for part, columns, lo, hi in block.parts:
            budget.check()
            if isinstance(part, RowChunk):
                try:
                    part.read(columns, lo, hi, values, value_lo + done)
                except CorruptionError as error:
                    on_corrupt(error)
                    values[at : at + n_rows * n].reshape(n_rows, n)[:, done : done + hi - lo] = MISSING
            else:
                bounds = np.array([0, n_rows], np.int64)
                to, skip = np.full(1, hi, np.int64), np.full(1, lo, np.int64)
                gather_runs([part.bodies], to, skip, bounds, columns.astype(np.int32), values, value_lo + done)
            times[time_at + done : time_at + done + hi - lo] = part.times[lo:hi]
            done += hi - lo
        pieces.append((block.rows.astype(np.int64), np.full(n_rows, time_at), value_lo, np.full(n_rows, n, np.int64)))
        at += n_rows * n
        time_at += n
    return pieces


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
        for part in layout.parts:
            if part.refs is not seen and _range(part, max(start_ms, snapshot.truncated_ms), end_ms) is not None:
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
