"""Aggregations: rows into groups, for every step at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from zlib import crc32

import numpy as np

from watchkeeper.core.kernels import group as kernel
from watchkeeper.core.kernels.number_text import format_general, format_plain
from watchkeeper.core.model.errors import ExecutionError
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.vector.frame import Frame, Present, Values
from watchkeeper.core.vector.grid import Grid
from watchkeeper.core.vector.group import (
    RESERVED,
    Ints,
    columns_of,
    columns_without,
    extend_strings,
    fold,
    group_by,
    pick,
    used_codes,
    with_column,
)
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.operators.histogram import fold_histograms, histogram_text

if TYPE_CHECKING:
    from watchkeeper.metrics.promql.evaluate import Evaluation

Op = ast.AggregateOp

_MAX_INT64: Final = float(2**63)
_FLOATS_ONLY: Final = (Op.MIN, Op.MAX, Op.STDDEV, Op.STDVAR, Op.QUANTILE, Op.TOPK, Op.BOTTOMK)


def aggregate(ev: Evaluation, node: ast.Aggregation, grid: Grid) -> Frame:
    """`op by (grouping) (param, expr)`."""
    param = node.param
    if node.op is Op.COUNT_VALUES:
        assert param is not None
        return _count_values(ev, node, ev.string(param), ev.vector(node.expr, grid))
    number = None if param is None else ev.scalar(param, grid)
    frame = ev.vector(node.expr, grid)
    if node.op in _FLOATS_ONLY and frame.histograms:
        ev.notes.histogram_ignored(node.op.value, node.expr.span)
        frame = frame.floats_only().compacted()
    match node.op:
        case Op.TOPK | Op.BOTTOMK | Op.LIMITK:
            assert number is not None
            return _ranked(ev, node, frame, number)
        case Op.LIMIT_RATIO:
            assert number is not None
            return _sampled(ev, node, frame, number)
        case Op.QUANTILE:
            assert number is not None
            return _quantile(ev, node, frame, number)
        case _:
            return _folded(ev, node, frame)


def group_rows(labels: LabelSets, node: ast.Aggregation) -> tuple[LabelSets, Ints, Ints]:
    """The label set of each group, its first row, and each row's group."""
    if node.without:
        columns = columns_without(labels, (*node.grouping, *RESERVED))
    else:
        columns = columns_of(labels, node.grouping)
    first, group = group_by(labels, columns)
    return pick(labels, columns, first), first, group


def _group_drops(frame: Frame, node: ast.Aggregation, group: Ints, n_groups: int) -> Present | None:
    """Which groups' names still are to be dropped."""
    if frame.drop_name is None or node.without:
        return None
    out = np.zeros(n_groups, np.bool_)
    out[group[frame.drop_name]] = True
    return out


def _folded(ev: Evaluation, node: ast.Aggregation, frame: Frame) -> Frame:
    labels, first, group = ev.of_labels((frame.labels,), id(node), lambda: group_rows(frame.labels, node))
    n_groups = len(first)
    drops = _group_drops(frame, node, group, n_groups)
    op = node.op.value
    if node.op in (Op.COUNT, Op.GROUP):
        values, present, _ = fold("count", frame.values, frame.occupied(), group, n_groups)
        if node.op is Op.GROUP:
            values = np.ones_like(values)
        return Frame(labels, values, present, {}, drops).compacted()
    values, present, count = fold(op, frame.values, frame.present, group, n_groups)
    if op in ("stddev", "stdvar"):
        # One value that is no number makes the whole no number, also where it stands alone.
        broken = fold("count", frame.values, frame.present & ~np.isfinite(frame.values), group, n_groups)[1]
        values[broken] = np.nan
    out = Frame(labels, values, present, {}, drops)
    if frame.histograms:
        fold_histograms(ev, node, frame, group, out, count)
    return out.compacted()


def _by_group(group: Ints, n_groups: int) -> tuple[Ints, Ints]:
    """Rows in order of their groups, and where each group begins."""
    order = np.argsort(group, kind="stable").astype(np.int64)
    bounds = np.zeros(n_groups + 1, np.int64)
    np.cumsum(np.bincount(group, minlength=n_groups), out=bounds[1:])
    return order, bounds


def _quantile(ev: Evaluation, node: ast.Aggregation, frame: Frame, phi: Values) -> Frame:
    labels, first, group = ev.of_labels((frame.labels,), id(node), lambda: group_rows(frame.labels, node))
    assert node.param is not None
    for value in dict.fromkeys(phi[~((phi >= 0) & (phi <= 1))].tolist()):
        ev.notes.invalid_quantile(value, node.param.span)
    order, bounds = _by_group(group, len(first))
    values, present = kernel.group_quantile(
        np.ascontiguousarray(frame.values), frame.present.view(np.uint8), order, bounds, np.ascontiguousarray(phi)
    )
    return Frame(labels, values, present, {}, _group_drops(frame, node, group, len(first))).compacted()


def _limits(k: Values) -> Ints:
    """The parameter of topk and its like as whole numbers. Raises ExecutionError."""
    if np.isnan(k).any():
        raise ExecutionError("Parameter value is NaN")
    if len(k) and k.max() >= _MAX_INT64:
        raise ExecutionError(f"Scalar value {format_general(float(k.max()))} overflows int64")
    if len(k) and k.min() <= -_MAX_INT64:
        raise ExecutionError(f"Scalar value {format_general(float(k.min()))} underflows int64")
    return k.astype(np.int64)


def _ranked(ev: Evaluation, node: ast.Aggregation, frame: Frame, k: Values) -> Frame:
    limit = _limits(k)
    _, first, group = ev.of_labels((frame.labels,), id(node), lambda: group_rows(frame.labels, node))
    order, bounds = _by_group(group, len(first))
    if node.op is Op.LIMITK:
        # Every cell ranks the same, so the first rows of a group stay.
        occupied = frame.occupied()
        keep = kernel.group_rank(np.zeros(occupied.shape), occupied.view(np.uint8), order, bounds, limit, True)
        return frame.where(keep).compacted()
    largest = node.op is Op.TOPK
    values = np.ascontiguousarray(frame.values)
    keep = kernel.group_rank(values, frame.present.view(np.uint8), order, bounds, limit, largest)
    if frame.n_steps != 1 or ev.is_range:
        return frame.where(keep).compacted()
    # An instant answer shows the best first, group after group.
    rows = np.flatnonzero(keep[:, 0])
    key = values[rows, 0] if not largest else -values[rows, 0]
    rows = rows[np.lexsort((rows, key, np.isnan(key), group[rows]))]
    return frame.take(rows)


def _sampled(ev: Evaluation, node: ast.Aggregation, frame: Frame, ratio: Values) -> Frame:
    """limit_ratio: a series has a fixed place between 0 and 1; a ratio takes those below, a negative one the rest."""
    assert node.param is not None
    if np.isnan(ratio).any():
        raise ExecutionError("Ratio value is NaN")
    for value in dict.fromkeys(ratio[np.abs(ratio) > 1].tolist()):
        ev.notes.invalid_ratio(value, 1 if value > 0 else -1, node.param.span)
    ratio = np.clip(ratio, -1, 1)
    place = np.array([_place(frame.labels, i) for i in range(frame.n_series)]).reshape(-1, 1)
    keep = np.where(ratio >= 0, place < ratio, place >= 1 + ratio)
    keep &= ratio != 0
    return frame.where(keep).compacted()


def _place(labels: LabelSets, row: int) -> float:
    return crc32(repr(labels[row].pairs).encode("utf-8", "surrogatepass")) / 2**32


def _count_values(ev: Evaluation, node: ast.Aggregation, name: str, frame: Frame) -> Frame:
    if not name:
        raise ExecutionError('invalid label name ""')
    source = with_column(frame.labels, name, np.zeros(frame.n_series, np.int32), frame.labels.strings)
    labels, first, group = group_rows(source, node)
    cells = np.flatnonzero(frame.present)
    numbers, of_cell = np.unique(frame.values.ravel()[cells].view(np.uint64), return_inverse=True)
    texts = [format_plain(number) for number in numbers.view(np.float64).tolist()]
    rows, steps = cells // max(frame.n_steps, 1), cells % max(frame.n_steps, 1)
    for row, row_cells in frame.histograms.items():
        here = [k for k, cell in enumerate(row_cells) if cell is not None]
        rows = np.append(rows, np.full(len(here), row))
        steps = np.append(steps, here)
        of_cell = np.append(of_cell, np.arange(len(texts), len(texts) + len(here)))
        texts += [histogram_text(row_cells[k]) for k in here]
    # Different bits may print the same: count by text.
    known: dict[str, int] = {}
    by_text = np.array([known.setdefault(text, len(known)) for text in texts], np.int64)
    pair = group[rows] * max(len(known), 1) + (by_text[of_cell] if len(texts) else 0)
    used, out_row = np.unique(pair, return_inverse=True)
    ev.memory.reserve(len(used), frame.n_steps)
    values = np.zeros((len(used), frame.n_steps))
    np.add.at(values, (out_row, steps), 1.0)
    of_group, of_text = used // max(len(known), 1), used % max(len(known), 1)
    in_use = used_codes(labels.codes, len(labels.strings)) if labels.codes.size else np.zeros(0, np.intp)
    strings, codes = extend_strings(labels.strings, in_use.tolist(), known)
    table = np.array(codes, np.int32)
    out = with_column(labels.take(of_group), name, table[of_text] if len(known) else np.zeros(0, np.int32), strings)
    drops = _group_drops(frame, node, group, len(first))
    return Frame(out, values, values > 0, {}, None if drops is None else drops[of_group])
