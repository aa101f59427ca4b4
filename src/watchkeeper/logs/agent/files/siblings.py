"""Files that a log was rotated to: those that were written and left between two looks at the log's own name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from watchkeeper.logs.agent.files.generation import HEAD_BYTES, TAIL_BYTES, Identity

COMPRESSED: Final = (".gz", ".bz2", ".xz", ".zst", ".z", ".Z", ".lz4")
_INFIX: Final = re.compile(r"[-._][0-9T:_.-]+")
_SUFFIX: Final = re.compile(r"[-._~]?(?:[0-9][0-9T:Z_.+-]*|old|bak|prev)|~")


@dataclass(frozen=True, slots=True)
class Sibling:
    """A file beside a log."""

    path: str
    identity: Identity
    size: int
    mtime_ns: int


@dataclass(slots=True)
class Known:
    """How far a file was read, its first bytes, and the last that were read."""

    offset: int
    head: bytes
    tail: bytes


def is_sibling(name: str, log: str) -> bool:
    """Whether a name is one that a log's name becomes: `app.log.1`, `app.log-20240101`, `app-2024.log`."""
    if name == log or name.endswith(COMPRESSED):
        return False
    if name.startswith(log):
        return _SUFFIX.fullmatch(name, len(log)) is not None
    stem, dot, extension = log.partition(".")
    if not name.startswith(stem) or not name.endswith(dot + extension):
        return False
    return _INFIX.fullmatch(name, len(stem), len(name) - len(dot + extension)) is not None


def siblings(path: str) -> list[Sibling]:
    """Those that there are, the one that was written first at the front."""
    real = os.path.realpath(path)
    directory, log = os.path.split(real)
    found: list[Sibling] = []
    try:
        with os.scandir(directory or ".") as entries:
            for entry in entries:
                if not is_sibling(entry.name, log):
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
                if entry.is_file(follow_symlinks=False):
                    identity = (status.st_dev, status.st_ino)
                    found.append(Sibling(entry.path, identity, status.st_size, status.st_mtime_ns))
    except OSError:
        return []
    return sorted(found, key=lambda one: (one.mtime_ns, one.path))


def start_of(fd: int, size: int, known: Iterable[Known]) -> int:
    """From where on a file holds what was not read: behind what a known file has, if it is that file or its copy."""
    head = os.pread(fd, HEAD_BYTES, 0)
    for one in known:
        shared = min(len(one.head), len(head))
        if not one.offset or not one.head or head[:shared] != one.head[:shared] or shared < min(len(one.head), size):
            continue
        if size >= one.offset:
            start = max(0, one.offset - TAIL_BYTES)
            before = os.pread(fd, one.offset - start, start)
            if before.endswith(one.tail[-len(before) :] if before else b""):
                return one.offset
    return 0
