"""kernels.buckets agrees with its plain twin."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import buckets as oracle
from watchkeeper.core.kernels import buckets as kernel

BOUNDS = [-2.0, 0.0, 0.5, 1.0, 1.0, 5.0, math.inf]
histograms = st.lists(
    st.tuples(st.sampled_from(BOUNDS), st.integers(0, 9).map(float), st.booleans()), min_size=1, max_size=7
)


@given(
    st.lists(histograms, min_size=1, max_size=3),
    st.one_of(st.floats(-0.1, 1.1), st.just(math.nan)),
    st.floats(-3, 6),
    st.one_of(st.floats(-3, 6), st.sampled_from([math.inf, -math.inf, math.nan])),
)
@settings(max_examples=150, deadline=None)
def test_quantile_and_fraction(parts: list[list[tuple[float, float, bool]]], q: float, low: float, high: float) -> None:
    rows = [(g, *bucket) for g, part in enumerate(parts) for bucket in part]
    bounds = np.array([row[1] for row in rows])
    values = np.array([[row[2]] for row in rows])
    present = np.array([[row[3]] for row in rows], np.uint8)
    group = np.array([row[0] for row in rows])
    order = np.lexsort((bounds, group)).astype(np.int64)
    at = np.array([0, *np.cumsum(np.bincount(group, minlength=len(parts)))], np.int64)
    quantiles, here, forced = kernel.histogram(values, present, bounds, order, at, np.array([q]))
    fractions, _, _ = kernel.histogram(values, present, bounds, order, at, np.array([low]), np.array([high]))
    for g, part in enumerate(parts):
        buckets = [(bound, count) for bound, count, there in part if there]
        assert bool(here[g, 0]) == bool(buckets)
        if not buckets:
            continue
        fixed, fell = oracle.repaired(buckets)
        assert bool(forced[g, 0]) == fell
        assert np.isclose(quantiles[g, 0], oracle.quantile(fixed, q), equal_nan=True)
        assert np.isclose(fractions[g, 0], oracle.fraction(fixed, low, high), equal_nan=True)


def test_arrays_that_do_not_fit_are_refused() -> None:
    cells, there = np.zeros((1, 1)), np.ones((1, 1), np.uint8)
    one = np.zeros(1)
    with pytest.raises(ValueError, match="row out of range"):
        kernel.histogram(cells, there, one, np.array([1], np.int64), np.array([0, 1], np.int64), one)
    with pytest.raises(ValueError, match="groups out of range"):
        kernel.histogram(cells, there, one, np.array([0], np.int64), np.array([0, 2], np.int64), one)
