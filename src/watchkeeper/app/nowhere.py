"""A metrics store that keeps nothing, for rules of a process that has none: their alerts still count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.metrics.interface import AppendResult, Budget, Columns, SampleBatch, Series, Status, Values

MAX_COLUMNS: Final = 100_000  # Then a writer forgets the label sets that it has numbered.


class Nowhere:
    """An `Appender` that takes everything, and a `Querier` that finds nothing."""

    def source(self, name: str) -> NoWriter:
        """A writer that keeps nothing."""
        del name
        return NoWriter()

    def append(self, batch: SampleBatch, *, all_or_nothing: bool = False) -> AppendResult:
        """As if all were stored."""
        del all_or_nothing
        counts = (len(batch.values), len(batch.histograms), len(batch.exemplars))
        return AppendResult(*(np.zeros(count, np.uint8) for count in counts))

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, budget: Budget, *, newest: bool = False
    ) -> Series:
        """None."""
        none = np.zeros(0, np.int64)
        return Series(LabelSets.of([]), none, none.astype(np.float64), none, none, none)

    def series(self, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> LabelSets:
        """None."""
        return LabelSets.of([])

    def label_names(self, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> list[str]:
        """None."""
        return []

    def label_values(
        self, name: str, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int
    ) -> list[str]:
        """None."""
        return []


class NoWriter:
    """A `SourceWriter` that only numbers columns, each label set with its own."""

    def __init__(self) -> None:
        self._numbers: dict[Labels, int] = {}
        self.generation = 0

    @property
    def n_columns(self) -> int:
        """How many label sets it has numbered."""
        return len(self._numbers)

    def columns(self, label_sets: Sequence[Labels]) -> Columns:
        """The number of each."""
        numbers = self._numbers
        return np.array([numbers.setdefault(labels, len(numbers)) for labels in label_sets], np.int32)

    def append(self, time_ms: int, row: Values) -> Status:
        """As if it were stored."""
        if len(self._numbers) > MAX_COLUMNS:
            self._numbers = {}
            self.generation += 1
        return Status.STORED

    def close(self) -> None:
        """Nothing."""
