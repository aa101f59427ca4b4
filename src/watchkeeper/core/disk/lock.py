"""One process at a time in a data directory."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from watchkeeper.core.model.errors import UnavailableError


class DirectoryLocked(UnavailableError):
    """Another process works in the directory."""


class DirectoryLock:
    """An advisory lock on the file `lock` of a directory; it goes when the process ends, however it ends."""

    def __init__(self, directory: Path) -> None:
        """Takes the lock. Raises DirectoryLocked, naming the holder, or OSError."""
        self._path = directory / "lock"
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._fd, 32).decode("ascii", "replace").strip()
            os.close(self._fd)
            who = f"process {holder}" if holder.isdigit() else "another process"
            raise DirectoryLocked(f"{directory}: data directory is in use by {who}") from None
        except OSError:
            os.close(self._fd)
            raise
        with suppress(OSError):  # The number is for people; a full disk must not keep the store from being read.
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, b"%d\n" % os.getpid(), 0)

    def release(self) -> None:
        """Give the lock back. Harmless when called again."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
