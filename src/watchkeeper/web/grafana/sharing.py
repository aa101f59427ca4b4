"""Short links, snapshots and playlists."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from watchkeeper.dashboards.errors import Refused
from watchkeeper.dashboards.playlists import Playlist
from watchkeeper.dashboards.roles import Kind, Role
from watchkeeper.dashboards.snapshots import Snapshot
from watchkeeper.web.errors import bad_data
from watchkeeper.web.grafana.access import refusal
from watchkeeper.web.grafana.answers import answer, message, time_text
from watchkeeper.web.grafana.ask import Ask
from watchkeeper.web.grafana.backend import Backend


async def shorten(backend: Backend, ask: Ask) -> web.Response:
    """POST /short-urls: a short link to a path of ours."""
    path = (await ask.fields()).text("path")
    uid = await backend.run(lambda: backend.state.short_urls.add(path, backend.now_ms()))
    return answer({"uid": uid, "url": f"{root_url(backend, ask.request)}/goto/{uid}?orgId=1"})


async def go_to(backend: Backend, ask: Ask) -> web.Response:
    """GET /goto/:uid: where a short link leads."""
    uid = ask.part("uid")
    path = await backend.run(lambda: backend.state.short_urls.path(uid))
    return web.Response(status=302, headers={"Location": f"{backend.settings.route_prefix}/{path}"})


async def add_snapshot(backend: Backend, ask: Ask) -> web.Response:
    """POST /snapshots: keeps a dashboard with its data."""
    fields = await ask.fields()
    if fields.flag("external"):
        raise Refused("snapshots are kept here, and are not published elsewhere")
    if not fields.has("dashboard"):
        raise bad_data("bad request data: dashboard is missing")
    user_id = ask.identity.id if ask.identity.kind is Kind.USER else 0
    made = await backend.run(
        lambda: backend.state.snapshots.add(
            fields.mapping("dashboard"), fields.text("name"), fields.number("expires"), user_id, backend.now_ms(),
            key=fields.text("key"), delete_key=fields.text("deleteKey"),
        )
    )  # fmt: skip
    root = root_url(backend, ask.request)
    return answer(
        {
            "id": made.id, "key": made.key, "deleteKey": made.delete_key,
            "url": f"{root}/dashboard/snapshot/{made.key}",
            "deleteUrl": f"{root}/api/snapshots-delete/{made.delete_key}",
        }
    )  # fmt: skip


async def snapshots(backend: Backend, ask: Ask) -> web.Response:
    """GET /dashboard/snapshots: those there are, without their data; for viewers, their own."""
    limit = ask.limit(1000, 5000)
    is_editor = ask.identity.role >= Role.EDITOR

    def work() -> Any:
        found = backend.state.snapshots.all(ask.text("query"), limit, backend.now_ms())
        return [_snapshot_json(backend, one) for one in found if is_editor or _is_own(ask, one)]

    return answer(await backend.run(work))


async def snapshot(backend: Backend, ask: Ask) -> web.Response:
    """GET /snapshots/:key: one, for everybody who knows its key."""
    key = ask.part("key")

    def work() -> Any:
        now_ms = backend.now_ms()
        made = backend.state.snapshots.get(key, now_ms)
        meta = {
            "type": "snapshot", "isSnapshot": True, "canSave": False, "canEdit": False, "canStar": False, "slug": "",
            "canAdmin": False, "canDelete": False, "isFolder": False, "provisioned": False, "url": "",
            "snapshotName": made.name,
            "created": time_text(made.created_ms), "expires": time_text(made.expires_ms), "version": 0,
        }  # fmt: skip
        return {"meta": meta, "dashboard": backend.state.snapshots.body(key, now_ms)}

    return answer(await backend.run(work))


async def delete_snapshot(backend: Backend, ask: Ask) -> web.Response:
    """DELETE /snapshots/:key: for those who made it, and for editors."""
    key = ask.part("key")

    def work() -> int:
        made = backend.state.snapshots.get(key, backend.now_ms())
        if not _is_own(ask, made) and ask.identity.role < Role.EDITOR:
            raise refusal(ask.identity, Role.EDITOR)
        backend.state.snapshots.delete(key)
        return made.id

    number = await backend.run(work)
    return message("Snapshot deleted. It might take an hour before it's cleared from any CDN caches.", id=number)


async def delete_by_key(backend: Backend, ask: Ask) -> web.Response:
    """GET /snapshots-delete/:key: for everybody who knows that key."""
    key = ask.part("key")

    def work() -> int:
        made = backend.state.snapshots.by_delete_key(key, backend.now_ms())
        backend.state.snapshots.delete(made.key)
        return made.id

    number = await backend.run(work)
    return message("Snapshot deleted. It might take an hour before it's cleared from any CDN caches.", id=number)


async def snapshot_options(_: Backend, __: Ask) -> web.Response:
    """GET /snapshot/shared-options: nothing is shared elsewhere."""
    return answer(
        {"externalSnapshotURL": "", "externalSnapshotName": "", "externalEnabled": False, "snapshotEnabled": True}
    )


async def playlists(backend: Backend, ask: Ask) -> web.Response:
    """GET /playlists: those there are."""

    def work() -> Any:
        return [_playlist_json(one, items=False) for one in backend.state.playlists.all(ask.text("query"))]

    return answer(await backend.run(work))


async def playlist(backend: Backend, ask: Ask) -> web.Response:
    """GET /playlists/:uid: one with its items."""
    uid = ask.part("uid")
    return answer(await backend.run(lambda: _playlist_json(backend.state.playlists.get(uid))))


async def playlist_items(backend: Backend, ask: Ask) -> web.Response:
    """GET /playlists/:uid/items: its items alone."""
    uid = ask.part("uid")
    return answer(await backend.run(lambda: list(backend.state.playlists.get(uid).items)))


async def add_playlist(backend: Backend, ask: Ask) -> web.Response:
    """POST /playlists: a new one."""
    fields = await ask.fields()

    def work() -> Any:
        made = backend.state.playlists.create(
            fields.text("uid"), fields.text("name"), fields.text("interval", "5m"), fields.items("items")
        )
        return _playlist_json(made)

    return answer(await backend.run(work))


async def update_playlist(backend: Backend, ask: Ask) -> web.Response:
    """PUT /playlists/:uid: all of it anew."""
    uid = ask.part("uid")
    fields = await ask.fields()

    def work() -> Any:
        made = backend.state.playlists.change(
            uid, fields.text("name"), fields.text("interval", "5m"), fields.items("items")
        )
        return _playlist_json(made)

    return answer(await backend.run(work))


async def delete_playlist(backend: Backend, ask: Ask) -> web.Response:
    """DELETE /playlists/:uid: takes one away."""
    uid = ask.part("uid")
    await backend.run(lambda: backend.state.playlists.delete(uid))
    return answer({})


def root_url(backend: Backend, request: web.Request) -> str:
    """What links to this server begin with."""
    return backend.settings.root_url or f"{request.scheme}://{request.host}{backend.settings.route_prefix}"


def _is_own(ask: Ask, made: Snapshot) -> bool:
    return ask.identity.kind is Kind.USER and made.user_id == ask.identity.id


def _snapshot_json(backend: Backend, made: Snapshot) -> dict[str, Any]:
    # Without the key that takes it away: whoever has that one needs no name.
    return {
        "id": made.id, "name": made.name, "key": made.key, "orgId": 1, "userId": made.user_id, "external": False,
        "externalUrl": "", "url": f"{backend.settings.route_prefix}/dashboard/snapshot/{made.key}",
        "expires": time_text(made.expires_ms), "created": time_text(made.created_ms),
        "updated": time_text(made.created_ms),
    }  # fmt: skip


def _playlist_json(made: Playlist, *, items: bool = True) -> dict[str, Any]:
    found: dict[str, Any] = {"id": made.id, "uid": made.uid, "name": made.name, "interval": made.interval}
    if items:
        found["items"] = list(made.items)
    return found
