"""From a checked tree to a plan: durations and `@` resolved, what to read, and what need be computed only once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from watchkeeper.core.model.matcher import Matcher
from watchkeeper.core.vector.grid import Grid
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.duration_expr import rebuild, resolve_durations

MatcherKey: TypeAlias = frozenset[Matcher]

# Their value depends on the time of evaluation even where the argument does not.
_OF_EVALUATION_TIME: Final = frozenset(
    (
        *("time", "timestamp", "predict_linear", "start", "end", "step", "range"),
        *("minute", "hour", "day_of_week", "day_of_month", "day_of_year", "days_in_month", "month", "year"),
    )
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the plan must know of the engine and of the request."""

    lookback_ms: int
    default_step_ms: int  # of subqueries that name no resolution


@dataclass(frozen=True, slots=True)
class Plan:
    """A query that is ready to run over `grid`.

    invariant   ids of nodes whose value is the same at every step
    reads       by matchers: the time ranges (start, end in ms, both included) to select, apart from each other
    """

    expr: ast.Expr
    grid: Grid
    invariant: frozenset[int]
    reads: dict[MatcherKey, list[tuple[int, int]]]


def plan(expr: ast.Expr, grid: Grid, settings: Settings, text: str, *, is_range: bool) -> Plan:
    """The plan for a tree that passed the type check. Raises ParseError for a duration that comes out wrong."""
    step_ms = grid.step_ms if is_range else 0
    resolved = _pin(resolve_durations(expr, step_ms=step_ms, range_ms=grid.end_ms - grid.start_ms, query=text), grid)
    invariant: set[int] = set()
    _find_invariant(resolved, invariant)
    reads: dict[MatcherKey, list[tuple[int, int]]] = {}
    _find_reads(resolved, grid, settings, reads)
    return Plan(resolved, grid, frozenset(invariant), {key: _joined(ranges) for key, ranges in reads.items()})


def _pin(expr: ast.Expr, grid: Grid) -> ast.Expr:
    """The tree with `@ start()` and `@ end()` as times."""
    if isinstance(expr, ast.VectorSelector | ast.Subquery) and expr.at_anchor is not None:
        at_ms = grid.start_ms if expr.at_anchor is ast.Anchor.START else grid.end_ms
        expr = replace(expr, at_ms=at_ms, at_anchor=None)
    return rebuild(expr, lambda child: _pin(child, grid))


def _find_invariant(expr: ast.Expr, out: set[int]) -> bool:
    match expr:
        case ast.NumberLiteral() | ast.StringLiteral():
            same = True
        case ast.VectorSelector(at_ms=at_ms):
            same = at_ms is not None
        case ast.Subquery(at_ms=at_ms):
            # What is inside runs on the subquery's own grid, and may be invariant there.
            _find_invariant(expr.expr, out)
            same = at_ms is not None
        case _:
            parts = [_find_invariant(child, out) for child in ast.children(expr)]
            same = all(parts) and not (isinstance(expr, ast.Call) and expr.name in _OF_EVALUATION_TIME)
    if same:
        out.add(id(expr))
    return same


def subquery_grid(node: ast.Subquery, grid: Grid, default_step_ms: int) -> Grid:
    """The steps inside of a subquery: multiples of its resolution, later than the first window's start (left-open)."""
    outer = grid.moved(node.offset_ms, node.at_ms)
    step_ms = node.step_ms or default_step_ms
    open_ms = outer.start_ms - node.range_ms
    start_ms = _truncated_multiple(open_ms, step_ms)
    if start_ms <= open_ms:
        start_ms += step_ms
    return Grid.of(start_ms, outer.end_ms, step_ms)


def _truncated_multiple(time_ms: int, step_ms: int) -> int:
    return time_ms // step_ms * step_ms if time_ms >= 0 else -(-time_ms // step_ms) * step_ms


def _find_reads(expr: ast.Expr, grid: Grid, settings: Settings, out: dict[MatcherKey, list[tuple[int, int]]]) -> None:
    match expr:
        case ast.VectorSelector():
            out.setdefault(frozenset(expr.matchers), []).append(
                read_range(expr, grid, settings.lookback_ms, settings.lookback_ms)
            )
        case ast.MatrixSelector(selector=selector, range_ms=range_ms):
            reach = extended_reach(selector, range_ms, settings.lookback_ms)
            out.setdefault(frozenset(selector.matchers), []).append(
                read_range(selector, grid, reach, settings.lookback_ms)
            )
        case ast.Subquery(expr=inner):
            within = subquery_grid(expr, grid, settings.default_step_ms)
            if within.n_steps:
                _find_reads(inner, within, settings, out)
        case _:
            for child in ast.children(expr):
                _find_reads(child, grid, settings, out)


def extended_reach(selector: ast.VectorSelector, reach_ms: int, lookback_ms: int) -> int:
    """How far back a selector reads: anchored and smoothed ranges also need the sample before the range."""
    return reach_ms + lookback_ms if selector.anchored or selector.smoothed else reach_ms


def read_range(selector: ast.VectorSelector, grid: Grid, reach_ms: int, lookback_ms: int) -> tuple[int, int]:
    """The times, both included, that a selector needs for these steps; windows are left-open, smoothing looks ahead."""
    moved = grid.moved(selector.offset_ms, selector.at_ms)
    ahead_ms = lookback_ms if selector.smoothed else 0
    return moved.start_ms - reach_ms + 1, moved.end_ms + ahead_ms


def _joined(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The ranges with those that overlap made one."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if out and start <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out
