"""The endpoints of resources: discovery, list, get, create, update, patch, delete."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from aiohttp import web

from watchkeeper.dashboards.errors import Missing, Refused
from watchkeeper.dashboards.permissions import Level
from watchkeeper.web.errors import ApiError, bad_data
from watchkeeper.web.grafana.allowed import may_folder
from watchkeeper.web.grafana.answers import answer
from watchkeeper.web.grafana.apis.kept import Kept, KeptDashboards, KeptFolders
from watchkeeper.web.grafana.apis.resource import (
    KINDS,
    NAMESPACE,
    Kind,
    Sent,
    check_schema,
    check_version,
    deleted_json,
    exists,
    group_json,
    groups_json,
    merged,
    resource_json,
    sent_of,
    status_json,
    version_json,
)
from watchkeeper.web.grafana.ask import Ask, Fields
from watchkeeper.web.grafana.backend import Backend
from watchkeeper.web.grafana.dashboards import full

STORES: Final[dict[str, Kept]] = {"dashboards": KeptDashboards(), "folders": KeptFolders()}
PER_PAGE: Final = 500
MERGE: Final = (
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/json",
    "application/octet-stream",  # Nothing was said.
)
SUFFIX: Final = string.ascii_lowercase + string.digits


class _Tried(Exception):  # No error: it ends a change that is only tried.
    """Takes back what a dry run did."""


async def groups(_: Backend, __: Ask) -> web.Response:
    """GET /apis: the groups."""
    return answer(groups_json())


async def group(_: Backend, ask: Ask) -> web.Response:
    """GET /apis/:group: one of them."""
    return answer(group_json(_kind(ask)))


async def version(_: Backend, ask: Ask) -> web.Response:
    """GET /apis/:group/:version: what there is in it."""
    return answer(version_json(_kind(ask), ask.part("version")))


async def list_(backend: Backend, ask: Ask) -> web.Response:
    """GET /apis/:group/:version/namespaces/:namespace/:resource: those that may be seen, by name."""
    store, shown_version = _store(ask), ask.part("version")
    if ask.flag("watch"):
        raise ApiError(405, "MethodNotAllowed", "watching is not supported; list again")
    limit, start = ask.limit(PER_PAGE, 5000), ask.number("continue", 0) or 0
    wanted = ask.text("fieldSelector").removeprefix("metadata.name=")
    if ask.text("labelSelector") or (wanted and wanted == ask.text("fieldSelector")):
        raise bad_data("labelSelector is not supported, and of fieldSelector only metadata.name=...")

    def work() -> Any:
        found = store.all(backend, backend.state.rights(ask.identity))
        if wanted:
            found = [one for one in found if one[0].name == wanted]
        page = found[max(0, start) : max(0, start) + limit]
        items = []
        for meta, load in page:
            with suppress(Missing, Refused):  # Its file is gone, or broken, since the last look.
                items.append(resource_json(store.kind, shown_version, meta, load()))
        newest = max((meta.resource_version for meta, _ in found), default="0", key=int)
        meta_json: dict[str, Any] = {"resourceVersion": newest}
        if start + limit < len(found):
            meta_json.update({"continue": str(start + limit), "remainingItemCount": len(found) - start - limit})
        return {
            "kind": f"{store.kind.name}List", "apiVersion": f"{store.kind.group}/{shown_version}",
            "metadata": meta_json, "items": items,
        }  # fmt: skip

    return answer(await backend.run(work))


async def get(backend: Backend, ask: Ask) -> web.Response:
    """GET .../:resource/:name: one of them."""
    store, name = _store(ask), ask.part("name")
    return answer(await backend.run(lambda: _shown(backend, ask, store, name)))


async def access(backend: Backend, ask: Ask) -> web.Response:
    """GET .../dashboards/:name/dto: one with what may be done with it, and its panels of the library filled in."""
    store, name = _store(ask), ask.part("name")
    if store.kind.plural != "dashboards":
        raise ApiError(404, "NotFound", "the server could not find the requested resource")

    def work() -> Any:
        found = _shown(backend, ask, store, name)
        whole = full(backend, backend.state.rights(ask.identity), backend.state.catalog.get(name))
        meta = whole["meta"]
        kept = ("slug", "url", "canSave", "canEdit", "canAdmin", "canStar", "canDelete", "annotationsPermissions")
        spec = {key: value for key, value in whole["dashboard"].items() if key in found["spec"]}
        return {**found, "kind": "DashboardWithAccessInfo", "spec": spec, "access": {key: meta[key] for key in kept}}

    return answer(await backend.run(work))


async def create(backend: Backend, ask: Ask) -> web.Response:
    """POST .../:resource: a new one."""
    store = _store(ask)
    sent = sent_of(await ask.document(), store.kind)
    check_schema(store.kind, ask.part("version"), sent.spec)
    name = sent.name or _generated(sent)

    def work() -> Any:
        may_folder(backend.state.rights(ask.identity), sent.folder_uid or "", Level.EDIT)
        if _is_there(backend, store, name):
            raise exists(store.kind, name)
        store.add(backend, ask, name, sent)
        return _shown(backend, ask, store, name)

    return answer(await backend.run(lambda: _done(backend, ask, work)), 201)


async def update(backend: Backend, ask: Ask) -> web.Response:
    """PUT .../:resource/:name: all of it anew; made where there is none."""
    store, name = _store(ask), ask.part("name")
    sent = sent_of(await ask.document(), store.kind)
    check_schema(store.kind, ask.part("version"), sent.spec)
    if sent.name != name:
        raise bad_data(f"the name of the object ({sent.name}) does not match the name on the URL ({name})")

    def work() -> tuple[Any, int]:
        if not _is_there(backend, store, name):
            store.add(backend, ask, name, sent)
            return _shown(backend, ask, store, name), 201
        return _changed(backend, ask, store, name, lambda _: sent), 200

    found, status = await backend.run(lambda: _done(backend, ask, work))
    return answer(found, status)


async def patch(backend: Backend, ask: Ask) -> web.Response:
    """PATCH .../:resource/:name: a merge patch."""
    store, name = _store(ask), ask.part("name")
    if ask.request.content_type not in MERGE:
        raise ApiError(415, "UnsupportedMediaType", "only merge patches: Content-Type application/merge-patch+json")
    changes = await ask.document()
    Fields(changes)

    def patched(old: dict[str, Any]) -> Sent:
        return sent_of(merged(old, changes), store.kind)

    def work() -> Any:
        return _changed(backend, ask, store, name, patched)

    return answer(await backend.run(lambda: _done(backend, ask, work)))


async def delete(backend: Backend, ask: Ask) -> web.Response:
    """DELETE .../:resource/:name: takes one away."""
    store, name = _store(ask), ask.part("name")
    wanted = Fields((await ask.fields()).mapping("preconditions"))

    def work() -> Any:
        meta, _ = store.get(backend, ask, name)
        check_version(store.kind, meta, wanted.text("resourceVersion"))
        store.delete(backend, ask, name)
        return deleted_json(store.kind, name)

    return answer(await backend.run(lambda: _done(backend, ask, work)))


async def nothing(_: Backend, __: Ask) -> web.Response:
    """ANY /apis/*: what there is not."""
    return failed(ApiError(404, "NotFound", "the server could not find the requested resource"))


def failed(error: ApiError) -> web.Response:
    """An error, as clients of resources read it."""
    document = status_json(error)
    return answer(document, document["code"])


def _changed(backend: Backend, ask: Ask, store: Kept, name: str, made: Callable[[dict[str, Any]], Sent]) -> Any:
    """What is there after a change; `made` gets what was there before."""
    meta, spec = store.get(backend, ask, name)
    sent = made(resource_json(store.kind, ask.part("version"), meta, spec))
    check_version(store.kind, meta, sent.resource_version)
    store.change(backend, ask, name, sent)
    return _shown(backend, ask, store, name)


def _done(backend: Backend, ask: Ask, work: Callable[[], Any]) -> Any:
    """What `work` returns; of a dry run nothing is left."""
    found: Any = None
    try:
        with backend.state.database.change():
            found = work()
            if ask.text("dryRun"):
                raise _Tried
    except _Tried:
        pass
    return found


def _shown(backend: Backend, ask: Ask, store: Kept, name: str) -> dict[str, Any]:
    return resource_json(store.kind, ask.part("version"), *store.get(backend, ask, name))


def _is_there(backend: Backend, store: Kept, name: str) -> bool:
    catalog = backend.state.catalog
    if store.kind.plural == "dashboards":
        return catalog.find(name) is not None
    return any(folder.uid == name for folder in catalog.folders())


def _generated(sent: Sent) -> str:
    if not sent.generate_name:
        raise ApiError(422, "Invalid", "metadata.name is needed, or metadata.generateName")
    return sent.generate_name[:30] + "".join(secrets.choice(SUFFIX) for _ in range(8))


def _kind(ask: Ask) -> Kind:
    kind = KINDS.get(ask.part("group"))
    version = ask.request.match_info.get("version", "")
    if kind is None:
        raise ApiError(404, "NotFound", "the server could not find the requested resource")
    if version and version not in kind.versions:
        raise ApiError(404, "NotFound", f"{kind.group} has no version {version} here; use {kind.versions[0]}")
    return kind


def _store(ask: Ask) -> Kept:
    kind = _kind(ask)
    if ask.part("namespace") not in (NAMESPACE, "org-1"):
        raise ApiError(403, "Forbidden", f"there is one namespace: {NAMESPACE}")
    if ask.part("resource") != kind.plural:
        raise ApiError(404, "NotFound", "the server could not find the requested resource")
    return STORES[kind.plural]
