"""Warnings and infos that an answer carries, in upstream's words.

Source of the texts: Prometheus util/annotations.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from watchkeeper.core.kernels.number_text import format_general
from watchkeeper.core.model.labels import quote
from watchkeeper.core.model.span import Span

_MONOTONICITY: Final = (
    "input to histogram_quantile needed to be fixed for monotonicity (see "
    "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)"
)


@dataclass(slots=True)
class _Forced:
    """What is known of the buckets of one histogram that were not monotonic."""

    count: int
    min_ms: int
    max_ms: int
    min_bucket: float
    max_bucket: float
    max_diff: float


@dataclass(slots=True)
class Annotations:
    """Collects each text once; positions point into `query`."""

    query: str
    _warnings: dict[str, None] = field(default_factory=dict)
    _infos: dict[str, None] = field(default_factory=dict)
    _forced: dict[tuple[str, Span], _Forced] = field(default_factory=dict)

    def _place(self, span: Span) -> str:
        line, column = span.place(self.query)
        return f"({line}:{column})"

    def warn(self, text: str, span: Span) -> None:
        """Something is wrong with the query or the data."""
        self._warnings[f"PromQL warning: {text} {self._place(span)}"] = None

    def info(self, text: str, span: Span) -> None:
        """Something may be wrong."""
        self._infos[f"PromQL info: {text} {self._place(span)}"] = None

    def invalid_quantile(self, value: float, span: Span) -> None:
        """φ is not between 0 and 1."""
        self.warn(f"quantile value should be between 0 and 1, got {format_general(value)}", span)

    def invalid_ratio(self, value: float, capped: float, span: Span) -> None:
        """limit_ratio's ratio is not between -1 and 1."""
        self.warn(
            f"ratio value should be between -1 and 1, got {format_general(value)}, capping to {format_general(capped)}",
            span,
        )

    def bad_bucket(self, text: str, metric: str, span: Span) -> None:
        """A classic histogram's bucket without a proper bound."""
        of = "" if not metric else f" for metric name {quote(metric)}"
        self.warn(f'bucket label "le" is missing or has a malformed value of {quote(text)}{of}', span)

    def possible_non_counter(self, metric: str, span: Span) -> None:
        """A counter's function over what doesn't look like one."""
        self.info(
            f"metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {quote(metric)}", span
        )

    def possible_non_counter_type(self, metric: str, type_: str, span: Span) -> None:
        """A counter's function over what says that it is none."""
        self.info(
            'metric might not be a counter, __type__ label is not set to "counter" or "histogram", got '
            f"{quote(type_)}: {quote(metric)}",
            span,
        )

    def mixed_floats_histograms(self, metric: str, span: Span) -> None:
        """Both kinds in one range."""
        self.warn(f"encountered a mix of histograms and floats for metric name {quote(metric)}", span)

    def mixed_floats_histograms_aggregation(self, span: Span) -> None:
        """Both kinds in one group."""
        self.warn("encountered a mix of histograms and floats for aggregation", span)

    def mixed_classic_native(self, metric: str, span: Span) -> None:
        """A histogram both ways at one step."""
        self.warn(f"vector contains a mix of classic and native histograms for metric name {quote(metric)}", span)

    def mixed_exponential_custom(self, metric: str, span: Span) -> None:
        """Histograms whose buckets can't be brought together."""
        self.warn(
            "vector contains a mix of histograms with exponential and custom buckets schemas for metric name "
            f"{quote(metric)}",
            span,
        )

    def not_a_counter(self, metric: str, span: Span) -> None:
        """A gauge histogram in a counter's function."""
        self.warn(f"this native histogram metric is not a counter: {quote(metric)}", span)

    def not_a_gauge(self, metric: str, span: Span) -> None:
        """A counter histogram in a gauge's function."""
        self.warn(f"this native histogram metric is not a gauge: {quote(metric)}", span)

    def incompatible_layout(self, operator: str, span: Span) -> None:
        """Histograms that an operator can't bring together."""
        self.warn(f"incompatible bucket layout encountered for binary operator {operator}", span)

    def incompatible_types(self, left: str, operator: str, right: str, span: Span) -> None:
        """An operator that is not defined for these kinds."""
        self.info(
            f"incompatible sample types encountered for binary operator {quote(operator)}: {left} {operator} {right}",
            span,
        )

    def histogram_ignored(self, aggregation: str, span: Span) -> None:
        """An aggregation of floats met a histogram."""
        self.info(f"ignored histogram in {aggregation} aggregation", span)

    def histogram_ignored_in_range(self, metric: str, span: Span) -> None:
        """A function of floats met histograms among them."""
        self.info(
            f"ignored histograms in a range containing both floats and histograms for metric name {quote(metric)}", span
        )

    def reset_collision(self, operation: str, span: Span) -> None:
        """Histograms whose reset hints contradict each other."""
        self.warn(f"conflicting counter resets during histogram {operation}", span)

    def mismatched_custom_buckets(self, operation: str, span: Span) -> None:
        """Custom buckets that were brought to common bounds."""
        self.info(f"mismatched custom buckets were reconciled during {operation}", span)

    def quantile_nan(self, metric: str, span: Span, *, result_is_nan: bool) -> None:
        """NaN observations in a native histogram."""
        result = "result is NaN" if result_is_nan else "result is skewed higher"
        self.info(f"input to histogram_quantile has NaN observations, {result} for metric name {quote(metric)}", span)

    def fraction_nan(self, metric: str, span: Span) -> None:
        """NaN observations in a native histogram."""
        self.info(
            "input to histogram_fraction has NaN observations, which are excluded from all fractions for metric name "
            f"{quote(metric)}",
            span,
        )

    def start_overlap(self, metric: str, span: Span) -> None:
        """A counter's start time lies before the sample before."""
        self.warn(
            f"sample has start time that overlaps with previous sample timestamp for metric {quote(metric)}", span
        )

    def sort_in_range(self, span: Span) -> None:
        """Range answers are sorted by labels."""
        self.warn("sort is ineffective for range queries since results are always ordered by labels", span)

    def forced_monotonic(
        self, metric: str, span: Span, times_ms: tuple[int, int, int], buckets: tuple[float, float, float]
    ) -> None:
        """Bucket counts that fell: `times_ms` is (how many, first, last), `buckets` (lowest, highest, largest fall)."""
        count, first, last = times_ms
        low, high, diff = buckets
        known = self._forced.get((metric, span))
        if known is None:
            self._forced[metric, span] = _Forced(count, first, last, low, high, diff)
            return
        known.count += count
        known.min_ms, known.max_ms = min(known.min_ms, first), max(known.max_ms, last)
        known.min_bucket, known.max_bucket = min(known.min_bucket, low), max(known.max_bucket, high)
        known.max_diff = max(known.max_diff, diff)

    def warnings(self) -> list[str]:
        """In order of first appearance."""
        return list(self._warnings)

    def infos(self) -> list[str]:
        """In order of first appearance."""
        forced: list[str] = []
        for (metric, span), what in self._forced.items():
            name = f" for metric name {quote(metric)}" if metric else ""
            forced.append(
                f"PromQL info: {_MONOTONICITY}{name}, from buckets {format_general(what.min_bucket)} to "
                f"{format_general(what.max_bucket)}, with a max diff of {format_general(what.max_diff, 2)}, over "
                f"{what.count} samples from {_rfc3339(what.min_ms)} to {_rfc3339(what.max_ms)} {self._place(span)}"
            )
        return [*self._infos, *forced]


def _rfc3339(time_ms: int) -> str:
    try:
        return datetime.fromtimestamp(time_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"{time_ms // 1000}"
