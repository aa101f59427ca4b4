import asyncio

from aiohttp import web

from tests.unit.metrics.scrape.memory_store import MemoryStore
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.discovery.interface import TargetGroup
from watchkeeper.metrics.scrape.config import GlobalConfig, ScrapeConfig
from watchkeeper.metrics.scrape.manager import ScrapeManager


async def test_a_real_target_is_scraped():
    async def metrics(request):
        return web.Response(text='a{x="1"} 1\nb 2\n', content_type="text/plain")

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    store = MemoryStore()
    manager = ScrapeManager(store, Registry())
    config = ScrapeConfig(job_name="j", scrape_interval_ms=100, scrape_timeout_ms=100).with_defaults(GlobalConfig())
    await manager.apply([config])
    await manager.update("j", [TargetGroup("s", ({"__address__": f"127.0.0.1:{port}"},))])
    await asyncio.sleep(0.5)
    t = manager.active_targets()["j"][0]
    assert (t.health, t.last_error) == ("up", "")
    await manager.stop()
    await runner.cleanup()
    assert store.of("up")[:3] == [1, 1, 1]
    assert store.of("a", x="1", job="j")[:3] == [1, 1, 1]
    assert store.of("scrape_series_added")[:3] == [2, 0, 0]
