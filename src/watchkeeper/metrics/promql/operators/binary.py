"""Binary operators: arithmetic, comparison and sets, between scalars and vectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.model.errors import ExecutionError
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.vector.frame import Frame, HistogramRow, Present, Values, has_histogram
from watchkeeper.core.vector.grid import Grid
from watchkeeper.core.vector.group import (
    RESERVED,
    Ints,
    are_distinct,
    columns_of,
    columns_without,
    coverage,
    fold,
    pick,
    signatures,
    stacked,
)
from watchkeeper.core.vector.join import pairs, set_operation, unique_matches, with_carried
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.operators.histogram import histogram_binary

if TYPE_CHECKING:
    from watchkeeper.metrics.promql.evaluate import Evaluation

Op = ast.BinaryOp
Array = npt.NDArray[np.float64]

_ARITHMETIC: Final[dict[Op, Callable[[Array, Array], Array]]] = {
    Op.ADD: np.add,
    Op.SUB: np.subtract,
    Op.MUL: np.multiply,
    Op.DIV: np.divide,
    Op.MOD: np.fmod,
    Op.POW: np.power,
    Op.ATAN2: np.arctan2,
}
_COMPARISON: Final[dict[Op, Callable[[Array, Array], npt.NDArray[np.bool_]]]] = {
    Op.EQL: np.equal,
    Op.NEQ: np.not_equal,
    Op.LSS: np.less,
    Op.LTE: np.less_equal,
    Op.GTR: np.greater,
    Op.GTE: np.greater_equal,
}


def binary(ev: Evaluation, node: ast.Binary, grid: Grid) -> Frame | Values:
    """`lhs op rhs` at every step."""
    left = ev.value(node.lhs, grid)
    right = ev.value(node.rhs, grid)
    assert not isinstance(left, str)
    assert not isinstance(right, str)
    if isinstance(left, Frame):
        if isinstance(right, Frame):
            if node.op.is_set:
                assert node.matching is not None
                return set_operation(
                    node.op.value,
                    left,
                    right,
                    node.matching.labels,
                    on=node.matching.on,
                    known=lambda: _match_groups(ev, node, left.labels, right.labels),
                )
            return _joined(ev, node, left, right)
        return _with_scalar(ev, node, left, right, swapped=False)
    if isinstance(right, Frame):
        return _with_scalar(ev, node, right, left, swapped=True)
    if node.op.is_comparison:
        return _COMPARISON[node.op](left, right).astype(np.float64)
    return _ARITHMETIC[node.op](left, right)


def _with_scalar(ev: Evaluation, node: ast.Binary, frame: Frame, scalar: Values, *, swapped: bool) -> Frame:
    """A vector with a scalar; `swapped` where the scalar stands on the left."""
    ev.memory.reserve(frame.n_series, frame.n_steps)
    a, b = (scalar, frame.values) if swapped else (frame.values, scalar)
    values, present = frame.values, frame.present
    if node.op.is_comparison:
        passed = _COMPARISON[node.op](a, b)
        if node.return_bool:
            values = passed.astype(np.float64)
        else:
            present = present & passed
    elif not node.op.is_trim:
        values = _ARITHMETIC[node.op](a, b)
    else:
        present = np.zeros_like(present)  # Floats have no buckets to trim.
        if frame.present.any():
            kinds = ("float", "float")
            ev.notes.incompatible_types(kinds[0], node.op.value, kinds[1], node.span)
    out = replace(frame, values=values, present=present, histograms={}, lease=None)
    for row, cells in frame.histograms.items():
        numbers: HistogramRow = scalar.astype(np.object_)
        pair = (numbers, cells) if swapped else (cells, numbers)
        histogram_binary(ev, node, out, row, *pair)
    out = out.compacted() if node.op.is_comparison or frame.histograms or node.op.is_trim else out
    if node.return_bool or not node.op.is_comparison:
        return ev.renamed(out) if not node.op.is_trim else out
    return out


# --- joins ---------------------------------------------------------------------------------------------------------


def _joined(ev: Evaluation, node: ast.Binary, left: Frame, right: Frame) -> Frame:
    """Vector matching: each row of the many side with the rows of its group on the one side."""
    matching = node.matching
    assert matching is not None
    if matching.fill_left is not None or matching.fill_right is not None:
        left, right = _filled(matching, left, right)
    if not left.n_series or not right.n_series:
        return Frame.empty(left.n_steps)
    swapped = matching.card is ast.Cardinality.ONE_TO_MANY
    many, one = (right, left) if swapped else (left, right)
    many_group, one_group, n_groups = _match_groups(ev, node, many.labels, one.labels)
    _check_one_side(matching, one, one_group, n_groups, "left" if swapped else "right")

    # Counted before they are made: a join without labels may ask for every pair there is.
    ones = np.bincount(one_group, minlength=n_groups)
    ev.memory.reserve(3 * int(ones[many_group].sum()), left.n_steps + 4)
    many_rows, one_rows, labels, is_distinct = ev.of_labels(
        (many.labels, one.labels),
        ("pairs", id(node)),
        lambda: _pairs(node, matching, many.labels, one.labels, many_group, one_group, n_groups),
    )
    present = many.present[many_rows] & one.present[one_rows]
    a, b = many.values[many_rows], one.values[one_rows]
    if swapped:
        a, b = b, a
    values = a
    if node.op.is_comparison:
        passed = _COMPARISON[node.op](a, b)
        if node.return_bool:
            values = passed.astype(np.float64)
        else:
            present &= passed
    elif node.op.is_trim:
        present = np.zeros_like(present)
    else:
        values = _ARITHMETIC[node.op](a, b)
    drops = None if many.drop_name is None else many.drop_name[many_rows]
    out = Frame(many.labels, values, present, {}, drops)
    if many.histograms or one.histograms:
        _join_histograms(ev, node, out, (many, many_rows), (one, one_rows), swapped=swapped)

    if not node.op.is_comparison and not node.op.is_trim:
        out.drop_name = None
    elif node.return_bool:
        if ev.delayed_names:
            out.drop_name = np.ones(len(many_rows), np.bool_)
        else:
            labels, is_distinct = pick(labels, columns_without(labels, RESERVED)), False
    one_to_one = matching.card is ast.Cardinality.ONE_TO_ONE
    return unique_matches(
        replace(out, labels=labels), many_group[many_rows], n_groups, one_to_one=one_to_one, is_distinct=is_distinct
    )


def _match_groups(ev: Evaluation, node: ast.Binary, left: LabelSets, right: LabelSets) -> tuple[Ints, Ints, int]:
    matching = node.matching
    assert matching is not None
    names, on = matching.labels, matching.on
    return ev.of_labels((left, right), ("groups", id(node)), lambda: signatures(left, right, names, on=on))


def _pairs(
    node: ast.Binary,
    matching: ast.VectorMatching,
    many: LabelSets,
    one: LabelSets,
    many_group: Ints,
    one_group: Ints,
    n_groups: int,
) -> tuple[Ints, Ints, LabelSets, bool]:
    """The rows of both sides that meet, their joined label sets, and whether these are all different."""
    many_rows, one_rows = pairs(many_group, one_group, n_groups)
    labels = _result_labels(node, matching, many, many_rows, one, one_rows)
    return many_rows, one_rows, labels, are_distinct(labels)


def _check_one_side(matching: ast.VectorMatching, one: Frame, group: Ints, n_groups: int, side: str) -> None:
    """Raises ExecutionError where two rows of one group are present at the same step."""
    if n_groups == 0 or len(group) < 2 or int(np.bincount(group).max()) < 2:
        return
    occupied = one.occupied()
    crowded = fold("count", one.values, occupied, group, n_groups)[2] > 1
    if not crowded.any():
        return
    which, step = (int(x[0]) for x in np.nonzero(crowded))
    rows = [row for row in np.flatnonzero(group == which).tolist() if occupied[row, step]]
    first, second = sorted(one.labels[row] for row in rows)[:2]
    if matching.on:
        shared = first.keep(matching.labels)
    else:
        shared = first.drop((*matching.labels, "__name__"))
    raise ExecutionError(
        f"found duplicate series for the match group {shared} on the {side} hand-side of the operation: "
        f"[{first}, {second}];many-to-many matching not allowed: matching labels must be unique on one side"
    )


def _result_labels(
    node: ast.Binary,
    matching: ast.VectorMatching,
    many: LabelSets,
    many_rows: Ints,
    one: LabelSets,
    one_rows: Ints,
) -> LabelSets:
    """The many side's labels, without the name if the operator changes the value, with those that `group_x` carries."""
    columns = list(range(len(many.names)))
    if not node.op.is_comparison and not node.op.is_trim:
        columns = columns_without(many, RESERVED)
    if matching.card is ast.Cardinality.ONE_TO_ONE:
        allowed = set((columns_of if matching.on else columns_without)(many, matching.labels))
        columns = [i for i in columns if i in allowed]
    return with_carried(pick(many, columns, many_rows), one, one_rows, matching.include)


def _join_histograms(
    ev: Evaluation,
    node: ast.Binary,
    out: Frame,
    many: tuple[Frame, Ints],
    one: tuple[Frame, Ints],
    *,
    swapped: bool,
) -> None:
    many_frame, many_rows = many
    one_frame, one_rows = one
    for row, (i, j) in enumerate(zip(many_rows.tolist(), one_rows.tolist(), strict=True)):
        if i in many_frame.histograms or j in one_frame.histograms:
            a, b = _cells(many_frame, i), _cells(one_frame, j)
            histogram_binary(ev, node, out, row, *((b, a) if swapped else (a, b)))


def _cells(frame: Frame, row: int) -> HistogramRow:
    """One row's cells as objects: a Histogram, a float, or None."""
    out = np.full(frame.n_steps, None, np.object_)
    here = frame.present[row]
    out[here] = frame.values[row][here]
    if row in frame.histograms:
        cells = frame.histograms[row]
        filled = has_histogram(cells)
        out[filled] = cells[filled]
    return out


# --- fill ----------------------------------------------------------------------------------------------------------


def _filled(matching: ast.VectorMatching, left: Frame, right: Frame) -> tuple[Frame, Frame]:
    """Both sides with rows that stand for missing partners; they have the match group's labels only."""
    left_group, right_group, n = signatures(left.labels, right.labels, matching.labels, on=matching.on)
    left_cover = coverage(left, left_group, n)
    right_cover = coverage(right, right_group, n)
    new_left, new_right = left, right
    if matching.fill_left is not None and right.n_series:
        new_left = _with_fill(matching, left, right, right_group, right_cover & ~left_cover, matching.fill_left)
    if matching.fill_right is not None and left.n_series:
        new_right = _with_fill(matching, right, left, left_group, left_cover & ~right_cover, matching.fill_right)
    return new_left, new_right


def _with_fill(
    matching: ast.VectorMatching, frame: Frame, other: Frame, other_group: Ints, wanted: Present, value: float
) -> Frame:
    groups = np.flatnonzero(wanted.any(axis=1))
    if not len(groups):
        return frame
    first = np.zeros(len(wanted), np.int64)
    first[other_group[::-1]] = np.arange(len(other_group))[::-1]
    if matching.on:
        columns = columns_of(other.labels, matching.labels)
    else:
        columns = columns_without(other.labels, (*matching.labels, "__name__"))
    labels = pick(other.labels, columns, first[groups])
    present = wanted[groups]
    extra = Frame(labels, np.full(present.shape, value), present)
    if not frame.n_series:
        return extra
    drops = None
    if frame.drop_name is not None:
        drops = np.concatenate([frame.drop_name, np.zeros(len(groups), np.bool_)])
    return Frame(
        stacked(frame.labels, labels),
        np.concatenate([frame.values, extra.values]),
        np.concatenate([frame.present, extra.present]),
        dict(frame.histograms),
        drops,
    )
