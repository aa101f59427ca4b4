"""The log API and its pages as one surface."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aiohttp import web
from aiohttp.typedefs import Middleware

from watchkeeper.logs.logql import ast
from watchkeeper.web.loki.backend import Backend
from watchkeeper.web.loki.delete import Deletes, MakeKeep
from watchkeeper.web.loki.push import Pushes
from watchkeeper.web.loki.routes import add_routes
from watchkeeper.web.loki.status import PrepareShutdown
from watchkeeper.web.loki.tail import Tails
from watchkeeper.web.loki.tail_entries import Filter


class LokiSurface:
    """What Loki serves on 3100."""

    def __init__(self, backend: Backend, make_filter: Callable[[ast.LogQuery], Filter], make_keep: MakeKeep) -> None:
        """
        make_filter   a query over rows just stored, for tails
        make_keep     what a delete request's query leaves alone
        """
        self._backend = backend
        self._pushes = Pushes(backend)
        self._deletes = Deletes(backend, make_keep)
        self.tails = Tails(backend, make_filter)
        self.prepare_shutdown = PrepareShutdown()
        self.max_body_bytes = backend.settings.max_body_bytes

    def middlewares(self) -> Sequence[Middleware]:
        """None of its own."""
        return []

    def add_routes(self, app: web.Application) -> None:
        """API, pages, and what leads to them."""
        add_routes(app, self._backend, self._pushes, self.tails, self._deletes, self.prepare_shutdown)
