"""The slow twin of core/kernels/series_table with core/index/select: label sets in a dict, matchers one by one."""

from __future__ import annotations

from collections.abc import Sequence

from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher


def select(series: dict[int, Labels], matchers: Sequence[Matcher]) -> list[int]:
    """The refs of the series that pass all matchers, ascending."""
    return sorted(
        ref for ref, labels in series.items() if all(matcher.matches(labels.get(matcher.name)) for matcher in matchers)
    )
