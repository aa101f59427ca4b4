"""The machine's clock is set forward and back: no storm of evaluations, and nothing that is told too late."""

from __future__ import annotations

import pytest

from tests.unit.rules.harness import MINUTE, Bench, steps

HOUR_S = 3600
DAY_S = 24 * HOUR_S


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path / "store", resend_delay_ms=60_000)


async def test_a_day_forward_is_one_evaluation_and_many_missed(bench):
    await bench.run(bench.record("r", "1"))
    await bench.clock.advance(30)
    n_before = len(bench.values("r"))
    bench.clock.set_wall(DAY_S)
    await bench.clock.advance(30)
    times = [time_ms for time_ms, _ in bench.samples("r")]
    assert len(times) - n_before in (3, 4)
    assert steps(times[n_before:]) == {10_000}
    assert times[-1] - times[0] > DAY_S * 1000
    missed = bench.metric("prometheus_rule_group_iterations_missed_total")
    assert DAY_S / 10 - 2 <= missed <= DAY_S / 10 + 2
    await bench.stop()


async def test_an_hour_back_goes_on_at_once_and_its_samples_are_refused_as_out_of_order(bench):
    bench.put("m", 1)
    await bench.run(bench.record("r", "time()"), bench.alert("A", "vector(1)"))
    await bench.clock.advance(30)
    before = bench.samples("r")
    evaluated = bench.metric("prometheus_rule_evaluations_total")
    bench.clock.set_wall(-HOUR_S)
    await bench.clock.advance(60)
    n = (bench.metric("prometheus_rule_evaluations_total") - evaluated) / 2
    assert 5 <= n <= 7
    assert {rule.last_error for rule in bench.rules} == {"out of order sample"}
    assert bench.metric("prometheus_rule_evaluation_failures_total") == 0  # As upstream counts.
    assert bench.metric("prometheus_rule_group_iterations_missed_total") == 0
    # When time has come round again, it is recorded again.
    bench.clock.set_wall(HOUR_S)
    await bench.clock.advance(20)
    after = bench.samples("r")
    assert after[: len(before)] == before
    assert all(time_ms == value * 1000 for time_ms, value in after)
    assert 2 <= len(after) - len(before) <= 3  # Nothing of the hour that was twice.
    assert {rule.health for rule in bench.rules} == {"ok"}
    await bench.stop()


@pytest.mark.parametrize("change_s", [-HOUR_S, -DAY_S, -90])
async def test_after_the_clock_was_set_back_alerts_are_told_of_at_once(bench, change_s):
    """What was told before has an end that is far away now: who ended must not seem to fire until then."""
    bench.put("m", 1)
    await bench.run(bench.alert("Ends", "m"), bench.alert("Stays", "vector(1)"))
    await bench.clock.advance(20)
    assert len(bench.sent) == 2
    bench.clock.set_wall(change_s)  # The sample is in the future now.
    await bench.clock.advance(20)
    ended, stays = sorted(bench.sent[2:], key=lambda one: str(one.labels))
    assert (ended.labels.get("alertname"), stays.labels.get("alertname")) == ("Ends", "Stays")
    assert ended.ends_ns <= bench.now_ms() * 1_000_000 < stays.ends_ns
    assert stays.ends_ns <= (bench.now_ms() + 4 * MINUTE) * 1_000_000
    await bench.stop()
