"""The paths under which Grafana has Alertmanagers and rules: the same bodies as theirs."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from watchkeeper.dashboards.datasource import Datasource
from watchkeeper.dashboards.errors import Missing
from watchkeeper.web.errors import ApiError
from watchkeeper.web.grafana.ask import Ask
from watchkeeper.web.grafana.backend import Backend
from watchkeeper.web.grafana.provisioning import built_in_rules
from watchkeeper.web.grafana.proxy import forward, rest_of

BUILT_IN: Final = "grafana"
# What Grafana itself keeps and evaluates; here rules stand in files.
FROM_FILES: Final = (
    "alert rules, contact points and policies come from the files that the server was started with; change them there"
)


async def alertmanager(backend: Backend, ask: Ask) -> web.StreamResponse:
    """ANY /alertmanager/:uid/api/v2/*: Alertmanager's API."""
    datasource = await backend.run(lambda: _datasource(backend, ask.part("uid"), backend.builtin_alerts))
    return await forward(backend, ask, datasource, f"/api/v2{rest_of(ask)}")


async def rules(backend: Backend, ask: Ask) -> web.StreamResponse:
    """GET /prometheus/:uid/api/v1/rules, /alerts: rules and alerts of Prometheus or Loki."""
    datasource = await backend.run(lambda: _datasource(backend, ask.part("uid"), backend.builtin_rules))
    word = ask.part("word")
    below = "/prometheus" if datasource.type == "loki" else ""
    return await forward(backend, ask, datasource, f"{below}/api/v1/{word}")


async def ruler(backend: Backend, ask: Ask) -> web.StreamResponse:
    """ANY /ruler/:uid/api/v1/rules/*: rule groups of Loki, as its own API has them."""
    if ask.part("uid") == BUILT_IN:
        return await built_in_rules(backend, ask)
    datasource = await backend.run(lambda: _datasource(backend, ask.part("uid"), backend.builtin_rules))
    if datasource.type != "loki":
        raise ApiError(404, "not_found", FROM_FILES)
    rest = rest_of(ask) if "rest" in ask.request.match_info else ""
    return await forward(backend, ask, datasource, f"/loki/api/v1/rules{rest}")


def _datasource(backend: Backend, uid: str, built_in: str) -> Datasource:
    found = backend.state.datasources.find(built_in if uid == BUILT_IN else uid)
    if not found:
        raise Missing("Data source not found")
    return found
