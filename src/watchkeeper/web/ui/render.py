"""The addresses under which panels are pictures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from urllib.parse import urlencode

from aiohttp import web
from aiohttp.typedefs import Middleware

from watchkeeper.dashboards.roles import Identity
from watchkeeper.web.errors import ApiError
from watchkeeper.web.grafana.access import Gatekeeper
from watchkeeper.web.grafana.answers import failure
from watchkeeper.web.grafana.render_keys import COOKIE as RENDER_COOKIE
from watchkeeper.web.grafana.who import Who
from watchkeeper.web.ui.picture import DEFAULT_TIMEOUT_S, Camera, size_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ENTRANCE: Final = "/login/render"
KINDS: Final = ("d-solo", "d")
OWN_PARAMETERS: Final = frozenset(("width", "height", "scale", "timeout", "tz"))


class DrawnOnly:
    """A surface without routes: a port behind it is for the browser that draws, and answers nobody else."""

    def __init__(self, gatekeeper: Gatekeeper, prefix: str) -> None:
        self._gatekeeper = gatekeeper
        self._entrance = f"{prefix}{ENTRANCE}"
        self.max_body_bytes = 1 << 20

    def middlewares(self) -> Sequence[Middleware]:
        """Asks for the key."""

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            key = request.cookies.get(RENDER_COOKIE, "")
            if request.path != self._entrance and self._gatekeeper.renders.identity(key) is None:
                return web.Response(status=404, text="404 page not found\n")
            return await handler(request)

        return [middleware]

    def add_routes(self, app: web.Application) -> None:
        """None."""


class RenderSurface:
    """GET /render/d-solo/:uid/:slug and /render/d/:uid/:slug."""

    def __init__(
        self, gatekeeper: Gatekeeper, camera: Camera, prefix: str, address: Callable[[], Awaitable[str]]
    ) -> None:  # fmt: skip
        """address   what this server's own browser asks: scheme, host and port"""
        self._gatekeeper = gatekeeper
        self._camera = camera
        self._prefix = prefix
        self._address = address
        self.max_body_bytes = 1 << 20
        self.handlers = {self.render, self.enter}

    def middlewares(self) -> Sequence[Middleware]:
        """None of its own."""
        return []

    def add_routes(self, app: web.Application) -> None:
        """Pictures, and the way in for the browser that draws them."""
        for kind in KINDS:
            app.router.add_route("GET", f"{self._prefix}/render/{{kind:{kind}}}/{{uid}}", self.render)
            app.router.add_route("GET", f"{self._prefix}/render/{{kind:{kind}}}/{{uid}}/{{slug}}", self.render)
        app.router.add_route("GET", f"{self._prefix}{ENTRANCE}", self.enter)

    async def render(self, request: web.Request) -> web.StreamResponse:
        """GET /render/...: a PNG."""
        try:
            identity = await self._gatekeeper.admit(request, Who.KNOWN)
            size = size_of(request.query)
            timeout_s = _timeout_s(request.query.get("timeout", ""))
            address = await self._address()
            # The key begins to age when the browser starts, and not while others are drawn.
            picture = await self._camera.picture(
                lambda: self._url(address, request, identity), size, zone=request.query.get("tz", ""),
                timeout_s=timeout_s,
            )  # fmt: skip
        except ApiError as error:
            return failure(error)
        headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=picture, content_type="image/png", headers=headers)

    async def enter(self, request: web.Request) -> web.StreamResponse:
        """GET /login/render: gives the drawing browser what the one who asked may see."""
        return self._gatekeeper.renders.enter(request, self._prefix)

    def _url(self, address: str, request: web.Request, identity: Identity) -> str:
        info = request.match_info
        path = f"/{info['kind']}/{info['uid']}/{info.get('slug', '-')}"
        kept = [(name, value) for name, value in request.query.items() if name not in OWN_PARAMETERS]
        zone = request.query.get("tz", "")
        if zone and not any(name == "timezone" for name, _ in kept):
            kept.append(("timezone", zone))
        if info["kind"] == "d" and not any(name == "kiosk" for name, _ in kept):
            kept.append(("kiosk", "true"))  # Of a picture nobody uses the menus.
        to = f"{path}?{urlencode(kept)}"
        key = self._gatekeeper.renders.add(identity)
        return f"{address}{self._prefix}{ENTRANCE}?{urlencode({'key': key, 'to': to})}"


def _timeout_s(text: str) -> float:
    try:
        return max(1.0, float(text)) if text else DEFAULT_TIMEOUT_S
    except ValueError:
        raise ApiError(400, "bad_data", "timeout is a number of seconds") from None
