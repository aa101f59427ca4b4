"""Lists of resources, page by page, and watches: lists that go on."""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import orjson
from aiohttp import web

from watchkeeper.dashboards.errors import Missing, Refused
from watchkeeper.dashboards.roles import Identity, Kind, Role
from watchkeeper.web.errors import ApiError, bad_data
from watchkeeper.web.grafana.answers import answer
from watchkeeper.web.grafana.apis.journal import ADDED, DELETED, MODIFIED, Journal
from watchkeeper.web.grafana.apis.kept import Found, Kept
from watchkeeper.web.grafana.apis.resource import NAMESPACE, Meta, labels_of, resource_json
from watchkeeper.web.grafana.apis.selectors import field_selector, label_selector
from watchkeeper.web.grafana.ask import Ask
from watchkeeper.web.grafana.backend import Backend

MAX_ITEMS: Final = 5000
MAX_WATCHES: Final = 100
LOOK_S: Final = 0.5
BOOKMARK_S: Final = 30.0
ASK_AGAIN_S = 30.0  # Whether whoever watches still may.
MAX_WATCH_S: Final = 600
WHOLE: Final = Identity(Kind.USER, 0, "", "", Role.ADMIN)  # Sees all.
EXPIRED: Final = "too old resource version; list again"

Fits = Callable[[Meta], bool]


@dataclass(slots=True)
class _Watch:
    """One that goes on. `known` is what its client has heard of, by name."""

    store: Kept
    version: str
    fits: Fits
    known: dict[str, Meta]
    revision: tuple[int, ...] = ()


async def listed(backend: Backend, ask: Ask, store: Kept) -> web.StreamResponse:
    """Those that may be seen and fit the selectors, by name; as a stream of what changes where `watch` says so."""
    fits = _fits(ask)
    if ask.flag("watch"):
        return await _watched(backend, ask, store, fits)
    limit, after = ask.limit(MAX_ITEMS, MAX_ITEMS), _start(ask.text("continue"))

    def work() -> Any:
        newest = _noted(backend, store)
        found = [one for one in store.all(backend, backend.state.rights(ask.identity)) if fits(one[0])]
        rest = [one for one in found if one[0].name > after]
        page = rest[:limit]
        items = []
        for one in page:
            with suppress(Missing, Refused):  # Its file is gone, or broken, since the last look.
                items.append(_json(ask, store, one))
        meta: dict[str, Any] = {"resourceVersion": str(newest)}
        if len(rest) > limit:
            meta.update({"continue": _token(page[-1][0].name), "remainingItemCount": len(rest) - limit})
        kind = store.kind
        return {
            "kind": f"{kind.name}List", "apiVersion": f"{kind.group}/{ask.part('version')}", "metadata": meta,
            "items": items,
        }  # fmt: skip

    return answer(await backend.run(work))


async def _watched(backend: Backend, ask: Ask, store: Kept, fits: Fits) -> web.StreamResponse:
    if backend.watches >= MAX_WATCHES:
        raise ApiError(429, "TooManyRequests", f"more than {MAX_WATCHES} watches at a time; try again later")
    wanted_s = ask.number("timeoutSeconds", MAX_WATCH_S) or MAX_WATCH_S
    ends_s = time.monotonic() + min(max(1, wanted_s), MAX_WATCH_S)
    watch = _Watch(store, ask.part("version"), fits, {})
    begun = await backend.run(lambda: _begun(backend, ask, watch))
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Cache-Control": "no-store"})
    backend.watches += 1
    try:
        await response.prepare(ask.request)
        await response.write(begun)
        marked_s = asked_s = time.monotonic()
        while time.monotonic() < ends_s and backend.lifecycle.serving:
            await asyncio.sleep(LOOK_S)
            if time.monotonic() - asked_s >= ASK_AGAIN_S:
                asked_s = time.monotonic()
                if not await ask.is_still_theirs():
                    break
            is_due = ask.flag("allowWatchBookmarks") and time.monotonic() - marked_s >= BOOKMARK_S
            said = await backend.run(lambda: _next(backend, ask, watch))
            if is_due:
                marked_s = time.monotonic()
                said += _bookmark(watch, backend.journals[store.kind.plural].version)
            if said:
                await response.write(said)
        await response.write_eof()
    except ConnectionError:
        pass  # Nobody watches any more.
    finally:
        backend.watches -= 1
    return response


def _begun(backend: Backend, ask: Ask, watch: _Watch) -> bytes:
    """The first events; from then on `watch.known` is what the client knows. Raises ApiError where its version is too
    old."""
    at = ask.text("resourceVersion")
    is_list = ask.flag("sendInitialEvents")
    newest = _noted(backend, watch.store)
    if at not in ("", "0") and not is_list:
        watch.known = _known_at(backend, ask, watch, at)
    said = _next(backend, ask, watch)
    if is_list:
        said += _bookmark(watch, newest, {"k8s.io/initial-events-end": "true"})
    return said


def _known_at(backend: Backend, ask: Ask, watch: _Watch, at: str) -> dict[str, Meta]:
    """What the client knew at a version: what is there now, with the changes since taken back."""
    known = {meta.name: meta for meta, _ in _visible(backend, ask, watch)}
    changes = backend.journals[watch.store.kind.plural].since(at)
    if changes is None:
        # A client that got one resource alone goes on from that one's version.
        only = ask.text("fieldSelector").removeprefix("metadata.name=")
        if only not in known or known[only].resource_version != at:
            raise ApiError(410, "Expired", EXPIRED)
        return known
    first: dict[str, str] = {}
    fits_name = _names(ask)
    for change in changes:
        if fits_name(change.name):
            first.setdefault(change.name, change.kind)
    for name, kind in first.items():
        if kind == ADDED:
            known.pop(name, None)
        elif name in known or ask.identity.role is Role.ADMIN:
            known[name] = Meta(name, 0, 0, "", 0, 0, "", "")  # Of a version that there is not any more.
        else:
            # Whether it was theirs to see, nobody can tell any more.
            raise ApiError(410, "Expired", EXPIRED)
    return known


def _next(backend: Backend, ask: Ask, watch: _Watch) -> bytes:
    """What has changed since the last look, as lines of JSON."""
    revision = backend.state.catalog.revision
    if revision == watch.revision:
        return b""
    newest = _noted(backend, watch.store)
    found = {one[0].name: one for one in _visible(backend, ask, watch)}
    lines: list[tuple[int, dict[str, Any]]] = []
    for name, one in found.items():
        old = watch.known.get(name)
        if old is not None and old.resource_version == one[0].resource_version:
            continue
        with suppress(Missing, Refused):
            shown = _json(ask, watch.store, one)
            kind = ADDED if old is None else MODIFIED
            lines.append((int(one[0].resource_version), {"type": kind, "object": shown}))
    for name, old in watch.known.items():
        if name not in found:
            shown = resource_json(watch.store.kind, watch.version, old, {})
            shown["metadata"]["resourceVersion"] = str(newest)
            lines.append((newest, {"type": DELETED, "object": shown}))
    watch.known = {name: meta for name, (meta, _) in found.items()}
    watch.revision = revision
    return b"".join(orjson.dumps(line) + b"\n" for _, line in sorted(lines, key=lambda pair: pair[0]))


def _bookmark(watch: _Watch, version: int, notes: Mapping[str, str] | None = None) -> bytes:
    kind = watch.store.kind
    meta: dict[str, Any] = {"resourceVersion": str(version), "creationTimestamp": None}
    if notes:
        meta["annotations"] = notes
    shown = {"kind": kind.name, "apiVersion": f"{kind.group}/{watch.version}", "metadata": meta, "spec": {}}
    return orjson.dumps({"type": "BOOKMARK", "object": shown}) + b"\n"


def _visible(backend: Backend, ask: Ask, watch: _Watch) -> list[Found]:
    rights = backend.state.rights(ask.identity)
    return [one for one in watch.store.all(backend, rights) if watch.fits(one[0])]


def _noted(backend: Backend, store: Kept) -> int:
    """The version of all there is now."""
    journal = backend.journals.setdefault(store.kind.plural, Journal())
    whole = {meta.name: meta for meta, _ in store.all(backend, backend.state.rights(WHOLE))}
    return journal.note(whole, backend.now_ms())


def _fits(ask: Ask) -> Fits:
    by_label, by_name = label_selector(ask.text("labelSelector")), _names(ask)
    return lambda meta: by_name(meta.name) and by_label(labels_of(meta))


def _names(ask: Ask) -> Callable[[str], bool]:
    fits = field_selector(ask.text("fieldSelector"))
    return lambda name: fits({"metadata.name": name, "metadata.namespace": NAMESPACE})


def _json(ask: Ask, store: Kept, one: Found) -> dict[str, Any]:
    return resource_json(store.kind, ask.part("version"), one[0], one[1]())


def _token(name: str) -> str:
    return base64.urlsafe_b64encode(orjson.dumps({"after": name})).decode()


def _start(token: str) -> str:
    """The name after which a page begins."""
    if not token:
        return ""
    try:
        name = orjson.loads(base64.urlsafe_b64decode(token))["after"]
        if not isinstance(name, str):
            raise TypeError
    except (binascii.Error, ValueError, TypeError, KeyError):
        raise bad_data("continue is not what a list said") from None
    return name
