"""The plain twin of kernels.window: one series, one step, one sample at a time."""

import itertools
import math
import struct

STALE_BITS = 0x7FF0000000000002
MISSING_BITS = 0x7FF00000000000A5

Sample = tuple[int, float]


def bits(value: float) -> int:
    return struct.unpack("<Q", struct.pack("<d", value))[0]


def newest(samples: list[tuple[int, int]], now: int, lookback: int) -> tuple[float, float] | None:
    """Value and time in seconds of the newest sample in (now - lookback, now]; samples are (time, bits)."""
    found = None
    for time, raw in samples:
        if now - lookback < time <= now and raw != MISSING_BITS:
            found = time, raw
    if found is None or found[1] == STALE_BITS:
        return None
    return struct.unpack("<d", struct.pack("<Q", found[1]))[0], found[0] / 1000


def inside(samples: list[tuple[int, int]], now: int, length: int) -> list[Sample]:
    """The samples of (now - length, now]."""
    return [
        (time, struct.unpack("<d", struct.pack("<Q", raw))[0])
        for time, raw in samples
        if now - length < time <= now and raw not in (STALE_BITS, MISSING_BITS)
    ]


def extrapolate(window: list[Sample], now: int, length: int, counter: bool, per_second: bool) -> float | None:
    if len(window) < 2:
        return None
    (first_time, first), (last_time, last) = window[0], window[-1]
    result = last - first
    if counter:
        for (_, before), (_, after) in itertools.pairwise(window):
            if after < before:
                result += before
    to_start = (first_time - (now - length)) / 1000
    to_end = (now - last_time) / 1000
    sampled = (last_time - first_time) / 1000
    spacing = sampled / (len(window) - 1)
    if to_start >= spacing * 1.1:
        to_start = spacing / 2
    if counter and result > 0 and first >= 0:
        to_zero = sampled * (first / result)
        if to_zero < to_start:
            to_start = to_zero
    if to_end >= spacing * 1.1:
        to_end = spacing / 2
    factor = (sampled + to_start + to_end) / sampled
    if per_second:
        factor /= length / 1000
    return result * factor


def nan_first(value: float) -> tuple[int, float]:
    return (0, 0.0) if math.isnan(value) else (1, value)


def quantile(values: list[float], q: float) -> float:
    if not values or math.isnan(q):
        return math.nan
    if q < 0:
        return -math.inf
    if q > 1:
        return math.inf
    ordered = sorted(values, key=nan_first)
    rank = q * (len(ordered) - 1)
    lower = max(0, math.floor(rank))
    upper = min(len(ordered) - 1, lower + 1)
    weight = rank - math.floor(rank)
    return ordered[lower] * (1 - weight) + ordered[upper] * weight


def mean(values: list[float]) -> float:
    try:
        return math.fsum(values) / len(values)
    except (OverflowError, ValueError):
        return sum(value / len(values) for value in values)


def total(values: list[float]) -> float:
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):
        return sum(values)


def variance(values: list[float]) -> float:
    if not all(map(math.isfinite, values)):
        return math.nan
    middle = mean(values)
    return math.fsum((value - middle) ** 2 for value in values) / len(values)


def line(window: list[Sample], origin: int) -> tuple[float, float]:
    values = [value for _, value in window]
    if all(value == values[0] for value in values):
        return (0.0, values[0]) if math.isfinite(values[0]) else (math.nan, math.nan)
    if not all(map(math.isfinite, values)):
        return math.nan, math.nan
    xs = [(time - origin) / 1000 for time, _ in window]
    n = len(window)
    cov = math.fsum(x * y for x, y in zip(xs, values, strict=True)) - math.fsum(xs) * math.fsum(values) / n
    var = math.fsum(x * x for x in xs) - math.fsum(xs) ** 2 / n
    slope = cov / var
    return slope, math.fsum(values) / n - slope * math.fsum(xs) / n


def best(window: list[Sample], larger: bool, last: bool) -> Sample:
    found = window[0]
    for sample in window[1:]:
        a, b = (sample[1], found[1]) if larger else (found[1], sample[1])
        if math.isnan(found[1]) or a > b or (last and a == b):
            found = sample
    return found


def reduce(
    op: str, window: list[Sample], now: int, length: int, evaluated: int, p1: float = 0, p2: float = 0
) -> float | None:
    """One window's value, or None."""
    values = [value for _, value in window]
    if not window:
        return None
    match op:
        case "rate" | "increase" | "delta":
            return extrapolate(window, now, length, op != "delta", op == "rate")
        case "irate" | "idelta":
            if len(window) < 2:
                return None
            (t0, a), (t1, b) = window[-2:]
            if op == "idelta":
                return b - a
            return (b if b < a else b - a) / ((t1 - t0) / 1000)
        case "resets":
            return float(sum(b < a for a, b in itertools.pairwise(values)))
        case "changes":
            pairs = itertools.pairwise(values)
            return float(sum(a != b and not (math.isnan(a) and math.isnan(b)) for a, b in pairs))
        case "sum":
            return total(values)
        case "avg":
            return mean(values)
        case "min" | "max":
            return best(window, op == "max", False)[1]
        case "ts_min" | "ts_max":
            return best(window, op == "ts_max", True)[0] / 1000
        case "count":
            return float(len(window))
        case "last":
            return values[-1]
        case "first":
            return values[0]
        case "present":
            return 1.0
        case "stdvar":
            return variance(values)
        case "stddev":
            return math.sqrt(variance(values))
        case "quantile":
            return quantile(values, p1)
        case "mad":
            middle = quantile(values, 0.5)
            return quantile([abs(value - middle) for value in values], 0.5)
        case "deriv":
            return line(window, window[0][0])[0] if len(window) > 1 else None
        case "predict_linear":
            if len(window) < 2:
                return None
            slope, intercept = line(window, evaluated)
            return slope * p1 + intercept
        case "smoothing":
            if len(window) < 2:
                return None
            older, level, trend = 0.0, values[0], values[1] - values[0]
            for i, value in enumerate(values[1:]):
                if i:
                    trend = p2 * (level - older) + (1 - p2) * trend
                older, level = level, p1 * value + (1 - p1) * (level + trend)
            return level
        case "ts_first":
            return window[0][0] / 1000
        case "ts_last":
            return window[-1][0] / 1000
    raise ValueError(op)


def between(a: Sample, b: Sample, time: int, counter: bool) -> float:
    """The value at a time on the line between two samples; a counter that fell began again at zero."""
    start = 0.0 if counter and b[1] < a[1] else a[1]
    return start + (b[1] - start) * (time - a[0]) / (b[0] - a[0])


def extended(
    op: str, smoothed: bool, samples: list[tuple[int, int]], now: int, length: int, lookback: int
) -> float | None:
    """One anchored or smoothed window's value, or None."""
    start = now - length
    end = now + lookback if smoothed else now
    near = inside(samples, end, end - (start - lookback))
    before = [sample for sample in near if sample[0] <= start]
    within = [sample for sample in near if start < sample[0] <= now]
    after = [sample for sample in near if sample[0] > now]
    if op == "value":
        known = [sample for sample in near if sample[0] <= now]
        if not known:
            return None
        if known[-1][0] < now and after:
            return between(known[-1], after[0], now, False)
        return known[-1][1]
    ends_on_now = bool(within) and within[-1][0] == now
    ahead = after[:1] if smoothed and not ends_on_now else []
    if not within and not (before and ahead):
        return None
    window = before[-1:] + within + ahead
    if op in ("changes", "resets"):
        return reduce(op, window, now, length, now)
    counter = op != "delta"
    inner = list(within)
    left = window[0][1]
    if before and smoothed and before[-1][0] < start:
        left = between(window[0], window[1], start, counter)
    right = window[-1][1]
    if ahead and len(window) > 1:
        right = between(window[-2], window[-1], now, counter)
    if ends_on_now:
        inner.pop()
    result = right - left
    if counter:
        previous = left
        for _, value in inner:
            if value < previous:
                result += previous
            previous = value
        if right < previous:
            result += previous
    return result / (length / 1000) if op == "rate" else result


def started_anew(before: tuple[int, int], after: tuple[int, int]) -> bool:
    """Whether a counter began anew between two samples, each (time, start time or 0)."""
    time, start = after
    if start == 0 or start >= time or start < before[0]:
        return False
    return start > before[0] or (before[1] != 0 and before[1] < before[0])


def with_starts(op: str, window: list[tuple[int, float, int]], now: int, length: int) -> float | None:
    """rate, increase, irate or resets of (time, value, start time) samples."""
    pairs = list(itertools.pairwise(window))
    fell = [b[1] < a[1] or started_anew((a[0], a[2]), (b[0], b[2])) for a, b in pairs]
    if not window:
        return None
    if op == "resets":
        return float(sum(fell))
    if op == "irate":
        if not pairs:
            return None
        a, b = pairs[-1]
        return (b[1] if fell[-1] else b[1] - a[1]) / ((b[0] - a[0]) / 1000)
    first, last = window[0], window[-1]
    begins = first[2] != 0 and now - length < first[2] < first[0]
    if len(window) < 2 and not begins:
        return None
    result = last[1] - first[1] + sum(a[1] for (a, _), lost in zip(pairs, fell, strict=True) if lost)
    spacing = (last[0] - first[0]) / 1000 / len(pairs) if pairs else 0.0
    sampled, to_start, to_end = (last[0] - first[0]) / 1000, (first[0] - (now - length)) / 1000, (now - last[0]) / 1000
    if begins:
        result, sampled, to_start = result + first[1], (last[0] - first[2]) / 1000, 0.0
    elif to_start >= spacing * 1.1:
        to_start = spacing / 2
    if not begins and result > 0 and first[1] >= 0:
        to_start = min(to_start, sampled * (first[1] / result))
    if to_end >= spacing * 1.1:
        to_end = spacing / 2
    factor = (sampled + to_start + to_end) / sampled
    return result * factor / (length / 1000 if op == "rate" else 1)
