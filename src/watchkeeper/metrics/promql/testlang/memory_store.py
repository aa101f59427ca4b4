"""A store of a few series in dicts: what scripts and unit tests of rules query."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from watchkeeper.core.model.histogram import Histogram, HistogramSamples
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import METRIC_NAME, Labels
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.metrics.interface import Budget, Series
from watchkeeper.metrics.promql.testlang.histograms import histogram_from_classic
from watchkeeper.metrics.promql.testlang.series import SeriesLine, SeriesValue

_SUFFIXES = ("_bucket", "_count", "_sum")


class MemoryStore:
    """Samples by label set and time; a `Querier`. Made for tests: every select walks all series."""

    def __init__(self) -> None:
        self._numbers: dict[Labels, dict[int, float]] = {}
        self._histograms: dict[Labels, dict[int, Histogram]] = {}
        self._starts: dict[Labels, dict[int, int]] = {}

    def clear(self) -> None:
        """Forget everything."""
        self._numbers.clear()
        self._histograms.clear()
        self._starts.clear()

    def add(self, labels: Labels, time_ms: int, value: float | Histogram) -> None:
        """Store one sample; a second one of the same time replaces the first."""
        if isinstance(value, Histogram):
            self._histograms.setdefault(labels, {})[time_ms] = value
        else:
            self._numbers.setdefault(labels, {})[time_ms] = value

    def load(self, series: Sequence[SeriesLine], interval_ms: int, *, with_nhcb: bool = False) -> None:
        """Store the values of `series`, the first at time 0.

        with_nhcb   store each classic histogram as one with custom buckets too
        Raises HistogramError for a classic histogram whose counts fall.
        """
        for line in series:
            for i, value in enumerate(line.values):
                self._add_value(line.labels, i * interval_ms, value)
            for i, offset_ms in enumerate(line.start_offsets_ms or ()):
                if offset_ms is not None:
                    self._starts.setdefault(line.labels, {})[i * interval_ms] = i * interval_ms + offset_ms
        if with_nhcb:
            self._add_classic([line for line in series if line.start_offsets_ms is None], interval_ms)

    def _add_value(self, labels: Labels, time_ms: int, value: SeriesValue) -> None:
        if value.histogram is not None:
            self.add(labels, time_ms, value.histogram)
        elif value.number is not None:
            self.add(labels, time_ms, value.number)

    def _add_classic(self, series: Sequence[SeriesLine], interval_ms: int) -> None:
        parts: dict[tuple[Labels, int], tuple[dict[float, float], dict[str, float]]] = {}
        for line in series:
            suffix = next((end for end in _SUFFIXES if line.labels.name.endswith(end)), None)
            if suffix is None:
                continue
            bound = _bound(line.labels.get("le")) if suffix == "_bucket" else 0.0
            if math.isnan(bound):
                continue
            labels = line.labels.drop(["le"]).with_(**{METRIC_NAME: line.labels.name.removesuffix(suffix)})
            for i, value in enumerate(line.values):
                if value.number is None:
                    continue
                buckets, totals = parts.setdefault((labels, i * interval_ms), ({}, {}))
                if suffix == "_bucket":
                    buckets[bound] = value.number
                else:
                    totals[suffix] = value.number
        for (labels, time_ms), (buckets, totals) in parts.items():
            histogram = histogram_from_classic(buckets, totals.get("_count"), totals.get("_sum"))
            if histogram is not None:
                self.add(labels, time_ms, histogram)

    # --- the reading side ---

    def _matching(self, matcher_sets: Sequence[Sequence[Matcher]]) -> list[Labels]:
        label_sets = sorted(self._numbers.keys() | self._histograms.keys(), key=lambda labels: labels.pairs)
        if not matcher_sets:
            return label_sets
        tests = [[(matcher.name, matcher.predicate()) for matcher in matchers] for matchers in matcher_sets]
        return [
            labels
            for labels in label_sets
            if any(all(passes(labels.get(name)) for name, passes in test) for test in tests)
        ]

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, budget: Budget, *, newest: bool = False
    ) -> Series:
        """All samples in the range, both ends included, of the series that pass all matchers."""
        chosen: list[Labels] = []
        times: list[int] = []
        values: list[float] = []
        starts: list[int] = []
        value_lo: list[int] = []
        histograms: dict[int, HistogramSamples] = {}
        for labels in self._matching([list(matchers)]):
            numbers = self._numbers.get(labels, {})
            inside = sorted(time_ms for time_ms in numbers if start_ms <= time_ms <= end_ms)
            natives = self._histograms.get(labels, {})
            native_times = sorted(time_ms for time_ms in natives if start_ms <= time_ms <= end_ms)
            if not inside and not native_times:
                continue
            budget.charge(len(inside) + len(native_times))
            if native_times:
                samples = [natives[time_ms] for time_ms in native_times]
                histograms[len(chosen)] = HistogramSamples(np.array(native_times, np.int64), samples)
            chosen.append(labels)
            value_lo.append(len(values))
            times += inside
            values += [numbers[time_ms] for time_ms in inside]
            began = self._starts.get(labels, {})
            starts += [began.get(time_ms, 0) for time_ms in inside]
        lo = np.array(value_lo, np.int64)
        return Series(
            labels=LabelSets.of(chosen),
            times=np.array(times, np.int64),
            values=np.array(values, np.float64),
            value_lo=lo,
            value_hi=np.append(lo[1:], len(values)).astype(np.int64)[: len(lo)],
            time_lo=lo,
            histograms=histograms,
            start_times=np.array(starts, np.int64) if self._starts else None,
        )

    def series(self, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> LabelSets:
        """The series that pass any of the sets and have samples in the range."""
        return LabelSets.of(self._in_range(matcher_sets, start_ms, end_ms))

    def _in_range(self, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> list[Labels]:
        return [
            labels
            for labels in self._matching(matcher_sets)
            if any(start_ms <= time_ms <= end_ms for time_ms in self._numbers.get(labels, {}))
            or any(start_ms <= time_ms <= end_ms for time_ms in self._histograms.get(labels, {}))
        ]

    def label_names(self, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> list[str]:
        """Sorted."""
        return sorted({name for labels in self._in_range(matcher_sets, start_ms, end_ms) for name, _ in labels})

    def label_values(
        self, name: str, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int
    ) -> list[str]:
        """Sorted values of one label."""
        found = {labels.get(name) for labels in self._in_range(matcher_sets, start_ms, end_ms)}
        return sorted(found - {""})


def _bound(text: str) -> float:
    """The number in a `le` label; NaN where it is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan
