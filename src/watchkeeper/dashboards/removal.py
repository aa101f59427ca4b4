"""What goes with folders and dashboards that are taken away. Called within a change of the database."""

from __future__ import annotations

from typing import Final

from watchkeeper.dashboards.database import Database
from watchkeeper.dashboards.permissions import DASHBOARD, FOLDER

BY_KIND: Final = ("permissions", "permission_sets", "resource_notes")  # Have rows of folders and of dashboards.
OF_DASHBOARDS: Final = ("annotations", "stars")


def remove_dashboards(database: Database, column: str, value: str) -> None:
    """Takes away the dashboards whose `column` (`uid` or `folder_uid`) is `value`, with all that is kept of them."""
    gone = f"SELECT uid FROM dashboards WHERE {column} = ?"
    for table in BY_KIND:
        database.run(f"DELETE FROM {table} WHERE kind = ? AND uid IN ({gone})", DASHBOARD, value)
    for table in OF_DASHBOARDS:
        database.run(f"DELETE FROM {table} WHERE dashboard_uid IN ({gone})", value)
    database.run(f"DELETE FROM dashboards WHERE {column} = ?", value)


def remove_folder(database: Database, uid: str) -> None:
    """Takes away one folder with what stands right in it; folders below it are left."""
    remove_dashboards(database, "folder_uid", uid)
    for table in BY_KIND:
        database.run(f"DELETE FROM {table} WHERE kind = ? AND uid = ?", FOLDER, uid)
    database.run("DELETE FROM library_elements WHERE folder_uid = ?", uid)
    database.run("DELETE FROM folders WHERE uid = ?", uid)
