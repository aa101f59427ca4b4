"""A tree back to text: in one canonical line, or laid out over several.

Source of the forms: Prometheus promql/parser/printer.go and prettier.go.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Final

from watchkeeper.core.model.duration import format_duration_ms
from watchkeeper.core.model.labels import METRIC_NAME, label_name, quote
from watchkeeper.core.model.matcher import MatchType
from watchkeeper.metrics.promql import ast

MAX_LINE: Final = 100  # Characters; a longer expression is laid out over several lines.
_INDENT: Final = "  "


def to_text(expr: ast.Expr) -> str:
    """The canonical form, in one line; parsing it gives an equal tree."""
    match expr:
        case ast.NumberLiteral(value=value, is_duration=is_duration):
            return format_seconds(value) if is_duration else format_number(value)
        case ast.StringLiteral(value=text):
            return quote(text)
        case ast.VectorSelector():
            return _vector_selector(expr)
        case ast.MatrixSelector(selector=selector):
            extended = " anchored" if selector.anchored else " smoothed" if selector.smoothed else ""
            window = _duration(expr.range_ms, expr.range_expr)
            return f"{_name_and_matchers(selector)}[{window}]{extended}{_at(selector)}{_offset(selector)}"
        case ast.Subquery(expr=inner):
            return f"{to_text(inner)}{_subquery_suffix(expr)}"
        case ast.Call(args=args):
            return f"{expr.name}({', '.join(map(to_text, args))})"
        case ast.Aggregation(expr=inner, param=param):
            first = "" if param is None else f"{to_text(param)}, "
            return f"{_aggregation_head(expr)}({first}{to_text(inner)})"
        case ast.Binary(lhs=lhs, rhs=rhs):
            return f"{to_text(lhs)} {_operator(expr)} {to_text(rhs)}"
        case ast.Unary(op=op, expr=inner):
            return f"{op.value}{to_text(inner)}"
        case ast.Paren(expr=inner):
            return f"({to_text(inner)})"


def pretty(expr: ast.Expr) -> str:
    """The layout of `format_query`: what is longer than 100 characters is split at its outermost parts."""
    return _pretty(expr, 0)


def _pretty(expr: ast.Expr, level: int) -> str:
    pad = _INDENT * level
    line = to_text(expr)
    if isinstance(expr, ast.Unary):
        return f"{pad}{expr.op.value}{_pretty(expr.expr, level).strip()}"
    if len(line.encode()) <= MAX_LINE:
        # A subquery's own text is not indented upstream when it fits; its parts are.
        return line if isinstance(expr, ast.Subquery) else pad + line
    match expr:
        case ast.Aggregation(expr=inner, param=param):
            first = "" if param is None else f"{_pretty(param, level + 1)},\n"
            return f"{pad}{_aggregation_head(expr)}(\n{first}{_pretty(inner, level + 1)}\n{pad})"
        case ast.Binary(lhs=lhs, rhs=rhs):
            return f"{_pretty(lhs, level + 1)}\n{pad}{_operator(expr)}\n{_pretty(rhs, level + 1)}"
        case ast.Call(args=args) if args:
            parts = ",\n".join(_pretty(argument, level + 1) for argument in args)
            return f"{pad}{expr.name}(\n{parts}\n{pad})"
        case ast.Paren(expr=inner):
            return f"{pad}(\n{_pretty(inner, level + 1)}\n{pad})"
        case ast.Subquery(expr=inner):
            return f"{_pretty(inner, level)}{_subquery_suffix(expr)}"
        case _:
            return pad + line


def format_number(value: float) -> str:
    """Go's %f with as many digits as needed: no exponent, `+Inf`, `NaN`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_seconds(value_s: float) -> str:
    """A duration literal, from seconds."""
    return format_duration_ms(round(value_s * 1000))


def duration_to_text(duration: ast.DurationExpr) -> str:
    """The canonical form of a duration expression."""
    match duration:
        case ast.DurationNumber(value_s=value_s, is_duration=is_duration):
            return format_seconds(value_s) if is_duration else format_number(value_s)
        case ast.DurationUnary(op=op, expr=inner):
            return f"{op.value}{duration_to_text(inner)}"
        case ast.DurationBinary(op=op, lhs=lhs, rhs=rhs):
            return f"{duration_to_text(lhs)} {op.value} {duration_to_text(rhs)}"
        case ast.DurationParen(expr=inner):
            return f"({duration_to_text(inner)})"
        case ast.DurationCall(name=name, args=args):
            return f"{name}({', '.join(map(duration_to_text, args))})"


def _duration(value_ms: int, expr: ast.DurationExpr | None) -> str:
    return format_duration_ms(value_ms) if expr is None else duration_to_text(expr)


def _vector_selector(node: ast.VectorSelector) -> str:
    extended = " anchored" if node.anchored else " smoothed" if node.smoothed else ""
    return f"{_name_and_matchers(node)}{_at(node)}{extended}{_offset(node)}"


def _name_and_matchers(node: ast.VectorSelector) -> str:
    texts = sorted(
        str(matcher)
        for matcher in node.matchers
        if not (
            node.name and matcher.name == METRIC_NAME and matcher.type is MatchType.EQUAL and matcher.value == node.name
        )
    )
    if not texts:
        return node.name or "{}"
    return f"{node.name}{{{','.join(texts)}}}"


def _at(node: ast.VectorSelector | ast.Subquery) -> str:
    if node.at_anchor is not None:
        return f" @ {node.at_anchor.value}()"
    return "" if node.at_ms is None else f" @ {node.at_ms / 1000:.3f}"


def _offset(node: ast.VectorSelector | ast.Subquery) -> str:
    if node.offset_expr is not None:
        return f" offset {duration_to_text(node.offset_expr)}"
    return f" offset {format_duration_ms(node.offset_ms)}" if node.offset_ms else ""


def _subquery_suffix(node: ast.Subquery) -> str:
    has_step = node.step_ms or node.step_expr is not None
    step = _duration(node.step_ms, node.step_expr) if has_step else ""
    return f"[{_duration(node.range_ms, node.range_expr)}:{step}]{_at(node)}{_offset(node)}"


def _aggregation_head(node: ast.Aggregation) -> str:
    if node.without:
        return f"{node.op.value} without ({_labels(node.grouping)}) "
    return f"{node.op.value} by ({_labels(node.grouping)}) " if node.grouping else node.op.value


def _labels(names: tuple[str, ...]) -> str:
    return ", ".join(map(label_name, names))


def _operator(node: ast.Binary) -> str:
    """The operator with its modifiers."""
    text = node.op.value + (" bool" if node.return_bool else "")
    matching = node.matching
    if matching is None:
        return text
    grouped = matching.card in (ast.Cardinality.MANY_TO_ONE, ast.Cardinality.ONE_TO_MANY)
    if matching.labels or matching.on or grouped:
        text += f" {'on' if matching.on else 'ignoring'} ({_labels(matching.labels)})"
    if grouped:
        side = "left" if matching.card is ast.Cardinality.MANY_TO_ONE else "right"
        text += f" group_{side} ({_labels(matching.include)})"
    left, right = matching.fill_left, matching.fill_right
    if left is not None and right is not None and (left == right or (left != left and right != right)):
        return f"{text} fill ({format_number(left)})"
    if left is not None:
        text += f" fill_left ({format_number(left)})"
    if right is not None:
        text += f" fill_right ({format_number(right)})"
    return text
