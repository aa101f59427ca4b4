"""A recording rule: an expression's samples under another name.

Source: Prometheus rules/recording.go.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import METRIC_NAME, Labels
from watchkeeper.core.model.stale import MISSING
from watchkeeper.rules.files.loaded import LoadedRule
from watchkeeper.rules.output import NO_OUTPUT, NO_SERIES, Output, SeriesList
from watchkeeper.rules.rule import Moment, Rule, RuleError
from watchkeeper.rules.same_labels import are_same

SAME_LABELS: Final = "vector contains metrics with the same labelset after applying rule labels"


class RecordingRule(Rule):
    """Gives its expression's samples, with its name and its labels over theirs."""

    def __init__(self, loaded: LoadedRule) -> None:
        super().__init__(loaded)
        self._over = {**dict(loaded.labels), METRIC_NAME: loaded.name}
        self._seen: LabelSets | None = None
        self._series = NO_SERIES

    def evaluate(self, at: Moment) -> Output:
        """The samples. Raises QueryError; RuleError for equal label sets and for more samples than the limit."""
        samples = self.loaded.expression.evaluate(at.sample_ms)
        n = len(samples.labels)
        if 0 < at.limit < n:
            raise RuleError(f"exceeded limit of {at.limit} with {n} series")
        series = self._series_of(samples.labels)
        if not n:
            return NO_OUTPUT
        values = samples.values
        if samples.histograms:
            values = values.copy()
            values[list(samples.histograms)] = MISSING
        return Output(series, np.ascontiguousarray(values), samples.histograms)

    def _series_of(self, labels: LabelSets) -> SeriesList:
        """The series under the rule's name; the very list of last time where the expression gave the same ones."""
        if self._seen is not None and are_same(self._seen, labels):
            return self._series
        renamed = relabelled(labels, self._over)
        if len(set(renamed)) < len(renamed):
            raise RuleError(SAME_LABELS)
        if renamed != self._series.label_sets:
            self._series = SeriesList(renamed) if renamed else NO_SERIES
        self._seen = labels
        return self._series


def relabelled(labels: LabelSets, over: dict[str, str]) -> list[Labels]:
    """Each label set with these labels over its own, an empty value taking one away. A loop over the sets."""
    names, strings = labels.names, labels.strings
    return [
        Labels(({name: strings[code] for name, code in zip(names, row, strict=True)} | over).items())
        for row in labels.codes.tolist()
    ]
