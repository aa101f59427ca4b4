"""Duration expressions to milliseconds, once the times of a query are known.

Source of the rules: Prometheus promql/durations.go.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NoReturn

from watchkeeper.core.model.errors import ParseError
from watchkeeper.core.model.span import Span
from watchkeeper.metrics.promql import ast

MAX_MS = (1 << 63) // 1_000_000  # Upstream holds durations as 64-bit nanoseconds.


def resolve_durations(expr: ast.Expr, *, step_ms: int, range_ms: int, query: str) -> ast.Expr:
    """The tree with every duration expression replaced by its value.

    step_ms    the query's own, for `step()`; 0 of an instant query
    range_ms   from the query's first step to its last, for `range()`
    query      what the tree was parsed from, for error places
    Raises ParseError for a range or step that is not positive, or one out of bounds.
    """
    if not any(_has_expression(node) for node in ast.walk(expr)):
        return expr
    return _Resolver(query, range_ms / 1000, step_ms / 1000).tree(expr)


def _has_expression(node: ast.Expr) -> bool:
    match node:
        case ast.VectorSelector():
            return node.offset_expr is not None
        case ast.MatrixSelector():
            return node.range_expr is not None
        case ast.Subquery():
            return node.range_expr is not None or node.step_expr is not None or node.offset_expr is not None
        case _:
            return False


def rebuild(expr: ast.Expr, change: Callable[[ast.Expr], ast.Expr]) -> ast.Expr:
    """A copy of a node with `change` applied to the expressions directly below it."""
    match expr:
        case ast.MatrixSelector(selector=selector):
            changed = change(selector)
            assert isinstance(changed, ast.VectorSelector)
            return replace(expr, selector=changed)
        case ast.Subquery() | ast.Unary() | ast.Paren():
            return replace(expr, expr=change(expr.expr))
        case ast.Call():
            return replace(expr, args=tuple(change(argument) for argument in expr.args))
        case ast.Aggregation():
            param = None if expr.param is None else change(expr.param)
            return replace(expr, expr=change(expr.expr), param=param)
        case ast.Binary():
            return replace(expr, lhs=change(expr.lhs), rhs=change(expr.rhs))
        case _:
            return expr


@dataclass(frozen=True, slots=True)
class _Resolver:
    text: str
    range_s: float
    step_s: float

    def tree(self, expr: ast.Expr) -> ast.Expr:
        expr = rebuild(expr, self.tree)
        match expr:
            case ast.VectorSelector(offset_expr=offset) if offset is not None:
                return replace(expr, offset_ms=self.milliseconds(offset, signed=True), offset_expr=None)
            case ast.MatrixSelector(range_expr=window) if window is not None:
                return replace(expr, range_ms=self.milliseconds(window), range_expr=None)
            case ast.Subquery():
                if expr.range_expr is not None:
                    expr = replace(expr, range_ms=self.milliseconds(expr.range_expr), range_expr=None)
                if expr.step_expr is not None:
                    expr = replace(expr, step_ms=self.milliseconds(expr.step_expr), step_expr=None)
                if expr.offset_expr is not None:
                    offset_ms = self.milliseconds(expr.offset_expr, signed=True)
                    expr = replace(expr, offset_ms=offset_ms, offset_expr=None)
                return expr
            case _:
                return expr

    def fail(self, message: str, span: Span) -> NoReturn:
        raise ParseError(message, span, self.text)

    def milliseconds(self, duration: ast.DurationExpr, *, signed: bool = False) -> int:
        value_s = self.seconds(duration)
        if math.isnan(value_s) or abs(value_s) * 1000 >= MAX_MS:
            self.fail("duration is out of range", duration.span)
        if not signed and value_s <= 0:
            self.fail("duration must be greater than 0", duration.span)
        return int(value_s * 1000)

    def seconds(self, duration: ast.DurationExpr) -> float:
        match duration:
            case ast.DurationNumber(value_s=value_s):
                return value_s
            case ast.DurationParen(expr=inner):
                return self.seconds(inner)
            case ast.DurationUnary(op=op, expr=inner):
                return -self.seconds(inner) if op is ast.UnaryOp.MINUS else self.seconds(inner)
            case ast.DurationCall(name="step"):
                return self.step_s
            case ast.DurationCall(name="range"):
                return self.range_s
            case ast.DurationCall(name=name, args=args):
                values = [self.seconds(argument) for argument in args]
                return min(values) if name == "min_of" else max(values)
            case ast.DurationBinary():
                return self.binary(duration)

    def binary(self, node: ast.DurationBinary) -> float:
        lhs, rhs = self.seconds(node.lhs), self.seconds(node.rhs)
        match node.op:
            case ast.BinaryOp.ADD:
                return lhs + rhs
            case ast.BinaryOp.SUB:
                return lhs - rhs
            case ast.BinaryOp.MUL:
                return lhs * rhs
            case ast.BinaryOp.DIV:
                if rhs == 0:
                    self.fail("division by zero", node.rhs.span)
                return lhs / rhs
            case ast.BinaryOp.MOD:
                if rhs == 0:
                    self.fail("modulo by zero", node.rhs.span)
                return math.fmod(lhs, rhs) if math.isfinite(lhs) and not math.isnan(rhs) else math.nan
            case _:
                try:
                    power = lhs**rhs
                except (OverflowError, ZeroDivisionError):
                    return math.inf
                return power if isinstance(power, float) else math.nan
