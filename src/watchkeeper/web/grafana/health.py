"""Whether the server is well."""

from __future__ import annotations

from aiohttp import web

from watchkeeper import __version__
from watchkeeper.core.model.errors import WatchkeeperError
from watchkeeper.web.exposition import registry_page
from watchkeeper.web.grafana.answers import answer, message
from watchkeeper.web.grafana.ask import Ask
from watchkeeper.web.grafana.backend import Backend
from watchkeeper.web.grafana.version import COMPATIBLE_VERSION


async def health(backend: Backend, _: Ask) -> web.Response:
    """GET /api/health: the database's state, and the version that tools look for."""
    if not backend.lifecycle.serving:
        return message(
            "the server starts or stops; try again soon", 503, database="unknown", version=COMPATIBLE_VERSION
        )
    try:
        await backend.run(lambda: backend.state.database.row("SELECT 1"))
        state = "ok"
    except WatchkeeperError:
        state = "failing"
    document = {
        "commit": f"watchkeeper-{__version__}",
        "database": state,
        "version": COMPATIBLE_VERSION,
        "enterpriseCommit": "",
    }
    return answer(document, 200 if state == "ok" else 503)


async def healthz(_: Backend, __: Ask) -> web.Response:
    """GET /healthz: Ok."""
    return web.Response(text="Ok")


async def own_metrics(backend: Backend, ask: Ask) -> web.Response:
    """GET /metrics: this process's own."""
    return registry_page(backend.registry, ask.request)
