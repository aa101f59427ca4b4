"""Requests that go through to a datasource, and who may send which."""

from __future__ import annotations

import re
from typing import Final

from aiohttp import web

from watchkeeper.dashboards.datasource import Datasource
from watchkeeper.dashboards.roles import Role
from watchkeeper.web.grafana.access import refusal
from watchkeeper.web.grafana.ask import Ask
from watchkeeper.web.grafana.backend import Backend
from watchkeeper.web.grafana.cross_site import SAFE_METHODS
from watchkeeper.web.grafana.datasources import sought

# What asks and changes nothing, though it is sent as a POST.
_QUESTIONS: Final = re.compile(
    r"/(api/v1/(query|query_range|query_exemplars|format_query|parse_query|labels|series|read|search/\w+)"
    r"|(prometheus/)?api/v1/(query|query_range)"
    r"|(loki/api/v1|api/prom)/(query|query_range|format_query|parse_query|label|labels|label/[^/]+/values|series|index/\w+"
    r"|index/volume_range|patterns|detected_\w+(/[^/]+/values)?))"
)
# What dashboards ask besides.
_LOOKS: Final = re.compile(
    r"/((prometheus/)?api/v1/(label/[^/]+/values|metadata|rules|alerts|status/buildinfo)|api/v2/alerts(/groups)?)"
)
# Below whatever prefix.
_ADMINISTRATION: Final = re.compile(
    r"(?:/.*)?/(-/|api/v1/admin/|debug/|ingester/|flush|log_level|loki/api/v1/delete).*"
)
# Shows a question's answer in another way; not one of a datasource's own.
_RESOURCES: Final = re.compile(r"/(api/v1/.*|loki/api/v1/.*)")


async def through(backend: Backend, ask: Ask) -> web.StreamResponse:
    """ANY /datasources/proxy/uid/:uid/*, /datasources/proxy/:id/*: as it is, to the datasource."""
    datasource = await backend.run(lambda: sought(backend, ask))
    return await forward(backend, ask, datasource, rest_of(ask))


async def resources(backend: Backend, ask: Ask) -> web.StreamResponse:
    """ANY /datasources/uid/:uid/resources/*: the same; Loki's begin below its API."""
    datasource = await backend.run(lambda: sought(backend, ask))
    path = rest_of(ask)
    if datasource.type == "loki" and not _RESOURCES.fullmatch(path):
        path = f"/loki/api/v1{path}"
    return await forward(backend, ask, datasource, path)


async def forward(backend: Backend, ask: Ask, datasource: Datasource, path: str) -> web.StreamResponse:
    """The answer of a datasource to this request. Raises ApiError where the one who asks may not."""
    role = needed_role(ask.request.method, path)
    # Whoever has the role None got here by what a dashboard asks, and may ask no more than dashboards do.
    if ask.identity.role < role and (role > Role.VIEWER or not _is_question(path)):
        raise refusal(ask.identity, role)
    return await backend.way(datasource).forward(ask.request, path)


def needed_role(method: str, path: str) -> Role:
    """Who may send a request to a store: viewers ask, editors change, administrators administer.

    path   without a prefix, still encoded
    """
    plain = re.sub("/+", "/", path)
    if "%" in plain:
        # An encoded path is none of ours, or has an odd label in it; what it changes, nobody guesses here.
        from urllib.parse import unquote

        plain = re.sub("/+", "/", unquote(plain))
    if _ADMINISTRATION.fullmatch(plain) and plain not in ("/-/healthy", "/-/ready"):
        return Role.ADMIN
    if method in SAFE_METHODS or _QUESTIONS.fullmatch(plain):
        return Role.VIEWER
    return Role.EDITOR


def _is_question(path: str) -> bool:
    return any(pattern.fullmatch(path) for pattern in (_QUESTIONS, _LOOKS))


def rest_of(ask: Ask) -> str:
    """What follows the datasource in the path, as it was encoded."""
    resource = ask.request.match_info.route.resource
    assert resource is not None
    # A pattern has as many slashes before its last part as the path that fits it, however that is encoded.
    return "/" + ask.request.rel_url.raw_path.split("/", resource.canonical.count("/"))[-1]
