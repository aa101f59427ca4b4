"""The series notation."""

from __future__ import annotations

import pytest

from watchkeeper.core.model.errors import QueryError
from watchkeeper.core.model.histogram import Histogram, ResetHint
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.stale import is_stale
from watchkeeper.metrics.promql.testlang.comparison import histograms_equal
from watchkeeper.metrics.promql.testlang.series import parse_series, parse_values


def numbers(text: str) -> list[float | None]:
    return [value.number for value in parse_values(text)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", []),
        ("1 -2.5 1e3 +4 .5 -Inf", [1, -2.5, 1000, 4, 0.5, float("-inf")]),
        ("_ 1 _x2 2", [None, 1, None, None, 2]),
        ("0+10x3", [0, 10, 20, 30]),
        ("5-2x2", [5, 3, 1]),
        ("-1+0.5x2", [-1, -0.5, 0]),
        ("7x2", [7, 7, 7]),
        ("1+1x0", [1]),
        ("1e2+1e1x1", [100, 110]),
        ("Infx1", [float("inf"), float("inf")]),
    ],
)
def test_numbers(text: str, values: list[float | None]) -> None:
    assert numbers(text) == values


def test_stale_markers() -> None:
    first, second = numbers("stalex1")
    assert first is not None
    assert second is not None
    assert is_stale(first)
    assert is_stale(second)


def test_labels_may_hold_braces_and_spaces() -> None:
    line = parse_series("m{a=\"} 5\", b='x y'}\t1 2")
    assert line.labels == Labels.of(__name__="m", a="} 5", b="x y")
    assert [value.number for value in line.values] == [1, 2]
    assert parse_series("{} 1").labels == Labels()
    assert parse_series("bare").values == ()


def test_start_times() -> None:
    line = parse_series("m{}@st _ -30s-1mx2 0 1ms -1m")
    assert line.start_offsets_ms == (None, -30_000, -90_000, -150_000, 0, 1, -60_000)


def test_histograms() -> None:
    (value,) = parse_values(
        "{{schema:1 sum:-0.3 count:3.1 z_bucket:7.1 z_bucket_w:0.05 buckets:[5.1 10 7] offset:-3 n_buckets:[4.1 5] "
        "n_offset:-5 counter_reset_hint:gauge}}"
    )
    histogram = value.histogram
    assert histogram is not None
    assert value.is_hint_given
    assert histogram.positive_spans == ((-3, 3),)
    assert histogram.negative == (4.1, 5.0)
    assert histogram.reset_hint is ResetHint.GAUGE
    assert (histogram.schema, histogram.sum, histogram.zero_threshold) == (1, -0.3, 0.05)


def test_rising_histograms() -> None:
    values = parse_values("{{schema:0 count:2 sum:3 buckets:[1 1]}}+{{schema:1 count:1 sum:2 buckets:[0 0 1]}}x2")
    last = values[-1].histogram
    assert last is not None
    expected = Histogram(schema=0, count=4, sum=7, positive_spans=((0, 2),), positive=(1, 3))
    assert histograms_equal(expected, last, compare_hint=True)
    assert len(parse_values("{{count:1}}x3 1")) == 5


@pytest.mark.parametrize(
    "text",
    [
        "m abc",
        "m 1+1",
        "m 1x",
        "m 5x99999999999",
        "m 1x1000001",
        "m{a} 1",
        'm{a="b" 1',
        "m {{schema:0",
        "m {{what:5}}",
        "m {{count:x}}",
        "m {{count:1 count:2}}",
        "m {{counter_reset_hint:no}}",
        "m {{count:1}}+{{count:1}}",
        "m {{schema:1 count:1}}+{{schema:0 count:1}}x1",
        "m@st abc",
        "m!1",
    ],
)
def test_errors(text: str) -> None:
    with pytest.raises(QueryError):
        parse_series(text)
