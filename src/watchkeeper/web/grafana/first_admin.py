"""The link of a first start: whoever has it makes themselves the administrator, once."""

from __future__ import annotations

import hmac
import secrets
from typing import Final

from watchkeeper.dashboards.errors import Refused
from watchkeeper.dashboards.state import State
from watchkeeper.dashboards.users import User

PATH: Final = "/login/first"
GONE: Final = "this link has been used, or is of an earlier start; the log has the newest"


class FirstAdmin:
    """Its token lives as long as the process, and only until there is an administrator."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._token = ""

    def start(self) -> str:
        """A new token where there is no administrator yet; else an empty text. May wait for the disk."""
        self._token = "" if self._state.users.has_admin() else secrets.token_urlsafe(24)
        return self._token

    def is_right(self, token: str) -> bool:
        """Whether this is the token."""
        return bool(self._token) and hmac.compare_digest(
            token.encode("utf-8", "replace"), self._token.encode("utf-8", "replace")
        )

    def use(self, token: str, login: str, password: str, now_ms: int) -> User:
        """Makes the administrator. Raises Refused and Conflict; only then may it be tried again."""
        if not self.is_right(token) or self._state.users.has_admin():
            raise Refused(GONE)
        if not login.strip():
            raise Refused("a name is needed")
        made = self._state.users.make_admin(login.strip(), password, now_ms)
        self._token = ""
        return made
