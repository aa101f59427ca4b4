"""Panels of the library over HTTP, and the dashboards that use them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.web.grafana.conftest import Site

CPU = {"type": "timeseries", "title": "CPU", "description": "busy", "targets": [{"expr": "up"}], "id": 7}
PLACE = {"id": 3, "gridPos": {"h": 8, "w": 12, "x": 0, "y": 0}}


async def made(site: Site, by: str = "editor", status: int = 200, **body: Any) -> Any:
    sent = {"name": "CPU", "model": CPU, "kind": 1, "uid": "cpu", **body}
    got, said = await site.ask("POST", "/api/library-elements", sent, by=by)
    assert got == status, said
    return said.get("result", said)


async def test_the_life_of_a_panel(site: Site) -> None:
    one = await made(site)
    assert (one["uid"], one["type"], one["description"], one["version"]) == ("cpu", "timeseries", "busy", 1)
    assert one["model"]["libraryPanel"] == {"uid": "cpu", "name": "CPU"}
    assert (one["meta"]["createdBy"]["name"], one["meta"]["folderName"]) == ("editor", "General")
    found = (await site.get("/api/library-elements?searchString=cp&kind=1&perPage=10"))["result"]
    assert (found["totalCount"], found["elements"][0]["name"], found["perPage"]) == (1, "CPU", 10)
    for query in ("searchString=x", "kind=2", "typeFilter=stat", "excludeUid=cpu", "folderFilterUIDs=none"):
        assert (await site.get(f"/api/library-elements?{query}"))["result"]["elements"] == [], query
    assert (await site.get("/api/library-elements/name/CPU"))["result"][0]["uid"] == "cpu"
    body = {"name": "Load", "model": {**CPU, "type": "stat"}, "version": 1, "kind": 1}
    changed = (await site.ask("PATCH", "/api/library-elements/cpu", body, by="editor"))[1]["result"]
    assert (changed["name"], changed["type"], changed["version"]) == ("Load", "stat", 2)
    status, said = await site.ask("PATCH", "/api/library-elements/cpu", body, by="editor")
    assert (status, said["status"]) == (412, "version-mismatch")
    assert (await site.ask("DELETE", "/api/library-elements/cpu", by="viewer"))[0] == 403
    assert (await site.ask("DELETE", "/api/library-elements/cpu", by="editor"))[1]["message"] == (
        "Library element deleted"
    )
    assert (await site.ask("GET", "/api/library-elements/cpu"))[0] == 404
    assert (await site.ask("GET", "/api/library-elements/name/Load"))[0] == 404


async def test_dashboards_that_use_one(site: Site) -> None:
    await made(site)
    panel = {**PLACE, "libraryPanel": {"uid": "cpu", "name": "CPU"}, "title": "kept elsewhere"}
    row = {"type": "row", "id": 1, "panels": [{**panel, "id": 4}]}
    await site.save(title="A", uid="a", panels=[panel, row, {"type": "text", "id": 9}])
    shown = (await site.get("/api/dashboards/uid/a"))["dashboard"]["panels"]
    assert (shown[0]["title"], shown[0]["type"], shown[0]["id"], shown[0]["gridPos"]["w"]) == (
        "CPU",
        "timeseries",
        3,
        12,
    )
    assert (shown[1]["panels"][0]["targets"], shown[1]["panels"][0]["id"]) == ([{"expr": "up"}], 4)
    assert (shown[0]["libraryPanel"]["name"], shown[2]) == ("CPU", {"type": "text", "id": 9})
    # What changes in the library, changes in each dashboard, and what a dashboard says of it counts for nothing.
    body = {"model": {**CPU, "title": "Load"}, "version": 1}
    await site.ask("PATCH", "/api/library-elements/cpu", body, by="editor")
    shown[0]["title"] = "mine"
    await site.save(title="A", uid="a", version=1, panels=shown)
    assert (await site.get("/api/dashboards/uid/a"))["dashboard"]["panels"][0]["title"] == "Load"
    kept = (await site.get("/api/dashboards/uid/a/versions/2"))["data"]["panels"][0]
    assert kept == {**PLACE, "libraryPanel": {"uid": "cpu", "name": "CPU"}}
    found = (await site.get("/api/library-elements/cpu"))["result"]
    assert found["meta"]["connectedDashboards"] == 1
    uses = (await site.get("/api/library-elements/cpu/connections"))["result"]
    assert [use["connectionUid"] for use in uses] == ["a"]
    status, said = await site.ask("DELETE", "/api/library-elements/cpu", by="editor")
    assert (status, said["message"]) == (403, "the library element has connections: the dashboard a uses it")


async def test_a_dashboard_brings_its_panels_along(site: Site) -> None:
    board = {
        "title": "B", "uid": "b", "panels": [{**PLACE, "libraryPanel": {"uid": "mem", "name": "Memory"}}],
        "__inputs": [{"name": "DS", "type": "datasource", "pluginId": "prometheus"}],
        "__elements": {
            "mem": {"name": "Memory", "uid": "mem", "kind": 1, "model": {"type": "stat", "datasource": "${DS}"}},
            "other": {"name": "Unused", "uid": "other", "kind": 1, "model": {"type": "stat"}},
        },
    }  # fmt: skip
    inputs = [{"name": "DS", "type": "datasource", "pluginId": "prometheus", "value": "loki"}]
    assert (await site.ask("POST", "/api/dashboards/import", {"dashboard": board, "inputs": inputs}, by="viewer"))[
        0
    ] == 403
    assert (await site.get("/api/library-elements"))["result"]["totalCount"] == 0
    assert (await site.ask("POST", "/api/dashboards/import", {"dashboard": board, "inputs": inputs}, by="editor"))[
        0
    ] == 200
    panel = (await site.get("/api/dashboards/uid/b"))["dashboard"]["panels"][0]
    assert (panel["type"], panel["datasource"]) == ("stat", "loki")
    assert [one["uid"] for one in (await site.get("/api/library-elements"))["result"]["elements"]] == ["mem"]
    # Another one of the same name comes beside it; of an import that fails nothing is left.
    panels = [{**PLACE, "libraryPanel": {"uid": "mem2", "name": "Memory"}}]
    other = {**board, "uid": "d", "title": "D", "panels": panels,
             "__elements": {"mem2": {**board["__elements"]["mem"], "uid": "mem2"}}}  # type: ignore[index]  # fmt: skip
    body = {"dashboard": {**other, "title": ""}, "inputs": inputs}
    assert (await site.ask("POST", "/api/dashboards/import", body, by="editor"))[0] == 400
    assert (await site.get("/api/library-elements"))["result"]["totalCount"] == 1
    assert (await site.ask("POST", "/api/dashboards/import", {"dashboard": other, "inputs": inputs}, by="editor"))[
        0
    ] == 200
    names = [one["name"] for one in (await site.get("/api/library-elements"))["result"]["elements"]]
    assert names == ["Memory", "Memory (mem2)"]
    # Saved as it is, its own copy is shown.
    await site.save(**{**board, "uid": "c", "title": "C", "panels": [{**PLACE, "libraryPanel": {"uid": "other"}}]})
    assert (await site.get("/api/dashboards/uid/c"))["dashboard"]["panels"][0]["type"] == "stat"


async def test_folders_decide(site: Site) -> None:
    await site.ask("POST", "/api/folders", {"title": "Ops", "uid": "ops"}, by="admin")
    await made(site, folderUid="ops")
    await made(site, "editor", 400, uid="again", folderUid="ops")
    await made(site, "editor", uid="again")
    await made(site, "viewer", 403, uid="x", name="X")
    await site.ask("POST", "/api/folders/ops/permissions", {"items": []}, by="admin")
    assert [one["uid"] for one in (await site.get("/api/library-elements", by="editor"))["result"]["elements"]] == [
        "again"
    ]
    assert (await site.ask("GET", "/api/library-elements/cpu", by="editor"))[0] == 404
    assert (await site.ask("PATCH", "/api/library-elements/cpu", {"version": 1}, by="editor"))[0] == 404
    assert (await site.ask("PATCH", "/api/library-elements/again", {"version": 1, "folderUid": "ops"}, by="editor"))[
        0
    ] == 403


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"name": ""}, "a library element needs a name of at most 190 characters"),
        ({"model": None}, "bad request data: model is needed: the panel's JSON"),
        ({"kind": 3}, "kind is 1 for a panel or 2 for a variable"),
        ({"uid": "a/b"}, "uid contains illegal characters"),
        ({"folderUid": "none"}, "folder not found"),
        ({"folderId": 9}, "folder not found"),
    ],
)
async def test_what_is_refused(site: Site, body: dict[str, Any], said: str) -> None:
    assert (await made(site, "editor", 400, **body))["message"] == said


async def test_panels_that_are_hidden_get_on_no_dashboard(site: Site) -> None:
    await site.ask("POST", "/api/folders", {"title": "Secret", "uid": "secret"}, by="admin")
    await site.ask("POST", "/api/folders/secret/permissions", {"items": []}, by="admin")
    body = {
        "name": "S",
        "uid": "s",
        "kind": 1,
        "folderUid": "secret",
        "model": {"type": "text", "title": "hidden words"},
    }
    assert (await site.ask("POST", "/api/library-elements", body, by="admin"))[0] == 200
    panel = {"id": 1, "libraryPanel": {"uid": "s", "name": "S"}}
    said = await site.save(title="A", uid="a", panels=[panel], status=403)
    assert "library.panels:read" in said["message"]
    row = {"type": "row", "panels": [panel]}
    at = "/apis/dashboard.grafana.app/v1beta1/namespaces/default/dashboards"
    for path, sent in (
        ("/api/dashboards/import", {"dashboard": {"title": "B", "panels": [row]}}),
        (at, {"metadata": {"name": "b"}, "spec": {"title": "B", "panels": [panel]}}),
    ):
        assert (await site.ask("POST", path, sent, by="editor"))[0] == 403
    # Where somebody who may put it, it stays, for all who see the dashboard.
    await site.save("admin", title="A", uid="a", panels=[panel])
    await site.save(title="A!", uid="a", panels=[panel, {"id": 2, "type": "text"}], overwrite=True)
    assert "hidden words" in str(await site.get("/api/dashboards/uid/a", by="viewer"))
