"""Wakes a thread when a directory changes: Linux's inotify where it can be had, else nothing but a timer.

Only names are watched (created, moved, removed, closed after writing), never what is written: an event is a reason to
look at once, and without it the next look does the same.
"""

from __future__ import annotations

import ctypes
import os
import select
import struct
from typing import Any, Final

_CREATE: Final = 0x100
_MOVED: Final = 0x40 | 0x80
_DELETE: Final = 0x200
_CLOSE_WRITE: Final = 0x8
_MASK: Final = _CREATE | _MOVED | _DELETE | _CLOSE_WRITE
_OVERFLOW: Final = 0x4000
_IGNORED: Final = 0x8000
_EVENT: Final = struct.Struct("iIII")
MAX_WATCHES: Final = 1024


class Watcher:
    """Waits for changes of names in directories, or for `wake`."""

    def __init__(self) -> None:
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._wake, select.POLLIN)
        self._paths: dict[int, str] = {}
        self._numbers: dict[str, int] = {}
        self._fd = -1
        self._libc: Any = None
        try:
            self._libc = ctypes.CDLL(None, use_errno=True)
            self._fd = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, AttributeError):
            self._fd = -1
        if self._fd >= 0:
            self._poll.register(self._fd, select.POLLIN)

    def watch(self, directories: set[str]) -> None:
        """Watch these directories and no others, as far as the system allows it."""
        if self._fd < 0:
            return
        for path in self._numbers.keys() - directories:
            number = self._numbers.pop(path)
            self._paths.pop(number, None)
            self._libc.inotify_rm_watch(self._fd, number)
        for path in sorted(directories - self._numbers.keys()):
            if len(self._numbers) >= MAX_WATCHES:
                return
            number = self._libc.inotify_add_watch(self._fd, os.fsencode(path), _MASK)
            if number >= 0:
                self._numbers[path] = number
                self._paths[number] = path

    def wait(self, timeout_s: float) -> set[str]:
        """Paths whose names changed; after `timeout_s` at the latest."""
        ready = self._poll.poll(max(0.0, timeout_s) * 1000)
        changed: set[str] = set()
        for fd, _ in ready:
            if fd == self._wake:
                os.eventfd_read(self._wake)
            else:
                changed |= self._events()
        return changed

    def _events(self) -> set[str]:
        try:
            data = os.read(self._fd, 1 << 16)
        except BlockingIOError:
            return set()
        changed: set[str] = set()
        at = 0
        while at + _EVENT.size <= len(data):
            number, mask, _, size = _EVENT.unpack_from(data, at)
            name = data[at + _EVENT.size : at + _EVENT.size + size].rstrip(b"\0")
            at += _EVENT.size + size
            if mask & _IGNORED:
                path = self._paths.pop(number, None)
                if path is not None:
                    self._numbers.pop(path, None)
                continue
            directory = self._paths.get(number)
            if directory is not None:
                changed.add(os.path.join(directory, os.fsdecode(name)))
        return changed

    def wake(self) -> None:
        """End the wait that is, or the next one; from any thread."""
        os.eventfd_write(self._wake, 1)

    def close(self) -> None:
        """Give the descriptors back."""
        if self._fd >= 0:
            os.close(self._fd)
        os.close(self._wake)
