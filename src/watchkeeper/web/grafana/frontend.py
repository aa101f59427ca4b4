"""What pages and tools want to know of the server: settings, plugins, and lists that are empty here."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from watchkeeper import __version__
from watchkeeper.dashboards.roles import Identity, Kind
from watchkeeper.web.grafana.answers import answer, message
from watchkeeper.web.grafana.ask import Ask
from watchkeeper.web.grafana.backend import Backend
from watchkeeper.web.grafana.datasources import TYPE_NAMES, settings_json
from watchkeeper.web.grafana.organisation import org_json
from watchkeeper.web.grafana.version import COMPATIBLE_VERSION
from watchkeeper.web.grafana.who import Who, who_is

PANELS: Final = (
    "timeseries", "graph", "stat", "singlestat", "gauge", "bargauge", "table", "table-old", "heatmap", "histogram",
    "piechart", "barchart", "state-timeline", "status-history", "logs", "text", "row", "alertlist", "dashlist",
)  # fmt: skip
MIN_REFRESH_MS: Final = 5000


async def settings(backend: Backend, ask: Ask) -> web.Response:
    """GET /frontend/settings: versions, datasources, panels."""
    return answer(await backend.run(lambda: frontend_settings(backend, ask.identity)))


async def bootstrap(backend: Backend, ask: Ask) -> web.Response:
    """GET /bootstrap: what the pages start with, for one that was opened long ago."""
    return answer(await backend.run(lambda: bootstrap_json(backend, ask.identity)))


async def login_ping(_: Backend, __: Ask) -> web.Response:
    """GET /login/ping: still logged in."""
    return message("Logged in")


async def plugins(_: Backend, __: Ask) -> web.Response:
    """GET /plugins: what is built in."""
    return answer([_plugin(kind, "datasource") for kind in TYPE_NAMES] + [_plugin(kind, "panel") for kind in PANELS])


async def plugin_settings(_: Backend, ask: Ask) -> web.Response:
    """GET /plugins/:id/settings: one that is built in."""
    name = ask.part("id")
    kind = "datasource" if name in TYPE_NAMES else "panel" if name in PANELS else ""
    return answer(_plugin(name, kind)) if kind else message("Plugin not found, no installed plugin with that id", 404)


async def plugin_health(_: Backend, ask: Ask) -> web.Response:
    """GET /plugins/:id/health: well, where it is built in."""
    known = ask.part("id") in TYPE_NAMES or ask.part("id") in PANELS
    return message("Plugin is running", status="OK") if known else message("Plugin not found", 404)


async def empty_list(_: Backend, __: Ask) -> web.Response:
    """GET: nothing of this kind is here."""
    return answer([])


async def query_history(_: Backend, ask: Ask) -> web.Response:
    """GET /query-history: none, as browsers keep their own."""
    return answer({"result": {"totalCount": 0, "page": ask.page(), "perPage": 100, "queryHistory": []}})


async def empty_object(_: Backend, __: Ask) -> web.Response:
    """GET: nothing of this kind is here."""
    return answer({})


async def usage(backend: Backend, _: Ask) -> web.Response:
    """GET /access-control/status: roles decide."""
    return answer({"enabled": False})


def frontend_settings(backend: Backend, identity: Identity) -> dict[str, Any]:
    """As Grafana's pages and tools read them."""
    datasources, default = settings_json(backend, identity)
    return {
        "appSubUrl": backend.settings.route_prefix,
        "appUrl": f"{backend.settings.root_url}/" if backend.settings.root_url else "",
        "buildInfo": {
            "version": COMPATIBLE_VERSION, "commit": f"watchkeeper-{__version__}", "edition": "Open Source",
            "env": "production", "hasUpdate": False, "latestVersion": "",
        },
        "datasources": datasources,
        "defaultDatasource": default,
        "panels": {kind: _plugin(kind, "panel") for kind in PANELS},
        "anonymousEnabled": backend.settings.anonymous_role > 0,
        "allowEmbedding": backend.settings.allow_embedding,
        "disableLoginForm": False,
        "exploreEnabled": True,
        "snapshotEnabled": True,
        "rendererAvailable": True,
        "unifiedAlertingEnabled": True,
        "licenseInfo": {"hasLicense": False, "stateInfo": "", "edition": "Open Source"},
        "featureToggles": {},
        "minRefreshInterval": "5s",
        "dateFormats": {"fullDate": "YYYY-MM-DD HH:mm:ss"},
    }  # fmt: skip


def bootstrap_json(backend: Backend, identity: Identity) -> dict[str, Any]:
    """What the pages start with.

    version      of watchkeeper
    loginEnabled whether there is a login
    csrfToken    null, as what browsers say of themselves tells where a request is from
    homeUid      of the dashboard that `/` shows; null for the first of our own
    timezone, minRefreshMs   what dashboards that say nothing take
    title        of the pages
    base         the path that all of ours stand below; without a slash at its end, empty for none
    parts        of the process that run
    user         who looks: `isSignedIn`, `role` (Viewer, Editor, Admin, None), `canEdit`, `login`, `name`, `theme`, ...
    datasources  a list; each with `uid`, `name`, `type`, `url` (the proxy's path), `isDefault`, `jsonData`, `builtIn`
    settings     `anonymousRole`, `allowEmbedding`, `timezone`, `weekStart`, `homeDashboardUID`
    """
    state = backend.state
    liked: dict[str, str] = {}
    for values in state.likings(identity):
        liked = {key: liked.get(key) or value for key, value in values.items()}
    home = liked["homeDashboardUID"] or None
    chosen = state.catalog.find(home) if home else None
    if chosen is not None and not state.rights(identity).sees(chosen):
        home = None
    is_known = who_is(identity) >= Who.KNOWN
    datasources, default = settings_json(backend, identity) if is_known else ({}, "")
    return {
        "version": __version__,
        "grafanaVersion": COMPATIBLE_VERSION,
        "title": backend.settings.page_title,
        "base": backend.settings.route_prefix,
        "loginEnabled": True,
        "csrfToken": None,
        "homeUid": home,
        "timezone": liked["timezone"],
        "minRefreshMs": MIN_REFRESH_MS,
        "parts": list(backend.settings.parts),
        "user": {
            "isSignedIn": identity.kind is not Kind.ANONYMOUS,
            "id": identity.id,
            "uid": identity.uid,
            "login": identity.login,
            "name": identity.name,
            "email": identity.email,
            "role": identity.role.label,
            "canEdit": identity.role.label in ("Editor", "Admin"),
            "isAdmin": identity.is_admin,
            "theme": liked["theme"],
            "org": org_json(backend)["name"],
        },
        "datasources": list(datasources.values()),
        "defaultDatasource": default,
        "settings": {
            "anonymousRole": backend.settings.anonymous_role.label,
            "allowEmbedding": backend.settings.allow_embedding,
            "timezone": liked["timezone"],
            "weekStart": liked["weekStart"],
            "homeDashboardUID": home or "",
        },
    }


def _plugin(name: str, kind: str) -> dict[str, Any]:
    return {
        "id": name, "name": TYPE_NAMES.get(name, name), "type": kind, "enabled": True, "pinned": False,
        "hasUpdate": False, "latestVersion": "", "category": "", "state": "", "signature": "internal",
        "info": {"version": __version__, "description": "", "author": {"name": "watchkeeper", "url": ""}},
    }  # fmt: skip
