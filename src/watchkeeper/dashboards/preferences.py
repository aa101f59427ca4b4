"""What people and the organisation like: theme, time zone, home dashboard, stars; and small settings of the server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from watchkeeper.dashboards.database import Database

ORG: Final = "org"
KEYS: Final = ("theme", "timezone", "weekStart", "homeDashboardUID", "language")
MAX_VALUE: Final = 200


def of_user(number: int) -> str:
    """The owner's name of a user's preferences."""
    return f"user:{number}"


def of_team(number: int) -> str:
    """The owner's name of a team's preferences."""
    return f"team:{number}"


class Preferences:
    """Preferences, stars and settings of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, owner: str) -> dict[str, str]:
        """All keys; empty texts for what is not set."""
        row = self._database.row("SELECT body FROM preferences WHERE owner = ?", owner)
        kept: dict[str, Any] = {} if row is None else orjson.loads(row["body"])
        return {key: str(kept.get(key, "")) for key in KEYS}

    def put(self, owner: str, values: Mapping[str, str]) -> None:
        """Replaces those that are named."""
        kept = {**self.get(owner), **{key: value[:MAX_VALUE] for key, value in values.items() if key in KEYS}}
        body = orjson.dumps(kept).decode()
        self._database.run("INSERT OR REPLACE INTO preferences (owner, body) VALUES (?, ?)", owner, body)

    def stars(self, user_id: int) -> set[str]:
        """The uids of a user's starred dashboards."""
        rows = self._database.rows("SELECT dashboard_uid FROM stars WHERE user_id = ?", user_id)
        return {str(row["dashboard_uid"]) for row in rows}

    def star(self, user_id: int, dashboard_uid: str) -> None:
        """Remembers a star."""
        self._database.run("INSERT OR IGNORE INTO stars (user_id, dashboard_uid) VALUES (?, ?)", user_id, dashboard_uid)

    def unstar(self, user_id: int, dashboard_uid: str) -> None:
        """Forgets a star."""
        self._database.run("DELETE FROM stars WHERE user_id = ? AND dashboard_uid = ?", user_id, dashboard_uid)

    def setting(self, name: str) -> str:
        """A setting of the server; empty where it was never set."""
        row = self._database.row("SELECT value FROM settings WHERE name = ?", name)
        return "" if row is None else str(row["value"])

    def set_setting(self, name: str, value: str) -> None:
        """Keeps a setting of the server."""
        self._database.run("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", name, value)
