"""Datasources over HTTP: our own, added ones, what goes through to them, and who may send what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.unit.web.grafana.conftest import MATRIX, Site
from watchkeeper.dashboards.roles import Role
from watchkeeper.web.grafana.proxy import needed_role

OUTSIDE = {"name": "Outside", "uid": "out", "type": "prometheus", "access": "proxy", "url": "http://127.0.0.1:1"}


@pytest.fixture
async def outside() -> AsyncIterator[tuple[str, list[web.Request], list[bytes]]]:
    """A server elsewhere: its URL, and what it was asked, with the bodies."""
    seen: list[web.Request] = []
    bodies: list[bytes] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        bodies.append(await request.read())
        seen.append(request)
        if request.path.endswith("/broken"):
            response = web.StreamResponse(headers={"Content-Length": "100"})
            await response.prepare(request)
            await response.write(b"half")
            assert request.transport is not None
            request.transport.close()
            return response
        headers = {"Set-Cookie": "a=b", "X-Other": "kept"}
        return web.json_response({"data": MATRIX, "status": "success"}, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    server = TestServer(app)
    await server.start_server()
    yield f"http://127.0.0.1:{server.port}/base/", seen, bodies
    await server.close()


async def test_our_own(site: Site) -> None:
    found = await site.get("/api/datasources")
    assert [(one["name"], one["uid"], one["type"], one["isDefault"], one["readOnly"]) for one in found] == [
        ("Alertmanager", "alertmanager", "alertmanager", False, True),
        ("Loki", "loki", "loki", False, True),
        ("Prometheus", "prometheus", "prometheus", True, True),
    ]
    one = await site.get("/api/datasources/uid/prometheus")
    assert await site.get("/api/datasources/name/Prometheus") == one
    assert await site.get(f"/api/datasources/{one['id']}") == one
    assert await site.get("/api/datasources/id/Prometheus") == {"id": one["id"]}
    assert (one["access"], one["secureJsonFields"]) == ("proxy", {})
    assert await site.ask("GET", "/api/datasources/uid/none") == (404, {"message": "Data source not found"})
    assert (await site.ask("GET", "/api/datasources/x"))[0] == 400
    body = {**OUTSIDE, "name": "Prometheus"}
    assert (await site.ask("PUT", "/api/datasources/uid/prometheus", body, by="admin"))[0] == 403
    assert await site.ask("DELETE", "/api/datasources/uid/prometheus", by="admin") == (
        403,
        {"message": "Cannot delete read-only data source"},
    )


async def test_added_ones(site: Site) -> None:
    body = {**OUTSIDE, "secureJsonData": {"basicAuthPassword": "s3cret"}, "jsonData": {"timeInterval": "30s"}}
    assert (await site.ask("POST", "/api/datasources", body, by="editor"))[0] == 403
    status, said = await site.ask("POST", "/api/datasources", body, by="admin")
    assert (status, said["message"], said["name"], said["id"]) == (200, "Datasource added", "Outside", 1)
    assert said["datasource"]["secureJsonFields"] == {"basicAuthPassword": True}
    assert "s3cret" not in str(said)
    assert await site.ask("POST", "/api/datasources", body, by="admin") == (
        409,
        {"message": "data source with the same name already exists"},
    )
    body = {**OUTSIDE, "name": "Renamed", "isDefault": True}
    status, said = await site.ask("PUT", "/api/datasources/1", body, by="admin")
    assert (status, said["datasource"]["isDefault"], said["datasource"]["version"]) == (200, True, 2)
    assert said["datasource"]["secureJsonFields"] == {"basicAuthPassword": True}
    assert [one["name"] for one in await site.get("/api/datasources") if one["isDefault"]] == ["Renamed"]
    assert await site.ask("DELETE", "/api/datasources/name/Renamed", by="admin") == (
        200,
        {"message": "Data source deleted", "id": 1},
    )
    assert [one["name"] for one in await site.get("/api/datasources") if one["isDefault"]] == ["Prometheus"]


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"type": ""}, {"url": "ftp://x"}, {"url": "http://"}, {"url": "http://[::1"}, {"access": "direct?"},
     {"jsonData": []}, {"secureJsonData": {"a": 1}}, {"uid": "a/b"}, {"isDefault": 1}],
)  # fmt: skip
async def test_what_is_no_datasource(site: Site, wrong: dict[str, Any]) -> None:
    assert (await site.ask("POST", "/api/datasources", {**OUTSIDE, **wrong}, by="admin"))[0] == 400


async def test_through_to_our_own_without_a_network(site: Site) -> None:
    base = "/api/datasources/proxy/uid/prometheus"
    assert await site.get(f"{base}/api/v1/query?query=up%7Ba%3D%22%2B%22%7D") == {"status": "success", "data": MATRIX}
    number = (await site.get("/api/datasources/uid/prometheus"))["id"]
    await site.get(f"/api/datasources/proxy/{number}/api/v1/label/a%2Fb/values")
    await site.get("/api/datasources/uid/prometheus/resources/api/v1/labels")
    await site.get("/api/datasources/uid/loki/resources/labels")
    form = b"query=up&time=1"
    status, _ = await site.ask(
        "POST", f"{base}/api/v1/query", form, Content_Type="application/x-www-form-urlencoded", Cookie="a=b"
    )
    assert status == 200
    assert [(method, path) for method, path, _, _ in site.store.seen] == [
        ("GET", "/api/v1/query?query=up%7Ba%3D%22%2B%22%7D"),
        ("GET", "/api/v1/label/a%2Fb/values"),
        ("GET", "/api/v1/labels"),
        ("GET", "/loki/api/v1/labels"),
        ("POST", "/api/v1/query"),
    ]
    assert site.store.seen[-1][3] == form
    assert "Cookie" not in site.store.seen[-1][2]


async def test_who_may_send_what(site: Site) -> None:
    base = "/api/datasources/proxy/uid"
    delete = f"{base}/prometheus/api/v1/admin/tsdb/delete_series?match[]=up"
    assert [(await site.ask("POST", delete, by=who))[0] for who in ("", "viewer", "editor", "admin")] == [
        401, 403, 403, 200,
    ]  # fmt: skip
    push = f"{base}/loki/loki/api/v1/push"
    assert [(await site.ask("POST", push, {}, by=who))[0] for who in ("", "viewer", "editor")] == [401, 403, 200]
    silence = "/api/alertmanager/grafana/api/v2/silences"
    assert [(await site.ask("POST", silence, {}, by=who))[0] for who in ("", "viewer", "editor")] == [401, 403, 200]
    assert site.store.seen[-1][:2] == ("POST", "/api/v2/silences")


@pytest.mark.parametrize(
    ("method", "path", "role"),
    [
        ("GET", "/api/v1/query", Role.VIEWER),
        ("POST", "/api/v1/query_range", Role.VIEWER),
        ("POST", "/loki/api/v1/query_range", Role.VIEWER),
        ("POST", "/loki/api/v1/parse_query", Role.VIEWER),
        ("POST", "/loki/api/v1/detected_field/a/values", Role.VIEWER),
        ("POST", "/loki/api/v1/push", Role.EDITOR),
        ("POST", "/api/v1/write", Role.EDITOR),
        ("DELETE", "/api/v2/silence/1", Role.EDITOR),
        ("POST", "/-/reload", Role.ADMIN),
        ("PUT", "//-/quit", Role.ADMIN),
        ("POST", "/%2D/quit", Role.ADMIN),
        ("POST", "/api/v1/admin/tsdb/snapshot", Role.ADMIN),
        ("POST", "/api/v1/%61dmin/tsdb/snapshot", Role.ADMIN),
        ("GET", "/debug/pprof/heap", Role.ADMIN),
        ("GET", "/-/ready", Role.VIEWER),
        ("POST", "/prefix/-/quit", Role.ADMIN),
        ("POST", "/api/v1/query/../admin/tsdb/snapshot", Role.EDITOR),
    ],
)
def test_needed_roles(method: str, path: str, role: Role) -> None:
    assert needed_role(method, path) is role


async def test_health(site: Site) -> None:
    for uid in ("prometheus", "loki", "alertmanager"):
        assert (await site.get(f"/api/datasources/uid/{uid}/health"))["status"] == "OK"
    site.store.status = 503
    status, said = await site.ask("GET", "/api/datasources/uid/prometheus/health")
    assert (status, said["status"]) == (400, "ERROR")
    assert said["message"].startswith("Prometheus answered 503")


async def test_through_to_another_server(site: Site, outside: tuple[str, list[web.Request], list[bytes]]) -> None:
    url, seen, bodies = outside
    body = {
        **OUTSIDE, "url": url, "basicAuth": True, "basicAuthUser": "me",
        "jsonData": {"httpHeaderName1": "X-Scope-OrgID"},
        "secureJsonData": {"basicAuthPassword": "pass", "httpHeaderValue1": "tenant"},
    }  # fmt: skip
    assert (await site.ask("POST", "/api/datasources", body, by="admin"))[0] == 200
    base = "/api/datasources/proxy/uid/out"
    headers = {"Cookie": "watchkeeper_session=x", "X-Grafana-Org-Id": "1", "Accept": "application/json"}
    async with site.client.get(f"{base}/api/v1/query?query=a%2Bb", headers=headers) as response:
        assert response.status == 200
        assert (await response.json())["data"] == MATRIX
        assert response.headers["X-Other"] == "kept"
        assert "Set-Cookie" not in response.headers
        assert response.headers["Content-Security-Policy"] == "sandbox"
    asked = seen[-1]
    assert str(asked.rel_url) == "/base/api/v1/query?query=a%2Bb"
    assert (asked.headers["Authorization"], asked.headers["X-Scope-OrgID"]) == ("Basic bWU6cGFzcw==", "tenant")
    assert not {"Cookie", "X-Grafana-Org-Id"} & set(asked.headers)
    status, _ = await site.ask("POST", f"{base}/api/v1/query", b"query=up")
    assert (status, seen[-1].method, bodies[-1]) == (200, "POST", b"query=up")
    n_asked = len(seen)
    for path in ("%2e%2e/secret", "a/../../secret", "..%2fsecret"):
        status, _ = await site.ask("GET", f"{base}/{path}")
        assert status in (400, 404, 200)
    assert all(request.rel_url.raw_path.startswith("/base/") for request in seen[n_asked:])
    with pytest.raises(Exception, match=r"[Pp]ayload|closed|disconnected"):
        await site.ask("GET", f"{base}/broken")


async def test_a_server_that_is_down(site: Site) -> None:
    await site.ask("POST", "/api/datasources", OUTSIDE, by="admin")
    status, said = await site.ask("GET", "/api/datasources/proxy/uid/out/api/v1/query?query=up")
    assert status == 502
    assert said["message"] == "the data source Outside at 127.0.0.1:1 can't be reached: connection refused"
    assert (await site.ask("GET", "/api/datasources/uid/out/health"))[1]["status"] == "ERROR"
    await site.ask("POST", "/api/datasources", {**OUTSIDE, "name": "B", "uid": "b", "url": ""}, by="admin")
    assert (await site.ask("GET", "/api/datasources/proxy/uid/b/x"))[0] == 502
