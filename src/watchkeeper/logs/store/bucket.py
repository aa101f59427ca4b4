"""Segments in a bucket: brought there in the background, read back on demand. docs/formats/log-bucket.md draws it.

The queue is the local folder itself: a segment that is not in the bucket yet stays there, however long the bucket does
not answer. One thread brings segments up, then the list of those that count, and only then removes what counts no
more; so whatever is lost at whatever moment, the bucket's list names segments that are whole and that together hold
each row once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from watchkeeper.core.model.errors import CorruptionError, UnavailableError
from watchkeeper.core.objects.objects import ObjectError, ObjectMissing, Objects
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.store.bucket_files import BucketFiles
from watchkeeper.logs.store.bucket_list import LIST, BucketList, decode_list, encode_list, writer_of
from watchkeeper.logs.store.bucket_reader import SEGMENTS, BucketReader, BucketSource

if TYPE_CHECKING:
    from watchkeeper.logs.store.segment import Segment
    from watchkeeper.logs.store.segments import Segments

log = get_logger("logs.store")

FILES: Final = ("deletes.json",)
SECOND_NS: Final = 1_000_000_000
DELETE_DELAY_S: Final = 300.0  # Queries that began before a merge still read what it replaced.
STOP_S: Final = 5.0  # How long the end waits for a request that is on its way.
IDLE_S: Final = 30.0  # How often the thread looks without being woken.
MAX_ROUNDS: Final = 20  # Of uploads while merges replace what was just brought up.


class BucketSegments:
    """What a store's `Segments` need to live in a bucket: `open`, `on_written`, `on_removed`; and the thread."""

    def __init__(
        self,
        objects: Objects,
        local: Path,
        cache_directory: Path,
        cache_bytes: int,
        registry: Registry,
        *,
        files: Sequence[str] = FILES,
        pauses_ns: tuple[int, int] = (10 * SECOND_NS, 60 * SECOND_NS),
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        local             where segments are written, and wait; who the store is to the bucket is kept beside
        cache_directory   where segments of the bucket are kept, at most `cache_bytes` of them
        files             small files beside `local` that are brought up too, and back into a new folder
        pauses_ns         the first and the longest pause after the bucket did not answer
        """
        self._objects = objects
        self._files = BucketFiles(objects, local.parent, files)
        self._is_open = False  # Files that come back now are not read any more.
        self._writer = ""
        self._local_counts = False
        self._local = local
        self._reader = BucketReader(
            objects,
            local,
            cache_directory,
            cache_bytes,
            registry,
            size_of=self._size_of,
            is_uploaded=lambda name: name in self._uploaded,
            clock_s=clock_s,
        )
        self.cache = self._reader.cache
        self._pauses_s = tuple(pause / SECOND_NS for pause in pauses_ns)
        self._clock_s = clock_s
        self._segments: Segments | None = None
        self._is_connected = False
        self._uploaded: dict[str, int] = {}
        self._garbage: dict[str, float] = {}
        self._published: bytes | None = None
        self._syncing = threading.Lock()
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._failing_since: float | None = None
        name = "watchkeeper_logs_bucket_"
        self._uploads = registry.counter(name + "uploads_total", "Segments brought to the bucket.")
        self._failures = registry.counter(name + "failures_total", "Rounds in which the bucket did not answer.")
        registry.gauge(name + "waiting_segments", "Segments that are not in the bucket yet.").set_function(
            lambda: float(len(self._waiting()))
        )
        registry.gauge("loki_ingester_flush_queue_length", "Segments that wait to be flushed.").set_function(
            lambda: float(len(self._waiting()))
        )
        self._success = registry.gauge(
            name + "last_successful_sync_timestamp_seconds", "When the bucket last held all segments."
        )

    # --- what Segments call -----------------------------------------------------------------------------------------

    def open(self, name: str) -> BucketSource:
        """A segment's source; see `BucketReader.open`."""
        return self._reader.open(name)

    def on_written(self, path: Path, name: str) -> None:
        """A segment counts from now on."""
        self._woken.set()

    def on_removed(self, name: str) -> None:
        """A segment counts no more; who reads it may go on for a while."""
        self._woken.set()

    def _size_of(self, name: str) -> int | None:
        size = self._uploaded.get(name)
        if size is None and self._segments is not None:
            size = next((one.info.size_bytes for one in self._segments.current if one.name == name), None)
        return size

    # --- opening and closing ----------------------------------------------------------------------------------------

    def attach(self, segments: Segments, *, local_counts: bool) -> None:
        """Serve these segments, which were just opened, from now on. Raises OSError.

        local_counts   they were read from a manifest; else the bucket's list says which segments there are
        """
        self._segments = segments
        self._local_counts = local_counts
        self._writer = writer_of(self._local.parent)
        self.cache.open()
        if not local_counts:
            # A new folder, or one that lost its list: what the bucket has should be answered from the first query on.
            self._round()
        self._is_open = True

    def start(self) -> None:
        """Run the thread. What waits from an earlier run is brought up at once."""
        self._woken.set()
        self._thread = threading.Thread(target=self._run, name="log-bucket", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread. What is not in the bucket yet waits in the local folder for the next start."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join(STOP_S)
            if self._thread.is_alive():
                log.warn("a request to the bucket does not end; it is left behind")
            self._thread = None
        self._reader.unmap(self._reader.mapped)
        self.cache.close()

    def flush(self) -> None:
        """Bring everything to the bucket now. Raises UnavailableError where it does not answer."""
        try:
            self.sync()
        except ObjectError as error:
            raise UnavailableError(f"the bucket does not answer: {error}") from None

    def _run(self) -> None:
        pause_s = 0.0
        while not self._stopping.is_set():
            if pause_s:
                self._stopping.wait(pause_s)
            else:
                self._woken.wait(IDLE_S)
            self._woken.clear()
            if self._stopping.is_set():
                break
            first, longest = self._pauses_s
            pause_s = 0.0 if self._round() else min(max(first, pause_s * 2), longest)

    def _round(self) -> bool:
        """One round; whether the bucket answered. Failures are told when they begin and when they end."""
        try:
            self.sync()
        except (ObjectError, OSError, CorruptionError, UnavailableError) as error:
            self._failures.inc()
            if self._failing_since is None:
                self._failing_since = self._clock_s()
                is_lasting = isinstance(error, ObjectError) and not error.retryable
                tell = log.error if is_lasting else log.warn
                tell("the bucket does not answer; segments wait on the disk", err=error, waiting=len(self._waiting()))
            return False
        except Exception:
            log.exception("bringing segments to the bucket failed")
            return False
        if self._failing_since is not None:
            took_s = round(self._clock_s() - self._failing_since)
            log.info("the bucket answers again; all segments are there", after_s=took_s)
            self._failing_since = None
        return True

    # --- bringing up ------------------------------------------------------------------------------------------------

    def _waiting(self) -> list[Segment]:
        segments = self._segments.current if self._segments is not None else ()
        uploaded = self._uploaded
        return [segment for segment in segments if uploaded.get(segment.name) != segment.info.size_bytes]

    def sync(self) -> None:
        """Bring up what is not there, then the list, then remove what counts no more. Raises ObjectError, OSError."""
        with self._syncing:
            segments = self._segments
            assert segments is not None
            if not self._is_connected:
                self._connect(segments)
            for _ in range(MAX_ROUNDS):
                snapshot = segments.current
                self._upload(snapshot)
                if segments.current is snapshot:
                    break
            self._files.upload()
            self._publish(segments, snapshot)
            self._move_to_cache(snapshot)
            self._remove_garbage(segments)
            self._success.set(time.time())

    def _upload(self, snapshot: Sequence[Segment]) -> None:
        for segment in snapshot:
            if self._uploaded.get(segment.name) == segment.info.size_bytes:
                continue
            path = self._local / segment.name
            if not path.exists():
                continue  # Merged away meanwhile; or lost, which its readers will be told.
            try:
                self._objects.put(SEGMENTS + segment.name, path)
            except FileNotFoundError:
                continue
            self._uploaded[segment.name] = segment.info.size_bytes
            self._uploads.inc()
            if self._stopping.is_set():
                return

    def _publish(self, segments: Segments, snapshot: Sequence[Segment]) -> None:
        """Replace the bucket's list. A segment that is in no bucket can't be on it."""
        infos = [segment.info for segment in snapshot if segment.name in self._uploaded]
        if len(infos) < len(snapshot) and self._stopping.is_set():
            return
        data = encode_list(BucketList(self._writer, infos))
        if data == self._published:
            return
        if self._published is not None:
            now = self._read_list()
            if now is not None and now.writer != self._writer:
                self._published = None
                message = "another store writes to this bucket and prefix: give each its own object_prefix"
                raise ObjectError(message, retryable=False)
        self._objects.put(LIST, data)
        self._published = data

    def _move_to_cache(self, snapshot: Sequence[Segment]) -> None:
        for segment in snapshot:
            path = self._local / segment.name
            if segment.name in self._uploaded and path.exists():
                self.cache.take(path, segment.name)
                self._reader.unmap([segment.name])

    def _remove_garbage(self, segments: Segments) -> None:
        now_s = self._clock_s()
        serving = {segment.name for segment in segments.current}
        for name in (self._uploaded.keys() | self._reader.mapped) - serving - self._garbage.keys():
            self._garbage[name] = now_s
        for name, since_s in list(self._garbage.items()):
            if name in serving:  # Not ours to remove after all.
                del self._garbage[name]
            elif now_s - since_s >= DELETE_DELAY_S:
                if name in self._uploaded:
                    self._objects.delete(SEGMENTS + name)
                self.cache.drop(name)
                self._reader.unmap([name])
                del self._garbage[name]
                self._uploaded.pop(name, None)

    # --- the first contact ------------------------------------------------------------------------------------------

    def _connect(self, segments: Segments) -> None:
        """Learn what the bucket has; serve it where the local folder does not know it."""
        listed = {info.key.rpartition("/")[2]: info.size_bytes for info in self._objects.list(SEGMENTS.rstrip("/"))}
        found = self._read_list()
        self._uploaded.update(listed)
        known = {segment.name for segment in segments.current}
        if found is None:
            unknown = sorted(listed.keys() - known)
            if unknown:
                n_adopted = segments.adopt(unknown)
                log.warn("the bucket has no list of segments; they were asked one by one", adopted=n_adopted)
        elif found.writer != self._writer or not self._local_counts:
            for info in found.segments:
                if info.name not in listed and info.name not in known:
                    log.error("a segment is missing in the bucket; others serve", segment=info.name)
            known |= self._replaced(segments)
            there = [info for info in found.segments if listed.get(info.name) == info.size_bytes]
            added = [info for info in there if info.name not in known]
            if added:
                segments.replace([], added)
                log.info("segments of the bucket serve", segments=len(added))
        if not self._local_counts:
            restored = self._files.restore()
            if restored and self._is_open:
                log.warn("files of the bucket came late; they count from the next start on", files=", ".join(restored))
        self._is_connected = True

    @staticmethod
    def _replaced(segments: Segments) -> set[str]:
        """Names of the segments that those of the local folder were merged from."""
        return {parent for segment in segments.loaded(segments.current) for parent in segment.load().footer.parents}

    def _read_list(self) -> BucketList | None:
        try:
            return decode_list(self._objects.get(LIST))
        except ObjectMissing:
            return None
        except CorruptionError as error:
            log.error("the bucket's list of segments is damaged", err=str(error))
            return None
