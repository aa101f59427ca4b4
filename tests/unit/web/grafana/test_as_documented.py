"""Small answers, as Grafana's HTTP API documents them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.web.grafana.conftest import NOW_MS, PASSWORD, Site
from watchkeeper.web.grafana.answers import age_text


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("POST", "/api/admin/users/1/logout", None, 400, "You cannot logout yourself"),
        ("POST", "/api/admin/users", {"login": "n", "password": PASSWORD, "OrgId": 2}, 400, "Organization not found"),
        ("PUT", "/api/user/preferences", {"homeDashboardId": 999}, 404, "Dashboard not found"),
        ("PUT", "/api/teams/1/members/3", {"permission": 0}, 200, "Team member updated"),
        ("PUT", "/api/teams/1/members/2", {"permission": 0}, 404, "Team member not found"),
        ("PUT", "/api/teams/1/members/3", {"permission": 4}, 400, "teams have no administrators"),
        ("POST", "/api/teams/1/members", {"userId": 3}, 400, "User is already added to this team"),
        ("POST", "/api/annotations/mass-delete", {}, 400, "annotationId is needed"),
        ("POST", "/api/annotations/mass-delete", {"annotationId": 99}, 404, "annotation not found"),
        ("POST", "/api/annotations/mass-delete", {"annotationId": 1}, 200, "Annotations deleted"),
        ("POST", "/api/annotations/mass-delete", {"dashboardUID": "a"}, 400, "annotationId is needed"),
    ],
)  # fmt: skip
async def test_answers(site: Site, method: str, path: str, body: Any, status: int, said: str) -> None:
    await site.ask("POST", "/api/teams", {"name": "T"}, by="admin")
    await site.ask("POST", "/api/teams/1/members", {"userId": 3}, by="admin")
    await site.ask("POST", "/api/annotations", {"text": "a"}, by="admin")
    await site.save("admin", title="A", uid="a")
    got, found = await site.ask(method, path, body, by="admin")
    assert (got, found["message"].startswith(said)) == (status, True), found


async def test_annotations_of_a_panel_go_at_once(site: Site) -> None:
    number = (await site.save(title="A", uid="a"))["id"]
    for panel in (1, 1, 2):
        body = {"text": "x", "dashboardUID": "a", "panelId": panel}
        assert (await site.ask("POST", "/api/annotations", body, by="editor"))[0] == 200
    body = {"dashboardId": number, "panelId": 1}
    assert (await site.ask("POST", "/api/annotations/mass-delete", body, by="viewer"))[0] == 403
    assert (await site.ask("POST", "/api/annotations/mass-delete", body, by="editor"))[0] == 200
    assert [one["panelId"] for one in await site.get("/api/annotations?dashboardUID=a")] == [2]


async def test_what_is_in_a_folder(site: Site) -> None:
    await site.ask("POST", "/api/folders", {"title": "F", "uid": "f"}, by="editor")
    body = {"name": "P", "model": {"type": "text"}, "kind": 1, "folderUid": "f"}
    assert (await site.ask("POST", "/api/library-elements", body, by="editor"))[0] == 200
    assert (await site.get("/api/folders/f/counts"))["librarypanel"] == 1
    assert await site.get("/api/search?deleted=true") == []


async def test_expressions_are_refused_in_words(site: Site) -> None:
    query = {"refId": "A", "datasource": {"uid": "__expr__"}, "type": "math", "expression": "1"}
    status, said = await site.ask("POST", "/api/ds/query", {"queries": [query]})
    assert (status, said["results"]["A"]["status"]) == (400, 400)
    assert "expressions are not evaluated here" in said["results"]["A"]["error"]


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(0, "< 1 minute"), (5, "5m"), (125, "2h"), (3 * 1440, "3d"), (60 * 1440, "2M"), (800 * 1440, "2y")],
)  # fmt: skip
def test_ages(minutes: int, text: str) -> None:
    assert age_text(NOW_MS - minutes * 60_000, NOW_MS) == text
    assert age_text(0, NOW_MS) == "?"
