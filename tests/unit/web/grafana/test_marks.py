"""Annotations over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.web.grafana.conftest import NOW_MS, Site

MINUTE_MS = 60_000


async def add(site: Site, **body: Any) -> int:
    status, said = await site.ask("POST", "/api/annotations", body, by="editor")
    assert (status, said["message"]) == (200, "Annotation added"), said
    number: int = said["id"]
    return number


async def test_left_and_found(site: Site) -> None:
    await site.save(title="A", uid="a")
    deploy = await add(site, text="deploy 1", tags=["deploy", "api"], time=NOW_MS - 10 * MINUTE_MS)
    outage = await add(
        site, text="outage", tags=["incident"], time=NOW_MS - 5 * MINUTE_MS, timeEnd=NOW_MS, dashboardUID="a", panelId=2
    )

    async def found(query: str) -> list[int]:
        return [one["id"] for one in await site.get(f"/api/annotations?{query}")]

    assert await found("") == [outage, deploy]
    assert await found("tags=deploy&tags=api") == [deploy]
    assert await found("tags=deploy&tags=incident") == []
    assert await found("tags=deploy&tags=incident&matchAny=true") == [outage, deploy]
    assert await found("dashboardUID=a&panelId=2") == [outage]
    assert await found("dashboardUID=a&panelId=3") == []
    # A region counts where any of it is in the range.
    assert await found(f"from={NOW_MS - MINUTE_MS}&to={NOW_MS}") == [outage]
    assert await found(f"from={NOW_MS - 20 * MINUTE_MS}&to={NOW_MS - 6 * MINUTE_MS}") == [deploy]
    assert await found("from=now-7m&to=now") == [outage]
    assert await found("limit=1") == [outage]
    assert await found("type=alert") == []
    one = await site.get(f"/api/annotations/{outage}")
    assert (one["login"], one["time"], one["timeEnd"], one["dashboardUID"]) == (
        "editor", NOW_MS - 5 * MINUTE_MS, NOW_MS, "a",
    )  # fmt: skip
    assert (await site.get("/api/annotations/tags?tag=I"))["result"]["tags"] == [
        {"tag": "api", "count": 1},
        {"tag": "incident", "count": 1},
    ]


async def test_changed_and_taken_away(site: Site) -> None:
    number = await add(site, text="a", tags=["x"])
    path = f"/api/annotations/{number}"
    assert await site.ask("PATCH", path, {"text": "b"}, by="editor") == (200, {"message": "Annotation patched"})
    one = await site.get(path)
    assert (one["text"], one["tags"], one["time"]) == ("b", ["x"], NOW_MS)
    body = {"text": "c", "tags": ["y", "y", " "], "time": NOW_MS - 1}
    assert (await site.ask("PUT", path, body, by="editor"))[0] == 200
    one = await site.get(path)
    assert (one["text"], one["tags"], one["time"], one["timeEnd"]) == ("c", ["y"], NOW_MS - 1, NOW_MS - 1)
    assert (await site.ask("PUT", path, {"text": ""}, by="editor"))[0] == 400
    assert (await site.ask("DELETE", path, by="viewer"))[0] == 403
    assert await site.ask("DELETE", path, by="editor") == (200, {"message": "Annotation deleted"})
    assert await site.ask("DELETE", path, by="editor") == (404, {"message": "annotation not found"})


async def test_as_graphite_sends_them(site: Site) -> None:
    for tags in ("deploy api", ["deploy", "api"]):
        body = {"what": "Release", "tags": tags, "when": NOW_MS // 1000, "data": "42"}
        status, said = await site.ask("POST", "/api/annotations/graphite", body, by="editor")
        assert (status, said["message"]) == (200, "Graphite annotation added")
        one = await site.get(f"/api/annotations/{said['id']}")
        assert (one["text"], one["tags"], one["time"]) == ("Release\n42", ["deploy", "api"], NOW_MS)


@pytest.mark.parametrize(
    "body",
    [{}, {"text": ""}, {"text": 3}, {"text": "a", "time": "x"}, {"text": "a", "tags": "x"}, {"text": "a", "tags": [1]},
     {"text": "a", "time": 1e300}, {"text": "a", "tags": [str(n) for n in range(101)]}, {"text": "x" * 100_001}],
)  # fmt: skip
async def test_what_is_refused(site: Site, body: dict[str, Any]) -> None:
    assert (await site.ask("POST", "/api/annotations", body, by="editor"))[0] == 400


async def test_a_dashboard_that_is_gone_takes_its_own_along(site: Site) -> None:
    await site.save(title="A", uid="a")
    await add(site, text="x", dashboardUID="a")
    assert (await site.ask("DELETE", "/api/dashboards/uid/a", by="editor"))[0] == 200
    assert await site.get("/api/annotations") == []
    status, _ = await site.ask("POST", "/api/annotations", {"text": "x", "dashboardUID": "a"}, by="editor")
    assert status == 404
