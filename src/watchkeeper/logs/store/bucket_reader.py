"""Reads segments: from the local file while there is one, else from the cache, else from the bucket."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from watchkeeper.core.model.errors import CorruptionError, UnavailableError
from watchkeeper.core.objects.objects import ObjectError, ObjectMissing, Objects
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.store.cache import SegmentCache
from watchkeeper.logs.store.segment_source import LocalSource

SEGMENTS: Final = "segments/"  # What stands before a segment's name in its object's key.
DOWN_S: Final = 5.0  # How long a bucket that did not answer a read is not asked again by readers.


class BucketSource:
    """A `SegmentSource`: the local file while there is one, else the cache, else the bucket."""

    def __init__(self, bucket: BucketReader, name: str, size_bytes: int) -> None:
        self._bucket = bucket
        self._name = name
        self.size_bytes = size_bytes

    def read(self, offset: int, size: int) -> bytes | memoryview:
        """See SegmentSource. Raises CorruptionError where the bucket has no such segment, UnavailableError where it
        does not answer."""
        return self._bucket.read(self._name, self.size_bytes, offset, size)

    def trim(self) -> None:
        """See SegmentSource."""
        self._bucket.trim(self._name)

    def refresh(self) -> bool:
        """See SegmentSource."""
        return self._bucket.refresh(self._name)


class BucketReader:
    """Opens and reads segments. Safe for several threads."""

    def __init__(
        self,
        objects: Objects,
        local: Path,
        cache_directory: Path,
        cache_bytes: int,
        registry: Registry,
        *,
        size_of: Callable[[str], int | None],
        is_uploaded: Callable[[str], bool],
        clock_s: Callable[[], float],
    ) -> None:
        """
        local         where segments are written, and wait for the bucket
        size_of       size of a segment that is not in `local`; None where it is not known yet
        is_uploaded   whether the bucket has a segment
        """
        self._objects = objects
        self._local = local
        self._size_of = size_of
        self._is_uploaded = is_uploaded
        self._clock_s = clock_s
        self.cache = SegmentCache(
            cache_directory, cache_bytes, self._fetch, registry, reads_ranges=lambda: objects.reads_ranges
        )
        self._lock = threading.Lock()
        self._mapped: dict[str, LocalSource] = {}
        self._down_until_s = float("-inf")

    def open(self, name: str) -> BucketSource:
        """A segment's source; nothing is read. Raises UnavailableError where its size is not known yet."""
        try:
            size: int | None = (self._local / name).stat().st_size
        except OSError:
            size = self._size_of(name)
        if size is None:
            raise UnavailableError(f"{name}: the bucket has not answered yet")
        return BucketSource(self, name, size)

    def read(self, name: str, segment_bytes: int, offset: int, size: int) -> bytes | memoryview:
        """A part of a segment. Raises CorruptionError or UnavailableError."""
        source = self._mapped.get(name)
        if source is None and not self.cache.has(name):
            source = self._map(name)
        if source is not None:
            return source.read(offset, size)
        return self.cache.read(name, segment_bytes, offset, size)

    def trim(self, name: str) -> None:
        """Give back the memory of what was read of a segment."""
        source = self._mapped.get(name)
        if source is not None:
            source.trim()
        else:
            self.cache.trim(name)

    def refresh(self, name: str) -> bool:
        """Forget what the local disk has of a segment that the bucket has too; whether it had something."""
        if not self._is_uploaded(name) or not self.cache.has(name):
            return False
        self.cache.drop(name)
        return True

    def _map(self, name: str) -> LocalSource | None:
        with self._lock:
            try:
                source = self._mapped[name] = LocalSource(self._local / name)
            except OSError:
                return None
            return source

    def _fetch(self, name: str, offset: int, size: int) -> bytes:
        if self._clock_s() < self._down_until_s:
            raise UnavailableError("the bucket did not answer a moment ago")
        try:
            data = self._objects.get_range(SEGMENTS + name, offset, size)
        except ObjectMissing:
            raise CorruptionError(name, 0, "the bucket has no such segment") from None
        except ObjectError as error:
            # A query that needs many segments must not wait for each of them.
            self._down_until_s = self._clock_s() + DOWN_S
            raise UnavailableError(f"the bucket does not answer: {error}") from None
        if len(data) < size:
            raise CorruptionError(name, offset + len(data), "the segment is cut short")
        return data

    @property
    def mapped(self) -> set[str]:
        """Names of the local files that are mapped."""
        with self._lock:
            return set(self._mapped)

    def unmap(self, names: Iterable[str]) -> None:
        """Let go of local files; what was read stays valid."""
        with self._lock:
            for name in names:
                self._mapped.pop(name, None)
