"""Short links, snapshots, playlists."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.web.grafana.conftest import Site


async def test_short_links(site: Site) -> None:
    status, said = await site.ask("POST", "/api/short-urls", {"path": "/d/a/b?from=now-1h&var-x=%2F"}, by="viewer")
    assert status == 200
    assert said["url"] == f"http://127.0.0.1:{site.client.port}/goto/{said['uid']}?orgId=1"
    async with site.client.get(f"/goto/{said['uid']}", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (302, "/d/a/b?from=now-1h&var-x=%2F")
    assert (await site.ask("POST", "/api/short-urls", {"path": "d/a/b?from=now-1h&var-x=%2F"}))[1]["uid"] == said["uid"]
    assert (await site.ask("GET", "/goto/none"))[0] == 404


@pytest.mark.parametrize(
    "path", ["", "https://evil.example", "//evil.example/x", "javascript:alert(1)", "a/../b", "a\\b", "x" * 100_001]
)
async def test_links_that_lead_elsewhere(site: Site, path: str) -> None:
    status, said = await site.ask("POST", "/api/short-urls", {"path": path}, by="viewer")
    if path.startswith("//"):
        # Without its slashes it is a path of ours.
        assert (status, (await site.ask("GET", f"/goto/{said['uid']}"))[0]) == (200, 302)
    else:
        assert status == 400


async def test_snapshots(site: Site) -> None:
    body: dict[str, Any] = {
        "dashboard": {"title": "A", "panels": [{"snapshotData": [1]}]},
        "name": "Shot",
        "expires": 60,
    }
    status, made = await site.ask("POST", "/api/snapshots", body, by="editor")
    assert status == 200
    assert made["url"].endswith(f"/dashboard/snapshot/{made['key']}")
    found = await site.get(f"/api/snapshots/{made['key']}")
    assert (found["dashboard"], found["meta"]["isSnapshot"]) == (body["dashboard"], True)
    listed = await site.get("/api/dashboard/snapshots", by="editor")
    assert [(one["name"], one["userId"], "deleteKey" in one) for one in listed] == [("Shot", 2, False)]
    # Viewers see their own: others may show what is hidden from them.
    assert await site.get("/api/dashboard/snapshots", by="viewer") == []
    assert (await site.ask("DELETE", f"/api/snapshots/{made['key']}", by="viewer"))[0] == 403
    status, said = await site.ask("GET", f"/api/snapshots-delete/{made['deleteKey']}")
    assert (status, said["message"].startswith("Snapshot deleted")) == (200, True)
    assert (await site.ask("GET", f"/api/snapshots/{made['key']}"))[0] == 404
    _, made = await site.ask("POST", "/api/snapshots", {**body, "key": "mine", "deleteKey": "gone"}, by="editor")
    assert made["key"] == "mine"
    assert (await site.ask("POST", "/api/snapshots", {**body, "key": "mine"}, by="editor"))[0] == 409
    site.now_ms += 61_000
    assert await site.ask("GET", "/api/snapshots/mine") == (404, {"message": "Dashboard snapshot not found"})
    assert await site.get("/api/dashboard/snapshots") == []
    assert (await site.ask("POST", "/api/snapshots", {**body, "external": True}, by="editor"))[0] == 400
    assert (await site.ask("POST", "/api/snapshots", {"name": "x"}, by="editor"))[0] == 400
    assert (await site.ask("POST", "/api/snapshots", {**body, "expires": -1}, by="editor"))[0] == 400


async def test_playlists(site: Site) -> None:
    items = [{"type": "dashboard_by_uid", "value": "a"}, {"type": "dashboard_by_tag", "value": "t", "title": "T"}]
    status, made = await site.ask(
        "POST", "/api/playlists", {"name": "Wall", "interval": "1m", "items": items}, by="editor"
    )
    assert (status, made["name"], len(made["items"])) == (200, "Wall", 2)
    path = f"/api/playlists/{made['uid']}"
    assert await site.get("/api/playlists") == [{key: made[key] for key in ("id", "uid", "name", "interval")}]
    assert await site.get(f"{path}/items") == made["items"]
    status, made = await site.ask("PUT", path, {"name": "Door", "interval": "5m", "items": []}, by="editor")
    assert (status, made["name"], made["items"]) == (200, "Door", [])
    for bad in ({"name": ""}, {"name": "x", "items": [{"type": "other", "value": "a"}]}, {"name": "x", "items": [3]}):
        assert (await site.ask("PUT", path, bad, by="editor"))[0] == 400
    assert (await site.ask("DELETE", path, by="editor"))[0] == 200
    assert (await site.ask("GET", path))[0] == 404
