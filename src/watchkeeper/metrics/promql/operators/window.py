"""Range vectors: a selector's or a subquery's samples reduced over the window of each step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from watchkeeper.core.model.histogram import Histogram, HistogramSamples, ResetHint
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.stale import MISSING
from watchkeeper.core.vector.frame import Frame, Present, Values
from watchkeeper.core.vector.grid import Grid
from watchkeeper.core.vector.window import EXTENDED, reduce_extended, reduce_windows
from watchkeeper.metrics.interface import Series
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.operators.select import samples_of
from watchkeeper.metrics.promql.plan import extended_reach, read_range, subquery_grid

if TYPE_CHECKING:
    from watchkeeper.metrics.promql.evaluate import Evaluation


@dataclass(slots=True)
class RangeVector:
    """Samples, and the windows to look at them through.

    grid       the windows' ends
    range_ms   their length; left-open
    evaluated  the steps of the evaluation itself, which offset and `@` have moved to `grid`
    drop_name  as in Frame
    """

    labels: LabelSets
    series: Series
    grid: Grid
    range_ms: int
    evaluated: Grid
    selector: ast.VectorSelector | None = None
    drop_name: Present | None = None


def range_vector(ev: Evaluation, node: ast.Expr, grid: Grid) -> RangeVector:
    """The range vector of a selector with a range, or of a subquery."""
    node = ast.unwrap_parens(node)
    if isinstance(node, ast.MatrixSelector):
        selector = node.selector
        reach = extended_reach(selector, node.range_ms, ev.settings.lookback_ms)
        series = ev.select(selector, *read_range(selector, grid, reach, ev.settings.lookback_ms))
        moved = grid.moved(selector.offset_ms, selector.at_ms)
        return RangeVector(series.labels, series, moved, node.range_ms, grid, selector)
    assert isinstance(node, ast.Subquery)
    within = subquery_grid(node, grid, ev.settings.default_step_ms)
    moved = grid.moved(node.offset_ms, node.at_ms)
    ev.memory.reserve(1, within.n_steps)  # Before any scalar inside is made for so many steps.
    frame = ev.vector(node.expr, within) if within.n_steps else Frame.empty(0)
    return RangeVector(frame.labels, _as_series(frame, within), moved, node.range_ms, grid, None, frame.drop_name)


def _as_series(frame: Frame, grid: Grid) -> Series:
    """A frame's cells as samples at its steps."""
    n, steps = frame.values.shape
    lo = np.arange(n, dtype=np.int64) * steps
    times = grid.times
    histograms = {}
    for row, cells in frame.histograms.items():
        here = [k for k, cell in enumerate(cells) if cell is not None]
        histograms[row] = HistogramSamples(times[here], [_unhinted(cells[k]) for k in here])
    values = np.where(frame.present, frame.values, MISSING).ravel()
    return Series(frame.labels, times, values, lo, lo + steps, np.zeros(n, np.int64), histograms)


def _unhinted(h: Histogram) -> Histogram:
    """A subquery may repeat a sample or skip some: what its hint says of its neighbour is true no more."""
    if h.reset_hint in (ResetHint.UNKNOWN, ResetHint.GAUGE):
        return h
    return replace(h, reset_hint=ResetHint.UNKNOWN)


def reduced(ev: Evaluation, op: str, vector: RangeVector, p1: Values | None = None, p2: Values | None = None) -> Frame:
    """The float part of a range vector, reduced; rows keep their numbers, none is left out."""
    ev.memory.reserve(len(vector.labels), vector.grid.n_steps)
    selector = vector.selector
    if selector is not None and (selector.anchored or selector.smoothed) and op in EXTENDED:
        values, present, counted = reduce_extended(
            op,
            samples_of(vector.series),
            vector.grid,
            vector.range_ms,
            ev.settings.lookback_ms,
            ev.check,
            smoothed=selector.smoothed,
        )
        ev.memory.queryable += counted
        return Frame(vector.labels, values, present, {}, vector.drop_name)
    values, present, counted = reduce_windows(
        op,
        samples_of(vector.series, starts=ev.start_times),
        vector.grid,
        vector.range_ms,
        ev.check,
        evaluated=vector.evaluated,
        p1=p1,
        p2=p2,
    )
    ev.memory.queryable += counted
    return Frame(vector.labels, values, present, {}, vector.drop_name)
