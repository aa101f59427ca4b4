"""Every address of a page is answered by the one page there is; its scripts do the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from urllib.parse import quote

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from watchkeeper.core.model.errors import WatchkeeperError
from watchkeeper.dashboards.roles import Identity
from watchkeeper.web.errors import ApiError
from watchkeeper.web.grafana.who import Who, who_is
from watchkeeper.web.html_page import html_page
from watchkeeper.web.ui.built import Built
from watchkeeper.web.ui.policy import COMMON, is_trustworthy, page_headers

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Identify = Callable[[web.Request], Awaitable[Identity]]
Start = Callable[[Identity], Awaitable[dict[str, Any]]]

IMMUTABLE: Final = "public, max-age=31536000, immutable"
SHORT: Final = "public, max-age=3600"
HASHED: Final = "assets/"
# Pages of ours, and those whose links people have.
PATHS: Final = (
    "/", "/home", "/dashboards", "/dashboards/{rest:.*}", "/d/{uid}", "/d/{uid}/{slug:.*}", "/d-solo/{uid}",
    "/d-solo/{uid}/{slug:.*}", "/dashboard/{rest:.*}", "/dashboard-solo/{rest:.*}", "/explore", "/explore/{rest:.*}",
    "/drilldown", "/alerting", "/alerting/{rest:.*}", "/alerts", "/alerts/{rest:.*}", "/silences",
    "/silences/{rest:.*}",
    "/rules", "/rules/{rest:.*}", "/targets", "/service-discovery", "/logs", "/logs/{rest:.*}", "/status",
    "/status/{rest:.*}", "/profile", "/profile/{rest:.*}", "/playlists", "/playlists/{rest:.*}", "/library-panels",
    "/connections/{rest:.*}", "/admin", "/admin/{rest:.*}", "/org", "/org/{rest:.*}", "/query", "/graph",
    "/alertmanager", "/tsdb-status", "/flags", "/config", "/alertmanager-discovery", "/agent",
)  # fmt: skip
# Those that the stores' own plain pages have too: there a browser gets ours, and a program theirs.
SHARED: Final = frozenset(
    (
        "/query", "/graph", "/targets", "/rules", "/alerts", "/status", "/tsdb-status", "/flags", "/config",
        "/service-discovery", "/alertmanager-discovery", "/agent",
    )
)  # fmt: skip
EMBEDDED: Final = ("/d-solo/", "/d/", "/dashboard/snapshot/")
NOT_BUILT: Final = "the pages are not built: run make setup"


class Pages:
    """Makes the answers."""

    def __init__(
        self, built: Built, prefix: str, title: str, identify: Identify, start: Start, *, allow_embedding: bool = False
    ) -> None:
        """
        identify   who asks; raises ApiError
        start      what the pages start with for somebody
        """
        self.built = built
        self.prefix = prefix
        self._title = title
        self._identify = identify
        self._start = start
        self._allow_embedding = allow_embedding

    async def page(self, request: web.Request) -> web.StreamResponse:
        """Any page. Who may see nothing is led to the login."""
        path = request.rel_url.raw_path.removeprefix(self.prefix)
        if not self.built.is_there:
            return self._not_built()
        try:
            identity = await self._identify(request)
        except ApiError as error:
            return web.Response(status=error.status, text=f"{error.message}\n")
        except WatchkeeperError as error:
            return _soon(error)
        if who_is(identity) < Who.KNOWN and not path.startswith(("/login", "/dashboard/snapshot/")):
            to = quote(
                path + (f"?{request.rel_url.raw_query_string}" if request.rel_url.raw_query_string else ""), safe=""
            )
            return web.Response(status=302, headers={"Location": f"{self.prefix}/login?redirect={to}"})
        try:
            started = await self._start(identity)
        except WatchkeeperError as error:
            return _soon(error)
        body = self.built.page(self.prefix, started)
        headers = page_headers(
            may_embed=self._allow_embedding and path.startswith(EMBEDDED),
            is_trusted=is_trustworthy(_came_over_tls(request), request.host),
        )
        headers[hdrs.ETAG] = etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers[hdrs.VARY] = "Cookie, Authorization"
        if etag in request.headers.get(hdrs.IF_NONE_MATCH, ""):
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type="text/html", charset="utf-8", headers=headers)

    async def login(self, request: web.Request) -> web.StreamResponse | None:
        """The login as a page of ours, for browsers; None where the pages are not built."""
        is_browser = "text/html" in request.headers.get(hdrs.ACCEPT, "")
        return await self.page(request) if is_browser and self.built.is_there else None

    async def asset(self, request: web.Request) -> web.StreamResponse:
        """A file of the build, packed as the browser takes it."""
        name = request.match_info["name"]
        path = self.built.file(f"{HASHED}{name}")
        if path is None:
            return web.Response(status=404, text="404 page not found\n")
        return _file(path, IMMUTABLE)

    async def root_file(self, request: web.Request) -> web.StreamResponse:
        """A file that the build has at its top: icons, the manifest."""
        path = self.built.file(request.match_info["name"])
        if path is None:
            return web.Response(status=404, text="404 page not found\n")
        return _file(path, SHORT)

    def _not_built(self) -> web.Response:
        body = [
            f"<header><h1>{self._title}</h1></header><p>The pages are not built: run <code>make setup</code>.</p>",
            f"<p class='muted'>The API works without them: <a href='{self.prefix}/api/health'>health</a>, ",
            f"<a href='{self.prefix}/api/search'>dashboards</a>.</p>",
        ]
        headers = {"X-Watchkeeper-Pages": NOT_BUILT, "Cache-Control": "no-store"}
        return web.Response(
            status=503, text=html_page(self._title, body), content_type="text/html", headers={**COMMON, **headers}
        )


class PagesSurface:
    """The pages as one surface. Where a port has pages of its own, a browser gets ours in their place once built."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self.max_body_bytes = 1 << 20
        self.handlers: set[Handler] = {pages.page, pages.asset, pages.root_file}

    def middlewares(self) -> Sequence[Middleware]:
        """An address that nothing has is told to a browser by a page of ours."""

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            response = await handler(request)
            is_nowhere = isinstance(request.match_info.http_exception, web.HTTPNotFound)
            if not is_nowhere or request.method != "GET" or "text/html" not in request.headers.get(hdrs.ACCEPT, ""):
                return response
            if not request.rel_url.raw_path.startswith(f"{self._pages.prefix}/") or not self._pages.built.is_there:
                return response
            shown = await self._pages.page(request)
            if shown.status == 200:
                shown.set_status(404)
            return shown

        return [middleware]

    def add_routes(self, app: web.Application) -> None:
        """Pages and files."""
        prefix, pages = self._pages.prefix, self._pages
        for path in PATHS:
            app.router.add_route("GET", prefix + path, pages.page)
        app.router.add_route("GET", f"{prefix}/assets/{{name:.+}}", pages.asset)
        app.router.add_route("GET", f"{prefix}/{{name:[a-z0-9_-]+\\.(?:ico|svg|png|webmanifest|txt)}}", pages.root_file)
        if prefix:
            app.router.add_route("GET", "/", self._to_prefix)
            app.router.add_route("GET", prefix, self._to_prefix)

    async def _to_prefix(self, _: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": f"{self._pages.prefix}/"})


class FrontSurface:
    """Stands before another surface on its port: browsers get our pages where that has plain ones of its own.

    own_prefix   what stands before the paths of the other surface
    home         the page of ours that `/` of the port leads to; empty to leave it to the other surface
    """

    def __init__(self, pages: Pages, *, own_prefix: str, home: str = "", shared: bool = True) -> None:
        self._pages = pages
        self._own_prefix = own_prefix
        self._home = home
        self._shared = SHARED if shared else frozenset[str]()
        self.max_body_bytes = 1 << 20

    def middlewares(self) -> Sequence[Middleware]:
        """Answers browsers in the other surface's place."""

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.method != "GET" or "text/html" not in request.headers.get(hdrs.ACCEPT, ""):
                return await handler(request)
            raw, pages = request.rel_url.raw_path, self._pages
            if not raw.startswith(self._own_prefix) or not pages.built.is_there:
                return await handler(request)
            path = raw.removeprefix(self._own_prefix)
            if self._home and path in ("", "/"):
                return web.Response(status=302, headers={"Location": f"{pages.prefix}{self._home}"})
            if path not in self._shared:
                return await handler(request)
            if self._own_prefix != pages.prefix:
                query = request.rel_url.raw_query_string
                return web.Response(
                    status=302, headers={"Location": f"{pages.prefix}{path}{'?' if query else ''}{query}"}
                )
            return await pages.page(request)

        return [middleware]

    def add_routes(self, app: web.Application) -> None:
        """None."""


def _came_over_tls(request: web.Request) -> bool:
    return request.secure or request.headers.get("X-Forwarded-Proto", "").lower() == "https"


def _soon(error: WatchkeeperError) -> web.Response:
    return web.Response(status=503, text=f"{error}; try again soon\n", headers=COMMON)


def _file(path: Any, caching: str) -> web.FileResponse:
    return web.FileResponse(path, headers={**COMMON, hdrs.CACHE_CONTROL: caching})
