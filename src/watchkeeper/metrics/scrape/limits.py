"""What one scrape may hold: sample, label and bucket limits, as a scrape config sets them; 0 is no limit.

Source of the texts: Prometheus scrape/scrape.go.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Final

from watchkeeper.core.model.errors import TargetError
from watchkeeper.core.model.histogram import MAX_SCHEMA, MIN_SCHEMA, Histogram, Spans
from watchkeeper.core.model.labels import Labels, quote

MAX_AHEAD_MS: Final = 600_000  # A sample further in the future is dropped.
_SHOWN_CHARS: Final = 50


class LimitExceededError(TargetError):
    """The scrape as a whole is refused; `counter` names the limit for the program's own metrics."""

    def __init__(self, text: str, counter: str) -> None:
        self.counter = counter
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one scrape config that concern samples and labels."""

    samples: int = 0
    labels: int = 0
    label_name_length: int = 0
    label_value_length: int = 0
    histogram_buckets: int = 0
    min_bucket_factor: float = 0.0

    @property
    def has_label_limits(self) -> bool:
        """Whether label sets need a check."""
        return bool(self.labels or self.label_name_length or self.label_value_length)

    def check_samples(self, count: int) -> None:
        """Raises LimitExceededError where a scrape has more samples after relabelling than it may."""
        if self.samples and count > self.samples:
            raise LimitExceededError("sample limit exceeded", "sample")

    def check_labels(self, labels: Labels) -> None:
        """Raises LimitExceededError where one label set breaks a label limit. Lengths are in bytes of UTF-8."""
        metric = labels.name[:_SHOWN_CHARS]
        if self.labels and len(labels) > self.labels:
            raise LimitExceededError(
                f"label_limit exceeded (metric: {metric}, number of labels: {len(labels)}, limit: {self.labels})",
                "label",
            )
        for name, value in labels:
            length = _size(name)
            if self.label_name_length and length > self.label_name_length:
                raise LimitExceededError(
                    f"label_name_length_limit exceeded (metric: {metric}, label name: {name[:_SHOWN_CHARS]}, "
                    f"length: {length}, limit: {self.label_name_length})",
                    "label",
                )
            length = _size(value)
            if self.label_value_length and length > self.label_value_length:
                raise LimitExceededError(
                    f"label_value_length_limit exceeded (metric: {metric}, label name: {name[:_SHOWN_CHARS]}, "
                    f"value: {quote(value[:_SHOWN_CHARS])}, length: {length}, limit: {self.label_value_length})",
                    "label",
                )

    def fit_histogram(self, histogram: Histogram) -> Histogram:
        """The histogram in the finest resolution that both bucket settings allow.

        Raises LimitExceededError where even the coarsest one has too many buckets.
        """
        if self.min_bucket_factor > 1 and not histogram.is_custom:
            histogram = coarser(histogram, schema_for_factor(self.min_bucket_factor))
        if not self.histogram_buckets:
            return histogram
        while len(histogram.positive) + len(histogram.negative) > self.histogram_buckets:
            if histogram.is_custom or histogram.schema <= MIN_SCHEMA:
                raise LimitExceededError("histogram bucket limit exceeded", "bucket")
            histogram = coarser(histogram, histogram.schema - 1)
        return histogram


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))


def schema_for_factor(factor: float) -> int:
    """The finest schema whose buckets grow by at least `factor`: 2**(2**-schema) >= factor."""
    return max(MIN_SCHEMA, min(MAX_SCHEMA, math.floor(-math.log2(math.log2(factor)))))


def coarser(histogram: Histogram, schema: int) -> Histogram:
    """The same histogram with the buckets of a coarser schema; unchanged where it is as coarse already."""
    if histogram.is_custom or histogram.schema <= schema:
        return histogram
    shift = histogram.schema - schema
    positive_spans, positive = _merged(histogram.positive_spans, histogram.positive, shift)
    negative_spans, negative = _merged(histogram.negative_spans, histogram.negative, shift)
    return dataclasses.replace(
        histogram,
        schema=schema,
        positive_spans=positive_spans,
        positive=positive,
        negative_spans=negative_spans,
        negative=negative,
    )


def _merged(spans: Spans, counts: tuple[float, ...], shift: int) -> tuple[Spans, tuple[float, ...]]:
    """Buckets added up by their index in the coarser schema: bucket i has the upper bound base**i, so ceil(i/2**n)."""
    merged: dict[int, float] = {}
    index = 0
    left = iter(counts)
    for offset, length in spans:
        index += offset
        for _ in range(length):
            target = ((index - 1) >> shift) + 1
            merged[target] = merged.get(target, 0.0) + next(left)
            index += 1
    out: list[tuple[int, int]] = []
    end = 0
    for i, target in enumerate(sorted(merged)):
        if i and target == end:
            out[-1] = (out[-1][0], out[-1][1] + 1)
        else:
            out.append((target - end, 1))
        end = target + 1
    return tuple(out), tuple(merged[target] for target in sorted(merged))
