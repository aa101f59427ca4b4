"""Provisioning: read again when somebody asks, as the sidecars of dashboards do."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from watchkeeper.dashboards.roles import Role
from watchkeeper.web.grafana.answers import answer, message
from watchkeeper.web.grafana.ask import Ask
from watchkeeper.web.grafana.backend import Backend
from watchkeeper.web.grafana.organisation import org_json


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


async def settings(backend: Backend, _: Ask) -> web.Response:
    """GET /admin/settings: those of Grafana's that flags decide here, by section."""
    kept = backend.settings
    name = await backend.run(lambda: org_json(backend)["name"])
    return answer(
        {
            "DEFAULT": {"app_mode": "production", "instance_name": kept.page_title},
            "server": {"root_url": kept.root_url, "serve_from_sub_path": str(bool(kept.route_prefix)).lower()},
            "auth.anonymous": {
                "enabled": str(kept.anonymous_role > 0).lower(), "org_role": kept.anonymous_role.label,
                "org_name": name,
            },
            "security": {"allow_embedding": str(kept.allow_embedding).lower()},
        }
    )  # fmt: skip


async def stats(backend: Backend, _: Ask) -> web.Response:
    """GET /admin/stats: how much there is."""

    def work() -> Any:
        state = backend.state
        return {
            "orgs": 1, "dashboards": len(state.catalog.entries()), "folders": len(state.catalog.folders()),
            "datasources": len(state.datasources.all()), "users": len(state.users.all()),
            "serviceAccounts": len(state.accounts.all()), "playlists": len(state.playlists.all()),
            "teams": len(state.teams.all()), "snapshots": state.snapshots.count(), "alerts": 0,
            "tags": len({tag for entry in state.catalog.entries() for tag in entry.tags}),
            "admins": sum(user.role is Role.ADMIN for user in state.users.all()),
            "editors": sum(user.role is Role.EDITOR for user in state.users.all()),
            "viewers": sum(user.role is Role.VIEWER for user in state.users.all()),
            "libraryPanels": len(state.library.all()),
        }  # fmt: skip

    return answer(await backend.run(work))
