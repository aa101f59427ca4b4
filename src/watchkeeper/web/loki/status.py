"""What the server is and how it is: readiness, build, configuration, parts, rings, flushes."""

from __future__ import annotations

from html import escape
from typing import Final

import yaml
from aiohttp import web

from watchkeeper.core.telemetry.log import get_level, get_logger, set_level
from watchkeeper.web.build import build_info
from watchkeeper.web.envelope import json_response
from watchkeeper.web.errors import ApiError, bad_data
from watchkeeper.web.exposition import registry_page
from watchkeeper.web.loki.answer_json import dumps
from watchkeeper.web.loki.backend import Backend
from watchkeeper.web.loki.params import Params
from watchkeeper.web.loki.tenancy import tenants_of

# Clients choose their features by this number; it names the release of Loki whose API this one follows.
COMPATIBLE_VERSION: Final = "3.8.0"
SERVICES: Final = (
    "server", "store", "ring", "distributor", "ingester", "querier", "query-frontend", "query-scheduler", "ruler",
    "compactor", "index-gateway", "pattern-ingester",
)  # fmt: skip
RINGS: Final = {
    "/ring": "Ingester", "/distributor/ring": "Distributor", "/ruler/ring": "Ruler", "/compactor/ring": "Compactor",
    "/indexgateway/ring": "Index gateway", "/scheduler/ring": "Query scheduler", "/pattern/ring": "Pattern ingester",
    "/partition-ring": "Partition", "/memberlist": "Memberlist",
}  # fmt: skip

log = get_logger("web")


async def ready(backend: Backend, _: web.Request) -> web.Response:
    """GET /ready: whether the store has been read back."""
    lifecycle = backend.lifecycle
    if lifecycle.stopping.is_set():
        return web.Response(status=503, text="Application is stopping\n")
    if not lifecycle.ready.is_set():
        return web.Response(status=503, text="Some services are not Running:\nStarting: 1\n")
    return web.Response(text="ready\n")


async def own_metrics(backend: Backend, request: web.Request) -> web.Response:
    """GET /metrics."""
    return registry_page(backend.registry, request)


async def buildinfo(_: Backend, __: web.Request) -> web.Response:
    """GET /status/buildinfo: no envelope."""
    return json_response(dumps({**build_info(), "version": COMPATIBLE_VERSION}))


async def config(backend: Backend, request: web.Request) -> web.Response:
    """GET /config: the configuration as YAML; `mode` is diffs or defaults."""
    mode = request.query.get("mode", "")
    if mode not in ("", "diff", "diffs", "defaults"):
        raise bad_data(f"invalid mode {mode!r}; choose from diffs, defaults")
    text = await backend.run(lambda: backend.config_text(mode))
    return web.Response(text=text, content_type="text/yaml")


async def tenant_limits(backend: Backend, request: web.Request) -> web.Response:
    """GET /config/tenant/v1/limits: the tenant's limits as YAML."""
    tenant = tenants_of(backend, request)[0]
    text = yaml.safe_dump(backend.published_limits(tenant), sort_keys=True)
    return web.Response(text=text, content_type="text/yaml")


async def drilldown_limits(backend: Backend, request: web.Request) -> web.Response:
    """GET /drilldown-limits: what Grafana's Logs Drilldown wants to know."""
    tenant = tenants_of(backend, request)[0]
    body = {
        "limits": backend.published_limits(tenant),
        "pattern_ingester_enabled": backend.settings.patterns_enabled,
        "version": COMPATIBLE_VERSION,
    }
    return json_response(dumps(body) + b"\n")


async def services(backend: Backend, _: web.Request) -> web.Response:
    """GET /services: upstream's services, all of which are this process."""
    lifecycle = backend.lifecycle
    state = "Stopping" if lifecycle.stopping.is_set() else "Running" if lifecycle.ready.is_set() else "Starting"
    return web.Response(text="".join(f"{name} => {state}\n" for name in SERVICES))


async def log_level(backend: Backend, request: web.Request) -> web.Response:
    """GET POST /log_level: what is logged; a POST changes it."""
    if request.method == "GET":
        return json_response(dumps({"message": f"Current log level is {get_level()}"}))
    wanted = (await Params.of(request, backend)).get("log_level")
    try:
        set_level(wanted)
    except ValueError:
        body = {"message": f'unrecognized log level "{wanted}"', "status": "failed"}
        return json_response(dumps(body), 400)
    return json_response(dumps({"message": f"Log level set to {wanted}", "status": "success"}))


async def ring(backend: Backend, request: web.Request) -> web.Response:
    """GET /ring and its like: one instance, this one."""
    title = next((name for path, name in RINGS.items() if request.path.endswith(path)), "Ring")
    state = "ACTIVE" if backend.lifecycle.serving else "PENDING"
    return web.Response(
        text=(
            "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>"
            f"{title}</title></head><body><h1>{title}</h1><p>One process holds the whole ring.</p>"
            "<table><thead><tr><th>Instance</th><th>State</th><th>Address</th><th>Ownership</th></tr></thead>"
            f"<tbody><tr><td>watchkeeper</td><td>{state}</td><td>{escape(request.host)}</td><td>100%</td></tr></tbody>"
            "</table></body></html>"
        ),
        content_type="text/html",
    )


async def flush(backend: Backend, _: web.Request) -> web.Response:
    """GET POST /flush: brings what is in memory into segments; 204 when that is done."""
    await _flush(backend)
    return web.Response(status=204)


async def ingester_shutdown(backend: Backend, request: web.Request) -> web.Response:
    """GET POST /ingester/shutdown: flushes, and ends the process unless `terminate` is false."""
    params = await Params.of(request, backend)
    terminate = params.get("terminate", "true") != "false"
    if terminate and not backend.settings.allow_shutdown:
        raise ApiError(403, "disabled", "Lifecycle API is not enabled: start with --web.enable-lifecycle")
    if params.get("flush", "true") != "false":
        await _flush(backend)
    if terminate:
        backend.quit()
    return web.Response(status=204)


async def no_content(_: Backend, __: web.Request) -> web.Response:
    """204: there is nothing to do."""
    return web.Response(status=204)


async def cache_generation(_: Backend, __: web.Request) -> web.Response:
    """GET /cache/generation_numbers: there is no cache that could be out of date."""
    return json_response(b'"0"\n')


async def sync_indexes(_: Backend, request: web.Request) -> web.Response:
    """GET PUT /sync-indexes: indexes are always those of the segments."""
    return web.Response(status=202 if request.method == "PUT" else 200)


class PrepareShutdown:
    """Whether the next stop is to flush everything first."""

    def __init__(self) -> None:
        self.is_set = False

    async def answer(self, _: Backend, request: web.Request) -> web.Response:
        """GET POST DELETE /ingester/prepare_shutdown."""
        if request.method == "GET":
            return web.Response(text="set\n" if self.is_set else "unset\n")
        self.is_set = request.method == "POST"
        return web.Response(status=204)


async def _flush(backend: Backend) -> None:
    try:
        async with backend.flushing:
            await backend.run_read(backend.store.flush)
    except OSError as error:
        # What could not be written stays in memory and in the log, and is tried again.
        log.error("a flush failed", error=error)
        raise
