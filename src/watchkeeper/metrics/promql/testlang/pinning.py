"""A query with its evaluation time pinned by `@`, so that it must answer the same at any other time."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.duration_expr import rebuild
from watchkeeper.metrics.promql.printer import to_text

_OF_RANGE: Final = frozenset(("start", "end", "step", "range"))
# The value of these depends on the time of evaluation even where their argument does not.
_OF_EVALUATION_TIME: Final = _OF_RANGE | frozenset(
    (
        "time",
        "timestamp",
        "predict_linear",
        "minute",
        "hour",
        "day_of_week",
        "day_of_month",
        "day_of_year",
        "days_in_month",
        "month",
        "year",
    )
)


def depends_on_range(expr: ast.Expr) -> bool:
    """Whether the query calls a function of its own range, so that a range query must answer differently."""
    return any(isinstance(node, ast.Call) and node.name in _OF_RANGE for node in ast.walk(expr))


def pinned(expr: ast.Expr, time_ms: int) -> str | None:
    """The query's text with `@ time_ms` at every outermost selector that has none.

    None where a function's value depends on the evaluation time all the same.
    """
    if any(isinstance(node, ast.Call) and node.name in _OF_EVALUATION_TIME for node in ast.walk(expr)):
        return None

    def pin(node: ast.Expr) -> ast.Expr:
        match node:
            case ast.VectorSelector(at_ms=None, at_anchor=None) | ast.Subquery(at_ms=None, at_anchor=None):
                return replace(node, at_ms=time_ms)
            case ast.VectorSelector() | ast.Subquery():
                return node
            case _:
                return rebuild(node, pin)

    return to_text(pin(expr))


def other_times(time_ms: int) -> list[int]:
    """Times at which a pinned query is asked again."""
    if time_ms == 0:
        return [-1000, 0, 1000]
    return [-10 * time_ms, 0, time_ms // 5, time_ms, 10 * time_ms]
