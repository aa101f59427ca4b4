"""Watches: what changes among dashboards and folders, told as it happens."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
import pytest

from tests.unit.web.grafana.conftest import PASSWORD, Site
from tests.unit.web.grafana.test_apis import BOARDS, board
from watchkeeper.web.grafana.apis import listing
from watchkeeper.web.grafana.apis.journal import MAX_CHANGES, Journal
from watchkeeper.web.grafana.apis.listing import MAX_WATCHES
from watchkeeper.web.grafana.apis.resource import Meta


class Events:
    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def next(self) -> tuple[str, str]:
        """Type and name of the next one."""
        found = await self.whole()
        return found["type"], found["object"]["metadata"].get("name", "")

    async def whole(self) -> Any:
        return orjson.loads(await asyncio.wait_for(self._response.content.readline(), 30))


@asynccontextmanager
async def watched(site: Site, query: str = "", by: str = "editor") -> AsyncIterator[Events]:
    headers = {"Authorization": "Basic " + base64.b64encode(f"{by}:{PASSWORD}".encode()).decode()}
    async with site.client.get(f"{BOARDS}?watch=1&{query}", headers=headers) as response:
        assert response.status == 200, await response.text()
        yield Events(response)


async def test_what_is_there_and_what_changes(site: Site) -> None:
    await site.ask("POST", BOARDS, board("a"), by="editor")
    async with watched(site) as events:
        assert await events.next() == ("ADDED", "a")
        site.now_ms += 1
        await site.ask("POST", BOARDS, board("b"), by="editor")
        assert await events.next() == ("ADDED", "b")
        site.now_ms += 1
        await site.save(title="B", uid="b", overwrite=True)  # By another way.
        found = await events.whole()
        assert (found["type"], found["object"]["spec"]["title"]) == ("MODIFIED", "B")
        await site.ask("DELETE", f"{BOARDS}/a", by="editor")
        gone = await events.whole()
        assert (gone["type"], gone["object"]["metadata"]["name"]) == ("DELETED", "a")
        assert int(gone["object"]["metadata"]["resourceVersion"]) > int(found["object"]["metadata"]["resourceVersion"])


async def test_it_goes_on_where_a_list_or_a_watch_ended(site: Site) -> None:
    for name in "abc":
        site.now_ms += 1
        await site.ask("POST", BOARDS, board(name), by="editor")
    seen = (await site.get(BOARDS))["metadata"]["resourceVersion"]
    site.now_ms += 1
    await site.ask("DELETE", f"{BOARDS}/a", by="editor")
    await site.ask("PUT", f"{BOARDS}/b", board("b", title="B"), by="editor")
    await site.ask("POST", BOARDS, board("d"), by="editor")
    async with watched(site, f"resourceVersion={seen}", by="admin") as events:
        found = [await events.whole() for _ in range(3)]
    told = {(one["type"], one["object"]["metadata"]["name"]) for one in found}
    assert told == {("DELETED", "a"), ("MODIFIED", "b"), ("ADDED", "d")}
    # From the last event on nothing is told twice.
    last = found[-1]["object"]["metadata"]["resourceVersion"]
    async with watched(site, f"resourceVersion={last}", by="admin") as events:
        site.now_ms += 1
        await site.ask("POST", BOARDS, board("e"), by="editor")
        assert await events.next() == ("ADDED", "e")
    # One that was got alone goes on from its own version.
    alone = (await site.get(f"{BOARDS}/c"))["metadata"]["resourceVersion"]
    async with watched(site, f"fieldSelector=metadata.name%3Dc&resourceVersion={alone}") as events:
        site.now_ms += 1
        await site.ask("PUT", f"{BOARDS}/b", board("b", title="BB"), by="editor")
        await site.ask("PUT", f"{BOARDS}/c", board("c", title="C"), by="editor")
        assert await events.next() == ("MODIFIED", "c")


async def test_what_is_too_old(site: Site) -> None:
    await site.ask("POST", BOARDS, board("a"), by="editor")
    for version in ("7", "99999999999999999999", "x"):
        status, said = await site.ask("GET", f"{BOARDS}?watch=true&resourceVersion={version}")
        assert (status, said["reason"], said["code"]) == (410, "Expired", 410)
    # What went away may have been hidden from who asks.
    seen = (await site.get(BOARDS))["metadata"]["resourceVersion"]
    await site.ask("DELETE", f"{BOARDS}/a", by="editor")
    assert (await site.ask("GET", f"{BOARDS}?watch=true&resourceVersion={seen}"))[0] == 410


async def test_bookmarks_and_an_end(site: Site) -> None:
    await site.ask("POST", BOARDS, board("a"), by="editor")
    query = "sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1"
    async with watched(site, query) as events:
        assert await events.next() == ("ADDED", "a")
        mark = await events.whole()
        meta = mark["object"]["metadata"]
        assert (mark["type"], meta["annotations"]) == ("BOOKMARK", {"k8s.io/initial-events-end": "true"})
        assert meta["resourceVersion"] == (await site.get(BOARDS))["metadata"]["resourceVersion"]
        assert await asyncio.wait_for(events._response.content.read(), 30) == b""
    assert site.backend.watches == 0


async def test_it_shows_what_may_be_seen(site: Site) -> None:
    await site.ask("POST", "/api/folders", {"title": "F", "uid": "f"}, by="admin")
    async with watched(site, "labelSelector=!hide") as events:
        await site.ask("POST", BOARDS, board("a", folder="f"), by="admin")
        assert await events.next() == ("ADDED", "a")
        await site.ask("POST", "/api/folders/f/permissions", {"items": []}, by="admin")
        assert await events.next() == ("DELETED", "a")
        await site.ask(
            "POST", "/api/folders/f/permissions", {"items": [{"role": "Editor", "permission": 1}]}, by="admin"
        )
        assert await events.next() == ("ADDED", "a")
        site.now_ms += 1
        await site.ask("PATCH", f"{BOARDS}/a", {"metadata": {"labels": {"hide": "yes"}}}, by="admin")
        assert await events.next() == ("DELETED", "a")


async def test_it_ends_with_the_server_and_there_are_not_too_many(site: Site) -> None:
    async with watched(site) as events:
        site.backend.lifecycle.stopping.set()
        assert await asyncio.wait_for(events._response.content.read(), 30) == b""
    site.backend.lifecycle.stopping.clear()
    site.backend.watches = MAX_WATCHES
    status, said = await site.ask("GET", f"{BOARDS}?watch=1")
    assert (status, said["reason"]) == (429, "TooManyRequests")


async def test_it_ends_where_whoever_watches_may_not_any_more(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "ASK_AGAIN_S", 0.0)
    key = (await site.ask("POST", "/api/auth/keys", {"name": "k", "role": "Viewer"}, by="admin"))[1]
    await site.ask("POST", BOARDS, board("a"), by="editor")
    for method, path, body in (
        ("PATCH", "/api/org/users/2", {"role": "Viewer"}), ("DELETE", f"/api/auth/keys/{key['id']}", None),
    ):  # fmt: skip
        by_key = method == "DELETE"
        sent = f"Bearer {key['key']}" if by_key else aiohttp.encode_basic_auth("editor", PASSWORD)
        async with site.client.get(f"{BOARDS}?watch=1", headers={"Authorization": sent}) as response:
            events = Events(response)
            assert await events.next() == ("ADDED", "a")
            assert (await site.ask(method, path, body, by="admin"))[0] == 200
            assert await asyncio.wait_for(response.content.read(), 30) == b""


def meta(name: str, version: int) -> Meta:
    return Meta(name, 1, 0, "", 0, version, "", "")


def test_the_journal() -> None:
    journal = Journal()
    first = journal.note({"a": meta("a", 5)}, 6)
    assert (first, journal.since(str(first)), journal.since("1")) == (50_000, [], None)
    # A file that is older than what was there before is a change after it all the same.
    second = journal.note({"a": meta("a", 5), "old": meta("old", 1)}, 6)
    third = journal.note({"old": meta("old", 1)}, 6)
    assert first < second < third
    changes = journal.since(str(first))
    assert changes is not None
    assert [(one.kind, one.name) for one in changes] == [("ADDED", "old"), ("DELETED", "a")]
    after_old = journal.since("10000")
    assert after_old is not None
    assert [one.name for one in after_old] == ["a"]
    for at in range(MAX_CHANGES):
        journal.note({f"n{at}": meta("n", 7)}, 8)
    assert (journal.since(str(first)), journal.since(str(journal.version))) == (None, [])
