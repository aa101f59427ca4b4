"""Who may use a route, before permissions of folders and dashboards say more."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from watchkeeper.dashboards.roles import Identity, Kind, Role


class Who(IntEnum):
    """Each may use what those before it may."""

    ANYBODY = 0
    KNOWN = 1  # Whoever has logged in, with the role None too: permissions say what they see.
    VIEWER = 2
    EDITOR = 3
    ADMIN = 4
    SERVER = 5  # Administers the server, and not only what is on it.


BY_ROLE: Final = {Role.VIEWER: Who.VIEWER, Role.EDITOR: Who.EDITOR, Role.ADMIN: Who.ADMIN}
TOLD: Final = {who: f"it needs the role {role.label}" for role, who in BY_ROLE.items()} | {
    Who.ANYBODY: "",
    Who.KNOWN: "it needs a login",
    Who.SERVER: "it is for administrators of the server",
}


def who_is(identity: Identity) -> Who:
    """The most that somebody is."""
    if identity.is_admin and identity.role is Role.ADMIN:
        return Who.SERVER
    is_known = identity.kind is not Kind.ANONYMOUS
    return BY_ROLE.get(identity.role, Who.KNOWN if is_known else Who.ANYBODY)
