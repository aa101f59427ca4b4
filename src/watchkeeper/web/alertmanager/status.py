"""What the server is: status, receivers, health, reload, its own metrics, and what became of the first API."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from watchkeeper.core.model.errors import ConfigError
from watchkeeper.web.alertmanager.answer_json import SECOND_NS, answer, receiver_json, time_text
from watchkeeper.web.alertmanager.backend import Backend
from watchkeeper.web.alertmanager.filters import receiver_test
from watchkeeper.web.build import build_info
from watchkeeper.web.exposition import registry_page

# Clients choose their features by this number; it names the release of Alertmanager whose API this one follows.
COMPATIBLE_VERSION: Final = "0.34.0"
REMOVED: Final = "The Alertmanager v1 API was deprecated in version 0.16.0 and is removed as of version 0.27.0"


async def status(backend: Backend, _: web.Request) -> web.Response:
    """GET /status: the cluster, the configuration in force, version, and since when it runs."""
    cluster = backend.alerts.peers()
    shown: dict[str, Any] = {"name": cluster.name} if cluster.name else {}
    shown["peers"] = [
        {"address": peer.address, "name": peer.name} for peer in sorted(cluster.peers, key=lambda peer: peer.name)
    ]
    shown["status"] = cluster.status
    return answer(
        {
            "cluster": shown,
            "config": {"original": await backend.run(backend.config_text)},
            "uptime": time_text(int(backend.settings.started_s * SECOND_NS)),
            "versionInfo": version_info(),
        }
    )


def version_info() -> dict[str, str]:
    """What this program is, in the shape that clients read."""
    return {**build_info(), "version": COMPATIBLE_VERSION}


async def receivers(backend: Backend, request: web.Request) -> web.Response:
    """GET /receivers: in the order of the configuration."""
    wanted = receiver_test(backend, request)
    found = backend.receivers().items()
    return answer([receiver_json(name, labels) for name, labels in found if wanted is None or wanted(name)])


async def healthy(_: Backend, __: web.Request) -> web.Response:
    """GET HEAD /-/healthy: the process answers."""
    return web.Response(text="OK")


async def ready(backend: Backend, _: web.Request) -> web.Response:
    """GET HEAD /-/ready: silences and the log of notifications have been read back."""
    if not backend.lifecycle.serving:
        return web.Response(status=503, text="Service Unavailable")
    return web.Response(text="OK")


async def reload(backend: Backend, _: web.Request) -> web.Response:
    """POST /-/reload: apply the configuration file, or say why not."""
    try:
        await backend.reload()
    except (ConfigError, OSError) as error:
        return web.Response(status=500, text=f"failed to reload config: {error}\n")
    return web.Response()


async def own_metrics(backend: Backend, request: web.Request) -> web.Response:
    """GET /metrics."""
    return registry_page(backend.registry, request)


async def removed(_: Backend, __: web.Request) -> web.Response:
    """Any method below /api/v1: that API is no more."""
    return answer({"status": "deprecated", "error": REMOVED}, 410)
