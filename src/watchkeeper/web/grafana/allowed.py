"""Whether the one who asks may do something with a folder or dashboard. All of it waits for the database."""

from __future__ import annotations

from typing import Any, Final

from watchkeeper.dashboards.entry import Entry
from watchkeeper.dashboards.errors import Missing
from watchkeeper.dashboards.folders import GENERAL, Folder
from watchkeeper.dashboards.permissions import Level
from watchkeeper.dashboards.rights import BY_ROLE, Rights
from watchkeeper.dashboards.roles import Identity, Kind, Role
from watchkeeper.dashboards.seen_sources import named
from watchkeeper.dashboards.stored import NOT_FOUND
from watchkeeper.web.errors import ApiError
from watchkeeper.web.grafana.access import UNAUTHORIZED, refusal
from watchkeeper.web.grafana.ask import Ask
from watchkeeper.web.grafana.backend import Backend

ACTIONS: Final = {Level.VIEW: "read", Level.EDIT: "write", Level.ADMIN: "permissions:write"}


def entry_for(backend: Backend, ask: Ask, uid: str, level: Level, rights: Rights | None = None) -> Entry:
    """The dashboard of a uid, for those who may. Raises Missing and ApiError."""
    entry = backend.state.catalog.get(uid)
    may_entry(rights or backend.state.rights(ask.identity), entry, level)
    return entry


def asked_entry(backend: Backend, ask: Ask, level: Level) -> Entry:
    """The dashboard that a path names by `uid` or by `id`. Raises Missing and ApiError."""
    if "uid" in ask.request.match_info:
        return entry_for(backend, ask, ask.part("uid"), level)
    found = backend.state.catalog.by_number(ask.number_part("id"))
    if found is None:
        raise Missing(NOT_FOUND)
    may_entry(backend.state.rights(ask.identity), found, level)
    return found


def folder_for(backend: Backend, ask: Ask, uid: str, level: Level, rights: Rights | None = None) -> Folder:
    """The folder of a uid, for those who may. Raises Missing and ApiError."""
    folder = backend.state.catalog.folder(uid)
    may_folder(rights or backend.state.rights(ask.identity), uid, level)
    return folder


def may_entry(rights: Rights, entry: Entry, level: Level) -> None:
    """Raises ApiError where they may not."""
    if rights.dashboard(entry) < level:
        raise not_allowed(rights.identity, f"dashboards:{ACTIONS[level]}")


def may_folder(rights: Rights, uid: str, level: Level) -> None:
    """As `may_entry`, with a folder; GENERAL for the top, where roles decide. What is not there is no matter here."""
    if not rights.knows(uid) or rights.folder(uid) >= level:
        return
    if uid == GENERAL:
        raise refusal(rights.identity, next(role for role, most in BY_ROLE.items() if most >= level))
    raise not_allowed(rights.identity, f"folders:{ACTIONS[level]}")


def may_name(backend: Backend, ask: Ask, body: Any) -> None:
    """Raises ApiError where a dashboard, or a panel, asks datasources that are not for the one who changes it: else
    whoever sees only what dashboards show could let them show anything."""
    if ask.identity.role >= Role.VIEWER:
        return
    state = backend.state
    own = {one.uid for one in state.sources(ask.identity)}
    if not named(body, state.datasources.all()) <= own:
        raise not_allowed(ask.identity, "datasources:query")


def not_allowed(identity: Identity, needed: str) -> ApiError:
    """To somebody who may not, though the role alone would do."""
    if identity.kind is Kind.ANONYMOUS:
        return ApiError(401, "unauthorized", UNAUTHORIZED)
    text = f"You'll need additional permissions to perform this action. Permissions needed: {needed}"
    return ApiError(403, "forbidden", text)
