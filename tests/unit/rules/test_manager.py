"""When groups are evaluated; what a reload, a removal, a stop and a restart leave."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tests.unit.rules.harness import Bench, FakeClock, settle, steps
from watchkeeper.rules.settings import GlobalSettings


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path / "store")


async def test_evaluations_follow_the_interval_at_a_place_of_the_groups_own(bench):
    groups = [bench.group(bench.record(f"r{i}", "1"), name=f"g{i}") for i in range(20)]
    await bench.manager.apply(groups, bench.settings)
    await bench.manager.start()
    await bench.clock.advance(40)
    places = set()
    for i in range(20):
        times = [time_ms for time_ms, _ in bench.samples(f"r{i}")]
        assert len(times) == 4
        assert steps(times) == {10_000}
        places.add(times[0] % 10_000)
    assert len(places) > 15
    await bench.stop()


async def test_the_place_in_the_interval_survives_a_restart(bench, tmp_path):
    await bench.run(bench.record("r", "1"))
    [(first, _)] = bench.samples("r")
    await bench.stop()
    other = Bench(tmp_path / "other", clock=FakeClock(1_700_000_123.0))
    await other.run(other.record("r", "1"))
    [(second, _)] = other.samples("r")
    assert (second - first) % 10_000 == 0
    await other.stop()


async def test_groups_without_an_interval_have_the_global_one(bench):
    group = bench.group(bench.record("r", "1"))
    group = type(group)(group.file, group.name, None, rules=group.rules)
    await bench.manager.apply([group], GlobalSettings(interval_ms=5000))
    await bench.manager.start()
    await bench.clock.advance(20)
    assert len(bench.values("r")) == 4
    assert bench.metric("prometheus_rule_group_interval_seconds") == 5
    await bench.manager.apply([group], GlobalSettings(interval_ms=2000))
    await bench.clock.advance(20)
    assert len(bench.values("r")) == 14
    await bench.stop()


async def test_iterations_that_took_too_long_are_missed_and_counted(bench):
    slow_s = [25.0]

    async def in_worker(work):
        if slow_s and bench.manager._runners:
            await bench.clock.sleep(slow_s.pop())
        return work()

    bench.manager._threads.in_worker = in_worker
    await bench.run(bench.record("r", "1"))
    await bench.clock.advance(60)
    times = [time_ms for time_ms, _ in bench.samples("r")]
    assert [later - times[0] for later in times] == [0, 20_000, 30_000, 40_000, 50_000, 60_000]
    assert bench.metric("prometheus_rule_group_iterations_missed_total") == 1
    assert bench.metric("prometheus_rule_group_iterations_total") == 7
    await bench.stop()


async def test_a_clock_that_jumps_moves_the_times(bench):
    await bench.run(bench.record("r", "1"))
    bench.clock.set_wall(100)
    await bench.clock.advance(20)
    bench.clock.set_wall(-300)
    await bench.clock.advance(30)
    times = [time_ms for time_ms, _ in bench.samples("r")]
    assert [later - times[0] for later in times] == [0, 110_000, 120_000]
    # Set back, the store refuses what is older than what it has.
    assert bench.rule.last_error == "out of order sample"
    assert {later % 10_000 for later in times} == {times[0] % 10_000}
    bench.clock.set_wall(300)
    await bench.clock.advance(10)
    assert bench.rule.health == "ok"
    await bench.stop()


async def test_metrics_of_groups_have_upstreams_names_and_go_with_the_group(bench):
    await bench.run(bench.record("r", "1"), bench.record("s", "2"))
    text = bench.registry.exposition().decode()
    for name, value in (
        ("prometheus_rule_evaluations_total", "2"),
        ("prometheus_rule_evaluation_failures_total", "0"),
        ("prometheus_rule_group_iterations_total", "1"),
        ("prometheus_rule_group_iterations_missed_total", "0"),
        ("prometheus_rule_group_interval_seconds", "10"),
        ("prometheus_rule_group_rules", "2"),
        ("prometheus_rule_group_last_evaluation_samples", "2"),
        ("prometheus_rule_group_last_restore_duration_seconds", "0"),
    ):
        assert f'{name}{{rule_group="rules.yml;g"}} {value}\n' in text, name
    for name in ("last_duration_seconds", "last_rule_duration_sum_seconds", "last_evaluation_timestamp_seconds"):
        assert f'prometheus_rule_group_{name}{{rule_group="rules.yml;g"}}' in text
    assert "prometheus_rule_evaluation_duration_seconds_count 2\n" in text
    assert "prometheus_rule_group_duration_seconds_count 1\n" in text
    await bench.manager.apply([], bench.settings)
    assert "rules.yml;g" not in bench.registry.exposition().decode()
    await bench.stop()


async def test_a_reload_leaves_unchanged_groups_alone(bench):
    bench.put("m", 1)
    await bench.run(bench.alert("A", "m", for_s=3600), bench.record("r", "m"))
    before = bench.manager._runners["rules.yml;g"]
    again = bench.group(bench.alert("A", "m", for_s=3600), bench.record("r", "m"))
    await bench.manager.apply([again, bench.group(bench.record("s", "1"), name="h")], bench.settings)
    assert bench.manager._runners["rules.yml;g"] is before
    await bench.clock.advance(10)
    assert bench.values("r") == [1, 1]
    assert bench.values("s") == [1]
    await bench.stop()


async def test_a_reload_keeps_alerts_and_series_of_unchanged_rules(bench):
    bench.put("m", 1, a="x")
    bench.put("m", 1, a="y")
    await bench.run(
        bench.alert("A", "m > 0", for_s=25), bench.record("r", "m > 0"), bench.record("gone", "m"),
        bench.record("twice", "1", n="1"), bench.record("twice", "2", n="2"),
    )  # fmt: skip
    began = bench.alerts[0].active_ms
    bench.put("m", 0, a="y")
    await bench.manager.apply(
        [bench.group(
            bench.record("r", "m > 0"), bench.record("twice", "3", n="2"),
            bench.alert("A", "m > 0", for_s=15, notes={"new": "{{ $labels.a }}"}),
        )],
        bench.settings,
    )  # fmt: skip
    assert bench.rules[2].state == "pending"
    assert {one.annotations.get("new") for one in bench.alerts} == {"x", "y"}
    await bench.clock.advance(20)
    [one] = bench.alerts
    assert (one.state, one.active_ms, one.labels.get("a")) == ("firing", began, "x")
    assert bench.values("r", a="y") == [1, "stale"]
    assert bench.values("r", a="x") == [1, 1, 1]
    assert bench.values("gone", a="x") == [1, "stale"]
    assert bench.values("twice", n="1") == [1, "stale"]
    assert bench.values("twice", n="2") == [2, 3, 3]
    assert bench.values("ALERTS", a="y", alertstate="pending") == [1, "stale"]
    await bench.stop()


async def test_series_of_a_group_that_goes_away_are_ended_after_two_intervals(bench):
    await bench.run(bench.record("r", "1"), bench.record("moved", "2"))
    await bench.manager.apply([bench.group(bench.record("moved", "2"), name="other")], bench.settings)
    removed_ms = bench.now_ms()
    await bench.clock.advance(15)
    assert bench.values("r") == [1]
    await bench.clock.advance(15)
    assert bench.samples("r")[1:] == [(removed_ms, "stale")]
    # The other group went on with this one.
    assert bench.values("moved") == [2, 2, 2, 2]
    await bench.stop()


async def test_a_stop_ends_no_series(bench):
    await bench.run(bench.record("r", "1"))
    await bench.manager.stop()
    await bench.clock.advance(60)
    assert bench.values("r") == [1]
    bench.store.close()


async def test_a_stop_cancels_what_runs_and_begins_nothing_more(tmp_path):
    bench = Bench(tmp_path / "store")
    begun, go_on = threading.Event(), threading.Event()
    first = bench.record("r", "1")

    def evaluate(self, time_ms):
        begun.set()
        assert go_on.wait(10)
        return original(self, time_ms)

    original = type(first.expression).evaluate
    bench.manager._threads.in_worker = asyncio.to_thread
    bench.manager._cancel = go_on.set
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(first.expression), "evaluate", evaluate)
        await bench.manager.apply([bench.group(first, bench.record("s", "2"))], bench.settings)
        await bench.manager.start()
        await settle()
        await bench.clock.advance(10)
        assert await asyncio.to_thread(begun.wait, 10)
        await bench.manager.stop()
    assert bench.values("r") == [1]
    assert not bench.all("s")
    bench.store.close()


async def test_slow_rules_of_one_level_run_side_by_side(tmp_path):
    bench = Bench(tmp_path / "store", max_concurrent_evals=3)
    running, most = set(), [0]
    barrier = threading.Barrier(4, timeout=10)
    rules = [bench.record(f"r{i}", str(i)) for i in range(8)]
    original = type(rules[0].expression).evaluate

    def evaluate(self, time_ms):
        running.add(self.text)
        most[0] = max(most[0], len(running))
        barrier.wait()
        running.discard(self.text)
        return original(self, time_ms)

    await bench.run(*rules)
    [level] = bench.manager._runners["rules.yml;g"].group.levels
    level.duration_s = 1.0
    bench.manager._threads.in_worker = asyncio.to_thread
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(rules[0].expression), "evaluate", evaluate)
        group = bench.manager._runners["rules.yml;g"]
        await group._iterate(bench.now_ms() + 1)
    assert most[0] == 4
    assert all(len(bench.values(f"r{i}")) == 2 for i in range(8))
    assert bench.manager._threads.take_spare(9) == 3
    await bench.stop()


async def test_slow_groups_hold_back_no_others(tmp_path):
    bench = Bench(tmp_path / "store", max_quick_groups=1, max_slow_groups=2)
    slow = [bench.group(bench.record(f"slow{i}", "1 + 1"), name=f"slow{i}") for i in range(3)]
    quick = bench.group(bench.record("quick", "1"), name="quick", interval_s=5)
    await bench.manager.apply([*slow, quick], bench.settings)
    await bench.manager.start()
    await bench.clock.advance(10)
    go_on = threading.Event()
    original = type(quick.rules[0].expression).evaluate

    def evaluate(self, time_ms):
        assert self.text == "1" or go_on.wait(20)
        return original(self, time_ms)

    for group in slow:
        for level in bench.manager._runners[f"rules.yml;{group.name}"].group.levels:
            level.duration_s = 1.0
    bench.manager._threads.in_worker = asyncio.to_thread
    n_before = len(bench.values("quick"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(quick.rules[0].expression), "evaluate", evaluate)
        for n in range(1, 5):
            await bench.clock.advance(5)
            async with asyncio.timeout(10):
                while len(bench.values("quick")) < n_before + n:
                    await asyncio.sleep(0.001)
        assert [len(bench.values(f"slow{i}")) for i in range(3)] == [1, 1, 1]
        go_on.set()
        await bench.stop()
