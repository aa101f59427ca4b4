"""How two versions of dashboards differ."""

from __future__ import annotations

import difflib
from typing import Any

import orjson
from aiohttp import web

from watchkeeper.dashboards.catalog import body_of
from watchkeeper.dashboards.errors import Missing
from watchkeeper.dashboards.permissions import Level
from watchkeeper.dashboards.rights import Rights
from watchkeeper.dashboards.stored import NOT_FOUND
from watchkeeper.web.grafana.allowed import may_entry
from watchkeeper.web.grafana.ask import Ask, Fields
from watchkeeper.web.grafana.backend import Backend


async def compare(backend: Backend, ask: Ask) -> web.Response:
    """POST /dashboards/calculate-diff: the lines of JSON that differ, as `diff -u` shows them."""
    fields = await ask.fields()
    base, new = Fields(fields.mapping("base")), Fields(fields.mapping("new"))

    def work() -> str:
        rights = backend.state.rights(ask.identity)
        old, made = _lines(backend, rights, base), _lines(backend, rights, new)
        return "\n".join(difflib.unified_diff(old, made, "base", "new", lineterm=""))

    return web.Response(text=await backend.run(work), content_type="text/plain")


def _lines(backend: Backend, rights: Rights, side: Fields) -> list[str]:
    """Of one side: a version, the newest without one, or what was not saved yet. Raises Missing and ApiError."""
    body: dict[str, Any] = side.mapping("unsavedDashboard")
    if not body:
        uid, number = side.text("dashboardUid"), side.number("dashboardId")
        entry = backend.state.catalog.find(uid) if uid else backend.state.catalog.by_number(number)
        if entry is None:
            raise Missing(NOT_FOUND)
        may_entry(rights, entry, Level.VIEW)
        version = side.number("version")
        body = backend.state.stored.version(entry.uid, version)[1] if version else body_of(entry)
    text = orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode()
    return text.splitlines()
