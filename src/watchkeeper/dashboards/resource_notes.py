"""What provisioners write on resources: annotations and labels, as who manages one and where its source is."""

from __future__ import annotations

from dataclasses import dataclass, field

import orjson

from watchkeeper.dashboards.database import Database, Row


@dataclass(frozen=True, slots=True)
class Notes:
    """Of one resource."""

    annotations: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)


class ResourceNotes:
    """The notes of the database. Resources are named by kind (`folder`, `dashboard`) and uid."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, kind: str) -> dict[str, Notes]:
        """Those of a kind, by uid."""
        return {
            row["uid"]: _notes(row) for row in self._database.rows("SELECT * FROM resource_notes WHERE kind = ?", kind)
        }

    def get(self, kind: str, uid: str) -> Notes:
        """Of one; without any where nobody wrote one."""
        row = self._database.row("SELECT * FROM resource_notes WHERE kind = ? AND uid = ?", kind, uid)
        return Notes() if row is None else _notes(row)

    def put(self, kind: str, uid: str, notes: Notes) -> None:
        """Replaces those of one."""
        body = orjson.dumps({"annotations": notes.annotations, "labels": notes.labels}).decode()
        self._database.run("INSERT OR REPLACE INTO resource_notes (kind, uid, body) VALUES (?, ?, ?)", kind, uid, body)


def _notes(row: Row) -> Notes:
    body = orjson.loads(row["body"])
    return Notes(body["annotations"], body["labels"])
