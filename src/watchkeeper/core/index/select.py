"""Matchers to series: which refs of a `SeriesTable` pass.

A matcher that an absent label passes can't start from the postings of its label: it takes away the series whose value
fails. Source of the semantics: Prometheus tsdb/querier.go, PostingsForMatchers.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels.series_table import SeriesTable, intersect, subtract
from watchkeeper.core.model.matcher import Matcher, MatchType

Refs = npt.NDArray[np.uint32]

_CHAR: Final = r"(?:[A-Za-z0-9_:/ ,=@%~\-]|\\[.\-+*?()|\[\]{}^$/])"
_LITERALS: Final = re.compile(rf"{_CHAR}+(?:\|{_CHAR}+)*")
_PREFIX: Final = re.compile(r"([A-Za-z0-9_:/ ,=@%~\-]+)(?:\.[*+])")


def select_refs(table: SeriesTable, matchers: Sequence[Matcher]) -> Refs:
    """The refs, ascending, of the series that pass all matchers (all series where there are none)."""
    found: Refs | None = None
    taking: list[Matcher] = []
    for matcher in sorted(matchers, key=_cost):
        if matcher.matches_empty:
            taking.append(matcher)
            continue
        refs = table.unite(_passing(table, matcher))
        found = refs if found is None else intersect(found, refs)
        if not len(found):
            return found
    if found is None:
        found = table.all()
    for matcher in taking:
        failing = _failing(table, matcher)
        if len(failing):
            found = subtract(found, table.unite(failing))
    return found


def select_any(table: SeriesTable, matcher_sets: Sequence[Sequence[Matcher]]) -> Refs:
    """The refs, ascending, of the series that pass any of the sets (all series where there are none)."""
    if not matcher_sets:
        return table.all()
    parts = [select_refs(table, matchers) for matchers in matcher_sets]
    return parts[0] if len(parts) == 1 else np.unique(np.concatenate(parts))


def _cost(matcher: Matcher) -> int:
    # Equality needs one look-up, an expression a walk over all values.
    return 0 if matcher.type is MatchType.EQUAL else 1


def _passing(table: SeriesTable, matcher: Matcher) -> Refs:
    """The pairs of the label whose value passes."""
    if matcher.type is MatchType.EQUAL:
        return table.find_pairs(matcher.name, [matcher.value])
    if matcher.type is MatchType.REGEX:
        literals = literals_of(matcher.value)
        if literals is not None:
            return table.find_pairs(matcher.name, literals)
    values, pairs = table.values(matcher.name)
    return _where(values, pairs, matcher, passing=True)


def _failing(table: SeriesTable, matcher: Matcher) -> Refs:
    """The pairs of the label whose value does not pass."""
    if matcher.type is MatchType.NOT_EQUAL:
        return table.find_pairs(matcher.name, [matcher.value])
    if matcher.type is MatchType.NOT_REGEX:
        literals = literals_of(matcher.value)
        if literals is not None:
            return table.find_pairs(matcher.name, literals)
    values, pairs = table.values(matcher.name)
    if matcher.type is MatchType.EQUAL:  # `label=""`: every value fails.
        return pairs
    return _where(values, pairs, matcher, passing=False)


def _where(values: list[str], pairs: Refs, matcher: Matcher, *, passing: bool) -> Refs:
    # A loop over the label's distinct values, about a microsecond each.
    if matcher.type in (MatchType.REGEX, MatchType.NOT_REGEX):
        wanted = passing is (matcher.type is MatchType.REGEX)
        prefix = prefix_of(matcher.value)
        if prefix is not None:
            text, needs_more = prefix
            hits = [
                i
                for i, value in enumerate(values)
                if (value.startswith(text) and not (needs_more and value == text)) is wanted
            ]
            return pairs[hits]
    passes = matcher.predicate()
    return pairs[[i for i, value in enumerate(values) if passes(value) is passing]]


@functools.lru_cache(maxsize=1024)
def literals_of(expression: str) -> tuple[str, ...] | None:
    """The texts that an expression matches where it is an alternation of literals, as `a|b`; None for others."""
    if not _LITERALS.fullmatch(expression):
        return None
    return tuple(dict.fromkeys(re.sub(r"\\(.)", r"\1", part) for part in re.split(r"(?<!\\)\|", expression)))


@functools.lru_cache(maxsize=1024)
def prefix_of(expression: str) -> tuple[str, bool] | None:
    """The prefix of `prefix.*` (and False) or `prefix.+` (and True); None for other expressions."""
    match = _PREFIX.fullmatch(expression)
    return (match[1], expression.endswith("+")) if match else None
