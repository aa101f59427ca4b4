"""The table of routes of the metrics API, and how each is wrapped."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.web.envelope import Reply, failure, success
from watchkeeper.web.errors import bad_data, to_prometheus
from watchkeeper.web.params import Params
from watchkeeper.web.prometheus import federate, lifecycle, query, remote, series, status, targets
from watchkeeper.web.prometheus.backend import Backend

Endpoint = Callable[[Backend, Params, web.Request], Awaitable[Reply]]
Plain = Callable[[Backend, web.Request], Awaitable[web.StreamResponse]]

GET: Final = ("GET",)
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
    (GET, "alertmanagers", status.alertmanagers),
    (GET, "alerts", status.alerts),
    (GET, "rules", status.rules),
    (GET, "status/config", status.config),
    (GET, "status/runtimeinfo", status.runtimeinfo),
    (GET, "status/buildinfo", status.buildinfo),
    (GET, "status/flags", status.flags),
    (GET, "status/tsdb", status.tsdb),
    (GET, "status/tsdb/blocks", status.tsdb_blocks),
    (GET, "status/walreplay", status.walreplay),
    (GET, "status/self_metrics", status.self_metrics),
    (GET, "features", status.features),
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
    (("POST",), "/api/v1/read", remote.read),
    (("POST",), "/api/v1/write", remote.write),
    (GET, "/-/healthy", lifecycle.healthy),
    (GET, "/-/ready", lifecycle.ready),
    (CHANGE, "/-/reload", lifecycle.reload),
    (CHANGE, "/-/quit", lifecycle.quit_),
    (GET, "/-/reload", lifecycle.only_post),
    (GET, "/-/quit", lifecycle.only_post),
    (GET, "/version", status.version),
)
NEED_READY: Final = frozenset({"/federate", "/api/v1/read", "/api/v1/write"})

log = get_logger("web")


def add_routes(app: web.Application, backend: Backend) -> None:
    """Adds all routes of the metrics API."""
    measure = _Measure(backend.registry)
    for methods, path, endpoint in API:
        handler = measure(f"/api/v1/{path}", _enveloped(backend, endpoint, path not in SERVED_BEFORE_READY))
        for method in methods:
            app.router.add_route(method, f"/api/v1/{path}", handler)
    for methods, path, plain in PLAIN:
        handler = measure(path, _plain(backend, plain, path in NEED_READY))
        for method in methods:
            app.router.add_route(method, path, handler)
    app.router.add_route("GET", "/api/v1/notifications/live", _plain(backend, status.notifications_live, False))
    app.router.add_route("OPTIONS", "/api/v1/{rest:.*}", _options)
    app.router.add_route("*", "/api/v1/{rest:.*}", _unknown)


def _enveloped(
    backend: Backend, endpoint: Endpoint, need_ready: bool
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handler(request: web.Request) -> web.Response:
        if need_ready and not backend.lifecycle.ready.is_set():
            return lifecycle.not_ready(backend)
        try:
            return success(await endpoint(backend, await Params.of(request), request))
        except web.HTTPRequestEntityTooLarge:
            return failure(bad_data("request body too large"))
        except Exception as error:
            answer = to_prometheus(error)
            if answer.type == "internal":
                log.exception("request failed", path=request.path, error=repr(error))
            return failure(answer)

    return handler


def _plain(backend: Backend, plain: Plain, need_ready: bool) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handler(request: web.Request) -> web.StreamResponse:
        if need_ready and not backend.lifecycle.ready.is_set():
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


async def _options(_: web.Request) -> web.Response:
    return web.Response(status=204)


async def _unknown(_: web.Request) -> web.Response:
    return web.Response(status=404, text="404 page not found\n")
