"""Dashboards: read, saved, deleted, restored."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from aiohttp import web

from watchkeeper.dashboards.catalog import body_of
from watchkeeper.dashboards.entry import Entry, Origin
from watchkeeper.dashboards.errors import Missing, Refused
from watchkeeper.dashboards.library import panels_of, reference
from watchkeeper.dashboards.permissions import DASHBOARD, Level
from watchkeeper.dashboards.rights import Rights
from watchkeeper.dashboards.roles import Kind, Role
from watchkeeper.dashboards.stored import NOT_FOUND, Save, Version
from watchkeeper.web.errors import bad_data
from watchkeeper.web.grafana.allowed import asked_entry, entry_for, may_entry, may_folder, may_name, not_allowed
from watchkeeper.web.grafana.answers import answer, message, time_text
from watchkeeper.web.grafana.ask import Ask, Fields
from watchkeeper.web.grafana.backend import Backend
from watchkeeper.web.grafana.links import folder_url, url_of

HOME_TAG: Final = "home"  # The first of our own dashboards with it is what `/` shows.
MAX_VERSIONS: Final = 1000


async def save(backend: Backend, ask: Ask) -> web.Response:
    """POST /dashboards/db: keeps a dashboard."""
    fields = await ask.fields()
    if not fields.has("dashboard"):
        raise bad_data("bad request data: dashboard is missing")

    def work() -> Any:
        made = Save(
            fields.mapping("dashboard"), folder_of(backend, fields), fields.text("message")[:500], ask.identity.login,
            overwrite=fields.flag("overwrite"),
        )  # fmt: skip
        return saved(backend, kept(backend, ask, made))

    return answer(await backend.run(work))


async def get(backend: Backend, ask: Ask) -> web.Response:
    """GET /dashboards/uid/:uid: one dashboard and what is known of it."""
    uid = ask.part("uid")

    def work() -> Any:
        rights = backend.state.rights(ask.identity)
        return full(backend, rights, entry_for(backend, ask, uid, Level.VIEW, rights))

    return answer(await backend.run(work))


async def get_by_slug(backend: Backend, ask: Ask) -> web.Response:
    """GET /dashboards/db/:slug: as older tools ask for it."""
    slug = ask.part("slug")

    def work() -> Any:
        rights = backend.state.rights(ask.identity)
        of_slug = [entry for entry in backend.state.catalog.entries() if entry.slug == slug]
        found = next((entry for entry in of_slug if rights.sees(entry)), of_slug[0] if of_slug else None)
        if found is None:
            raise Missing(NOT_FOUND)
        may_entry(rights, found, Level.VIEW)
        return full(backend, rights, found)

    return answer(await backend.run(work))


async def delete(backend: Backend, ask: Ask) -> web.Response:
    """DELETE /dashboards/uid/:uid: takes one away."""
    uid = ask.part("uid")

    def work() -> Entry:
        entry_for(backend, ask, uid, Level.EDIT)
        return backend.state.catalog.delete(uid)

    entry = await backend.run(work)
    return message(f"Dashboard {entry.title} deleted", title=entry.title, uid=entry.uid, id=entry.number)


async def home(backend: Backend, ask: Ask) -> web.Response:
    """GET /dashboards/home: what `/` shows, or where it leads."""

    def work() -> Any:
        rights = backend.state.rights(ask.identity)
        entry = home_entry(backend, rights)
        if entry is None:
            return {"dashboard": {"title": "Home", "panels": [], "schemaVersion": 42}, "meta": {"isHome": True}}
        if entry.origin is not Origin.BUILTIN:
            return {"redirectUri": url_of(backend, entry)}
        found = full(backend, rights, entry)
        found["meta"]["isHome"] = True
        return found

    return answer(await backend.run(work))


async def tags(backend: Backend, ask: Ask) -> web.Response:
    """GET /dashboards/tags: each tag, and how many dashboards have it."""

    def work() -> Any:
        counts: dict[str, int] = {}
        rights = backend.state.rights(ask.identity)
        for entry in filter(rights.sees, backend.state.catalog.entries()):
            for tag in entry.tags:
                counts[tag] = counts.get(tag, 0) + 1
        return [{"term": tag, "count": counts[tag]} for tag in sorted(counts)]

    return answer(await backend.run(work))


async def versions(backend: Backend, ask: Ask) -> web.Response:
    """GET /dashboards/uid/:uid/versions: the history, newest first."""
    limit, start = ask.limit(MAX_VERSIONS, MAX_VERSIONS), ask.number("start", 0) or 0

    def work() -> Any:
        entry = asked_entry(backend, ask, Level.VIEW)
        known = backend.state.stored.versions(entry.uid, limit, start)
        return {"continueToken": "", "versions": [_version_json(entry, version) for version in known]}

    found = await backend.run(work)
    # Before release 11 a list; the path by id is from then.
    return answer(found["versions"] if "id" in ask.request.match_info else found)


async def version(backend: Backend, ask: Ask) -> web.Response:
    """GET /dashboards/uid/:uid/versions/:version: one of the history, with its JSON."""
    number = ask.number_part("version", "version")

    def work() -> Any:
        entry = asked_entry(backend, ask, Level.VIEW)
        known, body = backend.state.stored.version(entry.uid, number)
        return {**_version_json(entry, known), "data": body}

    return answer(await backend.run(work))


async def restore(backend: Backend, ask: Ask) -> web.Response:
    """POST /dashboards/uid/:uid/restore: an older version becomes the newest."""
    fields = await ask.fields()
    number = fields.number("version")

    def work() -> Any:
        entry = asked_entry(backend, ask, Level.EDIT)
        _, body = backend.state.stored.version(entry.uid, number)
        may_name(backend, ask, backend.state.library.filled(body))
        made = Save(
            {**body, "uid": entry.uid, "version": entry.version}, None, f"Restored from version {number}",
            ask.identity.login, overwrite=True, restored_from=number,
        )  # fmt: skip
        return saved(backend, backend.state.catalog.save(made, backend.now_ms()))

    return answer(await backend.run(work))


def kept(backend: Backend, ask: Ask, save: Save) -> Entry:
    """Keeps a dashboard for somebody who may change it, and what stands in its folder. Raises as the catalog does, and
    ApiError."""
    state = backend.state
    with state.database.change():
        rights = state.rights(ask.identity)
        may_name(backend, ask, state.library.filled(save.body))
        save = replace(save, body=state.library.emptied(save.body))
        old = state.catalog.replaced_by(save)
        if old is not None:
            may_entry(rights, old, Level.EDIT)
        if old is None or save.folder_uid not in (None, old.folder_uid):
            may_folder(rights, save.folder_uid or "", Level.EDIT)
        _may_use(backend, rights, save.body, {} if old is None else body_of(old))
        return state.catalog.save(save, backend.now_ms())


def _may_use(backend: Backend, rights: Rights, body: dict[str, Any], old: dict[str, Any]) -> None:
    """Raises ApiError where the dashboard gets panels of the library that are not to be seen: it would show them."""
    there = {reference(panel) for panel in panels_of(old)}
    for uid in {reference(panel) for panel in panels_of(body)} - there - {""}:
        element = backend.state.library.find(uid)
        if element is not None and rights.folder(element.folder_uid) < Level.VIEW:
            raise not_allowed(rights.identity, "library.panels:read")


def full(backend: Backend, rights: Rights, entry: Entry) -> dict[str, Any]:
    """A dashboard's JSON and its `meta`."""
    body = backend.state.library.filled(body_of(entry))
    state, identity = backend.state, rights.identity
    folder = next((one for one in state.catalog.folders() if one.uid == entry.folder_uid), None)
    if folder is not None and not rights.sees(folder):
        folder = None  # The dashboard is shared; its folder's name is not.
    level = rights.dashboard(entry)
    can_edit = level >= Level.EDIT
    is_starred = identity.kind is Kind.USER and entry.uid in state.preferences.stars(identity.id)
    is_file = entry.origin is not Origin.STORED
    meta = {
        "type": "db",
        "canSave": can_edit and entry.writable,
        "canEdit": can_edit,
        "canAdmin": level >= Level.ADMIN,
        "canStar": identity.kind is Kind.USER,
        "canDelete": can_edit and not is_file and not entry.file,
        "isStarred": is_starred,
        "slug": entry.slug,
        "url": url_of(backend, entry),
        "expires": "0001-01-01T00:00:00Z",
        "created": time_text(entry.created_ms),
        "updated": time_text(entry.updated_ms),
        "createdBy": entry.created_by,
        "updatedBy": entry.updated_by,
        "version": entry.version,
        "hasAcl": state.permissions.of(DASHBOARD, entry.uid).is_all,
        "isFolder": False,
        "folderId": 0 if folder is None else folder.number,
        "folderUid": "" if folder is None else folder.uid,
        "folderTitle": "General" if folder is None else folder.title,
        "folderUrl": "" if folder is None else folder_url(backend, folder.uid, folder.title),
        "provisioned": is_file and not entry.writable,
        "provisionedExternalId": entry.file,
        "annotationsPermissions": {
            "dashboard": dict.fromkeys(("canAdd", "canEdit", "canDelete"), can_edit),
            "organization": dict.fromkeys(("canAdd", "canEdit", "canDelete"), identity.role >= Role.EDITOR),
        },
    }
    return {"meta": meta, "dashboard": body}


def home_entry(backend: Backend, rights: Rights) -> Entry | None:
    """The dashboard that `/` shows: as the user, else a team, else the organisation chose, else the first of
    ours for it."""
    state, identity = backend.state, rights.identity
    for liked in state.likings(identity):
        chosen = liked["homeDashboardUID"]
        found = state.catalog.find(chosen) if chosen else None
        if found is not None and rights.sees(found):
            return found
    own = [entry for entry in filter(rights.sees, state.catalog.entries()) if entry.origin is Origin.BUILTIN]
    return next((entry for entry in own if HOME_TAG in entry.tags), own[0] if own else None)


def folder_of(backend: Backend, fields: Fields) -> str | None:
    """The folder that a request names, by uid or by the integer of older tools; None where it names none."""
    if fields.has("folderUid") and (uid := fields.text("folderUid")):
        return "" if uid == "general" else uid
    if not fields.has("folderId"):
        return "" if fields.values.get("folderUid") == "" else None
    number = fields.number("folderId")
    if number <= 0:
        return "" if "folderUid" not in fields.values else None
    found = next((folder.uid for folder in backend.state.catalog.folders() if folder.number == number), None)
    if found is None:
        raise Refused("folder not found")
    return found


def saved(backend: Backend, entry: Entry) -> dict[str, Any]:
    """The answer to a save."""
    return {
        "id": entry.number, "uid": entry.uid, "url": url_of(backend, entry), "status": "success",
        "version": entry.version, "slug": entry.slug, "folderUid": entry.folder_uid,
    }  # fmt: skip


def _version_json(entry: Entry, version: Version) -> dict[str, Any]:
    return {
        "id": version.id, "dashboardId": entry.number, "dashboardUID": entry.uid, "uid": entry.uid,
        "parentVersion": version.parent_version, "restoredFrom": version.restored_from, "version": version.version,
        "created": time_text(version.created_ms), "createdBy": version.created_by, "message": version.message,
    }  # fmt: skip
