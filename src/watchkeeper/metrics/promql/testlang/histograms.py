"""Native histograms of scripts: adding them up, comparing them, making them from classic ones."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import replace

from watchkeeper.core.model.histogram import CUSTOM_BUCKETS_SCHEMA, Histogram, ResetHint, Spans


class HistogramError(ValueError):
    """Histograms that don't go together, or classic buckets that are none."""


Buckets = dict[int, float]
"""Counts by bucket index."""


def buckets_of(spans: Spans, counts: tuple[float, ...]) -> Buckets:
    """The buckets that are not empty."""
    buckets: Buckets = {}
    index, at = 0, 0
    for offset, length in spans:
        index += offset
        for _ in range(length):
            if counts[at]:
                buckets[index] = counts[at]
            index, at = index + 1, at + 1
    return buckets


def spans_of(buckets: Buckets) -> tuple[Spans, tuple[float, ...]]:
    """The spans and counts that hold these buckets, empty ones left out."""
    spans: list[tuple[int, int]] = []
    counts: list[float] = []
    after = 0
    for index in sorted(buckets):
        if not buckets[index]:
            continue
        if spans and index == after:
            spans[-1] = (spans[-1][0], spans[-1][1] + 1)
        else:
            spans.append((index - after, 1))
        counts.append(buckets[index])
        after = index + 1
    return tuple(spans), tuple(counts)


def add(base: Histogram, other: Histogram, sign: int = 1) -> Histogram:
    """`base` plus `sign` times `other`, in `base`'s schema. Raises HistogramError where `other`'s is coarser."""
    if base.is_custom != other.is_custom or (base.is_custom and base.custom_values != other.custom_values):
        raise HistogramError("different custom buckets")
    if base.schema > other.schema:
        raise HistogramError(f"cannot merge from schema {other.schema} to {base.schema}")
    shift = 0 if base.is_custom else other.schema - base.schema
    positive = _sum(base.positive_spans, base.positive, other.positive_spans, other.positive, shift, sign)
    negative = _sum(base.negative_spans, base.negative, other.negative_spans, other.negative, shift, sign)
    positive_spans, positive_counts = spans_of(positive)
    negative_spans, negative_counts = spans_of(negative)
    return replace(
        base,
        count=base.count + sign * other.count,
        sum=base.sum + sign * other.sum,
        zero_threshold=max(base.zero_threshold, other.zero_threshold),
        zero_count=base.zero_count + sign * other.zero_count,
        positive_spans=positive_spans,
        positive=positive_counts,
        negative_spans=negative_spans,
        negative=negative_counts,
        reset_hint=_hint(base.reset_hint, other.reset_hint),
    )


def _sum(
    spans: Spans,
    counts: tuple[float, ...],
    other_spans: Spans,
    other_counts: tuple[float, ...],
    shift: int,
    sign: int,
) -> Buckets:
    buckets = buckets_of(spans, counts)
    for index, count in buckets_of(other_spans, other_counts).items():
        coarse = ((index - 1) >> shift) + 1 if shift else index
        buckets[coarse] = buckets.get(coarse, 0.0) + sign * count
    return buckets


def _hint(first: ResetHint, second: ResetHint) -> ResetHint:
    if first is second:
        return first
    return ResetHint.GAUGE if ResetHint.GAUGE in (first, second) else ResetHint.UNKNOWN


def histogram_from_classic(
    buckets: Mapping[float, float], count: float | None, total: float | None
) -> Histogram | None:
    """The custom-bucket histogram of cumulative counts by upper bound; None where there is neither bucket nor count.

    Raises HistogramError for counts that fall from one bound to the next.
    """
    bounds = sorted(buckets)
    if not bounds and count is None:
        return None
    if count is None:
        count = buckets[bounds[-1]]
    cumulative = [buckets[bound] for bound in bounds]
    if any(after < before for before, after in itertools.pairwise(cumulative)):
        raise HistogramError("bucket counts of a classic histogram that fall")
    finite = [bound for bound in bounds if not math.isinf(bound)]
    counts: Buckets = {}
    before = 0.0
    for i, bound in enumerate(finite):
        counts[i] = buckets[bound] - before
        before = buckets[bound]
    counts[len(finite)] = count - before
    spans, values = spans_of(counts)
    return Histogram(
        schema=CUSTOM_BUCKETS_SCHEMA,
        count=count,
        sum=total or 0.0,
        positive_spans=spans,
        positive=values,
        custom_values=tuple(finite),
    )
