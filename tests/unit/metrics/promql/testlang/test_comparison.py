"""Comparing answers, and the forms in which a query is asked."""

from __future__ import annotations

import math

import pytest

from watchkeeper.core.model.histogram import Histogram, ResetHint
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.stale import STALE
from watchkeeper.core.testlang import almost_equal
from watchkeeper.metrics.promql.parser import ALL_OPTIONS, parse
from watchkeeper.metrics.promql.testlang.comparison import (
    AnswerSeries,
    ExpectedSeries,
    compare_series,
    histograms_equal,
)
from watchkeeper.metrics.promql.testlang.histograms import HistogramError, buckets_of, histogram_from_classic, spans_of
from watchkeeper.metrics.promql.testlang.pinning import depends_on_range, pinned
from watchkeeper.metrics.promql.testlang.series import SeriesValue


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (1.0, 1.0000001, True),
        (1.0, 1.00001, False),
        (0.0, 0.0, True),
        (0.0, 1e-9, False),
        (math.nan, math.nan, True),
        (math.nan, STALE, False),
        (STALE, STALE, True),
        (math.inf, math.inf, True),
        (math.inf, -math.inf, False),
        (1.7e308, 1.7e308, True),
    ],
)
def test_numbers(first: float, second: float, same: bool) -> None:
    assert almost_equal(first, second) is same
    assert almost_equal(second, first) is same


def test_histograms_are_compared_by_their_buckets() -> None:
    one = Histogram(count=3, sum=4, positive_spans=((0, 4),), positive=(1, 0, 0, 2))
    two = Histogram(count=3, sum=4, positive_spans=((0, 1), (2, 1)), positive=(1, 2), reset_hint=ResetHint.NOT_RESET)
    assert histograms_equal(one, two, compare_hint=False)
    assert not histograms_equal(one, two, compare_hint=True)
    assert spans_of(buckets_of(one.positive_spans, one.positive)) == (two.positive_spans, two.positive)


def test_differences_are_told() -> None:
    a, b, c = (Labels.of(__name__=name) for name in "abc")
    expected = [
        ExpectedSeries(a, {0: SeriesValue(1.0), 1000: SeriesValue(2.0)}),
        ExpectedSeries(b, {0: SeriesValue(3.0)}),
    ]
    found = [AnswerSeries(a, {0: 1.0, 1000: 2.5}), AnswerSeries(c, {0: Histogram(count=2, sum=1)})]
    assert compare_series(expected, found, ordered=False) == [
        "differs  a at 1s: expected 2, got 2.5",
        "missing  b 3@0s",
        "surplus  c {{schema:0 count:2 sum:1}}@0s",
    ]
    same = [AnswerSeries(b, {0: 3.0}), AnswerSeries(a, {0: 1.0, 1000: 2.0})]
    assert compare_series(expected, same, ordered=False) == []
    assert compare_series(expected, same, ordered=True) == ["order    b then a"]


def test_classic_histograms_become_native_ones() -> None:
    histogram = histogram_from_classic({1.0: 2, 5.0: 2, math.inf: 7}, None, 9.0)
    assert histogram is not None
    assert histogram.custom_values == (1.0, 5.0)
    assert (histogram.count, histogram.sum) == (7, 9.0)
    assert buckets_of(histogram.positive_spans, histogram.positive) == {0: 2, 2: 5}
    assert histogram_from_classic({}, None, 5.0) is None
    with pytest.raises(HistogramError):
        histogram_from_classic({1.0: 3, 2.0: 2}, None, None)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("a + b offset 5m", "a @ 60.000 + b @ 60.000 offset 5m"),
        ("rate(a[5m] @ 5)", "rate(a[5m] @ 5.000)"),
        ("sum_over_time(rate(a[1m])[5m:])", "sum_over_time(rate(a[1m])[5m:] @ 60.000)"),
        ("1 + 1", "1 + 1"),
        ("minute(a)", None),
        ("sum(a) + time()", None),
    ],
)
def test_pinned_queries(query: str, text: str | None) -> None:
    assert pinned(parse(query), 60_000) == text


def test_functions_of_the_range() -> None:
    assert depends_on_range(parse("a + step()", ALL_OPTIONS))
    assert not depends_on_range(parse("a[step():]"))
