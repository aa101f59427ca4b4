"""The metrics store: a head, blocks, and the upkeep that moves samples from one to the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any, Final, Literal

import numpy as np

from watchkeeper.core.disk.lock import DirectoryLock
from watchkeeper.core.disk.syncer import Syncer
from watchkeeper.core.disk.wal import Problem
from watchkeeper.core.index.select import select_refs
from watchkeeper.core.kernels.series_table import SeriesTable
from watchkeeper.core.model.errors import CorruptionError, UnavailableError
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.core.model.metadata import Metadata
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.metrics.interface import AppendResult, Budget, Querier, SampleBatch, Series, SourceWriter
from watchkeeper.metrics.tsdb.block_meta import BlockMeta
from watchkeeper.metrics.tsdb.block_writer import write_block
from watchkeeper.metrics.tsdb.blocks import Blocks
from watchkeeper.metrics.tsdb.exemplars import Exemplars
from watchkeeper.metrics.tsdb.head import MAX_TIME, Head
from watchkeeper.metrics.tsdb.head_replay import Progress, Replay
from watchkeeper.metrics.tsdb.head_upkeep import Upkeep
from watchkeeper.metrics.tsdb.merge import metric_major_order
from watchkeeper.metrics.tsdb.options import TSDBOptions
from watchkeeper.metrics.tsdb.querier import StoreQuerier
from watchkeeper.metrics.tsdb.source import NO_TIME
from watchkeeper.metrics.tsdb.status import TsdbStatus, chunk_count, status_of
from watchkeeper.metrics.tsdb.telemetry import HeadMetrics, StoreMetrics

log = get_logger("tsdb")

CUT_SERIES: Final = 1024  # Series read from the head at a time while a block is cut: 8 MB for 2 h of 15 s.
SNAPSHOTS: Final = "snapshots"
MAINTENANCE_MS: Final = 60_000  # Compaction and retention are looked at this often, and after every cut.


class TSDB:
    """A store in a directory; an `Appender`. Appends come from one thread at a time per source, reads from any.

    `tick` does the upkeep and is to be called about once a second from a thread that may take its time.
    """

    def __init__(
        self,
        path: Path,
        options: TSDBOptions,
        registry: Registry,
        *,
        clock: Callable[[], int],
        mode: Literal["rw", "r"] = "rw",
    ) -> None:
        self.path = path
        self.options = options
        self._clock = clock
        self._read_only = mode == "r"
        self._head_metrics = HeadMetrics(registry)
        self._metrics = StoreMetrics(registry)
        self._exemplars = Exemplars(options.max_exemplars, registry)
        self.head = Head(options, self._head_metrics, SeriesTable(), {}, self._exemplars)
        self._blocks = Blocks(path, options, self._metrics, read_only=self._read_only)
        self._lock: DirectoryLock | None = None
        self._upkeep: Upkeep | None = None
        self._syncer: Syncer | None = None
        self._maintenance = threading.Lock()
        self._stopping = threading.Event()
        self._next_maintenance_ms = NO_TIME
        self._progress = (0, 0, 0)
        self._registry = registry

    @classmethod
    def open(
        cls,
        path: Path,
        options: TSDBOptions | None = None,
        registry: Registry | None = None,
        *,
        clock: Callable[[], int] | None = None,
        mode: Literal["rw", "r"] = "rw",
        progress: Progress | None = None,
    ) -> TSDB:
        """Open or make a store; what the log has is there when this returns.

        clock      now in ms; names of blocks and snapshots come from it
        mode       "r" takes no lock, repairs nothing and stays as it was at the opening
        progress   told of the first, last and present segment while the log is read
        raises     DirectoryLocked where another process has it, OtherVersion for logs of another format, OSError
        """
        store = cls(
            path,
            options or TSDBOptions(),
            registry or Registry(),
            clock=clock or (lambda: time.time_ns() // 1_000_000),
            mode=mode,
        )
        store.start(progress)
        return store

    def start(self, progress: Progress | None = None) -> None:
        """The second half of `open`, for a caller that shows how far the replay is. Raises as `open` does."""
        began = time.perf_counter()
        if self._read_only:
            if not self.path.is_dir():
                raise UnavailableError(f"{self.path}: no such data directory")
        else:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = DirectoryLock(self.path)
        try:
            self._blocks.open_all()
            problems = self._replay(progress)
            if not self._read_only:
                self._start_logs()
        except BaseException:
            self._release()
            raise
        took_s = time.perf_counter() - began
        self._metrics.replay_seconds.set(took_s)
        self._add_gauges()
        for problem in problems:
            self._head_metrics.wal_corruptions.inc()
            log.error("damaged log; what is whole serves", at=str(problem))
        log.info(
            "store opened",
            path=self.path,
            series=self.head.table.n_series,
            blocks=len(self._blocks.current),
            duration_ms=round(took_s * 1000),
        )

    def _replay(self, progress: Progress | None) -> list[Problem]:
        def note(first: int, last: int, current: int) -> None:
            self._progress = (first, last, current)
            if progress is not None:
                progress(first, last, current)

        replay = Replay(self.head, self.path, repair=not self._read_only, progress=note)
        replay.run()
        self._first_wal_segment = replay.first_wal_segment
        problems = replay.problems
        self._exemplars.open(
            self.path / "exemplars",
            problems,
            read_only=self._read_only,
            sync_writes=self.options.fsync_interval_s <= 0,
        )
        return problems

    def _start_logs(self) -> None:
        head = self.head
        head.start(self.path, self._first_wal_segment)
        self._upkeep = Upkeep(head, self.path)
        assert head.wal is not None
        assert head.series_log is not None
        if self.options.fsync_interval_s > 0:
            # Definitions before the rows that need them.
            logs = [head.series_log.wal, head.wal]
            if self._exemplars.wal is not None:
                logs.append(self._exemplars.wal)
            self._syncer = Syncer(
                logs, self.options.fsync_interval_s, self._head_metrics.wal_fsync.observe, self._on_sync_failed
            )

    def _on_sync_failed(self, error: OSError) -> None:
        self._head_metrics.wal_fsync_failed.inc()
        log.error("the log could not be brought to the device", err=str(error))

    # --- writing ----------------------------------------------------------------------------------------------------

    def source(self, name: str) -> SourceWriter:
        """A writer for a new source."""
        self._need_writing()
        return self.head.source(name)

    def append(self, batch: SampleBatch, *, all_or_nothing: bool = False) -> AppendResult:
        """Store a batch of samples with their own times. Raises WriteFailed."""
        self._need_writing()
        return self.head.append(batch, all_or_nothing=all_or_nothing)

    def appender(self) -> TSDB:
        """The write side."""
        return self

    def _need_writing(self) -> None:
        if self._read_only or self.head.wal is None:
            raise UnavailableError(f"{self.path}: the store is not open for writing")

    # --- reading ----------------------------------------------------------------------------------------------------

    def querier(self) -> Querier:
        """The read side, over head and blocks."""
        return StoreQuerier(self.head, self._blocks)

    @property
    def exemplars(self) -> Exemplars:
        """The ring of recent exemplars."""
        return self._exemplars

    @property
    def metadata(self) -> Mapping[str, Metadata]:
        """What senders said of metric families."""
        return dict(self.head.metadata)

    def blocks(self) -> list[BlockMeta]:
        """The metas of the blocks that serve, oldest first."""
        return self._blocks.metas()

    def block_metas(self) -> list[Mapping[str, Any]]:
        """As `blocks`, in the shape of meta.json."""
        return [meta.as_json() for meta in self._blocks.metas()]

    def tsdb_status(self, limit: int) -> TsdbStatus:
        """Figures of the head's cardinality."""
        return status_of(self.head, limit)

    def status(self, limit: int) -> Mapping[str, Any]:
        """As `tsdb_status`, in the shape of status/tsdb."""
        return status_of(self.head, limit).as_json()

    def replay_progress(self) -> tuple[int, int, int]:
        """First, last and present segment of the replay."""
        return self._progress

    # --- upkeep -----------------------------------------------------------------------------------------------------

    def tick(self, now_ms: int) -> None:
        """Seal, cut blocks, compact, apply retention: what is due. Never raises for the disk's sake; it logs."""
        if self._read_only or not self._maintenance.acquire(blocking=False):
            return
        try:
            self._seal()
            cut = self._cut_due(now_ms)
            if cut or now_ms >= self._next_maintenance_ms:
                self._next_maintenance_ms = now_ms + MAINTENANCE_MS
                self._blocks.compact(now_ms, self._stopping.is_set)
                self._blocks.retain(self._head_bytes())
        except OSError as error:
            log.error("upkeep failed", err=str(error))
        finally:
            self._maintenance.release()

    def _seal(self) -> None:
        assert self._upkeep is not None
        try:
            self._upkeep.seal()
            self._upkeep.release_slots()
        except (OSError, UnavailableError) as error:
            self._head_metrics.wal_truncations_failed.inc()
            log.error("sealing failed; rows stay in memory and in the log", err=str(error))

    def _cut_due(self, now_ms: int) -> bool:
        """Cut blocks while the head spans more than one and a half of them. Source: Prometheus tsdb, compactable."""
        head, block_ms = self.head, self.options.block_ms
        cut = False
        while not self._stopping.is_set() and head.max_time_ms != NO_TIME and head.min_time_ms != MAX_TIME:
            first_ms = max(head.min_time_ms, head.truncated_ms)
            if head.max_time_ms - first_ms <= block_ms * 3 // 2:
                break
            if not self._cut(first_ms // block_ms * block_ms + block_ms, now_ms):
                break
            cut = True
        return cut

    def _cut(self, end_ms: int, now_ms: int) -> bool:
        """Move what is before `end_ms` to blocks; False where that failed."""
        assert self._upkeep is not None
        head, block_ms = self.head, self.options.block_ms
        began = time.perf_counter()
        try:
            self._upkeep.seal_ragged()
            with head.lock:
                ragged = head.ragged
            start_ms = head.min_time_ms // block_ms * block_ms
            for lo_ms in range(start_ms, end_ms, block_ms):
                if not self._has_samples(lo_ms, lo_ms + block_ms):
                    continue
                meta = self._write_head(self.path, lo_ms, lo_ms + block_ms, now_ms)
                if meta is not None:
                    self._blocks.add(meta.ulid)
                    self._metrics.compactions.inc()
                    log.info(
                        "block written", block=meta.ulid, series=meta.stats.num_series, samples=meta.stats.num_samples
                    )
            self._metrics.compaction_seconds.observe(time.perf_counter() - began)
        except (OSError, UnavailableError, CorruptionError, ValueError) as error:
            self._metrics.compactions_failed.inc()
            log.error("a block could not be cut from the head; it stays in memory and in the log", err=str(error))
            return False
        try:
            self._upkeep.truncate(end_ms, ragged.chunks, ragged.histogram_chunks)
        except (OSError, UnavailableError, CorruptionError) as error:
            self._head_metrics.truncations_failed.inc()
            log.error("the head could not be truncated", err=str(error))
            return False
        return True

    def _has_samples(self, start_ms: int, end_ms: int) -> bool:
        """Whether the head may have samples from start to before end."""
        head = self.head
        with head.lock:
            if start_ms < head.max_time_ms and end_ms > max(head.truncated_ms, NO_TIME) and head.sources:
                return True
            chunks = head.ragged.sealed
        return any(chunk.min_time_ms < end_ms and chunk.max_time_ms >= start_ms for chunk in chunks)

    def _write_head(self, directory: Path, start_ms: int, end_ms: int, now_ms: int) -> BlockMeta | None:
        return write_block(
            directory,
            self._head_parts(start_ms, end_ms - 1),
            min_time_ms=start_ms,
            max_time_ms=end_ms,
            level=1,
            sources=(),
            parents=(),
            now_ms=now_ms,
        )

    def _head_parts(self, start_ms: int, last_ms: int) -> Iterator[Series]:
        """All that the head has in a range, metric-major, some series at a time."""
        head = self.head
        refs = head.table.all()
        order = metric_major_order(LabelSets(*head.table.label_sets(refs)))
        refs = refs[order]
        for lo in range(0, len(refs), CUT_SERIES):
            yield head.read_refs(np.ascontiguousarray(refs[lo : lo + CUT_SERIES]), start_ms, last_ms, Budget())

    def _head_bytes(self) -> int:
        head = self.head
        logs = [log.wal for log in (head.series_log,) if log] + [wal for wal in (head.wal, self._exemplars.wal) if wal]
        return sum(wal.size_bytes() for wal in logs) + (self._upkeep.size_bytes() if self._upkeep else 0)

    # --- administration ---------------------------------------------------------------------------------------------

    def delete(self, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> None:
        """Delete the samples from start to end (both included) of the series that pass any of the sets."""
        self._need_writing()
        with self._maintenance:
            for matchers in matcher_sets:
                self._delete_in_head(matchers, start_ms, end_ms)
                for block in self._blocks.current:
                    try:
                        block.delete(matchers, start_ms, end_ms)
                    except CorruptionError as error:
                        self._blocks.set_aside(block, error)

    def _delete_in_head(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> None:
        head = self.head
        assert self._upkeep is not None
        start_ms, end_ms = max(start_ms, head.min_time_ms), min(end_ms, head.max_time_ms)
        if start_ms > end_ms:
            return
        with head.table_kept() as table:
            refs = select_refs(table, matchers).tolist()
            before = head.deleted
            head.deleted = {**before, **{ref: [*before.get(ref, []), (start_ms, end_ms)] for ref in refs}}
            try:
                self._upkeep.write_tombstones()
            except OSError:
                head.deleted = before
                raise

    def clean_tombstones(self) -> None:
        """Rewrite the blocks that something was deleted of."""
        self._need_writing()
        with self._maintenance:
            self._blocks.clean_tombstones(self._clock())

    def snapshot(self, skip_head: bool = False) -> str:
        """Hard links of the blocks and, unless skipped, the head as a block; the folder's name below `snapshots`."""
        self._need_writing()
        with self._maintenance:
            now_ms = self._clock()
            moment = datetime.fromtimestamp(now_ms / 1000, UTC)
            name = f"{moment:%Y%m%dT%H%M%SZ}-{token_hex(8)}"
            directory = self.path / SNAPSHOTS / name
            directory.mkdir(parents=True)
            self._blocks.link_into(directory)
            head = self.head
            if not skip_head and head.max_time_ms != NO_TIME:
                self._write_head(directory, head.min_time_ms, head.max_time_ms + 1, now_ms)
            return name

    def close(self) -> None:
        """Stop the upkeep, bring the logs to the device, give the lock back."""
        self._stopping.set()
        with self._maintenance:
            self._release()

    def _release(self) -> None:
        if self._syncer is not None:
            self._syncer.stop()
            self._syncer = None
        head = self.head
        series_wal = head.series_log.wal if head.series_log else None
        for closing in (series_wal, head.wal, self._exemplars.wal, self._upkeep):
            if closing is not None:
                try:
                    closing.close()
                except OSError as error:
                    self._on_sync_failed(error)
        head.wal = None
        head.series_log = None
        self._exemplars.wal = None
        self._upkeep = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    # --- metrics ----------------------------------------------------------------------------------------------------

    def _add_gauges(self) -> None:
        head, blocks = self.head, self._blocks

        def lowest_ms() -> int:
            times = [meta.min_time_ms for meta in blocks.metas()]
            return min([*times, head.min_time_ms])

        def head_time(value_ms: int) -> float:
            return 0.0 if value_ms in (MAX_TIME, NO_TIME) else float(value_ms)

        gauges: list[tuple[str, str, Callable[[], float]]] = [
            ("head_series", "Series in the head.", lambda: head.table.n_series),
            ("head_chunks", "Columns of the head's chunks.", lambda: chunk_count(head)),
            ("head_min_time", "Time of the head's oldest sample, in ms.", lambda: head_time(head.min_time_ms)),
            ("head_min_time_seconds", "Time of the head's oldest sample.", lambda: head_time(head.min_time_ms) / 1000),
            ("head_max_time", "Time of the head's newest sample, in ms.", lambda: head_time(head.max_time_ms)),
            ("head_max_time_seconds", "Time of the head's newest sample.", lambda: head_time(head.max_time_ms) / 1000),
            (
                "wal_segment_current",
                "Number of the segment that is written.",
                lambda: head.wal.segment if head.wal else 0,
            ),
            ("wal_storage_size_bytes", "Size of the log.", lambda: head.wal.size_bytes() if head.wal else 0),
            ("blocks_loaded", "Blocks that serve.", lambda: len(blocks.current)),
            ("storage_blocks_bytes", "Size of the blocks.", blocks.size_bytes),
            ("symbol_table_size_bytes", "Size of the names and values of labels.", lambda: head.table.symbol_bytes),
            ("lowest_timestamp", "Time of the oldest sample, in ms.", lambda: head_time(lowest_ms())),
            ("lowest_timestamp_seconds", "Time of the oldest sample.", lambda: head_time(lowest_ms()) / 1000),
            ("retention_limit_bytes", "Largest size of the store; 0: none.", lambda: self.options.retention_size_bytes),
            (
                "retention_limit_seconds",
                "Largest age of samples; 0: none.",
                lambda: self.options.retention_time_ms / 1000,
            ),
        ]
        for name, help_, function in gauges:
            self._registry.gauge("prometheus_tsdb_" + name, help_).set_function(function)
