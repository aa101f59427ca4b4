"""Blocks that were cut on their way to segments: sealed, gathered, written; then the log is cut short."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.store.head import Head
from watchkeeper.logs.store.memory import give_back
from watchkeeper.logs.store.metrics import StoreMetrics
from watchkeeper.logs.store.options import HOUR_NS, StoreOptions
from watchkeeper.logs.store.segment import SegmentInfo
from watchkeeper.logs.store.segment_writer import SegmentWriter
from watchkeeper.logs.store.segments import Segments
from watchkeeper.logs.store.stream import HeadBlock
from watchkeeper.logs.store.streams import Streams
from watchkeeper.logs.store.wal import segment_of

log = get_logger("logs.store")

RETRY_S = 5.0


class Flusher:
    """A thread that seals and writes. `flush` and `stop` wait for it."""

    def __init__(
        self,
        head: Head,
        segments: Segments,
        streams: Streams,
        options: StoreOptions,
        metrics: StoreMetrics,
        clock_ns: Callable[[], int],
    ) -> None:
        self._head = head
        self._segments = segments
        self._streams = streams
        self._options = options
        self._metrics = metrics
        self._clock_ns = clock_ns
        self._wake = threading.Event()
        self._work = threading.Lock()
        self._is_stopping = False
        self._is_tick = False
        self._retry_at = 0.0
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to work."""
        self._head.wake = self._wake.set
        self._head.is_helped = True
        self._thread = threading.Thread(target=self._run, name="logs-flush", daemon=True)
        self._thread.start()
        self._wake.set()

    def stop(self) -> None:
        """End the thread; what it is at ends first."""
        self._is_stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._head.is_helped = False

    def tick(self) -> None:
        """Look also for what waits for too long."""
        self._is_tick = True
        self._wake.set()

    def _run(self) -> None:
        while not self._is_stopping:
            self._wake.wait()
            self._wake.clear()
            try:
                self._step()
            except Exception as error:
                log.error("flushing failed; blocks stay in memory and in the log", err=error)

    def _step(self) -> None:
        while not self._is_stopping:
            with self._work:
                if not self._seal_one():
                    break
                self._write_if_due()
        with self._work:
            self._write_if_due()

    def run(self) -> None:
        """Do all that is due, in the calling thread."""
        self._is_tick = True
        self._step()

    def flush(self) -> None:
        """Write all that was cut. Raises OSError."""
        with self._work:
            while self._seal_one():
                pass
            self._write()

    def _seal_one(self) -> bool:
        """Seal the oldest block; False where there is none."""
        held = self._head.next_unsealed()
        if held is None:
            return False
        try:
            self._head.put_sealed(held, held.seal(self._options.seal_level))
        except (ValueError, MemoryError) as error:
            self._metrics.flushes_failed.inc()
            self._head.put_stuck(held)
            log.error("a block can't be sealed; it stays in memory and in the log", stream=held.stream.text, err=error)
        return True

    def _write_if_due(self) -> None:
        sealed = self._head.sealed
        if not sealed or time.monotonic() < self._retry_at:
            return
        holds_log = self._is_tick and self._hold_log(sealed)
        self._is_tick = False
        is_old = self._clock_ns() - sealed[0].opened_ns >= self._options.max_pending_ns
        if self._head.sealed_bytes >= self._options.flush_bytes or is_old or holds_log:
            try:
                self._write()
            except OSError as error:
                self._retry_at = time.monotonic() + RETRY_S
                log.error("a segment could not be written; blocks stay in memory and in the log", err=str(error))

    def _hold_log(self, blocks: Sequence[HeadBlock]) -> bool:
        """Whether these blocks, and no open ones, keep much of the log alive."""
        wal = self._head.wal
        if wal is None:
            return False
        first = segment_of(min(held.first_position for held in blocks))
        behind_bytes = (wal.segment - first) * self._options.wal_segment_bytes
        return behind_bytes > self._options.max_wal_bytes // 2 and first < self._head.first_open_segment()

    def _write(self) -> None:
        """All sealed blocks into a segment. Raises OSError; then they stay where they are."""
        head, segments = self._head, self._segments
        blocks = list(head.sealed)
        if blocks:
            try:
                info = self._write_segment(blocks)
                segments.replace([], [info], lambda: head.drop(blocks))
            except OSError as error:
                self._metrics.flushes_failed.inc()
                head.stuck = str(error)
                raise
            self._observe(blocks)
            give_back()
        head.stuck = ""
        self._retry_at = 0.0
        if head.wal is not None:
            head.wal.drop_before(head.first_segment())

    def _write_segment(self, blocks: Sequence[HeadBlock]) -> SegmentInfo:
        # Where an older block of a stream is not in a segment, the log must be read again from its entries on.
        bound: dict[int, int] = {}
        for held in self._head.pending:
            if held.is_stuck:
                bound.setdefault(held.stream.id, held.first_position - 1)
        by_stream: dict[int, list[HeadBlock]] = {}
        for held in blocks:
            by_stream.setdefault(held.stream.id, []).append(held)
        keys = {id_: self._streams.key(id_) for id_ in by_stream}
        middle = sorted(held.min_ns for held in blocks)[len(blocks) // 2]  # A few late entries do not make it old.
        name = self._segments.new_name(middle, self._clock_ns())
        path = self._segments.directory / name
        with SegmentWriter(path, log_id=self._segments.log_id) as writer:
            for id_ in sorted(by_stream, key=lambda id_: keys[id_]):
                mine = by_stream[id_]
                flushed_to = max(held.flushed_to for held in mine)
                writer.start_stream(keys[id_], min(flushed_to, bound.get(id_, flushed_to)))
                for held in sorted(mine, key=lambda held: held.min_ns):
                    assert held.sealed is not None
                    writer.add(held.sealed)
            footer = writer.finish()
        return SegmentInfo.of(name, path.stat().st_size, footer)

    def _observe(self, blocks: Sequence[HeadBlock]) -> None:
        metrics = self._metrics
        now_ns = self._clock_ns()
        for held in blocks:
            sealed = held.sealed
            assert sealed is not None
            metrics.chunks_flushed.labels(held.reason).inc()
            metrics.chunk_age.observe(max(0, now_ns - held.opened_ns) / 1e9)
            metrics.chunk_bounds.observe((sealed.max_ns - sealed.min_ns) / HOUR_NS)
            metrics.chunk_entries.observe(sealed.n_rows)
            metrics.chunk_size.observe(len(sealed.data))
            metrics.chunk_utilization.observe(min(1.0, sealed.raw_bytes / self._options.cut_raw_bytes))
