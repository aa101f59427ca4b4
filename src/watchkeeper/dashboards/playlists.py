"""Dashboards shown one after the other."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from watchkeeper.dashboards.database import Database, Row
from watchkeeper.dashboards.errors import Conflict, Missing, Refused
from watchkeeper.dashboards.names import checked_uid, new_uid

MAX_ITEMS: Final = 1000
KINDS: Final = ("dashboard_by_uid", "dashboard_by_tag", "dashboard_by_id")


@dataclass(frozen=True, slots=True)
class Playlist:
    """`items` as the API has them: each with `type` and `value`."""

    id: int
    uid: str
    name: str
    interval: str
    items: tuple[dict[str, Any], ...]


class Playlists:
    """The playlists of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, query: str = "") -> list[Playlist]:
        """Those whose name contains a text, by name."""
        rows = self._database.rows(
            "SELECT * FROM playlists WHERE instr(lower(name), lower(?)) > 0 ORDER BY name COLLATE NOCASE, id", query
        )
        return [_playlist(row) for row in rows]

    def get(self, uid: str) -> Playlist:
        """By uid. Raises Missing."""
        row = self._database.row("SELECT * FROM playlists WHERE uid = ?", uid)
        if row is None:
            raise Missing("Playlist not found")
        return _playlist(row)

    def create(self, uid: str, name: str, interval: str, items: Sequence[Any]) -> Playlist:
        """A new one. Raises Refused and Conflict."""
        uid = checked_uid(uid) if uid else new_uid()
        text = _items_text(name, items)
        try:
            self._database.insert("playlists", uid=uid, name=name, interval=interval[:50], items=text)
        except sqlite3.IntegrityError:
            raise Conflict("a playlist with this uid exists already") from None
        return self.get(uid)

    def change(self, uid: str, name: str, interval: str, items: Sequence[Any]) -> Playlist:
        """Replaces one. Raises Refused and Missing."""
        text = _items_text(name, items)
        self._database.run(
            "UPDATE playlists SET name = ?, interval = ?, items = ? WHERE uid = ?", name, interval[:50], text, uid
        )
        return self.get(uid)

    def delete(self, uid: str) -> None:
        """Takes one away. Raises Missing."""
        if not self._database.run("DELETE FROM playlists WHERE uid = ?", uid):
            raise Missing("Playlist not found")


def _items_text(name: str, items: Sequence[Any]) -> str:
    if not name.strip() or len(name) > 190:
        raise Refused("a playlist needs a name of at most 190 characters")
    if len(items) > MAX_ITEMS:
        raise Refused(f"a playlist has at most {MAX_ITEMS} items")
    kept = []
    for item in items:
        if not isinstance(item, dict) or item.get("type") not in KINDS or not isinstance(item.get("value"), str):
            raise Refused(f"an item of a playlist has a type ({', '.join(KINDS)}) and a value, which is a text")
        title = item.get("title")
        kept.append({"type": item["type"], "value": item["value"], "title": title if isinstance(title, str) else ""})
    return orjson.dumps(kept).decode()


def _playlist(row: Row) -> Playlist:
    return Playlist(row["id"], row["uid"], row["name"], row["interval"], tuple(orjson.loads(row["items"])))
