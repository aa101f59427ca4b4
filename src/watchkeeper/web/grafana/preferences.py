"""What users, teams and the organisation like: theme, time zone, home dashboard."""

from __future__ import annotations

from aiohttp import web

from watchkeeper.dashboards.errors import Missing
from watchkeeper.dashboards.permissions import Level
from watchkeeper.dashboards.preferences import KEYS, ORG, of_team, of_user
from watchkeeper.dashboards.stored import NOT_FOUND
from watchkeeper.web.errors import bad_data
from watchkeeper.web.grafana.allowed import entry_for
from watchkeeper.web.grafana.answers import answer, message
from watchkeeper.web.grafana.ask import Ask
from watchkeeper.web.grafana.backend import Backend
from watchkeeper.web.grafana.people import own_id


async def get_preferences(backend: Backend, ask: Ask) -> web.Response:
    """GET /user/preferences, /org/preferences, /teams/:id/preferences: what is liked."""
    found = await backend.run(lambda: backend.state.preferences.get(_owner(backend, ask)))
    return answer({**found, "homeDashboardId": 0, "navbar": {"bookmarkUrls": []}, "queryHistory": {"homeTab": ""}})


async def set_preferences(backend: Backend, ask: Ask) -> web.Response:
    """PUT PATCH /user/preferences, /org/preferences, /teams/:id/preferences: all anew, or what is named."""
    fields = await ask.fields()
    named = {key: fields.text(key) for key in KEYS if fields.has(key)}
    if named.get("theme", "") not in ("", "dark", "light", "system"):
        raise bad_data("theme is dark, light, system, or empty for the default")
    number = fields.number("homeDashboardId")

    def work() -> None:
        if number > 0:
            entry = backend.state.catalog.by_number(number)
            if entry is None:
                raise Missing(NOT_FOUND)
            named.setdefault("homeDashboardUID", entry.uid)
        home = named.get("homeDashboardUID", "")
        if home:
            entry_for(backend, ask, home, Level.VIEW)
        kept = named if ask.request.method == "PATCH" else {**dict.fromkeys(KEYS, ""), **named}
        backend.state.preferences.put(_owner(backend, ask), kept)

    await backend.run(work)
    return message("Preferences updated")


def _owner(backend: Backend, ask: Ask) -> str:
    """Raises Missing where there is no such team."""
    if "team" in ask.request.match_info:
        return of_team(backend.state.teams.get(ask.number_part("team")).id)
    return ORG if "/org/" in ask.request.path else of_user(own_id(ask))
