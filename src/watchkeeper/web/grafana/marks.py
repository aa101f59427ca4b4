"""Annotations: left, found, changed, taken away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import orjson
from aiohttp import web

from watchkeeper.dashboards.annotations import Annotation, Sought
from watchkeeper.dashboards.entry import packed
from watchkeeper.dashboards.permissions import Level
from watchkeeper.dashboards.rights import Rights
from watchkeeper.dashboards.roles import Kind, Role
from watchkeeper.web.errors import bad_data
from watchkeeper.web.grafana.access import refusal
from watchkeeper.web.grafana.allowed import entry_for, may_entry
from watchkeeper.web.grafana.answers import answer, message
from watchkeeper.web.grafana.ask import Ask, Fields
from watchkeeper.web.grafana.backend import Backend
from watchkeeper.web.grafana.moments import moment_ms

MAX_LIMIT: Final = 10_000
DAY_MS: Final = 86_400_000


async def find(backend: Backend, ask: Ask) -> web.Response:
    """GET /annotations: those of a range, a dashboard, some tags; newest first."""
    now_ms = backend.now_ms()
    start, end = ask.text("from"), ask.text("to")
    limit = ask.limit(100, MAX_LIMIT)
    dashboard_uid: str | None = ask.text("dashboardUID") or ask.text("dashboardUid") or None
    number = ask.number("dashboardId", 0) or 0
    if ask.text("type") == "alert":
        return answer([])  # Alerts are kept by rules, not here.

    def work() -> Any:
        uid = dashboard_uid
        if uid is None and number > 0:
            entry = backend.state.catalog.by_number(number)
            uid = entry.uid if entry is not None else "?"
        sought = Sought(
            moment_ms(start, now_ms) if start else None,
            moment_ms(end, now_ms, is_end=True) if end else None,
            uid,
            ask.number("panelId", 0) or None,
            ask.number("userId", 0) or None,
            [tag for tag in ask.texts("tags") if tag],
            ask.flag("matchAny"),
            limit,
            hidden(backend, backend.state.rights(ask.identity)),
            shown(backend, ask),
        )
        return [_json(found) for found in backend.state.annotations.search(sought)]

    return answer(await backend.run(work))


async def get(backend: Backend, ask: Ask) -> web.Response:
    """GET /annotations/:id: one of them."""
    number = ask.number_part("id")

    def work() -> Any:
        found = backend.state.annotations.get(number)
        _check(backend, ask, found.dashboard_uid, Level.VIEW)
        return _json(found)

    return answer(await backend.run(work))


async def add(backend: Backend, ask: Ask) -> web.Response:
    """POST /annotations: a new one."""
    fields = await ask.fields()
    if not fields.text("text"):
        raise bad_data("Failed to save annotation: text field should not be empty")
    now_ms = backend.now_ms()
    time_ms = fields.number("time", now_ms) or now_ms
    end_ms = fields.number("timeEnd", time_ms) or time_ms

    def work() -> int:
        uid = fields.text("dashboardUID") or fields.text("dashboardUid")
        number = fields.number("dashboardId")
        if not uid and number > 0:
            entry = backend.state.catalog.by_number(number)
            if entry is None:
                raise bad_data("Failed to save annotation: there is no such dashboard")
            uid = entry.uid
        elif uid:
            entry_for(backend, ask, uid, Level.EDIT)
        _check(backend, ask, uid, Level.EDIT)
        made = _made(ask, uid, fields.number("panelId"), time_ms, end_ms, fields.text("text"), now_ms)
        data = fields.mapping("data")
        return backend.state.annotations.add(
            replace(made, tags=_tags(fields.texts("tags")), data=packed(data).decode() if data else "")
        )

    number = await backend.run(work)
    return message("Annotation added", id=number)


async def add_graphite(backend: Backend, ask: Ask) -> web.Response:
    """POST /annotations/graphite: as Graphite's clients send one."""
    fields = await ask.fields()
    what, data = fields.text("what"), fields.text("data")
    if not what:
        raise bad_data("Failed to save Graphite annotation: what field should not be empty")
    now_ms = backend.now_ms()
    when_ms = fields.number("when") * 1000 or now_ms
    raw = fields.values.get("tags")
    tags = raw.split() if isinstance(raw, str) else fields.texts("tags")
    text = f"{what}\n{data}" if data else what
    made = replace(_made(ask, "", 0, when_ms, when_ms, text, now_ms), tags=_tags(tags))

    def work() -> int:
        _check(backend, ask, "", Level.EDIT)
        return backend.state.annotations.add(made)

    number = await backend.run(work)
    return message("Graphite annotation added", id=number)


async def update(backend: Backend, ask: Ask) -> web.Response:
    """PUT /annotations/:id: all of it anew."""
    number, fields = ask.number_part("id"), await ask.fields()

    def changed(old: Annotation) -> Annotation:
        return replace(old, text=fields.text("text"), tags=_tags(fields.texts("tags")), end_ms=0)

    await backend.run(lambda: _change(backend, ask, number, fields, changed))
    return message("Annotation updated")


async def patch(backend: Backend, ask: Ask) -> web.Response:
    """PATCH /annotations/:id: what is named, anew."""
    number, fields = ask.number_part("id"), await ask.fields()

    def changed(old: Annotation) -> Annotation:
        tags = _tags(fields.texts("tags")) if fields.has("tags") else old.tags
        return replace(old, text=fields.text("text", old.text) or old.text, tags=tags)

    await backend.run(lambda: _change(backend, ask, number, fields, changed))
    return message("Annotation patched")


async def delete(backend: Backend, ask: Ask) -> web.Response:
    """DELETE /annotations/:id: takes one away."""
    number = ask.number_part("id")

    def work() -> None:
        _check(backend, ask, backend.state.annotations.get(number).dashboard_uid, Level.EDIT)
        backend.state.annotations.delete(number)

    await backend.run(work)
    return message("Annotation deleted")


async def delete_many(backend: Backend, ask: Ask) -> web.Response:
    """POST /annotations/mass-delete: one by `annotationId`, or those of a panel of a dashboard."""
    fields = await ask.fields()
    number, panel_id = fields.number("annotationId"), fields.number("panelId")
    uid, board = fields.text("dashboardUID"), fields.number("dashboardId")

    def work() -> None:
        annotations = backend.state.annotations
        if number:
            _check(backend, ask, annotations.get(number).dashboard_uid, Level.EDIT)
            annotations.delete(number)
            return
        entry = backend.state.catalog.find(uid) if uid else backend.state.catalog.by_number(board)
        if entry is None or not panel_id:
            raise bad_data("annotationId is needed, or panelId with the dashboardId or dashboardUID of a dashboard")
        may_entry(backend.state.rights(ask.identity), entry, Level.EDIT)
        with backend.state.database.change():
            while found := annotations.search(Sought(dashboard_uid=entry.uid, panel_id=panel_id, limit=MAX_LIMIT)):
                for one in found:
                    annotations.delete(one.id)

    await backend.run(work)
    return message("Annotations deleted")


async def tags(backend: Backend, ask: Ask) -> web.Response:
    """GET /annotations/tags: tags with a text in them, and how many have each."""
    limit = ask.limit(100, MAX_LIMIT)

    def work() -> Any:
        away = hidden(backend, backend.state.rights(ask.identity))
        found = backend.state.annotations.tags(ask.text("tag"), limit, away, shown(backend, ask))
        return {"result": {"tags": [{"tag": tag, "count": count} for tag, count in found]}}

    return answer(await backend.run(work))


def hidden(backend: Backend, rights: Rights) -> list[str]:
    """The uids of dashboards that are not for the one who asks."""
    return [entry.uid for entry in backend.state.catalog.entries() if not rights.sees(entry)]


def shown(backend: Backend, ask: Ask) -> list[str] | None:
    """For the role None the uids of dashboards whose annotations may be seen; None where those of no dashboard are for
    everybody."""
    if ask.identity.role >= Role.VIEWER:
        return None
    rights = backend.state.rights(ask.identity)
    return [entry.uid for entry in filter(rights.sees, backend.state.catalog.entries())]


def _check(backend: Backend, ask: Ask, uid: str, level: Level) -> None:
    """Annotations of a dashboard are for those who may do that much with it; others go by the role alone."""
    entry = backend.state.catalog.find(uid) if uid else None
    if entry is not None:
        may_entry(backend.state.rights(ask.identity), entry, level)
    elif ask.identity.role < (needed := Role.EDITOR if level >= Level.EDIT else Role.VIEWER):
        raise refusal(ask.identity, needed)


def _change(
    backend: Backend, ask: Ask, number: int, fields: Fields, changed: Callable[[Annotation], Annotation]
) -> None:  # fmt: skip
    """Stores what `changed` makes of an annotation; its end is the one before where no other is named."""
    old = backend.state.annotations.get(number)
    _check(backend, ask, old.dashboard_uid, Level.EDIT)
    made = changed(old)
    time_ms = fields.number("time", old.time_ms) or old.time_ms
    end_ms = fields.number("timeEnd", made.end_ms) or made.end_ms or time_ms
    made = replace(made, time_ms=time_ms, end_ms=max(time_ms, end_ms), updated_ms=backend.now_ms())
    backend.state.annotations.change(made)


def _made(ask: Ask, uid: str, panel_id: int, time_ms: int, end_ms: int, text: str, now_ms: int) -> Annotation:
    user_id = ask.identity.id if ask.identity.kind is Kind.USER else 0
    return Annotation(
        0, uid, panel_id, user_id, ask.identity.login, time_ms, max(time_ms, end_ms), text, "", (), now_ms, now_ms
    )


def _tags(tags: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))


def _json(found: Annotation) -> dict[str, Any]:
    return {
        "id": found.id,
        "alertId": 0,
        "alertName": "",
        "dashboardId": 0,
        "dashboardUID": found.dashboard_uid or None,
        "panelId": found.panel_id,
        "userId": found.user_id,
        "userName": "",
        "newState": "",
        "prevState": "",
        "created": found.created_ms,
        "updated": found.updated_ms,
        "time": found.time_ms,
        "timeEnd": found.end_ms,
        "text": found.text,
        "tags": list(found.tags),
        "login": found.user_login,
        "email": "",
        "avatarUrl": "",
        "data": orjson.loads(found.data) if found.data else {},
    }
