"""Requests that nobody in their right mind sends, and those that come at the same time."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import aiohttp
import orjson
import pytest

from tests.unit.web.grafana.conftest import PASSWORD, Site
from tests.unit.web.grafana.test_who_may_write import WRITES
from watchkeeper.web.grafana.backend import MAX_BODY_BYTES

# These take no body, or pass it on as it is.
NO_BODY = ("/api/user/stars/", "/api/user/using/", "/api/users/1/using/", "/api/admin/provisioning/", "/resources/",
           "/proxy/", "/api/alertmanager/", "/api/ruler/", "/api/prometheus/", "/logout", "/disable", "/enable",
           "/api/v1/provisioning/", "/api/orgs", "/api/tsdb/query")  # fmt: skip


def takes_a_body(method: str, path: str) -> bool:
    if method == "DELETE":
        return path.startswith("/apis/")
    return not any(part in path for part in NO_BODY)


@pytest.mark.parametrize(
    "body",
    [b"{", b"[1,", b'{"a":', b"\xff\xfe", b'{"title": "\xed\xa0\x80"}', b'"\\ud800"', b"nul", b"7", b"[]", b'"x"',
     b"[" * 100_000, b'{"dashboard":' * 5000 + b"1" + b"}" * 5000],
    ids=lambda body: repr(body[:12]),
)  # fmt: skip
async def test_bodies_that_are_no_objects(site: Site, body: bytes) -> None:
    await site.save("admin", title="A", uid="a")
    asked = [one for one in WRITES if takes_a_body(*one)]
    assert len(asked) > 40
    for method, path in asked:
        status, said = await site.ask(method, path, body, by="admin")
        assert (status in (400, 404, 405, 415), isinstance(said, dict)) == (True, True), (method, path, status, said)


async def test_a_body_that_is_too_large(site: Site) -> None:
    body = b'{"dashboard": {"title": "A", "text": "' + b"x" * MAX_BODY_BYTES + b'"}}'
    headers = {"Authorization": aiohttp.encode_basic_auth("editor", PASSWORD)}
    for path in ("/api/dashboards/db", "/api/snapshots", "/apis/folder.grafana.app/v1/namespaces/default/folders"):
        async with site.client.post(path, data=io.BytesIO(body), headers=headers) as response:
            said = await response.json()
        assert (response.status, "message" in said) == (413, True)
    assert await site.get("/api/search") == []


@pytest.mark.parametrize(
    ("uid", "said"),
    [
        ("a/b", "uid contains illegal characters"), ("../a", "uid contains illegal characters"),
        ("a b", "uid contains illegal characters"), ("é", "uid contains illegal characters"),
        ("a\0", "uid contains illegal characters"), ("x" * 41, "uid too long, max 40 characters"),
        ("%2e%2e", "uid contains illegal characters"), ("a\n", "uid contains illegal characters"),
    ],
)  # fmt: skip
async def test_uids(site: Site, uid: str, said: str) -> None:
    assert (await site.save(title="A", uid=uid, status=400))["message"] == said
    for path, body in (
        ("/api/folders", {"title": "A", "uid": uid}),
        ("/api/datasources", {"name": "A", "type": "loki", "url": "http://a", "access": "proxy", "uid": uid}),
        ("/api/library-elements", {"name": "A", "uid": uid, "model": {"type": "text"}}),
        ("/api/playlists", {"name": "A", "uid": uid, "interval": "1m"}),
    ):
        status, found = await site.ask("POST", path, body, by="admin")
        assert (status, found["message"]) == (400, said), path


async def test_values_of_other_kinds(site: Site) -> None:
    for board in (
        {"title": 7}, {"title": None}, {"title": "A", "uid": 7, "tags": "x", "panels": 3, "templating": []},
        {"title": "A" * 6000}, {"title": "\u202e\ud7ff\U0001f600", "tags": [None, 7, {}, "t" * 100_000]},
        {"title": "A", "version": "7"}, {"title": "A", "id": -1}, {"title": "A", "id": 1e300},
        {"title": "A", "id": True},
        {"title": "A", "panels": [None, 1, {"libraryPanel": 3}, {"libraryPanel": {"uid": 7}}, {"panels": {}}]},
    ):  # fmt: skip
        status, found = await site.ask(
            "POST", "/api/dashboards/db", {"dashboard": board, "overwrite": True}, by="editor"
        )
        assert (status in (200, 400, 404), isinstance(found, dict)) == (True, True), (board, status, found)
        if status == 200:
            shown = await site.get(f"/api/dashboards/uid/{found['uid']}")
            assert shown["dashboard"]["title"] == board["title"]


async def test_folders_that_bite_their_tails(site: Site) -> None:
    for title, uid, parent in (("A", "a", ""), ("B", "b", "a"), ("C", "c", "b")):
        await site.ask("POST", "/api/folders", {"title": title, "uid": uid, "parentUid": parent}, by="admin")
    for uid, parent in (("a", "a"), ("a", "b"), ("a", "c"), ("b", "c")):
        status, said = await site.ask("POST", f"/api/folders/{uid}/move", {"parentUid": parent}, by="admin")
        assert (status, "circular" in said["message"]) == (400, True)
    assert (await site.ask("POST", "/api/folders", {"title": "Own", "uid": "own", "parentUid": "own"}, by="admin"))[
        0
    ] == 400
    deep = "c"
    for depth in range(10):
        body = {"title": f"D{depth}", "uid": f"d{depth}", "parentUid": deep}
        status, said = await site.ask("POST", "/api/folders", body, by="admin")
        if status != 200:
            break
        deep = body["uid"]
    assert (status, said["message"]) == (400, "folders may stand in each other 8 deep, and no deeper")


async def at_once(*asked: Any) -> list[int]:
    return sorted(status for status, _ in await asyncio.gather(*asked))


async def test_saves_at_the_same_time(site: Site) -> None:
    await site.save(title="A", uid="a")
    # All have seen version 1; one is first.
    bodies = [{"dashboard": {"title": f"A{at}", "uid": "a", "version": 1}} for at in range(12)]
    asked = [site.ask("POST", "/api/dashboards/db", body, by="editor") for body in bodies]
    assert await at_once(*asked) == [200, *[412] * 11]
    assert (await site.get("/api/dashboards/uid/a"))["dashboard"]["version"] == 2
    assert len((await site.get("/api/dashboards/uid/a/versions"))["versions"]) == 2
    # All would be the new one of a name.
    asked = [site.ask("POST", "/api/dashboards/db", {"dashboard": {"title": "New"}}, by="editor") for _ in range(12)]
    found = await asyncio.gather(*asked)
    assert sorted(status for status, _ in found) == [200, *[412] * 11]
    assert {said["status"] for status, said in found if status == 412} == {"name-exists"}
    # As resources, too.
    at = "/apis/dashboard.grafana.app/v1beta1/namespaces/default/dashboards"
    seen = (await site.get(f"{at}/a"))["metadata"]["resourceVersion"]
    site.now_ms += 1
    body = {"metadata": {"name": "a", "resourceVersion": seen}, "spec": {"title": "R"}}
    assert await at_once(*(site.ask("PUT", f"{at}/a", body, by="editor") for _ in range(12))) == [200, *[409] * 11]
    body = {"metadata": {"name": "one"}, "spec": {"title": "One"}}
    assert await at_once(*(site.ask("POST", at, body, by="editor") for _ in range(12))) == [201, *[409] * 11]


async def test_the_same_at_the_same_time(site: Site) -> None:
    for path, body, told in (
        ("/api/folders", {"title": "Ops", "uid": "ops"}, {409, 412}),
        ("/api/admin/users", {"login": "new", "password": "correct horse"}, {412}),
        ("/api/teams", {"name": "ops"}, {409}),
        ("/api/serviceaccounts", {"name": "ci", "role": "Viewer"}, {409}),
        ("/api/datasources", {"name": "Far", "type": "loki", "url": "http://far", "access": "proxy"}, {409}),
        ("/api/library-elements", {"name": "CPU", "model": {"type": "stat"}}, {400}),
    ):
        statuses = await at_once(*(site.ask("POST", path, body, by="admin") for _ in range(6)))
        assert statuses[0] in (200, 201), (path, statuses)
        assert set(statuses[1:]) <= told, (path, statuses)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_bodies_that_are_not_packed_as_they_say(site: Site, coding: str) -> None:
    for path in ("/api/folders", "/login", "/apis/folder.grafana.app/v1/namespaces/default/folders"):
        headers = {"Content-Encoding": coding, "Content-Type": "application/json"}
        if path != "/login":
            headers["Authorization"] = aiohttp.encode_basic_auth("editor", PASSWORD)
        async with site.client.post(path, data=b"none of it", headers=headers) as response:
            said = await response.json()
        assert (response.status, f"Can not decode content-encoding: {coding}" in said["message"]) == (400, True), path
        # Nothing that follows such a body on its connection can be read.
        assert response.headers["Connection"] == "close"


def with_deep(document: Any, depth: int) -> bytes:
    """Its text, with an object of that many levels wherever it says `deep`."""
    return orjson.dumps(document).replace(b'"deep"', b'{"a":' * depth + b"{}" + b"}" * depth)


@pytest.mark.parametrize("depth", [150, 240, 245, 250, 254, 300, 900])
async def test_what_is_kept_can_be_shown(site: Site, depth: int) -> None:
    resources = "/apis/dashboard.grafana.app/v1beta1/namespaces/default/dashboards"
    await site.save("admin", title="A", uid="a")
    deep, statuses = "deep", set()
    for method, path, body in (
        ("POST", "/api/dashboards/db", {"dashboard": {"title": "D", "uid": "d", "x": deep}}),
        ("POST", "/api/dashboards/import", {"dashboard": {"title": "E", "uid": "e", "x": deep}}),
        ("POST", "/api/annotations", {"text": "x", "data": deep}),
        (
            "POST",
            "/api/datasources",
            {"name": "D", "type": "loki", "url": "http://a", "access": "proxy", "jsonData": deep},
        ),
        ("POST", "/api/library-elements", {"name": "D", "model": {"type": "text", "x": deep}, "kind": 1}),
        ("POST", "/api/snapshots", {"dashboard": deep, "key": "k"}),
        ("POST", resources, {"metadata": {"name": "r"}, "spec": {"title": "R", "x": deep}}),
        ("PATCH", f"{resources}/a", {"spec": {"x": deep}}),
        (
            "POST",
            "/api/dashboards/calculate-diff",
            {"base": {"unsavedDashboard": deep}, "new": {"unsavedDashboard": deep}},
        ),
    ):
        status, said = await site.ask(method, path, with_deep(body, depth), by="admin")
        statuses.add(status)
        assert status in (200, 201, 400), (path, said)
        assert status != 400 or "nested too deeply" in said["message"], (path, said)
    for operation in ("add", "test"):
        patch: Any = [{"op": operation, "path": "/spec/x", "value": deep}]
        kind = "application/json-patch+json"
        status, said = await site.ask("PATCH", f"{resources}/a", with_deep(patch, depth), by="admin", Content_Type=kind)
        assert status in (200, 400, 422), (operation, said)
    assert (400 in statuses) == (depth > 150)
    for path in ("/api/dashboards/uid/d", "/api/annotations", "/api/datasources", "/api/frontend/settings",
                 "/api/snapshots/k", "/api/library-elements", resources, "/api/bootstrap"):  # fmt: skip
        assert (await site.ask("GET", path, by="admin"))[0] in (200, 404), path
