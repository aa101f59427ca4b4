"""The application behind every port of the server."""

from __future__ import annotations

import aiohttp
from aiohttp import web
from zlib_ng import zlib_ng

from watchkeeper.web import pages
from watchkeeper.web.middleware import compression, cors, last_net
from watchkeeper.web.prometheus.backend import Backend
from watchkeeper.web.prometheus.lifecycle import not_ready
from watchkeeper.web.prometheus.routes import add_routes
from watchkeeper.web.prometheus.status import build_info

PAGES = ("/", "/graph", "/query", "/targets", "/config", "/status", "/flags", "/tsdb-status", "/service-discovery")


def make_app(backend: Backend, *, max_connections: int) -> web.Application:
    """All routes over one backend."""
    aiohttp.set_zlib_backend(zlib_ng)
    app = web.Application(
        middlewares=[cors(backend.settings.cors_origin), compression, last_net],
        client_max_size=backend.settings.max_body_bytes,
    )
    add_routes(app, backend)

    async def page(_: web.Request) -> web.Response:
        if not backend.lifecycle.ready.is_set():
            return not_ready(backend)
        head = (await backend.run(lambda: backend.store.status(1))).get("headStats", {})
        build = [("Version", build_info()["revision"].removeprefix("watchkeeper-"))]
        found = [target for targets in backend.scrape.active_targets().values() for target in targets]
        text = pages.status_page(backend.settings.page_title, found, head, build, backend.config_text())
        return web.Response(text=text, content_type="text/html")

    for path in PAGES:
        app.router.add_get(path, page)
    return app
