"""Range aggregations: blocks to samples, samples to cells, cells to the values of each window."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels.line_block import Block
from watchkeeper.core.kernels.texts import Rows
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import MatchType
from watchkeeper.core.vector.frame import Frame
from watchkeeper.core.vector.grid import Grid
from watchkeeper.core.vector.window import Samples, reduce_windows
from watchkeeper.logs.interface import Slice, Times
from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.cells import Cells, CellTable, Fold, Ints, folded, repeated
from watchkeeper.logs.logql.guard import Budget, Guard
from watchkeeper.logs.logql.lines import run_stages
from watchkeeper.logs.logql.pipeline_error import PipelineError
from watchkeeper.logs.logql.plan import RangePlan, plan_range
from watchkeeper.logs.logql.quantiles import tiled_quantiles
from watchkeeper.logs.logql.rows import PIECE_ROWS, BlockRows
from watchkeeper.logs.logql.series import Pairs, label_sets_of, series_of
from watchkeeper.logs.logql.windows import Steps, Windows

if TYPE_CHECKING:
    from watchkeeper.logs.logql.evaluate import Evaluation

Op: TypeAlias = ast.RangeOp
Floats: TypeAlias = npt.NDArray[np.float64]

_FOLDS: Final[dict[Op, Fold]] = {
    Op.MIN_OVER_TIME: Fold.MIN,
    Op.MAX_OVER_TIME: Fold.MAX,
    Op.FIRST_OVER_TIME: Fold.FIRST,
    Op.LAST_OVER_TIME: Fold.LAST,
    Op.STDDEV_OVER_TIME: Fold.NONE,
    Op.STDVAR_OVER_TIME: Fold.NONE,
    Op.QUANTILE_OVER_TIME: Fold.NONE,
    Op.RATE_COUNTER: Fold.NONE,
}
_WINDOW_OPS: Final[dict[Op, str]] = {
    Op.MIN_OVER_TIME: "min",
    Op.MAX_OVER_TIME: "max",
    Op.FIRST_OVER_TIME: "first",
    Op.LAST_OVER_TIME: "last",
    Op.STDDEV_OVER_TIME: "stddev",
    Op.STDVAR_OVER_TIME: "stdvar",
    Op.QUANTILE_OVER_TIME: "quantile",
    Op.RATE_COUNTER: "rate",
}
_NO_CELLS: Final = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
_PER_SECOND: Final = (Op.RATE, Op.BYTES_RATE)
_OF_BYTES: Final = (Op.BYTES_OVER_TIME, Op.BYTES_RATE)
_COUNTS: Final = (Op.COUNT_OVER_TIME, Op.RATE, Op.ABSENT_OVER_TIME)
MOST_VISITS: Final = 1e8  # About a second of them.
_KERNEL_SECOND: Final = 1e6  # The window kernel counts in milliseconds and is given nanoseconds.


def fold_of(op: Op) -> Fold:
    """How the samples of one series between two edges of windows are folded."""
    return _FOLDS.get(op, Fold.SUM)


def is_plain(plan: RangePlan) -> bool:
    """Whether all rows count and no line is looked at."""
    return plan.pipeline.is_empty and plan.unwrap is None


def counts_headers(plan: RangePlan) -> bool:
    """Whether blocks all of whose rows are in one interval are counted by their headers, unread."""
    return is_plain(plan) and plan.node.op in _COUNTS


class SampleTaker:
    """Takes the samples of one range aggregation from blocks; threads share it."""

    def __init__(self, plan: RangePlan, windows: Windows, guard: Guard) -> None:
        self._plan = plan
        self._guard = guard
        self._windows = windows
        self._op = plan.node.op
        self.fold = fold_of(self._op)
        self._plain = is_plain(plan)
        self._needs_times = self._op in (Op.FIRST_OVER_TIME, Op.LAST_OVER_TIME, Op.RATE_COUNTER)

    def from_headers(self, parts: Sequence[Slice]) -> tuple[Cells, list[Slice], list[Slice]]:
        """The cells of blocks whose headers tell enough, those blocks, and the others."""
        if not counts_headers(self._plan):
            return Cells((), *_NO_CELLS), [], list(parts)
        counted: list[Slice] = []
        left: list[Slice] = []
        known: dict[int, Pairs | None] = {}
        numbers: dict[Pairs, int] = {}
        counts: dict[tuple[int, int], int] = {}
        for part in parts:  # A loop over blocks, of which there may be many thousands.
            id_ = part.stream.id
            if id_ not in known:
                known[id_] = self._stream_labels(part)
            labels = known[id_]
            interval = self._sole_interval(part) if labels is not None and part.whole else None
            if labels is None or interval is None:
                left.append(part)
                continue
            counted.append(part)
            if self._windows.is_covered(interval):
                key = numbers.setdefault(labels, len(numbers)), interval
                counts[key] = counts.get(key, 0) + part.n_rows
        values = np.array(list(counts.values()), np.float64)
        series, intervals = np.array(list(counts), np.int64).reshape(-1, 2).T
        return Cells(list(numbers), series, intervals, values, values), counted, left

    def _sole_interval(self, part: Slice) -> int | None:
        """The interval that all rows of a block are in, as its header tells; None where they may be in several."""
        windows = self._windows
        if part.min_ns <= windows.lo_ns or part.max_ns > windows.hi_ns:
            return None
        interval = windows.interval(part.min_ns)
        return interval if windows.interval(part.max_ns) == interval else None

    def _intervals(self, sole: int | None, times: Times | None, n: int) -> Ints:
        if sole is not None:
            return repeated(np.int64(sole), n)
        assert times is not None
        return self._windows.intervals(times)

    def _stream_labels(self, part: Slice) -> Pairs | None:
        """The series of all of a stream's rows, where structured metadata has no say in it."""
        by = self._plan.labels.by
        own = part.stream.labels
        if by is None or not all(name in own for name in by):
            return None
        return own.keep(by).pairs

    def take(self, part: Slice, block: Block, chosen: Rows) -> tuple[list[Cells], int]:
        """The cells of a block's rows, and how many rows passed. Raises PipelineError."""
        if self._plain or len(chosen) <= PIECE_ROWS:
            cells, passed = self._piece(part, block, chosen)
            return [cells], passed
        pieces = [self._piece(part, block, chosen[lo : lo + PIECE_ROWS]) for lo in range(0, len(chosen), PIECE_ROWS)]
        return [cells for cells, _ in pieces], sum(passed for _, passed in pieces)

    def _piece(self, part: Slice, block: Block, chosen: Rows) -> tuple[Cells, int]:
        windows = self._windows
        sole = self._sole_interval(part)
        times: Times | None = None
        if sole is None or self._needs_times:
            times = block.times[chosen]
        if sole is None:
            assert times is not None
            if windows.gaps and len(chosen):
                covered = windows.covered(windows.intervals(times))
                if not covered.all():
                    chosen, times = chosen[covered], times[covered]
        elif not windows.is_covered(sole):
            chosen = chosen[:0]
            times = times[:0] if times is not None else None
        labels = self._stream_labels(part) if self._plain else None
        if labels is not None:
            intervals = self._intervals(sole, times, len(chosen))
            values = block.line_lengths(chosen).astype(np.float64) if self._op in _OF_BYTES else None
            cells = folded(self.fold, [labels], np.zeros(len(chosen), np.int64), intervals, values, times)
            return cells, len(chosen)
        budget = Budget(self._guard)
        rows = BlockRows(block, part.stream, chosen, times, budget)
        plan = self._plan
        run_stages(plan.pipeline, rows)
        numbers: Floats | None = None
        if plan.unwrap is not None:
            numbers = plan.unwrap.run(rows)
        elif self._op in _OF_BYTES:
            numbers = rows.line_lengths().astype(np.float64)
        if rows.errors is not None:
            if not rows.failed.any():
                rows.errors = None
            elif not plan.keeps_errors:
                raise PipelineError(rows)
        if self._op in _COUNTS and plan.unwrap is not None and self._op is not Op.RATE:
            numbers = None
        series, label_sets = series_of(rows, plan.labels)
        intervals = self._intervals(sole, rows.times if sole is None else None, len(rows))
        times_kept = rows.times if self._needs_times else None
        cells = folded(self.fold, label_sets, series, intervals, numbers, times_kept)
        budget.keep()
        return cells, len(rows)


def range_aggregate(ev: Evaluation, node: ast.RangeAggregation, grouping: ast.Grouping | None, steps: Steps) -> Frame:
    """The value of each series at each step. `grouping` is the node's own, or a sum's around it."""
    plan = plan_range(node, grouping)
    windows = Windows(steps, node.range.range_ns, node.range.offset_ns)
    taker = SampleTaker(plan, windows, ev.guard)
    cells, labels = _collect(ev, plan, windows, taker)
    if node.op is Op.ABSENT_OVER_TIME:
        return _absent(plan, windows, cells)
    if not len(labels):
        return Frame.empty(steps.n_steps)
    ev.guard.hold(len(labels) * steps.n_steps * 9)
    values, present = _reduced(ev, node, windows, cells, len(labels))
    frame = Frame(label_sets_of(labels), values, present)
    return frame.compacted()


def _collect(ev: Evaluation, plan: RangePlan, windows: Windows, taker: SampleTaker) -> tuple[Cells, Sequence[Pairs]]:
    parts = ev.select(plan.pipeline, windows.lo_ns + 1, windows.hi_ns + 1)
    most = ev.guard.limits.max_query_series if ev.is_answer(plan.node) else 0
    table = CellTable(taker.fold, len(windows.edges), ev.guard, most_series=most)
    stats = ev.stats
    cells, counted, left = taker.from_headers(parts)
    table.add(cells)
    stats.headers(counted)

    def work(part: Slice) -> list[Cells]:
        block, rows = stats.load(part)
        found, passed = taker.take(part, block, rows)
        stats.passed(part, passed)
        return found

    for found in ev.workers.map(work, left, ev.guard.check):
        for cells in found:
            table.add(cells)
        if table.truncated:
            ev.truncated = True
            break
    return table.finished(), table.labels


def _reduced(
    ev: Evaluation, node: ast.RangeAggregation, windows: Windows, cells: Cells, n_series: int
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    seconds = node.range.range_ns / 1e9
    op = node.op
    if op is Op.QUANTILE_OVER_TIME:
        assert node.param is not None
        tiled = tiled_quantiles(windows, cells, n_series, node.param)
        if tiled is not None:
            return tiled
    samples = _as_samples(windows, cells, n_series)
    grid = windows.grid
    if op is Op.AVG_OVER_TIME:
        assert cells.counts is not None
        sums, present = _over(ev, "sum", samples(cells.values), grid, windows.range_ns)
        counts, _ = _over(ev, "sum", samples(cells.counts), grid, windows.range_ns)
        return sums / np.where(counts > 0, counts, 1), present
    name = _WINDOW_OPS.get(op, "sum")
    phi = np.full(grid.n_steps, node.param) if node.param is not None else None
    values, present = _over(ev, name, samples(cells.values), grid, windows.range_ns, phi)
    if op in _PER_SECOND:
        values /= seconds
    elif op is Op.RATE_COUNTER:
        values *= _KERNEL_SECOND
    return values, present


def _as_samples(windows: Windows, cells: Cells, n_series: int) -> Callable[[Floats], Samples]:
    """Cells as samples at the ends of their intervals; samples that were not folded at their own times."""
    order: npt.NDArray[np.intp] | slice
    if cells.counts is not None:
        order = slice(None)
        times = windows.edges[cells.interval] - windows.lo_ns
    elif cells.times is not None:
        order = np.lexsort((cells.times, cells.series))
        times = cells.times[order] - windows.lo_ns
    else:
        order = np.argsort(cells.series * np.int64(len(windows.edges)) + cells.interval, kind="stable")
        times = windows.edges[cells.interval[order]] - windows.lo_ns
    bounds = np.searchsorted(cells.series[order], np.arange(n_series + 1)).astype(np.int64)
    times = np.ascontiguousarray(times, np.int64)

    def make(values: Floats) -> Samples:
        lo = bounds[:-1].copy()
        return Samples(times, np.ascontiguousarray(values[order]), lo, bounds[1:].copy(), lo)

    return make


def _over(
    ev: Evaluation, op: str, samples: Samples, grid: Grid, range_ns: int, p1: Floats | None = None
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    # Some windows are walked sample by sample: of long ones only so many steps go between two looks at the clock.
    span_ns = range_ns + (grid.n_steps - 1) * grid.step_ms
    visits = samples.n_samples * min(1.0, range_ns / max(span_ns, 1)) * grid.n_steps
    n_parts = min(math.ceil(visits / MOST_VISITS), grid.n_steps)
    if n_parts < 2:
        return reduce_windows(op, samples, grid, range_ns, ev.guard.check, p1=p1)[:2]
    values = np.empty((samples.n_series, grid.n_steps))
    present = np.empty(values.shape, np.bool_)
    bounds = np.linspace(0, grid.n_steps, n_parts + 1).astype(np.int64).tolist()
    for lo, hi in itertools.pairwise(bounds):
        part = Grid(grid.start_ms + lo * grid.step_ms, grid.step_ms, hi - lo)
        own = None if p1 is None else np.ascontiguousarray(p1[lo:hi])
        found = reduce_windows(op, samples, part, range_ns, ev.guard.check, p1=own)
        values[:, lo:hi], present[:, lo:hi] = found[:2]
    return values, present


def _absent(plan: RangePlan, windows: Windows, cells: Cells) -> Frame:
    """One where no window of any series has a sample, under the labels that the matchers ask for exactly."""
    seen = np.zeros(len(windows.edges), np.int64)
    seen[cells.interval] = 1
    before = np.concatenate([[0], np.cumsum(seen)])
    ends = windows.steps.times_ns
    lo = np.searchsorted(windows.edges, ends - windows.range_ns)
    hi = np.searchsorted(windows.edges, ends)
    missing = before[hi + 1] == before[lo + 1]
    exact: dict[str, str] = {}
    several: set[str] = set()
    for matcher in plan.pipeline.matchers:
        if matcher.type is MatchType.EQUAL and matcher.name not in exact:
            exact[matcher.name] = matcher.value
        else:
            several.add(matcher.name)
    labels = Labels((name, value) for name, value in exact.items() if name not in several)
    frame = Frame(LabelSets.of([labels]), np.ones((1, len(ends))), missing.reshape(1, -1))
    return frame.compacted()
