"""Durations inside of a query: `5m`, `90`, `step() * 2 + 1m`. The base of the parser of expressions."""

from __future__ import annotations

import math
from typing import Final

from watchkeeper.core.model.span import Span
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.cursor import MAX_DEPTH, Cursor
from watchkeeper.metrics.promql.lexer import Kind, Token

MAX_DURATION_S: Final = (1 << 63) / 1e9  # Upstream holds durations as 64-bit nanoseconds.
NO_DURATION: Final = "number, duration, step(), or range()"  # What error texts expect in a duration's place.
UNARY_OPERAND: Final = ast.BinaryOp.POW.binding  # A sign binds like `*`, so only `^` stays inside of it.

_OPERATORS: Final = {op.value: op for op in ast.BinaryOp if op.binding >= ast.BinaryOp.ADD.binding}
_OPERATORS.pop("atan2")


class DurationParser(Cursor):
    """What a range, a step and an offset take."""

    __slots__ = ()

    @staticmethod
    def _starts_duration(token: Token) -> bool:
        match token.kind:
            case Kind.NUMBER | Kind.DURATION:
                return True
            case Kind.PREPROCESSOR:
                return token.word not in ("start", "end")
            case Kind.OPERATOR:
                return token.text in ("+", "-")
            case _:
                return token.kind is Kind.PUNCTUATION and token.text == "("

    def _positive_duration(self) -> tuple[int, ast.DurationExpr | None]:
        duration = self._duration(0)
        if isinstance(duration, ast.DurationNumber) and not duration.value_s > 0:
            self._fail("duration must be greater than 0", duration.span)
        return self._milliseconds(duration)

    def _milliseconds(self, duration: ast.DurationExpr) -> tuple[int, ast.DurationExpr | None]:
        """A literal as milliseconds, anything else as an expression to be resolved later."""
        if not isinstance(duration, ast.DurationNumber):
            if not self._options.duration_expressions:
                self._fail("experimental duration expression is not enabled", duration.span)
            return 0, duration
        if not abs(duration.value_s) <= MAX_DURATION_S:
            self._fail("duration out of range", duration.span)
        nanoseconds = round_half_away(duration.value_s * 1e9)
        return int(math.copysign(abs(nanoseconds) // 1_000_000, nanoseconds)), None

    def _offset_duration(self) -> ast.DurationExpr:
        """What `offset` takes: arithmetic only where it starts with a parenthesis, so `x offset 1m + 1` adds 1."""
        token = self._peek()
        if token.kind is Kind.OPERATOR:
            following = self._tokens[min(self._index + 1, len(self._tokens) - 1)]
            if following.kind is Kind.OPERATOR:
                return self._duration(0)
            sign = self._take()
            if not self._starts_duration(self._peek()):
                self._unexpected("offset", NO_DURATION)
            return self._signed(sign, self._duration_primary())
        if token.kind is Kind.PUNCTUATION:
            return self._duration(0)
        return self._duration_primary()

    def _duration(self, least: int) -> ast.DurationExpr:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._too_deep(self._peek().span)
        if self._peek().kind is Kind.OPERATOR:
            sign = self._take()
            if sign.text not in ("+", "-"):
                self._index -= 1
                self._unexpected("duration expression", NO_DURATION)
            lhs = self._signed(sign, self._duration(UNARY_OPERAND))
        else:
            lhs = self._duration_primary()
        n_operators = 0
        while True:
            token = self._peek()
            op = _OPERATORS.get(token.text) if token.kind is Kind.OPERATOR else None
            if op is None or op.binding < least:
                break
            n_operators += 1
            if n_operators > MAX_DEPTH:
                self._too_deep(token.span)
            self._take()
            rhs = self._duration(op.binding if op is ast.BinaryOp.POW else op.binding + 1)
            if isinstance(rhs, ast.DurationNumber) and rhs.value_s == 0:
                if op is ast.BinaryOp.DIV:
                    self._fail("division by zero", rhs.span)
                if op is ast.BinaryOp.MOD:
                    self._fail("modulo by zero", rhs.span)
            lhs = ast.DurationBinary(op, lhs, rhs, lhs.span.join(rhs.span))
        self._depth -= 1
        return lhs

    def _duration_primary(self) -> ast.DurationExpr:
        token = self._peek()
        if not self._starts_duration(token) or token.kind is Kind.OPERATOR:
            self._unexpected("duration expression", NO_DURATION)
        self._take()
        match token.kind:
            case Kind.NUMBER | Kind.DURATION:
                number = self._number(token)
                return ast.DurationNumber(number.value, number.is_duration, token.span)
            case Kind.PUNCTUATION:
                inner = self._duration(0)
                closing = self._expect(")", "duration expression", '")"')
                return ast.DurationParen(inner, Span(token.lo, closing.hi))
            case _:
                self._expect("(", "duration expression", '"("')
                args: tuple[ast.DurationExpr, ...] = ()
                if token.word in ("min_of", "max_of"):
                    first = self._duration(0)
                    self._expect(",", "duration expression", '","')
                    args = (first, self._duration(0))
                closing = self._expect(")", "duration expression", '")"')
                return ast.DurationCall(token.word, args, Span(token.lo, closing.hi))

    @staticmethod
    def _signed(sign: Token, duration: ast.DurationExpr) -> ast.DurationExpr:
        """A duration with its sign: part of a literal, left out where it is a plus."""
        span = Span(sign.lo, duration.span.hi)
        if isinstance(duration, ast.DurationNumber):
            value_s = -duration.value_s if sign.text == "-" else duration.value_s
            return ast.DurationNumber(value_s, duration.is_duration, span)
        return ast.DurationUnary(ast.UnaryOp.MINUS, duration, span) if sign.text == "-" else duration


def round_half_away(value: float) -> int:
    """Go's math.Round."""
    return int(math.copysign(math.floor(abs(value) + 0.5), value))
