"""The API of alerts and its pages as one surface."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from watchkeeper.web.alertmanager.backend import Backend
from watchkeeper.web.alertmanager.routes import API, add_routes

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PREFLIGHT_METHODS: Final = ("GET", "HEAD", "POST")  # Deletes are not for pages of others.


class AlertmanagerSurface:
    """What Alertmanager serves on 9093."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.max_body_bytes = backend.settings.max_body_bytes
        self.route_prefix = backend.settings.route_prefix

    def middlewares(self) -> Sequence[Middleware]:
        """Pages of other origins may read the API, and post to it."""
        return [cors(f"{self._backend.settings.route_prefix}{API}/")]

    def add_routes(self, app: web.Application) -> None:
        """API, pages, and what leads to them."""
        prefix = self._backend.settings.route_prefix
        add_routes(app, self._backend)

        async def to_prefix(_: web.Request) -> web.Response:
            return web.Response(status=302, headers={"Location": f"{prefix}/"})

        if prefix:
            app.router.add_route("GET", "/", to_prefix)
            app.router.add_route("GET", prefix, to_prefix)


def cors(paths: str) -> Middleware:
    """Answers for pages of every origin, as upstream's API below `paths` does; other paths are left alone."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(paths):
            return await handler(request)
        origin = request.headers.get(hdrs.ORIGIN, "")
        wanted = request.headers.get(hdrs.ACCESS_CONTROL_REQUEST_METHOD, "")
        if request.method == "OPTIONS" and wanted:
            return _preflight(origin, wanted, request.headers.get(hdrs.ACCESS_CONTROL_REQUEST_HEADERS, ""))
        response = await handler(request)
        if not response.prepared:
            response.headers.add(hdrs.VARY, "Origin")
            if origin:
                response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*"
        return response

    return middleware


def _preflight(origin: str, method: str, headers: str) -> web.Response:
    response = web.Response()
    for name in ("Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"):
        response.headers.add(hdrs.VARY, name)
    if origin and method in PREFLIGHT_METHODS:
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*"
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_METHODS] = method
        if headers.lower().replace(" ", "") in ("content-type", "accept", "content-type,accept", "accept,content-type"):
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = ", ".join(
                name.strip().title() for name in headers.split(",")
            )
    return response
