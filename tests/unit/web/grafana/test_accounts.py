"""Service accounts, their tokens, API keys."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.web.grafana.conftest import Site


async def account(site: Site, **body: Any) -> Any:
    status, said = await site.ask("POST", "/api/serviceaccounts/", body, by="admin")
    assert status == 201, said
    return said


async def test_a_token_logs_in(site: Site) -> None:
    made = await account(site, name="CI bot", role="Editor")
    assert (made["login"], made["role"], made["tokens"], made["isDisabled"]) == ("sa-1-ci-bot", "Editor", 0, False)
    path = f"/api/serviceaccounts/{made['id']}"
    status, token = await site.ask("POST", f"{path}/tokens", {"name": "t", "secondsToLive": 60}, by="admin")
    assert (status, token["name"], token["key"].startswith("glsa_")) == (200, "t", True)
    bearer = f"Bearer {token['key']}"
    body = {"dashboard": {"title": "By a token", "uid": "x"}}
    assert (await site.ask("POST", "/api/dashboards/db", body, Authorization=bearer))[0] == 200
    assert (await site.get("/api/dashboards/uid/x"))["meta"]["createdBy"] == "sa-1-ci-bot"
    assert (await site.ask("GET", "/api/user", Authorization=bearer))[1]["login"] == "sa-1-ci-bot"
    # Another site can't have sent it, whatever it says of itself.
    body["dashboard"]["uid"] = "y"
    assert (await site.ask("POST", "/api/dashboards/db", body, Authorization=bearer, Sec_Fetch_Site="cross-site"))[
        0
    ] == 200
    shown = await site.get(f"{path}/tokens", by="admin")
    assert (shown[0]["name"], shown[0]["hasExpired"], shown[0]["secondsUntilExpiration"]) == ("t", False, 60)
    assert token["key"] not in str(shown)
    site.now_ms += 61_000
    wrong = (401, {"message": "Invalid API key"})
    assert await site.ask("GET", "/api/org", Authorization=bearer) == wrong
    assert await site.ask("GET", "/api/org", Authorization="Bearer glsa_x") == wrong
    assert await site.ask("GET", "/api/org", Authorization="Bearer ") == wrong


async def test_accounts_are_changed_found_and_deleted(site: Site) -> None:
    made = await account(site, name="bot", role="Viewer")
    path = f"/api/serviceaccounts/{made['id']}"
    _, token = await site.ask("POST", f"{path}/tokens", {"name": "t"}, by="admin")
    bearer = f"Bearer {token['key']}"
    assert (await site.ask("GET", "/api/org", Authorization=bearer))[0] == 200
    status, said = await site.ask("PATCH", path, {"name": "robot", "isDisabled": True}, by="admin")
    assert (status, said["name"], said["serviceaccount"]["isDisabled"]) == (200, "robot", True)
    assert (await site.ask("GET", "/api/org", Authorization=bearer))[0] == 401
    page = await site.get("/api/serviceaccounts/search?query=ROB", by="admin")
    assert (page["totalCount"], page["serviceAccounts"][0]["tokens"]) == (1, 1)
    assert (await site.get(path, by="admin"))["name"] == "robot"
    assert (await site.ask("POST", f"{path}/tokens", {"name": "t"}, by="admin"))[0] == 409
    assert (await site.ask("DELETE", f"{path}/tokens/{token['id']}", by="admin"))[0] == 200
    assert (await site.ask("DELETE", f"{path}/tokens/{token['id']}", by="admin"))[0] == 404
    assert await site.ask("DELETE", path, by="admin") == (200, {"message": "Service account deleted"})
    assert (await site.ask("GET", path, by="admin"))[0] == 404


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": "x" * 191}, {"name": "a", "role": "King"}, {"name": "a", "isDisabled": 1}]
)
async def test_what_is_no_account(site: Site, body: dict[str, Any]) -> None:
    assert (await site.ask("POST", "/api/serviceaccounts", body, by="admin"))[0] == 400


async def test_old_keys(site: Site) -> None:
    status, made = await site.ask("POST", "/api/auth/keys", {"name": "old", "role": "Admin"}, by="admin")
    assert (status, made["name"]) == (200, "old")
    assert (await site.ask("GET", "/api/auth/keys", Authorization=f"Bearer {made['key']}"))[1] == [
        {"id": made["id"], "name": "old", "role": "Admin"}
    ]
    assert (await site.get("/api/serviceaccounts/search", by="admin"))["totalCount"] == 0
    assert (await site.ask("POST", "/api/auth/keys", {"name": "b", "secondsToLive": -1}, by="admin"))[0] == 400
    assert [key["name"] for key in await site.get("/api/auth/keys", by="admin")] == ["old"]
    assert (await site.ask("DELETE", f"/api/auth/keys/{made['id']}", by="admin"))[0] == 200
    assert await site.get("/api/auth/keys", by="admin") == []


async def test_only_administrators_make_them(site: Site) -> None:
    assert (await site.ask("POST", "/api/serviceaccounts", {"name": "a"}, by="editor"))[0] == 403
    assert (await site.ask("GET", "/api/serviceaccounts/search"))[0] == 401
