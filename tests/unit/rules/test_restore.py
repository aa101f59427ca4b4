"""Alerts' `for` across a restart."""

from __future__ import annotations

import pytest

from tests.unit.rules.harness import MINUTE, START_S, Bench, FakeClock
from watchkeeper.core.model.errors import QueryError
from watchkeeper.rules.restore import restored_ms

HOUR = 60 * MINUTE


def test_what_was_waited_counts_and_the_outage_does_not():
    # Active for 20 minutes of 60 when the server went away; it was away for 5.
    assert restored_ms(20 * MINUTE, 0, 60 * MINUTE, 10 * MINUTE, 25 * MINUTE) == 5 * MINUTE


def test_little_left_is_made_a_grace_period():
    now = 57 * MINUTE
    restored = restored_ms(55 * MINUTE, 0, 60 * MINUTE, 10 * MINUTE, now)
    assert restored + 60 * MINUTE == now + 10 * MINUTE


def test_what_fired_fires_at_once():
    assert restored_ms(70 * MINUTE, 0, 60 * MINUTE, 10 * MINUTE, 80 * MINUTE) == 0


async def before_restart(path, minutes):
    """A server that ran an alert for so many minutes and stopped; returns when the alert began, and the clock."""
    bench = Bench(path)
    bench.put("m", 1, a="x")
    await bench.run(bench.alert("A", "m", for_s=3600), interval_s=60)
    began = bench.alerts[0].active_ms
    for _ in range(minutes - 1):
        bench.put("m", 1, a="x")
        await bench.clock.advance(60)
    now_s = bench.clock.wall_s()
    await bench.stop()
    return began, now_s


async def after_restart(path, now_s, rule_settings=None, **options):
    bench = Bench(path, clock=FakeClock(now_s), **options)
    bench.put("m", 1, a="x")
    await bench.run(bench.alert("A", "m", **(rule_settings or {"for_s": 3600})), is_restart=True, interval_s=60)
    return bench


async def test_an_alert_goes_on_waiting(tmp_path):
    began, now_s = await before_restart(tmp_path, 20)
    bench = await after_restart(tmp_path, now_s + 300)
    written = len(bench.samples("ALERTS_FOR_STATE"))
    [fresh] = bench.alerts
    assert fresh.active_ms > now_s * 1000
    assert not [time_ms for time_ms, _ in bench.samples("ALERTS") if time_ms > now_s * 1000]
    await bench.clock.advance(60)  # The second evaluation, then the state is read.
    [one] = bench.alerts
    down_ms = bench.now_ms() - round(now_s * 1000)
    assert 0 <= one.active_ms - began - 300_000 <= down_ms - 300_000
    assert len(bench.samples("ALERTS_FOR_STATE")) == written
    await bench.clock.advance(60)
    assert bench.samples("ALERTS_FOR_STATE")[-1][1] == one.active_ms // 1000
    assert bench.metric("prometheus_rule_group_last_restore_duration_seconds") >= 0
    await bench.stop()


async def test_an_alert_that_fired_fires_at_the_next_evaluation(tmp_path):
    _, now_s = await before_restart(tmp_path, 62)
    bench = await after_restart(tmp_path, now_s + 120)
    assert [one.state for one in bench.alerts] == ["pending"]
    await bench.clock.advance(120)
    assert [one.state for one in bench.alerts] == ["firing"]
    await bench.stop()


async def test_an_outage_longer_than_the_tolerance_begins_anew(tmp_path):
    _, now_s = await before_restart(tmp_path, 20)
    bench = await after_restart(tmp_path, now_s + 3700)
    await bench.clock.advance(60)
    assert bench.alerts[0].active_ms > (now_s + 3700) * 1000
    await bench.clock.advance(60)
    assert bench.samples("ALERTS_FOR_STATE")[-1][1] > now_s + 3700
    await bench.stop()


async def test_a_short_for_is_not_restored(tmp_path):
    _, now_s = await before_restart(tmp_path, 20)
    bench = await after_restart(tmp_path, now_s + 60, {"for_s": 300})
    await bench.clock.advance(60)
    assert bench.alerts[0].active_ms > now_s * 1000
    await bench.stop()


async def test_an_alert_that_had_ended_is_not_restored(tmp_path):
    bench = Bench(tmp_path)
    bench.put("m", 1, a="x")
    await bench.run(bench.alert("A", "m > 0", for_s=3600), interval_s=60)
    bench.put("m", 0, a="x")
    await bench.clock.advance(60)
    now_s = bench.clock.wall_s()
    await bench.stop()
    bench = await after_restart(tmp_path, now_s + 60, {"for_s": 3600})
    await bench.clock.advance(60)
    assert bench.alerts[0].active_ms > now_s * 1000
    await bench.stop()


async def test_a_reload_before_the_state_was_read_does_not_lose_it(tmp_path):
    began, now_s = await before_restart(tmp_path, 20)
    bench = await after_restart(tmp_path, now_s + 60)
    await bench.manager.apply([bench.group(bench.alert("A", "m", for_s=3601), interval_s=60)], bench.settings)
    await bench.clock.advance(180)
    assert bench.alerts[0].active_ms < now_s * 1000
    assert began < now_s * 1000
    await bench.stop()


@pytest.mark.parametrize("error", [QueryError("broken"), OSError("broken"), RuntimeError("broken")])
async def test_a_store_that_can_not_be_read_costs_only_the_state(tmp_path, error):
    _, now_s = await before_restart(tmp_path, 20)
    bench = Bench(tmp_path, clock=FakeClock(now_s + 60))

    class Broken:
        def select(self, *args, **kwargs):
            raise error

    bench.manager._querier = Broken()
    bench.put("m", 1, a="x")
    await bench.run(bench.alert("A", "m", for_s=3600), is_restart=True, interval_s=60)
    await bench.clock.advance(120)
    assert bench.alerts[0].active_ms > now_s * 1000
    assert bench.samples("ALERTS")[-1][0] > now_s * 1000
    await bench.stop()


async def test_the_first_start_has_nothing_to_restore(tmp_path):
    bench = Bench(tmp_path)
    bench.put("m", 1)
    await bench.run(bench.alert("A", "m", for_s=3600), is_restart=True, interval_s=60)
    await bench.clock.advance(120)
    assert len(bench.samples("ALERTS")) == 1
    assert bench.alerts[0].active_ms < (START_S + 61) * 1000
    await bench.stop()
