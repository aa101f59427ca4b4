"""Dashboards over HTTP: saved, read, clashing, restored, imported."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.web.grafana.conftest import MakeSite, Site


async def test_save_read_and_delete(site: Site) -> None:
    assert await site.save(title="Disk / IO", uid="disk", tags=["host", "host", 3], panels=[]) == {
        "id": 1,
        "uid": "disk",
        "url": "/d/disk/disk-io",
        "status": "success",
        "version": 1,
        "slug": "disk-io",
        "folderUid": "",
    }
    found = await site.get("/api/dashboards/uid/disk", by="editor")
    assert found["dashboard"] == {
        "title": "Disk / IO", "uid": "disk", "tags": ["host", "host", 3], "panels": [], "version": 1, "id": 1,
    }  # fmt: skip
    meta = found["meta"]
    assert (meta["canSave"], meta["canEdit"], meta["canAdmin"], meta["canDelete"]) == (True, True, False, True)
    assert (meta["created"], meta["createdBy"], meta["provisioned"]) == ("2023-11-14T22:13:20Z", "editor", False)
    assert await site.ask("DELETE", "/api/dashboards/uid/disk", by="editor") == (
        200,
        {"message": "Dashboard Disk / IO deleted", "title": "Disk / IO", "uid": "disk", "id": 1},
    )
    assert await site.ask("GET", "/api/dashboards/uid/disk") == (404, {"message": "Dashboard not found"})


async def test_a_version_that_is_not_the_newest(site: Site) -> None:
    await site.save(title="A", uid="a")
    changed = {"message": "The dashboard has been changed by someone else", "status": "version-mismatch"}
    assert await site.save(title="B", uid="a", status=412) == changed
    assert (await site.save(title="B", uid="a", version=1))["version"] == 2
    assert await site.save(title="C", uid="a", version=1, status=412) == changed
    assert (await site.save(title="C", uid="a", version=1, overwrite=True))["version"] == 3


async def test_titles_of_one_folder(site: Site) -> None:
    made = await site.save(title="Same")
    said = await site.save(title="Same", status=412)
    assert said == {"message": "A dashboard with the same name in the folder already exists", "status": "name-exists"}
    replaced = await site.save(title="Same", overwrite=True)
    assert (replaced["uid"], replaced["version"]) == (made["uid"], 2)
    # One that has a name of its own in URLs is no copy.
    assert (await site.save(title="Same", uid="other"))["uid"] == "other"


@pytest.mark.parametrize(
    ("dashboard", "said"),
    [
        ({}, "Dashboard title cannot be empty"),
        ({"title": " "}, "Dashboard title cannot be empty"),
        ({"title": 3}, "Dashboard title cannot be empty"),
        ({"title": "a", "uid": "a/b"}, "uid contains illegal characters"),
        ({"title": "a", "uid": "x" * 41}, "uid too long, max 40 characters"),
        ({"title": "a", "folderUid": "nowhere"}, "folder not found"),
    ],
)
async def test_what_is_refused(site: Site, dashboard: dict[str, Any], said: str) -> None:
    assert (await site.save(status=400, **dashboard))["message"] == said


async def test_bodies_that_are_none(site: Site) -> None:
    for body in (b"", b"{", b"[]", b"null", b'{"dashboard": 3}', b'{"dashboard": {}, "overwrite": "yes"}', b"\xff"):
        status, found = await site.ask("POST", "/api/dashboards/db", body, by="editor")
        assert status == 400
        assert "bad request data" in found["message"]
    deep = b'{"dashboard": {"title": "a", "x": ' + b"[" * 900 + b"]" * 900 + b"}}"
    assert await site.ask("POST", "/api/dashboards/db", deep, by="editor") == (
        400,
        {"message": "the JSON is nested too deeply"},
    )


async def test_the_id_of_older_tools(site: Site) -> None:
    made = await site.save(title="A")
    again = await site.save(title="B", id=made["id"], version=1)
    assert (again["uid"], again["version"]) == (made["uid"], 2)
    assert (await site.save(title="B", id=77, status=404))["message"] == "Dashboard not found"
    assert (await site.get("/api/dashboards/db/b"))["dashboard"]["title"] == "B"


async def test_history_and_restore(site: Site) -> None:
    await site.save(title="A", uid="a", message="first")
    site.now_ms += 60_000
    await site.save(title="B", uid="a", version=1, message="second", by="admin")
    found = await site.get("/api/dashboards/uid/a/versions")
    assert [(v["version"], v["message"], v["createdBy"]) for v in found["versions"]] == [
        (2, "second", "admin"),
        (1, "first", "editor"),
    ]
    assert found["versions"][0]["created"] == "2023-11-14T22:14:20Z"
    assert [v["version"] for v in (await site.get("/api/dashboards/uid/a/versions?limit=1&start=2"))["versions"]] == [1]
    assert [v["version"] for v in await site.get("/api/dashboards/id/1/versions")] == [2, 1]
    assert (await site.get("/api/dashboards/uid/a/versions/1"))["data"]["title"] == "A"
    status, said = await site.ask("POST", "/api/dashboards/uid/a/restore", {"version": 1}, by="editor")
    assert (status, said["version"]) == (200, 3)
    newest = (await site.get("/api/dashboards/uid/a/versions"))["versions"][0]
    assert (newest["message"], newest["restoredFrom"]) == ("Restored from version 1", 1)
    assert (await site.get("/api/dashboards/uid/a"))["dashboard"]["title"] == "A"
    assert (await site.ask("POST", "/api/dashboards/uid/a/restore", {"version": 9}, by="editor"))[0] == 404
    assert (await site.ask("GET", "/api/dashboards/uid/a/versions/x"))[0] == 400


async def test_only_the_last_versions_are_kept(site: Site) -> None:
    for version in range(25):
        await site.save(title="A", uid="a", version=version)
    kept = [v["version"] for v in (await site.get("/api/dashboards/uid/a/versions"))["versions"]]
    assert kept == list(range(25, 5, -1))


async def test_roles(site: Site) -> None:
    await site.save(title="A", uid="a")
    body = {"dashboard": {"title": "B"}}
    assert await site.ask("POST", "/api/dashboards/db", body) == (401, {"message": "Unauthorized"})
    status, said = await site.ask("POST", "/api/dashboards/db", body, by="viewer")
    assert (status, said["message"].endswith("it needs the role Editor")) == (403, True)
    assert (await site.ask("DELETE", "/api/dashboards/uid/a", by="viewer"))[0] == 403
    assert (await site.get("/api/dashboards/uid/a", by="viewer"))["meta"]["canEdit"] is False


async def test_home(site: Site) -> None:
    assert (await site.get("/api/dashboards/home"))["meta"] == {"isHome": True}
    await site.save(title="Start", uid="start")
    assert (await site.ask("PUT", "/api/org/preferences", {"homeDashboardUID": "start"}, by="admin"))[0] == 200
    assert await site.get("/api/dashboards/home") == {"redirectUri": "/d/start/start"}
    await site.save(title="Mine", uid="mine")
    assert (await site.ask("PUT", "/api/user/preferences", {"homeDashboardUID": "mine"}, by="viewer"))[0] == 200
    assert await site.get("/api/dashboards/home", by="viewer") == {"redirectUri": "/d/mine/mine"}
    assert (await site.ask("PUT", "/api/user/preferences", {"homeDashboardUID": "none"}, by="viewer"))[0] == 404


async def test_tags_and_search(site: Site) -> None:
    _, folder = await site.ask("POST", "/api/folders", {"title": "Ops", "uid": "ops"}, by="editor")
    await site.save(title="Node disk", uid="n", tags=["host", "disk"], folderUid="ops")
    await site.save(title="API", uid="api", tags=["web"])
    await site.save(title="Node net", uid="m", tags=["host"])
    assert await site.get("/api/dashboards/tags") == [
        {"term": "disk", "count": 1}, {"term": "host", "count": 2}, {"term": "web", "count": 1},
    ]  # fmt: skip

    async def found(query: str, by: str = "") -> list[str]:
        return [hit["uid"] for hit in await site.get(f"/api/search?{query}", by=by)]

    assert await found("") == ["ops", "api", "n", "m"]
    assert await found("query=NODE") == ["n", "m"]
    assert await found("query=disk+node") == ["n"]
    assert await found("tag=host&tag=disk") == ["n"]
    assert await found("type=dash-folder") == ["ops"]
    assert await found("type=dash-db&folderUIDs=ops") == ["n"]
    assert await found("folderUIDs=general&type=dash-db") == ["api", "m"]
    assert await found(f"folderIds={folder['id']}&type=dash-db") == ["n"]
    assert await found("folderIds=0&type=dash-db") == ["api", "m"]
    assert await found("dashboardUIDs=n,api") == ["api", "n"]
    assert await found("type=dash-db&limit=2&page=2") == ["m"]
    assert await found("type=dash-db&sort=alpha-desc") == ["m", "n", "api"]
    assert (await site.ask("POST", "/api/user/stars/dashboard/uid/m", by="viewer"))[0] == 200
    assert await found("starred=true", by="viewer") == ["m"]
    assert await found("starred=true") == []
    hit = (await site.get("/api/search?dashboardUIDs=n"))[0]
    assert (hit["type"], hit["url"], hit["folderTitle"], hit["folderUrl"]) == (
        "dash-db", "/d/n/node-disk", "Ops", "/dashboards/f/ops/ops",
    )  # fmt: skip
    assert (await site.ask("GET", "/api/search?limit=5001"))[0] == 422
    assert (await site.ask("GET", "/api/search?limit=x"))[0] == 400


async def test_import_fills_inputs(site: Site) -> None:
    exported = {
        "__inputs": [
            {"name": "DS_PROMETHEUS", "type": "datasource", "pluginId": "prometheus"},
            {"name": "VAR_STEP", "type": "constant", "value": "5m"},
        ],
        "__requires": [],
        "id": 12,
        "title": "Imported ${VAR_STEP}",
        "panels": [{"datasource": {"uid": "${DS_PROMETHEUS}"}, "targets": [{"expr": "up[${VAR_STEP}] ${other}"}]}],
    }
    body = {"dashboard": exported, "overwrite": True}
    status, said = await site.ask("POST", "/api/dashboards/import", body, by="editor")
    assert (status, said["imported"], said["importedUrl"]) == (200, True, f"/d/{said['uid']}/imported-5m")
    kept = (await site.get(f"/api/dashboards/uid/{said['uid']}"))["dashboard"]
    assert kept["panels"] == [{"datasource": {"uid": "prometheus"}, "targets": [{"expr": "up[5m] ${other}"}]}]
    assert "__inputs" not in kept
    exported["__inputs"] = [{"name": "DS_X", "type": "datasource", "pluginId": "influxdb"}]
    status, said = await site.ask("POST", "/api/dashboards/import", body, by="editor")
    assert (status, said["message"]) == (400, "import needs a data source for DS_X, of the type influxdb")


async def test_a_prefix_stands_in_links(make_site: MakeSite) -> None:
    site = await make_site(route_prefix="/watch", root_url="https://example.com/watch")
    status, said = await site.ask(
        "POST", "/watch/api/dashboards/db", {"dashboard": {"title": "A", "uid": "a"}}, by="editor"
    )
    assert (status, said["url"]) == (200, "/watch/d/a/a")
    status, short = await site.ask("POST", "/watch/api/short-urls", {"path": "d/a/a?x=1"}, by="viewer")
    assert short["url"] == f"https://example.com/watch/goto/{short['uid']}?orgId=1"
    async with site.client.get(f"/watch/goto/{short['uid']}", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (302, "/watch/d/a/a?x=1")
