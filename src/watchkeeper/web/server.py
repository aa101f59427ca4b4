"""The application behind every port of the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web
from zlib_ng import zlib_ng

from watchkeeper.web import pages
from watchkeeper.web.middleware import compression, cors, last_net, without_server_name
from watchkeeper.web.prometheus.backend import Backend
from watchkeeper.web.prometheus.lifecycle import not_ready
from watchkeeper.web.prometheus.routes import add_routes
from watchkeeper.web.prometheus.status import build_info

if TYPE_CHECKING:
    from watchkeeper.web.access.gate import Access

PAGES = (
    "/query",
    "/alerts",
    "/targets",
    "/rules",
    "/config",
    "/flags",
    "/status",
    "/tsdb-status",
    "/service-discovery",
    "/alertmanager-discovery",
)


def make_app(backend: Backend, *, access: Access | None = None) -> web.Application:
    """All routes over one backend, behind `access` where it is given."""
    aiohttp.set_zlib_backend(zlib_ng)
    prefix = backend.settings.route_prefix
    app = web.Application(
        middlewares=[cors(backend.settings.cors_origin, f"{prefix}/api/"), compression, last_net],
        client_max_size=backend.settings.max_body_bytes,
    )
    app.on_response_prepare.append(without_server_name)
    if access is not None:
        app.middlewares.insert(0, access.middleware)
        app.on_response_prepare.append(access.add_headers)
    add_routes(app, backend)

    async def page(_: web.Request) -> web.Response:
        if not backend.lifecycle.serving:
            return not_ready(backend)
        head = (await backend.run(lambda: backend.store.status(1))).get("headStats", {})
        build = [("Version", build_info()["revision"].removeprefix("watchkeeper-"))]
        found = [target for targets in backend.scrape.active_targets().values() for target in targets]
        text = pages.status_page(backend.settings.page_title, found, head, build, backend.config_text(), prefix=prefix)
        return web.Response(text=text, content_type="text/html")

    async def to_query(request: web.Request) -> web.Response:
        # Old links name the graph page, and carry its state.
        return web.Response(
            status=302, headers={"Location": str(request.rel_url.with_path(f"{prefix}/query", keep_query=True))}
        )

    async def to_prefix(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": f"{prefix}/"})

    for path in PAGES:
        app.router.add_route("GET", prefix + path, page)
    for path in ("/", "/graph"):
        app.router.add_route("GET", prefix + path, to_query)
    if prefix:
        app.router.add_route("GET", "/", to_prefix)
        app.router.add_route("GET", prefix, to_prefix)
    return app
