"""The error of a text that is no LogQL query."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.model.errors import ParseError
from watchkeeper.core.model.span import Span


class LogQLParseError(ParseError):
    """Text that is not a query. `str(error)` is upstream's form: with the place for what the grammar refuses, without
    it for a query whose parts do not fit. `span` is known in both cases."""

    def __init__(self, message: str, span: Span, query: str, *, is_syntax: bool = True) -> None:
        super().__init__(message, span, query)
        self.is_syntax = is_syntax

    def __str__(self) -> str:
        message = self.message.encode(errors="replace").decode()
        if not self.is_syntax or self.span is None:
            return f"parse error : {message}"
        before = self.query[: self.span.lo]
        line = before.count("\n") + 1
        column = len(before) - before.rfind("\n")
        return f"parse error at line {line}, col {column}: {message}"


EMPTY_MATCHERS: Final = (
    "queries require at least one regexp or equality matcher that does not have an empty-compatible value. "
    'For instance, app=~".*" does not meet this requirement, but app=~".+" will'
)


class NotThisKind(LogQLParseError):
    """A query of another kind than what was asked for, such as a metric query where lines are wanted."""

    def __init__(self, message: str, span: Span, query: str) -> None:
        super().__init__(message, span, query, is_syntax=False)

    def __str__(self) -> str:
        return self.message
