"""Groups of alerts: what is sent together."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from watchkeeper.web.alertmanager.answer_json import answer, group_json
from watchkeeper.web.alertmanager.backend import Backend
from watchkeeper.web.alertmanager.filters import flag, matchers, receiver_test


async def list_groups(backend: Backend, request: web.Request) -> web.Response:
    """GET /alerts/groups: groups with alerts, by labels and receiver; alerts by job, instance and labels."""
    ask = partial(
        backend.alerts.groups,
        matchers(backend, request, "filter"),
        receiver=receiver_test(backend, request),
        active=flag(request, "active"),
        silenced=flag(request, "silenced"),
        inhibited=flag(request, "inhibited"),
        muted=flag(request, "muted"),
    )
    return await backend.run(lambda: answer([group_json(view) for view in ask()]))
