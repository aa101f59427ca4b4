"""The table of routes of the API of alerts, and how each is wrapped."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from watchkeeper import __version__
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.web.alertmanager import alerts, answer_json, groups, openapi, page, silences, status
from watchkeeper.web.alertmanager.backend import Backend
from watchkeeper.web.alertmanager.errors import bad_form, error_response
from watchkeeper.web.errors import ApiError, to_alertmanager

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Endpoint = Callable[[Backend, web.Request], Awaitable[web.StreamResponse]]

API: Final = "/api/v2"
# What the removed API had; only these, as other paths below /api/v1 are another product's.
OLD_PATHS: Final = ("alerts", "alerts/groups", "receivers", "silence/{id}", "silences", "status")
OLD_METHODS: Final = ("GET", "POST", "DELETE")
BUCKETS_S: Final = (0.05, 0.1, 0.25, 0.5, 0.75, 1, 2, 5, 20, 60)
SIZES: Final = (100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
MIN_GETS: Final = 8  # At a time, where no flag says how many.

log = get_logger("web")


@dataclass(frozen=True, slots=True)
class Route:
    """One operation of the API. What `openapi.py` says of it stands there under the same method and path."""

    method: str
    path: str
    endpoint: Endpoint


ROUTES: Final = (
    Route("GET", "/status", status.status),
    Route("GET", "/receivers", status.receivers),
    Route("GET", "/alerts", alerts.list_alerts),
    Route("POST", "/alerts", alerts.post_alerts),
    Route("GET", "/alerts/groups", groups.list_groups),
    Route("GET", "/silences", silences.list_silences),
    Route("POST", "/silences", silences.post_silence),
    Route("GET", "/silence/{id}", silences.get_silence),
    Route("DELETE", "/silence/{id}", silences.delete_silence),
)
# Beside the API.
PAGES: Final[tuple[tuple[str, str, Endpoint], ...]] = (
    ("GET", "/", page.page),
    ("GET", "/alerts", page.page),
)
# Answered while silences are being read back, too.
EARLY: Final[tuple[tuple[str, str, Endpoint], ...]] = (
    ("GET", "/-/healthy", status.healthy),
    ("HEAD", "/-/healthy", status.healthy),
    ("GET", "/-/ready", status.ready),
    ("HEAD", "/-/ready", status.ready),
    ("POST", "/-/reload", status.reload),
    ("GET", "/metrics", status.own_metrics),
)


def add_routes(app: web.Application, backend: Backend) -> None:
    """Adds all routes, below the route prefix. What the application has already stays as it is."""
    prefix = backend.settings.route_prefix
    measure = Measure(backend.registry)
    gets = Gets(backend.settings.get_concurrency, backend.registry)

    def add(method: str, path: str, handler: Handler) -> None:
        app.router.add_route(method, prefix + path, measure(path, handler))

    for route in ROUTES:
        handler = wrapped(backend, route.endpoint)
        add(route.method, API + route.path, gets.limited(handler) if route.method == "GET" else handler)
    methods: dict[str, list[str]] = {}
    for route in ROUTES:
        methods.setdefault(route.path, []).append(route.method)
    for path, known in methods.items():
        # As upstream: with the error in its own form.
        app.router.add_route("*", prefix + API + path, _other_method(known))
    add("GET", f"{API}/openapi.yaml", _description_yaml)
    add("GET", f"{API}/openapi.json", _description_json)
    for method, path, endpoint in PAGES:
        add(method, path, wrapped(backend, endpoint))
    for method, path, endpoint in EARLY:
        add(method, path, wrapped(backend, endpoint, need_ready=False))
    app.router.add_route("*", f"{prefix}{API}/{{rest:.*}}", _unknown)
    for path in OLD_PATHS:
        for method in OLD_METHODS:
            add(method, f"/api/v1/{path}", wrapped(backend, status.removed, need_ready=False))


def description() -> dict[str, Any]:
    """The OpenAPI document of all routes; the first line of an endpoint's docstring is its sentence."""
    rows = [(route.method, route.path, (route.endpoint.__doc__ or "").split(": ", 1)[-1]) for route in ROUTES]
    return openapi.document(rows, __version__)


async def _description_yaml(_: web.Request) -> web.Response:
    import yaml

    text = yaml.safe_dump(_plain(description()), sort_keys=False, width=120, allow_unicode=True)
    return web.Response(text=text, content_type="application/yaml")


async def _description_json(_: web.Request) -> web.Response:
    return answer_json.answer(description())


def _plain(value: Any) -> Any:
    """Copies, so that YAML needs no anchors for what stands twice."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def wrapped(backend: Backend, endpoint: Endpoint, *, need_ready: bool = True) -> Handler:
    """A handler whose errors are answered as upstream's."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if need_ready and not backend.lifecycle.serving:
            return error_response(ApiError(503, "unavailable", "alerts are not ready: the server starts or stops"))
        timeout_s = backend.settings.timeout_s
        try:
            async with asyncio.timeout(timeout_s or None):
                return await endpoint(backend, request)
        except asyncio.CancelledError:
            raise
        except TimeoutError:
            text = f"Exceeded configured timeout of {timeout_s:g}s.\n"
            return web.Response(status=503, text=text, headers={"X-Content-Type-Options": "nosniff"})
        except web.HTTPException as error:
            if error.status < 400 or isinstance(error, web.HTTPNotFound | web.HTTPMethodNotAllowed):
                raise
            return error_response(bad_form(error.status, error.text or error.reason))
        except Exception as error:
            return _told(request, error)

    return answer


def _told(request: web.Request, error: Exception) -> web.Response:
    """The answer to an exception, made where no frame of the request's refers to it."""
    answer = to_alertmanager(error)
    if answer.type == "internal":
        log.exception("request failed", path=request.path, error=repr(error))  # noqa: LOG004  # The caller handles it.
    return error_response(answer)


def _other_method(known: list[str]) -> Handler:
    allowed = ",".join(sorted(known, key=("GET", "POST", "DELETE").index))

    async def answer(request: web.Request) -> web.Response:
        error = bad_form(405, f"method {request.method} is not allowed, but [{allowed}] are")
        response = error_response(error)
        response.headers["Allow"] = allowed
        return response

    return answer


async def _unknown(request: web.Request) -> web.Response:
    return error_response(bad_form(404, f"path {request.path} was not found"))


class Gets:
    """Lets so many GETs of the API in at a time; what is above the number is told to come back."""

    def __init__(self, limit: int, registry: Registry) -> None:
        self._limit = limit if limit > 0 else max(os.cpu_count() or 1, MIN_GETS)
        self._inside = 0
        self._exceeded = registry.counter(
            "alertmanager_http_concurrency_limit_exceeded_total",
            "Total number of times an HTTP request failed because the concurrency limit was reached.",
            ("method",),
        )
        self._exceeded.labels("get")
        self._inflight = registry.gauge(
            "alertmanager_http_requests_in_flight", "Current number of HTTP requests being processed.", ("method",)
        )
        self._inflight.labels("get")

    def limited(self, handler: Handler) -> Handler:
        """The handler, with one more place taken while it works."""

        async def answer(request: web.Request) -> web.StreamResponse:
            if self._inside >= self._limit:
                self._exceeded.labels("get").inc()
                text = f"Limit of concurrent GET requests reached ({self._limit}), try again later.\n"
                return web.Response(status=503, text=text, headers={"X-Content-Type-Options": "nosniff"})
            self._inside += 1
            self._inflight.labels("get").set(self._inside)
            try:
                return await handler(request)
            finally:
                self._inside -= 1
                self._inflight.labels("get").set(self._inside)

        return answer


class Measure:
    """Times requests and measures answers under upstream's names."""

    def __init__(self, registry: Registry) -> None:
        self._durations = registry.histogram(
            "alertmanager_http_request_duration_seconds",
            "Histogram of latencies for HTTP requests.",
            BUCKETS_S,
            ("handler", "method"),
        )
        self._sizes = registry.histogram(
            "alertmanager_http_response_size_bytes",
            "Histogram of response size for HTTP requests.",
            SIZES,
            ("handler", "method"),
        )

    def __call__(self, path: str, handler: Handler) -> Handler:
        """The handler, measured."""

        async def measured(request: web.Request) -> web.StreamResponse:
            began_s = time.perf_counter()
            method = request.method.lower()
            try:
                response = await handler(request)
                if isinstance(response, web.Response) and isinstance(response.body, bytes):
                    self._sizes.labels(path, method).observe(len(response.body))
                return response
            finally:
                self._durations.labels(path, method).observe(time.perf_counter() - began_s)

        return measured
