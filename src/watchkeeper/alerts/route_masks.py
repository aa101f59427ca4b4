"""Which nodes of a routing tree the value of one label lets pass, for all nodes at once.

Nodes are bits of an integer. Equality, and expressions that are mere lists of words (`a|b|c`), are looked up; other
expressions are run, each once for a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from watchkeeper.core.model.matcher import Matcher, MatchType

MAX_KEPT: Final = 50_000  # Values of one label that are remembered.

_WORDS: Final = re.compile(r"(?:\^\(\?:)?([\w \-/:@,]+(?:\|[\w \-/:@,]+)*)(?:\)\$)?", re.ASCII)


class LabelMask:
    """The conditions that nodes have on one label."""

    __slots__ = ("_known", "_none_of", "_one_of", "_one_of_all", "_tests")

    def __init__(self) -> None:
        self._one_of: dict[str, int] = {}
        self._one_of_all = 0
        self._none_of: dict[str, int] = {}
        self._tests: list[tuple[Callable[[str], bool], int]] = []
        self._known: dict[str, int] = {}

    def add(self, node: int, matchers: Sequence[Matcher]) -> None:
        """All matchers that the node of this number has on the label."""
        bit = 1 << node
        words = words_of(matchers[0]) if len(matchers) == 1 else None
        if words is None:
            self._tests += [(matcher.predicate(), bit) for matcher in matchers]
            return
        positive = matchers[0].type in (MatchType.EQUAL, MatchType.REGEX)
        places = self._one_of if positive else self._none_of
        for word in words:
            places[word] = places.get(word, 0) | bit
        if positive:
            self._one_of_all |= bit

    def failing(self, value: str) -> int:
        """The bits of the nodes that an alert with this value (empty without the label) does not pass."""
        known = self._known.get(value)
        if known is None:
            known = (self._one_of_all & ~self._one_of.get(value, 0)) | self._none_of.get(value, 0)
            for test, bit in self._tests:
                if not test(value):
                    known |= bit
            if len(self._known) >= MAX_KEPT:
                self._known.clear()
            self._known[value] = known
        return known


def words_of(matcher: Matcher) -> frozenset[str] | None:
    """The values that a matcher is about, where they can be listed; None for other expressions."""
    if matcher.type in (MatchType.EQUAL, MatchType.NOT_EQUAL):
        return frozenset((matcher.value,))
    found = _WORDS.fullmatch(matcher.value)
    if found is None or matcher.value.startswith("^") is not matcher.value.endswith("$"):
        return None
    return frozenset(found[1].split("|"))
