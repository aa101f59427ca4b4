"""What recording rules leave in the store."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.rules.harness import Bench, labels, steps
from watchkeeper.core.disk.wal import WriteFailed
from watchkeeper.core.model.histogram import Histogram
from watchkeeper.metrics.interface import SampleBatch


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path / "store")


async def test_samples_get_the_rules_name_and_labels(bench):
    bench.put("m", 1, a="x", b="y")
    bench.put("m", 5, a="z")
    bench.put("other", 9, a="x")
    await bench.run(bench.record("job:m", "m * 2", a="over", b="", c="new"), name="g")
    # Labels over the sample's own, an empty one takes it away: now both are the same.
    assert bench.rule.last_error == "vector contains metrics with the same labelset after applying rule labels"
    assert bench.rule.health == "err"
    assert not bench.all("job:m")
    await bench.stop()


async def test_labels_of_the_rule_are_over_those_of_the_sample(bench):
    bench.put("m", 1, a="x", b="y")
    await bench.run(bench.record("job:m", "m", a="over", b="", c="new"))
    assert list(bench.all("job:m")) == [labels("job:m", a="over", c="new")]
    assert bench.rule.health == "ok"
    await bench.stop()


async def test_a_scalar_is_recorded(bench):
    await bench.run(bench.record("one", "1 + 1"))
    assert bench.values("one") == [2.0]
    await bench.stop()


async def test_series_that_vanish_are_ended_once(bench):
    bench.put("m", 1, a="x")
    bench.put("m", 1, a="y")
    await bench.run(bench.record("r", "m > 0"))
    bench.put("m", 0, a="y")
    await bench.clock.advance(20)
    assert bench.values("r", a="x") == [1, 1, 1]
    assert bench.values("r", a="y") == [1, "stale"]
    bench.put("m", 3, a="y")
    await bench.clock.advance(10)
    assert bench.values("r", a="y") == [1, "stale", 3]
    await bench.stop()


async def test_a_rule_that_fails_writes_nothing_and_leaves_its_neighbours_alone(bench):
    bench.put("m", 1, a="x")
    await bench.run(bench.record("bad", "m"), bench.record("good", "m"))
    assert bench.values("bad", a="x") == [1]
    bench.put("m", 2, a="y")
    # Two series on the side that must have one.
    rules = [bench.record("bad", "m"), bench.record("good", "m")]
    assert rules
    await bench.clock.advance(10)
    bench.put("n", 1, a="1", b="1")
    bench.put("n", 1, a="1", b="2")
    await bench.manager.apply(
        [bench.group(bench.record("bad", "n * on (a) n"), bench.record("good", "m"))], bench.settings
    )
    await bench.clock.advance(10)
    bad, good = bench.rules
    assert bad.health == "err"
    assert "many-to-many" in bad.last_error
    assert good.health == "ok"
    # No marker for series of a rule that failed.
    assert bench.values("bad", a="x") == [1, 1]
    assert bench.values("good", a="x") == [1, 1, 1]
    assert bench.metric("prometheus_rule_evaluation_failures_total") == 1
    await bench.stop()


async def test_a_fault_of_ours_is_the_rules_alone(bench, monkeypatch):
    bad = bench.record("bad", "1")
    monkeypatch.setattr(type(bad.expression), "evaluate", _evaluate_unless_bad(type(bad.expression).evaluate))
    await bench.run(bad, bench.record("good", "2"))
    assert [rule.health for rule in bench.rules] == ["err", "ok"]
    assert bench.rules[0].last_error == "internal error: broken"
    await bench.stop()


def _evaluate_unless_bad(evaluate):
    def replaced(self, time_ms):
        if self.text == "1":
            raise RuntimeError("broken")
        return evaluate(self, time_ms)

    return replaced


async def test_more_samples_than_the_limit_are_all_dropped(bench):
    bench.put("m", 1, a="x")
    await bench.run(bench.record("r", "m"), limit=1)
    assert bench.rule.health == "ok"
    bench.put("m", 1, a="y")
    await bench.clock.advance(10)
    assert bench.rule.last_error == "exceeded limit of 1 with 2 series"
    assert len(bench.values("r", a="x")) == 1
    await bench.stop()


async def test_the_query_offset_moves_what_is_read_and_the_time_of_samples(bench):
    bench.put("m", 1)
    await bench.clock.advance(100)
    bench.put("m", 2)
    await bench.run(bench.record("r", "m"), query_offset_ms=60_000)
    [(time_ms, value)] = bench.samples("r")
    assert value == 1
    assert bench.now_ms() - 70_000 <= time_ms <= bench.now_ms() - 60_000
    await bench.stop()


async def test_the_global_query_offset_holds_for_groups_without_one(bench):
    bench.settings = type(bench.settings)(query_offset_ms=20_000)
    await bench.run(bench.record("r", "1"))
    [(time_ms, _)] = bench.samples("r")
    assert bench.now_ms() - 30_000 <= time_ms <= bench.now_ms() - 20_000
    await bench.stop()


async def test_a_rule_sees_what_those_before_it_recorded_now_and_those_after_it_last_time(bench):
    await bench.run(bench.record("early", "late"), bench.record("first", "time()"), bench.record("late", "first"))
    await bench.clock.advance(20)
    now = [value for _, value in bench.samples("first")]
    assert bench.values("late") == now
    assert bench.values("early") == now[:-1]
    assert steps([time_ms for time_ms, _ in bench.samples("early")]) == {10_000}
    await bench.stop()


async def test_native_histograms_are_recorded_and_ended(bench):
    histogram = Histogram(0, 3.0, 4.0, positive_spans=((0, 1),), positive=(3.0,))
    empty = np.empty(0)
    batch = SampleBatch(
        [labels("h", a="x")], np.empty(0, np.int32), np.empty(0, np.int64), empty, [(0, bench.now_ms(), histogram)]
    )
    assert bench.store.append(batch).stored_all
    bench.put("f", 7, a="y")
    await bench.run(bench.record("r", '{__name__=~"h|f"}'))
    assert bench.rule.health == "ok"
    answer = bench.engine.instant(bench.store.querier(), "histogram_count(r)", bench.now_ms())
    assert answer.value.values.tolist() == [3.0]
    assert bench.values("r", a="y") == [7]
    await bench.clock.advance(310)  # Out of sight now.
    assert not len(bench.engine.instant(bench.store.querier(), "r", bench.now_ms()).value.labels)
    assert bench.values("r", a="x")[-1] == "stale"
    await bench.stop()


async def test_two_rules_of_one_series(bench):
    await bench.run(bench.record("r", "1"), bench.record("r", "2"))
    assert bench.values("r") == [1]
    first, second = bench.rules
    assert first.health == "ok"
    assert (second.health, second.last_error) == ("err", "duplicate sample for timestamp")
    await bench.stop()


async def test_a_store_that_fails_shows_at_the_rule(bench, monkeypatch):
    await bench.run(bench.record("r", "1"))
    with monkeypatch.context() as patch:
        patch.setattr(bench.store.head.wal, "append", _raise)
        await bench.clock.advance(10)
    assert (bench.rule.health, bench.rule.last_error) == ("err", "disk full")
    await bench.clock.advance(10)
    assert bench.rule.health == "ok"
    assert bench.values("r") == [1, 1]
    await bench.stop()


def _raise(records):
    raise WriteFailed("disk full")


async def test_columns_that_the_store_renumbers_keep_their_series(bench):
    bench.store.options = bench.store.options
    for i in range(40):
        bench.put("m", i, a=str(i))
    await bench.run(bench.record("r", "m >= 0"), bench.record("s", "m * 2"))
    for i in range(20):
        bench.put("m", -1, a=str(i))
    rounds = 2 * bench.store.options.run_rows + 5
    for _ in range(rounds):
        await bench.clock.advance(10)
        for i in range(20, 40):
            bench.put("m", i, a=str(i))
    await bench.clock.advance(10)
    generation = bench.manager._runners["rules.yml;g"].group.levels[0].source._writer.generation
    assert generation > 0
    for i in range(20, 40):
        found = bench.values("r", a=str(i))
        assert found == [i] * (rounds + 2)
    assert bench.values("r", a="3") == [3, "stale"]
    await bench.stop()
