"""A PromQL text to its tree: `parse(text)`, and the smaller texts `parse_selector` and `parse_metric`.

Operator precedence, by recursive descent. The grammar and the error texts are upstream's
(Source: Prometheus promql/parser/generated_parser.y and parse.go).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from watchkeeper.core.model.height import node_at_height
from watchkeeper.core.model.labels import METRIC_NAME, Labels, quote
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.regex import RegexError, anchored, compile_re2
from watchkeeper.core.model.regex_weight import RegexWeight
from watchkeeper.core.model.span import Span
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.cursor import ALL_OPTIONS, DEFAULT_OPTIONS, MAX_DEPTH, ParserOptions
from watchkeeper.metrics.promql.duration_parser import NO_DURATION, UNARY_OPERAND, DurationParser, round_half_away
from watchkeeper.metrics.promql.lexer import Kind, Token, unquote
from watchkeeper.metrics.promql.printer import format_number
from watchkeeper.metrics.promql.signatures import FUNCTIONS, ValueType
from watchkeeper.metrics.promql.types import check_types

__all__ = ["ALL_OPTIONS", "DEFAULT_OPTIONS", "MAX_DEPTH", "ParserOptions", "parse", "parse_metric", "parse_selector"]

MAX_AT_S: Final = 2**62 / 1000  # Half of what 64-bit milliseconds hold, so that an offset has room.

_BINARY: Final = {op.value: op for op in ast.BinaryOp}
_AGGREGATES: Final = {op.value: op for op in ast.AggregateOp}
_MATCH_TYPES: Final = {kind.value: kind for kind in MatchType}
_NOT_METRICS: Final = frozenset(
    ["bool", "on", "ignoring", "group_left", "group_right", "atan2", "fill", "fill_left", "fill_right"]
)


def parse(text: str, options: ParserOptions = DEFAULT_OPTIONS) -> ast.Expr:
    """The checked tree of a query. Raises ParseError."""
    return _Parser(text, options).query()


def parse_selector(text: str, weight: RegexWeight | None = None) -> tuple[Matcher, ...]:
    """The matchers of an instant selector, as in `match[]`; they may all match the empty string. Raises ParseError.

    weight   of the regular expressions of other selectors of the same request
    """
    return _Parser(text, DEFAULT_OPTIONS, weight).selector_only()


def parse_metric(text: str) -> Labels:
    """The label set of `name{label="value"}`. Raises ParseError."""
    return _Parser(text, DEFAULT_OPTIONS).metric_only()


class _Parser(DurationParser):
    """The grammar of expressions."""

    __slots__ = ()

    # --- whole texts ---

    def query(self) -> ast.Expr:
        if self._peek().kind is Kind.END:
            self._fail("no expression found in input", Span(0, 0))
        expr = self._expression(0)
        if self._peek().kind is not Kind.END:
            self._unexpected()
        self._limit_height(expr)
        check_types(expr, self._text)
        for message, span in self._deferred:
            self._fail(message, span)
        return expr

    def selector_only(self) -> tuple[Matcher, ...]:
        name = self._take().text if self._is_metric_name(self._peek()) else ""
        if not name and self._peek().text != "{":
            self._unexpected()
        selector = self._selector(name, self._peek().lo)
        if self._peek().kind is not Kind.END:
            self._unexpected()
        return selector.matchers

    def metric_only(self) -> Labels:
        pairs = [(METRIC_NAME, self._take().text)] if self._is_metric_name(self._peek()) else []
        if self._peek().text == "{":
            self._take()
            pairs += self._label_set()
        if self._peek().kind is not Kind.END:
            self._unexpected()
        return Labels(pairs)

    def _limit_height(self, expr: ast.Expr) -> None:
        """Refuse trees that are deep by long chains of operators, which are parsed in a loop."""
        deep = node_at_height(expr, ast.children, MAX_DEPTH)
        if deep is not None:
            self._too_deep(deep.span)

    # --- expressions ---

    def _expression(self, least: int) -> ast.Expr:
        """An expression whose operators bind at least as tightly as `least`."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._too_deep(self._peek().span)
        token = self._peek()
        if token.kind is Kind.OPERATOR and token.text in ("+", "-"):
            lhs = self._unary()
        else:
            lhs = self._postfix(self._primary())
        n_operators = 0
        while True:
            token = self._peek()
            op = _BINARY.get(token.word) if token.kind is Kind.OPERATOR else None
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

    def _unary(self) -> ast.Expr:
        signs = [self._take()]
        while self._peek().kind is Kind.OPERATOR and self._peek().text in ("+", "-"):
            signs.append(self._take())
        if len(signs) > MAX_DEPTH:
            self._too_deep(signs[-1].span)
        expr = self._expression(UNARY_OPERAND)
        for sign in reversed(signs):
            span = Span(sign.lo, expr.span.hi)
            if isinstance(expr, ast.NumberLiteral):
                expr = replace(expr, value=-expr.value if sign.text == "-" else expr.value, span=span)
            else:
                expr = ast.Unary(ast.UnaryOp(sign.text), expr, span)
        return expr

    def _binary(
        self, op: ast.BinaryOp, lhs: ast.Expr, rhs: ast.Expr, matching: ast.VectorMatching, return_bool: bool
    ) -> ast.Expr:
        span = lhs.span.join(rhs.span)
        both = ast.value_type(lhs) is ValueType.VECTOR and ast.value_type(rhs) is ValueType.VECTOR
        if not both:
            if matching.labels:
                self._deferred.append(("vector matching only allowed between instant vectors", span))
            if matching.fill_left is not None or matching.fill_right is not None:
                self._deferred.append(("filling in missing series only allowed between instant vectors", span))
            return ast.Binary(op, lhs, rhs, None, return_bool, span)
        if op.is_set and matching.card is ast.Cardinality.ONE_TO_ONE:
            matching = replace(matching, card=ast.Cardinality.MANY_TO_MANY)
        return ast.Binary(op, lhs, rhs, matching, return_bool, span)

    def _modifiers(self) -> tuple[ast.VectorMatching, bool]:
        """What stands between an operator and its right side: `bool on(a) group_left(b) fill(0)`."""
        return_bool = self._keyword("bool")
        card, on = ast.Cardinality.ONE_TO_ONE, False
        labels: tuple[str, ...] = ()
        include: tuple[str, ...] = ()
        if self._peek().kind is Kind.KEYWORD and self._peek().word in ("on", "ignoring"):
            on = self._take().word == "on"
            labels = self._grouping()
            if self._peek().kind is Kind.KEYWORD and self._peek().word in ("group_left", "group_right"):
                left = self._take().word == "group_left"
                card = ast.Cardinality.MANY_TO_ONE if left else ast.Cardinality.ONE_TO_MANY
                if self._peek().text == "(":
                    include = self._grouping()
        fill_left = fill_right = None
        while self._peek().kind is Kind.KEYWORD and self._peek().word in ("fill", "fill_left", "fill_right"):
            word = self._peek().word
            left, right = word != "fill_right", word != "fill_left"
            if (left and fill_left is not None) or (right and fill_right is not None):
                self._unexpected()
            value = self._fill_value()
            fill_left, fill_right = value if left else fill_left, value if right else fill_right
        return ast.VectorMatching(card, labels, on, include, fill_left, fill_right), return_bool

    def _fill_value(self) -> float:
        word = self._take()
        if not self._options.fill_modifiers:
            self._fail("binop fill modifiers are experimental and not enabled", word.span)
        self._expect("(", "fill modifier", '"("')
        sign = self._take().text if self._peek().kind is Kind.OPERATOR and self._peek().text in ("+", "-") else "+"
        if self._peek().kind not in (Kind.NUMBER, Kind.DURATION):
            self._unexpected("fill modifier", "number")
        value = self._number(self._take()).value
        self._expect(")", "fill modifier", '")"')
        return -value if sign == "-" else value

    def _keyword(self, word: str) -> bool:
        if self._peek().kind is Kind.KEYWORD and self._peek().word == word:
            self._take()
            return True
        return False

    def _primary(self) -> ast.Expr:
        token = self._peek()
        following = self._tokens[min(self._index + 1, len(self._tokens) - 1)]
        match token.kind:
            case Kind.NUMBER | Kind.DURATION:
                return self._number(self._take())
            case Kind.STRING:
                self._take()
                return ast.StringLiteral(unquote(token.text), token.span)
            case Kind.PUNCTUATION if token.text == "(":
                self._take()
                expr = self._expression(0)
                closing = self._expect(")", self._context, "")
                return ast.Paren(expr, Span(token.lo, closing.hi))
            case Kind.PUNCTUATION if token.text == "{":
                return self._selector("", token.lo)
            case Kind.AGGREGATOR if following.text == "(" or following.word in ("by", "without"):
                return self._aggregation(self._take())
            case Kind.IDENTIFIER | Kind.PREPROCESSOR if following.text == "(":
                return self._call(self._take())
        if not self._is_metric_name(token):
            self._unexpected()
        self._take()
        if token.kind is Kind.AGGREGATOR and not self._may_follow_metric(self._peek()):
            self._unexpected("aggregation")
        return self._selector(token.text, token.lo)

    def _is_metric_name(self, token: Token) -> bool:
        """Whether a word may stand as a metric's name, keywords included."""
        if token.kind in (Kind.IDENTIFIER, Kind.METRIC_IDENTIFIER, Kind.AGGREGATOR, Kind.PREPROCESSOR):
            return True
        is_word = token.kind is Kind.KEYWORD or (token.kind is Kind.OPERATOR and token.word[0].isalpha())
        return is_word and token.word not in _NOT_METRICS

    @staticmethod
    def _may_follow_metric(token: Token) -> bool:
        """Whether a word that is also an aggregation was meant as a metric, from what comes next."""
        if token.kind is Kind.PUNCTUATION:
            return token.text in ("{", "[", ")", ",")
        return token.kind in (Kind.OPERATOR, Kind.END, Kind.ERROR) or token.word in ("offset", "anchored", "smoothed")

    def _call(self, name: Token) -> ast.Expr:
        signature = FUNCTIONS.get(name.text)
        if signature is None and name.kind is Kind.PREPROCESSOR:
            signature = FUNCTIONS.get(name.word)
        if signature is None:
            self._fail(f"unknown function with name {quote(name.text)}", name.span)
        if signature.experimental and not self._options.experimental_functions:
            self._fail(f"function {quote(name.text)} is not enabled", name.span)
        args, end = self._arguments()
        if name.text == "label_replace" and len(args) == 5 and isinstance(args[4], ast.StringLiteral):
            self._weigh(args[4])
        return ast.Call(signature, tuple(args), Span(name.lo, end))

    def _weigh(self, literal: ast.StringLiteral) -> None:
        """Counts the regular expression of a call; one that is none is told when it is evaluated."""
        try:
            compiled = compile_re2(anchored(literal.value))
        except RegexError:
            return
        try:
            self._weight.add(compiled)
        except RegexError as error:
            self._fail(f"error parsing regexp: {error}", literal.span)

    def _arguments(self) -> tuple[list[ast.Expr], int]:
        """What stands in parentheses after a function's name, and where it ends."""
        self._expect("(", self._context, "")
        args: list[ast.Expr] = []
        if self._peek().text != ")" or self._peek().kind is not Kind.PUNCTUATION:
            args.append(self._expression(0))
            while self._peek().kind is Kind.PUNCTUATION and self._peek().text == ",":
                comma = self._take()
                if self._peek().kind is Kind.PUNCTUATION and self._peek().text == ")":
                    self._fail("trailing commas not allowed in function call args", comma.span)
                args.append(self._expression(0))
        closing = self._expect(")", self._context, "")
        return args, closing.hi

    def _aggregation(self, name: Token) -> ast.Expr:
        op = _AGGREGATES[name.word]
        outer, self._context = self._context, "aggregation"
        grouping: tuple[str, ...] | None = None
        without = False
        if self._peek().word in ("by", "without"):
            without = self._take().word == "without"
            grouping = self._grouping()
        args, end = self._arguments()
        self._context = outer
        if grouping is None and self._peek().kind is Kind.KEYWORD and self._peek().word in ("by", "without"):
            without = self._take().word == "without"
            grouping = self._grouping()
            end = self._tokens[self._index - 1].hi
        span = Span(name.lo, end)
        if not args:
            self._fail("no arguments for aggregate expression provided", span)
        if op.is_experimental and not self._options.experimental_functions:
            self._fail(
                f"{op.value}() is experimental and must be enabled with --enable-feature=promql-experimental-functions",
                span,
            )
        wanted = 2 if op.has_parameter else 1
        if len(args) != wanted:
            self._fail(
                f"wrong number of arguments for aggregate expression provided, expected {wanted}, got {len(args)}", span
            )
        return ast.Aggregation(op, args[-1], args[0] if wanted == 2 else None, grouping or (), without, span)

    def _grouping(self) -> tuple[str, ...]:
        """Label names in parentheses, as after `by`."""
        context = "grouping opts"
        self._expect("(", context, '"("')
        labels: list[str] = []
        while not self._accept(")"):
            labels.append(self._grouping_label(context))
            if not self._accept(","):
                self._expect(")", context, '"," or ")"')
                break
        return tuple(labels)

    def _grouping_label(self, context: str) -> str:
        token = self._peek()
        if token.kind is Kind.STRING:
            self._take()
            label = unquote(token.text)
            if not label:
                self._fail(f"invalid label name in grouping {quote(label)}", token.span)
            return label
        is_word = token.kind in (Kind.IDENTIFIER, Kind.AGGREGATOR, Kind.PREPROCESSOR, Kind.KEYWORD)
        is_word = is_word or (token.kind is Kind.OPERATOR and token.word[0].isalpha())
        if not is_word or token.word == "without":
            self._unexpected(context, "label")
        return self._take().text

    # --- selectors ---

    def _selector(self, name: str, lo: int) -> ast.VectorSelector:
        """A selector whose name, if any, has been taken; `lo` is where it starts."""
        matchers: list[Matcher] = []
        if self._accept("{"):
            matchers = self._matchers()
        if name:
            for matcher in matchers:
                if matcher.name == METRIC_NAME:
                    span = Span(lo, self._tokens[self._index - 1].hi)
                    twice = f"metric name must not be set twice: {quote(name)} or {quote(matcher.value)}"
                    self._deferred.append((twice, span))
            matchers.append(Matcher(METRIC_NAME, MatchType.EQUAL, name))
        hi = self._tokens[self._index - 1].hi
        return ast.VectorSelector(name, tuple(matchers), span=Span(lo, hi))

    def _matchers(self) -> list[Matcher]:
        context = "label matching"
        matchers: list[Matcher] = []
        quoted_name: str | None = None
        while not self._accept("}"):
            label = self._peek()
            if label.kind not in (Kind.IDENTIFIER, Kind.STRING):
                self._unexpected(context, 'identifier or "}"')
            self._take()
            kind = _MATCH_TYPES.get(self._peek().text)
            name = label.text if label.kind is Kind.IDENTIFIER else unquote(label.text)
            if kind is not None and self._peek().kind in (Kind.OPERATOR, Kind.PUNCTUATION):
                self._take()
                if self._peek().kind is not Kind.STRING:
                    self._unexpected(context, "string")
                matchers.append(self._matcher(name, kind, label, self._take()))
            elif label.kind is Kind.IDENTIFIER:
                self._unexpected(context, "label matching operator")
            else:
                if quoted_name is not None:
                    twice = f"metric name must not be set twice: {quote(quoted_name)} or {quote(name)}"
                    self._fail(twice, label.span)
                quoted_name = name
                matchers.append(Matcher(METRIC_NAME, MatchType.EQUAL, name))
            if not self._accept(","):
                self._expect("}", context, '"," or "}"')
                break
        return matchers

    def _matcher(self, name: str, kind: MatchType, label: Token, value: Token) -> Matcher:
        text = unquote(value.text)
        try:
            if kind in (MatchType.REGEX, MatchType.NOT_REGEX):
                self._weight.add(compile_re2(anchored(text)))
            return Matcher(name, kind, text)
        except RegexError as error:
            self._fail(f"error parsing regexp: {error}", label.span.join(value.span))

    def _label_set(self) -> list[tuple[str, str]]:
        """The pairs of `{a="b", "metric name"}`, its opening brace taken."""
        context = "label set"
        pairs: list[tuple[str, str]] = []
        while not self._accept("}"):
            label = self._peek()
            if label.kind not in (Kind.IDENTIFIER, Kind.STRING):
                self._unexpected(context, 'identifier or "}"')
            self._take()
            name = label.text if label.kind is Kind.IDENTIFIER else unquote(label.text)
            if self._accept("="):
                if self._peek().kind is not Kind.STRING:
                    self._unexpected(context, "string")
                pairs.append((name, unquote(self._take().text)))
            elif label.kind is Kind.IDENTIFIER:
                self._unexpected(context, '"="')
            else:
                pairs.append((METRIC_NAME, name))
            if not self._accept(","):
                self._expect("}", context, '"," or "}"')
                break
        return pairs

    # --- what may follow an expression ---

    def _postfix(self, expr: ast.Expr) -> ast.Expr:
        """The expression with all ranges, offsets and `@` that follow it."""
        while True:
            token = self._peek()
            if token.kind is Kind.PUNCTUATION and token.text == "[":
                self._depth += 1
                if self._depth > MAX_DEPTH:
                    self._too_deep(token.span)
                expr = self._bracket(expr, self._take())
                self._depth -= 1
            elif token.kind is Kind.KEYWORD and token.word == "offset":
                self._take()
                expr = self._offset(expr)
            elif token.kind is Kind.OPERATOR and token.text == "@":
                self._take()
                expr = self._at(expr)
            elif token.kind is Kind.KEYWORD and token.word in ("anchored", "smoothed"):
                expr = self._extended(expr, self._take().word)
            else:
                return expr

    def _bracket(self, expr: ast.Expr, opening: Token) -> ast.Expr:
        if not self._starts_duration(self._peek()):
            self._unexpected("subquery or range selector", NO_DURATION)
        range_ms, range_expr = self._positive_duration()
        if self._accept(":"):
            step_ms, step_expr = 0, None
            if self._peek().text != "]":
                if not self._starts_duration(self._peek()):
                    self._unexpected("subquery selector", 'number, duration, step(), range(), or "]"')
                step_ms, step_expr = self._positive_duration()
            closing = self._expect("]", "subquery selector", '"]"')
            span = Span(expr.span.lo, closing.hi)
            return ast.Subquery(expr, range_ms, step_ms, range_expr, step_expr, span=span)
        closing = self._expect("]", "subquery or range", '":" or "]"')
        place = Span(opening.lo, closing.hi)
        if not isinstance(expr, ast.VectorSelector):
            self._fail("ranges only allowed for vector selectors", place)
        if expr.offset_ms or expr.offset_expr is not None:
            self._fail("no offset modifiers allowed before range", place)
        if expr.at_ms is not None or expr.at_anchor is not None:
            self._fail("no @ modifiers allowed before range", place)
        return ast.MatrixSelector(expr, range_ms, range_expr, Span(expr.span.lo, closing.hi))

    def _offset(self, expr: ast.Expr) -> ast.Expr:
        if not self._starts_duration(self._peek()):
            self._unexpected("offset", NO_DURATION)
        duration = self._offset_duration()
        selector = expr.selector if isinstance(expr, ast.MatrixSelector) else expr
        if not isinstance(selector, ast.VectorSelector | ast.Subquery):
            self._fail(
                "offset modifier must be preceded by an instant vector selector or range vector selector or a subquery",
                expr.span,
            )
        if selector.offset_ms or selector.offset_expr is not None:
            self._fail("offset may not be set multiple times", expr.span)
        offset_ms, offset_expr = self._milliseconds(duration)
        return self._with(expr, offset_ms=offset_ms, offset_expr=offset_expr)

    def _at(self, expr: ast.Expr) -> ast.Expr:
        anchor: ast.Anchor | None = None
        time_s = 0.0
        token = self._peek()
        if token.kind is Kind.PREPROCESSOR and token.word in ("start", "end"):
            anchor = ast.Anchor(self._take().word)
            self._expect("(", "@", "timestamp")
            self._expect(")", "@", "timestamp")
        else:
            negative = False
            if token.kind is Kind.OPERATOR and token.text in ("+", "-"):
                negative = self._take().text == "-"
            if self._peek().kind not in (Kind.NUMBER, Kind.DURATION):
                self._unexpected("@", "timestamp")
            time_s = self._number(self._take()).value
            time_s = -time_s if negative else time_s
            if not abs(time_s) <= MAX_AT_S:
                shown = f"{time_s:f}" if math.isfinite(time_s) else format_number(time_s)
                self._fail(f"timestamp out of bounds for @ modifier: {shown}", expr.span)
        selector = expr.selector if isinstance(expr, ast.MatrixSelector) else expr
        if not isinstance(selector, ast.VectorSelector | ast.Subquery):
            self._fail(
                "@ modifier must be preceded by an instant vector selector or range vector selector or a subquery",
                expr.span,
            )
        if selector.at_ms is not None or selector.at_anchor is not None:
            self._fail("@ <timestamp> may not be set multiple times", expr.span)
        at_ms = None if anchor else round_half_away(time_s * 1000)
        return self._with(expr, at_ms=at_ms, at_anchor=anchor)

    def _extended(self, expr: ast.Expr, word: str) -> ast.Expr:
        if not self._options.extended_range_selectors:
            self._fail(f"{word} modifier is experimental and not enabled", expr.span)
        if isinstance(expr, ast.Subquery):
            self._fail(f"{word} modifier is not supported for subqueries", expr.span)
        selector = expr.selector if isinstance(expr, ast.MatrixSelector) else expr
        if not isinstance(selector, ast.VectorSelector):
            self._fail(f"{word} modifier not implemented", expr.span)
        anchored, smoothed = selector.anchored or word == "anchored", selector.smoothed or word == "smoothed"
        if anchored and smoothed:
            self._fail("anchored and smoothed modifiers cannot be used together", expr.span)
        changed = replace(selector, anchored=anchored, smoothed=smoothed)
        return replace(expr, selector=changed) if isinstance(expr, ast.MatrixSelector) else changed

    def _with(
        self,
        expr: ast.Expr,
        *,
        offset_ms: int | None = None,
        offset_expr: ast.DurationExpr | None = None,
        at_ms: int | None = None,
        at_anchor: ast.Anchor | None = None,
    ) -> ast.Expr:
        """A copy of a selector or subquery with a modifier set, its span stretched over what was just taken."""
        span = Span(expr.span.lo, self._tokens[self._index - 1].hi)
        target = expr.selector if isinstance(expr, ast.MatrixSelector) else expr
        assert isinstance(target, ast.VectorSelector | ast.Subquery)
        if offset_ms is not None:
            changed = replace(target, offset_ms=offset_ms, offset_expr=offset_expr)
        else:
            changed = replace(target, at_ms=at_ms, at_anchor=at_anchor)
        if isinstance(expr, ast.MatrixSelector):
            assert isinstance(changed, ast.VectorSelector)
            return replace(expr, selector=changed, span=span)
        return replace(changed, span=span)
