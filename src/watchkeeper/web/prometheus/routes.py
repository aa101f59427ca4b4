"""The table of routes of the metrics API, and how each is wrapped."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from watchkeeper.core.telemetry.exceeded import ExceededLimits
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.web.envelope import Reply, failure, success
from watchkeeper.web.errors import bad_data, bad_parameter, to_prometheus
from watchkeeper.web.params import Params
from watchkeeper.web.prometheus import (
    features,
    federate,
    lifecycle,
    pprof,
    query,
    remote,
    rules,
    search,
    series,
    status,
    targets,
)
from watchkeeper.web.prometheus.backend import Backend

Endpoint = Callable[[Backend, Params, web.Request], Awaitable[Reply]]
Plain = Callable[[Backend, web.Request], Awaitable[web.StreamResponse]]

GET: Final = ("GET",)
PROBE: Final = ("GET", "HEAD")
FORM: Final = ("GET", "POST")
CHANGE: Final = ("POST", "PUT")

# Below /api/v1, answered in the envelope.
API: Final[tuple[tuple[tuple[str, ...], str, Endpoint], ...]] = (
    (FORM, "query", query.query),
    (FORM, "query_range", query.query_range),
    (FORM, "query_exemplars", query.query_exemplars),
    (FORM, "format_query", query.format_query),
    (FORM, "parse_query", query.parse_query),
    (FORM, "labels", series.labels),
    (GET, "label/{name}/values", series.label_values),
    (FORM, "series", series.series),
    (GET, "scrape_pools", targets.scrape_pools),
    (GET, "scrape_pools/config", targets.scrape_pool_config),
    (GET, "targets", targets.targets),
    (GET, "targets/metadata", targets.target_metadata),
    (GET, "targets/relabel_steps", targets.relabel_steps),
    (GET, "metadata", targets.metadata),
    (GET, "alertmanagers", rules.alertmanagers),
    (GET, "alerts", rules.alerts),
    (GET, "rules", rules.rules),
    (GET, "status/config", status.config),
    (GET, "status/runtimeinfo", status.runtimeinfo),
    (GET, "status/buildinfo", status.buildinfo),
    (GET, "status/flags", status.flags),
    (GET, "status/tsdb", status.tsdb),
    (GET, "status/tsdb/blocks", status.tsdb_blocks),
    (GET, "status/walreplay", status.walreplay),
    (GET, "status/self_metrics", status.self_metrics),
    (GET, "features", features.features),
    (GET, "notifications", status.notifications),
    (CHANGE, "admin/tsdb/delete_series", status.delete_series),
    (CHANGE, "admin/tsdb/clean_tombstones", status.clean_tombstones),
    (CHANGE, "admin/tsdb/snapshot", status.snapshot),
)
SERVED_BEFORE_READY: Final = frozenset({"status/walreplay", "notifications"})

# Answered as they are.
PLAIN: Final[tuple[tuple[tuple[str, ...], str, Plain], ...]] = (
    (GET, "/federate", federate.federate),
    (GET, "/metrics", federate.own_metrics),
    (GET, "/api/v1/notifications/live", status.notifications_live),
    (FORM, "/api/v1/search/metric_names", search.metric_names),
    (FORM, "/api/v1/search/label_names", search.label_names),
    (FORM, "/api/v1/search/label_values", search.label_values),
    (("POST",), "/api/v1/read", remote.read),
    (("POST",), "/api/v1/write", remote.write),
    (("POST",), "/api/v1/otlp/v1/metrics", remote.otlp),
    (PROBE, "/-/healthy", lifecycle.healthy),
    (PROBE, "/-/ready", lifecycle.ready),
    (CHANGE, "/-/reload", lifecycle.reload),
    (GET, "/-/reload", lifecycle.only_post),
    (CHANGE, "/-/quit", lifecycle.quit_),
    (GET, "/-/quit", lifecycle.only_post),
    (GET, "/version", status.version),
    (GET, "/debug/pprof/{name:.*}", pprof.profile),
)
NEED_READY: Final = frozenset(
    {
        "/federate",
        "/api/v1/read",
        "/api/v1/write",
        "/api/v1/otlp/v1/metrics",
        "/api/v1/search/metric_names",
        "/api/v1/search/label_names",
        "/api/v1/search/label_values",
    }
)

log = get_logger("web")


def add_routes(app: web.Application, backend: Backend) -> None:
    """Adds all routes of the metrics API, below the route prefix."""
    measure = _Measure(backend.registry)
    prefix = backend.settings.route_prefix
    for methods, path, endpoint in API:
        handler = measure(f"/api/v1/{path}", _enveloped(backend, endpoint, path not in SERVED_BEFORE_READY))
        resource = app.router.add_resource(f"{prefix}/api/v1/{path}")
        for method in methods:
            resource.add_route(method, handler)
    for methods, path, plain in PLAIN:
        handler = measure(path, _plain(backend, plain, path in NEED_READY))
        resource = app.router.add_resource(prefix + path)
        for method in methods:
            resource.add_route(method, handler)
    app.router.add_route("GET", prefix + "/api/v1/openapi.yaml", measure("/api/v1/openapi.yaml", _openapi))
    app.router.add_route("*", prefix + "/api/v1/{rest:.*}", _Rest().answer)


def _enveloped(
    backend: Backend, endpoint: Endpoint, need_ready: bool
) -> Callable[[web.Request], Awaitable[web.Response]]:
    exceeded = ExceededLimits(backend.registry)

    async def handler(request: web.Request) -> web.Response:
        if need_ready and not backend.lifecycle.serving:
            return lifecycle.not_ready(backend)
        try:
            async with asyncio.timeout(backend.settings.read_timeout_s):
                params = await Params.of(request)
            return success(await endpoint(backend, params, request))
        except web.HTTPRequestEntityTooLarge as error:
            return failure(bad_data(f"error parsing form values: {error.text}"))
        except (asyncio.CancelledError, TimeoutError):
            raise
        except Exception as error:
            exceeded.note(error)
            answer = to_prometheus(error)
            if answer.type == "internal":
                log.exception("request failed", path=request.path, error=repr(error))
            return failure(answer)

    return handler


def _plain(backend: Backend, plain: Plain, need_ready: bool) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handler(request: web.Request) -> web.StreamResponse:
        if need_ready and not backend.lifecycle.serving:
            return lifecycle.not_ready(backend)
        return await plain(backend, request)

    return handler


class _Measure:
    """Counts requests and their times under upstream's names."""

    def __init__(self, registry: Registry) -> None:
        self._requests = registry.counter(
            "prometheus_http_requests_total", "Counter of HTTP requests.", ("handler", "code")
        )
        self._durations = registry.histogram(
            "prometheus_http_request_duration_seconds",
            "Histogram of latencies for HTTP requests.",
            (0.1, 0.2, 0.4, 1, 3, 8, 20, 60, 120),
            ("handler",),
        )

    def __call__(
        self, path: str, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        import time

        duration = self._durations.labels(path)

        async def measured(request: web.Request) -> web.StreamResponse:
            start_s = time.perf_counter()
            response = await handler(request)
            duration.observe(time.perf_counter() - start_s)
            self._requests.labels(path, str(response.status)).inc()
            return response

        return measured


async def _openapi(request: web.Request) -> web.Response:
    """GET /openapi.yaml: these routes in words for machines."""
    from watchkeeper import __version__
    from watchkeeper.web.prometheus import openapi

    version = request.query.get("openapi_version", "") or openapi.VERSIONS[0]
    if version not in openapi.VERSIONS:
        return failure(bad_parameter("openapi_version", f"must be one of {', '.join(openapi.VERSIONS)}"))
    rows = [(methods, path, _sentence(endpoint)) for methods, path, endpoint in API]
    rows += [
        (methods, path.removeprefix("/api/v1/"), _sentence(plain))
        for methods, path, plain in PLAIN
        if path.startswith("/api/v1/")
    ]
    rows.append((GET, "openapi.yaml", _sentence(_openapi)))
    text = openapi.document(sorted(rows, key=lambda row: row[1]), version, __version__)
    return web.Response(text=text, content_type="application/yaml")


def _sentence(endpoint: Callable[..., object]) -> str:
    """What an endpoint's docstring says after the path."""
    first = (endpoint.__doc__ or "").partition("\n")[0]
    return first.partition(": ")[2] or first


class _Rest:
    """What no route of /api/v1 takes: OPTIONS, other methods of known paths, unknown paths."""

    def __init__(self) -> None:
        known = [(methods, path) for methods, path, _ in API]
        known += [(methods, path.removeprefix("/api/v1/")) for methods, path, _ in PLAIN]
        known.append((GET, "openapi.yaml"))
        self._methods = {path: methods for methods, path in known}

    async def answer(self, request: web.Request) -> web.Response:
        """204, 405 or 404."""
        if request.method == "OPTIONS":
            return web.Response(status=204)
        rest = re.sub(r"^label/[^/]+/values$", "label/{name}/values", request.match_info["rest"])
        methods = self._methods.get(rest)
        if methods is None:
            return web.Response(status=404, text="404 page not found\n")
        raise web.HTTPMethodNotAllowed(request.method, methods)
