"""Aggregations over log ranges: `rate({…} | json [5m] offset 1m) by (…)`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from watchkeeper.core.model.labels import quote
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.core.model.span import Span
from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.lexer import Kind, Token
from watchkeeper.logs.logql.parser_stages import StageParser

_CONVERSION_TOKENS: Final = ("BYTES", "DURATION", "DURATION_SECONDS")
_CONVERSIONS: Final = {conversion.value: conversion for conversion in ast.Conversion if conversion.value}


@dataclass(slots=True)
class _Window:
    """A log range as far as it has been read; its parts may come in several orders."""

    matchers: tuple[Matcher, ...]
    stages: tuple[ast.Stage, ...]
    unwrap: ast.Unwrap | None
    query_span: Span
    range_ns: int | None = None
    offset_ns: int = 0


class RangeParser(StageParser):
    """Range aggregations, and the windows that they are over."""

    __slots__ = ()

    def _grouping(self) -> ast.Grouping | None:
        if not self._at_word("by", "without"):
            return None
        without = self._take().word == "without"
        return ast.Grouping(self._names(), without)

    def _range_aggregation(self, op: ast.RangeOp) -> ast.RangeAggregation:
        token = self._take()
        self._expect("(")
        parameter: Token | None = None
        if self._peek().kind is Kind.NUMBER:
            parameter = self._take()
            self._expect(",")
        elif not self._at("{", "("):
            self._unexpected("NUMBER", "{", "(")
        window = self._log_range()
        self._expect(")")
        grouping = self._grouping()
        span = self._since(token.lo)
        param: float | None = None
        if op is ast.RangeOp.QUANTILE_OVER_TIME:
            if parameter is None:
                self._refuse(f"parameter required for operation {op.value}", span)
            param = self._number_of(parameter)
        elif parameter is not None:
            self._refuse(f"parameter {parameter.text} not supported for operation {op.value}", parameter.span)
        return ast.RangeAggregation(op, window, param, grouping, span)

    # --- log ranges ---

    def _log_range(self) -> ast.LogRange:
        lo = self._peek().lo
        window = self._window()
        if window.range_ns is None:
            self._unexpected(*self._behind(window))
        query = ast.LogQuery(window.matchers, window.stages, window.query_span)
        return ast.LogRange(query, window.range_ns, window.offset_ns, window.unwrap, self._since(lo))

    def _window(self) -> _Window:
        """A selector with stages, unwrap, range and offset: the range last, or right behind the selector."""
        lo = self._peek().lo
        if self._accept("("):
            self._deeper()
            window = self._window()
            if not self._accept(")"):
                self._unexpected(*self._behind(window, ")"))
            self._depth -= 1
        elif not self._at("{"):
            self._unexpected("{", "(")
        else:
            matchers = self._selector()
            stages = self._stages()
            unwrap = self._unwrap()
            window = _Window(matchers, stages, unwrap, self._since(lo))
        if window.range_ns is not None or self._peek().kind is not Kind.RANGE:
            return window
        token = self._take()
        window.range_ns = self._duration_ns(token.text[1:-1], token.span)
        if window.range_ns < 0:
            self._fail(f"not a valid duration string: {quote(token.text[1:-1])}", token.span)
        if self._accept_word("offset"):
            negative = self._accept("-")
            token = self._expect_kind(Kind.DURATION)
            offset_ns = self._duration_ns(token.text, token.span)
            window.offset_ns = -offset_ns if negative else offset_ns
        if not window.stages and window.unwrap is None:
            window.stages = self._stages()
            window.unwrap = self._unwrap()
            if window.stages:
                window.query_span = Span(window.query_span.lo, window.stages[-1].span.hi)
        return window

    def _behind(self, window: _Window, *more: str) -> tuple[str, ...]:
        """What could stand behind a window without a range; nothing where that is too much to tell."""
        if window.range_ns is not None:
            return ()
        if self._tokens[self._index - 1].text == ")" and not (window.unwrap and window.unwrap.filters):
            closes_window = window.unwrap is None or window.unwrap.span.hi < self._tokens[self._index - 1].hi
            if closes_window:
                return ("RANGE",)
        return ("RANGE", "|", *more) if window.unwrap is not None else ()

    def _unwrap(self) -> ast.Unwrap | None:
        """`| unwrap …` and the label filters behind it."""
        if not self._at("|"):
            return None
        lo = self._take().lo
        self._take()
        token = self._peek()
        conversion = ast.Conversion.NONE
        if token.word in _CONVERSIONS and token.is_call:
            conversion = _CONVERSIONS[self._take().word]
            self._expect("(")
            label = self._name()
            self._expect(")")
        elif token.kind is Kind.WORD:
            label = self._name()
        else:
            self._unexpected("IDENTIFIER", *(_CONVERSION_TOKENS))
        filters: list[ast.LabelFilterStage] = []
        while self._at("|"):
            filters.append(self._label_filter_stage(self._take().lo, "IDENTIFIER", "("))
        return ast.Unwrap(label, conversion, tuple(filters), self._since(lo))
