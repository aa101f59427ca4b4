"""The place in a text that is being parsed: tokens one after the other, and errors that point at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NoReturn

from watchkeeper.core.model.duration import DurationError, parse_duration_ms
from watchkeeper.core.model.errors import ParseError
from watchkeeper.core.model.regex_weight import RegexWeight
from watchkeeper.core.model.span import Span
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.lexer import Kind, LexError, Token, parse_number, tokenize

MAX_CHARS: Final = 1 << 19  # A query's length; the longest take about two seconds to parse.
MAX_DEPTH: Final = 200  # Levels of a tree; every walk over it may recurse a few calls for each.


@dataclass(frozen=True, slots=True)
class ParserOptions:
    """What of the language is on. The defaults are upstream's."""

    experimental_functions: bool = False
    extended_range_selectors: bool = False  # `anchored`, `smoothed`
    fill_modifiers: bool = False  # `fill(0)`
    duration_expressions: bool = True  # `[1m + 30s]`


DEFAULT_OPTIONS: Final = ParserOptions()
ALL_OPTIONS: Final = ParserOptions(
    experimental_functions=True, extended_range_selectors=True, fill_modifiers=True, duration_expressions=True
)


class Cursor:
    """One text being parsed; `_context` is the construct that error texts name."""

    __slots__ = ("_context", "_deferred", "_depth", "_index", "_options", "_text", "_tokens", "_weight")

    def __init__(self, text: str, options: ParserOptions, weight: RegexWeight | None = None) -> None:
        self._text = text
        self._options = options
        self._index = 0
        self._context = ""
        self._depth = 0
        self._deferred: list[tuple[str, Span]] = []
        self._weight = RegexWeight() if weight is None else weight
        if len(text) > MAX_CHARS:
            self._fail(f"query of {len(text)} characters, the limit is {MAX_CHARS}", Span(0, 0))
        self._tokens = tokenize(text)

    def _peek(self) -> Token:
        return self._tokens[self._index]

    def _take(self) -> Token:
        token = self._tokens[self._index]
        if self._index < len(self._tokens) - 1:
            self._index += 1
        return token

    def _accept(self, text: str) -> bool:
        """Take the next token if it is this punctuation."""
        token = self._tokens[self._index]
        if token.kind is Kind.PUNCTUATION and token.text == text:
            self._index += 1
            return True
        return False

    def _expect(self, text: str, context: str, expected: str) -> Token:
        token = self._peek()
        if token.kind is not Kind.PUNCTUATION or token.text != text:
            self._unexpected(context, expected)
        return self._take()

    def _fail(self, message: str, span: Span) -> NoReturn:
        raise ParseError(message, span, self._text)

    def _unexpected(self, context: str | None = None, expected: str = "") -> NoReturn:
        token = self._peek()
        if token.kind is Kind.ERROR:
            self._fail(token.text, token.span)
        message = f"unexpected {token.describe()}"
        context = self._context if context is None else context
        if context:
            message += f" in {context}"
        if expected:
            message += f", expected {expected}"
        self._fail(message, token.span)

    def _too_deep(self, span: Span) -> NoReturn:
        self._fail(f"expression is nested too deeply, the limit is {MAX_DEPTH} levels", span)

    def _number(self, token: Token) -> ast.NumberLiteral:
        if token.kind is Kind.DURATION:
            return ast.NumberLiteral(self._duration_s(token), True, token.span)
        try:
            return ast.NumberLiteral(parse_number(token.text), False, token.span)
        except LexError as error:
            self._fail(str(error), token.span)

    def _duration_s(self, token: Token) -> float:
        try:
            return parse_duration_ms(token.text) / 1000
        except DurationError as error:
            self._fail(str(error), token.span)
        except ValueError:  # More digits than Python reads.
            self._fail("duration out of range", token.span)
