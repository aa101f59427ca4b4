"""Folders: listed, made, renamed, moved, deleted."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from watchkeeper.dashboards.errors import Missing
from watchkeeper.dashboards.folders import NOT_FOUND, Folder, children
from watchkeeper.dashboards.roles import Identity, Role
from watchkeeper.web.errors import bad_data
from watchkeeper.web.grafana.answers import answer, message, time_text
from watchkeeper.web.grafana.ask import Ask
from watchkeeper.web.grafana.backend import Backend
from watchkeeper.web.grafana.dashboards import folder_url, role_permissions

GENERAL_UIDS: Final = ("", "general")


async def list_(backend: Backend, ask: Ask) -> web.Response:
    """GET /folders: those at the top, or right below one."""
    parent = ask.text("parentUid")
    limit, page = ask.limit(1000, 5000), ask.page()

    def work() -> Any:
        found = children(backend.state.catalog.folders(), "" if parent in GENERAL_UIDS else parent)
        return [_short(folder) for folder in found[(page - 1) * limit : page * limit]]

    return answer(await backend.run(work))


async def get(backend: Backend, ask: Ask) -> web.Response:
    """GET /folders/:uid: one folder."""

    def work() -> Any:
        uid = ask.part("uid")
        if uid == "general":
            return _json(backend, ask.identity, Folder("general", 0, "General", is_file=True))
        return _json(backend, ask.identity, backend.state.catalog.folder(uid))

    return answer(await backend.run(work))


async def get_by_number(backend: Backend, ask: Ask) -> web.Response:
    """GET /folders/id/:id: as older tools ask for it."""
    number = ask.number_part("id")

    def work() -> Any:
        found = next((folder for folder in backend.state.catalog.folders() if folder.number == number), None)
        if found is None:
            raise Missing(NOT_FOUND)
        return _json(backend, ask.identity, found)

    return answer(await backend.run(work))


async def create(backend: Backend, ask: Ask) -> web.Response:
    """POST /folders: a new one."""
    fields = await ask.fields()
    title, uid, parent_uid = fields.text("title"), fields.text("uid"), fields.text("parentUid")

    def work() -> Any:
        state = backend.state
        if uid and any(folder.uid == uid for folder in state.catalog.folders() if folder.is_file):
            backend.state.catalog.changeable_folder(uid)
        made = state.folders.create(
            title, uid, "" if parent_uid in GENERAL_UIDS else parent_uid, ask.identity.login, backend.now_ms()
        )
        return _json(backend, ask.identity, made)

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
        backend.state.catalog.changeable_folder(uid)
        made = backend.state.folders.rename(uid, title, seen, ask.identity.login, backend.now_ms())
        return _json(backend, ask.identity, made)

    return answer(await backend.run(work))


async def move(backend: Backend, ask: Ask) -> web.Response:
    """POST /folders/:uid/move: below another one."""
    uid = ask.part("uid")
    fields = await ask.fields()
    parent_uid = fields.text("parentUid")

    def work() -> Any:
        backend.state.catalog.changeable_folder(uid)
        made = backend.state.folders.move(
            uid, "" if parent_uid in GENERAL_UIDS else parent_uid, ask.identity.login, backend.now_ms()
        )
        return _json(backend, ask.identity, made)

    return answer(await backend.run(work))


async def delete(backend: Backend, ask: Ask) -> web.Response:
    """DELETE /folders/:uid: with all that is in it."""
    uid = ask.part("uid")
    old = await backend.run(lambda: backend.state.catalog.delete_folder(uid))
    return message(f"Folder {old.title} deleted", title=old.title, id=old.number)


async def counts(backend: Backend, ask: Ask) -> web.Response:
    """GET /folders/:uid/counts: how much is in it."""
    uid = ask.part("uid")

    def work() -> Any:
        state = backend.state
        inside = set(state.folders.below(uid))
        n_dashboards = sum(entry.folder_uid in inside for entry in state.catalog.entries())
        return {"folder": len(inside) - 1, "dashboard": n_dashboards, "alertrule": 0, "librarypanel": 0}

    return answer(await backend.run(work))


async def permissions(backend: Backend, ask: Ask) -> web.Response:
    """GET /folders/:uid/permissions: what the roles may; nothing else decides."""
    uid = ask.part("uid")
    await backend.run(lambda: backend.state.catalog.folder(uid))
    return answer([{**item, "isFolder": True} for item in role_permissions(uid)])


def _short(folder: Folder) -> dict[str, Any]:
    found: dict[str, Any] = {"id": folder.number, "uid": folder.uid, "title": folder.title}
    if folder.parent_uid:
        found["parentUid"] = folder.parent_uid
    return found


def _json(backend: Backend, identity: Identity, folder: Folder) -> dict[str, Any]:
    can_edit = identity.role >= Role.EDITOR and not folder.is_file
    return {
        **_short(folder),
        "orgId": 1,
        "url": folder_url(backend, folder.uid, folder.title),
        "hasAcl": False,
        "canSave": can_edit,
        "canEdit": can_edit,
        "canAdmin": identity.role >= Role.ADMIN and not folder.is_file,
        "canDelete": can_edit,
        "createdBy": folder.created_by or "Anonymous",
        "created": time_text(folder.created_ms),
        "updatedBy": folder.updated_by or "Anonymous",
        "updated": time_text(folder.updated_ms),
        "version": folder.version,
        "provisioned": folder.is_file,
    }
