"""A LogQL text to its tree: `parse(text)`, and the smaller texts `parse_log_query` and `parse_selector`.

Operator precedence, by recursive descent. The grammar and the error texts are upstream's
(Source: Loki pkg/logql/syntax/syntax.y).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NoReturn

from watchkeeper.core.model.go_regex_error import regex_problem
from watchkeeper.core.model.height import node_at_height
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.core.model.regex import RegexError, compile_re2
from watchkeeper.core.model.regex_weight import RegexWeight
from watchkeeper.core.model.span import Span
from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.check import check, check_matchers
from watchkeeper.logs.logql.cursor import MAX_BYTES, MAX_DEPTH
from watchkeeper.logs.logql.errors import LogQLParseError, NotThisKind
from watchkeeper.logs.logql.folding import fold
from watchkeeper.logs.logql.lexer import Kind, Token
from watchkeeper.logs.logql.parser_ranges import RangeParser

__all__ = ["MAX_BYTES", "MAX_DEPTH", "LogQLParseError", "parse", "parse_log_query", "parse_selector"]

_BINARY: Final = {op.value: op for op in ast.BinaryOp}
_RANGE_OPS: Final = {op.value: op for op in ast.RangeOp}
_VECTOR_OPS: Final = {op.value: op for op in ast.VectorOp}


def parse(text: str) -> ast.Expr:
    """The checked tree of a query. Raises LogQLParseError."""
    return _Parser(text).query()


def parse_log_query(text: str) -> ast.LogQuery:
    """The checked tree of a query for lines: a selector and its stages. Raises LogQLParseError."""
    parser = _Parser(text)
    expr = parser.any_expression()
    if not isinstance(expr, ast.LogQuery):
        raise NotThisKind("only log selector is supported", expr.span, text)
    check(expr, text)
    return expr


def parse_selector(text: str, weight: RegexWeight | None = None, *, need_one: bool = False) -> tuple[Matcher, ...]:
    """The matchers of `{a="b", …}` alone. Raises LogQLParseError.

    weight     of the regular expressions of other selectors of the same request
    need_one   at least one matcher must refuse the empty value, as in queries; else all may let it pass, also `{}`
    """
    expr = _Parser(text, weight).any_expression()
    if not isinstance(expr, ast.LogQuery) or expr.stages:
        raise NotThisKind("only label matchers is supported", expr.span, text)
    if need_one:
        check_matchers(expr, text)
    return expr.matchers


class _Parser(RangeParser):
    """The grammar of expressions."""

    __slots__ = ()

    # --- whole texts ---

    def query(self) -> ast.Expr:
        expr = self.any_expression()
        check(expr, self._text)
        return expr

    def any_expression(self) -> ast.Expr:
        """The tree of the whole text, not checked."""
        expr = self._expression(0)
        if self._peek().kind is not Kind.END:
            self._unexpected_behind_query()
        self._limit_height(expr)
        return expr

    def _limit_height(self, expr: ast.Expr) -> None:
        """Refuse trees that are deep by long chains of operators, which are parsed in a loop."""
        deep = node_at_height(expr, ast.children, MAX_DEPTH)
        if deep is not None:
            self._too_deep(deep.span)

    # --- expressions ---

    def _expression(self, least: int) -> ast.Expr:
        """An expression whose operators bind at least as tightly as `least`."""
        self._deeper()
        lhs = self._primary()
        n_operators = 0
        while True:
            token = self._peek()
            op = _BINARY.get(token.word or (token.text if token.kind is Kind.SIGN else ""))
            if op is None or op.binding < least:
                break
            n_operators += 1
            if n_operators > MAX_DEPTH:
                self._too_deep(token.span)
            self._take()
            matching, return_bool = self._modifiers()
            rhs = self._expression(op.binding if op is ast.BinaryOp.POW else op.binding + 1)
            lhs = self._binary(op, lhs, rhs, matching, return_bool)
        self._depth -= 1
        return lhs

    def _close(self) -> None:
        """The parenthesis behind an expression; an operator could stand there too, so an error lists nothing."""
        if not self._accept(")"):
            self._unexpected_behind_query()

    def _unexpected_behind_query(self) -> NoReturn:
        if self._at("|"):  # Of a log query: `unwrap`, which only a range may have.
            self._take()
        self._unexpected()

    def _metric(self) -> ast.MetricExpr:
        """An expression that has numbers; a log query is refused at what follows it."""
        expr = self._expression(0)
        if isinstance(expr, ast.LogQuery):
            self._unexpected()
        return expr

    def _binary(
        self, op: ast.BinaryOp, lhs: ast.Expr, rhs: ast.Expr, matching: ast.VectorMatching, return_bool: bool
    ) -> ast.MetricExpr:
        span = lhs.span.join(rhs.span)
        for side, leg in (("left", lhs), ("right", rhs)):
            if isinstance(leg, ast.LogQuery):
                kind = "*syntax.PipelineExpr" if leg.stages else "*syntax.MatchersExpr"
                self._refuse(f"unexpected type for {side} leg of binary operation ({op.value}): {kind}", leg.span)
            if op.is_set and isinstance(leg, ast.Number):
                self._refuse(
                    f"unexpected literal for {side} leg of logical/set binary operation ({op.value}): {leg.value:f}",
                    leg.span,
                )
        assert not isinstance(lhs, ast.LogQuery)
        assert not isinstance(rhs, ast.LogQuery)
        if isinstance(lhs, ast.Number) and isinstance(rhs, ast.Number):
            return ast.Number(fold(op, lhs.value, rhs.value), span)
        if op.is_set and matching.card is ast.Cardinality.ONE_TO_ONE:
            matching = replace(matching, card=ast.Cardinality.MANY_TO_MANY)
        return ast.Binary(op, lhs, rhs, matching, return_bool, span)

    def _modifiers(self) -> tuple[ast.VectorMatching, bool]:
        """What stands between an operator and its right side: `bool on(a) group_left(b)`."""
        return_bool = self._accept_word("bool")
        if not (self._at_word("on", "ignoring") and self._peek().kind is Kind.WORD):
            return ast.VectorMatching(), return_bool
        on = self._take().word == "on"
        labels = self._names()
        card = ast.Cardinality.ONE_TO_ONE
        include: tuple[str, ...] = ()
        if self._at_word("group_left", "group_right"):
            left = self._take().word == "group_left"
            card = ast.Cardinality.MANY_TO_ONE if left else ast.Cardinality.ONE_TO_MANY
            if self._at("(") and self._opens_names():
                include = self._names()
        return ast.VectorMatching(card, labels, on, include), return_bool

    def _opens_names(self) -> bool:
        """Whether the parenthesis that comes holds label names, and not the right side of an operator."""
        following = self._following()
        if following.kind is Kind.SIGN:
            return following.text not in ("(", "{", "+", "-")
        return not (following.kind is Kind.NUMBER or (following.kind is Kind.WORD and following.is_call))

    def _primary(self) -> ast.Expr:
        token = self._peek()
        if token.kind is Kind.SIGN:
            if token.text == "{":
                matchers = self._selector()
                stages = self._stages()
                return ast.LogQuery(matchers, stages, self._since(token.lo))
            if token.text == "(":
                self._take()
                inner = self._expression(0)
                self._close()
                return replace(inner, span=self._since(token.lo))
            if token.text in ("+", "-"):
                self._take()
                if self._peek().kind is not Kind.NUMBER:
                    self._unexpected("NUMBER")
                value = self._number_of(self._take())
                return ast.Number(-value if token.text == "-" else value, self._since(token.lo))
        elif token.kind is Kind.NUMBER:
            self._take()
            return ast.Number(self._number_of(token), token.span)
        elif token.kind is Kind.WORD and token.is_call:
            if token.word in _RANGE_OPS:
                return self._range_aggregation(_RANGE_OPS[token.word])
            if token.word in _VECTOR_OPS:
                return self._vector_aggregation(_VECTOR_OPS[token.word])
            if token.word == "label_replace":
                return self._label_replace()
            if token.word == "vector":
                self._take()
                self._expect("(")
                number = self._expect_kind(Kind.NUMBER)
                self._expect(")")
                return ast.Vector(self._number_of(number), self._since(token.lo))
        raise self._surprise()

    # --- aggregations ---

    def _vector_aggregation(self, op: ast.VectorOp) -> ast.VectorAggregation:
        token = self._take()
        grouping = self._grouping()
        self._expect("(")
        parameter = self._leading_parameter()
        expr = self._metric()
        self._close()
        if grouping is None:
            grouping = self._grouping()
        span = self._since(token.lo)
        count = self._count_parameter(op, parameter, span)
        if op is ast.VectorOp.APPROX_TOPK and grouping is not None:
            self._refuse(f"grouping not allowed for {op.value} aggregation", span)
        if not op.takes_grouping and grouping is not None and grouping.labels:
            self._refuse("sort and sort_desc doesn't allow grouping by ", span)
        if grouping is not None and not op.takes_grouping:
            grouping = None
        if grouping == ast.Grouping(()):
            grouping = None  # `by ()` is what an aggregation without grouping does.
        return ast.VectorAggregation(op, expr, count, grouping, span)

    def _count_parameter(self, op: ast.VectorOp, parameter: Token | None, span: Span) -> int | None:
        if not op.has_parameter:
            if parameter is not None:
                self._refuse(f"unsupported parameter for operation {op.value}({parameter.text},", parameter.span)
            return None
        if parameter is None:
            self._refuse(f"parameter required for operation {op.value}", span)
        if not parameter.text.isdecimal() or len(parameter.text) > 18:
            self._refuse(f"invalid parameter {op.value}({parameter.text},", parameter.span)
        count = int(parameter.text)
        if count <= 0:
            self._refuse(f"invalid parameter (must be greater than 0) {op.value}({parameter.text}", parameter.span)
        return count

    def _leading_parameter(self) -> Token | None:
        """`5,` in front of what is aggregated."""
        following = self._following()
        if self._peek().kind is Kind.NUMBER and following.kind is Kind.SIGN and following.text == ",":
            number = self._take()
            self._take()
            return number
        return None

    def _label_replace(self) -> ast.LabelReplace:
        token = self._take()
        self._expect("(")
        expr = self._metric()
        texts: list[str] = []
        for i in range(4):
            if not self._accept(","):
                self._unexpected(*((",",) if i else ()))
            regex = self._peek()
            texts.append(self._string())
        self._expect(")")
        try:
            compiled = compile_re2(f"^(?:{texts[3]})$")
        except (RegexError, UnicodeError):
            self._refuse(f"invalid regex in label_replace: {regex_problem(texts[3])}", regex.span)
        self._weigh(compiled, regex.span)
        dst, replacement, src, expression = texts
        return ast.LabelReplace(expr, dst, replacement, src, expression, self._since(token.lo))
