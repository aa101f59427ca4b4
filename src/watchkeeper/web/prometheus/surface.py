"""The metrics API and its pages as one surface."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web
from aiohttp.typedefs import Middleware

from watchkeeper.web import pages, rule_pages
from watchkeeper.web.build import build_info
from watchkeeper.web.middleware import cors
from watchkeeper.web.prometheus.backend import Backend
from watchkeeper.web.prometheus.lifecycle import not_ready
from watchkeeper.web.prometheus.routes import add_routes

PAGES = (
    "/query",
    "/targets",
    "/config",
    "/flags",
    "/status",
    "/tsdb-status",
    "/service-discovery",
    "/alertmanager-discovery",
)


class PrometheusSurface:
    """What Prometheus serves on 9090."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.max_body_bytes = backend.settings.max_body_bytes

    def middlewares(self) -> Sequence[Middleware]:
        """Pages of other origins may read the API."""
        settings = self._backend.settings
        return [cors(settings.cors_origin, f"{settings.route_prefix}/api/")]

    def add_routes(self, app: web.Application) -> None:
        """API, pages, and what leads to them."""
        backend = self._backend
        prefix = backend.settings.route_prefix
        add_routes(app, backend)

        async def to_query(request: web.Request) -> web.Response:
            # Old links name the graph page, and carry its state.
            return web.Response(
                status=302, headers={"Location": str(request.rel_url.with_path(f"{prefix}/query", keep_query=True))}
            )

        async def to_prefix(_: web.Request) -> web.Response:
            return web.Response(status=302, headers={"Location": f"{prefix}/"})

        for path in PAGES:
            app.router.add_route("GET", prefix + path, self._page)
        app.router.add_route("GET", prefix + "/alerts", self._rule_page(rule_pages.alerts_page))
        app.router.add_route("GET", prefix + "/rules", self._rule_page(rule_pages.rules_page))
        for path in ("/", "/graph"):
            app.router.add_route("GET", prefix + path, to_query)
        if prefix:
            app.router.add_route("GET", "/", to_prefix)
            app.router.add_route("GET", prefix, to_prefix)

    async def _page(self, _: web.Request) -> web.Response:
        backend = self._backend
        if not backend.lifecycle.serving:
            return not_ready(backend)
        head = (await backend.run(lambda: backend.store.status(1))).get("headStats", {})
        build = [("Version", build_info()["revision"].removeprefix("watchkeeper-"))]
        found = [target for targets in backend.scrape.active_targets().values() for target in targets]
        title, prefix = backend.settings.page_title, backend.settings.route_prefix
        text = pages.status_page(title, found, head, build, backend.config_text(), prefix=prefix)
        return web.Response(text=text, content_type="text/html")

    def _rule_page(self, make: Callable[..., str]) -> Callable[[web.Request], Awaitable[web.Response]]:
        backend = self._backend
        title, prefix = backend.settings.page_title, backend.settings.route_prefix

        async def page(_: web.Request) -> web.Response:
            if not backend.lifecycle.serving:
                return not_ready(backend)
            now_s = backend.now_ms() / 1000
            text = await backend.run_read(lambda: make(title, backend.rules.groups(), now_s, prefix=prefix))
            return web.Response(text=text, content_type="text/html")

        return page
