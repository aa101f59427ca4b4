"""What holds for every route: methods, unknown paths, origins, compression, health, lifecycle, readiness, prefixes."""

from __future__ import annotations

import zlib

import orjson
import pytest
import yaml
from aiohttp import web

from tests.unit.web.conftest import MakeSite, Site
from watchkeeper.core.model.errors import ConfigError, ConfigProblem
from watchkeeper.web.middleware import accepted_coding


async def test_unknown_paths_and_methods(site: Site) -> None:
    assert await site.get("/api/v1/nothing") == (404, "404 page not found\n")
    assert await site.get("/nothing") == (404, "404 page not found\n")
    for method, path, allowed in (
        ("POST", "/api/v1/targets", "GET, OPTIONS"),
        ("DELETE", "/api/v1/series", "GET, OPTIONS, POST"),
        ("GET", "/api/v1/admin/tsdb/snapshot", "OPTIONS, POST, PUT"),
        ("PUT", "/api/v1/label/job/values", "GET, OPTIONS"),
        ("HEAD", "/metrics", "GET, OPTIONS"),
        ("DELETE", "/-/reload", "GET, OPTIONS, POST, PUT"),
    ):
        async with site.client.request(method, path) as response:
            assert response.status == 405, path
            assert response.headers["Allow"] == allowed
            assert method == "HEAD" or await response.text() == "Method Not Allowed\n"


async def test_origins(make_site: MakeSite) -> None:
    site = await make_site()
    async with site.client.options("/api/v1/query", headers={"Origin": "http://a"}) as response:
        assert response.status == 204
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert response.headers["Access-Control-Allow-Methods"] == "GET, POST, OPTIONS"
        assert response.headers["Access-Control-Allow-Headers"] == "Accept, Authorization, Content-Type, Origin"
        assert response.headers["Access-Control-Expose-Headers"] == "Date"
        assert response.headers["Vary"] == "Origin"
        assert "Server" not in response.headers
    async with site.client.get("/api/v1/query?query=1") as response:
        assert "Access-Control-Allow-Origin" not in response.headers
    picky = await make_site(cors_origin=r"https?://(one|two)\.example")
    for origin, allowed in (("http://one.example", "http://one.example"), ("http://evil.example", None)):
        async with picky.client.get("/api/v1/query?query=(", headers={"Origin": origin}) as response:
            assert response.headers.get("Access-Control-Allow-Origin") == allowed


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("gzip, deflate", "gzip"),
        ("deflate, gzip", "deflate"),
        ("br;q=1.0, GZIP;q=0.8", "gzip"),
        ("gzip;q=0, deflate", "deflate"),
        ("gzip; q=0.0", ""),
        ("identity", ""),
        ("", ""),
    ],
)
def test_the_coding_is_the_clients_first(header: str, coding: str) -> None:
    assert accepted_coding(header) == coding


@pytest.mark.parametrize(("coding", "window_bits"), [("gzip", 31), ("deflate", 15)])
async def test_compression(site: Site, coding: str, window_bits: int) -> None:
    site.client.session._auto_decompress = False  # type: ignore[attr-defined]
    async with site.client.get("/api/v1/status/self_metrics", headers={"Accept-Encoding": coding}) as response:
        assert response.headers["Content-Encoding"] == coding
        assert "Accept-Encoding" in response.headers["Vary"]
        body = zlib.decompress(await response.read(), window_bits)
    assert orjson.loads(body)["status"] == "success"
    async with site.client.get("/api/v1/query?query=1", headers={"Accept-Encoding": coding}) as response:
        assert "Content-Encoding" not in response.headers


async def test_health(site: Site) -> None:
    for path, word in (("/-/healthy", "Healthy"), ("/-/ready", "Ready")):
        assert await site.get(path) == (200, f"watchkeeper is {word}.\n")
        assert await site.ask("HEAD", path) == (200, "")


async def test_before_ready_and_while_stopping(make_site: MakeSite) -> None:
    site = await make_site(ready=False)

    async def check(stopping: str) -> None:
        for path in ("/api/v1/query?query=1", "/-/ready", "/federate?match[]=up", "/api/v1/read", "/targets"):
            method = "POST" if path.endswith("read") else "GET"
            async with site.client.request(method, path) as response:
                assert response.status == 503, path
                assert response.headers["X-Prometheus-Stopping"] == stopping
                assert await response.text() == "Service Unavailable"
        assert (await site.get("/-/healthy"))[0] == 200
        assert (await site.get("/metrics"))[0] == 200
        assert await site.data("status/walreplay") == {"min": 0, "max": 0, "current": 0}
        assert await site.data("notifications") == []

    await check("false")
    site.backend.lifecycle.ready.set()
    site.backend.lifecycle.stopping.set()
    await check("true")


async def test_lifecycle_is_off_by_default(site: Site) -> None:
    for path in ("/-/reload", "/-/quit"):
        assert await site.ask("POST", path) == (403, "Lifecycle API is not enabled.")
        assert await site.get(path) == (405, "Only POST or PUT requests allowed")
    assert site.reloads == []


async def test_lifecycle(make_site: MakeSite) -> None:
    site = await make_site(enable_lifecycle=True)
    assert await site.ask("POST", "/-/reload") == (200, "")
    assert await site.ask("PUT", "/-/quit") == (200, "Requesting termination... Goodbye!")
    assert site.reloads == ["reload", "quit"]

    async def failing() -> None:
        raise ConfigError([ConfigProblem("prometheus.yml", 1, 2, "global", "is odd")])

    site.backend.reload = failing
    status, text = await site.ask("POST", "/-/reload")
    assert status == 500
    assert text == "failed to reload config: prometheus.yml:1:2: global: is odd\n"


async def test_the_front_door(site: Site) -> None:
    for path, to in (("/", "/query"), ("/graph?g0.expr=up%20%2B%201", "/query?g0.expr=up%20%2B%201")):
        async with site.client.get(path, allow_redirects=False) as response:
            assert response.status == 302
            assert response.headers["Location"].replace("+", "%20", 1).replace("%20%2B", "%20%2B") == to


async def test_a_route_prefix(make_site: MakeSite) -> None:
    site = await make_site(external_url="https://example.org/watch/keeper/")
    assert (await site.get("/watch/keeper/-/healthy"))[0] == 200
    assert (await site.get("/watch/keeper/api/v1/query?query=1"))[0] == 200
    assert (await site.get("/api/v1/query?query=1"))[0] == 404
    async with site.client.get("/", allow_redirects=False) as response:
        assert response.headers["Location"] == "/watch/keeper/"
    async with site.client.get("/watch/keeper/", allow_redirects=False) as response:
        assert response.headers["Location"] == "/watch/keeper/query"
    status, page = await site.get("/watch/keeper/query")
    assert status == 200
    assert "href='/watch/keeper/metrics'" in page
    other = await make_site(external_url="https://example.org/watch", route_prefix="/")
    assert (await other.get("/-/healthy"))[0] == 200


async def test_a_bug_is_one_500(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> dict[str, object]:
        raise RuntimeError("a bug")

    site.backend.runtime = broken
    answer = await site.api("status/runtimeinfo")
    assert answer == {"status": "error", "errorType": "internal", "error": "RuntimeError: a bug"}
    assert (await site.get("/-/healthy"))[0] == 200


async def test_openapi_names_every_route(site: Site) -> None:
    async with site.client.get("/api/v1/openapi.yaml") as response:
        assert response.content_type == "application/yaml"
        document = yaml.safe_load(await response.text())
    assert document["openapi"] == "3.1.0"
    app = site.client.app
    assert isinstance(app, web.Application)
    served = {
        resource.canonical.removeprefix("/api/v1")
        for resource in app.router.resources()
        if resource.canonical.startswith("/api/v1/") and "{rest}" not in resource.canonical
    }
    assert set(document["paths"]) == served
    for operations in document["paths"].values():
        for operation in operations.values():
            assert operation["summary"]
    _, text = await site.get("/api/v1/openapi.yaml?openapi_version=3.2")
    assert yaml.safe_load(text)["openapi"] == "3.2.0"
    assert (await site.get("/api/v1/openapi.yaml?openapi_version=2"))[0] == 400


async def test_profiles(site: Site) -> None:
    status, text = await site.get("/debug/pprof/goroutine?debug=2")
    assert status == 200
    assert "thread" in text
    assert "test_http.py" in text or "task" in text
    assert (await site.get("/debug/pprof/"))[0] == 200
    assert (await site.get("/debug/pprof/heap"))[0] == 501
    assert (await site.get("/debug/pprof/odd"))[0] == 404
