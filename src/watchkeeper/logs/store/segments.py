"""The segments that serve: opened, added, replaced, set aside where they are damaged, removed."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from watchkeeper.core.model.errors import CorruptionError, UnavailableError
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.store.block_cache import BlockCache
from watchkeeper.logs.store.manifest import Manifest, read_manifest, write_manifest
from watchkeeper.logs.store.metrics import StoreMetrics
from watchkeeper.logs.store.segment import SUFFIX, Segment, SegmentInfo, read_footer
from watchkeeper.logs.store.segment_source import OpenSource, local_sources
from watchkeeper.logs.store.segment_writer import TEMPORARY_SUFFIX
from watchkeeper.logs.store.streams import Streams

log = get_logger("logs.store")

CORRUPT_SUFFIX: Final = ".corrupt"
Written = Callable[[Path, str], None]
"""Called with path and name of a segment that now counts."""
Removed = Callable[[str], None]
"""Called with the name of a segment that counts no more; its file is gone."""


class Segments:
    """The list of segments. One thread at a time changes it; readers take `current`, which never changes.

    `lock` is held for the moment in which rows go from the head to a segment, so that a reader who takes both under it
    sees each row once.
    """

    def __init__(
        self,
        directory: Path,
        home: Path,
        streams: Streams,
        cache: BlockCache,
        metrics: StoreMetrics,
        *,
        max_mapped_bytes: int = 1 << 30,
        open_source: OpenSource | None = None,
        on_written: Written | None = None,
        on_removed: Removed | None = None,
    ) -> None:
        self.directory = directory
        self._home = home  # Where the manifest is.
        self.streams = streams
        self.cache = cache
        self._metrics = metrics
        self._is_local = open_source is None
        self._open_source = open_source or local_sources(directory)
        self._max_mapped_bytes = max_mapped_bytes
        self._read_bytes = 0
        self._on_written = on_written
        self._on_removed = on_removed
        self.lock = threading.Lock()
        self._changing = threading.RLock()
        self.log_id = 0
        self.was_listed = False  # There was a manifest.
        self._number = 0
        self.current: tuple[Segment, ...] = ()

    # --- opening ----------------------------------------------------------------------------------------------------

    def open_all(self) -> None:
        """Find what is there; leftovers of a crash go. Nothing is read but the manifest. Raises OSError."""
        self.directory.mkdir(parents=True, exist_ok=True)
        for path in self.directory.glob("*" + TEMPORARY_SUFFIX):
            path.unlink(missing_ok=True)
        present = {path.name for path in self.directory.glob("*" + SUFFIX)}
        try:
            manifest = read_manifest(self._home)
        except CorruptionError as error:
            self._metrics.corruptions.inc()
            log.error("the manifest is damaged; it is made anew from the segments", err=str(error))
            manifest = None
        self.was_listed = manifest is not None
        if manifest is None:
            infos = self._survey(present)
        else:
            infos = self._known(manifest, present)
            self.log_id = manifest.log_id
        self._publish(self._segment(info) for info in infos)

    def choose_log(self) -> None:
        """Without a manifest: go on with the log that the newest segment speaks of, or begin one. Raises OSError."""
        if not self.was_listed:
            infos = [segment.info for segment in self.current]
            newest = max(infos, key=lambda info: info.flushed_to, default=None)
            self.log_id = newest.log_id if newest is not None else secrets.randbits(63)
            write_manifest(self._home, Manifest(self.log_id, infos))

    def _known(self, manifest: Manifest, present: set[str]) -> list[SegmentInfo]:
        names = {info.name for info in manifest.segments}
        for name in present - names:  # Written and not yet counted, or counted no more and not yet removed.
            (self.directory / name).unlink(missing_ok=True)
        if not self._is_local:
            return list(manifest.segments)
        missing = names - present
        for name in sorted(missing):
            self._metrics.corruptions.inc()
            log.error("a segment is missing; others serve", segment=name)
        return [info for info in manifest.segments if info.name not in missing]

    def _survey(self, names: Iterable[str]) -> list[SegmentInfo]:
        """Infos from the footers of files; damaged ones are set aside, replaced ones removed."""
        found: list[SegmentInfo] = []
        replaced: set[str] = set()
        for name in sorted(names):
            try:
                source = self._open_source(name)
                footer = read_footer(source, name)
            except CorruptionError as error:
                self._rename(name, error)
                continue
            replaced |= set(footer.parents)
            found.append(SegmentInfo.of(name, source.size_bytes, footer))
        for info in found:
            if info.name in replaced:
                self._unlink(info.name)
        return [info for info in found if info.name not in replaced]

    def adopt(self, names: Iterable[str]) -> int:
        """Serve segments that the manifest does not know, as after the loss of the local folder; how many they are.

        Raises OSError or UnavailableError where they can't be read now.
        """
        with self._changing:
            known = {segment.name for segment in self.current}
            infos = self._survey(set(names) - known)
            self._commit([], [self._segment(info) for info in infos])
            return len(infos)

    def _segment(self, info: SegmentInfo) -> Segment:
        return Segment(info, self._open_source, self.streams)

    # --- changes ----------------------------------------------------------------------------------------------------

    def new_name(self, day_ns: int, now_ns: int) -> str:
        """A name that no segment has: the day that it is of, and when it was made."""
        # Also where the clock was set back: a name that is there is never given again.
        self._number = max(self._number + 1, now_ns)
        return f"{day_text(day_ns)}-{self._number:016x}{SUFFIX}"

    def replace(
        self, removed: Sequence[Segment], added: Sequence[SegmentInfo], also: Callable[[], None] | None = None
    ) -> None:
        """Serve `added` instead of `removed` from one moment on; `also` is called at that moment, under `lock`.

        Raises OSError where the manifest can't be written; then nothing has changed, and the new files go.
        """
        with self._changing:
            try:
                self._commit(removed, [self._segment(info) for info in added], also)
            except OSError:
                for info in added:
                    with contextlib.suppress(OSError):
                        (self.directory / info.name).unlink(missing_ok=True)
                raise
        for segment in removed:
            self.cache.drop(segment.name)
            self._unlink(segment.name)
        for info in added:
            if self._on_written is not None:
                self._on_written(self.directory / info.name, info.name)
        if self._on_removed is not None:
            for segment in removed:
                self._on_removed(segment.name)

    def _commit(
        self, removed: Sequence[Segment], added: Sequence[Segment], also: Callable[[], None] | None = None
    ) -> None:
        kept = [segment for segment in self.current if segment not in removed]
        after = [*kept, *added]
        write_manifest(self._home, Manifest(self.log_id, [segment.info for segment in after]))
        with self.lock:
            self._publish(after)
            if also is not None:
                also()

    def _publish(self, segments: Iterable[Segment]) -> None:
        self.current = tuple(sorted(segments, key=lambda segment: (segment.info.min_ns, segment.name)))
        self._number = max([self._number, *(number_of(segment.name) for segment in self.current)])

    def _unlink(self, name: str) -> None:
        try:
            (self.directory / name).unlink(missing_ok=True)
        except OSError as error:
            log.error("an old segment could not be removed", segment=name, err=str(error))

    # --- damage -----------------------------------------------------------------------------------------------------

    def set_aside(self, segment: Segment, error: CorruptionError, number: int | None = None) -> None:
        """Serve without one block of a segment, or without the segment."""
        with self._changing:
            if segment not in self.current:
                return
            if number is None:
                with contextlib.suppress(OSError):
                    self._commit([segment], [])
                self._rename(segment.name, error)
                return
            if not segment.set_aside(number):
                return
            self._metrics.corrupt_blocks.inc()
            log.error("block set aside, other blocks serve", segment=segment.name, block=number, err=str(error))
            segment.info = replace(segment.info, bad=tuple(sorted({*segment.info.bad, number})))
            with contextlib.suppress(OSError):  # Found again when it is next read.
                self._commit([], [])

    def _rename(self, name: str, error: CorruptionError) -> None:
        self._metrics.corruptions.inc()
        log.error("segment set aside, others serve", segment=name, err=str(error))
        path = self.directory / name
        with contextlib.suppress(OSError):
            path.rename(path.with_name(name + CORRUPT_SUFFIX))

    def loaded(self, segments: Iterable[Segment]) -> list[Segment]:
        """Those of the segments whose footer can be read; the others are set aside, or left out while their bucket
        does not answer."""
        out = []
        for segment in segments:
            try:
                segment.load()
            except CorruptionError as error:
                self.set_aside(segment, error)
            except (OSError, UnavailableError) as error:
                self._metrics.read_failures.inc()
                log.error("a segment can't be read now", segment=segment.name, err=str(error))
            else:
                out.append(segment)
        return out

    # --- figures ----------------------------------------------------------------------------------------------------

    def size_bytes(self) -> int:
        """What all segments take."""
        return sum(segment.info.size_bytes for segment in self.current)

    def note_read(self, n_bytes: int) -> None:
        """Queries have read so much more; beyond a bound the mapped memory is let go of."""
        self._read_bytes += n_bytes
        if self._read_bytes > self._max_mapped_bytes:
            self._read_bytes = 0
            for segment in self.current:
                segment.trim()


def day_text(time_ns: int) -> str:
    """The UTC day of a time as names hold it."""
    try:
        return datetime.fromtimestamp(time_ns // 1_000_000_000, UTC).strftime("%Y%m%d")
    except (ValueError, OverflowError, OSError):
        return "00000000"


def number_of(name: str) -> int:
    """What tells apart the segments of one day; 0 for a name of another form."""
    try:
        return int(name.removesuffix(SUFFIX).partition("-")[2], 16)
    except ValueError:
        return 0
