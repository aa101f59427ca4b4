"""Native histograms in operators: cell by cell, in Python, for the few rows that have any."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from watchkeeper.core.kernels.number_text import format_general
from watchkeeper.core.model.histogram import Histogram, ResetHint
from watchkeeper.core.model.labels import METRIC_NAME
from watchkeeper.core.vector import native_histogram as native
from watchkeeper.core.vector.frame import Frame, HistogramRow, Values
from watchkeeper.core.vector.group import Ints
from watchkeeper.metrics.promql import ast

if TYPE_CHECKING:
    from watchkeeper.metrics.promql.evaluate import Evaluation

Op = ast.BinaryOp
Cell = Histogram | float | bool | None


def negated(cells: HistogramRow) -> HistogramRow:
    """Each histogram times -1."""
    out = np.full(len(cells), None, np.object_)
    for k, cell in enumerate(cells):
        if cell is not None:
            out[k] = native.scaled(cell, -1.0)
    return out


def histogram_text(h: Histogram) -> str:
    """A histogram as count_values names it: `{count:4, sum:5, [-1,-0.5):1, [-0.1,0.1]:2, (0.5,1]:1}`."""
    parts = [f"count:{format_general(h.count)}", f"sum:{format_general(h.sum)}"]
    for bucket in native.buckets(h):
        if bucket.count:
            left, right = "[" if bucket.lower_inclusive else "(", "]" if bucket.upper_inclusive else ")"
            bounds = f"{left}{format_general(bucket.lower)},{format_general(bucket.upper)}{right}"
            parts.append(f"{bounds}:{format_general(bucket.count)}")
    return "{" + ", ".join(parts) + "}"


# --- aggregation ---------------------------------------------------------------------------------------------------


def fold_histograms(
    ev: Evaluation, node: ast.Aggregation, frame: Frame, group: Ints, out: Frame, count: Values
) -> None:
    """Put sums or averages of histograms into `out`, whose floats are done; a group with both kinds is left out."""
    members: dict[int, list[int]] = {}
    for row in sorted(frame.histograms):
        members.setdefault(int(group[row]), []).append(row)
    for target, rows in members.items():
        cells = np.full(frame.n_steps, None, np.object_)
        for k in range(frame.n_steps):
            if k % 64 == 0:
                ev.check()
            found = [cell for row in rows if (cell := frame.histograms[row][k]) is not None]
            if not found:
                continue
            if count[target, k] > 0:
                ev.notes.mixed_floats_histograms_aggregation(node.expr.span)
                out.present[target, k] = False
                continue
            cells[k] = total(ev, found, node, _group_name(frame, rows), average=node.op is ast.AggregateOp.AVG)
        out.histograms[target] = cells


def _group_name(frame: Frame, rows: list[int]) -> str:
    column = frame.labels.column(METRIC_NAME)
    return frame.labels.strings[int(column[rows[0]])]


def total(
    ev: Evaluation, found: list[Histogram], node: ast.Aggregation | ast.Call, name: str, *, average: bool
) -> Histogram | None:
    """The sum or the average of histograms, or None where their buckets don't go together."""
    span = node.expr.span if isinstance(node, ast.Aggregation) else node.args[0].span
    hints = {h.reset_hint for h in found}
    reconciled = False
    try:
        out = found[0]
        for h in found[1:]:
            step = native.combined(out, h)
            out, reconciled = step.histogram, reconciled or step.reconciled
    except native.MixedSchemasError:
        ev.notes.mixed_exponential_custom(name, span)
        return None
    if ResetHint.RESET in hints and ResetHint.NOT_RESET in hints:
        ev.notes.reset_collision("aggregation", span)
    if reconciled:
        ev.notes.mismatched_custom_buckets("aggregation", span)
    if average and len(found) > 1:
        out = native.divided(out, len(found))
        if any(map(np.isinf, (out.sum, out.count))) and not any(np.isinf(h.sum) for h in found):
            out = native.total_of(native.divided(h, len(found)) for h in found)
    return native.compacted(out)


# --- binary operators ----------------------------------------------------------------------------------------------


def histogram_binary(
    ev: Evaluation, node: ast.Binary, out: Frame, row: int, left: HistogramRow, right: HistogramRow
) -> None:
    """Put into `out` what a row's cells give where either side is a histogram."""
    cells = np.full(out.n_steps, None, np.object_)
    for k in range(out.n_steps):
        a, b = left[k], right[k]
        if a is None or b is None or not (isinstance(a, Histogram) or isinstance(b, Histogram)):
            continue
        result = _cell(ev, node, a, b)
        out.present[row, k] = False
        if node.return_bool:
            if result is not None:
                out.present[row, k] = True
                out.values[row, k] = 0.0 if result is False else 1.0
        elif isinstance(result, Histogram):
            cells[k] = result
        elif result is True:
            if isinstance(a, Histogram):
                cells[k] = a
            else:
                out.present[row, k] = True
                out.values[row, k] = a
    if any(cell is not None for cell in cells):
        out.histograms[row] = cells


def _cell(ev: Evaluation, node: ast.Binary, a: Cell, b: Cell) -> Histogram | bool | None:
    """A histogram; whether a comparison holds; or None where the operator is not defined for the two."""
    op = node.op
    if isinstance(a, Histogram) and isinstance(b, Histogram):
        if op in (Op.ADD, Op.SUB):
            return _sum(ev, node, a, b)
        if op in (Op.EQL, Op.NEQ):
            return native.same(a, b) == (op is Op.EQL)
        kinds = ("histogram", "histogram")
    elif isinstance(a, Histogram):
        assert isinstance(b, float)
        if op is Op.MUL:
            return native.scaled(a, b)
        if op is Op.DIV:
            return native.divided(a, b)
        if op.is_trim:
            return native.trimmed(a, b, below=op is Op.TRIM_UPPER)
        kinds = ("histogram", "float")
    else:
        assert isinstance(a, float)
        assert isinstance(b, Histogram)
        if op is Op.MUL:
            return native.scaled(b, a)
        kinds = ("float", "histogram")
    ev.notes.incompatible_types(kinds[0], op.value, kinds[1], node.span)
    return None


def _sum(ev: Evaluation, node: ast.Binary, a: Histogram, b: Histogram) -> Histogram | None:
    minus = node.op is Op.SUB
    word = "subtraction" if minus else "addition"
    try:
        result = native.combined(a, b, -1 if minus else 1)
    except native.MixedSchemasError:
        ev.notes.incompatible_layout(node.op.value, node.span)
        return None
    if result.collision:
        ev.notes.reset_collision(word, node.span)
    if result.reconciled:
        ev.notes.mismatched_custom_buckets(word, node.span)
    out = native.compacted(result.histogram)
    return native.as_gauge(out) if minus else out
