"""Short links to long ones of our own pages."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from watchkeeper.dashboards.database import Database
from watchkeeper.dashboards.errors import Missing, Refused
from watchkeeper.dashboards.names import new_uid

MAX_PATH: Final = 100_000


class ShortUrls:
    """The short links of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, path: str, now_ms: int) -> str:
        """The uid of a link to a path of ours; the same path has the same. Raises Refused."""
        path = path.strip().lstrip("/")
        try:
            parts = urlsplit(path)
        except ValueError:
            raise Refused("the path is no URL") from None
        if not path or parts.scheme or parts.netloc or "\\" in path or "//" in parts.path or ".." in parts.path:
            raise Refused("Path should be relative: it begins with no scheme, host or slash, and has no ..")
        if len(path) > MAX_PATH:
            raise Refused(f"the path is longer than {MAX_PATH} characters")
        with self._database.change():
            row = self._database.row("SELECT uid FROM short_urls WHERE path = ?", path)
            if row is not None:
                return str(row["uid"])
            uid = new_uid()
            self._database.insert("short_urls", uid=uid, path=path, created_ms=now_ms)
        return uid

    def path(self, uid: str) -> str:
        """Where it leads, without a slash in front. Raises Missing."""
        row = self._database.row("SELECT path FROM short_urls WHERE uid = ?", uid)
        if row is None:
            raise Missing("short URL not found")
        return str(row["path"])
