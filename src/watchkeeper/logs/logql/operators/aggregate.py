"""Vector aggregations: series into groups, for every step at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from watchkeeper.core.kernels import group as kernel
from watchkeeper.core.vector.frame import Frame
from watchkeeper.core.vector.group import Ints, columns_of, columns_without, fold, group_by, pick
from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.windows import Steps

if TYPE_CHECKING:
    from watchkeeper.logs.logql.evaluate import Evaluation

Op = ast.VectorOp


def aggregate(ev: Evaluation, node: ast.VectorAggregation, steps: Steps) -> Frame:
    """`op by (grouping) (param, expr)`."""
    frame = ev.aggregated(node, steps)
    match node.op:
        case Op.TOPK | Op.BOTTOMK | Op.APPROX_TOPK:
            return _ranked(ev, node, frame)
        case Op.SORT | Op.SORT_DESC:
            return _sorted(frame, descending=node.op is Op.SORT_DESC)
        case _:
            return _folded(node, frame)


def _columns(frame: Frame, grouping: ast.Grouping | None) -> list[int]:
    if grouping is None:
        return []
    return (columns_without if grouping.without else columns_of)(frame.labels, grouping.labels)


def _folded(node: ast.VectorAggregation, frame: Frame) -> Frame:
    columns = _columns(frame, node.grouping)
    first, group = group_by(frame.labels, columns)
    values, present, _ = fold(node.op.value, frame.values, frame.present, group, len(first))
    if node.op in (Op.STDDEV, Op.STDVAR):
        broken = fold("count", frame.values, frame.present & ~np.isfinite(frame.values), group, len(first))[1]
        values[broken] = np.nan
    return Frame(pick(frame.labels, columns, first), values, present).compacted()


def _ranked(ev: Evaluation, node: ast.VectorAggregation, frame: Frame) -> Frame:
    assert node.param is not None
    first, group = group_by(frame.labels, _columns(frame, node.grouping))
    order = np.argsort(group, kind="stable").astype(np.int64)
    bounds = np.zeros(len(first) + 1, np.int64)
    np.cumsum(np.bincount(group, minlength=len(first)), out=bounds[1:])
    limit = np.full(frame.n_steps, node.param, np.int64)
    largest = node.op is not Op.BOTTOMK
    values = np.ascontiguousarray(frame.values)
    keep = kernel.group_rank(values, frame.present.view(np.uint8), order, bounds, limit, largest)
    if not ev.instant:
        return frame.where(keep).compacted()
    # An instant answer shows the best first, group after group.
    rows = np.flatnonzero(keep[:, 0])
    return frame.take(rows[_best_first(values[rows, 0], group[rows], rows, largest=largest)])


def _best_first(
    values: np.ndarray[tuple[int], np.dtype[np.float64]], group: Ints, rows: Ints, *, largest: bool
) -> Ints:
    return np.lexsort((rows, -values if largest else values, np.isnan(values), group))


def _sorted(frame: Frame, *, descending: bool) -> Frame:
    """By value, if there is one step; over a range the order of the answer is by labels."""
    if frame.n_steps != 1:
        return frame
    values = frame.values[:, 0]
    return frame.take(np.lexsort((-values if descending else values, np.isnan(values))))
