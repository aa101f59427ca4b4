"""The endpoints of resources: discovery, list, get, create, update, patch, delete."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from watchkeeper.dashboards.permissions import Level
from watchkeeper.web.errors import ApiError, bad_data
from watchkeeper.web.grafana.allowed import may_folder
from watchkeeper.web.grafana.answers import answer
from watchkeeper.web.grafana.apis.json_patch import patched
from watchkeeper.web.grafana.apis.kept import Kept, KeptDashboards, KeptFolders
from watchkeeper.web.grafana.apis.listing import listed
from watchkeeper.web.grafana.apis.openapi import document_json, index_json
from watchkeeper.web.grafana.apis.resource import (
    KINDS,
    NAMESPACE,
    NAMESPACES,
    Kind,
    Sent,
    check_schema,
    check_version,
    deleted_json,
    exists,
    group_json,
    groups_json,
    merged,
    missing,
    resource_json,
    sent_of,
    status_json,
    version_json,
)
from watchkeeper.web.grafana.ask import Ask, Fields
from watchkeeper.web.grafana.backend import Backend
from watchkeeper.web.grafana.dashboards import full

STORES: Final[dict[str, Kept]] = {"dashboards": KeptDashboards(), "folders": KeptFolders()}
MERGE: Final = (
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/json",
    "application/octet-stream",  # Nothing was said.
)
JSON_PATCH: Final = "application/json-patch+json"
NO_SUCH: Final = "the server could not find the requested resource"
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


async def list_(backend: Backend, ask: Ask) -> web.StreamResponse:
    """GET /apis/:group/:version/namespaces/:namespace/:resource: those that may be seen and fit `labelSelector` and
    `fieldSelector`, by name, `limit` at a time; with `watch` a stream of what changes."""
    return await listed(backend, ask, _store(ask))


async def get(backend: Backend, ask: Ask) -> web.Response:
    """GET .../:resource/:name: one of them."""
    store, name = _store(ask), ask.part("name")
    return answer(await backend.run(lambda: _shown(backend, ask, store, name)))


async def access(backend: Backend, ask: Ask) -> web.Response:
    """GET .../dashboards/:name/dto: one with what may be done with it, and its panels of the library filled in."""
    store, name = _store(ask), ask.part("name")
    if store.kind.plural != "dashboards":
        raise ApiError(404, "NotFound", NO_SUCH)

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
    sent = _sent(ask, store, await ask.document())
    if sent.resource_version:
        raise bad_data("resourceVersion should not be set on objects to be created")
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
    sent = _sent(ask, store, await ask.document())
    if sent.name != name:
        raise bad_data(f"the name of the object ({sent.name}) does not match the name on the URL ({name})")

    def work() -> tuple[Any, int]:
        if not _is_there(backend, store, name):
            if sent.resource_version or sent.uid:  # Of one that is gone.
                raise missing(store.kind, name)
            store.add(backend, ask, name, sent)
            return _shown(backend, ask, store, name), 201
        return _changed(backend, ask, store, name, lambda _: sent), 200

    found, status = await backend.run(lambda: _done(backend, ask, work))
    return answer(found, status)


async def patch(backend: Backend, ask: Ask) -> web.Response:
    """PATCH .../:resource/:name: by a merge patch (RFC 7396) or a JSON patch (RFC 6902), as Content-Type says."""
    store, name = _store(ask), ask.part("name")
    kind = ask.request.content_type
    if kind not in (*MERGE, JSON_PATCH):
        types = f"{MERGE[0]} or {JSON_PATCH}"
        raise ApiError(415, "UnsupportedMediaType", f"the body of the request was in an unknown format: use {types}")
    changes = await ask.document()
    if kind != JSON_PATCH:
        Fields(changes)

    def changed(old: dict[str, Any]) -> Sent:
        made = patched(old, changes) if kind == JSON_PATCH else merged(old, changes)
        sent = _sent(ask, store, made)
        if sent.name != name:
            raise ApiError(422, "Invalid", "metadata.name: field is immutable")
        return sent

    def work() -> Any:
        return _changed(backend, ask, store, name, changed)

    return answer(await backend.run(lambda: _done(backend, ask, work)))


async def delete(backend: Backend, ask: Ask) -> web.Response:
    """DELETE .../:resource/:name: takes one away."""
    store, name = _store(ask), ask.part("name")
    options = await ask.fields()
    wanted, is_tried = Fields(options.mapping("preconditions")), bool(options.texts("dryRun"))

    def work() -> Any:
        meta, _ = store.get(backend, ask, name)
        check_version(store.kind, meta, wanted.text("resourceVersion"), wanted.text("uid"))
        store.delete(backend, ask, name)
        return deleted_json(store.kind, name)

    return answer(await backend.run(lambda: _done(backend, ask, work, is_tried=is_tried)))


async def no_collection(_: Backend, __: Ask) -> web.Response:
    """DELETE .../:resource: refused, as all of them at once are not taken away."""
    raise ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")


async def core_versions(_: Backend, __: Ask) -> web.Response:
    """GET /api: that there are no resources of Kubernetes' core, for its clients."""
    return answer({"kind": "APIVersions", "versions": [], "serverAddressByClientCIDRs": []})


async def openapi(_: Backend, __: Ask) -> web.Response:
    """GET /openapi/v3: where the document of each version of each group is."""
    return answer(index_json())


async def openapi_of(_: Backend, ask: Ask) -> web.Response:
    """GET /openapi/v3/apis/:group/:version: what its resources are, for Kubernetes' clients."""
    return answer(document_json(_kind(ask), ask.part("version")))


async def nothing(_: Backend, __: Ask) -> web.Response:
    """ANY /apis/*: what there is not."""
    return failed(ApiError(404, "NotFound", NO_SUCH))


def failed(error: ApiError) -> web.Response:
    """An error, as clients of resources read it."""
    document = status_json(error)
    return answer(document, document["code"])


def _changed(backend: Backend, ask: Ask, store: Kept, name: str, made: Callable[[dict[str, Any]], Sent]) -> Any:
    """What is there after a change; `made` gets what was there before."""
    meta, spec = store.get(backend, ask, name)
    sent = made(resource_json(store.kind, ask.part("version"), meta, spec))
    check_version(store.kind, meta, sent.resource_version, sent.uid)
    store.change(backend, ask, name, sent)
    return _shown(backend, ask, store, name)


def _sent(ask: Ask, store: Kept, document: Any) -> Sent:
    version = ask.part("version")
    sent = sent_of(document, store.kind, version)
    check_schema(store.kind, version, sent.spec)
    return sent


def _done(backend: Backend, ask: Ask, work: Callable[[], Any], *, is_tried: bool = False) -> Any:
    """What `work` returns; of a dry run nothing is left."""
    if (word := ask.text("dryRun")) not in ("", "All"):
        raise ApiError(422, "Invalid", f'dryRun: Unsupported value: "{word}": supported values: "All"')
    found: Any = None
    try:
        with backend.state.database.change():
            found = work()
            if word or is_tried:
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
        raise ApiError(404, "NotFound", NO_SUCH)
    if version and version not in kind.versions:
        raise ApiError(404, "NotFound", f"{kind.group} has no version {version} here; use {kind.versions[0]}")
    return kind


def _store(ask: Ask) -> Kept:
    kind = _kind(ask)
    if ask.request.match_info.get("namespace", NAMESPACE) not in NAMESPACES:
        raise ApiError(403, "Forbidden", f"there is one namespace: {NAMESPACE}")
    if ask.part("resource") != kind.plural:
        raise ApiError(404, "NotFound", NO_SUCH)
    return STORES[kind.plural]
