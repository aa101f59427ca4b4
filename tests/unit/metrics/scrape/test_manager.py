"""Jobs that come, change and go."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools

from aiohttp import web

from tests.unit.metrics.scrape.harness import FakeClock, FakeSite, begin_many, groups, scrape_config
from tests.unit.metrics.scrape.memory_store import STALE, MemoryStore
from watchkeeper.core.relabel import RelabelConfig
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.discovery.interface import TargetGroup
from watchkeeper.metrics.scrape.manager import ScrapeManager


async def test_a_real_target_is_scraped():
    async def metrics(request: web.Request) -> web.Response:
        return web.Response(text='a{x="1"} 1\nb 2\n', content_type="text/plain")

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    store = MemoryStore()
    manager = ScrapeManager(store, Registry())
    await manager.apply([scrape_config(scrape_interval_ms=50, scrape_timeout_ms=50)])
    await manager.update("test", groups(f"127.0.0.1:{port}"))
    while len(store.samples) < 7 or len(store.of("up")) < 3:
        await asyncio.sleep(0.01)
    [target] = manager.active_targets()["test"]
    assert (target.health, target.last_error) == ("up", "")
    await manager.stop()
    await runner.cleanup()
    assert store.of("a", x="1")[:3] == [1, 1, 1]
    assert store.of("scrape_series_added")[:3] == [2, 0, 0]


async def test_groups_may_come_before_the_job():
    store, site, clock = MemoryStore(), FakeSite({"a:1": "m 1\n"}), FakeClock()
    manager = ScrapeManager(store, Registry(), clock=clock, connect=site, host="here")
    await manager.update("test", groups("a:1"))
    await manager.apply([scrape_config()])
    await clock.advance(10)
    assert store.of("m") == [1]
    await manager.stop()


async def test_a_reload_without_a_change_leaves_the_loops_alone():
    manager, _store, _site, clock = await begin_many(["a:1"])
    await clock.advance(15)
    loop = next(iter(manager.pools["test"]._loops.values()))
    await manager.apply([scrape_config()])
    await manager.apply([scrape_config(job_name="other"), scrape_config()])
    assert next(iter(manager.pools["test"]._loops.values())) is loop
    assert list(manager.pools) == ["other", "test"]
    await manager.stop()


async def test_a_reload_that_only_relabels_targets_leaves_the_others_alone():
    manager, store, _site, clock = await begin_many(["a:1", "b:1"])
    await clock.advance(20)
    loops = {loop.target.address: loop for loop in manager.pools["test"]._loops.values()}
    drop = RelabelConfig(source_labels=("__address__",), regex="b:1", action="drop")
    await manager.apply([scrape_config(relabel_configs=(drop,))])
    [left] = manager.pools["test"]._loops.values()
    assert left is loops["a:1"]
    await clock.advance(40)
    assert store.of("m", instance="a:1") == [1] * 6
    assert store.of("m", instance="b:1") == [1, 1, STALE]
    await manager.stop()


async def test_a_reload_that_changes_the_job_keeps_rhythm_series_and_source():
    manager, store, site, clock = await begin_many(["a:1"])
    site.answers["a:1"] = "m 1\ngone 1\n"
    await clock.advance(20)
    drop = RelabelConfig(source_labels=("__name__",), regex="gone", action="drop")
    await manager.apply([scrape_config(metric_relabel_configs=(drop,), extra_scrape_metrics=True)])
    await clock.advance(20)
    assert store.of("m") == [1, 1, 1, 1]
    assert store.of("gone") == [1, 1, STALE]
    assert store.of("up") == [1, 1, 1, 1]
    assert store.of("scrape_sample_limit") == [0, 0]
    [samples] = [samples for labels, samples in store.samples.items() if labels.name == "m"]
    times = [time_ms for time_ms, _ in samples]
    assert {later - earlier for earlier, later in itertools.pairwise(times)} == {10_000}
    assert len(store.writers) == 1
    await manager.apply([scrape_config(metric_relabel_configs=(drop,))])
    await clock.advance(20)
    assert store.of("scrape_sample_limit") == [0, 0, STALE]
    assert store.of("up") == [1] * 6
    await manager.stop()


async def test_a_reload_that_changes_the_interval_goes_on_with_the_series():
    manager, store, _site, clock = await begin_many(["a:1"])
    await clock.advance(20)
    await manager.apply([scrape_config(scrape_interval_ms=5000)])
    await clock.advance(60)
    values = store.of("m")
    assert STALE not in values
    assert len(values) == 2 + 12
    assert len(store.writers) == 1
    await manager.stop()


async def test_target_limit_fails_all_targets_without_scraping():
    manager, store, site, clock = await begin_many(["a:1", "b:1", "c:1"], target_limit=2)
    await clock.advance(10)
    assert site.n_fetches == {}
    assert store.of("up", instance="a:1") == [0]
    errors = {target.last_error for target in manager.active_targets()["test"]}
    assert errors == {"target_limit exceeded (number of targets: 3, limit: 2)"}
    registry = manager._around.metrics
    assert registry.exceeded_target_limit.value == 1
    await manager.update("test", groups("a:1", "b:1"))
    await clock.advance(10)
    assert store.of("up", instance="a:1") == [0, 1]
    await manager.stop()


async def test_dropped_targets_are_counted_and_some_are_kept():
    rule = RelabelConfig(source_labels=("__address__",), regex="a.*", action="keep")
    manager, _, _, _ = await begin_many(["a:1", "b:1", "c:1", "d:1"], relabel_configs=(rule,), keep_dropped_targets=2)
    assert [target.address for target in manager.active_targets()["test"]] == ["a:1"]
    assert manager.dropped_target_counts() == {"test": 3}
    dropped = manager.dropped_targets()["test"]
    assert [target.discovered.get("__address__") for target in dropped] == ["b:1", "c:1"]
    assert dropped[0].discovered.get("job") == "test"
    await manager.stop()


async def test_the_same_target_twice_is_scraped_once():
    manager, _, site, clock = await begin_many(["a:1"])
    await manager.update("test", [*groups("a:1"), TargetGroup("other", ({"__address__": "a:1", "__meta_x": "y"},))])
    await clock.advance(10)
    assert site.n_fetches == {"a:1": 1}
    await manager.stop()


async def test_labels_that_make_no_target_cost_only_themselves():
    manager, _, site, clock = await begin_many(["a:1"])
    await manager.update("test", [*groups("a:1"), TargetGroup("bad", ({"x": "y"}, {"__address__": "a/b"}))])
    await clock.advance(20)
    assert site.n_fetches == {"a:1": 2}
    assert manager._around.metrics.sync_failed.labels("test").value == 2
    await manager.stop()


async def test_a_job_whose_pool_cant_be_made_costs_only_itself():
    site, clock, store = FakeSite({"a:1": "m 1\n"}), FakeClock(), MemoryStore()

    def connect(config):
        if config.job_name == "bad":
            raise OSError("no such certificate")
        return site

    manager = ScrapeManager(store, Registry(), clock=clock, connect=connect, host="here")
    await manager.apply([scrape_config(job_name="bad"), scrape_config()])
    await manager.update("test", groups("a:1"))
    await clock.advance(10)
    assert store.of("m") == [1]
    assert manager._around.metrics.pools_failed.value == 1
    await manager.stop()


async def test_a_target_that_makes_the_scraper_fail_does_not_stop_others():
    manager, store, site, clock = await begin_many(["a:1", "b:1"])
    site.answers["a:1"] = RuntimeError("boom")
    await clock.advance(20)
    assert store.of("up", instance="a:1") == [0, 0]
    assert store.of("up", instance="b:1") == [1, 1]
    await manager.stop()


async def test_discovery_may_change_what_it_says_of_a_target_without_a_restart():
    manager, _, _, _clock = await begin_many(["a:1"])
    loop = next(iter(manager.pools["test"]._loops.values()))
    await manager.update("test", groups("a:1", __meta_zone="x"))
    assert next(iter(manager.pools["test"]._loops.values())) is loop
    assert loop.target.discovered.get("__meta_zone") == "x"
    await manager.stop()


async def test_a_changed_config_shows():
    manager, _, _, _ = await begin_many(["a:1"])
    changed = dataclasses.replace(scrape_config(), sample_limit=5)
    await manager.apply([changed])
    assert manager.config("test") == changed
    assert manager.config("none") is None
    await manager.stop()
