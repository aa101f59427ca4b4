"""Who administers the server, and who only what is on it."""

from __future__ import annotations

import pytest

from tests.unit.web.grafana.conftest import NOW_MS, PASSWORD, Site
from tests.unit.web.grafana.test_who_may_write import PARTS
from watchkeeper.dashboards.roles import Role
from watchkeeper.web.grafana.routes import API
from watchkeeper.web.grafana.who import Who


@pytest.fixture
def boss(site: Site) -> str:
    """An Admin of the organisation who does not administer the server."""
    site.state.users.create("boss", "", "Boss", PASSWORD, Role.ADMIN, NOW_MS)
    return "boss"


async def test_administration_is_for_administrators_of_the_server(site: Site, boss: str) -> None:
    key = (await site.ask("POST", "/api/auth/keys", {"name": "k", "role": "Admin"}, by="admin"))[1]["key"]
    walked = 0
    for methods, path, who, _ in API:
        if not path.startswith(("/admin/", "/users")):
            continue
        assert who is Who.SERVER, path
        shown = path.replace("{word:disable|enable}", "disable")
        for name, part in PARTS.items():
            shown = shown.replace(f"{{{name}}}", part)
        for method in [methods] if isinstance(methods, str) else methods:
            walked += 1
            status, said = await site.ask(method, f"/api{shown}", {}, by=boss)
            assert (status, "administrators of the server" in said["message"]) == (403, True), (method, path)
            # An Admin's key is no user, and administers no server.
            assert (await site.ask(method, f"/api{shown}", {}, Authorization=f"Bearer {key}"))[0] == 403
    assert walked == 20
    assert (await site.ask("GET", "/api/orgs", by=boss))[0] == 403


async def test_what_an_admin_of_the_organisation_has(site: Site, boss: str) -> None:
    assert (await site.get("/api/user", by=boss))["isGrafanaAdmin"] is False
    assert len(await site.get("/api/org/users", by=boss)) == 4
    assert (await site.get("/api/orgs/1", by=boss))["id"] == 1
    assert (await site.ask("PATCH", "/api/org/users/3", {"role": "Editor"}, by=boss))[0] == 200
    # They take nobody's server away.
    status, said = await site.ask("DELETE", "/api/org/users/1", by=boss)
    assert (status, "administrators of the server" in said["message"]) == (403, True)
    assert (await site.ask("PATCH", "/api/org/users/1", {"role": "Viewer"}, by=boss))[0] == 400
    assert (await site.ask("DELETE", "/api/org/users/3", by=boss))[0] == 200


async def test_the_last_one_stays(site: Site, boss: str) -> None:
    number = (await site.get("/api/users/lookup?loginOrEmail=boss", by="admin"))["id"]
    path = "/api/admin/users/{}/permissions"
    for method, at, body in (
        ("PUT", path.format(1), {"isGrafanaAdmin": False}),
        ("DELETE", "/api/admin/users/1", None),
        ("DELETE", "/api/org/users/1", None),
        ("POST", "/api/admin/users/1/disable", None),
    ):
        status, said = await site.ask(method, at, body, by="admin")
        assert (status, said["message"]) == (400, "cannot remove the last Grafana admin"), at
    assert (await site.ask("PUT", path.format(number), {"isGrafanaAdmin": True}, by="admin"))[0] == 200
    shown = {user["login"]: user["isAdmin"] for user in await site.get("/api/users", by=boss)}
    assert shown == {"admin": True, "boss": True, "editor": False, "viewer": False}
    assert (await site.ask("PUT", path.format(1), {"isGrafanaAdmin": False}, by=boss))[0] == 200
    # Still an Admin of the organisation, and no more of the server.
    assert (await site.ask("GET", "/api/users", by="admin"))[0] == 403
    assert (await site.get("/api/user", by="admin"))["role"] == "Admin"
