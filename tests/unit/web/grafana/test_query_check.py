"""An editor asks whether a query parses: the answer is never an error of the page."""

from __future__ import annotations

import pytest

from tests.unit.web.grafana.conftest import Site

PATH = "/api/datasources/uid/{}/check"


@pytest.mark.parametrize(
    ("uid", "path"), [("prometheus", "/api/v1/format_query"), ("loki", "/loki/api/v1/format_query")]
)
async def test_a_query_that_parses_is_laid_out(site: Site, uid: str, path: str) -> None:
    site.store.data = "sum(up)"
    assert await site.ask("POST", PATH.format(uid), {"query": "sum( up )"}) == (
        200, {"status": "success", "data": "sum(up)"},
    )  # fmt: skip
    method, asked, _, body = site.store.seen[-1]
    assert (method, asked, body) == ("GET", f"{path}?query=sum%28+up+%29", b"")


@pytest.mark.parametrize(
    ("status", "told"),
    [(400, "error"), (422, "error"), *((status, "unknown") for status in (401, 403, 404, 429, 500))],
)
async def test_only_what_is_said_of_the_query_is_its_fault(site: Site, status: int, told: str) -> None:
    site.store.status = status
    said = {"status": told, "error": "the query is wrong"}
    assert await site.ask("POST", PATH.format("prometheus"), {"query": "sum("}) == (200, said)


async def test_a_datasource_that_is_down_says_nothing(site: Site) -> None:
    down = {"name": "Down", "uid": "down", "type": "prometheus", "access": "proxy", "url": "http://127.0.0.1:1"}
    await site.ask("POST", "/api/datasources", down, by="admin")
    status, said = await site.ask("POST", PATH.format("down"), {"query": "up"})
    assert (status, said["status"]) == (200, "unknown")
    assert "connection refused" in said["error"]


async def test_an_answer_that_is_none_of_a_query(site: Site) -> None:
    site.store.data = {"no": "text"}
    status, said = await site.ask("POST", PATH.format("prometheus"), {"query": "up"})
    assert (status, said["status"]) == (200, "unknown")


async def test_what_is_asked_wrongly_is_an_error(site: Site) -> None:
    assert (await site.ask("POST", PATH.format("nowhere"), {"query": "up"}))[0] == 404
    assert (await site.ask("POST", PATH.format("prometheus"), {"query": 7}))[0] == 400
    assert (await site.ask("POST", PATH.format("prometheus"), b"{"))[0] == 400
