"""Directory lock and atomic files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from watchkeeper.core.disk import atomic
from watchkeeper.core.disk.atomic import write_atomically
from watchkeeper.core.disk.lock import DirectoryLock, DirectoryLocked


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    lock = DirectoryLock(tmp_path)
    with pytest.raises(DirectoryLocked, match=f"in use by process {os.getpid()}"):
        DirectoryLock(tmp_path)
    lock.release()
    lock.release()
    DirectoryLock(tmp_path).release()


def test_a_failed_write_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
