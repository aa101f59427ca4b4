"""One SQLite file: opened, brought up to date, asked and changed by one connection behind one lock."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from watchkeeper.core.model.errors import WatchkeeperError
from watchkeeper.dashboards.migrations import SCRIPTS

BUSY_MS: Final = 5000
CACHE_KIB: Final = 1024  # The pages of the file stay with the kernel anyway.

Row = sqlite3.Row


class DatabaseError(WatchkeeperError):
    """The file can't be used; the text names it and says why."""


class Database:
    """All methods may be called on any thread, and may wait for the disk. `path` None is one in memory, for tests."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._epoch = 0  # Goes up where the count of changes does not tell: a new connection, a change taken back.

    def open(self) -> None:
        """Makes the file where there is none, and its tables as this version knows them. Raises DatabaseError."""
        with self._lock:
            if self._connection is not None:
                return
            self._epoch += 1
            try:
                self._connection = self._opened()
                self._migrate(self._connection)
            except (sqlite3.Error, OSError) as error:
                self.close()
                raise DatabaseError(f"{self._path}: the dashboards' database can't be opened: {error}") from None

    def close(self) -> None:
        """Lets go of the file. Harmless when called again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """What a SELECT finds. Raises DatabaseError."""
        with self._lock, self._told():
            found: list[Row] = self._live.execute(sql, values).fetchall()
            return found

    def row(self, sql: str, *values: Any) -> Row | None:
        """The first row of a SELECT; None where there is none."""
        with self._lock, self._told():
            found: Row | None = self._live.execute(sql, values).fetchone()
            return found

    def run(self, sql: str, *values: Any) -> int:
        """One change; how many rows it touched. Within `change` it is part of that."""
        with self._lock, self._told():
            return self._live.execute(sql, values).rowcount

    def insert(self, table: str, **values: Any) -> int:
        """One new row; its id."""
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        with self._lock, self._told():
            sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"
            return self._live.execute(sql, tuple(values.values())).lastrowid or 0

    def insert_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Several new rows."""
        with self._lock, self._told():
            self._live.executemany(sql, rows)

    @contextmanager
    def change(self) -> Iterator[None]:
        """Everything inside happens, or nothing does; others wait. Inside another one it is part of it."""
        with self._lock:
            if self._live.in_transaction:
                yield
                return
            with self._told():
                self._live.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._roll_back()
                raise
            with self._told():
                try:
                    self._live.execute("COMMIT")
                except sqlite3.Error:
                    self._roll_back()
                    raise

    @property
    def revision(self) -> tuple[int, int]:
        """Another one after each change, so that what was read before it can be told from what is there."""
        with self._lock:
            return self._epoch, self._live.total_changes

    @property
    def _live(self) -> sqlite3.Connection:
        if self._connection is None:
            raise DatabaseError("the dashboards' database is closed")
        return self._connection

    def _roll_back(self) -> None:
        self._epoch += 1
        self._live.execute("ROLLBACK")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as error:
            raise DatabaseError(f"{self._path}: {error}") from None

    def _opened(self) -> sqlite3.Connection:
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # Hashes and datasources' passwords are nobody else's business, of a copy that somebody put back neither.
            opened = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                if os.fstat(opened).st_mode & 0o077:
                    with suppress(PermissionError):  # Somebody else's file, which this user may write.
                        os.fchmod(opened, 0o600)
            finally:
                os.close(opened)
        connection = sqlite3.connect(
            self._path or ":memory:", timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = Row
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            f"cache_size = -{CACHE_KIB}",
            "trusted_schema = OFF",
        ):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > len(SCRIPTS):
            raise DatabaseError(f"{self._path}: was written by a newer version, which this one can't read")
        for number, script in enumerate(SCRIPTS[version:], version + 1):
            connection.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {number}; COMMIT;")
