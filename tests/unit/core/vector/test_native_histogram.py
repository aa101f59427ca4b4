"""Native histograms: bounds, sums over different layouts, resets, quantiles, fractions, trims."""

import math
from dataclasses import replace

import pytest

from watchkeeper.core.model.histogram import CUSTOM_BUCKETS_SCHEMA, Histogram, ResetHint
from watchkeeper.core.vector import native_histogram as native

PLAIN = Histogram(schema=0, count=6, sum=12, positive_spans=((0, 3),), positive=(1.0, 2.0, 3.0))
CUSTOM = Histogram(
    schema=CUSTOM_BUCKETS_SCHEMA,
    count=10,
    sum=30,
    positive_spans=((0, 3),),
    positive=(2.0, 5.0, 3.0),
    custom_values=(1.0, 5.0),
)


@pytest.mark.parametrize(
    ("index", "schema", "wanted"),
    [(0, 0, 1.0), (1, 0, 2.0), (-1, 0, 0.5), (1, -1, 4.0), (2, 1, 2.0), (1, 1, math.sqrt(2)), (5000, 0, math.inf)],
)
def test_bounds(index: int, schema: int, wanted: float) -> None:
    assert native.bound(index, schema) == pytest.approx(wanted)


def test_buckets_go_from_low_to_high() -> None:
    both = replace(PLAIN, negative_spans=((0, 1),), negative=(4.0,), zero_threshold=0.1, zero_count=1.0)
    assert [(b.lower, b.upper) for b in native.buckets(both)] == [(-1, -0.5), (-0.1, 0.1), (0.5, 1), (1, 2), (2, 4)]


def test_sums_meet_in_the_coarser_schema() -> None:
    fine = Histogram(schema=1, count=4, sum=5, positive_spans=((1, 4),), positive=(1.0, 1.0, 1.0, 1.0))
    found = native.combined(PLAIN, fine).histogram
    assert (found.schema, found.count, found.sum) == (0, 10, 17)
    assert native.positive_counts(found) == {0: 1, 1: 4, 2: 5}
    back = native.combined(found, native.to_schema(fine, 0), -1).histogram
    assert native.same(back, PLAIN)


def test_zero_buckets_grow_until_they_cut_none() -> None:
    wide = Histogram(schema=0, count=1, sum=0, zero_threshold=0.75, zero_count=1.0)
    found = native.combined(PLAIN, wide).histogram
    assert (found.zero_threshold, found.zero_count) == (1.0, 2.0)
    assert native.positive_counts(found) == {1: 2, 2: 3}


def test_custom_bounds_keep_what_is_common() -> None:
    other = replace(CUSTOM, custom_values=(5.0, 9.0))
    found = native.combined(CUSTOM, other)
    assert found.reconciled
    assert found.histogram.custom_values == (5.0,)
    assert native.positive_counts(found.histogram) == {0: 9, 1: 11}
    with pytest.raises(native.MixedSchemasError):
        native.combined(CUSTOM, PLAIN)


@pytest.mark.parametrize(
    ("left", "right", "wanted", "collides"),
    [
        (ResetHint.GAUGE, ResetHint.RESET, ResetHint.GAUGE, False),
        (ResetHint.NOT_RESET, ResetHint.NOT_RESET, ResetHint.NOT_RESET, False),
        (ResetHint.UNKNOWN, ResetHint.NOT_RESET, ResetHint.UNKNOWN, False),
        (ResetHint.RESET, ResetHint.NOT_RESET, ResetHint.UNKNOWN, True),
    ],
)
def test_hints(left: ResetHint, right: ResetHint, wanted: ResetHint, collides: bool) -> None:
    found = native.combined(replace(PLAIN, reset_hint=left), replace(PLAIN, reset_hint=right))
    assert (found.histogram.reset_hint, found.collision) == (wanted, collides)


def test_resets() -> None:
    more = native.combined(PLAIN, PLAIN).histogram
    assert not native.is_reset(more, PLAIN)
    assert native.is_reset(PLAIN, more)
    assert native.is_reset(replace(more, positive=(1.0, 8.0, 3.0)), replace(PLAIN, positive=(2.0, 1.0, 3.0)))
    assert native.is_reset(replace(more, reset_hint=ResetHint.RESET), PLAIN)
    assert native.is_reset(replace(more, schema=1), PLAIN)


def test_quantiles_and_fractions() -> None:
    assert native.quantile(CUSTOM, 0.2) == (1.0, "")
    assert native.quantile(CUSTOM, 0.45) == (pytest.approx(3.0), "")
    assert native.quantile(CUSTOM, 1.0) == (5.0, "")
    assert native.quantile(PLAIN, 0.5)[0] == pytest.approx(2.0)
    assert native.quantile(replace(PLAIN, sum=math.nan, count=10), 0.9)[1] == "nan"
    assert native.fraction_between(PLAIN, 1, 2) == pytest.approx(2 / 6)
    assert native.fraction_between(CUSTOM, 0, 1) == pytest.approx(0.2)
    assert native.fraction_between(PLAIN, 2, 1) == 0
    assert math.isnan(native.fraction_between(replace(PLAIN, count=0), 0, 1))


def test_scaling_and_dividing() -> None:
    assert native.scaled(PLAIN, -1).reset_hint is ResetHint.GAUGE
    assert native.divided(PLAIN, 2).positive == (0.5, 1.0, 1.5)
    gone = native.divided(PLAIN, 0)
    assert (gone.count, gone.positive) == (math.inf, ())


def test_trims_keep_one_side() -> None:
    below = native.trimmed(CUSTOM, 3.0, below=True)
    above = native.trimmed(CUSTOM, 3.0, below=False)
    assert below.count + above.count == pytest.approx(CUSTOM.count)
    assert native.positive_counts(below) == {0: 2.0, 1: 2.5}
    assert native.trimmed(PLAIN, math.inf, below=True) is PLAIN
