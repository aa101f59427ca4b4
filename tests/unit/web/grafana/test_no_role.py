"""The role None: permissions of folders and dashboards say all that there is to see, by whatever way one asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.web.grafana.conftest import NOW_MS, PASSWORD, Site
from watchkeeper.dashboards.roles import Role
from watchkeeper.dashboards.seen_sources import references
from watchkeeper.web.grafana.render_keys import RenderKeys

Ask = Callable[..., Any]
BOARDS = "/apis/dashboard.grafana.app/v1beta1/namespaces/default/dashboards"
FOLDERS = BOARDS.replace("dashboard", "folder").replace("/folders.grafana", "/dashboards.grafana")
PROXY = "/api/datasources/proxy/uid"


def panel(uid: str) -> dict[str, Any]:
    return {"type": "timeseries", "datasource": {"uid": uid, "type": "x"}, "targets": [{"expr": "up"}]}


@pytest.fixture(params=["user", "team", "account"])
async def nobody(request: pytest.FixtureRequest, site: Site) -> Ask:
    """Asks as one of the role None who may see the folder `shown` and change the dashboard `one`."""
    for uid in ("shown", "hidden"):
        await site.ask("POST", "/api/folders", {"title": uid.title(), "uid": uid}, by="admin")
    await site.save("admin", title="In", uid="in", folderUid="shown", panels=[panel("prometheus")], tags=["a"])
    await site.save("admin", title="Out", uid="out", folderUid="hidden", panels=[panel("loki")], tags=["b"])
    await site.save("admin", title="One", uid="one", folderUid="hidden", tags=["c"])
    headers = {}
    if request.param == "account":
        made = await site.ask("POST", "/api/serviceaccounts", {"name": "n", "role": "None"}, by="admin")
        number = made[1]["id"]
        key = (await site.ask("POST", f"/api/serviceaccounts/{number}/tokens", {"name": "t"}, by="admin"))[1]["key"]
        headers = {"Authorization": f"Bearer {key}"}
    else:
        number = site.state.users.create("none", "", "None", PASSWORD, Role.NONE, NOW_MS).id
    whom = {"userId": number}
    if request.param == "team":
        team = (await site.ask("POST", "/api/teams", {"name": "T"}, by="admin"))[1]["teamId"]
        await site.ask("POST", f"/api/teams/{team}/members", {"userId": number}, by="admin")
        whom = {"teamId": team}
    for at, level in (("folders/shown", 1), ("dashboards/uid/one", 2)):
        items = {"items": [{**whom, "permission": level}]}
        assert (await site.ask("POST", f"/api/{at}/permissions", items, by="admin"))[0] == 200

    async def ask(method: str, path: str, body: Any = None) -> tuple[int, Any]:
        return await site.ask(method, path, body, **({} if headers else {"by": "none"}), **headers)

    return ask


async def test_what_is_seen(site: Site, nobody: Ask) -> None:
    found = (await nobody("GET", "/api/search"))[1]
    assert [(hit["uid"], hit.get("folderUid")) for hit in found] == [("shown", None), ("in", "shown"), ("one", None)]
    assert [folder["uid"] for folder in (await nobody("GET", "/api/folders"))[1]] == ["shown"]
    assert (await nobody("GET", "/api/dashboards/tags"))[1] == [{"term": "a", "count": 1}, {"term": "c", "count": 1}]
    for at, names in ((BOARDS, ["in", "one"]), (FOLDERS, ["shown"])):
        items = (await nobody("GET", at))[1]["items"]
        assert [one["metadata"]["name"] for one in items] == names
    for path, status in (
        ("/api/dashboards/uid/in", 200), ("/api/dashboards/uid/out", 403), ("/api/dashboards/uid/one", 200),
        ("/api/dashboards/uid/in/versions", 200), ("/api/dashboards/uid/out/versions", 403),
        ("/api/folders/shown", 200), ("/api/folders/hidden", 403), ("/api/dashboards/home", 200),
        (f"{BOARDS}/in", 200), (f"{BOARDS}/out", 403), (f"{FOLDERS}/hidden", 403), ("/api/frontend/settings", 200),
        ("/api/user", 200), ("/api/bootstrap", 200), ("/api/login/ping", 200), ("/api/org/users", 403),
        ("/api/admin/stats", 403), ("/api/playlists", 403), ("/api/alertmanager/grafana/api/v2/alerts", 403),
    ):  # fmt: skip
        assert (await nobody("GET", path))[0] == status, path


async def test_what_is_changed(site: Site, nobody: Ask) -> None:
    for body, status in (
        ({"dashboard": {"title": "One!", "uid": "one", "version": 1}}, 200),
        ({"dashboard": {"title": "In!", "uid": "in", "version": 1}}, 403),
        ({"dashboard": {"title": "New"}}, 403),
        ({"dashboard": {"title": "New"}, "folderUid": "shown"}, 403),
    ):
        assert (await nobody("POST", "/api/dashboards/db", body))[0] == status, body
    assert (await nobody("POST", "/api/folders", {"title": "New"}))[0] == 403
    assert (await nobody("POST", "/api/snapshots", {"dashboard": {}}))[0] == 403
    assert (await nobody("DELETE", "/api/dashboards/uid/in"))[0] == 403
    assert (await nobody("DELETE", "/api/dashboards/uid/one"))[0] == 200


async def test_annotations_and_the_library(site: Site, nobody: Ask) -> None:
    for uid in ("in", "out", None):
        made = {"text": f"of {uid}", "dashboardUID": uid, "tags": [f"t-{uid}"]}
        await site.ask("POST", "/api/annotations", made, by="admin")
    assert [one["text"] for one in (await nobody("GET", "/api/annotations"))[1]] == ["of in"]
    assert (await nobody("GET", "/api/annotations/tags"))[1]["result"]["tags"] == [{"tag": "t-in", "count": 1}]
    assert [(await nobody("GET", f"/api/annotations/{at}"))[0] for at in (1, 2, 3)] == [200, 403, 403]
    assert (await nobody("POST", "/api/annotations", {"text": "x", "dashboardUID": "one"}))[0] == 200
    for body in ({"text": "x", "dashboardUID": "in"}, {"text": "x"}):
        assert (await nobody("POST", "/api/annotations", body))[0] == 403
    for uid in ("shown", "hidden", ""):
        body = {"name": f"P{uid}", "uid": f"p{uid}", "model": {"type": "text"}, "kind": 1, "folderUid": uid}
        await site.ask("POST", "/api/library-elements", body, by="admin")
    found = (await nobody("GET", "/api/library-elements"))[1]["result"]["elements"]
    assert [one["uid"] for one in found] == ["pshown"]
    for uid, status in (("pshown", 200), ("phidden", 404), ("p", 404)):
        assert (await nobody("GET", f"/api/library-elements/{uid}"))[0] == status


async def test_only_what_dashboards_ask_may_be_asked(site: Site, nobody: Ask) -> None:
    assert [one["uid"] for one in (await nobody("GET", "/api/datasources"))[1]] == ["prometheus"]
    assert list((await nobody("GET", "/api/frontend/settings"))[1]["datasources"]) == ["Prometheus"]
    for method, path, status in (
        ("GET", f"{PROXY}/prometheus/api/v1/query?query=up", 200), ("POST", f"{PROXY}/prometheus/api/v1/query", 200),
        ("GET", f"{PROXY}/prometheus/api/v1/label/job/values", 200), ("GET", f"{PROXY}/prometheus/api/v1/rules", 200),
        ("GET", f"{PROXY}/prometheus/api/v1/status/config", 403), ("GET", f"{PROXY}/prometheus/api/v1/targets", 403),
        ("GET", f"{PROXY}/prometheus/-/healthy", 403), ("POST", f"{PROXY}/prometheus/api/v1/write", 403),
        ("GET", f"{PROXY}/loki/loki/api/v1/labels", 403), ("GET", "/api/datasources/uid/loki", 403),
        ("GET", "/api/datasources/uid/prometheus/health", 200),
        ("GET", "/api/datasources/uid/prometheus/resources/api/v1/labels", 200),
    ):  # fmt: skip
        assert (await nobody(method, path))[0] == status, path
    queries = [{"refId": "A", "datasource": {"uid": "prometheus"}, "expr": "up"},
               {"refId": "B", "datasource": {"uid": "loki"}, "expr": "{}"}]  # fmt: skip
    results = (await nobody("POST", "/api/ds/query", {"queries": queries}))[1]["results"]
    assert [results[ref]["status"] for ref in "AB"] == [200, 403]
    # As soon as a dashboard that is seen asks it, it may be asked.
    await site.save("admin", title="In", uid="in", overwrite=True, panels=[panel("loki")])
    assert [one["uid"] for one in (await nobody("GET", "/api/datasources"))[1]] == ["loki"]
    variable = {"type": "datasource", "query": "alertmanager"}
    await site.save("admin", title="In", uid="in", overwrite=True, templating={"list": [variable]})
    assert [one["uid"] for one in (await nobody("GET", "/api/datasources"))[1]] == ["alertmanager"]


async def test_nobody_lets_dashboards_ask_more(site: Site, nobody: Ask) -> None:
    number = (await nobody("GET", "/api/user"))[1]["id"]
    items = {"items": [{"userId": number, "permission": 2}]}
    assert (await site.ask("POST", "/api/folders/shown/permissions", items, by="admin"))[0] == 200
    await site.save("admin", title="In", uid="in", overwrite=True, panels=[panel("prometheus")])
    mine, other = panel("prometheus"), panel("loki")
    variable = {"list": [{"type": "datasource", "query": "loki"}]}
    element = {"name": "P", "uid": "p", "kind": 1, "folderUid": "shown"}
    carried = {"p2": {"name": "Q", "model": other}}
    library = {"libraryPanel": {"uid": "p2", "name": "Q"}}
    assert (await nobody("POST", "/api/library-elements", {**element, "model": mine}))[0] == 200
    changed = {"dashboard": {"title": "In", "uid": "in", "panels": [other]}, "overwrite": True}
    for method, path, body in (
        ("POST", "/api/dashboards/db", changed),
        ("POST", "/api/dashboards/db", {"dashboard": {"title": "N", "templating": variable}, "folderUid": "shown"}),
        ("POST", "/api/dashboards/import", {"dashboard": {"title": "N", "panels": [other]}, "folderUid": "shown"}),
        ("POST", "/api/dashboards/import",
         {"dashboard": {"title": "N", "panels": [library], "__elements": carried}, "folderUid": "shown"}),
        ("PATCH", f"{BOARDS}/in", {"spec": {"panels": [other]}}),
        ("POST", "/api/library-elements", {**element, "uid": "q", "name": "Q", "model": other}),
        ("PATCH", "/api/library-elements/p", {"version": 1, "model": other, "kind": 1}),
    ):  # fmt: skip
        status, said = await nobody(method, path, body)
        assert (status, "datasources:query" in said["message"]) == (403, True), (path, body)
    # An older version asked it.
    await site.save("admin", title="In", uid="in", overwrite=True, panels=[other])
    await site.save("admin", title="In", uid="in", overwrite=True, panels=[mine])
    assert (await nobody("POST", "/api/dashboards/uid/in/restore", {"version": 3}))[0] == 403
    assert [one["uid"] for one in (await nobody("GET", "/api/datasources"))[1]] == ["prometheus"]
    body = {"dashboard": {"title": "In", "uid": "in", "panels": [mine, mine]}, "overwrite": True, "folderUid": "shown"}
    assert (await nobody("POST", "/api/dashboards/db", body))[0] == 200


async def test_whom_one_may_give_permissions(site: Site, nobody: Ask) -> None:
    lookup = "/api/org/users/lookup?query=ED"
    assert (await nobody("GET", lookup))[0] == 403
    assert (await site.ask("GET", lookup, by="editor"))[0] == 403
    number = (await nobody("GET", "/api/user"))[1]["id"]
    await site.ask("POST", "/api/teams", {"name": "Theirs"}, by="admin")
    seen = {team["name"] for team in (await nobody("GET", "/api/teams/search"))[1]["teams"]}
    assert seen <= {"T"}
    items = {"items": [{"userId": number, "permission": 4}]}
    assert (await site.ask("POST", "/api/folders/shown/permissions", items, by="admin"))[0] == 200
    assert [one["login"] for one in (await nobody("GET", lookup))[1]] == ["editor"]
    assert "Theirs" in str((await nobody("GET", "/api/teams/search"))[1])


async def test_nobody_in_particular_is_told_to_log_in(make_site: Any) -> None:
    site = await make_site(anonymous_role=Role.NONE)
    for path in ("/api/search", "/api/datasources", "/apis", "/api/dashboards/home", "/api/annotations"):
        assert (await site.ask("GET", path))[0] == 401, path
    assert (await site.get("/api/bootstrap"))["datasources"] == []


@pytest.mark.parametrize("role", list(Role))
async def test_who_draws_a_picture_sees_as_much_and_changes_nothing(site: Site, role: Role) -> None:
    user = site.state.users.create("some", "", "Some", PASSWORD, role, NOW_MS)
    await site.save("admin", title="One", uid="one")
    items = {"items": [{"userId": user.id, "permission": 4}]}
    await site.ask("POST", "/api/dashboards/uid/one/permissions", items, by="admin")
    keys = RenderKeys()
    drawing = keys.identity(keys.add(user.identity()))
    assert drawing is not None
    rights, entry = site.state.rights(drawing), site.state.catalog.get("one")
    assert (rights.sees(entry), rights.dashboard(entry).label) == (True, "View")
    assert site.state.sources(drawing) == site.state.sources(user.identity())
    # One that is drawn by the drawing one is no more than that.
    again = keys.identity(keys.add(drawing))
    assert again is not None
    assert again.sees_as is role


def test_what_dashboards_name() -> None:
    body = {
        "panels": [{"datasource": None, "targets": [{"expr": "a"}]}, {"type": "text"}, {"datasource": "Old"},
                   {"panels": [{"datasource": {"type": "loki"}, "targets": [{"datasource": {"uid": "x"}}]}]}],
        "annotations": {"list": [{"datasource": {"uid": "-- Grafana --"}}]},
        "templating": {"list": [{"type": "datasource", "query": "tempo"}, {"type": "query"}, {"type": "custom"}]},
    }  # fmt: skip
    assert list(references(body)) == [
        ("", ""), ("Old", ""), ("", "loki"), ("x", ""), ("-- Grafana --", ""), ("*", "tempo"), ("", ""),
    ]  # fmt: skip
    deep: Any = {}
    for _ in range(5000):
        deep = {"panels": [deep]}
    assert list(references(deep)) == []
