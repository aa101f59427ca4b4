"""The tree as JSON values, as `/api/v1/parse_query` answers it.

Source of the shape: Prometheus web/api/v1/translate_ast.go.
"""

from __future__ import annotations

from typing import Any

from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.printer import format_number


def to_json(expr: ast.Expr | None) -> dict[str, Any] | None:
    """Dicts, lists, strings, numbers, booleans and None; None for None. Durations are milliseconds."""
    match expr:
        case None:
            return None
        case ast.NumberLiteral(value=value):
            return {"type": "numberLiteral", "val": format_number(value)}
        case ast.StringLiteral(value=text):
            return {"type": "stringLiteral", "val": text}
        case ast.VectorSelector():
            return {"type": "vectorSelector", **_selector(expr)}
        case ast.MatrixSelector(selector=selector, range_ms=range_ms):
            return {"type": "matrixSelector", "range": range_ms, **_selector(selector)}
        case ast.Subquery():
            return {
                "type": "subquery",
                "expr": to_json(expr.expr),
                "range": expr.range_ms,
                "offset": expr.offset_ms,
                "step": expr.step_ms,
                **_at(expr),
            }
        case ast.Call(signature=signature, args=args):
            function = {
                "name": signature.name,
                "argTypes": [kind.value for kind in signature.arguments],
                "variadic": signature.variadic,
                "returnType": signature.returns.value,
            }
            return {"type": "call", "func": function, "args": [to_json(argument) for argument in args]}
        case ast.Aggregation():
            return {
                "type": "aggregation",
                "op": expr.op.value,
                "expr": to_json(expr.expr),
                "param": to_json(expr.param),
                "grouping": list(expr.grouping),
                "without": expr.without,
            }
        case ast.Binary():
            return {
                "type": "binaryExpr",
                "op": expr.op.value,
                "lhs": to_json(expr.lhs),
                "rhs": to_json(expr.rhs),
                "matching": None if expr.matching is None else _matching(expr.matching),
                "bool": expr.return_bool,
            }
        case ast.Unary(op=op, expr=inner):
            return {"type": "unaryExpr", "op": op.value, "expr": to_json(inner)}
        case ast.Paren(expr=inner):
            return {"type": "parenExpr", "expr": to_json(inner)}


def _selector(node: ast.VectorSelector) -> dict[str, Any]:
    return {
        "name": node.name,
        "offset": node.offset_ms,
        "matchers": [
            {"name": matcher.name, "value": matcher.value, "type": matcher.type.value} for matcher in node.matchers
        ],
        **_at(node),
        "anchored": node.anchored,
        "smoothed": node.smoothed,
    }


def _at(node: ast.VectorSelector | ast.Subquery) -> dict[str, Any]:
    anchor = None if node.at_anchor is None else node.at_anchor.value
    return {"timestamp": node.at_ms, "startOrEnd": anchor}


def _matching(matching: ast.VectorMatching) -> dict[str, Any]:
    return {
        "card": matching.card.value,
        "labels": list(matching.labels),
        "on": matching.on,
        "include": list(matching.include),
        "fillValues": {"lhs": matching.fill_left, "rhs": matching.fill_right},
    }
