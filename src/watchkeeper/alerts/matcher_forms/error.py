"""What is wrong with the text of a matcher."""

from __future__ import annotations

from watchkeeper.core.model.errors import WatchkeeperError
from watchkeeper.core.model.go_regex_error import regex_problem
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.regex import RegexError


class MatcherError(WatchkeeperError, ValueError):
    """Text that is no matcher.

    column   of the character at fault, from 0; None where no one character is
    """

    def __init__(self, message: str, column: int | None = None) -> None:
        super().__init__(message)
        self.column = column


def made_matcher(name: str, type_: MatchType, value: str) -> Matcher:
    """The matcher. Raises MatcherError where its value is to be an expression and is none."""
    try:
        return Matcher(name, type_, value)
    except (RegexError, UnicodeError):
        raise MatcherError(regex_problem(f"^(?:{value})$")) from None
