"""Pages of samples: which of the two text forms a client wants, and the answer in it."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from watchkeeper.core.telemetry.metrics import Registry

_TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
_OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def wants_openmetrics(request: web.Request) -> bool:
    """Whether the client names OpenMetrics before the plain text form."""
    accept = request.headers.get("Accept", "")
    found = [accept.find(kind) for kind in ("application/openmetrics-text", "text/plain")]
    return found[0] >= 0 and (found[1] < 0 or found[0] < found[1])


def samples_page(body: bytes, *, openmetrics: bool) -> web.Response:
    """The page, named for what it is."""
    return web.Response(body=body, headers={"Content-Type": _OPENMETRICS if openmetrics else _TEXT})


def registry_page(registry: Registry, request: web.Request) -> web.Response:
    """The metrics of this process, in the form that the client wants."""
    openmetrics = wants_openmetrics(request)
    return samples_page(registry.exposition(openmetrics=openmetrics), openmetrics=openmetrics)
