"""Permissions of folders and dashboards: set, shown, and held wherever a dashboard can be reached."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.web.grafana.conftest import PASSWORD, MakeSite, Site
from watchkeeper.dashboards.roles import Role
from watchkeeper.web.grafana.render_keys import RenderKeys

VIEW, EDIT, ADMIN = 1, 2, 4


async def set_(site: Site, kind: str, uid: str, *items: dict[str, Any], by: str = "admin", status: int = 200) -> Any:
    path = f"/api/folders/{uid}/permissions" if kind == "folder" else f"/api/dashboards/uid/{uid}/permissions"
    got, said = await site.ask("POST", path, {"items": items}, by=by)
    assert got == status, said
    return said


async def folder(site: Site, uid: str, parent: str = "", by: str = "admin") -> None:
    body = {"title": uid.title(), "uid": uid, "parentUid": parent}
    status, said = await site.ask("POST", "/api/folders", body, by=by)
    assert status == 200, said


async def member(site: Site, login: str) -> int:
    """A viewer who is in a team of the same name; the team's id."""
    body = {"login": login, "password": PASSWORD, "name": login}
    user = (await site.ask("POST", "/api/admin/users", body, by="admin"))[1]
    team = (await site.ask("POST", "/api/teams", {"name": login}, by="admin"))[1]
    await site.ask("POST", f"/api/teams/{team['teamId']}/members", {"userId": user["id"]}, by="admin")
    number: int = team["teamId"]
    return number


async def uids(site: Site, by: str = "", query: str = "") -> set[str]:
    return {hit["uid"] for hit in await site.get(f"/api/search{query}", by=by)}


@pytest.fixture
async def hidden(make_site: MakeSite) -> Site:
    """A folder, a folder in it and their dashboards are for nobody but a team and administrators."""
    site = await make_site()
    team = await member(site, "secops")
    await folder(site, "secret")
    await folder(site, "deep", "secret")
    await site.save("admin", title="Plans", uid="plans", folderUid="secret", tags=["quiet"])
    await site.save("admin", title="Deeper", uid="deeper", folderUid="deep")
    await site.save("admin", title="Open", uid="open")
    await set_(site, "folder", "secret", {"teamId": team, "permission": VIEW})
    return site


@pytest.mark.parametrize("by", ["", "viewer", "editor"])
async def test_a_hidden_folder_is_nowhere(hidden: Site, by: str) -> None:
    site = hidden
    refused = 403 if by else 401
    assert await uids(site, by) == {"open"}
    assert await uids(site, by, "?type=dash-folder") == set()
    assert await uids(site, by, "?folderUIDs=secret") == set()
    assert await uids(site, by, "?dashboardUIDs=plans") == set()
    assert await site.get("/api/folders", by=by) == []
    assert await site.get("/api/folders?parentUid=secret", by=by) == []
    assert await site.get("/api/dashboards/tags", by=by) == []
    assert (await site.get("/api/annotations/tags", by=by))["result"]["tags"] == []
    for path in (
        "/api/dashboards/uid/plans", "/api/dashboards/uid/deeper", "/api/dashboards/db/plans", "/api/folders/secret",
        "/api/folders/deep", "/api/folders/id/1", "/api/folders/secret/counts", "/api/dashboards/uid/plans/versions",
        "/api/dashboards/uid/plans/versions/1", "/api/dashboards/id/1/versions", "/api/folders/secret/permissions",
        "/api/dashboards/uid/plans/permissions",
    ):  # fmt: skip
        status, said = await site.ask("GET", path, by=by)
        assert (status, "Plans" in str(said)) == (refused, False), (path, said)
    for method, path, body in (
        ("POST", "/api/dashboards/db", {"dashboard": {"title": "Mine", "uid": "plans"}, "overwrite": True}),
        ("POST", "/api/dashboards/db", {"dashboard": {"title": "Plans"}, "folderUid": "secret", "overwrite": True}),
        ("POST", "/api/dashboards/db", {"dashboard": {"title": "New"}, "folderUid": "deep"}),
        ("POST", "/api/dashboards/db", {"dashboard": {"title": "X", "id": 1}, "overwrite": True}),
        ("POST", "/api/dashboards/import", {"dashboard": {"title": "New"}, "folderUid": "secret"}),
        ("POST", "/api/dashboards/uid/plans/restore", {"version": 1}),
        ("DELETE", "/api/dashboards/uid/plans", None),
        ("POST", "/api/folders", {"title": "New", "parentUid": "secret"}),
        ("PUT", "/api/folders/secret", {"title": "New", "overwrite": True}),
        ("POST", "/api/folders/deep/move", {"parentUid": ""}),
        ("DELETE", "/api/folders/secret", None),
        ("POST", "/api/annotations", {"text": "x", "dashboardUID": "plans"}),
        ("POST", "/api/folders/secret/permissions", {"items": []}),
        ("POST", "/api/access-control/folders/secret/builtInRoles/Viewer", {"permission": "View"}),
    ):
        assert (await site.ask(method, path, body, by=by))[0] == refused, (method, path)


async def test_a_team_sees_what_is_for_it(hidden: Site) -> None:
    site = hidden
    assert await uids(site, "secops") == {"secret", "deep", "plans", "deeper", "open"}
    meta = (await site.get("/api/dashboards/uid/deeper", by="secops"))["meta"]
    assert (meta["canSave"], meta["canEdit"], meta["canAdmin"], meta["folderTitle"]) == (False, False, False, "Deep")
    assert (await site.get("/api/folders/deep", by="secops"))["parents"][0]["title"] == "Secret"
    await site.save("secops", title="Plans", uid="plans", version=1, status=403)
    # A user's own permission comes on top, and what a folder gives holds below it.
    user = (await site.get("/api/users/lookup?loginOrEmail=secops", by="admin"))["id"]
    team = (await site.get("/api/teams/search", by="admin"))["teams"][0]["id"]
    await set_(site, "folder", "secret", {"teamId": team, "permission": VIEW}, {"userId": user, "permission": EDIT})
    assert (await site.save("secops", title="Deeper", uid="deeper", version=1))["version"] == 2
    assert await uids(site, "secops", "?permission=Edit&type=dash-folder") == {"secret", "deep"}
    await site.save("secops", title="At the top", status=403)
    # Who leaves the team, or is gone with it, has nothing left of it.
    await site.ask("DELETE", f"/api/teams/{team}", by="admin")
    await set_(site, "folder", "secret")
    assert await uids(site, "secops") == {"open"}


async def test_annotations_of_what_is_hidden(hidden: Site) -> None:
    site = hidden
    body = {"text": "x", "dashboardUID": "plans", "time": 5, "tags": ["release"]}
    number = (await site.ask("POST", "/api/annotations", body, by="admin"))[1]["id"]
    assert len(await site.get("/api/annotations", by="secops")) == 1
    assert await site.get("/api/annotations", by="editor") == []
    assert (await site.get("/api/annotations/tags", by="editor"))["result"]["tags"] == []
    assert (await site.ask("GET", f"/api/annotations/{number}", by="editor"))[0] == 403
    for method in ("PUT", "PATCH", "DELETE"):
        assert (await site.ask(method, f"/api/annotations/{number}", {"text": "y"}, by="editor"))[0] == 403
    # Those of no dashboard go by the role.
    assert (await site.ask("POST", "/api/annotations", {"text": "all"}, by="secops"))[0] == 403
    assert (await site.ask("POST", "/api/annotations/graphite", {"what": "all"}, by="editor"))[0] == 200


async def test_one_dashboard_is_shared(hidden: Site) -> None:
    site = hidden
    await set_(site, "dashboard", "plans", {"role": "Viewer", "permission": VIEW})
    hit = next(hit for hit in await site.get("/api/search", by="viewer") if hit["uid"] == "plans")
    assert "folderTitle" not in hit
    meta = (await site.get("/api/dashboards/uid/plans", by="viewer"))["meta"]
    assert (meta["folderTitle"], meta["hasAcl"], meta["canSave"]) == ("General", True, False)
    shown = await site.get("/api/dashboards/uid/plans/permissions", by="admin")
    assert [(one.get("role"), one["team"], one["inherited"], one["permissionName"]) for one in shown] == [
        (None, "secops", True, "View"), ("Viewer", "", False, "View"),
    ]  # fmt: skip
    # A folder in a hidden one can be found, though the hidden one is not.
    await set_(site, "folder", "deep", {"role": "Viewer", "permission": VIEW})
    assert [one["uid"] for one in await site.get("/api/folders", by="viewer")] == ["deep"]
    found = await site.get("/api/folders/deep", by="viewer")
    assert ("parentUid" in found, "parents" in found) == (False, False)


async def test_editors_and_their_own_folders(site: Site) -> None:
    await folder(site, "mine", by="editor")
    made = await site.get("/api/folders/mine", by="editor")
    assert (made["canAdmin"], made["canSave"], made["hasAcl"]) == (True, True, False)
    assert [
        (one.get("role"), one["userLogin"], one["permission"], one["inherited"])
        for one in await site.get("/api/folders/mine/permissions", by="editor")
    ] == [("Editor", "", EDIT, False), ("Viewer", "", VIEW, False), (None, "editor", ADMIN, False)]
    said = await set_(site, "folder", "mine", {"role": "Editor", "permission": VIEW}, by="editor", status=403)
    assert said["message"] == "Cannot remove own admin permission for a folder"
    editor = (await site.get("/api/user", by="editor"))["id"]
    own = {"userId": editor, "permission": ADMIN}
    said = await set_(site, "folder", "mine", {"role": "Editor", "permission": VIEW}, own, by="editor")
    assert said == {"message": "Folder permissions updated", "id": made["id"], "title": "Mine"}
    assert (await site.ask("GET", "/api/folders/mine", by="viewer"))[0] == 403
    # Editors who may only look can't save there, viewers who may edit can.
    body = {"login": "other", "password": PASSWORD, "role": "Editor"}
    await site.ask("POST", "/api/admin/users", body, by="admin")
    await site.save("other", title="A", folderUid="mine", status=403)
    await set_(site, "folder", "mine", {"role": "Viewer", "permission": EDIT}, own)
    await site.save("viewer", title="A", uid="a", folderUid="mine")
    assert (await site.ask("POST", "/api/annotations", {"text": "x", "dashboardUID": "a"}, by="viewer"))[0] == 200
    # Out of it they may not take it: at the top the role decides.
    status, _ = await site.ask(
        "POST", "/api/dashboards/db", {"dashboard": {"title": "A", "uid": "a", "version": 1}, "folderUid": ""},
        by="viewer",
    )  # fmt: skip
    assert status == 403
    assert (await site.ask("DELETE", "/api/dashboards/uid/a", by="viewer"))[0] == 200


async def test_service_accounts(hidden: Site) -> None:
    site = hidden
    account = (await site.ask("POST", "/api/serviceaccounts", {"name": "ci", "role": "Viewer"}, by="admin"))[1]["id"]
    token = (await site.ask("POST", f"/api/serviceaccounts/{account}/tokens", {"name": "t"}, by="admin"))[1]["key"]
    bearer = {"Authorization": f"Bearer {token}"}

    async def saved(folder: str) -> int:
        body = {"dashboard": {"title": "Of CI", "uid": f"ci-{folder}"}, "folderUid": folder, "overwrite": True}
        return (await site.ask("POST", "/api/dashboards/db", body, **bearer))[0]

    assert (await saved("secret"), await saved("")) == (403, 403)
    at = f"/api/access-control/folders/secret/users/{account}"
    assert (await site.ask("POST", at, {"permission": "Edit"}, by="admin"))[0] == 200
    # As little as a pipeline needs: one folder, and nothing else.
    assert (await saved("secret"), await saved("deep"), await saved("")) == (200, 200, 403)
    shown = await site.get("/api/access-control/folders/secret", by="admin")
    assert [(one["isServiceAccount"], one.get("userLogin")) for one in shown] == [(False, None), (True, "sa-1-ci")]
    shown = await site.get("/api/folders/secret/permissions", by="admin")
    assert [one["userLogin"] for one in shown] == ["", "sa-1-ci"]
    # No user has its number, and with it its permission goes.
    assert (await site.ask("GET", f"/api/users/{account}", by="admin"))[0] == 404
    assert (await site.ask("DELETE", f"/api/serviceaccounts/{account}", by="admin"))[0] == 200
    assert len(await site.get("/api/folders/secret/permissions", by="admin")) == 1
    at = f"/api/access-control/folders/secret/users/{account}"
    assert (await site.ask("POST", at, {"permission": "Edit"}, by="admin"))[0] == 404


async def test_the_newer_paths(site: Site) -> None:
    await folder(site, "ops")
    found = await site.get("/api/access-control/folders/description")
    assert found["permissions"] == ["View", "Edit", "Admin"]
    at = "/api/access-control/folders/ops"
    assert (await site.ask("POST", f"{at}/builtInRoles/Viewer", {"permission": ""}, by="admin"))[0] == 200
    assert (await site.ask("GET", "/api/folders/ops", by="viewer"))[0] == 403
    assert (await site.ask("GET", "/api/folders/ops", by="editor"))[0] == 200
    viewer = (await site.get("/api/user", by="viewer"))["id"]
    assert (await site.ask("POST", f"{at}/users/{viewer}", {"permission": "Edit"}, by="admin"))[0] == 200
    assert [(one.get("builtInRole"), one.get("userLogin"), one["permission"])
            for one in await site.get(at, by="admin")] == [
        ("Editor", None, "Edit"), (None, "viewer", "Edit"),
    ]  # fmt: skip
    assert (await site.get("/api/folders/ops", by="viewer"))["canEdit"] is True
    body = {"permissions": [{"userId": viewer, "permission": ""}, {"builtInRole": "Viewer", "permission": "View"}]}
    assert (await site.ask("POST", at, body, by="admin"))[0] == 200
    assert (await site.get("/api/folders/ops", by="viewer"))["canEdit"] is False
    await site.save("admin", title="A", uid="a")
    at = "/api/access-control/dashboards/a"
    assert (await site.ask("POST", f"{at}/builtInRoles/Viewer", {"permission": ""}, by="admin"))[0] == 200
    assert (await site.ask("GET", "/api/dashboards/uid/a"))[0] == 401


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([{"permission": 1}], "a permission is for one of a role, a user and a team"),
        ([{"role": "Viewer", "userId": 1, "permission": 1}], "a permission is for one of a role, a user and a team"),
        ([{"role": "Viewer", "permission": 3}], "a permission is 1 (View), 2 (Edit) or 4 (Admin)"),
        ([{"role": "Viewer"}], "a permission is 1 (View), 2 (Edit) or 4 (Admin)"),
        ([{"role": "Boss", "permission": 1}], 'invalid role "Boss": choose from None, Viewer, Editor, Admin'),
        ([{"role": "None", "permission": 1}], "the role None may nothing; leave it out"),
        ([{"role": "Viewer", "permission": 1}] * 2, "Permission already exists: each role, user and team may be named "
         "once"),
        ([7], "bad request data: the body is no JSON object"),
    ],
)  # fmt: skip
async def test_what_is_refused(site: Site, items: list[Any], said: str) -> None:
    await folder(site, "ops")
    assert (await set_(site, "folder", "ops", *items, status=400))["message"] == said
    assert (await site.get("/api/folders/ops", by="admin"))["hasAcl"] is False


async def test_whom_there_is_not(site: Site) -> None:
    await folder(site, "ops")
    await set_(site, "folder", "ops", {"userId": 99, "permission": 1}, status=404)
    await set_(site, "folder", "ops", {"teamId": 99, "permission": 1}, status=404)
    await set_(site, "folder", "none", status=404)
    await set_(site, "dashboard", "none", status=404)
    assert (await set_(site, "folder", "general", status=400))["message"].startswith("the top is no folder")
    # As Grafana tells it, and as it is told back.
    await set_(site, "folder", "ops", {"role": "Admin", "permission": ADMIN})
    assert await site.get("/api/folders/ops/permissions", by="admin") == []
    assert (await site.ask("GET", "/api/folders/ops", by="editor"))[0] == 403


async def test_home_and_pictures(hidden: Site) -> None:
    site = hidden
    liked = {"homeDashboardUID": "plans"}
    assert (await site.ask("PUT", "/api/org/preferences", liked, by="admin"))[0] == 200
    assert (await site.get("/api/dashboards/home", by="secops"))["redirectUri"] == "/d/plans/plans"
    assert "redirectUri" not in await site.get("/api/dashboards/home", by="viewer")
    assert (await site.get("/api/bootstrap", by="viewer"))["homeUid"] is None
    assert (await site.get("/api/bootstrap", by="secops"))["homeUid"] == "plans"
    assert (await site.ask("POST", "/api/user/stars/dashboard/uid/plans", by="viewer"))[0] == 403
    assert (await site.ask("PUT", "/api/user/preferences", liked, by="viewer"))[0] == 403
    # Who draws for an administrator sees as much, and may change nothing.
    keys = RenderKeys()
    identity = keys.identity(keys.add(site.state.users.find("admin").identity()))
    assert identity is not None
    assert identity.role is Role.VIEWER
    rights = site.state.rights(identity)
    plans = site.state.catalog.get("plans")
    assert (rights.sees(plans), int(rights.dashboard(plans))) == (True, VIEW)


async def test_what_is_gone_leaves_nothing(site: Site) -> None:
    await folder(site, "ops")
    await site.save("admin", title="A", uid="a", folderUid="ops")
    await set_(site, "folder", "ops")
    await set_(site, "dashboard", "a", {"role": "Viewer", "permission": VIEW})
    await site.ask("DELETE", "/api/folders/ops", by="admin")
    assert site.state.permissions.all() == {}
    await folder(site, "ops")
    await site.save("admin", title="A", uid="a", folderUid="ops")
    assert await uids(site, "viewer") == {"ops", "a"}
