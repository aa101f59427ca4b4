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
    fold,
    pick,
    signatures,
)
from watchkeeper.core.vector.join import pairs, set_operation, unique_matches, with_carried
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
            if node.op.is_set:
                return set_operation(node.op.value, left, right, node.matching.labels, on=node.matching.on)
            return _joined(ev, node, left, right)
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
    n_pairs = int(np.bincount(one_group, minlength=n_groups)[many_group].sum())
    ev.guard.hold(3 * n_pairs * (left.n_steps + 4) * 9)
    many_rows, one_rows = pairs(many_group, one_group, n_groups)
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
    one_to_one = matching.card is ast.Cardinality.ONE_TO_ONE
    return unique_matches(Frame(labels, values, present), many_group[many_rows], n_groups, one_to_one=one_to_one)


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
    return with_carried(pick(many, columns, many_rows), one, one_rows, matching.include)
