"""A matcher's test for very many values: most expressions of silences can be decided without an automaton."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from watchkeeper.core.model.matcher import Matcher, MatchType

MAX_REMEMBERED: Final = 10_000  # Answers of one expression.

_WORDS: Final = re.compile(r"[\w\-:/@ ]+(?:\|[\w\-:/@ ]+)*").fullmatch
_PREFIX: Final = re.compile(r"[\w\-:/@ ]*")


def quick_test(matcher: Matcher) -> Callable[[str], bool]:
    """The same answers as `matcher.predicate()`, sooner.

    `a|b|c` is a set of words; `web-1.*` is decided by its first letters for values that begin otherwise; of all others
    the answers are remembered, for alerts share their values.
    """
    if matcher.type in (MatchType.EQUAL, MatchType.NOT_EQUAL):
        return matcher.predicate()
    text = matcher.value
    negative = matcher.type is MatchType.NOT_REGEX
    if _WORDS(text):
        words = frozenset(text.split("|"))
        return (lambda value: value not in words) if negative else words.__contains__
    test = matcher.predicate()
    prefix = _prefix(text)
    if prefix:
        if negative:
            return lambda value: not value.startswith(prefix) or test(value)
        return lambda value: value.startswith(prefix) and test(value)
    return _remembering(test)


def _prefix(text: str) -> str:
    """Letters that every match begins with; empty where that is not plain to see."""
    if "|" in text:
        return ""
    found = _PREFIX.match(text)
    prefix = found[0] if found else ""
    # What follows may make the last letter optional.
    return prefix[:-1] if text[len(prefix) : len(prefix) + 1] in ("?", "*", "{", "+") else prefix


def _remembering(test: Callable[[str], bool]) -> Callable[[str], bool]:
    answers: dict[str, bool] = {}

    def ask(value: str) -> bool:
        answer = answers.get(value)
        if answer is None:
            if len(answers) >= MAX_REMEMBERED:
                answers.clear()
            answer = answers[value] = test(value)
        return answer

    return ask
