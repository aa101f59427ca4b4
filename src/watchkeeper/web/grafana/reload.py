"""Provisioning: read again when somebody asks, as the sidecars of dashboards do."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from watchkeeper.web.grafana.answers import answer, message
from watchkeeper.web.grafana.ask import Ask
from watchkeeper.web.grafana.backend import Backend


async def reload(backend: Backend, ask: Ask) -> web.Response:
    """POST /admin/provisioning/:kind/reload: reads the files again."""
    kind = ask.part("kind")
    if kind == "dashboards":
        await backend.run(backend.provisioning.reload_dashboards)
        return message("Dashboards config reloaded")
    if kind == "datasources":
        await backend.run(backend.provisioning.reload_datasources)
        return message("Datasources config reloaded")
    if kind in ("plugins", "alerting", "access-control", "accesscontrol", "notifications"):
        return message(f"{kind.title()} config reloaded", note="nothing of this kind is provisioned here")
    return message("Not found", 404)


async def status(backend: Backend, _: Ask) -> web.Response:
    """GET /admin/provisioning/status: files that could not be used, and uids that two dashboards have."""

    def work() -> Any:
        catalog = backend.state.catalog
        clashes = [
            {"uid": clash.uid, "shown": clash.shown, "hidden": clash.hidden, "message": str(clash)}
            for clash in catalog.clashes()
        ]
        return {"problems": list(catalog.problems()), "clashes": clashes}

    return answer(await backend.run(work))


async def stats(backend: Backend, _: Ask) -> web.Response:
    """GET /admin/stats: how much there is."""

    def work() -> Any:
        state = backend.state
        return {
            "orgs": 1, "dashboards": len(state.catalog.entries()), "folders": len(state.catalog.folders()),
            "datasources": len(state.datasources.all()), "users": len(state.users.all()),
            "serviceAccounts": len(state.accounts.all()), "playlists": len(state.playlists.all()),
        }  # fmt: skip

    return answer(await backend.run(work))
