"""The store of one unit test: its input as time goes on, and what rules record. All in memory."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from watchkeeper.core.model.histogram import Histogram, HistogramSamples
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import METRIC_NAME, Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.stale import missing_mask
from watchkeeper.core.vector.frame import NO_LABELS
from watchkeeper.metrics.interface import AppendResult, Budget, Columns, SampleBatch, Series, Status, Values
from watchkeeper.metrics.promql.testlang.series import SeriesLine

Point = float | Histogram


@dataclass(slots=True)
class _Samples:
    """One series' samples in the order of their times."""

    times: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    histogram_times: list[int] = field(default_factory=list)
    histograms: list[Histogram] = field(default_factory=list)

    def add(self, time_ms: int, value: Point) -> Status:
        last = max(self.times[-1:] + self.histogram_times[-1:], default=time_ms - 1)
        if time_ms < last:
            return Status.OUT_OF_ORDER
        if time_ms == last:
            return Status.STORED if self._has(time_ms, value) else Status.DUPLICATE
        if isinstance(value, Histogram):
            self.histogram_times.append(time_ms)
            self.histograms.append(value)
        else:
            self.times.append(time_ms)
            self.values.append(value)
        return Status.STORED

    def _has(self, time_ms: int, value: Point) -> bool:
        if isinstance(value, Histogram):
            return self.histogram_times[-1:] == [time_ms] and self.histograms[-1] is value
        return self.times[-1:] == [time_ms] and np.float64(self.values[-1]).tobytes() == np.float64(value).tobytes()


@dataclass(slots=True)
class _Input:
    """A line of input and how much of it has come to pass."""

    line: SeriesLine
    n_stored: int = 0


class UnitStore:
    """Samples by label set, the newest last; an `Appender` and a `Querier` for one thread."""

    def __init__(self, series: Sequence[SeriesLine], start_ms: int, interval_ms: int) -> None:
        self._input = [_Input(line) for line in series]
        self._start_ms = start_ms
        self._interval_ms = interval_ms
        self._series: dict[Labels, _Samples] = {}
        self._of_name: dict[str, list[Labels]] = {}
        # What selects found before, with the count of series then; rules ask the same again and again.
        self._found: dict[tuple[Matcher, ...], tuple[int, list[Labels]]] = {}
        self._label_sets: dict[tuple[Matcher, ...], tuple[list[Labels], LabelSets]] = {}

    def advance(self, until_ms: int) -> None:
        """Store the input up to and with a time: rules see nothing of the future."""
        n_due = (until_ms - self._start_ms) // self._interval_ms + 1
        for item in self._input:
            values = item.line.values
            for i in range(item.n_stored, min(n_due, len(values))):
                value = values[i]
                point = value.number if value.histogram is None else value.histogram
                if point is not None:
                    self.add(item.line.labels, self._start_ms + i * self._interval_ms, point)
            item.n_stored = max(item.n_stored, min(n_due, len(values)))

    def add(self, labels: Labels, time_ms: int, value: Point) -> Status:
        """Store one sample."""
        samples = self._series.get(labels)
        if samples is None:
            samples = self._series[labels] = _Samples()
            self._of_name.setdefault(labels.name, []).append(labels)
        return samples.add(time_ms, value)

    def dump(self) -> list[tuple[Labels, list[tuple[int, Point]]]]:
        """Every series in order of its labels, with its samples."""
        out: list[tuple[Labels, list[tuple[int, Point]]]] = []
        for labels in sorted(self._series):
            samples = self._series[labels]
            points: list[tuple[int, Point]] = list(zip(samples.times, samples.values, strict=True))
            points += zip(samples.histogram_times, samples.histograms, strict=True)
            out.append((labels, sorted(points, key=lambda point: point[0])))
        return out

    # --- writing

    def source(self, name: str) -> _Writer:
        """A writer of rows."""
        return _Writer(self)

    def append(self, batch: SampleBatch, *, all_or_nothing: bool = False) -> AppendResult:
        """Store a batch."""
        numbers = [
            self.add(batch.labels[series], time_ms, value)
            for series, time_ms, value in zip(
                batch.series.tolist(), batch.times.tolist(), batch.values.tolist(), strict=True
            )
        ]
        natives = [self.add(batch.labels[series], time_ms, value) for series, time_ms, value in batch.histograms]
        return AppendResult(np.array(numbers, np.uint8), np.array(natives, np.uint8), np.zeros(0, np.uint8))

    # --- reading

    def _matching(self, matchers: Sequence[Matcher]) -> list[Labels]:
        key = tuple(matchers)
        n_series, found = self._found.get(key, (-1, []))
        if n_series != len(self._series):
            found = self._search(key)
            self._found[key] = len(self._series), found
        return found

    def _search(self, matchers: Sequence[Matcher]) -> list[Labels]:
        name = next((m.value for m in matchers if m.name == METRIC_NAME and m.type is MatchType.EQUAL), None)
        among = self._series if name is None else self._of_name.get(name, ())
        tests = [(matcher.name, matcher.predicate()) for matcher in matchers]
        return [labels for labels in among if all(passes(labels.get(key)) for key, passes in tests)]

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, budget: Budget, *, newest: bool = False
    ) -> Series:
        """All samples from start to end of the series that pass all matchers."""
        budget.check()
        chosen: list[Labels] = []
        times: list[int] = []
        values: list[float] = []
        value_lo: list[int] = []
        histograms: dict[int, HistogramSamples] = {}
        for labels in self._matching(matchers):
            samples = self._series[labels]
            lo, hi = _between(samples.times, start_ms, end_ms)
            native_lo, native_hi = _between(samples.histogram_times, start_ms, end_ms)
            if lo == hi and native_lo == native_hi:
                continue
            if newest:
                lo, native_lo = max(lo, hi - 1), max(native_lo, native_hi - 1)
            budget.charge(hi - lo + native_hi - native_lo)
            if native_lo < native_hi:
                histograms[len(chosen)] = HistogramSamples(
                    np.array(samples.histogram_times[native_lo:native_hi], np.int64),
                    samples.histograms[native_lo:native_hi],
                )
            chosen.append(labels)
            value_lo.append(len(values))
            times += samples.times[lo:hi]
            values += samples.values[lo:hi]
        starts = np.array(value_lo, np.int64)
        key = tuple(matchers)
        before, label_sets = self._label_sets.get(key, ([], NO_LABELS))
        if before != chosen:
            label_sets = LabelSets.of(chosen)
            self._label_sets[key] = chosen, label_sets
        return Series(
            labels=label_sets,
            times=np.array(times, np.int64),
            values=np.array(values, np.float64),
            value_lo=starts,
            value_hi=np.append(starts[1:], len(values)).astype(np.int64)[: len(starts)],
            time_lo=starts,
            histograms=histograms,
        )

    def _in_range(self, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> list[Labels]:
        found = {labels for matchers in matcher_sets or [[]] for labels in self._matching(matchers)}
        return sorted(labels for labels in found if self._any(self._series[labels], start_ms, end_ms))

    @staticmethod
    def _any(samples: _Samples, start_ms: int, end_ms: int) -> bool:
        return any(
            lo < hi for lo, hi in (_between(t, start_ms, end_ms) for t in (samples.times, samples.histogram_times))
        )

    def series(self, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> LabelSets:
        """The series that pass any of the sets and have samples in the range."""
        return LabelSets.of(self._in_range(matcher_sets, start_ms, end_ms))

    def label_names(self, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> list[str]:
        """Sorted."""
        return sorted({name for labels in self._in_range(matcher_sets, start_ms, end_ms) for name, _ in labels})

    def label_values(
        self, name: str, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int
    ) -> list[str]:
        """Sorted values of one label."""
        return sorted({labels.get(name) for labels in self._in_range(matcher_sets, start_ms, end_ms)} - {""})


def _between(times: list[int], start_ms: int, end_ms: int) -> tuple[int, int]:
    lo = bisect.bisect_left(times, start_ms)
    return lo, max(lo, bisect.bisect_right(times, end_ms))


class _Writer:
    """Rows of one group's level; its columns keep their numbers."""

    def __init__(self, store: UnitStore) -> None:
        self._store = store
        self._column_of: dict[Labels, int] = {}
        self._last_ms: int | None = None

    def columns(self, label_sets: Sequence[Labels]) -> Columns:
        """The column of each label set."""
        known = self._column_of
        return np.array([known.setdefault(labels, len(known)) for labels in label_sets], np.int32)

    @property
    def n_columns(self) -> int:
        """How many there are."""
        return len(self._column_of)

    @property
    def generation(self) -> int:
        """They are never renumbered."""
        return 0

    def append(self, time_ms: int, row: Values) -> Status:
        """Store one row; one before the last is refused as a whole, as the store does."""
        if self._last_ms is not None and time_ms <= self._last_ms:
            return Status.OUT_OF_ORDER
        self._last_ms = time_ms
        for labels, value, missing in zip(self._column_of, row.tolist(), missing_mask(row).tolist(), strict=True):
            if not missing:
                self._store.add(labels, time_ms, value)
        return Status.STORED

    def close(self) -> None:
        """Nothing is left to do."""
