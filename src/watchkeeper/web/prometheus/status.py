"""What the server says of itself, and what it does on demand."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from watchkeeper.core.model.errors import UnavailableError
from watchkeeper.core.telemetry.family import Family, format_value
from watchkeeper.metrics.promql.signatures import FUNCTIONS
from watchkeeper.web.envelope import Reply
from watchkeeper.web.errors import bad_data, bad_parameter
from watchkeeper.web.params import MAX_TIME_MS, MIN_TIME_MS, Params
from watchkeeper.web.prometheus.backend import Backend

# Clients choose their features by this number; it names the release whose API this one follows.
COMPATIBLE_VERSION = "3.14.0"
MAX_STATUS_LIMIT = 10_000


async def config(backend: Backend, _: Params, __: web.Request) -> Reply:
    """GET /status/config: the configuration in force, secrets hidden."""
    return Reply({"yaml": backend.config_text()})


async def runtimeinfo(backend: Backend, _: Params, __: web.Request) -> Reply:
    """GET /status/runtimeinfo."""
    return Reply(dict(backend.runtime()))


def build_info() -> dict[str, str]:
    """Version and origin, in the shape that clients detect a server's abilities by."""
    import platform

    from watchkeeper import __version__

    return {
        "version": COMPATIBLE_VERSION,
        "revision": f"watchkeeper-{__version__}",
        "branch": "main",
        "buildUser": "watchkeeper",
        "buildDate": "",
        "goVersion": f"python{platform.python_version()}",
    }


async def buildinfo(_: Backend, __: Params, ___: web.Request) -> Reply:
    """GET /status/buildinfo."""
    return Reply(build_info())


async def flags(backend: Backend, _: Params, __: web.Request) -> Reply:
    """GET /status/flags."""
    return Reply(dict(backend.flags))


async def tsdb(backend: Backend, params: Params, _: web.Request) -> Reply:
    """GET /status/tsdb: cardinality of the head."""
    limit = params.limit() or 10
    if limit > MAX_STATUS_LIMIT:
        raise bad_parameter("limit", f"limit must not exceed {MAX_STATUS_LIMIT}")
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

    pattern = params.get("metric_name_pattern", ".*")
    try:
        wanted = regex(pattern)
    except RegexError as error:
        raise bad_parameter("metric_name_pattern", error) from None
    return Reply([_family_json(family) for family in backend.registry.collect() if wanted.matches(family.name)])


async def notifications(_: Backend, __: Params, ___: web.Request) -> Reply:
    """GET /notifications: notices for the pages; there are none."""
    return Reply([])


async def alertmanagers(_: Backend, __: Params, ___: web.Request) -> Reply:
    """GET /alertmanagers."""
    return Reply({"activeAlertmanagers": [], "droppedAlertmanagers": []})


async def alerts(_: Backend, __: Params, ___: web.Request) -> Reply:
    """GET /alerts: no rules are evaluated, so there are none."""
    return Reply({"alerts": []})


async def rules(_: Backend, __: Params, ___: web.Request) -> Reply:
    """GET /rules: no rules are evaluated, so there are no groups."""
    return Reply({"groups": []})


async def delete_series(backend: Backend, params: Params, _: web.Request) -> Reply:
    """POST PUT /admin/tsdb/delete_series."""
    _need_admin(backend)
    if not params.all("match[]"):
        raise bad_data("no match[] parameter provided")
    start_ms = params.time_ms("start", MIN_TIME_MS)
    end_ms = params.time_ms("end", MAX_TIME_MS)
    sets = params.matcher_sets()
    await backend.run(lambda: backend.store.delete(sets, start_ms, end_ms))
    return Reply(None)


async def clean_tombstones(backend: Backend, _: Params, __: web.Request) -> Reply:
    """POST PUT /admin/tsdb/clean_tombstones."""
    _need_admin(backend)
    await backend.run(backend.store.clean_tombstones)
    return Reply(None)


async def snapshot(backend: Backend, params: Params, _: web.Request) -> Reply:
    """POST PUT /admin/tsdb/snapshot."""
    _need_admin(backend)
    text = params.get("skip_head", "false")
    if text.lower() not in ("true", "false", "1", "0", "t", "f"):
        raise bad_parameter("skip_head", f'strconv.ParseBool: parsing "{text}": invalid syntax')
    skip_head = text.lower() in ("true", "1", "t")
    name = await backend.run(lambda: backend.store.snapshot(skip_head))
    return Reply({"name": name})


def _need_admin(backend: Backend) -> None:
    if not backend.settings.enable_admin_api:
        raise UnavailableError("admin APIs disabled")


async def version(_: Backend, __: web.Request) -> web.Response:
    """GET /version."""
    return web.json_response(build_info())


async def notifications_live(backend: Backend, request: web.Request) -> web.StreamResponse:
    """GET /notifications/live: a stream of notices; there are none, so it stays silent until the server stops."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
    await response.prepare(request)
    while not backend.lifecycle.stopping.is_set():
        await asyncio.sleep(1)
        if request.transport is None or request.transport.is_closing():
            break
    return response


async def features(backend: Backend, _: Params, __: web.Request) -> Reply:
    """GET /features: what this server can do, by category."""
    settings = backend.settings
    functions = {name: not signature.experimental for name, signature in FUNCTIONS.items()}
    return Reply(
        {
            "api": {
                "admin": settings.enable_admin_api,
                "exemplars": True,
                "lifecycle": settings.enable_lifecycle,
                "query_stats": True,
                "remote_write_receiver": settings.enable_remote_write_receiver,
                "time_range_labels": True,
                "time_range_series": True,
            },
            "promql": {"at_modifier": True, "negative_offset": True, "subqueries": True, "duration_expr": True},
            "promql_functions": functions,
            "scrape": {"extra_scrape_metrics": True, "native_histograms": True},
            "service_discovery_providers": {"dns": True, "file": True, "http": True, "static": True},
            "tsdb": {"exemplar_storage": True, "native_histograms": True, "snapshots": True},
        }
    )


def _family_json(family: Family) -> dict[str, Any]:
    samples = [
        {"name": family.name + suffix, "labels": dict(zip(names, values, strict=True)), "value": format_value(value)}
        for suffix, names, values, value in family.samples
    ]
    return {"name": family.name, "help": family.help, "type": family.type.upper(), "samples": samples}
