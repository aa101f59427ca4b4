"""Who may come in: sessions, forms, other sites, wrong passwords, the link of a first start."""

from __future__ import annotations

import asyncio
import re
from http.cookies import SimpleCookie
from typing import Any

import pytest

from tests.unit.web.grafana.conftest import PASSWORD, MakeSite, Site
from watchkeeper.dashboards.roles import Role
from watchkeeper.web.grafana.login_limit import PER_ADDRESS, PER_LOGIN, WINDOW_MS, LoginLimit
from watchkeeper.web.grafana.targets import safe_target

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def session(site: Site, login: str = "editor") -> tuple[str, SimpleCookie]:
    """The Cookie header of somebody who is logged in, and the cookie as it was set."""
    body = {"user": login, "password": PASSWORD}
    async with site.client.post("/login", json=body) as response:
        assert response.status == 200, await response.text()
        cookies = SimpleCookie("\r\n".join(response.headers.getall("Set-Cookie")))
        return f"watchkeeper_session={cookies['watchkeeper_session'].value}", cookies


async def test_a_session(site: Site) -> None:
    cookie, cookies = await session(site)
    morsel = cookies["watchkeeper_session"]
    assert (morsel["httponly"], morsel["samesite"], morsel["path"], morsel["secure"]) == (True, "Lax", "/", "")
    assert (await site.ask("GET", "/api/user", Cookie=cookie))[1]["login"] == "editor"
    shown = (await site.ask("GET", "/api/user/auth-tokens", Cookie=cookie))[1]
    assert [(one["isActive"], one["clientIp"]) for one in shown] == [(True, "127.0.0.1")]
    await site.ask("POST", "/logout", Cookie=cookie)
    assert (await site.ask("GET", "/api/user", Cookie=cookie))[0] == 401


async def test_sessions_end(site: Site) -> None:
    day_ms = 86_400_000
    cookie, _ = await session(site)
    for _ in range(5):
        site.now_ms += 6 * day_ms
        status = (await site.ask("GET", "/api/user", Cookie=cookie))[0]
    # Used all the time, and ended all the same.
    assert status == 200
    site.now_ms += day_ms
    assert (await site.ask("GET", "/api/user", Cookie=cookie))[0] == 401
    cookie, _ = await session(site)
    site.now_ms += 8 * day_ms
    assert (await site.ask("GET", "/api/user", Cookie=cookie))[0] == 401


async def test_other_sites_can_not_write_in_ones_name(site: Site) -> None:
    cookie, _ = await session(site)
    host = f"127.0.0.1:{site.client.port}"

    async def save(**headers: str) -> int:
        body = {"dashboard": {"title": "A", "uid": "a"}, "overwrite": True}
        return (await site.ask("POST", "/api/dashboards/db", body, Cookie=cookie, **headers))[0]

    assert await save() == 200  # No browser sends neither.
    assert await save(Origin=f"http://{host}") == 200
    assert await save(Sec_Fetch_Site="same-origin", Origin="https://proxied.example") == 200
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[::"},
        {"Origin": f"http://127.0.0.1:{site.client.port or 0 + 1}0"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ):
        assert await save(**headers) == 403
    assert (await site.ask("GET", "/api/user", Cookie=cookie, Sec_Fetch_Site="cross-site"))[0] == 200
    # Nor with a password that a browser remembers; a token it does not send by itself.
    body = {"dashboard": {"title": "B"}}
    evil = {"Origin": "https://evil.example"}
    assert (await site.ask("POST", "/api/dashboards/db", body, by="editor", **evil))[0] == 403
    account = (await site.ask("POST", "/api/serviceaccounts", {"name": "ci", "role": "Editor"}, by="admin"))[1]["id"]
    token = (await site.ask("POST", f"/api/serviceaccounts/{account}/tokens", {"name": "t"}, by="admin"))[1]["key"]
    assert (await site.ask("POST", "/api/dashboards/db", body, Authorization=f"Bearer {token}", **evil))[0] == 200
    assert (await site.ask("POST", "/login", {"user": "editor"}, Origin="https://evil.example"))[0] == 403


async def test_nor_in_nobodys_name_where_nobody_may_write(make_site: MakeSite) -> None:
    site = await make_site(anonymous_role=Role.EDITOR)
    body = {"dashboard": {"title": "A"}}
    assert (await site.ask("POST", "/api/dashboards/db", body, Sec_Fetch_Site="cross-site"))[0] == 403
    assert (await site.ask("POST", "/api/dashboards/db", body))[0] == 200


async def form_of(site: Site, path: str) -> tuple[str, dict[str, str]]:
    """The cookie that a form's page sets, and its hidden fields."""
    async with site.client.get(path) as response:
        text = await response.text()
        cookies = SimpleCookie(response.headers.get("Set-Cookie", ""))
        assert "script-src" not in response.headers["Content-Security-Policy"]
    value = cookies["watchkeeper_form"].value
    return f"watchkeeper_form={value}", dict(re.findall(r"type='hidden' name='(\w+)' value='([^']*)'", text))


async def post(site: Site, path: str, fields: dict[str, str], cookie: str) -> tuple[int, str, str]:
    headers = {"Cookie": cookie} if cookie else {}
    async with site.client.post(path, data=fields, headers=headers, allow_redirects=False) as response:
        return response.status, response.headers.get("Location", ""), await response.text()


async def test_the_form(site: Site) -> None:
    cookie, fields = await form_of(site, "/login?redirectTo=%2Fd%2Fa%3Fx%3D1")
    good = {**fields, "user": "viewer", "password": PASSWORD}
    assert await post(site, "/login", good, "") != (302, "/d/a?x=1", "")
    status, _, text = await post(site, "/login", {**good, "csrf": "other"}, cookie)
    assert (status, "open for too long" in text) == (400, True)
    status, _, text = await post(site, "/login", {**good, "password": "<script>"}, cookie)
    assert (status, "Invalid username or password" in text, "<script>" in text) == (401, True, False)
    assert (await post(site, "/login", good, cookie))[:2] == (302, "/d/a?x=1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/d/a?x=1", "d/a?x=1"), ("", ""), ("d/a", ""), ("//evil.example", ""), ("/\\evil.example", ""),
        ("https://evil.example", ""), ("/a b", ""), ("/a\r\nX: y", ""), ("/a\\..\\b", ""), ("/", ""),
    ],
)  # fmt: skip
def test_where_a_form_may_lead(text: str, expected: str) -> None:
    assert safe_target(text) == expected


async def test_wrong_passwords_end_in_a_pause(site: Site) -> None:
    async def login(password: str, user: str = "editor") -> int:
        return (
            await site.ask("POST", "/login", {"user": user, "password": password}, Content_Type="application/json")
        )[0]

    assert [await login("wrong") for _ in range(PER_LOGIN)] == [401] * PER_LOGIN
    assert await login(PASSWORD) == 429
    assert await login(PASSWORD, "viewer") == 200
    assert (await site.ask("GET", "/api/user", by="editor"))[0] == 429
    site.now_ms += WINDOW_MS + 1
    assert await login(PASSWORD) == 200


def test_guesses_over_many_names() -> None:
    limit = LoginLimit()
    for number in range(PER_ADDRESS):
        assert limit.may_try(f"user{number}", "10.0.0.1", 0)
        limit.failed(f"user{number}", "10.0.0.1", 0)
    assert not limit.may_try("another", "10.0.0.1", 1)
    assert limit.may_try("another", "10.0.0.2", 1)
    assert limit.may_try("another", "10.0.0.1", WINDOW_MS)
    for number in range(30_000):
        limit.failed(f"user{number}", f"10.0.{number}", 0)
    assert len(limit._failures) <= 10_001


async def test_nobody_may_look_where_the_setting_says_so(make_site: MakeSite) -> None:
    site = await make_site(anonymous_role=Role.NONE)
    for path in ("/api/search", "/api/org", "/api/datasources/proxy/uid/prometheus/api/v1/query?query=up"):
        assert await site.ask("GET", path) == (401, {"message": "Unauthorized"})
    assert site.store.seen == []
    assert (await site.get("/api/health"))["database"] == "ok"
    assert (await site.get("/api/bootstrap"))["datasources"] == []
    assert (await site.get("/api/search", by="viewer")) == []


@pytest.mark.parametrize("header", ["Basic", "Basic %%%", "Basic YQ==", "Basic //8=", "Digest x", "Bearer", "Bearer é"])
async def test_headers_that_say_nothing(site: Site, header: str) -> None:
    status, _ = await site.ask("GET", "/api/user", Authorization=header)
    assert status == 401


async def test_another_gate_before_ours_keeps_its_users(make_site: MakeSite) -> None:
    site = await make_site(has_outer_users=True)
    assert (await site.ask("GET", "/api/org", Authorization="Basic b3V0ZXI6cGFzcw=="))[0] == 200
    assert (await site.get("/api/user", by="editor"))["login"] == "editor"


async def start(site: Site) -> str:
    return await asyncio.get_running_loop().run_in_executor(None, site.first.start)


async def test_the_first_administrator(make_site: MakeSite) -> None:
    site = await make_site(users=False)
    token = await start(site)
    assert token
    cookie, fields = await form_of(site, f"/login/first?token={token}")
    good = {**fields, "user": "root", "password": PASSWORD}
    assert (await post(site, "/login/first", {**good, "token": "guess"}, cookie))[0] == 400
    assert (await post(site, "/login/first", {**good, "csrf": ""}, cookie))[0] == 400
    status, _, text = await post(site, "/login/first", {**good, "password": "a"}, cookie)
    assert (status, "too short" in text) == (400, True)
    assert (await post(site, "/login/first", good, cookie))[:2] == (302, "/")
    assert (await site.get("/api/user", by="root"))["isGrafanaAdmin"] is True
    # Once.
    assert (await post(site, "/login/first", {**good, "user": "second"}, cookie))[0] == 400
    assert (await site.ask("GET", f"/login/first?token={token}"))[0] == 404
    assert await start(site) == ""


async def test_guesses_at_the_first_link(make_site: MakeSite) -> None:
    site = await make_site(users=False)
    await start(site)
    for token in ("", "x", "é"):
        assert (await site.ask("GET", f"/login/first?token={token}"))[0] == 404


async def test_faults_tell_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("the secret")

    monkeypatch.setattr(site.state.catalog, "entries", broken)
    assert await site.ask("GET", "/api/search") == (500, {"message": "internal error; the log has the details"})


async def test_what_there_is_not(site: Site) -> None:
    assert await site.ask("GET", "/api/none") == (404, {"message": "Not found"})
    assert await site.ask("DELETE", "/api/health") == (404, {"message": "Not found"})
    assert await site.ask("GET", "/healthz") == (200, "Ok")
    assert "grafana_http_request_duration_seconds_count" in (await site.ask("GET", "/metrics"))[1]
