"""Who is logged in, by the token in a browser's cookie; of the token only a hash is kept."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

from watchkeeper.dashboards.database import Database
from watchkeeper.dashboards.roles import Identity
from watchkeeper.dashboards.users import Users

DAY_MS: Final = 86_400_000
IDLE_MS: Final = 7 * DAY_MS
LIFETIME_MS: Final = 30 * DAY_MS
SEEN_EVERY_MS: Final = 60_000  # More would be a write for each request.
MAX_PER_USER: Final = 50


@dataclass(frozen=True, slots=True)
class Session:
    """One login."""

    id: int
    created_ms: int
    seen_ms: int
    address: str
    agent: str


class Sessions:
    """The sessions of the database."""

    def __init__(self, database: Database, users: Users) -> None:
        self._database = database
        self._users = users

    def start(self, user_id: int, address: str, agent: str, now_ms: int) -> str:
        """A new session; its token, which is nowhere else."""
        token = secrets.token_urlsafe(32)
        with self._database.change():
            self._database.run(
                "DELETE FROM sessions WHERE seen_ms < ? OR created_ms < ?", now_ms - IDLE_MS, now_ms - LIFETIME_MS
            )
            self._database.insert(
                "sessions", token_hash=hashed(token), user_id=user_id, created_ms=now_ms, seen_ms=now_ms,
                address=address[:100], agent=agent[:300],
            )  # fmt: skip
            self._database.run(
                "DELETE FROM sessions WHERE user_id = ? AND id NOT IN "
                "(SELECT id FROM sessions WHERE user_id = ? ORDER BY seen_ms DESC, id DESC LIMIT ?)",
                user_id, user_id, MAX_PER_USER,
            )  # fmt: skip
            self._users.seen(user_id, now_ms)
        return token

    def identity(self, token: str, now_ms: int) -> Identity | None:
        """Whose session it is; None where it has ended or is none."""
        row = self._database.row("SELECT * FROM sessions WHERE token_hash = ?", hashed(token))
        if row is None or row["seen_ms"] < now_ms - IDLE_MS or row["created_ms"] < now_ms - LIFETIME_MS:
            return None
        user = self._users.get(row["user_id"])
        if user.is_disabled:
            return None
        if now_ms - row["seen_ms"] > SEEN_EVERY_MS:
            with self._database.change():
                self._database.run("UPDATE sessions SET seen_ms = ? WHERE id = ?", now_ms, row["id"])
                self._users.seen(user.id, now_ms)
        return user.identity(session_id=row["id"])

    def of_user(self, user_id: int) -> list[Session]:
        """All of a user, the latest first."""
        rows = self._database.rows("SELECT * FROM sessions WHERE user_id = ? ORDER BY seen_ms DESC, id", user_id)
        return [Session(row["id"], row["created_ms"], row["seen_ms"], row["address"], row["agent"]) for row in rows]

    def end(self, session_id: int, user_id: int) -> bool:
        """Ends one of a user's; whether there was one."""
        return self._database.run("DELETE FROM sessions WHERE id = ? AND user_id = ?", session_id, user_id) > 0

    def end_all(self, user_id: int) -> None:
        """Ends all of a user's."""
        self._database.run("DELETE FROM sessions WHERE user_id = ?", user_id)


def hashed(token: str) -> bytes:
    """What is kept of a token. It is random already, so that a quick hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
