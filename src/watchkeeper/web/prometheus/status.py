"""What the server says of itself, and what it does on demand."""

from __future__ import annotations

import asyncio

import orjson
from aiohttp import web

from watchkeeper.core.model.errors import UnavailableError
from watchkeeper.web.build import build_info
from watchkeeper.web.envelope import Reply
from watchkeeper.web.errors import bad_data, bad_parameter
from watchkeeper.web.params import MAX_TIME_MS, MIN_TIME_MS, Params, parse_bool, parse_int
from watchkeeper.web.prometheus.backend import Backend
from watchkeeper.web.prometheus.family_json import family_json

MAX_STATUS_LIMIT = 10_000
LIVE_CHECK_S = 1.0  # How late a stream of notices notices that the server stops.


async def config(backend: Backend, _: Params, __: web.Request) -> Reply:
    """GET /status/config: the configuration in force, secrets hidden."""
    return Reply({"yaml": backend.config_text()})


async def runtimeinfo(backend: Backend, _: Params, __: web.Request) -> Reply:
    """GET /status/runtimeinfo."""
    return Reply(dict(backend.runtime()))


async def buildinfo(_: Backend, __: Params, ___: web.Request) -> Reply:
    """GET /status/buildinfo."""
    return Reply(build_info())


async def flags(backend: Backend, _: Params, __: web.Request) -> Reply:
    """GET /status/flags."""
    return Reply(dict(backend.flags))


async def tsdb(backend: Backend, params: Params, _: web.Request) -> Reply:
    """GET /status/tsdb: cardinality of the head."""
    limit = 10
    if text := params.get("limit"):
        try:
            limit = parse_int(text)
        except ValueError:
            limit = 0
        if limit < 1:
            raise bad_data("limit must be a positive number")
        if limit > MAX_STATUS_LIMIT:
            raise bad_data(f"limit must not exceed {MAX_STATUS_LIMIT}")
    return Reply(dict(await backend.run(lambda: backend.store.status(limit))))


async def tsdb_blocks(backend: Backend, _: Params, __: web.Request) -> Reply:
    """GET /status/tsdb/blocks."""
    return Reply({"blocks": [dict(meta) for meta in backend.store.block_metas()]})


async def walreplay(backend: Backend, _: Params, __: web.Request) -> Reply:
    """GET /status/walreplay: also answered before the server is ready."""
    low, high, current = backend.store.replay_progress()
    return Reply({"min": low, "max": high, "current": current})


async def self_metrics(backend: Backend, params: Params, _: web.Request) -> Reply:
    """GET /status/self_metrics: this process's own families."""
    from watchkeeper.core.model.regex import RegexError, regex

    pattern = params.get("metric_name_pattern") or ".*"
    try:
        wanted = regex(pattern)
    except RegexError as error:
        raise bad_parameter("metric_name_pattern", error) from None
    families = sorted(backend.registry.collect(), key=lambda family: family.name)
    return Reply([family_json(family) for family in families if family.samples and wanted.matches(family.name)])


async def notifications(backend: Backend, _: Params, __: web.Request) -> Reply:
    """GET /notifications: the notices that stand now."""
    return Reply([notice.as_json() for notice in backend.notifications.standing])


async def delete_series(backend: Backend, params: Params, _: web.Request) -> Reply:
    """POST PUT /admin/tsdb/delete_series."""
    _need_admin(backend)
    if not params.all("match[]"):
        raise bad_data("no match[] parameter provided")
    start_ms = params.time_ms("start", MIN_TIME_MS)
    end_ms = params.time_ms("end", MAX_TIME_MS)
    sets = params.matcher_sets(named=True)
    await backend.run_read(lambda: backend.store.delete(sets, start_ms, end_ms))
    return Reply(None)


async def clean_tombstones(backend: Backend, _: Params, __: web.Request) -> Reply:
    """POST PUT /admin/tsdb/clean_tombstones."""
    _need_admin(backend)
    await backend.run_read(backend.store.clean_tombstones)
    return Reply(None)


async def snapshot(backend: Backend, params: Params, _: web.Request) -> Reply:
    """POST PUT /admin/tsdb/snapshot."""
    _need_admin(backend)
    try:
        skip_head = parse_bool(params.get("skip_head") or "false")
    except ValueError as error:
        raise bad_parameter("skip_head", f"unable to parse boolean: {error}") from None
    name = await backend.run_read(lambda: backend.store.snapshot(skip_head))
    return Reply({"name": name})


def _need_admin(backend: Backend) -> None:
    if not backend.settings.enable_admin_api:
        raise UnavailableError("admin APIs disabled")


async def version(_: Backend, __: web.Request) -> web.Response:
    """GET /version."""
    return web.Response(body=orjson.dumps(build_info()) + b"\n", content_type="application/json")


async def notifications_live(backend: Backend, request: web.Request) -> web.StreamResponse:
    """GET /notifications/live: a stream of notices until the client leaves or the server stops."""
    queue = backend.notifications.follow()
    if queue is None:
        # 204 tells an EventSource not to try again.
        return web.Response(status=204)
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
    try:
        await response.prepare(request)
        while not backend.lifecycle.stopping.is_set() or not queue.empty():
            try:
                notice = await asyncio.wait_for(queue.get(), LIVE_CHECK_S)
            except TimeoutError:
                continue
            await response.write(b"data: %b\n\n" % orjson.dumps(notice.as_json()))
    finally:
        backend.notifications.leave(queue)
    return response
