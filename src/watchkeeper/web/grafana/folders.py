"""Folders: listed, made, renamed, moved, deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from aiohttp import web

from watchkeeper.dashboards.errors import Missing
from watchkeeper.dashboards.folders import NOT_FOUND, Folder, children
from watchkeeper.dashboards.permissions import FOLDER, Level
from watchkeeper.dashboards.rights import Rights
from watchkeeper.web.errors import bad_data
from watchkeeper.web.grafana.allowed import folder_for, may_folder
from watchkeeper.web.grafana.answers import answer, message, time_text
from watchkeeper.web.grafana.ask import Ask
from watchkeeper.web.grafana.backend import Backend
from watchkeeper.web.grafana.links import folder_url
from watchkeeper.web.grafana.permissions import own_folder

GENERAL_UIDS: Final = ("", "general")


async def list_(backend: Backend, ask: Ask) -> web.Response:
    """GET /folders: those at the top, or right below one."""
    parent = ask.text("parentUid")
    limit, page = ask.limit(1000, 5000), ask.page()

    def work() -> Any:
        rights = backend.state.rights(ask.identity)
        least = Level.EDIT if ask.text("permission") == "Edit" else Level.VIEW
        shown = [folder for folder in backend.state.catalog.folders() if rights.folder(folder.uid) >= least]
        found = children(under_seen(shown), "" if parent in GENERAL_UIDS else parent)
        return [_short(folder) for folder in found[(page - 1) * limit : page * limit]]

    return answer(await backend.run(work))


async def get(backend: Backend, ask: Ask) -> web.Response:
    """GET /folders/:uid: one folder."""

    def work() -> Any:
        uid = ask.part("uid")
        rights = backend.state.rights(ask.identity)
        if uid == "general":
            return _json(backend, rights, Folder("general", 0, "General", is_file=True))
        return _json(backend, rights, folder_for(backend, ask, uid, Level.VIEW, rights))

    return answer(await backend.run(work))


async def get_by_number(backend: Backend, ask: Ask) -> web.Response:
    """GET /folders/id/:id: as older tools ask for it."""
    number = ask.number_part("id")

    def work() -> Any:
        found = next((folder for folder in backend.state.catalog.folders() if folder.number == number), None)
        if found is None:
            raise Missing(NOT_FOUND)
        rights = backend.state.rights(ask.identity)
        return _json(backend, rights, folder_for(backend, ask, found.uid, Level.VIEW, rights))

    return answer(await backend.run(work))


async def create(backend: Backend, ask: Ask) -> web.Response:
    """POST /folders: a new one."""
    fields = await ask.fields()
    title, uid, parent_uid = fields.text("title"), fields.text("uid"), fields.text("parentUid")

    def work() -> Any:
        made = created(backend, ask, title, uid, "" if parent_uid in GENERAL_UIDS else parent_uid)
        return _json(backend, backend.state.rights(ask.identity), made)

    return answer(await backend.run(work))


async def update(backend: Backend, ask: Ask) -> web.Response:
    """PUT /folders/:uid: another title."""
    uid = ask.part("uid")
    fields = await ask.fields()
    title = fields.text("title")
    seen = None if fields.flag("overwrite") or not fields.has("version") else fields.number("version")
    if not title:
        raise bad_data("folder title cannot be empty")

    def work() -> Any:
        folder_for(backend, ask, uid, Level.EDIT)
        backend.state.catalog.changeable_folder(uid)
        made = backend.state.folders.rename(uid, title, seen, ask.identity.login, backend.now_ms())
        return _json(backend, backend.state.rights(ask.identity), made)

    return answer(await backend.run(work))


async def move(backend: Backend, ask: Ask) -> web.Response:
    """POST /folders/:uid/move: below another one."""
    uid = ask.part("uid")
    fields = await ask.fields()
    parent_uid = fields.text("parentUid")

    def work() -> Any:
        made = moved(backend, ask, uid, "" if parent_uid in GENERAL_UIDS else parent_uid)
        return _json(backend, backend.state.rights(ask.identity), made)

    return answer(await backend.run(work))


async def delete(backend: Backend, ask: Ask) -> web.Response:
    """DELETE /folders/:uid: with all that is in it."""
    uid = ask.part("uid")

    def work() -> Folder:
        folder_for(backend, ask, uid, Level.EDIT)
        return backend.state.catalog.delete_folder(uid)

    old = await backend.run(work)
    return message(f"Folder {old.title} deleted", title=old.title, id=old.number)


async def counts(backend: Backend, ask: Ask) -> web.Response:
    """GET /folders/:uid/counts: how much is in it."""
    uid = ask.part("uid")

    def work() -> Any:
        state = backend.state
        folder_for(backend, ask, uid, Level.VIEW)
        inside = set(state.folders.below(uid))
        n_dashboards = sum(entry.folder_uid in inside for entry in state.catalog.entries())
        n_panels = sum(one.folder_uid in inside for one in state.library.all())
        return {"folder": len(inside) - 1, "dashboard": n_dashboards, "alertrule": 0, "librarypanel": n_panels}

    return answer(await backend.run(work))


def created(backend: Backend, ask: Ask, title: str, uid: str, parent_uid: str) -> Folder:
    """A new folder, of the one who made it. Raises as the folders do, and ApiError."""
    state = backend.state
    with state.database.change():
        may_folder(state.rights(ask.identity), parent_uid, Level.EDIT)
        if uid and any(folder.uid == uid for folder in state.catalog.folders() if folder.is_file):
            state.catalog.changeable_folder(uid)
        made = state.folders.create(title, uid, parent_uid, ask.identity.login, backend.now_ms())
        own_folder(backend, ask, made)
        return made


def moved(backend: Backend, ask: Ask, uid: str, parent_uid: str) -> Folder:
    """A folder, below another one from now on. Raises as the folders do, and ApiError."""
    state = backend.state
    folder_for(backend, ask, uid, Level.EDIT)
    state.catalog.changeable_folder(uid)
    may_folder(state.rights(ask.identity), parent_uid, Level.EDIT)
    return state.folders.move(uid, parent_uid, ask.identity.login, backend.now_ms())


def under_seen(shown: Sequence[Folder]) -> list[Folder]:
    """Those whose parent is not shown stand at the top, where they can be found."""
    uids = {folder.uid for folder in shown}
    return [folder if folder.parent_uid in uids else replace(folder, parent_uid="") for folder in shown]


def _short(folder: Folder) -> dict[str, Any]:
    found: dict[str, Any] = {"id": folder.number, "uid": folder.uid, "title": folder.title}
    if folder.parent_uid:
        found["parentUid"] = folder.parent_uid
    return found


def _json(backend: Backend, rights: Rights, folder: Folder) -> dict[str, Any]:
    level = rights.folder("" if folder.uid == "general" else folder.uid)
    can_edit = level >= Level.EDIT and not folder.is_file
    above = backend.state.catalog.above(folder)
    if above and not rights.sees(above[-1]):
        folder = replace(folder, parent_uid="")
    shown = [_parent_json(backend, one) for one in above if rights.sees(one)]
    return {
        **_short(folder),
        "orgId": 1,
        "url": folder_url(backend, folder.uid, folder.title),
        "hasAcl": backend.state.permissions.of(FOLDER, folder.uid).is_all,
        "canSave": can_edit,
        "canEdit": can_edit,
        "canAdmin": level >= Level.ADMIN and folder.uid != "general",
        "canDelete": can_edit,
        "createdBy": folder.created_by or "Anonymous",
        "created": time_text(folder.created_ms),
        "updatedBy": folder.updated_by or "Anonymous",
        "updated": time_text(folder.updated_ms),
        "version": folder.version,
        "provisioned": folder.is_file,
        **({"parents": shown} if shown else {}),
    }


def _parent_json(backend: Backend, folder: Folder) -> dict[str, Any]:
    return {**_short(folder), "url": folder_url(backend, folder.uid, folder.title)}
