"""Groups cut into levels and written as rows leave in the store what rules evaluated one by one would."""

import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from tests.unit.rules.harness import Bench, FakeClock, record
from watchkeeper.core.model.labels import METRIC_NAME, Labels
from watchkeeper.core.model.stale import STALE
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.metrics.interface import SampleBatch
from watchkeeper.metrics.promql.engine import Engine, EngineOptions
from watchkeeper.metrics.tsdb.db import TSDB
from watchkeeper.rules.files.loaded import LoadedGroup
from watchkeeper.rules.group import Group, Surroundings
from watchkeeper.rules.promql import PromQL
from watchkeeper.rules.settings import RuleOptions
from watchkeeper.rules.telemetry import RuleMetrics

START_MS = 1_700_000_000_000
STEP_MS = 10_000
NAMES = ["r0", "r1", "r2", "r3"]

names = st.sampled_from(NAMES)
expressions = st.one_of(
    st.just("m"),
    st.just("m > 2"),
    st.just("sum(m)"),
    st.builds("{} + 1".format, names),
    st.builds("{} > 3".format, names),
    st.builds("sum({}) + sum({})".format, names, names),
    st.builds("{} offset 10s".format, names),
    st.builds("sum by (a) ({}) or m".format, names),
    st.builds("count_over_time({}[25s])".format, names),
    st.just('count({__name__=~"r[12]"})'),
    st.just('sum({n="1"})'),
    st.just("m + ignoring (a) m"),  # Refused where there are several.
)
groups = st.lists(st.tuples(names, expressions), min_size=1, max_size=7)
data = st.lists(st.dictionaries(st.sampled_from("xyz"), st.integers(0, 5), max_size=3), min_size=2, max_size=6)


def put(store: TSDB, samples: dict[Labels, float], time_ms: int) -> None:
    n = len(samples)
    values = np.array(list(samples.values()), np.float64)
    store.append(SampleBatch(list(samples), np.arange(n, dtype=np.int32), np.full(n, time_ms, np.int64), values))


def one_by_one(language: PromQL, store: TSDB, rules: list[tuple[str, str]], rounds: list[dict[str, int]]) -> None:
    """The plain way: each rule evaluated and stored before the next."""
    before: list[set[Labels]] = [set() for _ in rules]
    for k, row in enumerate(rounds):
        time_ms = START_MS + k * STEP_MS
        put(store, {Labels.of(__name__="m", a=a): float(value) for a, value in row.items()}, time_ms)
        for i, (name, expr) in enumerate(rules):
            try:
                samples = language.compile(expr).evaluate(time_ms)
            except Exception:
                continue
            found = {
                Labels({**one.as_dict(), METRIC_NAME: name, "n": str(i)}.items()): value
                for one, value in zip(samples.labels, samples.values.tolist(), strict=True)
            }
            if len(found) < len(samples.labels):
                continue
            put(store, found | dict.fromkeys(before[i] - found.keys(), STALE), time_ms)
            before[i] = set(found)


def as_group(language: PromQL, store: TSDB, rules: list[tuple[str, str]], rounds: list[dict[str, int]]) -> None:
    """Our way."""
    loaded = [record(language, name, expr, n=str(i)) for i, (name, expr) in enumerate(rules)]
    around = Surroundings(store, lambda alerts: None, FakeClock(), RuleOptions(), lambda text, time_ms: None)
    group = Group(
        LoadedGroup("f", "g", STEP_MS, rules=tuple(loaded)), around, RuleMetrics(Registry()).of("f;g"), restored=True
    )
    for k, row in enumerate(rounds):
        time_ms = START_MS + k * STEP_MS
        put(store, {Labels.of(__name__="m", a=a): float(value) for a, value in row.items()}, time_ms)
        group.evaluate(time_ms)


def contents(run, rules: list[tuple[str, str]], rounds: list[dict[str, int]]) -> dict[Labels, list[tuple[int, object]]]:
    with tempfile.TemporaryDirectory() as folder, closing(TSDB.open(Path(folder), clock=lambda: START_MS)) as store:
        run(PromQL(Engine(EngineOptions(), Registry()), store.querier()), store, rules, rounds)
        bench = Bench.__new__(Bench)
        bench.store, bench.clock = store, FakeClock(START_MS / 1000)
        return {labels: points for name in NAMES for labels, points in bench.all(name).items()}


@given(groups, data)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_levels_and_rows_are_as_good_as_one_by_one(rules, rounds) -> None:
    note(rules)
    assert contents(as_group, rules, rounds) == contents(one_by_one, rules, rounds)
