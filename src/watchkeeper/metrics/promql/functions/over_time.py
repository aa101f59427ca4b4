"""Functions of a range vector that reduce each window by itself: `*_over_time`, changes, resets, deriv and the like."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from watchkeeper.core.kernels.number_text import format_plain
from watchkeeper.core.model.errors import ExecutionError
from watchkeeper.core.vector.frame import Frame, Values
from watchkeeper.core.vector.grid import Grid
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.operators.range_histogram import fold_windows
from watchkeeper.metrics.promql.operators.window import range_vector, reduced

if TYPE_CHECKING:
    from watchkeeper.metrics.promql.evaluate import Evaluation

_KERNEL_OPS: Final = {
    "avg_over_time": "avg",
    "min_over_time": "min",
    "max_over_time": "max",
    "sum_over_time": "sum",
    "count_over_time": "count",
    "last_over_time": "last",
    "first_over_time": "first",
    "present_over_time": "present",
    "stddev_over_time": "stddev",
    "stdvar_over_time": "stdvar",
    "mad_over_time": "mad",
    "ts_of_first_over_time": "ts_first",
    "ts_of_last_over_time": "ts_last",
    "ts_of_min_over_time": "ts_min",
    "ts_of_max_over_time": "ts_max",
    "changes": "changes",
    "resets": "resets",
    "deriv": "deriv",
}
_KEEP_NAME: Final = ("last_over_time", "first_over_time")


def _simple(ev: Evaluation, call: ast.Call, grid: Grid) -> Frame:
    vector = range_vector(ev, call.args[0], grid)
    frame = reduced(ev, _KERNEL_OPS[call.name], vector)
    fold_windows(ev, call, vector, frame, call.args[0].span)
    frame = frame.compacted()
    return frame if call.name in _KEEP_NAME else ev.renamed(frame)


def _quantile(ev: Evaluation, call: ast.Call, grid: Grid) -> Frame:
    phi = ev.scalar(call.args[0], grid)
    vector = range_vector(ev, call.args[1], grid)
    frame = reduced(ev, "quantile", vector, phi)
    if len(frame.labels):
        for value in dict.fromkeys(phi[~((phi >= 0) & (phi <= 1))].tolist()):
            ev.notes.invalid_quantile(value, call.args[0].span)
    fold_windows(ev, call, vector, frame, call.args[1].span)
    return ev.renamed(frame.compacted())


def _predict_linear(ev: Evaluation, call: ast.Call, grid: Grid) -> Frame:
    vector = range_vector(ev, call.args[0], grid)
    frame = reduced(ev, "predict_linear", vector, ev.scalar(call.args[1], grid))
    fold_windows(ev, call, vector, frame, call.args[0].span)
    return ev.renamed(frame.compacted())


def _smoothing(ev: Evaluation, call: ast.Call, grid: Grid) -> Frame:
    vector = range_vector(ev, call.args[0], grid)
    factors = [ev.scalar(argument, grid) for argument in call.args[1:]]
    for what, factor in zip(("smoothing", "trend"), factors, strict=True):
        wrong = factor[~((factor > 0) & (factor < 1))]
        if len(wrong) and len(vector.labels):
            raise ExecutionError(f"invalid {what} factor. Expected: 0 < {what[0]}f < 1, got: {format_plain(wrong[0])}")
    frame = reduced(ev, "smoothing", vector, *factors)
    fold_windows(ev, call, vector, frame, call.args[0].span)
    return ev.renamed(frame.compacted())


FUNCTIONS: Final[dict[str, Callable[[Evaluation, ast.Call, Grid], Frame | Values]]] = {
    **dict.fromkeys(_KERNEL_OPS, _simple),
    "quantile_over_time": _quantile,
    "predict_linear": _predict_linear,
    "double_exponential_smoothing": _smoothing,
}
