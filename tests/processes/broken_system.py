"""A server on a machine that misbehaves: small disks, disks that refuse writes, clocks that are wrong."""

from __future__ import annotations

import errno
import mmap
import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.processes.running import Process

SOURCE = Path(__file__).with_name("broken_system.c")


@contextmanager
def small_disk(at: Path, size: str = "16m") -> Iterator[None]:
    """A file system of its own at a folder that is not there yet; skips the test where this user can't mount one."""
    at.parent.mkdir(parents=True, exist_ok=True)
    # Not below the tests' own folders: one that a killed run left mounted could not be taken away by later runs.
    place = tempfile.mkdtemp(prefix="small-disk-")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], capture_output=True, text=True, check=False
    )
    try:
        if mounted.returncode:
            pytest.skip(f"a small disk can't be mounted here: {mounted.stderr.strip()}")
        at.symlink_to(place)
        yield
    finally:
        if not mounted.returncode:
            subprocess.run(["umount", "-l", place], check=False)
        os.rmdir(place)


def fill(at: Path) -> Path:
    """A file that takes all that is left of a disk."""
    ballast = at / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1 << 16))
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(512))
    return ballast


class BrokenSystem:
    """What a server with the preloaded library is made to believe."""

    def __init__(self, folder: Path, server: Process) -> None:
        """Makes `server` start with it."""
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("g++")
        if compiler is None:
            pytest.skip("no C compiler for the library that breaks the system")
        library = folder / "broken_system.so"
        subprocess.run(
            [compiler, "-x", "c", "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE)], check=True, timeout=60
        )
        state = folder / "broken_system"
        state.write_bytes(bytes(16))
        with state.open("r+b") as file:
            self._state = mmap.mmap(file.fileno(), 16)
        data = str((folder / "data").resolve())
        server.environment = {
            **os.environ,
            "LD_PRELOAD": str(library),
            "BROKEN_SYSTEM": str(state),
            "BROKEN_DIRECTORY": data,
        }

    def disk_fails(self, error: int = errno.EROFS) -> None:
        """From now on every write in the data directory fails so."""
        struct.pack_into("<q", self._state, 0, error)

    def disk_works(self) -> None:
        """Writes go through again."""
        struct.pack_into("<q", self._state, 0, 0)

    def clock_is_off(self, seconds: float) -> None:
        """The wall clock is wrong by so much."""
        struct.pack_into("<q", self._state, 8, int(seconds * 1e9))
