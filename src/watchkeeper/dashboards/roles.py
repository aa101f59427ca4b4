"""What somebody may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final

from watchkeeper.dashboards.errors import Refused


class Role(IntEnum):
    """Each may do what those before it may."""

    NONE = 0
    VIEWER = 1
    EDITOR = 2
    ADMIN = 3

    @property
    def label(self) -> str:
        """As the API writes it: `Viewer`."""
        return self.name.title()


ROLES: Final = {role.label: role for role in Role}


def role_of(text: str) -> Role:
    """`Viewer` and so on, in any case. Raises Refused."""
    role = ROLES.get(text.title())
    if role is None:
        raise Refused(f'invalid role "{text}": choose from {", ".join(ROLES)}')
    return role


class Kind(Enum):
    """Who asks."""

    ANONYMOUS = "anonymous"
    USER = "user"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and what they may.

    id           of the user or the service account; 0 for nobody in particular
    is_admin     whether this is an administrator of the whole server
    by_cookie    whether a browser's session says so, so that another site could have sent the request
    session_id   0 for none
    sees_as      of the one who draws a picture for somebody, and only looks: that one's role; None otherwise
    """

    kind: Kind
    id: int
    login: str
    name: str
    role: Role
    email: str = ""
    uid: str = ""
    is_admin: bool = False
    by_cookie: bool = False
    session_id: int = 0
    sees_as: Role | None = None
