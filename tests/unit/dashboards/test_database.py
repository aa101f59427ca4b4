"""The SQLite file: made, brought up to date, refused, changed as a whole or not at all."""

from __future__ import annotations

import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from watchkeeper.dashboards.database import Database, DatabaseError
from watchkeeper.dashboards.migrations import SCRIPTS
from watchkeeper.dashboards.state import State


def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "state.db"
    database = Database(path)
    database.open()
    database.open()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    row = database.row("PRAGMA user_version")
    assert row is not None
    assert row[0] == len(SCRIPTS)
    mode = database.row("PRAGMA journal_mode")
    assert mode is not None
    assert mode[0] == "wal"
    database.insert("settings", name="a", value="1")
    database.close()
    database.close()
    database.open()
    assert [tuple(row) for row in database.rows("SELECT * FROM settings")] == [("a", "1")]
    database.close()
    # A copy that somebody put back, with the mode that copies have.
    path.chmod(0o644)
    database.open()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()} == {0o600}
    database.close()


def test_a_file_of_an_older_version_keeps_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    connection = sqlite3.connect(path)
    connection.executescript(f"{SCRIPTS[0]} PRAGMA user_version = 1;")
    connection.execute(
        "INSERT INTO dashboards "
        "(uid, title, slug, tags, version, body, created_ms, updated_ms, created_by, updated_by) VALUES"
        "  ('a', 'A', 'a', '[]', 1, '{\"title\": \"A\"}', 1, 1, 'x', 'x')"
    )
    connection.execute("INSERT INTO datasources (uid, name, body, secrets, version) VALUES ('d', 'D', ?, '{}', 1)", (
        '{"type": "loki", "url": "http://d", "is_default": false, "access": "proxy", "user": "", "database": "", '
        '"basic_auth": false, "basic_auth_user": "", "with_credentials": false, "json_data": {}}',
    ))  # fmt: skip
    connection.commit()
    connection.close()
    state = State(path, [])
    state.open()
    assert state.catalog.get("a").load()["title"] == "A"
    assert state.datasources.find("d").url == "http://d"
    assert (state.permissions.all(), state.library.all()) == ({}, [])
    state.close()


def test_files_that_can_not_be_used(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(DatabaseError, match="state.db: the dashboards' database can't be opened: file is not a"):
        Database(path).open()
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(DatabaseError, match="written by a newer version"):
        Database(path).open()
    with pytest.raises(DatabaseError, match="closed"):
        Database(path).rows("SELECT 1")


def test_a_change_that_fails_leaves_nothing() -> None:
    database = Database(None)
    database.open()

    def fail() -> None:
        with database.change():
            database.insert("settings", name="a", value="1")
            with database.change():
                database.insert("settings", name="b", value="1")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert database.rows("SELECT * FROM settings") == []
    with pytest.raises(DatabaseError, match="no such table"):
        database.rows("SELECT * FROM none")
    database.close()


def test_many_threads(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")
    database.open()

    def work(name: str) -> None:
        for number in range(20):
            with database.change():
                database.insert("settings", name=f"{name}{number}", value="")

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    row = database.row("SELECT COUNT(*) FROM settings")
    assert row is not None
    assert row[0] == 80
    database.close()
