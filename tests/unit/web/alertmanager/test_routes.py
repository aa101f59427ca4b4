"""Status, health, reload, other origins, limits, the removed API, and paths that are none."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
import yaml

from tests.unit.web.alertmanager.conftest import MakeSite, Site, group, view
from watchkeeper.core.model.errors import ConfigError, ConfigProblem
from watchkeeper.web.alertmanager.routes import ROUTES, description


async def test_status(site: Site) -> None:
    shown = await site.get("status")
    assert shown["cluster"] == {
        "name": "one",
        "peers": [{"address": "10.0.0.1:9094", "name": "one"}, {"address": "10.0.0.2:9094", "name": "two"}],
        "status": "ready",
    }
    assert shown["config"] == {"original": "route: {receiver: web}\n"}
    assert shown["uptime"] == "2023-11-14T22:13:20.000Z"
    assert set(shown["versionInfo"]) == {"version", "revision", "branch", "buildUser", "buildDate", "goVersion"}


async def test_receivers(site: Site) -> None:
    assert await site.get("receivers") == [{"name": "web"}, {"name": "pager", "labels": {"team": "night"}}]
    assert await site.get("receivers", receiver_matchers="receiver=web") == [{"name": "web"}]


async def test_health(make_site: MakeSite) -> None:
    site = await make_site(ready=False)
    assert await site.ask("GET", "/-/healthy") == (200, "OK")
    assert (await site.ask("GET", "/-/ready"))[0] == 503
    status, error = await site.ask("GET", "/api/v2/alerts")
    assert (status, error) == (503, "alerts are not ready: the server starts or stops")
    assert (await site.post("alerts", [{"labels": {"a": "1"}}]))[0] == 503
    site.backend.lifecycle.ready.set()
    assert await site.ask("GET", "/-/ready") == (200, "OK")
    assert await site.get("alerts") == []


async def test_reload(site: Site) -> None:
    assert await site.ask("POST", "/-/reload") == (200, "")
    assert len(site.reloads) == 1
    site.reloads[0] = ConfigError([ConfigProblem("alertmanager.yml", 1, 2, "route", "it is odd")])
    status, text = await site.ask("POST", "/-/reload")
    assert (status, text) == (500, "failed to reload config: alertmanager.yml:1:2: route: it is odd\n")
    assert (await site.ask("GET", "/-/reload"))[0] == 405


@pytest.mark.parametrize("path", ["alerts", "alerts/groups", "silences", "status", "receivers", "silence/x"])
async def test_the_first_api_is_gone(site: Site, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        status, error = await site.ask(method, f"/api/v1/{path}")
        assert status == 410
        assert error["status"] == "deprecated"
        assert "removed as of version 0.27.0" in error["error"]


async def test_paths_and_methods_that_are_none(site: Site) -> None:
    message = "path /api/v2/nothing was not found"
    assert await site.ask("GET", "/api/v2/nothing") == (404, {"code": 404, "message": message})
    assert await site.ask("GET", "/api/v1/query") == (404, "404 page not found\n")
    message = "method PUT is not allowed, but [GET,POST] are"
    assert await site.ask("PUT", "/api/v2/alerts") == (405, {"code": 405, "message": message})
    message = "method POST is not allowed, but [GET,DELETE] are"
    assert await site.ask("POST", "/api/v2/silence/x") == (405, {"code": 405, "message": message})


async def test_pages_of_other_origins(site: Site) -> None:
    headers = {"Origin": "http://elsewhere"}
    async with site.client.get("/api/v2/alerts", headers=headers) as response:
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "Origin" in response.headers.getall("Vary")
    async with site.client.get("/metrics", headers=headers) as response:
        assert "Access-Control-Allow-Origin" not in response.headers
    ask = {**headers, "Access-Control-Request-Headers": "content-type"}
    for method, allowed in (("POST", "POST"), ("GET", "GET"), ("DELETE", None)):
        wanted = {**ask, "Access-Control-Request-Method": method}
        async with site.client.options("/api/v2/silences", headers=wanted) as response:
            assert response.status == 200
            assert response.headers.get("Access-Control-Allow-Methods") == allowed
            assert response.headers.get("Access-Control-Allow-Headers") == ("Content-Type" if allowed else None)


async def test_too_many_gets(make_site: MakeSite) -> None:
    site = await make_site(get_concurrency=2)
    gate = asyncio.Event()

    async def wait(work: Any) -> Any:
        await gate.wait()
        return work()

    site.backend.run = wait
    asked = [asyncio.create_task(site.ask("GET", "/api/v2/alerts")) for _ in range(4)]
    await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    # What is no GET and what is not the API get through.
    unknown = "00000000-0000-4000-8000-000000000000"
    assert await site.ask("DELETE", f"/api/v2/silence/{unknown}") == (404, "")
    assert (await site.ask("GET", "/-/healthy"))[0] == 200
    gate.set()
    answers = [await task for task in asked]
    assert sorted(status for status, _ in answers) == [200, 200, 503, 503]
    refused = {text for status, text in answers if status == 503}
    assert refused == {"Limit of concurrent GET requests reached (2), try again later.\n"}
    metrics = site.backend.registry.exposition().decode()
    assert 'alertmanager_http_concurrency_limit_exceeded_total{method="get"} 2' in metrics
    assert 'alertmanager_http_requests_in_flight{method="get"} 0' in metrics
    assert await site.get("alerts") == []


async def test_a_request_that_takes_too_long(make_site: MakeSite) -> None:
    site = await make_site(timeout_s=0.02)

    async def wait(work: Any) -> Any:
        await asyncio.sleep(60)

    site.backend.run = wait
    for method, path in (("GET", "/api/v2/alerts"), ("POST", "/api/v2/alerts"), ("GET", "/")):
        status, text = await site.ask(method, path, json=[])
        assert (status, text) == (503, "Exceeded configured timeout of 0.02s.\n")


async def test_a_bug_is_one_500(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.alerts.failure = RuntimeError("a bug")
    assert await site.ask("GET", "/api/v2/alerts") == (500, "RuntimeError: a bug")
    site.alerts.failure = None
    assert await site.get("alerts") == []


async def test_a_prefix(make_site: MakeSite) -> None:
    site = await make_site(route_prefix="/am")
    assert (await site.ask("GET", "/am/api/v2/alerts"))[0] == 200
    assert (await site.ask("GET", "/am/-/healthy"))[0] == 200
    assert (await site.ask("GET", "/api/v2/alerts"))[0] == 404
    async with site.client.get("/", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (302, "/am/")


async def test_the_description_has_every_route(site: Site) -> None:
    document = await site.get("openapi.json")
    assert document == description()
    status, text = await site.ask("GET", "/api/v2/openapi.yaml")
    assert status == 200
    assert yaml.safe_load(text) == document
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert described == {(route.method, route.path) for route in ROUTES}
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
            assert "200" in operation["responses"]


async def test_the_page_escapes_what_comes_from_outside(site: Site) -> None:
    odd = replace(view("suppressed", alertname="<script>", job="a&b"), silenced_by=("<id>",))
    site.alerts.held_groups = [group("<web>", {"job": "a&b"}, odd, muted_by=("<night>",))]
    for path in ("/", "/alerts"):
        status, text = await site.ask("GET", path)
        assert status == 200
        assert "<script>" not in text
        assert "alertname=&lt;script&gt;" in text
        assert "to &lt;web&gt;, muted by &lt;night&gt;" in text
        assert "silenced by &lt;id&gt;" in text
