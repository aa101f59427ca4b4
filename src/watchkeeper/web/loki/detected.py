"""Labels and fields that lines turn out to have, for Grafana's Logs Drilldown."""

from __future__ import annotations

from aiohttp import web

from watchkeeper.web.errors import ApiError
from watchkeeper.web.loki.backend import Backend


async def detected_labels(backend: Backend, request: web.Request) -> web.Response:
    """GET POST /detected_labels."""
    raise ApiError(501, "not_implemented", "not there yet")


async def detected_fields(backend: Backend, request: web.Request) -> web.Response:
    """GET POST /detected_fields."""
    raise ApiError(501, "not_implemented", "not there yet")


async def detected_field_values(backend: Backend, request: web.Request) -> web.Response:
    """GET POST /detected_field/{name}/values."""
    raise ApiError(501, "not_implemented", "not there yet")
