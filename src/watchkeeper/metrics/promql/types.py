"""The check that a tree's parts fit: types of arguments and operands, argument counts, selectors that select.

Source of the rules and texts: Prometheus promql/parser/parse.go, checkAST.
"""

from __future__ import annotations

from typing import NoReturn

from watchkeeper.core.model.errors import TypeMismatch
from watchkeeper.core.model.labels import quote
from watchkeeper.core.model.span import Span
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.signatures import ValueType


def check_types(expr: ast.Expr, text: str) -> None:
    """Raises TypeMismatch for the first part, in evaluation order, that does not fit; `text` is what was parsed."""
    _Checker(text).check(expr)


class _Checker:
    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def fail(self, message: str, span: Span) -> NoReturn:
        raise TypeMismatch(message, span, self._text)

    def check(self, expr: ast.Expr) -> None:
        match expr:
            case ast.Aggregation():
                self.aggregation(expr)
            case ast.Binary():
                self.binary(expr)
            case ast.Call():
                self.call(expr)
            case ast.Paren(expr=inner):
                self.check(inner)
            case ast.Unary(expr=inner):
                self.check(inner)
                if (kind := ast.value_type(inner)) not in (ValueType.SCALAR, ValueType.VECTOR):
                    self.fail(
                        "unary expression only allowed on expressions of type scalar or instant vector, "
                        f'got "{kind.description}"',
                        expr.span,
                    )
            case ast.Subquery(expr=inner):
                self.check(inner)
                if (kind := ast.value_type(inner)) is not ValueType.VECTOR:
                    self.fail(f"subquery is only allowed on instant vector, got {kind.value} instead", expr.span)
            case ast.MatrixSelector(selector=selector):
                self.check(selector)
            case ast.VectorSelector(name=name, matchers=matchers):
                if not name and all(matcher.matches_empty for matcher in matchers):
                    self.fail("vector selector must contain at least one non-empty matcher", expr.span)
            case ast.NumberLiteral() | ast.StringLiteral():
                pass

    def expect(self, expr: ast.Expr, wanted: ValueType, context: str) -> None:
        self.check(expr)
        found = ast.value_type(expr)
        if found is not wanted:
            self.fail(f"expected type {wanted.description} in {context}, got {found.description}", expr.span)

    def aggregation(self, node: ast.Aggregation) -> None:
        self.expect(node.expr, ValueType.VECTOR, "aggregation expression")
        if node.param is not None:
            wanted = ValueType.STRING if node.op is ast.AggregateOp.COUNT_VALUES else ValueType.SCALAR
            self.expect(node.param, wanted, "aggregation parameter")

    def binary(self, node: ast.Binary) -> None:
        self.check(node.lhs)
        self.check(node.rhs)
        left, right = ast.value_type(node.lhs), ast.value_type(node.rhs)
        scalars = left is ValueType.SCALAR and right is ValueType.SCALAR
        if node.return_bool and not node.op.is_comparison:
            self.fail("bool modifier can only be used on comparison operators", self.operator_span(node))
        if node.op.is_comparison and not node.return_bool and scalars:
            self.fail("comparisons between scalars must use BOOL modifier", self.operator_span(node))
        matching = node.matching
        if matching is not None and matching.on:
            for label in matching.labels:
                if label in matching.include:
                    self.fail(
                        f"label {quote(label)} must not occur in ON and GROUP clause at once", self.operator_span(node)
                    )
        for side, kind in ((node.lhs, left), (node.rhs, right)):
            if kind not in (ValueType.SCALAR, ValueType.VECTOR):
                self.fail("binary expression must contain only scalar and instant vector types", side.span)
        if not node.op.is_set:
            return
        if matching is None:
            self.fail(f'set operator "{node.op.value}" not allowed in binary scalar expression', node.span)
        if matching.card is not ast.Cardinality.MANY_TO_MANY:
            self.fail(f'no grouping allowed for "{node.op.value}" operation', node.span)
        if matching.fill_left is not None or matching.fill_right is not None:
            self.fail("filling in missing series not allowed for set operators", node.span)

    def operator_span(self, node: ast.Binary) -> Span:
        """Where the operator and its modifiers stand."""
        lo, hi = node.lhs.span.hi, node.rhs.span.lo
        between = self._text[lo:hi]
        return Span(lo + len(between) - len(between.lstrip()), lo + len(between.rstrip()))

    def call(self, node: ast.Call) -> None:
        signature, n_args = node.signature, len(node.args)
        if n_args < signature.least or (signature.most is not None and n_args > signature.most):
            if not signature.variadic:
                wanted = f"{signature.least}"
            elif n_args < signature.least:
                wanted = f"at least {signature.least}"
            else:
                wanted = f"at most {signature.most}"
            self.fail(f'expected {wanted} argument(s) in call to "{node.name}", got {n_args}', node.span)
        for index, argument in enumerate(node.args):
            if node.name == "info" and index == 1:
                self.info_selector(argument)
            else:
                self.expect(argument, signature.argument_type(index), f'call to function "{node.name}"')

    def info_selector(self, argument: ast.Expr) -> None:
        """The second argument of `info`, which may match everything but must not name a metric."""
        found = ast.value_type(argument)
        if found is not ValueType.VECTOR:
            self.fail(
                f'expected type instant vector in call to function "info", got {found.description}', argument.span
            )
        if not isinstance(argument, ast.VectorSelector):
            self.fail("expected label selectors only", argument.span)
        if argument.name:
            self.fail("expected label selectors only, got vector selector instead", argument.span)
