"""Grafana's API and its logins as one surface, and the guard before what else its port serves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web
from aiohttp.typedefs import Middleware

from watchkeeper.core.model.errors import WatchkeeperError
from watchkeeper.web.errors import ApiError, to_grafana
from watchkeeper.web.grafana.access import Gatekeeper
from watchkeeper.web.grafana.answers import failure
from watchkeeper.web.grafana.backend import MAX_BODY_BYTES, Backend
from watchkeeper.web.grafana.first_admin import PATH, FirstAdmin
from watchkeeper.web.grafana.login import Login, View
from watchkeeper.web.grafana.proxy import needed_role
from watchkeeper.web.grafana.routes import add_routes, told
from watchkeeper.web.grafana.who import BY_ROLE

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# For probes, which have no name.
OPEN = ("/-/healthy", "/-/ready", "/ready")


class GrafanaSurface:
    """What Grafana serves on 3000, but for the pages."""

    def __init__(self, backend: Backend, gatekeeper: Gatekeeper, first: FirstAdmin, view: View | None = None) -> None:
        """view   the login as one of the built pages; it gives None where there are none"""
        self._backend = backend
        self.gatekeeper = gatekeeper
        self._login = Login(backend, gatekeeper, first, view)
        self.max_body_bytes = MAX_BODY_BYTES
        self.handlers: set[Handler] = set()

    def middlewares(self) -> Sequence[Middleware]:
        """None of its own."""
        return []

    def add_routes(self, app: web.Application) -> None:
        """API and logins."""
        prefix = self._backend.settings.route_prefix
        self.handlers |= add_routes(app, self._backend, self.gatekeeper)
        login = self._login
        for method, path, handler in (
            ("GET", "/login", login.page),
            ("POST", "/login", login.login),
            ("GET", "/logout", login.logout),
            ("POST", "/logout", login.logout),
            ("GET", PATH, login.first_page),
            ("POST", PATH, login.first),
        ):
            answered = _answered(handler)
            self.handlers.add(answered)
            app.router.add_route(method, prefix + path, answered)

    def guard(self) -> Guard:
        """What stands before the other surfaces on the port of the pages."""
        return Guard(self._backend, self.gatekeeper, self.handlers)


class Guard:
    """A surface without routes: on its port the stores' own APIs ask for a role too, as a proxy to them does."""

    def __init__(self, backend: Backend, gatekeeper: Gatekeeper, open_handlers: set[Handler]) -> None:
        self._backend = backend
        self._gatekeeper = gatekeeper
        self._open = open_handlers
        self.max_body_bytes = 1 << 20

    def middlewares(self) -> Sequence[Middleware]:
        """Asks who comes."""

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            path = request.rel_url.raw_path.removeprefix(self._backend.settings.route_prefix)
            if request.match_info.handler in self._open or path in OPEN:
                return await handler(request)
            try:
                await self._gatekeeper.admit(request, BY_ROLE[needed_role(request.method, path)])
            except (ApiError, WatchkeeperError) as error:
                return failure(to_grafana(error))
            return await handler(request)

        return [middleware]

    def add_routes(self, app: web.Application) -> None:
        """None."""


def _answered(handler: Handler) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException:
            raise
        except Exception as error:
            return told(request, error)

    return answer
