"""Whether what came is what was expected."""

from __future__ import annotations

import math

import pytest

from watchkeeper.core.model.histogram import Histogram, ResetHint
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.stale import STALE
from watchkeeper.rules.testlang.comparison import (
    FiringAlert,
    Sample,
    compare_alerts,
    compare_samples,
    metric_text,
    value_text,
)

A = Labels.of(alertname="A", x="1")
B = Labels.of(alertname="A", x="2")
NOTE = Labels.of(summary="s")
M = Labels.of(__name__="m")


def alerts(*pairs):
    return [FiringAlert(labels, notes) for labels, notes in pairs]


def test_alerts_are_the_same_in_any_order_and_as_often():
    assert compare_alerts(alerts((A, NOTE), (B, NOTE)), alerts((B, NOTE), (A, NOTE))) is None
    assert compare_alerts([], []) is None
    twice = compare_alerts(alerts((A, NOTE), (A, NOTE)), alerts((A, NOTE)))
    assert twice is not None
    assert twice.lines() == [
        '  {alertname="A", x="1"}',
        "      summary: s",
        '- {alertname="A", x="1"}',
        "-     summary: s",
    ]


def test_alerts_that_differ_are_shown_by_line():
    several = Labels.of(summary="s", text="a\nb\\c")
    found = compare_alerts(alerts((A, NOTE), (B, NOTE)), alerts((A, several)))
    assert found is not None
    assert found.lines() == [
        '  {alertname="A", x="1"}',
        "      summary: s",
        '- {alertname="A", x="2"}',
        "-     summary: s",
        "+     text: a\\nb\\\\c",
    ]
    nothing = compare_alerts([], alerts((A, NOTE)))
    assert nothing is not None
    assert nothing.lines()[0] == "- no alert"


def same(wanted, got, *, fuzzy=False):
    return compare_samples([Sample(M, wanted)], [Sample(M, got)], fuzzy=fuzzy) is None


@pytest.mark.parametrize(
    ("wanted", "got", "exactly", "nearly"),
    [
        (1.0, 1.0, True, True),
        (0.3, 0.1 + 0.2, False, True),
        (0.3, math.nextafter(0.1 + 0.2, 1), False, False),
        (1.0, 1.0000001, False, False),
        (math.nan, math.nan, True, True),
        (math.nan, 0.0, False, False),
        (math.inf, math.inf, True, True),
        (math.inf, 1.7976931348623157e308, False, True),
        (0.0, -0.0, True, True),
    ],
)
def test_numbers(wanted, got, exactly, nearly):
    assert same(wanted, got) is exactly
    assert same(wanted, got, fuzzy=True) is nearly


def test_samples_in_any_order():
    wanted = [Sample(M, 1), Sample(Labels.of(__name__="n"), 2)]
    assert compare_samples(wanted, wanted[::-1], fuzzy=False) is None
    found = compare_samples(wanted, wanted[:1], fuzzy=False)
    assert found is not None
    assert found.lines() == ["  m 1", "- n 2"]
    nothing = compare_samples([], wanted[:1], fuzzy=False)
    assert nothing is not None
    assert nothing.lines() == ["- no sample", "+ m 1"]


def test_histograms():
    one = Histogram(count=2, sum=3, positive_spans=((0, 1),), positive=(2.0,))
    cut = Histogram(count=2, sum=3, positive_spans=((0, 2),), positive=(2.0, 0.0), reset_hint=ResetHint.GAUGE)
    other = Histogram(count=2, sum=3, positive_spans=((1, 1),), positive=(2.0,))

    def holds(wanted, got, is_hint_given=False):
        return compare_samples([Sample(M, 0, wanted, is_hint_given)], [Sample(M, 0, got)], fuzzy=False) is None

    assert holds(one, cut)
    assert not holds(one, cut, is_hint_given=True)
    assert holds(cut, cut, is_hint_given=True)
    assert not holds(one, other)
    assert not holds(one, None)
    assert not holds(None, one)


def test_how_samples_are_written():
    assert metric_text(Labels.of(__name__="m", a="b")) == 'm{a="b"}'
    assert (metric_text(M), metric_text(Labels.of(a="b")), metric_text(Labels())) == ("m", '{a="b"}', "{}")
    assert (value_text(Sample(M, 1e6)), value_text(Sample(M, STALE))) == ("1e+06", "stale")
    assert value_text(Sample(M, 0, Histogram(count=2, sum=3))) == "{{schema:0 count:2 sum:3}}"
