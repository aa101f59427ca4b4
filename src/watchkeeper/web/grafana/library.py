"""Panels of the library: found, made, changed, taken away. Each goes by its folder's permissions."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from watchkeeper.dashboards.errors import Missing, Refused
from watchkeeper.dashboards.folders import NOT_FOUND as NO_FOLDER
from watchkeeper.dashboards.library import NOT_FOUND, PANEL, Element
from watchkeeper.dashboards.permissions import Level
from watchkeeper.dashboards.rights import Rights
from watchkeeper.web.errors import ApiError, bad_data
from watchkeeper.web.grafana.allowed import may_folder, may_name
from watchkeeper.web.grafana.answers import answer, message, time_text
from watchkeeper.web.grafana.ask import Ask, Fields
from watchkeeper.web.grafana.backend import Backend

PER_PAGE: Final = 100


async def find(backend: Backend, ask: Ask) -> web.Response:
    """GET /library-elements: those with a text in name or description, of a kind, of some types and folders."""
    per_page, page = ask.limit(PER_PAGE, 5000, "perPage"), ask.page()
    words, kind = ask.text("searchString").casefold(), ask.number("kind", 0) or 0
    types = [text for text in ask.text("typeFilter").split(",") if text]
    places = [text for text in ask.text("folderFilterUIDs").split(",") if text]
    without = ask.text("excludeUid")

    def fits(one: Element) -> bool:
        text = f"{one.name}\n{one.model.get('description') or ''}".casefold()
        return (
            words in text
            and kind in (0, one.kind)
            and (not types or one.type in types)
            and (not places or (one.folder_uid or "general") in places)
            and one.uid != without
        )

    def work() -> Any:
        rights = backend.state.rights(ask.identity)
        found = [one for one in backend.state.library.all() if _sees(rights, one) and fits(one)]
        if ask.text("sortDirection") == "alpha-desc":
            found.reverse()
        uses = backend.state.library.uses() if found else {}
        shown = [_json(backend, rights, one, uses) for one in found[(page - 1) * per_page : page * per_page]]
        return {"result": {"totalCount": len(found), "elements": shown, "page": page, "perPage": per_page}}

    return answer(await backend.run(work))


async def get(backend: Backend, ask: Ask) -> web.Response:
    """GET /library-elements/:uid: one of them."""

    def work() -> Any:
        found = _found(backend, ask, Level.VIEW)
        return {"result": _json(backend, backend.state.rights(ask.identity), found, backend.state.library.uses())}

    return answer(await backend.run(work))


async def by_name(backend: Backend, ask: Ask) -> web.Response:
    """GET /library-elements/name/:name: those of a name, in whatever folders."""

    def work() -> Any:
        rights = backend.state.rights(ask.identity)
        name = ask.part("name")
        found = [one for one in backend.state.library.all() if one.name == name and _sees(rights, one)]
        if not found:
            raise Missing(NOT_FOUND)
        uses = backend.state.library.uses()
        return {"result": [_json(backend, rights, one, uses) for one in found]}

    return answer(await backend.run(work))


async def connections(backend: Backend, ask: Ask) -> web.Response:
    """GET /library-elements/:uid/connections: the dashboards that use it, and may be seen."""

    def work() -> Any:
        one = _found(backend, ask, Level.VIEW)
        rights = backend.state.rights(ask.identity)
        entries = [backend.state.catalog.find(uid) for uid in backend.state.library.uses().get(one.uid, ())]
        return {
            "result": [
                {"id": entry.number, "kind": 1, "elementId": one.id, "connectionId": entry.number,
                 "connectionUid": entry.uid, "created": time_text(entry.created_ms), "createdBy": _by(entry.created_by)}
                for entry in entries if entry is not None and rights.sees(entry)
            ]
        }  # fmt: skip

    return answer(await backend.run(work))


async def add(backend: Backend, ask: Ask) -> web.Response:
    """POST /library-elements: a new one."""
    fields = await ask.fields()
    model = _model(fields)

    def work() -> Any:
        folder_uid = _folder(backend, fields, "")
        rights = backend.state.rights(ask.identity)
        may_folder(rights, folder_uid, Level.EDIT)
        may_name(backend, ask, model)
        made = backend.state.library.add(
            fields.text("name"), model, folder_uid, ask.identity.login, backend.now_ms(), uid=fields.text("uid"),
            kind=fields.number("kind", PANEL),
        )  # fmt: skip
        return {"result": _json(backend, rights, made, {})}

    return answer(await backend.run(work))


async def change(backend: Backend, ask: Ask) -> web.Response:
    """PATCH /library-elements/:uid: what is named, anew."""
    fields = await ask.fields()
    if not fields.has("version"):
        raise bad_data("bad request data: version is needed: the one that was seen")

    def work() -> Any:
        old = _found(backend, ask, Level.EDIT)
        folder_uid = _folder(backend, fields, old.folder_uid)
        rights = backend.state.rights(ask.identity)
        may_folder(rights, folder_uid, Level.EDIT)
        model = _model(fields) if fields.has("model") else dict(old.model)
        may_name(backend, ask, model)
        made = backend.state.library.change(
            old.uid, fields.text("name", old.name) or old.name, model, folder_uid, fields.number("version"),
            ask.identity.login, backend.now_ms(),
        )  # fmt: skip
        return {"result": _json(backend, rights, made, backend.state.library.uses())}

    return answer(await backend.run(work))


async def delete(backend: Backend, ask: Ask) -> web.Response:
    """DELETE /library-elements/:uid: takes one away that no saved dashboard uses."""

    def work() -> Element:
        found = _found(backend, ask, Level.EDIT)
        used = backend.state.library.uses().get(found.uid)
        if used:
            raise ApiError(403, "forbidden", f"the library element has connections: the dashboard {used[0]} uses it")
        return backend.state.library.delete(found.uid)

    old = await backend.run(work)
    return message("Library element deleted", id=old.id)


def _found(backend: Backend, ask: Ask, level: Level) -> Element:
    found = backend.state.library.get(ask.part("uid"))
    rights = backend.state.rights(ask.identity)
    if not _sees(rights, found):
        raise Missing(NOT_FOUND)
    may_folder(rights, found.folder_uid, level)
    return found


def _sees(rights: Rights, one: Element) -> bool:
    return rights.folder(one.folder_uid) >= Level.VIEW


def _model(fields: Fields) -> dict[str, Any]:
    model = fields.mapping("model")
    if not model:
        raise bad_data("bad request data: model is needed: the panel's JSON")
    return model


def _folder(backend: Backend, fields: Fields, default: str) -> str:
    """The folder that a request names, by uid or by the integer of older tools. Raises Refused."""
    if isinstance(fields.values.get("folderUid"), str):
        uid = fields.text("folderUid")
        uid = "" if uid == "general" else uid
        if uid and not any(folder.uid == uid for folder in backend.state.catalog.folders()):
            raise Refused(NO_FOLDER)
        return uid
    number = fields.number("folderId")
    if number <= 0:
        return "" if fields.has("folderId") else default
    found = next((folder.uid for folder in backend.state.catalog.folders() if folder.number == number), None)
    if found is None:
        raise Refused(NO_FOLDER)
    return found


def _json(backend: Backend, rights: Rights, one: Element, uses: dict[str, list[str]]) -> dict[str, Any]:
    folder = next((folder for folder in backend.state.catalog.folders() if folder.uid == one.folder_uid), None)
    name = "General" if folder is None else folder.title
    return {
        "id": one.id,
        "orgId": 1,
        "folderId": 0 if folder is None else folder.number,
        "folderUid": one.folder_uid,
        "uid": one.uid,
        "name": one.name,
        "kind": one.kind,
        "type": one.type,
        "description": str(one.model.get("description") or ""),
        "model": {**one.model, "libraryPanel": {"uid": one.uid, "name": one.name}},
        "version": one.version,
        "meta": {
            "folderName": name, "folderUid": one.folder_uid, "connectedDashboards": len(uses.get(one.uid, ())),
            "canEdit": rights.folder(one.folder_uid) >= Level.EDIT,
            "created": time_text(one.created_ms), "updated": time_text(one.updated_ms),
            "createdBy": _by(one.created_by), "updatedBy": _by(one.updated_by),
        },
    }  # fmt: skip


def _by(login: str) -> dict[str, Any]:
    return {"id": 0, "name": login, "avatarUrl": ""}
