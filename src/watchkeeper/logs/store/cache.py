"""Segments of the bucket on the local disk: parts that were read, up to a bound.

A segment's file is as long as the segment and has holes: pages are fetched when they are first read, in one request
where they are neighbours. When all caches together are too large, the segment that was read longest ago goes.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from watchkeeper.core.model.errors import CorruptionError
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.telemetry.metrics import Registry

log = get_logger("logs.store")

PAGE_BYTES: Final = 512 << 10  # Some blocks and their neighbours: a request costs as much as the transfer of this.
PART_SUFFIX: Final = ".part"

Fetch = Callable[[str, int, int], bytes]
"""(name, offset, size) → the bytes. Raises CorruptionError or UnavailableError."""


class CachedSegment:
    """One segment's file. `lock` is held while pages are fetched."""

    __slots__ = ("fd", "held_bytes", "lock", "map", "name", "path", "present", "size_bytes")

    def __init__(self, path: Path, name: str, size_bytes: int, *, is_whole: bool) -> None:
        """Raises OSError. A file that is whole is there already."""
        self.name = name
        self.path = path
        self.size_bytes = size_bytes
        self.lock = threading.Lock()
        self.present = np.full(-(-size_bytes // PAGE_BYTES), is_whole, np.bool_)
        self.held_bytes = size_bytes if is_whole else 0
        self.fd = -1
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        if not is_whole:
            os.ftruncate(self.fd, size_bytes)
        self.map = mmap.mmap(self.fd, size_bytes, access=mmap.ACCESS_READ) if size_bytes else None

    def __del__(self) -> None:
        # The last of those who read it closes it: it may have left the cache long before. Views need the map only.
        if self.fd >= 0:
            os.close(self.fd)

    def view(self, offset: int, size: int) -> memoryview:
        """Bytes that are there; the view stays valid when the file goes."""
        return memoryview(self.map)[offset : offset + size] if self.map is not None else memoryview(b"")

    def missing(self, offset: int, size: int) -> list[tuple[int, int]]:
        """Runs of pages, [first, last), that have to be fetched before a range can be read."""
        first, last = offset // PAGE_BYTES, -(-(offset + size) // PAGE_BYTES)
        pages = np.flatnonzero(~self.present[first:last]) + first
        runs = np.split(pages, np.flatnonzero(np.diff(pages) != 1) + 1) if len(pages) else []
        return [(int(run[0]), int(run[-1]) + 1) for run in runs]

    def write(self, page: int, data: bytes) -> None:
        """Put what was fetched from the first byte of a page on. Raises OSError; then nothing counts as there."""
        offset = page * PAGE_BYTES
        at = 0
        while at < len(data):
            at += os.pwrite(self.fd, memoryview(data)[at:], offset + at)
        self.present[page : page + -(-len(data) // PAGE_BYTES)] = True
        self.held_bytes = min(int(self.present.sum()) * PAGE_BYTES, self.size_bytes)


class SegmentCache:
    """Files of segments in a folder, at most `max_bytes` of them. Safe for several threads."""

    def __init__(
        self,
        directory: Path,
        max_bytes: int,
        fetch: Fetch,
        registry: Registry,
        *,
        reads_ranges: Callable[[], bool] = lambda: True,
    ) -> None:
        """
        reads_ranges   whether parts can be fetched; where they can't, the first read of a segment fetches all of it
        """
        self.directory = directory
        self._reads_ranges = reads_ranges
        self.max_bytes = max_bytes
        self._fetch = fetch
        self._lock = threading.Lock()
        self._held: OrderedDict[str, CachedSegment] = OrderedDict()  # Read longest ago first.
        self._waiting: dict[str, Path] = {}  # Whole files of an earlier run, not opened yet.
        name = "watchkeeper_logs_bucket_cache_"
        self._hits = registry.counter(name + "hits_total", "Reads of segments that the local disk could answer.")
        self._misses = registry.counter(name + "misses_total", "Reads of segments for which the bucket was asked.")
        self._evicted = registry.counter(name + "evicted_total", "Segments that left the local disk for lack of room.")
        registry.gauge(name + "bytes", "Local disk that segments of the bucket take.").set_function(
            lambda: float(self.size_bytes)
        )

    def open(self) -> None:
        """Find what an earlier run left: whole segments serve, parts go. Raises OSError."""
        self.directory.mkdir(parents=True, exist_ok=True)
        found = []
        for path in self.directory.iterdir():
            if path.name.endswith(PART_SUFFIX):
                path.unlink(missing_ok=True)
            elif path.is_file():
                found.append((path.stat().st_mtime_ns, path))
        self._waiting = {path.name: path for _, path in sorted(found)}

    def close(self) -> None:
        """Let go of all files; whole ones stay on the disk."""
        with self._lock:
            for held in self._held.values():
                if held.held_bytes < held.size_bytes:
                    held.path.unlink(missing_ok=True)
            self._held.clear()

    @property
    def size_bytes(self) -> int:
        """What the files take."""
        with self._lock:
            held = sum(held.held_bytes for held in self._held.values())
            return held + sum(_size(path) for path in self._waiting.values())

    def read(self, name: str, segment_bytes: int, offset: int, size: int) -> bytes | memoryview:
        """A part of a segment of `segment_bytes`. Raises CorruptionError or UnavailableError."""
        if offset < 0 or size < 0 or offset + size > segment_bytes:
            raise CorruptionError(name, offset, "the segment is cut short")
        if size == 0:
            return b""
        held = self._get(name, segment_bytes)
        if held is None:
            self._misses.inc()
            return self._fetch(name, offset, size)
        with held.lock:
            missing = held.missing(offset, size)
            (self._misses if missing else self._hits).inc()
            if missing and not self._reads_ranges():
                missing = [(0, len(held.present))]
            for first, last in missing:
                lo, hi = first * PAGE_BYTES, min(last * PAGE_BYTES, segment_bytes)
                data = self._fetch(name, lo, hi - lo)
                try:
                    held.write(first, data)
                except OSError as error:
                    log.warn("the cache of segments can't be written", err=str(error))
                    return self._fetch(name, offset, size)
            if missing and held.held_bytes == segment_bytes:
                self._complete(held)
            view = held.view(offset, size)
        if missing:
            self._evict()
        return view

    def take(self, path: Path, name: str) -> None:
        """A whole segment's file, now also in the bucket, moves here. Raises OSError."""
        os.replace(path, self.directory / name)
        with self._lock:
            self._waiting[name] = self.directory / name
        self._evict()

    def has(self, name: str) -> bool:
        """Whether a whole segment or a part of it is here."""
        with self._lock:
            return name in self._held or name in self._waiting

    def drop(self, name: str) -> None:
        """Forget a segment."""
        with self._lock:
            self._remove(name)

    def trim(self, name: str) -> None:
        """Give back the memory of what was read of a segment; the system still has it."""
        with self._lock:
            held = self._held.get(name)
            if held is not None and held.map is not None:
                held.map.madvise(mmap.MADV_DONTNEED)

    def _get(self, name: str, segment_bytes: int) -> CachedSegment | None:
        """The segment's file, made when first asked for; None where the disk has no room for one."""
        with self._lock:
            held = self._held.get(name)
            if held is not None and held.size_bytes == segment_bytes:
                self._held.move_to_end(name)
                return held
            whole = self._waiting.pop(name, None)
            is_whole = whole is not None and _size(whole) == segment_bytes
            if not is_whole:
                self._remove(name)
            path = self.directory / (name if is_whole else name + PART_SUFFIX)
            try:
                held = self._held[name] = CachedSegment(path, name, segment_bytes, is_whole=is_whole)
            except OSError as error:
                log.warn("the cache of segments can't be written", err=str(error))
                return None
            return held

    def _complete(self, held: CachedSegment) -> None:
        """All pages are there: after a restart the file serves."""
        with self._lock, contextlib.suppress(OSError):
            if self._held.get(held.name) is held:
                os.replace(held.path, self.directory / held.name)
                held.path = self.directory / held.name

    def _evict(self) -> None:
        with self._lock:
            total = sum(held.held_bytes for held in self._held.values())
            total += sum(_size(path) for path in self._waiting.values())
            # Files of an earlier run that nobody asked for since were read longest ago.
            for name in [*self._waiting, *self._held]:
                if total <= self.max_bytes:
                    break
                total -= self._remove(name)
                self._evicted.inc()

    def _remove(self, name: str) -> int:
        """Forget a segment; how many bytes went. The lock is held."""
        path = self._waiting.pop(name, None)
        size = _size(path) if path is not None else 0
        held = self._held.pop(name, None)
        if held is not None:
            path, size = held.path, held.held_bytes
        if path is None:
            path = self.directory / name
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        return size


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
