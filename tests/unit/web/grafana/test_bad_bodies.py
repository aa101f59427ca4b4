"""Whatever arrives, the answer is JSON that says what is wrong, and never a fault of ours."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.web.grafana.conftest import NOW_MS, PASSWORD, Site
from watchkeeper.web.grafana.routes import API, RESOURCES

PARTS = {
    "uid": "a", "id": "1", "name": "Prometheus", "slug": "a", "version": "1", "rest": "x", "key": "k", "token": "1",
    "user": "1", "kind": "dashboards", "word": "rules", "folder": "f", "group": "dashboard.grafana.app", "org": "1",
    "team": "1", "namespace": "default", "resource": "dashboards",
}  # fmt: skip
KEYS = (
    "dashboard", "title", "uid", "id", "version", "overwrite", "folderUid", "folderId", "message", "inputs", "name",
    "type", "pluginId", "value", "parentUid", "access", "url", "jsonData", "secureJsonData", "isDefault", "queries",
    "datasource", "expr", "from", "to", "refId", "intervalMs", "maxDataPoints", "instant", "format", "text", "tags",
    "time", "timeEnd", "panelId", "dashboardUID", "data", "what", "when", "login", "email", "password", "role",
    "loginOrEmail", "theme", "homeDashboardUID", "isDisabled", "secondsToLive", "userId", "path", "expires", "key",
    "external", "interval", "items", "oldPassword", "newPassword", "authTokenId", "isGrafanaAdmin", "__inputs",
    "permission", "permissions", "metadata", "spec", "annotations", "resourceVersion", "generateName", "kind",
    "teamId", "builtInRole", "model", "kind", "libraryPanel", "panels", "__elements",
)  # fmt: skip
leaf = (
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12) | st.sampled_from(["a", "Viewer", "now-1h", "prometheus", "1", "../x", "\0", "é" * 50])
)  # fmt: skip
value = st.recursive(
    leaf,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=12,
)
body = st.dictionaries(st.sampled_from(KEYS), value, max_size=8) | value


def targets() -> list[tuple[str, str]]:
    found = []
    for methods, path in [(row[0], f"/api{row[1]}") for row in API] + [(row[0], f"/apis{row[1]}") for row in RESOURCES]:
        path = path.replace("/apis/{group}/{version}", "/apis/{group}/v1beta1")
        shown = path
        for name, part in PARTS.items():
            shown = shown.replace(f"{{{name}}}", part).replace(f"{{{name}:.*}}", part)
        shown = re.sub(r"\{\w+:([\w-]+)\|[\w|-]+\}", r"\1", shown)  # The first of a choice.
        assert "{" not in shown, path
        found += [(method, shown) for method in ([methods] if isinstance(methods, str) else methods)]
    return [(method, path) for method, path in found if method not in ("HEAD", "OPTIONS")]


ALL = targets()
WRITES = [(method, path) for method, path in ALL if method not in ("GET", "DELETE")]
READS = [(method, path) for method, path in ALL if method == "GET"]


async def test_bodies(site: Site) -> None:
    site.state.users.delete = lambda number: site.state.users.get(number)  # type: ignore[method-assign]
    await site.save(title="A", uid="a")
    loop = asyncio.get_running_loop()

    @settings(max_examples=400, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(WRITES), body)
    def sent(target: tuple[str, str], document: Any) -> None:
        method, path = target
        answer = asyncio.run_coroutine_threadsafe(told(site, method, path, orjson.dumps(document)), loop)
        status, found = answer.result(20)
        assert status < 500 or status == 502, (method, path, document, found)

    await asyncio.to_thread(sent)


async def told(site: Site, method: str, path: str, sent: bytes | None) -> tuple[int, Any]:
    status, found = await site.ask(method, path, sent, by="admin")
    if status == 401:
        # Its password was changed meanwhile, or it was disabled.
        await asyncio.to_thread(mend, site)
        status, found = await site.ask(method, path, sent, by="admin")
    assert isinstance(found, dict | list), (method, path, sent, found)
    return status, found


def mend(site: Site) -> None:
    user = site.state.users.get(1)
    site.state.users.make_admin(user.login, PASSWORD, NOW_MS)
    site.state.users.change(replace(site.state.users.get(1), login="admin"), NOW_MS)


async def test_queries(site: Site) -> None:
    site.store.answers["/api/v2/status"] = {"config": {"original": "route: {receiver: a}"}}
    await site.save(title="A", uid="a")
    loop = asyncio.get_running_loop()
    names = (
        "limit", "page", "perpage", "from", "to", "query", "tag", "tags", "folderUIDs", "folderIds", "dashboardIds",
        "type", "starred", "start", "panelId", "dashboardId", "userId", "parentUid", "loginOrEmail", "sort",
    )  # fmt: skip
    text = st.text(st.characters(exclude_categories=("Cs",)), max_size=10) | st.sampled_from(
        ["1", "-1", "9" * 30, "1e9"]
    )

    @settings(max_examples=300, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(READS), st.dictionaries(st.sampled_from(names), text, max_size=4))
    def sent(target: tuple[str, str], query: dict[str, str]) -> None:
        method, path = target
        answer = asyncio.run_coroutine_threadsafe(site.ask(method, f"{path}?{urlencode(query)}", by="admin"), loop)
        status, found = answer.result(20)
        assert status < 500, (path, query, found)

    await asyncio.to_thread(sent)


async def test_parts_of_paths(site: Site) -> None:
    loop = asyncio.get_running_loop()
    odd = st.sampled_from(
        ["%00", "%FF", "%2F", "..%2F..", "%0a", "9" * 40, "-1", "%ED%A0%80", "a" * 300, "+", "%25", "٣"]
    )

    @settings(max_examples=200, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from([(row[0], f"/api{row[1]}") for row in API if "{" in row[1]]
                           + [(row[0], f"/apis{row[1]}") for row in RESOURCES if "{" in row[1]]), odd)  # fmt: skip
    def sent(row: tuple[Any, str], part: str) -> None:
        methods, path = row
        method = methods if isinstance(methods, str) else methods[0]
        shown = re.sub(r"\{[^}]*\}", part, path)
        answer = asyncio.run_coroutine_threadsafe(site.ask(method, shown, b"{}", by="admin"), loop)
        status, found = answer.result(20)
        assert status < 500 or status == 502, (method, shown, found)

    await asyncio.to_thread(sent)
