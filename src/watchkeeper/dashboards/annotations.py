"""Marks in time that people and scripts leave: deployments, incidents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from watchkeeper.dashboards.database import Database, Row
from watchkeeper.dashboards.errors import Missing, Refused

MAX_TAGS: Final = 100
MAX_TEXT: Final = 100_000
MAX_LIMIT: Final = 10_000


@dataclass(frozen=True, slots=True)
class Annotation:
    """`dashboard_uid` is empty, and `panel_id` 0, for one that belongs to none; a region has an `end_ms` of its own."""

    id: int
    dashboard_uid: str
    panel_id: int
    user_id: int
    user_login: str
    time_ms: int
    end_ms: int
    text: str
    data: str
    tags: tuple[str, ...]
    created_ms: int
    updated_ms: int


@dataclass(frozen=True, slots=True)
class Sought:
    """What a search asks for; None and empty where everything is."""

    from_ms: int | None = None
    to_ms: int | None = None
    dashboard_uid: str | None = None
    panel_id: int | None = None
    user_id: int | None = None
    tags: Sequence[str] = ()
    any_tag: bool = False
    limit: int = 100
    hidden: Sequence[str] = ()  # Dashboards whose annotations are not for the one who asks.
    shown: Sequence[str] | None = None  # Those whose are, where no others are.


class Annotations:
    """The annotations of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, made: Annotation) -> int:
        """Keeps a new one, whatever id it has; its id. Raises Refused."""
        _check(made)
        with self._database.change():
            number = self._database.insert(
                "annotations", dashboard_uid=made.dashboard_uid, panel_id=made.panel_id, user_id=made.user_id,
                user_login=made.user_login, time_ms=made.time_ms, end_ms=made.end_ms, text=made.text, data=made.data,
                created_ms=made.created_ms, updated_ms=made.updated_ms,
            )  # fmt: skip
            self._tag(number, made.tags)
        return number

    def get(self, number: int) -> Annotation:
        """By id. Raises Missing."""
        row = self._database.row("SELECT * FROM annotations WHERE id = ?", number)
        if row is None:
            raise Missing("annotation not found")
        return self._filled([row])[0]

    def change(self, made: Annotation) -> None:
        """Replaces the one of its id. Raises Refused and Missing."""
        _check(made)
        with self._database.change():
            n_changed = self._database.run(
                "UPDATE annotations SET time_ms = ?, end_ms = ?, text = ?, data = ?, updated_ms = ? WHERE id = ?",
                made.time_ms, made.end_ms, made.text, made.data, made.updated_ms, made.id,
            )  # fmt: skip
            if not n_changed:
                raise Missing("annotation not found")
            self._database.run("DELETE FROM annotation_tags WHERE annotation_id = ?", made.id)
            self._tag(made.id, made.tags)

    def delete(self, number: int) -> None:
        """Takes one away. Raises Missing."""
        if not self._database.run("DELETE FROM annotations WHERE id = ?", number):
            raise Missing("annotation not found")

    def search(self, sought: Sought) -> list[Annotation]:
        """Newest first. A region counts where any of it is in the range."""
        where, values = ["1"], list[object]()
        for condition, value in (
            ("end_ms >= ?", sought.from_ms),
            ("time_ms <= ?", sought.to_ms),
            ("dashboard_uid = ?", sought.dashboard_uid),
            ("panel_id = ?", sought.panel_id),
            ("user_id = ?", sought.user_id),
        ):
            if value is not None:
                where.append(condition)
                values.append(value)
        if sought.hidden:
            where.append("dashboard_uid NOT IN (SELECT value FROM json_each(?))")
            values.append(orjson.dumps(list(sought.hidden)).decode())
        if sought.shown is not None:
            where.append("dashboard_uid IN (SELECT value FROM json_each(?))")
            values.append(orjson.dumps(list(sought.shown)).decode())
        tags = tuple(dict.fromkeys(sought.tags))[:MAX_TAGS]
        if tags:
            marks = ", ".join("?" * len(tags))
            inner = f"SELECT annotation_id FROM annotation_tags WHERE tag IN ({marks}) GROUP BY annotation_id"
            where.append(f"id IN ({inner} HAVING COUNT(DISTINCT tag) >= ?)")
            values += [*tags, 1 if sought.any_tag else len(tags)]
        rows = self._database.rows(
            f"SELECT * FROM annotations WHERE {' AND '.join(where)} ORDER BY end_ms DESC, id DESC LIMIT ?",
            *values, max(1, min(sought.limit, MAX_LIMIT)),
        )  # fmt: skip
        return self._filled(rows)

    def tags(
        self, query: str, limit: int, hidden: Sequence[str] = (), shown: Sequence[str] | None = None
    ) -> list[tuple[str, int]]:  # fmt: skip
        """Tags that contain a text, and how many annotations have each; by tag. `hidden` and `shown` as for Sought."""
        rows = self._database.rows(
            "SELECT tag, COUNT(DISTINCT annotation_id) AS n FROM annotation_tags t JOIN annotations a "
            "ON a.id = t.annotation_id WHERE instr(lower(tag), lower(?)) > 0 "
            "AND a.dashboard_uid NOT IN (SELECT value FROM json_each(?)) "
            "AND (? OR a.dashboard_uid IN (SELECT value FROM json_each(?))) GROUP BY tag ORDER BY tag LIMIT ?",
            query, orjson.dumps(list(hidden)).decode(), shown is None, orjson.dumps(list(shown or ())).decode(),
            max(1, min(limit, MAX_LIMIT)),
        )  # fmt: skip
        return [(row["tag"], row["n"]) for row in rows]

    def _tag(self, number: int, tags: Sequence[str]) -> None:
        self._database.insert_many(
            "INSERT INTO annotation_tags (annotation_id, place, tag) VALUES (?, ?, ?)",
            [(number, place, tag) for place, tag in enumerate(tags)],
        )

    def _filled(self, rows: Sequence[Row]) -> list[Annotation]:
        tags: dict[int, list[str]] = {}
        ids = [row["id"] for row in rows]
        for at in range(0, len(ids), 500):
            some = ids[at : at + 500]
            marks = ", ".join("?" * len(some))
            sql = f"SELECT * FROM annotation_tags WHERE annotation_id IN ({marks}) ORDER BY annotation_id, place"
            for row in self._database.rows(sql, *some):
                tags.setdefault(row["annotation_id"], []).append(row["tag"])
        return [
            Annotation(
                row["id"], row["dashboard_uid"], row["panel_id"], row["user_id"], row["user_login"], row["time_ms"],
                row["end_ms"], row["text"], row["data"], tuple(tags.get(row["id"], ())), row["created_ms"],
                row["updated_ms"],
            )
            for row in rows
        ]  # fmt: skip


def _check(made: Annotation) -> None:
    if not made.text:
        raise Refused("Failed to save annotation: text field should not be empty")
    if len(made.text) > MAX_TEXT or len(made.data) > MAX_TEXT:
        raise Refused(f"Failed to save annotation: text is longer than {MAX_TEXT} characters")
    if len(made.tags) > MAX_TAGS:
        raise Refused(f"Failed to save annotation: more than {MAX_TAGS} tags")
