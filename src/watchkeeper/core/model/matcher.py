"""A condition on one label."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

from watchkeeper.core.model.labels import label_name, quote
from watchkeeper.core.model.regex import regex


class MatchType(enum.Enum):
    """How a matcher compares."""

    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


@dataclass(frozen=True, slots=True)
class Matcher:
    """A condition on one label; an absent label counts as the empty string."""

    name: str
    type: MatchType
    value: str

    def __post_init__(self) -> None:
        """Raises RegexError where the value is not an expression."""
        if self.type in (MatchType.REGEX, MatchType.NOT_REGEX):
            regex(self.value)

    def __hash__(self) -> int:
        # Queries look selections up by their matchers; the type would cost more than it tells apart.
        return hash((self.name, self.value))

    def matches(self, value: str) -> bool:
        """Whether a label with this value passes."""
        return self.predicate()(value)

    def predicate(self) -> Callable[[str], bool]:
        """The test itself, to be called for many values."""
        match self.type:
            case MatchType.EQUAL:
                return self.value.__eq__
            case MatchType.NOT_EQUAL:
                return self.value.__ne__
            case MatchType.REGEX:
                return regex(self.value).matches
            case MatchType.NOT_REGEX:
                positive = regex(self.value).matches
                return lambda text: not positive(text)

    @property
    def matches_empty(self) -> bool:
        """Whether a series without the label passes."""
        return self.matches("")

    def __str__(self) -> str:
        return f"{label_name(self.name)}{self.type.value}{quote(self.value)}"
