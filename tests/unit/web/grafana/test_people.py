"""Users, the organisation, preferences, stars, teams."""

from __future__ import annotations

from tests.unit.web.grafana.conftest import PASSWORD, Site


async def test_who_asks(site: Site) -> None:
    me = await site.get("/api/user", by="admin")
    assert (me["login"], me["email"], me["isGrafanaAdmin"], me["orgId"]) == ("admin", "admin@example.com", True, 1)
    assert await site.ask("GET", "/api/user") == (401, {"message": "Unauthorized"})
    assert (await site.get("/api/user", by="viewer@example.com"))["login"] == "viewer"


async def test_the_organisation(site: Site) -> None:
    assert (await site.get("/api/org"))["name"] == "Main Org."
    assert await site.get("/api/orgs", by="admin") == [{"id": 1, "name": "Main Org."}]
    assert (await site.ask("PUT", "/api/org", {"name": "Ours"}, by="editor"))[0] == 403
    assert (await site.ask("PUT", "/api/org", {"name": "Ours"}, by="admin"))[0] == 200
    assert (await site.get("/api/org"))["name"] == "Ours"
    assert (await site.get("/api/orgs/name/Ours", by="admin"))["id"] == 1
    users = await site.get("/api/org/users", by="admin")
    assert [(user["login"], user["role"]) for user in users] == [
        ("admin", "Admin"), ("editor", "Editor"), ("viewer", "Viewer"),
    ]  # fmt: skip
    assert (await site.ask("PATCH", "/api/org/users/3", {"role": "Editor"}, by="admin"))[0] == 200
    await site.save(title="A", by="viewer")
    assert (await site.ask("PATCH", "/api/org/users/1", {"role": "Viewer"}, by="admin"))[0] == 400
    assert (await site.ask("PATCH", "/api/org/users/3", {"role": "King"}, by="admin"))[0] == 400


async def test_users_are_made_changed_and_deleted(site: Site) -> None:
    body = {"name": "New", "email": "new@example.com", "login": "new", "password": PASSWORD}
    status, said = await site.ask("POST", "/api/admin/users", body, by="admin")
    assert (status, said["message"], said["id"]) == (200, "User created", 4)
    assert PASSWORD not in str(said)
    status, said = await site.ask("POST", "/api/admin/users", body, by="admin")
    assert (status, said["message"]) == (412, "user already exists: new")
    assert (await site.get("/api/users/lookup?loginOrEmail=new@example.com", by="admin"))["id"] == 4
    assert (await site.ask("GET", "/api/users/lookup?loginOrEmail=none", by="admin"))[0] == 404
    assert len(await site.get("/api/users", by="admin")) == 4
    page = await site.get("/api/users/search?query=NEW&perpage=1", by="admin")
    assert (page["totalCount"], page["users"][0]["login"]) == (1, "new")
    assert (await site.ask("PUT", "/api/users/4", {"login": "newer", "email": "n@x", "name": "N"}, by="admin"))[
        0
    ] == 200
    assert (await site.get("/api/user", by="newer"))["email"] == "n@x"
    assert (await site.ask("POST", "/api/admin/users/4/disable", by="admin"))[0] == 200
    assert (await site.ask("GET", "/api/user", by="newer"))[0] == 401
    assert (await site.ask("POST", "/api/admin/users/4/enable", by="admin"))[0] == 200
    assert (await site.get("/api/users/4/orgs", by="admin"))[0]["role"] == "Viewer"
    assert (await site.ask("PUT", "/api/admin/users/4/permissions", {"isGrafanaAdmin": True}, by="admin"))[0] == 200
    assert (await site.get("/api/users", by="newer"))[0]["login"] == "admin"
    assert await site.ask("DELETE", "/api/admin/users/1", by="newer") == (200, {"message": "User deleted"})
    status, said = await site.ask("DELETE", "/api/admin/users/4", by="newer")
    assert (status, said["message"]) == (400, "cannot remove the last Grafana admin")


async def test_passwords(site: Site) -> None:
    body = {"oldPassword": "wrong", "newPassword": "something new"}
    assert await site.ask("PUT", "/api/user/password", body, by="viewer") == (401, {"message": "invalid old password"})
    body = {"oldPassword": PASSWORD, "newPassword": "abc"}
    assert await site.ask("PUT", "/api/user/password", body, by="viewer") == (
        400,
        {"message": "New password is too short"},
    )
    body["newPassword"] = "something new"
    assert (await site.ask("PUT", "/api/user/password", body, by="viewer"))[0] == 200
    assert (await site.ask("GET", "/api/user", by="viewer"))[0] == 401
    assert (await site.ask("PUT", "/api/admin/users/3/password", {"password": PASSWORD}, by="admin"))[0] == 200
    assert (await site.ask("GET", "/api/user", by="viewer"))[0] == 200


async def test_a_new_password_ends_other_sessions(site: Site) -> None:
    cookies = []
    for _ in range(2):
        body = {"user": "viewer", "password": PASSWORD}
        async with site.client.post("/login", json=body) as response:
            cookies.append(f"watchkeeper_session={response.cookies['watchkeeper_session'].value}")
    here, elsewhere = cookies
    body = {"oldPassword": PASSWORD, "newPassword": "something new"}
    assert (await site.ask("PUT", "/api/user/password", body, Cookie=here))[0] == 200
    assert (await site.ask("GET", "/api/user", Cookie=here))[0] == 200
    assert (await site.ask("GET", "/api/user", Cookie=elsewhere))[0] == 401
    # The old one can't be guessed at by who has only the session.
    body = {"oldPassword": "guess", "newPassword": "something else"}
    for _ in range(5):
        assert (await site.ask("PUT", "/api/user/password", body, Cookie=here))[0] == 401
    assert (await site.ask("PUT", "/api/user/password", body, Cookie=here))[0] == 429


async def test_sessions_as_an_administrator_sees_them(site: Site) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.1 Safari/537.36"
    body = {"user": "viewer", "password": PASSWORD}
    async with site.client.post("/login", json=body, headers={"User-Agent": agent}) as response:
        cookie = f"watchkeeper_session={response.cookies['watchkeeper_session'].value}"
    found = await site.get("/api/admin/users/3/auth-tokens", by="admin")
    assert [(one["browser"], one["browserVersion"], one["os"], one["isActive"]) for one in found] == [
        ("Chrome", "140.0.1", "Linux", False)
    ]
    revoke = "/api/admin/users/3/revoke-auth-token"
    assert (await site.ask("POST", revoke, {"authTokenId": 99}, by="admin"))[0] == 404
    assert (await site.ask("POST", revoke, {"authTokenId": found[0]["id"]}, by="admin"))[0] == 200
    assert (await site.ask("GET", "/api/user", Cookie=cookie))[0] == 401
    assert (await site.ask("GET", "/api/admin/users/3/auth-tokens", by="editor"))[0] == 403


async def test_organisation_and_teams_by_more_paths(site: Site) -> None:
    assert (await site.ask("POST", "/api/orgs", {"name": "Second"}, by="admin"))[0] == 400
    assert (await site.ask("DELETE", "/api/orgs/1", by="admin"))[0] == 400
    for method, path in (("GET", "/api/orgs/2"), ("PUT", "/api/orgs/2"), ("GET", "/api/orgs/2/users")):
        assert (await site.ask(method, path, {"name": "x"}, by="admin"))[0] == 404
    page = await site.get("/api/org/users/search?query=edit&perpage=1", by="admin")
    assert (page["totalCount"], page["orgUsers"][0]["login"]) == (1, "editor")
    # Who administers the server stays an administrator of all of it.
    body = {"loginOrEmail": "admin", "role": "Viewer"}
    assert (await site.ask("POST", "/api/org/users", body, by="admin"))[0] == 400
    await site.ask("POST", "/api/teams", {"name": "Ops"}, by="admin")
    body = {"members": ["viewer@example.com", "editor@example.com"]}
    assert (await site.ask("PUT", "/api/teams/1/members", body, by="admin"))[0] == 200
    assert len(await site.get("/api/teams/1/members", by="admin")) == 2
    assert (await site.ask("PUT", "/api/teams/1/members", {"members": ["none@x"]}, by="admin"))[0] == 404
    assert len(await site.get("/api/teams/1/members", by="admin")) == 2
    assert (await site.ask("PUT", "/api/teams/1/preferences", {"theme": "light"}, by="admin"))[0] == 200
    assert (await site.get("/api/teams/1/preferences", by="admin"))["theme"] == "light"
    assert (await site.ask("GET", "/api/teams/2/preferences", by="admin"))[0] == 404
    # What a team likes holds for those of its members who did not say otherwise.
    assert (await site.get("/api/bootstrap", by="viewer"))["user"]["theme"] == "light"
    assert (await site.get("/api/bootstrap", by="admin"))["user"]["theme"] == ""
    assert (await site.ask("PATCH", "/api/user/preferences", {"theme": "dark"}, by="viewer"))[0] == 200
    assert (await site.get("/api/bootstrap", by="viewer"))["user"]["theme"] == "dark"
    await site.save(title="Start", uid="start")
    assert (await site.ask("PATCH", "/api/teams/1/preferences", {"homeDashboardUID": "start"}, by="admin"))[0] == 200
    assert (await site.get("/api/dashboards/home", by="viewer"))["redirectUri"] == "/d/start/start"
    assert "redirectUri" not in await site.get("/api/dashboards/home", by="admin")


async def test_preferences_and_stars(site: Site) -> None:
    assert (await site.ask("PUT", "/api/user/preferences", {"theme": "light", "timezone": "utc"}, by="viewer"))[
        0
    ] == 200
    assert (await site.ask("PATCH", "/api/user/preferences", {"timezone": "browser"}, by="viewer"))[0] == 200
    liked = await site.get("/api/user/preferences", by="viewer")
    assert (liked["theme"], liked["timezone"]) == ("light", "browser")
    assert (await site.ask("PUT", "/api/user/preferences", {"theme": "pink"}, by="viewer"))[0] == 400
    assert (await site.ask("GET", "/api/user/preferences"))[0] == 401
    assert (await site.ask("PUT", "/api/org/preferences", {"theme": "dark"}, by="viewer"))[0] == 403
    start = await site.get("/api/bootstrap", by="viewer")
    assert (start["user"]["theme"], start["settings"]["timezone"]) == ("light", "browser")
    await site.save(title="A", uid="a")
    assert (await site.ask("POST", "/api/user/stars/dashboard/1", by="viewer"))[0] == 200
    assert await site.get("/api/user/stars", by="viewer") == ["a"]
    assert (await site.get("/api/dashboards/uid/a", by="viewer"))["meta"]["isStarred"] is True
    assert (await site.ask("DELETE", "/api/user/stars/dashboard/uid/a", by="viewer"))[0] == 200
    assert await site.get("/api/user/stars", by="viewer") == []
    assert (await site.ask("POST", "/api/user/stars/dashboard/uid/none", by="viewer"))[0] == 404
    assert (await site.ask("POST", "/api/user/stars/dashboard/uid/a"))[0] == 401


async def test_teams(site: Site) -> None:
    status, said = await site.ask("POST", "/api/teams", {"name": "Ops", "email": "o@x"}, by="admin")
    assert (status, said["message"], said["teamId"]) == (200, "Team created", 1)
    assert (await site.ask("POST", "/api/teams", {"name": "Ops"}, by="admin"))[0] == 409
    assert (await site.ask("POST", "/api/teams/1/members", {"userId": 3}, by="admin"))[0] == 200
    assert (await site.ask("POST", "/api/teams/1/members", {"userId": 3}, by="admin"))[0] == 400
    assert (await site.ask("POST", "/api/teams/1/members", {"userId": 99}, by="admin"))[0] == 404
    assert [one["login"] for one in await site.get("/api/teams/1/members", by="admin")] == ["viewer"]
    assert [one["name"] for one in await site.get("/api/user/teams", by="viewer")] == ["Ops"]
    page = await site.get("/api/teams/search?name=Ops")
    assert (page["totalCount"], page["teams"][0]["memberCount"]) == (1, 1)
    assert (await site.ask("PUT", "/api/teams/1", {"name": "SRE", "email": ""}, by="admin"))[0] == 200
    assert (await site.ask("DELETE", "/api/teams/1/members/3", by="admin"))[0] == 200
    assert await site.ask("DELETE", "/api/teams/1", by="admin") == (200, {"message": "Team deleted"})
    assert (await site.ask("GET", "/api/teams/1"))[0] == 404
