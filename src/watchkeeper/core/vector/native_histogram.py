"""Arithmetic on native histograms, one at a time: sums, differences, quantiles, fractions.

Source of the rules: Prometheus model/histogram/float_histogram.go and promql/quantile.go.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from watchkeeper.core.model.histogram import CUSTOM_BUCKETS_SCHEMA, Histogram, ResetHint, Spans

Counts = dict[int, float]
"""Counts by bucket index."""


class MixedSchemasError(ValueError):
    """Exponential buckets and custom ones can't be brought together."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket with its bounds."""

    lower: float
    upper: float
    count: float
    lower_inclusive: bool
    upper_inclusive: bool


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum or difference, and what is to be said about it.

    collision   the reset hints contradicted each other
    reconciled  custom bounds were different, and only the common ones are left
    """

    histogram: Histogram
    collision: bool
    reconciled: bool


def counts_of(spans: Spans, counts: tuple[float, ...]) -> Counts:
    """The buckets by index, empty ones too."""
    out: Counts = {}
    index = at = 0
    for offset, length in spans:
        index += offset
        for _ in range(length):
            out[index] = counts[at]
            index += 1
            at += 1
    return out


def spans_of(counts: Counts) -> tuple[Spans, tuple[float, ...]]:
    """Spans and counts of these buckets, empty ones left out."""
    spans: list[tuple[int, int]] = []
    kept: list[float] = []
    after = 0
    for index in sorted(counts):
        if counts[index] == 0:
            continue
        if spans and index == after:
            spans[-1] = (spans[-1][0], spans[-1][1] + 1)
        else:
            spans.append((index - after, 1))
        kept.append(counts[index])
        after = index + 1
    return tuple(spans), tuple(kept)


def bound(index: int, schema: int, custom: tuple[float, ...] = ()) -> float:
    """The upper bound of a bucket."""
    if schema == CUSTOM_BUCKETS_SCHEMA:
        if index < 0:
            return -math.inf
        return custom[index] if index < len(custom) else math.inf
    try:
        if schema <= 0:
            return math.ldexp(1.0, index << -schema)
        fraction = index & ((1 << schema) - 1)
        return math.ldexp(2.0 ** (fraction / (1 << schema)) / 2, (index >> schema) + 1)
    except OverflowError:
        return math.inf


def positive_counts(h: Histogram) -> Counts:
    """The buckets above zero (of custom bounds all)."""
    return counts_of(h.positive_spans, h.positive)


def negative_counts(h: Histogram) -> Counts:
    """The buckets below zero, by the index of their absolute value."""
    return counts_of(h.negative_spans, h.negative)


def with_counts(h: Histogram, positive: Counts, negative: Counts) -> Histogram:
    """The histogram with other buckets, without empty ones."""
    positive_spans, positive_kept = spans_of(positive)
    negative_spans, negative_kept = spans_of(negative)
    return replace(
        h,
        positive_spans=positive_spans,
        positive=positive_kept,
        negative_spans=negative_spans,
        negative=negative_kept,
    )


def compacted(h: Histogram) -> Histogram:
    """Without empty buckets."""
    return with_counts(h, positive_counts(h), negative_counts(h))


def buckets(h: Histogram) -> list[Bucket]:
    """All buckets from the lowest to the highest, the zero bucket among them."""
    out: list[Bucket] = []
    if h.is_custom:
        for index, count in positive_counts(h).items():
            lower, upper = bound(index - 1, h.schema, h.custom_values), bound(index, h.schema, h.custom_values)
            out.append(Bucket(lower, upper, count, index == 0, True))
        return out
    threshold = h.zero_threshold
    for index, count in reversed(negative_counts(h).items()):
        lower, upper = -bound(index, h.schema), -bound(index - 1, h.schema)
        if upper > -threshold:
            upper = max(lower, -threshold)
        out.append(Bucket(lower, upper, count, True, False))
    if h.zero_count:
        out.append(Bucket(-threshold, threshold, h.zero_count, True, True))
    for index, count in positive_counts(h).items():
        lower, upper = bound(index - 1, h.schema), bound(index, h.schema)
        if lower < threshold:
            lower = min(upper, threshold)
        out.append(Bucket(lower, upper, count, False, True))
    return out


# --- arithmetic ----------------------------------------------------------------------------------------------------


def scaled(h: Histogram, factor: float) -> Histogram:
    """All counts and the sum times a factor; a negative one makes it a gauge."""
    return replace(
        h,
        count=h.count * factor,
        sum=h.sum * factor,
        zero_count=h.zero_count * factor,
        positive=tuple(count * factor for count in h.positive),
        negative=tuple(count * factor for count in h.negative),
        reset_hint=ResetHint.GAUGE if factor < 0 else h.reset_hint,
    )


def divided(h: Histogram, divisor: float) -> Histogram:
    """All counts and the sum divided; by zero the buckets vanish and what is left is infinite or no number."""

    def quotient(x: float) -> float:
        if divisor:
            return x / divisor
        if x == 0 or math.isnan(x):
            return math.nan
        return math.copysign(math.inf, x) * math.copysign(1, divisor)

    out = replace(
        h,
        count=quotient(h.count),
        sum=quotient(h.sum),
        zero_count=quotient(h.zero_count),
        positive=tuple(quotient(count) for count in h.positive),
        negative=tuple(quotient(count) for count in h.negative),
        reset_hint=ResetHint.GAUGE if divisor < 0 else h.reset_hint,
    )
    if divisor == 0:
        return replace(out, positive_spans=(), positive=(), negative_spans=(), negative=())
    return out


def combined(a: Histogram, b: Histogram, sign: int = 1) -> Sum:
    """`a` plus `sign` times `b`, in the coarser of their schemas. Raises MixedSchemasError."""
    if a.is_custom != b.is_custom:
        raise MixedSchemasError("a mix of exponential and custom buckets")
    hint, collision = _combined_hint(a.reset_hint, b.reset_hint)
    if a.is_custom:
        out, reconciled = _combined_custom(a, b, sign)
    else:
        out, reconciled = _combined_exponential(a, b, sign), False
    return Sum(
        replace(out, count=a.count + sign * b.count, sum=a.sum + sign * b.sum, reset_hint=hint, is_float=True),
        collision,
        reconciled,
    )


def _combined_hint(a: ResetHint, b: ResetHint) -> tuple[ResetHint, bool]:
    if a is b:
        return a, False
    if ResetHint.GAUGE in (a, b):
        return ResetHint.GAUGE, False
    return ResetHint.UNKNOWN, ResetHint.UNKNOWN not in (a, b)


def _combined_exponential(a: Histogram, b: Histogram, sign: int) -> Histogram:
    a, b = _common_zero(a, b)
    schema = min(a.schema, b.schema)
    sides: list[Counts] = []
    for counts in (positive_counts, negative_counts):
        total = reduced(counts(a), a.schema, schema)
        for index, count in reduced(counts(b), b.schema, schema).items():
            total[index] = total.get(index, 0.0) + sign * count
        sides.append(total)
    out = with_counts(replace(a, schema=schema), sides[0], sides[1])
    return replace(out, zero_count=a.zero_count + sign * b.zero_count)


def reduced(counts: Counts, schema: int, target: int) -> Counts:
    """The same observations in coarser buckets."""
    if schema == target:
        return dict(counts)
    shift = schema - target
    out: Counts = {}
    for index, count in counts.items():
        coarse = ((index - 1) >> shift) + 1
        out[coarse] = out.get(coarse, 0.0) + count
    return out


def to_schema(h: Histogram, schema: int) -> Histogram:
    """The histogram in a coarser schema."""
    if h.schema == schema or h.is_custom:
        return h
    return with_counts(
        replace(h, schema=schema),
        reduced(positive_counts(h), h.schema, schema),
        reduced(negative_counts(h), h.schema, schema),
    )


def _common_zero(a: Histogram, b: Histogram) -> tuple[Histogram, Histogram]:
    """Both with the same zero bucket, as wide as it must be so that no filled bucket is cut."""
    while a.zero_threshold != b.zero_threshold:
        if a.zero_threshold < b.zero_threshold:
            a = _with_zero(a, b.zero_threshold)
        else:
            b = _with_zero(b, a.zero_threshold)
    return a, b


def zero_count_for(h: Histogram, threshold: float) -> tuple[float, float]:
    """The count of a zero bucket of at least this width, and the width it needs to end between buckets."""
    while True:
        count = h.zero_count
        restart = False
        for side in (positive_counts(h), negative_counts(h)):
            for index, observations in side.items():
                lower, upper = bound(index - 1, h.schema), bound(index, h.schema)
                if lower >= threshold:
                    break
                count += observations
                if upper > threshold:
                    if observations != 0:
                        threshold = upper
                        restart = True
                    break
            if restart:
                break
        if not restart:
            return count, threshold


def _with_zero(h: Histogram, threshold: float) -> Histogram:
    count, threshold = zero_count_for(h, threshold)

    def outside(counts: Counts) -> Counts:
        return {index: value for index, value in counts.items() if bound(index, h.schema) > threshold}

    out = with_counts(h, outside(positive_counts(h)), outside(negative_counts(h)))
    return replace(out, zero_threshold=threshold, zero_count=count)


def _combined_custom(a: Histogram, b: Histogram, sign: int) -> tuple[Histogram, bool]:
    if a.custom_values == b.custom_values:
        bounds, reconciled = a.custom_values, False
        left, right = positive_counts(a), positive_counts(b)
    else:
        bounds = tuple(sorted(set(a.custom_values) & set(b.custom_values)))
        reconciled = True
        left, right = _rebucketed(a, bounds), _rebucketed(b, bounds)
    total = dict(left)
    for index, count in right.items():
        total[index] = total.get(index, 0.0) + sign * count
    return with_counts(replace(a, custom_values=bounds), total, {}), reconciled


def _rebucketed(h: Histogram, bounds: tuple[float, ...]) -> Counts:
    """Custom buckets put into fewer ones, whose bounds all are among the old."""
    out: Counts = {}
    for index, count in positive_counts(h).items():
        upper = bound(index, h.schema, h.custom_values)
        target = next((i for i, limit in enumerate(bounds) if limit >= upper), len(bounds))
        out[target] = out.get(target, 0.0) + count
    return out


def between(a: Histogram, b: Histogram, share: float, *, counter: bool) -> Histogram:
    """What lies at a share of the way from one to the next; a counter that was reset began again at zero.

    Raises MixedSchemasError.
    """
    part = scaled(b, share)
    if a.is_custom == b.is_custom and counter and is_reset(b, a):
        return part
    return combined(scaled(a, 1 - share), part).histogram


def total_of(histograms: Iterable[Histogram]) -> Histogram:
    """The sum of at least one. Raises MixedSchemasError."""
    iterator = iter(histograms)
    out = next(iterator)
    for h in iterator:
        out = combined(out, h).histogram
    return out


def same(a: Histogram, b: Histogram) -> bool:
    """Equal in everything but the reset hint; empty buckets don't count."""

    def equal(x: float, y: float) -> bool:
        return x == y or (math.isnan(x) and math.isnan(y))

    def filled(counts: Counts) -> Counts:
        return {index: count for index, count in counts.items() if count}

    if a.schema != b.schema or not equal(a.count, b.count) or not equal(a.sum, b.sum):
        return False
    if a.is_custom and a.custom_values != b.custom_values:
        return False
    if a.zero_threshold != b.zero_threshold or not equal(a.zero_count, b.zero_count):
        return False
    return filled(positive_counts(a)) == filled(positive_counts(b)) and filled(negative_counts(a)) == filled(
        negative_counts(b)
    )


def is_reset(h: Histogram, before: Histogram) -> bool:
    """Whether the counters were reset between the two: by the hint, or because something became smaller."""
    if h.reset_hint is ResetHint.RESET:
        return True
    if h.reset_hint is ResetHint.NOT_RESET:
        return False
    if h.count < before.count or h.is_custom != before.is_custom:
        return True
    if h.is_custom:
        if h.custom_values == before.custom_values:
            return _any_fell(positive_counts(before), positive_counts(h))
        bounds = tuple(sorted(set(h.custom_values) & set(before.custom_values)))
        return _any_fell(_rebucketed(before, bounds), _rebucketed(h, bounds))
    if h.schema > before.schema or h.zero_threshold < before.zero_threshold:
        return True
    zero_before, threshold = zero_count_for(before, h.zero_threshold)
    if threshold != h.zero_threshold or h.zero_count < zero_before:
        return True
    for counts in (positive_counts, negative_counts):
        outside = {
            index: count for index, count in counts(before).items() if bound(index, before.schema) > h.zero_threshold
        }
        if _any_fell(reduced(outside, before.schema, h.schema), counts(h)):
            return True
    return False


def _any_fell(before: Counts, after: Counts) -> bool:
    return any(count > after.get(index, 0.0) for index, count in before.items())


# --- looking in ----------------------------------------------------------------------------------------------------


def quantile(h: Histogram, q: float) -> tuple[float, str]:
    """The q-quantile, interpolated; and with NaN observations `nan` (there is none) or `skewed`, else nothing."""
    if math.isnan(q):
        return math.nan, ""
    if q < 0:
        return -math.inf, ""
    if q > 1:
        return math.inf, ""
    if h.count == 0 or math.isnan(h.count):
        return math.nan, ""
    has_nan = math.isnan(h.sum)
    forward = has_nan or q < 0.5
    rank = q * h.count if forward else (1 - q) * h.count
    row = buckets(h)
    count = 0.0
    found = Bucket(0, 0, 0, True, True)
    for found in row if forward else reversed(row):
        if found.count == 0:
            continue
        count += found.count
        if count >= rank:
            break
    lower, upper = found.lower, found.upper
    if h.is_custom:
        if lower == -math.inf:
            if upper <= 0:
                return upper, ""
            lower = 0.0
        elif upper == math.inf:
            return lower, ""
    elif lower < 0 < upper:
        lower, upper = _zero_bounds(h, lower, upper)
    count = min(count, h.count)
    if count < rank:
        return (math.nan, "nan") if has_nan else (upper if forward else lower, "")
    note = "skewed" if has_nan else ""
    rank = rank - (count - found.count) if forward else count - rank
    fraction = rank / found.count if found.count else math.nan
    if h.is_custom or lower <= 0 <= upper:
        return lower + (upper - lower) * fraction, note
    log_lower, log_upper = math.log2(abs(lower)), math.log2(abs(upper))
    if lower > 0:
        return 2 ** (log_lower + (log_upper - log_lower) * fraction), note
    return -(2 ** (log_upper + (log_lower - log_upper) * (1 - fraction))), note


def _zero_bounds(h: Histogram, lower: float, upper: float) -> tuple[float, float]:
    """The zero bucket reaches to one side only where the other has no buckets."""
    if not h.negative and h.positive:
        return 0.0, upper
    if not h.positive and h.negative:
        return lower, 0.0
    return lower, upper


def fraction_between(h: Histogram, low: float, high: float) -> float:
    """The fraction of the observations between the two, interpolated."""
    if h.count == 0 or math.isnan(low) or math.isnan(high) or math.isnan(h.count):
        return math.nan
    if low >= high:
        return 0.0
    rank = 0.0
    low_rank: float | None = None
    high_rank: float | None = None
    for bucket in buckets(h):
        lower, upper = bucket.lower, bucket.upper
        linear = h.is_custom
        if not h.is_custom and lower <= 0 <= upper:
            linear = True
            lower, upper = _zero_bounds(h, lower, upper)
        if h.is_custom and lower == -math.inf and upper > 0:
            lower = 0.0
        if low_rank is None:
            low_rank = _rank_at(low, lower, upper, rank, bucket.count, linear=linear)
        if high_rank is None:
            high_rank = _rank_at(high, lower, upper, rank, bucket.count, linear=linear)
        rank += bucket.count
    low_rank = rank if low_rank is None else min(low_rank, rank)
    high_rank = rank if high_rank is None else min(high_rank, rank)
    return (high_rank - low_rank) / h.count


def _rank_at(x: float, lower: float, upper: float, rank: float, count: float, *, linear: bool) -> float | None:
    """How many observations lie below x, if x lies below this bucket or in it."""
    if lower >= x:
        return rank
    if upper <= x:
        return None
    if linear:
        if lower == -math.inf:
            return rank + count
        if upper == math.inf:
            return rank
        return rank + count * (x - lower) / (upper - lower)
    if math.isinf(upper) or math.isinf(lower):
        return rank + (count if math.isinf(lower) else 0)
    log_lower, log_upper, log_x = math.log2(abs(lower)), math.log2(abs(upper)), math.log2(abs(x))
    if x > 0:
        return rank + count * (log_x - log_lower) / (log_upper - log_lower)
    return rank + count * (1 - (log_x - log_upper) / (log_lower - log_upper))


def variance(h: Histogram) -> float:
    """The estimated variance of the observations: each bucket stands for its mean."""
    if h.count == 0:
        return math.nan
    mean = h.sum / h.count
    total: list[float] = []
    for bucket in buckets(h):
        if not bucket.count:
            continue
        if h.is_custom:
            value = (bucket.upper + bucket.lower) / 2
        elif bucket.lower <= 0 <= bucket.upper:
            value = 0.0
        else:
            value = math.sqrt(bucket.upper * bucket.lower)
            value = -value if bucket.upper < 0 else value
        total.append(bucket.count * (value - mean) ** 2)
    return math.fsum(total) / h.count if all(map(math.isfinite, total)) else sum(total) / h.count


def as_gauge(h: Histogram) -> Histogram:
    """Marked as a gauge: no counter any more."""
    return replace(h, reset_hint=ResetHint.GAUGE)


# --- trimming ------------------------------------------------------------------------------------------------------


def trimmed(h: Histogram, limit: float, *, below: bool) -> Histogram:
    """Only the observations below (or above) a limit; a bucket that it cuts is divided by interpolation.

    The sum is estimated from what is left: each bucket's part counts with its middle.
    """
    if math.isnan(limit):
        return h
    positive: Counts = {}
    negative: Counts = {}
    zero = 0.0
    removed = False
    kept_sum: list[float] = []
    total = 0.0

    def part(bucket: Bucket) -> float:
        nonlocal removed, total
        share, middle = _kept(h, bucket, limit, below=below)
        kept = bucket.count * share
        if share < 1 and bucket.count:
            removed = True
        if kept:
            kept_sum.append(kept * middle)
        total += kept
        return kept

    if h.is_custom:
        for index, count in positive_counts(h).items():
            lower, upper = bound(index - 1, h.schema, h.custom_values), bound(index, h.schema, h.custom_values)
            positive[index] = part(Bucket(lower, upper, count, False, True))
    else:
        for index, count in negative_counts(h).items():
            negative[index] = part(Bucket(-bound(index, h.schema), -bound(index - 1, h.schema), count, True, False))
        if h.zero_count:
            lower, upper = _zero_bounds(h, -h.zero_threshold, h.zero_threshold)
            zero = part(Bucket(lower, upper, h.zero_count, True, True))
        for index, count in positive_counts(h).items():
            positive[index] = part(Bucket(bound(index - 1, h.schema), bound(index, h.schema), count, False, True))
    if not removed:
        return h
    out = with_counts(h, positive, negative)
    return replace(out, zero_count=zero, count=total, sum=sum(kept_sum))


def _kept(h: Histogram, bucket: Bucket, limit: float, *, below: bool) -> tuple[float, float]:
    """The share of a bucket that stays, and the middle of the part."""
    lower, upper = bucket.lower, bucket.upper
    if math.isinf(lower) or math.isinf(upper):
        return _kept_open(lower, upper, limit, below=below)
    linear = h.is_custom or lower <= 0 <= upper
    if upper <= limit:
        share = 1.0 if below else 0.0
    elif lower >= limit:
        share = 0.0 if below else 1.0
    else:
        if linear:
            at = (limit - lower) / (upper - lower)
        else:
            log_lower, log_upper = math.log2(abs(lower)), math.log2(abs(upper))
            at = (math.log2(abs(limit)) - log_lower) / (log_upper - log_lower)
        share = at if below else 1 - at
        lower, upper = (lower, limit) if below else (limit, upper)
    if linear:
        return share, (lower + upper) / 2
    return share, math.copysign(math.sqrt(lower * upper), lower)


def _kept_open(lower: float, upper: float, limit: float, *, below: bool) -> tuple[float, float]:
    """Likewise for a bucket without an end, where nothing can be interpolated: it stays as a whole or goes."""
    if lower == -math.inf and upper == math.inf:
        return float(limit == (math.inf if below else -math.inf)), 0.0
    if upper == math.inf:
        if below:
            return float(limit == math.inf), lower
        return float(limit != math.inf), max(lower, limit)
    if upper <= 0:
        if below:
            return float(limit != -math.inf), min(upper, limit)
        return float(limit == -math.inf), upper
    # A first bucket with a positive bound is taken to begin at zero.
    if below:
        if limit >= upper:
            return 1.0, upper / 2
        return (0.0, 0.0) if limit <= 0 else (limit / upper, limit / 2)
    if limit in (-math.inf, 0.0):
        return 1.0, upper / 2
    if limit < 0 or limit >= upper:
        return 0.0, 0.0
    return 1 - limit / upper, (limit + upper) / 2
