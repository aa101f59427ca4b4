"""The table of routes of the log API, and how each is wrapped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.web.errors import ApiError, to_loki
from watchkeeper.web.loki import detected, labels, page, patterns, query, rules, status, volume
from watchkeeper.web.loki.backend import Backend
from watchkeeper.web.loki.delete import Deletes
from watchkeeper.web.loki.push import Pushes
from watchkeeper.web.loki.tail import Tails

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Endpoint = Callable[[Backend, web.Request], Awaitable[web.StreamResponse]]

GET: Final = ("GET",)
POST: Final = ("POST",)
FORM: Final = ("GET", "POST")
API: Final = "/loki/api/v1"
OLD: Final = "/api/prom"

ENDPOINTS: Final[tuple[tuple[tuple[str, ...], str, Endpoint], ...]] = (
    (FORM, f"{API}/query", query.query),
    (FORM, f"{API}/query_range", query.query_range),
    (FORM, f"{API}/format_query", query.format_query),
    (FORM, f"{API}/parse_query", query.parse_query),
    (FORM, f"{API}/label", labels.labels),
    (FORM, f"{API}/labels", labels.labels),
    (FORM, f"{API}/label/{{name}}/values", labels.label_values),
    (FORM, f"{API}/series", labels.series),
    (FORM, f"{API}/index/stats", volume.index_stats),
    (FORM, f"{API}/index/shards", volume.index_shards),
    (FORM, f"{API}/index/volume", volume.volume),
    (FORM, f"{API}/index/volume_range", volume.volume_range),
    (FORM, f"{API}/patterns", patterns.patterns),
    (FORM, f"{API}/detected_labels", detected.detected_labels),
    (FORM, f"{API}/detected_fields", detected.detected_fields),
    (FORM, f"{API}/detected_field/{{name}}/values", detected.detected_field_values),
    (GET, f"{API}/drilldown-limits", status.drilldown_limits),
    (GET, f"{API}/cache/generation_numbers", status.cache_generation),
    (POST, f"{API}/cache/generation_numbers/increase", status.no_content),
    (GET, f"{API}/rules", rules.list_rules),
    (GET, f"{API}/rules/{{namespace}}", rules.list_rules),
    (POST, f"{API}/rules/{{namespace}}", rules.put_group),
    (("DELETE",), f"{API}/rules/{{namespace}}", rules.delete_namespace),
    (GET, f"{API}/rules/{{namespace}}/{{group}}", rules.get_group),
    (("DELETE",), f"{API}/rules/{{namespace}}/{{group}}", rules.delete_group),
    (GET, "/prometheus/api/v1/rules", rules.prometheus_rules),
    (GET, "/prometheus/api/v1/alerts", rules.prometheus_alerts),
    (GET, f"{OLD}/rules", rules.list_rules),
    (GET, f"{OLD}/rules/{{namespace}}", rules.list_rules),
    (POST, f"{OLD}/rules/{{namespace}}", rules.put_group),
    (("DELETE",), f"{OLD}/rules/{{namespace}}", rules.delete_namespace),
    (GET, f"{OLD}/rules/{{namespace}}/{{group}}", rules.get_group),
    (("DELETE",), f"{OLD}/rules/{{namespace}}/{{group}}", rules.delete_group),
    (FORM, f"{OLD}/query", query.legacy_query),
    (FORM, f"{OLD}/label", labels.legacy_labels),
    (FORM, f"{OLD}/label/{{name}}/values", labels.legacy_label_values),
    (FORM, f"{OLD}/series", labels.series),
    (GET, "/config/tenant/v1/limits", status.tenant_limits),
    (FORM, "/flush", status.flush),
    (POST, "/flush/tenant", status.flush),
    (FORM, "/ingester/shutdown", status.ingester_shutdown),
    (GET, "/", page.page),
)
# Answered while the store is being read back, too.
EARLY: Final[tuple[tuple[tuple[str, ...], str, Endpoint], ...]] = (
    (("GET", "HEAD"), "/ready", status.ready),
    (GET, "/metrics", status.own_metrics),
    (GET, "/config", status.config),
    (GET, "/services", status.services),
    (FORM, "/log_level", status.log_level),
    (GET, f"{API}/status/buildinfo", status.buildinfo),
    *((GET, path, status.ring) for path in status.RINGS),
    (("GET", "POST", "PUT", "DELETE"), "/ingester/prepare_partition_downscale", status.no_content),
    (("GET", "PUT"), "/sync-indexes", status.sync_indexes),
)
BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100)

log = get_logger("web")


def add_routes(
    app: web.Application,
    backend: Backend,
    pushes: Pushes,
    tails: Tails,
    deletes: Deletes,
    prepare_shutdown: status.PrepareShutdown,
) -> None:
    """Adds all routes of the log API, below the route prefix. What the application has already stays as it is."""
    measure = Measure(backend.registry)
    prefix = backend.settings.route_prefix

    def add(methods: tuple[str, ...], path: str, handler: Handler, *, is_socket: bool = False) -> None:
        measured = measure(path, handler, is_socket=is_socket)
        for method in methods:
            app.router.add_route(method, prefix + path, measured)

    for methods, path, endpoint in ENDPOINTS:
        if endpoint.__module__ == rules.__name__ and not backend.settings.rules_enabled:
            continue
        add(methods, path, wrapped(backend, _bound(backend, endpoint)))
    for methods, path, endpoint in EARLY:
        add(methods, path, wrapped(backend, _bound(backend, endpoint), need_ready=False))
    add(("GET", "POST", "DELETE"), "/ingester/prepare_shutdown",
        wrapped(backend, _bound(backend, prepare_shutdown.answer)))  # fmt: skip
    add(POST, f"{API}/push", wrapped(backend, pushes.push))
    add(POST, f"{OLD}/push", wrapped(backend, pushes.legacy_push))
    add(POST, "/otlp/v1/logs", wrapped(backend, pushes.otlp))
    add(GET, f"{API}/tail", wrapped(backend, tails.tail), is_socket=True)
    add(GET, f"{OLD}/tail", wrapped(backend, tails.legacy_tail), is_socket=True)
    add(("POST", "PUT"), f"{API}/delete", wrapped(backend, deletes.add))
    add(GET, f"{API}/delete", wrapped(backend, deletes.list))
    add(("DELETE",), f"{API}/delete", wrapped(backend, deletes.cancel))


def wrapped(backend: Backend, handler: Handler, *, need_ready: bool = True) -> Handler:
    """A handler whose errors are answered as upstream's: plain text with their status."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if need_ready and not backend.lifecycle.serving:
            return await status.ready(backend, request)
        try:
            return await handler(request)
        except asyncio.CancelledError:
            raise
        except web.HTTPException as error:
            if error.status < 400 or isinstance(error, web.HTTPNotFound | web.HTTPMethodNotAllowed):
                raise
            return plain_error(ApiError(error.status, "http", error.text or error.reason))
        except Exception as error:
            return _told(backend, request, error)

    return answer


def _told(backend: Backend, request: web.Request, error: Exception) -> web.Response:
    """The answer to an exception. Made here, so that no frame of those that it has seen refers to it: a large body
    would stay in memory with them until the next collection of cycles."""
    backend.metrics.exceeded.note(error)
    answer = to_loki(error)
    if answer.type == "internal":
        backend.metrics.panics.inc()
        log.exception("request failed", path=request.path, error=repr(error))  # noqa: LOG004  # The caller handles it.
    return plain_error(answer)


def plain_error(error: ApiError) -> web.Response:
    """An error as text, which no browser shall take for something else."""
    # Half a surrogate pair, as a query may quote one, has no UTF-8.
    text = error.message.encode("utf-8", "replace").decode()
    return web.Response(status=error.status, text=f"{text}\n", headers={"X-Content-Type-Options": "nosniff"})


def route_name(path: str) -> str:
    """A path as upstream's metrics name it: `/loki/api/v1/push` is `loki_api_v1_push`."""
    name = path.strip("/").replace("{", "").replace("}", "")
    return "".join(char if char.isalnum() else "_" for char in name).lower() or "root"


class Measure:
    """Counts requests and their times under upstream's names."""

    def __init__(self, registry: Registry) -> None:
        self._durations = registry.histogram(
            "loki_request_duration_seconds",
            "Time (in seconds) spent serving HTTP requests.",
            BUCKETS_S,
            ("method", "route", "status_code", "ws"),
        )
        self._inflight = registry.gauge(
            "loki_inflight_requests", "Current number of inflight requests.", ("method", "route")
        )
        self._sizes = registry.counter(
            "loki_response_bytes_total", "Bytes of answers, before they are compressed.", ("route",)
        )

    def __call__(self, path: str, handler: Handler, *, is_socket: bool) -> Handler:
        """The handler, measured."""
        route = route_name(path)
        ws = "true" if is_socket else "false"

        async def measured(request: web.Request) -> web.StreamResponse:
            began_s = time.perf_counter()
            inflight = self._inflight.labels(request.method, route)
            inflight.inc()
            code = "500"
            try:
                response = await handler(request)
                code = str(response.status)
                if isinstance(response, web.Response) and isinstance(response.body, bytes):
                    self._sizes.labels(route).inc(len(response.body))
                return response
            except asyncio.CancelledError:
                code = "499"  # The client went away.
                raise
            finally:
                inflight.dec()
                took_s = time.perf_counter() - began_s
                self._durations.labels(request.method, route, code, ws).observe(took_s)

        return measured


def _bound(backend: Backend, endpoint: Endpoint) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        return await endpoint(backend, request)

    return handler
