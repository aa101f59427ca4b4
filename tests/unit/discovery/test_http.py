import asyncio
from contextlib import asynccontextmanager, suppress

from aiohttp import web

from watchkeeper.core.config.decode import Load, decode
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.discovery.config import HTTPSDConfig
from watchkeeper.discovery.http import HTTPDiscoverer
from watchkeeper.discovery.telemetry import DiscoveryMetrics


class Server:
    """Answers whatever `answer` is, and keeps the headers it was asked with."""

    def __init__(self):
        self.answer = {"body": b"[]", "content_type": "application/json", "charset": None}
        self.headers = []

    async def handle(self, request):
        self.headers.append(request.headers)
        return web.Response(**self.answer)

    @asynccontextmanager
    async def running(self):
        runner = web.AppRunner(web.Application())
        runner.app.router.add_get("/targets", self.handle)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
        finally:
            await runner.cleanup()


@asynccontextmanager
async def discovering(url, registry, interval="20ms"):
    config = decode(HTTPSDConfig, f"url: {url}\nrefresh_interval: {interval}\n", Load("p.yml"))
    published = asyncio.Queue()
    found = HTTPDiscoverer(config, DiscoveryMetrics(registry), job="j", user_agent="me/1")
    task = asyncio.create_task(found.run(published.put_nowait))
    try:
        yield published
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def next_change(published, before):
    while True:
        groups = await asyncio.wait_for(published.get(), 5)
        found = [(group.source, [target["__address__"] for target in group.targets]) for group in groups]
        if found != before:
            return found


async def test_groups_come_and_go():
    server = Server()
    server.answer["body"] = b'[{"targets": ["a:1"], "labels": {"x": "y"}}, {"targets": ["b:2"]}]'
    async with server.running() as host:
        url = f"http://{host}/targets"
        async with discovering(url, Registry()) as published:
            groups = await asyncio.wait_for(published.get(), 5)
            assert [group.source for group in groups] == [f"{url}:0", f"{url}:1"]
            assert groups[0].labels == {"x": "y", "__meta_url": url}
            server.answer["body"] = b'[{"targets": ["c:1"]}]'
            before = [(f"{url}:0", ["a:1"]), (f"{url}:1", ["b:2"])]
            assert await next_change(published, before) == [(f"{url}:0", ["c:1"]), (f"{url}:1", [])]
    assert server.headers[0]["X-Prometheus-Refresh-Interval-Seconds"] == "0.020000"
    assert server.headers[0]["User-Agent"] == "me/1"
    assert server.headers[0]["Accept"] == "application/json"


async def test_failures_publish_nothing_and_are_told(capsys):
    server = Server()
    registry = Registry()
    async with server.running() as host:
        async with discovering(f"http://user:hunter2@{host}/targets", registry, "200ms") as published:
            groups = await asyncio.wait_for(published.get(), 5)
            assert groups == []
            for change, words in (
                ({"status": 503}, "server returned HTTP status 503"),
                ({"content_type": "text/plain"}, "unsupported content type"),
                ({"body": b"[{"}, "not JSON"),
                ({"body": b'[{"targets": [1]}]'}, "[0].targets[0]: expected text"),
            ):
                good, server.answer = server.answer, {**server.answer, **change}
                text = ""
                while words not in text:
                    await asyncio.sleep(0.02)
                    text += capsys.readouterr().err
                server.answer = good
            while not published.empty():
                assert published.get_nowait() == []
        page = registry.exposition()
        assert b'prometheus_sd_refresh_failures_total{config="j",mechanism="http"}' in page
    assert "hunter2" not in text


async def test_a_server_that_is_not_there(capsys):
    async with discovering("http://127.0.0.1:1/targets", Registry()) as published:
        await asyncio.sleep(0.1)
        assert published.empty()
    assert "connection to 127.0.0.1:1 failed: " in capsys.readouterr().err
