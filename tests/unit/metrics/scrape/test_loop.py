"""When a target is scraped, and how its series end."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

from tests.unit.metrics.scrape.harness import START_S, FakeClock, FakeSite, begin_many, groups, scrape_config, settle
from tests.unit.metrics.scrape.memory_store import STALE, MemoryStore
from watchkeeper.core.model.errors import TargetError
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.metrics.scrape.manager import ScrapeManager


def times(store: MemoryStore, name: str = "m", instance: str = "a:1") -> list[int]:
    """Milliseconds since the start at which a series has samples."""
    [samples] = [
        samples
        for labels, samples in store.samples.items()
        if labels.name == name and labels.get("instance") == instance
    ]
    return [time_ms - round(START_S * 1000) for time_ms, _ in samples]


async def test_scrapes_follow_the_interval():
    manager, store, _site, clock = await begin_many(["a:1"])
    await clock.advance(100)
    found = times(store)
    assert len(found) == 10
    assert {later - earlier for earlier, later in itertools.pairwise(found)} == {10_000}
    assert 0 <= found[0] < 10_000
    await manager.stop()


async def test_the_place_in_the_interval_is_the_targets_own_and_survives_a_restart():
    manager, store, site, clock = await begin_many(["a:1", "b:1"])
    await clock.advance(10)
    await manager.stop()
    # The same targets 7 s later by the wall clock.
    later, clock = MemoryStore(), FakeClock(START_S + 7)
    other = ScrapeManager(later, Registry(), clock=clock, connect=site, host="here")
    await other.apply([scrape_config()])
    await other.update("test", groups("a:1", "b:1"))
    await clock.advance(10)
    for instance in ("a:1", "b:1"):
        assert (times(later, instance=instance)[0] - times(store, instance=instance)[0]) % 10_000 == 0
    assert times(store, instance="a:1") != times(store, instance="b:1")
    await other.stop()


async def test_500_targets_are_spread_over_the_interval():
    addresses = [f"t{i}:1" for i in range(500)]
    manager, _store, site, clock = await begin_many(addresses)
    per_second = []
    for _ in range(10):
        before = sum(site.n_fetches.values())
        await clock.advance(1)
        per_second.append(sum(site.n_fetches.values()) - before)
    assert sum(per_second) == 500
    assert all(25 < count < 80 for count in per_second), per_second
    await manager.stop()


async def test_two_servers_scrape_at_different_times():
    manager, store, _, clock = await begin_many(["a:1"])
    await clock.advance(10)
    other = ScrapeManager(
        store_2 := MemoryStore(), Registry(), clock=(clock_2 := FakeClock()), connect=FakeSite({"a:1": "m 1\n"}),
        host="there", external_labels={"replica": "b"},
    )  # fmt: skip
    await other.apply([scrape_config()])
    await other.update("test", groups("a:1"))
    await clock_2.advance(10)
    assert times(store) != times(store_2)
    await manager.stop()
    await other.stop()


class SlowSite(FakeSite):
    """Answers take their time."""

    delay_s = 0.0
    clock: FakeClock

    def fetch(self, target):
        fetch = super().fetch(target)
        site = self

        class Slow:
            async def __call__(self):
                await site.clock.sleep(site.delay_s)
                return await fetch()

            def close(self):
                pass

        return Slow()


async def slow_one() -> tuple[ScrapeManager, MemoryStore, SlowSite, FakeClock]:
    store, site, clock = MemoryStore(), SlowSite({"a:1": "m 1\n"}), FakeClock()
    site.clock = clock
    manager = ScrapeManager(store, Registry(), clock=clock, connect=site, host="here")
    await manager.apply([scrape_config(scrape_timeout_ms=10_000)])
    await manager.update("test", groups("a:1"))
    return manager, store, site, clock


async def test_the_timestamp_is_the_start_of_the_scrape_and_the_duration_is_measured():
    manager, store, site, clock = await slow_one()
    site.delay_s = 3.0
    await clock.advance(40)
    found = times(store)
    assert {later - earlier for earlier, later in itertools.pairwise(found)} == {10_000}
    assert {round(value, 6) for value in store.of("scrape_duration_seconds")} == {3.0}
    await manager.stop()


async def test_a_scrape_longer_than_the_interval_leaves_ticks_out():
    manager, store, site, clock = await slow_one()
    await clock.advance(15)
    site.delay_s = 25.0
    await clock.advance(30)
    site.delay_s = 0.0
    await clock.advance(60)
    found = times(store)
    assert found == sorted(set(found))
    gaps = [later - earlier for earlier, later in itertools.pairwise(found)]
    assert gaps[-3:] == [10_000, 10_000, 10_000]
    assert (found[-1] - found[0]) % 10_000 == 0
    await manager.stop()


async def test_small_delays_are_straightened_and_large_ones_are_not():
    manager, store, _, clock = await begin_many(["a:1"])
    await clock.advance(10)
    tick = times(store)[0]
    clock.set_wall(0.0015)  # The scheduler is late by 1.5 ms.
    await clock.advance(10)
    clock.set_wall(0.008)
    await clock.advance(10)
    assert times(store)[:2] == [tick, tick + 10_000]
    assert times(store)[2] in (tick + 20_009, tick + 20_010)
    await manager.stop()


async def test_a_clock_that_is_set_back():
    manager, store, _, clock = await begin_many(["a:1"])
    await clock.advance(20)
    clock.set_wall(-15)
    await clock.advance(40)
    found = times(store)
    assert found == sorted(found)
    assert len(found) >= 4
    await manager.stop()


async def test_a_target_that_goes_away_is_ended_after_two_intervals():
    manager, store, _, clock = await begin_many(["a:1", "b:1"])
    await clock.advance(20)
    last = times(store)[-1]
    await manager.update("test", groups("b:1"))
    await clock.advance(last / 1000 + 10 + 10.9 - 20)
    assert store.of("m", instance="a:1") == [1, 1]
    await clock.advance(0.2)
    assert store.of("m", instance="a:1") == [1, 1, STALE]
    assert store.of("up", instance="a:1") == [1, 1, STALE]
    # The marker stands where the next sample would have been.
    assert times(store)[-1] == last + 10_000
    assert store.writers[0].is_closed
    assert STALE not in store.of("m", instance="b:1")
    await manager.stop()


async def test_a_target_that_comes_back_in_time_goes_on():
    manager, store, _, clock = await begin_many(["a:1"])
    await clock.advance(20)
    await manager.update("test", [])
    await clock.advance(12)
    await manager.update("test", groups("a:1"))
    await clock.advance(60)
    values = store.of("m", instance="a:1")
    assert STALE not in values
    assert len(values) >= 7
    assert len(store.writers) == 1
    await manager.stop()


async def test_a_target_that_moves_to_another_address_goes_on():
    manager, store, site, clock = await begin_many(["a:1"])
    await manager.update("test", groups("a:1", instance="pod"))
    await clock.advance(20)
    site.answers["b:1"] = "m 2\n"
    await manager.update("test", groups("b:1", instance="pod"))
    await clock.advance(60)
    values = store.of("m", instance="pod")
    assert STALE not in values
    assert {1.0, 2.0} == set(values)
    await manager.stop()


async def test_the_end_of_the_server_is_not_the_end_of_the_series():
    manager, store, _, clock = await begin_many(["a:1"])
    await clock.advance(20)
    await manager.stop()
    await clock.advance(100)
    assert store.of("m") == [1, 1]
    assert all(writer.is_closed for writer in store.writers)


async def test_a_job_that_is_removed_ends_its_series_unless_it_comes_back():
    manager, store, _, clock = await begin_many(["a:1"])
    await clock.advance(20)
    await manager.apply([])
    assert manager.active_targets() == {}
    await clock.advance(5)
    await manager.apply([scrape_config()])
    await manager.update("test", groups("a:1"))
    await clock.advance(30)
    assert STALE not in store.of("m")
    await manager.apply([])
    await clock.advance(30)
    assert store.of("m")[-1] == STALE
    assert store.of("up")[-1] == STALE
    await manager.stop()


async def test_a_target_that_was_never_scraped_leaves_nothing():
    manager, store, _, clock = await begin_many(["a:1"])
    await manager.update("test", [])
    await clock.advance(60)
    assert store.samples == {}
    await manager.stop()


async def test_failures_are_logged_to_a_file(tmp_path: Path):
    path = tmp_path / "failures.json"
    manager, _, site, clock = await begin_many(["a:1"], scrape_failure_log_file=str(path))
    site.answers["a:1"] = TargetError("context deadline exceeded")
    await clock.advance(20)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(lines) == 2
    assert lines[0]["msg"] == "context deadline exceeded"
    assert lines[0]["job_name"] == "test"
    assert lines[0]["target"] == "http://a:1/metrics"
    assert lines[0]["level"] == "ERROR"
    path.rename(tmp_path / "old.json")
    await manager.apply([scrape_config(scrape_failure_log_file=str(path))])  # A reload follows rotation.
    await clock.advance(10)
    assert len(path.read_text().splitlines()) == 1
    await manager.stop()


async def test_a_failure_file_that_cant_be_written_costs_its_lines_only(tmp_path: Path):
    manager, store, site, clock = await begin_many(["a:1"], scrape_failure_log_file=str(tmp_path / "no" / "such"))
    site.answers["a:1"] = TargetError("x")
    await clock.advance(20)
    assert store.of("up") == [0, 0]
    await manager.stop()


async def test_interval_lengths_are_observed():
    store, site, clock, registry = MemoryStore(), FakeSite({"a:1": "m 1\n"}), FakeClock(), Registry()
    manager = ScrapeManager(store, registry, clock=clock, connect=site, host="here")
    await manager.apply([scrape_config()])
    await manager.update("test", groups("a:1"))
    await clock.advance(50)
    text = registry.exposition().decode()
    assert 'prometheus_target_interval_length_seconds_count{interval="10s"} 4' in text
    assert 'prometheus_target_interval_length_seconds_sum{interval="10s"} 40' in text
    assert 'prometheus_target_scrape_pool_targets{scrape_job="test"} 1' in text
    await manager.stop()
    await settle()
    assert 'scrape_job="test"' not in registry.exposition().decode()
