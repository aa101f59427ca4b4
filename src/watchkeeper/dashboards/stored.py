"""Dashboards that people saved, each with its last versions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import orjson

from watchkeeper.dashboards.database import Database, Row
from watchkeeper.dashboards.entry import Entry, Origin, face_of, packed
from watchkeeper.dashboards.errors import Conflict, Missing
from watchkeeper.dashboards.names import checked_uid, new_uid, slug_of
from watchkeeper.dashboards.removal import remove_dashboards

VERSIONS_KEPT: Final = 20
NOT_FOUND: Final = "Dashboard not found"
CHANGED: Final = "The dashboard has been changed by someone else"
SAME_NAME: Final = "A dashboard with the same name in the folder already exists"
_COLUMNS: Final = (
    "id, uid, title, slug, folder_uid, tags, version, file_digest, created_ms, updated_ms, created_by, updated_by"
)


@dataclass(frozen=True, slots=True)
class Save:
    """One request to keep a dashboard.

    body         its JSON; `uid`, `id` and `version` in it say which one it changes, and what was seen of it
    folder_uid   None to leave it where it is
    overwrite    whatever the version, and whoever has the title
    file_digest  of the file that it stands in for; empty for none
    """

    body: dict[str, Any]
    folder_uid: str | None
    message: str
    by: str
    overwrite: bool = False
    file_digest: str = ""
    restored_from: int = 0


@dataclass(frozen=True, slots=True)
class Version:
    """One entry of a dashboard's history."""

    id: int
    version: int
    parent_version: int
    restored_from: int
    message: str
    created_ms: int
    created_by: str


class Stored:
    """The dashboards of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def revision(self) -> tuple[int, int]:
        """Another one after each change of the database."""
        return self._database.revision

    def all(self) -> list[Entry]:
        """By title."""
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM dashboards ORDER BY title COLLATE NOCASE, id")
        return [self._entry(row) for row in rows]

    def get(self, uid: str) -> Entry | None:
        """The dashboard of a uid."""
        row = self._database.row(f"SELECT {_COLUMNS} FROM dashboards WHERE uid = ?", uid)
        return None if row is None else self._entry(row)

    def uid_of(self, number: int) -> str | None:
        """The uid of an integer id."""
        row = self._database.row("SELECT uid FROM dashboards WHERE id = ?", number)
        return None if row is None else str(row["uid"])

    def body(self, uid: str) -> dict[str, Any]:
        """The JSON of a dashboard, with its id, uid and version as they are. Raises Missing."""
        row = self._database.row("SELECT id, uid, version, body FROM dashboards WHERE uid = ?", uid)
        if row is None:
            raise Missing(NOT_FOUND)
        return _with_identity(row["body"], row["id"], row["uid"], row["version"])

    def save(self, save: Save, now_ms: int) -> Entry:
        """Keeps it, as a new one or as the next version. Raises Refused and Conflict."""
        face = face_of(save.body)
        uid = checked_uid(face.uid) if face.uid else ""
        with self._database.change():
            old = self.get(uid) if uid else None
            if not uid:
                twin = self.twin(face.title, save.folder_uid or "")
                if twin is not None and not save.overwrite:
                    raise Conflict(SAME_NAME, "name-exists")
                old, uid = (twin, twin.uid) if twin is not None else (None, new_uid())
            if old is not None and not save.overwrite and save.body.get("version") != old.version:
                raise Conflict(CHANGED, "version-mismatch")
            folder_uid = save.folder_uid if save.folder_uid is not None else (old.folder_uid if old else "")
            version = 1 if old is None else old.version + 1
            body = packed({**save.body, "uid": uid, "version": version, "id": None})
            shown: dict[str, Any] = {
                "title": face.title, "slug": slug_of(face.title), "folder_uid": folder_uid,
                "tags": orjson.dumps(face.tags).decode(), "version": version, "body": body,
                "file_digest": save.file_digest, "updated_ms": now_ms, "updated_by": save.by,
            }  # fmt: skip
            if old is None:
                number = self._database.insert("dashboards", uid=uid, created_ms=now_ms, created_by=save.by, **shown)
            else:
                number = old.number
                names = ", ".join(f"{name} = ?" for name in shown)
                self._database.run(f"UPDATE dashboards SET {names} WHERE id = ?", *shown.values(), number)
            self._database.insert(
                "dashboard_versions", dashboard_id=number, version=version, parent_version=version - 1,
                restored_from=save.restored_from, message=save.message, body=body, created_ms=now_ms,
                created_by=save.by,
            )  # fmt: skip
            self._database.run(
                "DELETE FROM dashboard_versions WHERE dashboard_id = ? AND version <= ?",
                number, version - VERSIONS_KEPT,
            )  # fmt: skip
            found = self.get(uid)
        assert found is not None
        return found

    def delete(self, uid: str) -> Entry:
        """Takes it away, with its versions, annotations and stars. Raises Missing."""
        with self._database.change():
            old = self.get(uid)
            if old is None:
                raise Missing(NOT_FOUND)
            remove_dashboards(self._database, "uid", uid)
        return old

    def versions(self, uid: str, limit: int, start: int) -> list[Version]:
        """The history, newest first, from the version before `start` on (0 for the newest)."""
        rows = self._database.rows(
            "SELECT v.* FROM dashboard_versions v JOIN dashboards d ON d.id = v.dashboard_id "
            "WHERE d.uid = ? AND (? = 0 OR v.version < ?) ORDER BY v.version DESC LIMIT ?",
            uid, start, start, limit,
        )  # fmt: skip
        return [_version(row) for row in rows]

    def version(self, uid: str, version: int) -> tuple[Version, dict[str, Any]]:
        """One of the history, and its JSON. Raises Missing."""
        row = self._database.row(
            "SELECT v.*, d.id AS number, d.uid AS uid FROM dashboard_versions v "
            "JOIN dashboards d ON d.id = v.dashboard_id WHERE d.uid = ? AND v.version = ?",
            uid, version,
        )  # fmt: skip
        if row is None:
            raise Missing(f"Dashboard version {version} not found")
        return _version(row), _with_identity(row["body"], row["number"], row["uid"], row["version"])

    def twin(self, title: object, folder_uid: str) -> Entry | None:
        """The dashboard of a title in a folder."""
        if not isinstance(title, str):
            return None
        row = self._database.row(
            "SELECT uid FROM dashboards WHERE title = ? AND folder_uid = ?", title.strip(), folder_uid
        )
        return None if row is None else self.get(row["uid"])

    def _entry(self, row: Row) -> Entry:
        return Entry(
            row["uid"], row["id"], row["title"], row["slug"], tuple(orjson.loads(row["tags"])), row["folder_uid"],
            row["version"], row["created_ms"], row["updated_ms"], row["created_by"], row["updated_by"],
            Origin.STORED, True, partial(self.body, row["uid"]), digest=row["file_digest"],
        )  # fmt: skip


def _with_identity(body: bytes, number: int, uid: str, version: int) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(body)
    found.update(id=number, uid=uid, version=version)
    return found


def _version(row: Row) -> Version:
    return Version(
        row["id"], row["version"], row["parent_version"], row["restored_from"], row["message"], row["created_ms"],
        row["created_by"],
    )  # fmt: skip
