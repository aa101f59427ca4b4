"""The application behind every port of the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Middleware
from zlib_ng import zlib_ng

from watchkeeper.web.middleware import compression, last_net, without_server_name

if TYPE_CHECKING:
    from watchkeeper.web.access.gate import Access


class Surface(Protocol):
    """One product's HTTP API: its routes, and what else its answers pass.

    max_body_bytes   of a request that names no limit of its own
    """

    max_body_bytes: int

    def middlewares(self) -> Sequence[Middleware]:
        """Outermost first; they see the requests of other surfaces too."""
        ...

    def add_routes(self, app: web.Application) -> None:
        """All of them; a path that the application has already stays as it is."""
        ...


def make_app(surfaces: Sequence[Surface], *, access: Access | None = None) -> web.Application:
    """All routes of all surfaces, behind `access` where it is given. Where paths collide, the first surface answers:
    each port begins with its own."""
    aiohttp.set_zlib_backend(zlib_ng)
    own = [middleware for surface in surfaces for middleware in surface.middlewares()]
    app = web.Application(
        middlewares=[*own, compression, last_net],
        client_max_size=max(surface.max_body_bytes for surface in surfaces),
    )
    app.on_response_prepare.append(without_server_name)
    if access is not None:
        app.middlewares.insert(0, access.middleware)
        app.on_response_prepare.append(access.add_headers)
    for surface in surfaces:
        surface.add_routes(app)
    return app
