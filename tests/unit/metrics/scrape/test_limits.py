"""Bucket limits and resolutions of native histograms."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.core.model.histogram import CUSTOM_BUCKETS_SCHEMA, Histogram, Spans
from watchkeeper.metrics.scrape.limits import LimitExceededError, Limits, coarser, schema_for_factor


def indexed(spans: Spans, counts: tuple[float, ...]) -> dict[int, float]:
    """Counts by bucket index."""
    out: dict[int, float] = {}
    index, left = 0, iter(counts)
    for offset, length in spans:
        index += offset
        for _ in range(length):
            out[index] = next(left)
            index += 1
    return out


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 4)), max_size=5),
    st.integers(-40, 40),
    st.integers(-4, 8),
    st.integers(-4, 8),
)
@settings(max_examples=100)
def test_a_coarser_histogram_adds_up_buckets_by_their_bounds(gaps, start, schema, coarse):
    spans = tuple((start + gap if i == 0 else gap, length) for i, (gap, length) in enumerate(gaps))
    counts = tuple(float(i + 1) for i in range(sum(length for _, length in spans)))
    histogram = Histogram(schema=schema, positive_spans=spans, positive=counts, negative_spans=spans, negative=counts)
    made = coarser(histogram, coarse)
    if schema <= coarse:
        assert made is histogram
        return
    expected: dict[int, float] = {}
    for index, count in indexed(spans, counts).items():
        target = -(-index // 2 ** (schema - coarse))  # The bucket whose upper bound is the next one at or above.
        expected[target] = expected.get(target, 0) + count
    assert made.schema == coarse
    assert indexed(made.positive_spans, made.positive) == expected
    assert indexed(made.negative_spans, made.negative) == expected
    assert sum(length for _, length in made.positive_spans) == len(made.positive)


def test_the_bucket_limit_coarsens_before_it_refuses():
    histogram = Histogram(schema=3, positive_spans=((1, 8),), positive=(1.0,) * 8)
    assert Limits(histogram_buckets=8).fit_histogram(histogram) is histogram
    fitted = Limits(histogram_buckets=2).fit_histogram(histogram)
    assert (fitted.schema, fitted.positive) == (1, (4.0, 4.0))
    wide = Histogram(schema=3, positive_spans=((-8000, 1), (16000, 1)), positive=(1.0, 1.0))
    with pytest.raises(LimitExceededError, match="^histogram bucket limit exceeded$"):
        Limits(histogram_buckets=1).fit_histogram(wide)
    custom = Histogram(
        schema=CUSTOM_BUCKETS_SCHEMA, positive_spans=((0, 3),), positive=(1.0,) * 3, custom_values=(1.0, 2.0)
    )
    with pytest.raises(LimitExceededError):
        Limits(histogram_buckets=2).fit_histogram(custom)


def test_schemas_for_factors():
    assert [schema_for_factor(factor) for factor in (65536, 4, 2, 1.5, 1.1, 1.003, 1.00271)] == [-4, -1, 0, 0, 2, 7, 8]
    assert schema_for_factor(1.0000001) == 8
    histogram = Histogram(schema=5, positive_spans=((1, 2),), positive=(1.0, 2.0))
    assert Limits(min_bucket_factor=2).fit_histogram(histogram).schema == 0
    assert Limits(min_bucket_factor=1).fit_histogram(histogram).schema == 5
