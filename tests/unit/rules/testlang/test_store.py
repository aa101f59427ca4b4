"""The store of a unit test."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.core.model.histogram import Histogram
from watchkeeper.core.model.labels import METRIC_NAME, Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.stale import MISSING, is_stale
from watchkeeper.metrics.interface import Appender, Budget, Querier, SampleBatch, Status
from watchkeeper.metrics.promql.testlang.memory_store import MemoryStore
from watchkeeper.metrics.promql.testlang.series import parse_series
from watchkeeper.rules.testlang.store import UnitStore

M = Labels.of(__name__="m", a="1")
N = Labels.of(__name__="n")
MAX = 1 << 50


def store(*lines, start_ms=0, interval_ms=60_000):
    return UnitStore([parse_series(line) for line in lines], start_ms, interval_ms)


def samples(one, *matchers, start_ms=-MAX, end_ms=MAX, newest=False):
    """Times and values of each series that a select gives."""
    series = one.select(matchers, start_ms, end_ms, Budget(), newest=newest)
    out = {}
    for i, labels in enumerate(series.labels):
        lo, hi, at = (int(column[i]) for column in (series.value_lo, series.value_hi, series.time_lo))
        points = list(zip(series.times[at : at + hi - lo].tolist(), series.values[lo:hi].tolist(), strict=True))
        if i in series.histograms:
            natives = series.histograms[i]
            points += zip(natives.times.tolist(), (value.count for value in natives.values), strict=True)
        out[labels] = sorted(points)
    return out


def named(name):
    return Matcher(METRIC_NAME, MatchType.EQUAL, name)


def test_it_is_a_store():
    made = store()
    appender: Appender = made
    querier: Querier = made
    assert appender is querier


def test_input_comes_as_time_goes_on():
    made = store('m{a="1"} 1 _ 3 4', start_ms=1000)
    assert samples(made, named("m")) == {}
    made.advance(1000)
    assert samples(made, named("m")) == {M: [(1000, 1)]}
    made.advance(61_000)
    made.advance(120_999)
    assert samples(made, named("m")) == {M: [(1000, 1)]}
    made.advance(1_000_000)
    assert samples(made, named("m")) == {M: [(1000, 1), (121_000, 3), (181_000, 4)]}


def test_what_a_select_gives():
    made = store('m{a="1"} 1 2 3', 'm{a="2"} 4 5 6', "n {{count:7}} {{count:8}}")
    made.advance(MAX)
    assert samples(made, named("m"), Matcher("a", MatchType.NOT_EQUAL, "2"), start_ms=60_000, end_ms=60_000) == {
        M: [(60_000, 2)]
    }
    assert samples(made, Matcher("a", MatchType.EQUAL, "")) == {N: [(0, 7), (60_000, 8)]}
    assert samples(made, Matcher(METRIC_NAME, MatchType.REGEX, "m|n"), newest=True) == {
        M: [(120_000, 3)],
        Labels.of(__name__="m", a="2"): [(120_000, 6)],
        N: [(60_000, 8)],
    }
    assert samples(made, named("o")) == {}
    assert made.label_names([], 0, MAX) == ["__name__", "a"]
    assert made.label_values("a", [[named("m")]], 0, MAX) == ["1", "2"]
    assert made.label_values("a", [[named("m")]], 200_000, MAX) == []
    assert len(made.series([[named("m")], [named("n")]], 0, MAX)) == 3


def test_rows():
    made = store()
    writer = made.source("group")
    assert writer.columns([M, N]).tolist() == [0, 1]
    assert writer.columns([N]).tolist() == [1]
    assert (writer.n_columns, writer.generation) == (2, 0)
    assert writer.append(1000, np.array([1.0, MISSING])) is Status.STORED
    assert writer.append(2000, np.array([2.0, 3.0])) is Status.STORED
    assert writer.append(2000, np.array([5.0, 5.0])) is Status.OUT_OF_ORDER
    writer.close()
    assert samples(made, Matcher("x", MatchType.EQUAL, "")) == {M: [(1000, 1), (2000, 2)], N: [(2000, 3)]}


def test_batches():
    made = store()
    made.add(M, 1000, 1.0)
    batch = SampleBatch(
        [M, N], np.array([0, 0, 0, 1], np.int32), np.array([1000, 1000, 500, 500]), np.array([1.0, 2.0, 3.0, 4.0]),
        [(1, 600, Histogram(count=9))],
    )  # fmt: skip
    result = made.append(batch)
    assert [Status(status) for status in result.samples] == [
        Status.STORED, Status.DUPLICATE, Status.OUT_OF_ORDER, Status.STORED,
    ]  # fmt: skip
    assert [Status(status) for status in result.histograms] == [Status.STORED]
    assert samples(made, named("n")) == {N: [(500, 4), (600, 9)]}


def test_all_samples():
    made = store("n 1 stale", 'm{a="1"} {{count:2}} 5')
    made.advance(MAX)
    (first, m), (second, n) = made.dump()
    assert (first, second) == (M, N)
    assert [(time_ms, getattr(value, "count", value)) for time_ms, value in m] == [(0, 2), (60_000, 5)]
    assert n[0] == (0, 1)
    assert is_stale(n[1][1])


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.lists(st.sampled_from(["_", "1", "2", "stale"]))),
        max_size=4,
        unique_by=lambda line: line[:2],
    ),
    st.integers(-1, 6),
    st.integers(-1, 6),
)
def test_it_answers_as_the_store_of_query_scripts(lines, start, end):
    texts = [f'{name}{{l="{label}"}} {" ".join(values)}' for name, label, values in lines]
    made, other = store(*texts), MemoryStore()
    made.advance(MAX)
    other.load([parse_series(text) for text in texts], 60_000)
    for matchers in ([named("a")], [Matcher("l", MatchType.EQUAL, "x")], [Matcher("l", MatchType.REGEX, ".+")]):
        ours = samples(made, *matchers, start_ms=start * 60_000, end_ms=end * 60_000)
        theirs = samples(other, *matchers, start_ms=start * 60_000, end_ms=end * 60_000)
        assert repr(sorted(ours.items())) == repr(sorted(theirs.items()))
