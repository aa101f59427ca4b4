"""The log store: pushes in, slices of blocks out, and the upkeep between."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from watchkeeper.core.disk.lock import DirectoryLock
from watchkeeper.core.disk.syncer import Syncer
from watchkeeper.core.disk.wal import Wal
from watchkeeper.core.model.errors import UnavailableError
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.core.objects.measured import open_objects
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.interface import DeleteRequest, EntryBatch, TailBatch
from watchkeeper.logs.store.block_cache import BlockCache
from watchkeeper.logs.store.bucket import BucketSegments
from watchkeeper.logs.store.config import LokiConfig
from watchkeeper.logs.store.deletes import Deletes, MakeKeep
from watchkeeper.logs.store.duplicates import Twins
from watchkeeper.logs.store.flush import Flusher
from watchkeeper.logs.store.head import Head
from watchkeeper.logs.store.metrics import StoreMetrics
from watchkeeper.logs.store.options import StoreOptions
from watchkeeper.logs.store.overrides import Overrides
from watchkeeper.logs.store.querier import StoreQuerier
from watchkeeper.logs.store.replay import Progress, Replay
from watchkeeper.logs.store.segments import Segments
from watchkeeper.logs.store.streams import Streams
from watchkeeper.logs.store.tail import Tails
from watchkeeper.logs.store.upkeep import Upkeep
from watchkeeper.logs.store.validate import Validator
from watchkeeper.logs.store.wal import Decoders
from watchkeeper.logs.store.workshop import Workshop

log = get_logger("logs.store")

IDLE_STREAMS_NS: Final = 15 * 60 * 1_000_000_000  # A stream without a block is forgotten after this.


class LogStore:
    """A store in a directory: a `LogAppender` and a `LiveTail`. Pushes and queries may come from any thread.

    `tick` is to be called about once a second; it returns at once, work is done in the store's own threads.
    """

    def __init__(
        self,
        path: Path,
        config: LokiConfig,
        overrides: Overrides,
        registry: Registry,
        clock_ns: Callable[[], int],
        decode: Decoders,
        *,
        options: StoreOptions | None = None,
        make_keep: MakeKeep | None = None,
    ) -> None:
        """
        decode      decoders of pushes' bodies by kind, for the replay of the log
        make_keep   from a delete request's query, what tells the rows that stay; for requests of an earlier run
        """
        self.settings = config.store_settings(path)
        self._overrides = overrides
        self._clock_ns = clock_ns
        self._decode = decode
        self.options = options or StoreOptions()
        self._metrics = StoreMetrics(registry)
        self._streams = Streams()
        self._tails = Tails()
        self._twins = Twins()
        self._deletes = Deletes(self.settings.directory, self._metrics, make_keep)
        settings = self.settings
        self._bucket: BucketSegments | None = None
        if settings.objects is not None:
            self._bucket = BucketSegments(
                open_objects(settings.objects, registry),
                settings.segments_directory,
                settings.cache_directory,
                settings.cache_bytes,
                registry,
                pauses_ns=settings.upload_pause_ns,
            )
        bucket = self._bucket
        self._segments = Segments(
            settings.segments_directory,
            settings.directory,
            self._streams,
            BlockCache(self.options.cache_bytes),
            self._metrics,
            max_mapped_bytes=self.options.mapped_bytes,
            open_source=bucket.open if bucket is not None else None,
            on_written=bucket.on_written if bucket is not None else None,
            on_removed=bucket.on_removed if bucket is not None else None,
        )
        self._head = Head(self.options, self._streams, self._tails, self._metrics, self._segments.lock, clock_ns)
        self._flusher = Flusher(self._head, self._segments, self._streams, self.options, self._metrics, clock_ns)
        self._upkeep = Upkeep(
            Workshop(
                self._head,
                self._segments,
                self._flusher,
                settings,
                self.options,
                self._metrics,
                clock_ns,
                overrides,
                self._deletes,
            )
        )
        self._add_gauges(registry)
        self._validator = Validator(overrides, registry, clock_ns, self._head)
        self._is_background = True
        self._was_opened = False
        self._lock: DirectoryLock | None = None
        self._syncer: Syncer | None = None

    def _add_gauges(self, registry: Registry) -> None:
        head, segments, deletes = self._head, self._segments, self._deletes
        gauges: list[tuple[str, str, Callable[[], float]]] = [
            ("loki_ingester_memory_streams", "Streams in memory.", lambda: head.n_streams),
            ("loki_ingester_memory_chunks", "Blocks in memory.", lambda: head.n_blocks),
            ("loki_ingester_wal_disk_usage_percent", "How full the log's disk is.", self._disk_usage),
            (
                "loki_ingester_wal_bytes_in_use", "What the log takes on disk.",
                lambda: head.wal.size_bytes() if head.wal is not None else 0,
            ),
            ("watchkeeper_logs_head_bytes", "Memory of open blocks.", lambda: head.open_bytes + head.waiting_bytes),
            ("watchkeeper_logs_segments", "Segments that serve.", lambda: len(segments.current)),
            ("watchkeeper_logs_segment_bytes", "What segments take.", segments.size_bytes),
            ("watchkeeper_logs_cached_bytes", "Memory of blocks lately used.", lambda: segments.cache.size_bytes),
            (
                "loki_compactor_pending_delete_requests_count", "Delete requests that are not carried out.",
                lambda: deletes.figures(self._clock_ns())[0],
            ),
            (
                "loki_compactor_oldest_pending_delete_request_age_seconds", "Age of the oldest of them.",
                lambda: deletes.figures(self._clock_ns())[1],
            ),
        ]  # fmt: skip
        if self._bucket is None:  # With one, what waits is what it has not yet.
            gauges += [
                (name, "Blocks that wait to be flushed.", lambda: len(head.pending))
                for name in ("loki_ingester_flush_queue_length", "cortex_ingester_flush_queue_length")
            ]
        for name, help_, function in gauges:
            registry.gauge(name, help_).set_function(function)

    def _disk_usage(self) -> float:
        disk = os.statvfs(self.settings.wal_directory)
        return 1 - disk.f_bavail / max(1, disk.f_blocks)

    # --- opening and closing ----------------------------------------------------------------------------------------

    def open(self, progress: Progress | None = None, *, background: bool = True) -> None:
        """Make the store ready: all that was acknowledged is there when this returns.

        background   work in threads of its own; without them `tick` does what is due before it returns
        Once for each store. Raises DirectoryLocked where another process has the directory, OtherVersion, OSError.
        """
        if self._was_opened:
            raise UnavailableError("a log store is opened once")
        self._was_opened = True
        began = time.perf_counter()
        self.settings.directory.mkdir(parents=True, exist_ok=True)
        self._lock = DirectoryLock(self.settings.directory)
        try:
            self._segments.open_all()
            if self._bucket is not None:
                self._bucket.attach(self._segments, local_counts=self._segments.was_listed)
            self._segments.choose_log()
            self._deletes.open()
            replay = Replay(self._head, self._segments, self.settings.wal_directory, self._decode, progress)
            self._metrics.wal_replay_active.set(1)
            first = replay.run()
            self._metrics.wal_replay_active.set(0)
            self._start_log(first)
        except BaseException:
            self._lock.release()
            self._lock = None
            raise
        took_s = time.perf_counter() - began
        self._metrics.wal_replay_seconds.set(took_s)
        for problem in replay.problems:
            self._metrics.wal_corruptions.inc()
            log.error("damaged log; what is whole serves", at=str(problem))
        log.info(
            "log store opened",
            path=self.settings.directory,
            segments=len(self._segments.current),
            replayed=replay.n_entries,
            duration_ms=round(took_s * 1000),
        )
        self._is_background = background
        if background:
            self._flusher.start()
            self._upkeep.start()
            if self._bucket is not None:
                self._bucket.start()

    def _start_log(self, first: int) -> None:
        options = self.options
        wal = Wal(
            self.settings.wal_directory,
            segment_bytes=options.wal_segment_bytes,
            sync_writes=options.fsync_interval_s <= 0,
            first=first,
        )
        self._head.wal = wal
        self._head.wal_directory = self.settings.wal_directory
        if options.fsync_interval_s > 0:
            self._syncer = Syncer(
                [wal], options.fsync_interval_s, self._metrics.wal_fsync.observe, self._on_sync_failed
            )

    def _on_sync_failed(self, error: OSError) -> None:
        self._metrics.wal_fsync_failed.inc()
        log.error("the log could not be brought to the device", err=str(error))

    def close(self) -> None:
        """Bring the log to the device and let go of the directory. What is in no segment stays in the log."""
        self._upkeep.stop()
        self._flusher.stop()
        if self._bucket is not None:
            self._bucket.stop()
        if self._syncer is not None:
            self._syncer.stop()
            self._syncer = None
        wal = self._head.stop()
        try:
            if wal is not None:
                wal.close()
        finally:
            if self._lock is not None:
                self._lock.release()
                self._lock = None

    # --- writing ----------------------------------------------------------------------------------------------------

    def push(self, tenant: str, batch: EntryBatch) -> None:
        """Store a batch; see `interface.LogAppender`."""
        checked = self._validator.validate(tenant, batch)
        if len(checked.batch.times_ns):
            self._head.append(tenant, checked.labels, checked.batch, checked.levels)
        if checked.error is not None:
            raise checked.error

    def subscribe(
        self, tenant: str, matchers: Sequence[Matcher], deliver: Callable[[TailBatch], None]
    ) -> Callable[[], None]:
        """Tell `deliver` of entries as they are stored; see `interface.LiveTail`."""
        return self._tails.subscribe(tenant, matchers, deliver)

    # --- reading ----------------------------------------------------------------------------------------------------

    def querier(self, tenant: str) -> StoreQuerier:
        """The read side for one tenant."""
        return StoreQuerier(tenant, self._head, self._segments, self._streams, self._twins, self._deletes_of)

    def _deletes_of(self, tenant: str) -> Sequence[DeleteRequest]:
        if self._overrides.of(tenant).deletion_mode == "disabled":
            return ()
        return self._deletes.pending(tenant)

    def tenants(self) -> Sequence[str]:
        """All tenants with data, sorted."""
        found = set(self._streams.tenants())
        for segment in self._segments.current:
            found.update(segment.info.tenants)
        return sorted(found)

    # --- deleting ---------------------------------------------------------------------------------------------------

    def add_delete(self, tenant: str, request: DeleteRequest) -> None:
        """Take a delete request; from now on its lines are not answered. Raises OSError."""
        self._deletes.add(tenant, request)

    def list_deletes(self, tenant: str) -> Sequence[DeleteRequest]:
        """All requests of a tenant, oldest first."""
        return self._deletes.all(tenant)

    def cancel_delete(self, tenant: str, id: str) -> bool:
        """Forget a request that was not carried out; whether there was such a one. Raises OSError."""
        return self._deletes.cancel(tenant, id)

    # --- upkeep -----------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Cut what has its age, and wake the threads that flush and merge."""
        now_ns = self._clock_ns()
        self._cut_due(now_ns)
        if self._is_background:
            self._flusher.tick()
            self._upkeep.wake()
        else:
            self._flusher.run()
            self._upkeep.run()
        self._segments.cache.shrink()

    def _cut_due(self, now_ns: int) -> None:
        settings, options, head = self.settings, self.options, self._head
        head.cut_where("max_age", lambda stream, held: now_ns - held.opened_ns >= settings.max_age_ns)
        head.cut_where("idle", lambda stream, held: now_ns - stream.appended_ns >= settings.idle_ns)
        head.forget_idle(now_ns - IDLE_STREAMS_NS)
        if head.wal is not None:
            # The streams that hold the oldest part of the log alive give way, a good part of it at a time.
            n_segments = options.max_wal_bytes // options.wal_segment_bytes
            if head.wal.segment - head.first_open_segment() >= n_segments:
                head.cut_before(head.wal.segment - n_segments * 3 // 4)

    def flush(self) -> None:
        """Write all that is in memory to segments, and bring them to the bucket. Raises OSError or UnavailableError."""
        self._head.cut_where("forced", lambda stream, held: True)
        self._flusher.flush()
        if self._bucket is not None:
            self._bucket.flush()

    def compact(self) -> None:
        """Do all the upkeep that is due, in the calling thread."""
        self._upkeep.run()
