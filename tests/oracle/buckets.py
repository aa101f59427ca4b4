"""The plain twin of kernels.buckets: one classic histogram at one step."""

import math

Buckets = list[tuple[float, float]]
"""(upper bound, cumulative count)"""


def almost_equal(a: float, b: float) -> bool:
    if a == b:
        return True
    if a == 0 or b == 0:
        return abs(a - b) < 1e-12 * 2.2250738585072014e-308
    return abs(a - b) / (abs(a) + abs(b)) < 1e-12


def repaired(buckets: Buckets) -> tuple[Buckets, bool]:
    """In order of bounds, equal bounds added up, counts that never fall; and whether any fell."""
    merged: dict[float, float] = {}
    for bound, count in sorted(buckets, key=lambda bucket: bucket[0]):
        merged[bound] = merged.get(bound, 0.0) + count
    out: Buckets = []
    fell = False
    for bound, count in merged.items():
        if out:
            before = out[-1][1]
            if almost_equal(before, count):
                count = before
            elif count < before:
                count, fell = before, True
        out.append((bound, count))
    return out, fell


def quantile(buckets: Buckets, q: float) -> float:
    if math.isnan(q):
        return math.nan
    if q < 0:
        return -math.inf
    if q > 1:
        return math.inf
    if buckets[-1][0] != math.inf or len(buckets) < 2 or buckets[-1][1] == 0:
        return math.nan
    rank = q * buckets[-1][1]
    at = next((i for i, (_, count) in enumerate(buckets[:-1]) if count >= rank), len(buckets) - 1)
    if at == len(buckets) - 1:
        return buckets[-2][0]
    bound, count = buckets[at]
    if at == 0:
        return bound if bound <= 0 else bound * rank / count if count else math.nan
    below_bound, below = buckets[at - 1]
    return below_bound + (bound - below_bound) * (rank - below) / (count - below)


def below(buckets: Buckets, x: float) -> float:
    """How many observations lie below x, interpolated."""
    start, before = (0.0 if buckets[0][0] > 0 else -math.inf), 0.0
    for bound, count in buckets:
        if x <= start:
            return before
        if x < bound:
            if math.isinf(start):
                return count
            if math.isinf(bound):
                return before
            return before + (count - before) * (x - start) / (bound - start)
        start, before = bound, count
    return before


def fraction(buckets: Buckets, low: float, high: float) -> float:
    if buckets[-1][0] != math.inf or buckets[-1][1] == 0 or math.isnan(low) or math.isnan(high):
        return math.nan
    if low >= high:
        return 0.0
    return (below(buckets, high) - below(buckets, low)) / buckets[-1][1]
