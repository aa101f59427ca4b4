"""Health, readiness, reload and quit."""

from __future__ import annotations

from aiohttp import web

from watchkeeper.core.model.errors import ConfigError
from watchkeeper.web.prometheus.backend import Backend

DISABLED = "Lifecycle API is not enabled."


async def healthy(backend: Backend, _: web.Request) -> web.Response:
    """GET HEAD /-/healthy: the process answers."""
    return web.Response(text=f"{backend.settings.page_title} is Healthy.\n")


async def ready(backend: Backend, _: web.Request) -> web.Response:
    """GET HEAD /-/ready: the store has been read back and answers queries."""
    if not backend.lifecycle.serving:
        return not_ready(backend)
    return web.Response(text=f"{backend.settings.page_title} is Ready.\n")


async def reload(backend: Backend, _: web.Request) -> web.Response:
    """POST PUT /-/reload: apply the configuration file, or say why not."""
    if not backend.settings.enable_lifecycle:
        return web.Response(status=403, text=DISABLED)
    try:
        await backend.reload()
    except (ConfigError, OSError) as error:
        return web.Response(status=500, text=f"failed to reload config: {error}\n")
    return web.Response()


async def quit_(backend: Backend, _: web.Request) -> web.Response:
    """POST PUT /-/quit: stop the process, as SIGTERM does."""
    if not backend.settings.enable_lifecycle:
        return web.Response(status=403, text=DISABLED)
    backend.quit()
    return web.Response(text="Requesting termination... Goodbye!")


async def only_post(_: Backend, __: web.Request) -> web.Response:
    """GET on a route that changes something."""
    return web.Response(status=405, text="Only POST or PUT requests allowed")


def not_ready(backend: Backend) -> web.Response:
    """What every route answers while the store is being read back, and while the process stops."""
    stopping = "true" if backend.lifecycle.stopping.is_set() else "false"
    return web.Response(status=503, text="Service Unavailable", headers={"X-Prometheus-Stopping": stopping})
