"""Dashboards with their data, frozen, under a key that can't be guessed."""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass
from typing import Any, Final

import orjson

from watchkeeper.dashboards.database import Database, Row
from watchkeeper.dashboards.entry import packed
from watchkeeper.dashboards.errors import Conflict, Missing, Refused
from watchkeeper.dashboards.names import checked_uid

NOT_FOUND: Final = "Dashboard snapshot not found"
MAX_LIFETIME_S: Final = 100 * 365 * 86_400


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`expires_ms` 0 for never."""

    id: int
    key: str
    delete_key: str
    name: str
    user_id: int
    created_ms: int
    expires_ms: int


class Snapshots:
    """The snapshots of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, body: dict[str, Any], name: str, lifetime_s: int, user_id: int, now_ms: int, *, key: str = "",
        delete_key: str = "",
    ) -> Snapshot:  # fmt: skip
        """Keeps one; `lifetime_s` 0 for ever. Raises Refused and Conflict."""
        if not 0 <= lifetime_s <= MAX_LIFETIME_S:
            raise Refused("expires is a number of seconds; 0 for never")
        key = checked_uid(key, "key") if key else secrets.token_urlsafe(24)
        delete_key = checked_uid(delete_key, "deleteKey") if delete_key else secrets.token_urlsafe(24)
        self._expire(now_ms)
        try:
            self._database.insert(
                "snapshots", key=key, delete_key=delete_key, name=name[:190] or "Unnamed snapshot", body=packed(body),
                user_id=user_id, created_ms=now_ms, expires_ms=now_ms + lifetime_s * 1000 if lifetime_s else 0,
            )  # fmt: skip
        except sqlite3.IntegrityError:
            raise Conflict("a snapshot with this key exists already") from None
        return self.get(key, now_ms)

    def all(self, query: str, limit: int, now_ms: int) -> list[Snapshot]:
        """Those whose name contains a text, newest first."""
        self._expire(now_ms)
        rows = self._database.rows(
            "SELECT * FROM snapshots WHERE instr(lower(name), lower(?)) > 0 ORDER BY id DESC LIMIT ?", query, limit
        )
        return [_snapshot(row) for row in rows]

    def count(self) -> int:
        """How many there are."""
        row = self._database.row("SELECT COUNT(*) AS n FROM snapshots")
        return 0 if row is None else int(row["n"])

    def get(self, key: str, now_ms: int) -> Snapshot:
        """By key. Raises Missing."""
        return _snapshot(self._row("key = ?", key, now_ms))

    def by_delete_key(self, delete_key: str, now_ms: int) -> Snapshot:
        """By the key that takes it away. Raises Missing."""
        return _snapshot(self._row("delete_key = ?", delete_key, now_ms))

    def body(self, key: str, now_ms: int) -> dict[str, Any]:
        """The dashboard. Raises Missing."""
        found: dict[str, Any] = orjson.loads(self._row("key = ?", key, now_ms)["body"])
        return found

    def delete(self, key: str) -> None:
        """Takes it away. Raises Missing."""
        if not self._database.run("DELETE FROM snapshots WHERE key = ?", key):
            raise Missing(NOT_FOUND)

    def _row(self, condition: str, value: str, now_ms: int) -> Row:
        row = self._database.row(f"SELECT * FROM snapshots WHERE {condition}", value)
        if row is None or 0 < row["expires_ms"] <= now_ms:
            raise Missing(NOT_FOUND)
        return row

    def _expire(self, now_ms: int) -> None:
        self._database.run("DELETE FROM snapshots WHERE expires_ms > 0 AND expires_ms <= ?", now_ms)


def _snapshot(row: Row) -> Snapshot:
    return Snapshot(
        row["id"], row["key"], row["delete_key"], row["name"], row["user_id"], row["created_ms"], row["expires_ms"]
    )
