"""Groups of alerts: what is sent together."""

from __future__ import annotations

from aiohttp import web

from watchkeeper.web.alertmanager.answer_json import answer, group_json
from watchkeeper.web.alertmanager.backend import Backend
from watchkeeper.web.alertmanager.filters import wanted


async def list_groups(backend: Backend, request: web.Request) -> web.Response:
    """GET /alerts/groups: groups with alerts, by labels and receiver; alerts by job, instance and labels."""
    asked = wanted(backend, request)
    return await backend.run(lambda: answer([group_json(view) for view in backend.alerts.groups(asked)]))
