"""Dashboards whose files are gone, where a provider says `disableDeletion`: they stay, and are people's from then."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import orjson

from watchkeeper.dashboards.database import Database
from watchkeeper.dashboards.entry import packed
from watchkeeper.dashboards.errors import Conflict, Refused
from watchkeeper.dashboards.folders import Folders
from watchkeeper.dashboards.provisioning.dashboard_files import BY, DashboardFiles
from watchkeeper.dashboards.stored import Save, Stored

MESSAGE: Final = "kept, as its file is gone"


class Leftovers:
    """Keeps a copy of each file of such providers, so that it is there when the file is not, after a restart too."""

    def __init__(self, database: Database, stored: Stored, folders: Folders) -> None:
        self._database = database
        self._stored = stored
        self._folders = folders

    def follow(self, providers: Iterable[DashboardFiles], now_ms: int) -> None:
        """After a look at the files: copies what has changed, and saves what is gone as people's."""
        kept = {files.provider.name: files for files in providers if files.provider.disable_deletion}
        rows = self._database.rows("SELECT uid, provider, digest FROM kept_files")
        if not kept and not rows:
            return
        known = {row["uid"]: row["digest"] for row in rows}
        there = {entry.uid for files in kept.values() for entry in files.entries}
        with self._database.change():
            for files in kept.values():
                self._copy(files, known)
            for row in rows:
                if row["uid"] in there:
                    continue
                # Of a provider that is gone nothing stays, as in Grafana; a folder that can't be read is not gone.
                files_of = kept.get(row["provider"])
                if files_of is not None and not files_of.is_there:
                    continue
                if files_of is not None:
                    self._adopt(row["uid"], now_ms)
                self._database.run("DELETE FROM kept_files WHERE uid = ?", row["uid"])

    def _copy(self, files: DashboardFiles, known: dict[str, str]) -> None:
        for entry in files.entries:
            if known.get(entry.uid) == entry.digest:
                continue
            try:
                body = packed(entry.load())
            except (OSError, Refused):
                continue
            folder = files.folders.get(entry.folder_uid)
            self._database.run(
                "INSERT OR REPLACE INTO kept_files (uid, provider, digest, folder_uid, folder_title, body) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                entry.uid, files.provider.name, entry.digest, entry.folder_uid, folder.title if folder else "", body,
            )  # fmt: skip

    def _adopt(self, uid: str, now_ms: int) -> None:
        row = self._database.row("SELECT * FROM kept_files WHERE uid = ?", uid)
        if row is None or self._stored.get(uid) is not None:
            return
        folder_uid = row["folder_uid"]
        if folder_uid and self._folders.get(folder_uid) is None:
            same = next((one for one in self._folders.all() if one.title == row["folder_title"]), None)
            if same is not None:
                folder_uid = same.uid
            else:
                self._folders.create(row["folder_title"] or folder_uid, folder_uid, "", BY, now_ms)
        try:
            self._stored.save(Save(orjson.loads(row["body"]), folder_uid, MESSAGE, BY, overwrite=True), now_ms)
        except (Refused, Conflict):
            return
