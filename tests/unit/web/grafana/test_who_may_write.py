"""Each route that writes, walked as somebody who may not: nothing that is kept may be another afterwards."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.unit.web.grafana.conftest import PASSWORD, Site
from watchkeeper.dashboards.accounts import FIRST_ID
from watchkeeper.web.grafana.cross_site import SAFE_METHODS
from watchkeeper.web.grafana.routes import API, RESOURCES

PARTS = {
    "uid": "a", "id": "1", "name": "a", "slug": "a", "version": "v1beta1", "rest": "api/v1/series", "key": "k",
    "token": "1", "user": "1", "kind": "dashboards", "folder": "f", "group": "dashboard.grafana.app", "org": "1",
    "team": "1", "namespace": "default", "resource": "dashboards",
}  # fmt: skip
# Would do what each route does, if it were let.
BODY: dict[str, Any] = {
    "dashboard": {"title": "Other", "uid": "a"}, "overwrite": True, "title": "Other", "name": "Other", "version": 1,
    "login": "other", "email": "other@example.com", "password": PASSWORD, "role": "Admin", "loginOrEmail": "viewer",
    "items": [{"role": "Viewer", "permission": 4}], "permission": "Admin", "type": "loki", "url": "http://other",
    "access": "proxy", "text": "other", "what": "other", "userId": 1, "isGrafanaAdmin": True, "interval": "1m",
    "model": {"type": "stat"}, "kind": 1, "theme": "light", "queries": [], "from": "now-1h", "to": "now",
    "annotationId": 1,
    "members": ["admin@example.com"], "path": "d/a", "oldPassword": "wrong", "newPassword": "another one",
}  # fmt: skip
RESOURCE = {"metadata": {"name": "a"}, "spec": {"title": "Other"}}
# Asks, though it is sent as a POST; or is one's own.
QUESTIONS = {
    "/api/ds/query",
    "/api/tsdb/query",
    "/api/datasources/uid/a/check",
    "/api/dashboards/calculate-diff",
    "/api/short-urls",
    "/api/user/using/1",
}
PROXIES = re.compile(r"/api/(datasources/.*(resources|proxy)/|alertmanager/|prometheus/|ruler/)")
OWN = re.compile(r"/api/user/")
OF_ONESELF = {"sessions", "stars", "preferences", "short_urls", "users", "sqlite_sequence"}


def writes() -> list[tuple[str, str]]:
    found = []
    for methods, path in [(row[0], f"/api{row[1]}") for row in API] + [(row[0], f"/apis{row[1]}") for row in RESOURCES]:
        shown = re.sub(r"\{\w+:([\w-]+)\|[\w|-]+\}", r"\1", path)
        shown = shown.replace("/serviceaccounts/{id}", f"/serviceaccounts/{FIRST_ID}")
        for name, part in PARTS.items():
            shown = shown.replace(f"{{{name}}}", part).replace(f"{{{name}:.*}}", part)
        assert "{" not in shown, path
        found += [(method, shown) for method in ([methods] if isinstance(methods, str) else methods)]
    return sorted({one for one in found if one[0] not in SAFE_METHODS and one[1] != f"/apis/{PARTS['rest']}"})


WRITES = writes()


def kept(site: Site) -> dict[str, list[tuple[Any, ...]]]:
    """All that the database holds, by table."""
    database = site.state.database
    tables = [row["name"] for row in database.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: sorted(map(tuple, database.rows(f"SELECT * FROM {table}")), key=repr) for table in tables}


def changed(before: dict[str, list[tuple[Any, ...]]], site: Site) -> set[str]:
    after = kept(site)
    return {table for table, rows in before.items() if rows != after[table]}


@pytest.fixture
async def full(site: Site) -> Site:
    """One of everything, under the names that the routes are walked with."""
    await site.save("admin", title="A", uid="a")
    for method, path, body in (
        ("POST", "/api/folders", {"title": "A", "uid": "a"}),
        ("POST", "/api/datasources", {"name": "a", "uid": "a", "type": "loki", "url": "http://a", "access": "proxy"}),
        ("POST", "/api/annotations", {"text": "a"}),
        ("POST", "/api/library-elements", {"name": "a", "uid": "a", "model": {"type": "text"}, "kind": 1}),
        ("POST", "/api/snapshots", {"dashboard": {"title": "A"}, "key": "k", "deleteKey": "gone"}),
        ("POST", "/api/playlists", {"name": "A", "uid": "a", "interval": "1m"}),
        ("POST", "/api/teams", {"name": "A"}),
        ("POST", "/api/serviceaccounts", {"name": "A", "role": "Viewer"}),
        ("POST", f"/api/serviceaccounts/{FIRST_ID}/tokens", {"name": "t"}),
        ("POST", "/api/auth/keys", {"name": "key", "role": "Viewer"}),
    ):
        status, said = await site.ask(method, path, body, by="admin")
        assert status in (200, 201), (path, said)
    return site


async def walked(site: Site, by: str) -> list[tuple[str, str, int, Any]]:
    found = []
    for method, path in WRITES:
        if (method, path) == ("PUT", "/api/user"):
            continue  # It gives the one who walks another login.
        status, said = await site.ask(method, path, RESOURCE if path.startswith("/apis") else BODY, by=by)
        assert status < 500 or status == 502, (method, path, said)
        assert said != {"message": "Invalid username or password"}
        found.append((method, path, status, said))
    return found


@pytest.mark.parametrize("by", ["", "viewer"])
async def test_who_may_only_look_changes_nothing(full: Site, by: str) -> None:
    before = kept(full)
    for method, path, status, said in await walked(full, by):
        if path in QUESTIONS or PROXIES.match(path) or (by and (OWN.match(path) or path == "/api/user")):
            continue
        assert status in (401, 403), (method, path, status, said)
    assert changed(before, full) - OF_ONESELF == set()
    users = {row[2]: row for row in before["users"]}
    for row in kept(full)["users"]:
        if row[2] in ("admin", "editor"):
            assert row == users[row[2]]


async def test_what_editors_may_not(full: Site) -> None:
    before = kept(full)
    refused = [path for _, path, status, _ in await walked(full, "editor") if status == 403]
    for path in ("/api/users", "/api/admin", "/api/teams", "/api/serviceaccounts", "/api/auth", "/api/org"):
        assert any(one.startswith(path) for one in refused), path
    # Of folders that they make, they get permissions of their own; what is decided of others stays.
    administered = {"accounts", "tokens", "teams", "team_members", "datasources", "settings", "permission_sets"}
    assert changed(before, full) & administered == set()
    assert {row[0] for row in kept(full)["preferences"]} <= {"user:2"}


async def test_the_walk_would_change_something(full: Site) -> None:
    before = kept(full)
    full.state.users.delete = lambda number: full.state.users.get(number)  # type: ignore[method-assign]
    full.state.users.change = lambda made, _: made  # type: ignore[method-assign]
    full.state.users.set_password = lambda *_, **__: None  # type: ignore[method-assign]
    await walked(full, "admin")
    assert changed(before, full) >= {
        "dashboards", "folders", "annotations", "accounts", "tokens", "teams", "datasources", "library_elements",
        "playlists", "snapshots", "settings", "preferences", "stars", "permission_sets", "short_urls", "users",
    }  # fmt: skip
