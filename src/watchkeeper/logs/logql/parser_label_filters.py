"""The label filters of the grammar: `status >= 500 and path="/"`.

A comma, or nothing, between two filters joins the one before it with all that follows: `a or b, c or d` is
`a or (b and (c or d))`. `and` binds tighter than `or`.
"""

from __future__ import annotations

from typing import Final

from watchkeeper.logs.lines.ip import IpError, IpMatcher
from watchkeeper.logs.lines.units import UnitError, parse_bytes
from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.cursor import MAX_DEPTH, Cursor
from watchkeeper.logs.logql.lexer import STAGE_WORDS, Kind, Token

_COMPARE: Final = {"=": ast.CompareOp.EQ, **{op.value: op for op in ast.CompareOp}}
_STRING_ONLY: Final = ("=~", "!~")
_MAY_BE_STRING: Final = ("=", "!=")
_ERRORS: Final = ("__error__", "__error_details__")


class LabelFilterParser(Cursor):
    """Label filters."""

    __slots__ = ()

    def _label_filter_stage(self, lo: int, *expected: str) -> ast.LabelFilterStage:
        """The label filter after a `|` at `lo`; `expected` is for the error where there is none."""
        if expected and self._peek().kind is not Kind.WORD and not self._at("("):
            self._unexpected(*expected)
        found = self._label_filters()
        return ast.LabelFilterStage(found, self._since(lo))

    def _label_filters(self) -> ast.LabelFilter:
        """Filters joined by `or`."""
        lo = self._peek().lo
        found = self._and_filters()
        n_joined = 1
        while self._accept_word("or"):
            n_joined += 1
            if n_joined > MAX_DEPTH:
                self._too_deep(self._peek().span)
            found = ast.OrFilter(found, self._and_filters(), self._since(lo))
        return found

    def _and_filters(self) -> ast.LabelFilter:
        lo = self._peek().lo
        found = self._joined_filter()
        n_joined = 1
        while self._accept_word("and"):
            n_joined += 1
            if n_joined > MAX_DEPTH:
                self._too_deep(self._peek().span)
            found = ast.AndFilter(found, self._joined_filter(), self._since(lo))
        return found

    def _joined_filter(self) -> ast.LabelFilter:
        """One filter, with all that follows where a comma or nothing joins it."""
        self._deeper()
        lo = self._peek().lo
        found = self._one_filter()
        if self._accept(",") or self._at_filter():
            found = ast.AndFilter(found, self._label_filters(), self._since(lo))
        self._depth -= 1
        return found

    def _at_filter(self) -> bool:
        """Whether another filter follows without anything between."""
        if self._at("("):
            return True
        return self._peek().kind is Kind.WORD and not self._at_word("and", "or", "unless", "by", "without", "offset")

    def _one_filter(self) -> ast.LabelFilter:
        if self._accept("("):
            found = self._label_filters()
            if not self._accept(")"):
                self._unexpected()
            return found
        token = self._peek()
        sign = self._following()
        if token.kind is not Kind.WORD or (token.word in STAGE_WORDS and sign.kind is not Kind.SIGN):
            self._unexpected(*(() if self._tokens[self._index - 1].text == "|" else ("IDENTIFIER", "(")))
        self._name()
        if sign.kind is not Kind.SIGN or (sign.text not in _COMPARE and sign.text not in _STRING_ONLY):
            self._unexpected()
        self._take()
        value = self._peek()
        if sign.text in _STRING_ONLY or (sign.text in _MAY_BE_STRING and value.kind is Kind.STRING):
            self._index -= 2
            matcher = self._matcher()
            return ast.StringFilter(matcher, self._since(token.lo))
        if token.text in _ERRORS:
            self._refuse(
                f"{token.text} is a text: only =, !=, =~ and !~ and a string can follow it", self._since(token.lo)
            )
        if sign.text in _MAY_BE_STRING and value.word == "ip" and value.is_call:
            pattern = self._ip_call()
            return ast.IpFilter(token.text, sign.text == "!=", pattern, self._since(token.lo))
        return self._number_filter(token, _COMPARE[sign.text])

    def _number_filter(self, name: Token, op: ast.CompareOp) -> ast.LabelFilter:
        """The value of a comparison, after its operator: a duration, a size or a number."""
        negative = False
        signed = self._at("-", "+")
        if signed:
            negative = self._take().text == "-"
        value = self._peek()
        if value.kind is Kind.DURATION and (negative or not signed):
            self._take()
            value_ns = self._duration_ns(value.text, value.span)
            return ast.DurationFilter(name.text, op, -value_ns if negative else value_ns, self._since(name.lo))
        if value.kind is Kind.NUMBER:
            self._take()
            number = self._number_of(value)
            return ast.NumberFilter(name.text, op, -number if negative else number, self._since(name.lo))
        if value.kind is Kind.BYTES and not signed:
            self._take()
            try:
                return ast.BytesFilter(name.text, op, parse_bytes(value.text), self._since(name.lo))
            except UnitError as error:
                self._fail(str(error), value.span)
        raise self._surprise(*(("NUMBER",) if signed else ()))

    def _ip_call(self) -> str:
        """`ip("…")`; the word is next."""
        self._take()
        self._expect("(")
        token = self._peek()
        pattern = self._string()
        self._expect(")")
        try:
            IpMatcher(pattern)
        except IpError as error:
            self._refuse(str(error), token.span)
        return pattern
