"""Groups of rules as they were loaded: plain values, comparable, so that a reload can tell what has changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from watchkeeper.rules.interface import Expression, Samples

Pairs: TypeAlias = tuple[tuple[str, str], ...]
"""Names and templates of values, in order of the names. A label with an empty value removes that of the sample."""

RuleKind: TypeAlias = Literal["record", "alert"]


@dataclass(frozen=True, slots=True)
class LoadedRule:
    """One rule. Two are equal if they do the same; where they stand does not count.

    name         of the metric it records, or of the alert
    expr         the expression as the language's printer writes it (as it stands in the file where it isn't compiled)
    labels       the rule's over its group's, not expanded; so are the annotations
    line         of the file, counted from 1
    """

    kind: RuleKind
    name: str
    expr: str
    expression: Expression = field(compare=False, repr=False)
    for_ms: int = 0
    keep_firing_for_ms: int = 0
    labels: Pairs = ()
    annotations: Pairs = ()
    line: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class LoadedGroup:
    """Rules that are evaluated in order at the same times.

    file             its path as it was found, which with the name makes the group's key
    interval_ms      None for the global evaluation_interval
    limit            of samples or alerts of one rule; 0 for none
    query_offset_ms  None for the global rule_query_offset
    labels           of the group, which the rules have already
    """

    file: str
    name: str
    interval_ms: int | None = None
    limit: int = 0
    query_offset_ms: int | None = None
    labels: Pairs = ()
    rules: tuple[LoadedRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Uncompiled:
    """The expression of a rule that was only read, not compiled: it can't be evaluated."""

    text: str

    def evaluate(self, time_ms: int) -> Samples:
        """Raises RuntimeError: nothing that evaluates may be given such a rule."""
        raise RuntimeError(f"the expression was not compiled: {self.text}")

    def reads(self, metric: str) -> bool:
        """True, as nothing is known of it."""
        return True
