"""Folders that people made."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from watchkeeper.dashboards.database import Database, Row
from watchkeeper.dashboards.errors import Conflict, Missing, Refused
from watchkeeper.dashboards.names import checked_uid, file_number, new_uid
from watchkeeper.dashboards.removal import remove_folder

GENERAL: Final = ""  # The uid of the top, which is no folder of its own.
MAX_DEPTH: Final = 8
MAX_TITLE: Final = 250
NOT_FOUND: Final = "folder not found"


@dataclass(frozen=True, slots=True)
class Folder:
    """`is_file` for one that only files of dashboards made."""

    uid: str
    number: int
    title: str
    parent_uid: str = GENERAL
    version: int = 1
    created_ms: int = 0
    updated_ms: int = 0
    created_by: str = ""
    updated_by: str = ""
    is_file: bool = False


def file_folder(uid: str, title: str) -> Folder:
    """A folder that files made."""
    return Folder(uid, file_number(f"folder:{uid}"), title, is_file=True)


class Folders:
    """The folders of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Folder]:
        """By title."""
        return [_folder(row) for row in self._database.rows("SELECT * FROM folders ORDER BY title COLLATE NOCASE, id")]

    def get(self, uid: str) -> Folder | None:
        """The folder of a uid."""
        row = self._database.row("SELECT * FROM folders WHERE uid = ?", uid)
        return None if row is None else _folder(row)

    def create(self, title: str, uid: str, parent_uid: str, by: str, now_ms: int) -> Folder:
        """A new folder; it gets a uid where it names none. Raises Refused, Conflict and Missing."""
        title = _checked_title(title)
        uid = checked_uid(uid) if uid else new_uid()
        if uid == "general":
            raise Refused("invalid uid for folder provided")
        with self._database.change():
            self._check_parent(uid, parent_uid)
            self._check_siblings(title, parent_uid, uid)
            try:
                self._database.insert(
                    "folders", uid=uid, title=title, parent_uid=parent_uid, version=1,
                    created_ms=now_ms, updated_ms=now_ms, created_by=by, updated_by=by,
                )  # fmt: skip
            except sqlite3.IntegrityError:
                text = "the folder has been changed by someone else"
                raise Conflict(f"a folder with the uid {uid} exists: {text}", "version-mismatch") from None
            found = self.get(uid)
        assert found is not None
        return found

    def rename(self, uid: str, title: str, version: int | None, by: str, now_ms: int) -> Folder:
        """Gives it a title. `version` is the one that was seen; None to overwrite. Raises Refused, Conflict and
        Missing."""
        title = _checked_title(title)
        with self._database.change():
            old = self._needed(uid)
            if version is not None and version != old.version:
                raise Conflict("the folder has been changed by someone else", "version-mismatch")
            self._check_siblings(title, old.parent_uid, uid)
            self._database.run(
                "UPDATE folders SET title = ?, version = version + 1, updated_ms = ?, updated_by = ? WHERE uid = ?",
                title, now_ms, by, uid,
            )  # fmt: skip
            return self._needed(uid)

    def move(self, uid: str, parent_uid: str, by: str, now_ms: int) -> Folder:
        """Puts it below another. Raises Refused, Conflict and Missing."""
        with self._database.change():
            old = self._needed(uid)
            self._check_parent(uid, parent_uid)
            self._check_siblings(old.title, parent_uid, uid)
            self._database.run(
                "UPDATE folders SET parent_uid = ?, version = version + 1, updated_ms = ?, updated_by = ? "
                "WHERE uid = ?", parent_uid, now_ms, by, uid,
            )  # fmt: skip
            return self._needed(uid)

    def below(self, uid: str) -> list[str]:
        """The folder itself, and all below it."""
        found, waiting = [uid], [uid]
        while waiting:
            rows = self._database.rows("SELECT uid FROM folders WHERE parent_uid = ?", waiting.pop())
            new = [str(row["uid"]) for row in rows if row["uid"] not in found]
            found += new
            waiting += new
        return found

    def delete(self, uid: str) -> Folder:
        """Takes it away, with all folders and dashboards in it. Raises Missing."""
        with self._database.change():
            old = self._needed(uid)
            for inner in self.below(uid):
                remove_folder(self._database, inner)
        return old

    def _needed(self, uid: str) -> Folder:
        found = self.get(uid)
        if found is None:
            raise Missing(NOT_FOUND)
        return found

    def _check_parent(self, uid: str, parent_uid: str) -> None:
        at, depth = parent_uid, 1
        while at:
            if at == uid:
                raise Refused("failed to move folder: circular reference detected")
            folder = self.get(at)
            if folder is None:
                raise Refused("parent folder not found")
            at, depth = folder.parent_uid, depth + 1
            if depth > MAX_DEPTH:
                raise Refused(f"folders may stand in each other {MAX_DEPTH} deep, and no deeper")

    def _check_siblings(self, title: str, parent_uid: str, uid: str) -> None:
        row = self._database.row(
            "SELECT 1 FROM folders WHERE title = ? AND parent_uid = ? AND uid <> ?", title, parent_uid, uid
        )
        if row is not None:
            raise Conflict("a folder with the same name already exists in the current location")


def children(folders: Sequence[Folder], parent_uid: str) -> list[Folder]:
    """Those right below a folder."""
    return [folder for folder in folders if folder.parent_uid == parent_uid]


def _checked_title(title: str) -> str:
    title = title.strip()
    if not title:
        raise Refused("folder title cannot be empty")
    if len(title) > MAX_TITLE:
        raise Refused(f"folder title is too long, max {MAX_TITLE} characters")
    if title.lower() == "general":
        raise Refused("a folder can't be named General, which is the name of the top")
    return title


def _folder(row: Row) -> Folder:
    return Folder(
        row["uid"], row["id"], row["title"], row["parent_uid"], row["version"], row["created_ms"],
        row["updated_ms"], row["created_by"], row["updated_by"],
    )  # fmt: skip
