"""The standalone node exporter over HTTP."""

import asyncio

import pytest
from aiohttp.test_utils import TestClient, TestServer

from watchkeeper.app.node_exporter import node_app, split_address
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.core.telemetry.process import register_process_metrics
from watchkeeper.exporters.node.host import Host
from watchkeeper.exporters.node.registry import NodeExporter


@pytest.fixture
async def client(tmp_path):
    (tmp_path / "loadavg").write_text("1 2 3 4/5 6\n")
    (tmp_path / "stat").write_text("ctxt 7\n")
    registry = Registry()
    register_process_metrics(registry)
    exporter = NodeExporter(Host(str(tmp_path), str(tmp_path)), ["loadavg", "stat"])
    async with TestClient(TestServer(node_app(exporter, asyncio.to_thread, registry=registry))) as client:
        yield client


async def test_the_page(client):
    answer = await client.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    text = await answer.text()
    assert "node_load1 1\n" in text
    assert "process_resident_memory_bytes" in text
    assert 'promhttp_metric_handler_requests_total{code="200"} 0' in text
    assert 'promhttp_metric_handler_requests_total{code="200"} 1' in await (await client.get("/metrics")).text()


async def test_openmetrics_for_who_asks(client):
    answer = await client.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"})
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert (await answer.text()).endswith("# EOF\n")


async def test_gzip_for_who_asks(client):
    answer = await client.get("/metrics", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    answer = await client.get("/metrics", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize(
    ("query", "status", "has_load", "has_stat"),
    [
        ("collect[]=loadavg", 200, True, False),
        ("exclude[]=loadavg", 200, False, True),
        ("collect[]=loadavg&exclude[]=stat", 400, False, False),
        ("collect[]=nonsense", 400, False, False),
    ],
)
async def test_collectors_by_url(client, query, status, has_load, has_stat):
    answer = await client.get(f"/metrics?{query}")
    text = await answer.text()
    assert answer.status == status
    assert ("node_load1 " in text, "node_context_switches_total " in text) == (has_load, has_stat)


async def test_landing_page_and_health(client):
    assert '<a href="/metrics">' in await (await client.get("/")).text()
    assert (await client.get("/-/healthy")).status == 200
    assert (await client.get("/nothing")).status == 404


async def test_too_many_at_a_time(tmp_path):
    go_on = asyncio.Event()

    async def in_worker(work):
        await go_on.wait()
        return work()

    app = node_app(NodeExporter(Host(str(tmp_path)), []), in_worker, max_requests=1)
    async with TestClient(TestServer(app)) as client:
        first = asyncio.create_task(client.get("/metrics"))
        await asyncio.sleep(0.05)
        assert (await client.get("/metrics")).status == 503
        go_on.set()
        answer = await first
        assert answer.status == 200
        assert "process_" not in await answer.text()


@pytest.mark.parametrize(
    ("text", "parts"), [("127.0.0.1:9100", ("127.0.0.1", 9100)), (":9100", (None, 9100)), ("[::1]:1", ("::1", 1))]
)
def test_addresses(text, parts):
    assert split_address(text) == parts


@pytest.mark.parametrize("text", ["", "9100", "host:", "host:x", "host:70000"])
def test_what_is_no_address(text):
    with pytest.raises(ValueError, match="not an address"):
        split_address(text)
