"""Binary operators: arithmetic, comparison and sets, between numbers and vectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.model.errors import ExecutionError
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.vector.frame import Frame
from watchkeeper.core.vector.group import (
    Ints,
    columns_of,
    columns_without,
    coverage,
    fold,
    merged,
    pick,
    recoded,
    signatures,
    stacked,
    with_column,
)
from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.windows import Steps

if TYPE_CHECKING:
    from watchkeeper.logs.logql.evaluate import Evaluation

Op = ast.BinaryOp
Array = npt.NDArray[np.float64]


def divided(a: Array, b: Array) -> Array:
    """Division, where a zero below gives no number rather than infinity."""
    return np.where(b == 0, np.nan, np.divide(a, b))


def remainder(a: Array, b: Array) -> Array:
    """The remainder with the sign of the dividend; no number for a divisor of zero."""
    return np.where(b == 0, np.nan, np.fmod(a, b))


_ARITHMETIC: Final[dict[Op, Callable[[Array, Array], Array]]] = {
    Op.ADD: np.add,
    Op.SUB: np.subtract,
    Op.MUL: np.multiply,
    Op.DIV: divided,
    Op.MOD: remainder,
    Op.POW: np.power,
}
_COMPARISON: Final[dict[Op, Callable[[Array, Array], npt.NDArray[np.bool_]]]] = {
    Op.EQL: np.equal,
    Op.NEQ: np.not_equal,
    Op.LSS: np.less,
    Op.LTE: np.less_equal,
    Op.GTR: np.greater,
    Op.GTE: np.greater_equal,
}


def binary(ev: Evaluation, node: ast.Binary, steps: Steps) -> Frame | float:
    """`lhs op rhs` at every step."""
    left = ev.value(node.lhs, steps)
    right = ev.value(node.rhs, steps)
    if isinstance(left, Frame):
        if isinstance(right, Frame):
            return _sets(node, left, right) if node.op.is_set else _joined(ev, node, left, right)
        return _with_number(node, left, right, swapped=False)
    if isinstance(right, Frame):
        return _with_number(node, right, left, swapped=True)
    a, b = np.array([left]), np.array([right])
    if node.op.is_comparison:
        return float(_COMPARISON[node.op](a, b)[0])
    return float(_ARITHMETIC[node.op](a, b)[0])


def _with_number(node: ast.Binary, frame: Frame, number: float, *, swapped: bool) -> Frame:
    """A vector with a number; `swapped` where the number stands on the left."""
    other = np.full(frame.values.shape, number)
    a, b = (other, frame.values) if swapped else (frame.values, other)
    if not node.op.is_comparison:
        return replace(frame, values=_ARITHMETIC[node.op](a, b))
    passed = _COMPARISON[node.op](a, b)
    if node.return_bool:
        return replace(frame, values=passed.astype(np.float64))
    return replace(frame, present=frame.present & passed).compacted()


# --- sets ----------------------------------------------------------------------------------------------------------


def _sets(node: ast.Binary, left: Frame, right: Frame) -> Frame:
    matching = node.matching
    left_group, right_group, n = signatures(left.labels, right.labels, matching.labels, on=matching.on)
    match node.op:
        case Op.AND:
            return left.where(coverage(right, right_group, n)[left_group]).compacted()
        case Op.UNLESS:
            return left.where(~coverage(right, right_group, n)[left_group]).compacted()
        case _:
            lower = right.where(~coverage(left, left_group, n)[right_group]).compacted()
            return _below(left, lower)


def _below(upper: Frame, lower: Frame) -> Frame:
    if not lower.n_series or not upper.n_series:
        return upper if upper.n_series else lower
    both = Frame(
        stacked(upper.labels, lower.labels),
        np.concatenate([upper.values, lower.values]),
        np.concatenate([upper.present, lower.present]),
    )
    return merged(both, duplicate=_duplicate)


def _duplicate() -> ExecutionError:
    return ExecutionError("vector cannot contain metrics with the same labelset")


# --- joins ---------------------------------------------------------------------------------------------------------


def _joined(ev: Evaluation, node: ast.Binary, left: Frame, right: Frame) -> Frame:
    """Each row of the many side with the rows of its group on the one side."""
    if not left.n_series or not right.n_series:
        return Frame.empty(left.n_steps)
    matching = node.matching
    swapped = matching.card is ast.Cardinality.ONE_TO_MANY
    many, one = (right, left) if swapped else (left, right)
    many_group, one_group, n_groups = signatures(many.labels, one.labels, matching.labels, on=matching.on)
    _check_one_side(one, one_group, n_groups, "left" if swapped else "right")
    pairs = int(np.bincount(one_group, minlength=n_groups)[many_group].sum())
    ev.guard.hold(3 * pairs * (left.n_steps + 4) * 9)
    many_rows, one_rows = _pairs(many_group, one_group, n_groups)
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
    else:
        values = _ARITHMETIC[node.op](a, b)
    labels = _result_labels(matching, many.labels, many_rows, one.labels, one_rows)
    return _unique(Frame(labels, values, present), matching, many_group[many_rows], n_groups)


def _pairs(many_group: Ints, one_group: Ints, n_groups: int) -> tuple[Ints, Ints]:
    """Every row of the many side with every row of the one side in its group, as two arrays of row numbers."""
    counts = np.bincount(one_group, minlength=n_groups)
    order = np.argsort(one_group, kind="stable")
    starts = np.cumsum(counts) - counts
    matches = counts[many_group]
    many_rows = np.repeat(np.arange(len(many_group)), matches)
    ends = np.cumsum(matches)
    within = np.arange(len(many_rows)) - np.repeat(ends - matches, matches)
    return many_rows, order[starts[many_group[many_rows]] + within]


def _check_one_side(one: Frame, group: Ints, n_groups: int, side: str) -> None:
    """Raises ExecutionError where two rows of one group are present at the same step."""
    if len(group) < 2 or int(np.bincount(group, minlength=n_groups).max()) < 2:
        return
    if (fold("count", one.values, one.present, group, n_groups)[2] > 1).any():
        raise ExecutionError(
            f"found duplicate series on the {side} hand-side;many-to-many matching not allowed: matching labels must "
            "be unique on one side"
        )


def _result_labels(
    matching: ast.VectorMatching, many: LabelSets, many_rows: Ints, one: LabelSets, one_rows: Ints
) -> LabelSets:
    """The many side's labels, with those that `group_left` or `group_right` carries over."""
    columns = list(range(len(many.names)))
    if matching.card is ast.Cardinality.ONE_TO_ONE:
        columns = (columns_of if matching.on else columns_without)(many, matching.labels)
    out = pick(many, columns, many_rows)
    if not matching.include:
        return out
    source = recoded(one, out)
    strings = source.strings if len(source.strings) >= len(out.strings) else out.strings
    out = LabelSets(out.names, out.codes, strings)
    for name in matching.include:
        out = with_column(out, name, source.column(name)[one_rows], strings)
    return out


def _unique(out: Frame, matching: ast.VectorMatching, pair_group: Ints, n_groups: int) -> Frame:
    """Equal rows made one. Raises ExecutionError for a match that is not unique."""
    one_to_one = matching.card is ast.Cardinality.ONE_TO_ONE

    def refused() -> ExecutionError:
        if one_to_one:
            return ExecutionError(
                "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
            )
        return ExecutionError("multiple matches for labels: grouping labels must ensure unique matches")

    if one_to_one and len(pair_group) and int(np.bincount(pair_group, minlength=n_groups).max()) > 1:
        crowded = fold("count", out.values, out.present, pair_group, n_groups)[2] > 1
        if crowded.any():
            raise refused()
    return merged(out.compacted(), duplicate=refused)
