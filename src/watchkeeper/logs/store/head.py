"""What is in no segment yet: an open block for each active stream, and blocks that wait to be sealed and written.

A record is in the log before memory changes. A block that is cut remembers the place in the log up to which its
stream's entries are in it: the segment carries that place, so that a replay leaves out what is in segments.
"""

from __future__ import annotations

import os
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np

from watchkeeper.core.disk.wal import Wal, WriteFailed
from watchkeeper.core.kernels.line_block import Block
from watchkeeper.core.model.errors import UnavailableError
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.interface import EntryBatch
from watchkeeper.logs.store import entries
from watchkeeper.logs.store.metrics import StoreMetrics
from watchkeeper.logs.store.options import StoreOptions
from watchkeeper.logs.store.segment_writer import SealedBlock
from watchkeeper.logs.store.stream import HeadBlock, HeadStream
from watchkeeper.logs.store.streams import Streams
from watchkeeper.logs.store.tail import Tails
from watchkeeper.logs.store.wal import Levels, position_of, push_record, segment_of, streams_record

log = get_logger("logs.store")

PUSH_WAIT_S: Final = 10.0
CHECK_BYTES: Final = 1 << 20  # The room on the disk is looked at after so many bytes.
EMPTY_BLOCK_BYTES: Final = 2500
_Job = tuple[HeadStream, HeadBlock, int, int]  # Entries lo to hi of a batch go to this block of the stream.
_KEEP_OPEN: Final = 0.9  # Blocks are cut until this share of the bound is used.


class Head:
    """Takes entries. Pushes come one at a time (`pushes`); `lock` guards which blocks there are, for readers."""

    def __init__(
        self,
        options: StoreOptions,
        streams: Streams,
        tails: Tails,
        metrics: StoreMetrics,
        lock: threading.Lock,
        clock_ns: Callable[[], int],
    ) -> None:
        self._options = options
        self._streams = streams
        self._tails = tails
        self._metrics = metrics
        self._clock_ns = clock_ns
        self.lock = lock
        self.pushes = threading.Lock()
        self._sealed = threading.Condition(threading.Lock())
        self._by_labels: dict[tuple[str, Labels], HeadStream] = {}
        self.by_id: dict[int, HeadStream] = {}
        self._n_streams: Counter[str] = Counter()  # By tenant.
        self._unsealed: deque[HeadBlock] = deque()  # Cut, oldest first.
        self._stuck: list[HeadBlock] = []  # Cut, and can't be sealed.
        self.sealed: list[HeadBlock] = []  # On the way to a segment, oldest first.
        self.sealed_bytes = 0
        self._n_open = 0
        self.wal: Wal | None = None
        self.wal_directory = Path()
        self.applied_to = -1  # Place of the newest record that is in memory.
        self.open_bytes = 0
        self.waiting_bytes = 0
        self.stuck = ""  # Why segments can't be written now.
        self._unchecked_bytes = CHECK_BYTES
        self._is_full = False
        self._is_refusing = False  # The log could not be written last time.
        self.is_helped = False  # A thread seals what waits.
        self.wake: Callable[[], None] = lambda: None

    # --- writing ----------------------------------------------------------------------------------------------------

    def append(self, tenant: str, labels: Sequence[Labels], batch: EntryBatch, levels: Levels | None) -> None:
        """Store a batch; `labels` are those of its streams. Raises UnavailableError, and then nothing is stored."""
        self._wait_for_room()
        # Before the log: what memory would not take must not be in it.
        batch, levels = entries.contiguous(batch), None if levels is None else np.ascontiguousarray(levels, np.uint8)
        with self.pushes:
            if self.wal is None:
                raise UnavailableError("the log store is not open for writing")
            streams = [self.stream(tenant, one) for one in labels]
            position = self._log(streams, batch, levels)
            self._apply(streams, batch, levels, position)

    def stop(self) -> Wal | None:
        """Take nothing more; the log, to be closed."""
        with self.pushes:
            wal, self.wal = self.wal, None
        return wal

    def _wait_for_room(self) -> None:
        """Raises UnavailableError where segments can't be written and no more can wait for that in memory."""
        options = self._options
        if self.stuck and self.sealed_bytes > options.max_pending_bytes:
            raise UnavailableError(f"the log store can't write segments, and its memory is full: {self.stuck}")
        if self.waiting_bytes <= options.max_waiting_bytes or not self.is_helped:
            return
        self._metrics.push_waits.inc()
        with self._sealed:
            self._sealed.wait_for(lambda: self.waiting_bytes <= options.max_waiting_bytes, PUSH_WAIT_S)

    def stream(self, tenant: str, labels: Labels) -> HeadStream:
        """The stream with these labels; made if it is new."""
        known = self._by_labels.get((tenant, labels))
        if known is None:
            stream = self._streams.get(tenant, labels)
            known = self._by_labels[tenant, labels] = HeadStream(stream, tenant, self._streams.key(stream.id))
            self.by_id[stream.id] = known
            self._n_streams[tenant] += 1
            self._metrics.streams_created.labels(tenant).inc()
        return known

    def _log(self, streams: Sequence[HeadStream], batch: EntryBatch, levels: Levels | None) -> int:
        """The place of the batch in the log, once it is written. Raises WriteFailed."""
        wal = self.wal
        assert wal is not None
        try:
            self._check_room()
            segment = wal.ready()
            new = {stream.stream.id: stream for stream in streams if stream.defined_in != segment}
            parts = push_record(batch, [stream.stream.id for stream in streams], levels)
            defined = streams_record([(id_, stream.key) for id_, stream in new.items()]) if new else []
            position = position_of(segment, wal.offset + sum(map(len, defined)))
            data = b"".join([*defined, *parts])
            wal.append_framed(data)
        except WriteFailed as error:
            self._metrics.wal_disk_full.inc()
            if not self._is_refusing:
                self._is_refusing = True
                log.error("pushes are refused: their lines can't be kept", err=str(error))
            raise
        if self._is_refusing:
            self._is_refusing = False
            log.info("pushes are taken again")
        for stream in new.values():
            stream.defined_in = segment
        self._metrics.wal_records.inc(2 if new else 1)
        self._metrics.wal_bytes.inc(len(data))
        self._unchecked_bytes += len(data)
        return position

    def _check_room(self) -> None:
        """Raises WriteFailed where the disk is so full that segments could not be written any more."""
        if self._unchecked_bytes < CHECK_BYTES and not self._is_full:
            return
        disk = os.statvfs(self.wal_directory)
        room_bytes = disk.f_bavail * disk.f_frsize
        self._is_full = room_bytes < min(self._options.reserve_bytes, disk.f_blocks * disk.f_frsize // 20)
        self._unchecked_bytes = 0
        if self._is_full:
            raise WriteFailed(f"{self.wal_directory}: No space left on device: the rest is kept for segments")

    def replay(
        self,
        streams: Sequence[HeadStream | None],
        batch: EntryBatch,
        levels: Levels | None,
        position: int,
        pool: ThreadPoolExecutor,
    ) -> None:
        """Take a batch that the log has. A stream that is None is left out: segments hold its entries."""
        with self.pushes:
            self._apply(streams, batch, levels, position, pool)

    def _apply(
        self,
        streams: Sequence[HeadStream | None],
        batch: EntryBatch,
        levels: Levels | None,
        position: int,
        pool: ThreadPoolExecutor | None = None,
    ) -> None:
        """Append a batch that is in the log at `position`; with a pool, by two threads at once."""
        now_ns = self._clock_ns()
        self.applied_to = position
        entry_lo = batch.entry_lo.tolist()
        first_ns, last_ns = entries.bounds(batch)
        jobs: list[_Job] = []
        for i, stream in enumerate(streams):
            lo, hi = entry_lo[i], entry_lo[i + 1]
            if lo == hi or stream is None:
                continue
            stream.appended_ns = now_ns
            parts = entries.parts(batch, lo, hi)
            for number, (lo, hi) in enumerate(parts):  # Mostly one part, the whole.
                held = stream.open
                if held is None:
                    held = self._open(stream, position, now_ns)
                # Before the rows come: whoever reads meanwhile must not see a row outside of them.
                held.min_ns = min(held.min_ns, first_ns[i])
                held.max_ns = max(held.max_ns, last_ns[i])
                job = (stream, held, lo, hi)
                if number == len(parts) - 1:
                    jobs.append(job)
                    break
                self._note(batch, [job], [entries.append_rows(held.block, batch, levels, lo, hi)])
                if self._is_full_block(held):
                    # The record has more of this stream: it must be read again until that is in a segment too.
                    self._cut(stream, "full", position - 1)
        self._note(batch, jobs, self._append(jobs, batch, levels, pool))
        for stream, held, _, _ in jobs:
            if stream.open is held and self._is_full_block(held):
                self._cut(stream, "full", position)
        if self.open_bytes > self._open_bound():
            self._relieve()

    @staticmethod
    def _append(
        jobs: Sequence[_Job], batch: EntryBatch, levels: Levels | None, pool: ThreadPoolExecutor | None
    ) -> list[tuple[int, int]]:
        def append(some: Sequence[_Job]) -> list[tuple[int, int]]:
            return [entries.append_rows(held.block, batch, levels, lo, hi) for _, held, lo, hi in some]

        if pool is None or len(jobs) < 2:
            return append(jobs)
        done: list[tuple[int, int]] = [(0, 0)] * len(jobs)
        done[::2], done[1::2] = pool.map(append, (jobs[::2], jobs[1::2]))
        return done

    def _note(self, batch: EntryBatch, jobs: Sequence[_Job], done: Sequence[tuple[int, int]]) -> None:
        """Count what was appended, and tell who listens."""
        n_left_out = 0
        for (stream, held, lo, hi), (before, added) in zip(jobs, done, strict=True):
            n_left_out += hi - lo - added
            size = held.block.size_bytes
            self.open_bytes += size - held.size_bytes
            held.size_bytes = size
            if added and self._tails.are_any:
                self._tails.deliver(stream.tenant, stream.stream, held.block, before, before + added)
        if n_left_out:
            self._metrics.duplicates.inc(n_left_out)

    def _is_full_block(self, held: HeadBlock) -> bool:
        block = held.block
        return block.raw_bytes >= self._options.cut_raw_bytes or block.n_rows >= entries.MAX_BLOCK_ROWS

    def _open(self, stream: HeadStream, position: int, now_ns: int) -> HeadBlock:
        held = HeadBlock(stream.stream, position, now_ns)
        self._metrics.chunks_created.inc()
        self._n_open += 1
        with self.lock:
            stream.open = held
        return held

    # --- cutting ----------------------------------------------------------------------------------------------------

    def _cut(self, stream: HeadStream, reason: str, flushed_to: int) -> None:
        held = stream.open
        if held is None:
            return
        held.reason = reason
        held.flushed_to = flushed_to
        with self.lock:
            stream.open = None
            if held.block.n_rows:
                self._unsealed.append(held)
        self._n_open -= 1
        self.open_bytes -= held.size_bytes
        if held.block.n_rows:
            self.waiting_bytes += held.size_bytes
            self.wake()

    def _open_bound(self) -> int:
        """What open blocks may take: each takes something, even where it holds a line only."""
        options = self._options
        waiting = min(self.waiting_bytes, options.max_waiting_bytes)
        return options.max_open_bytes - waiting + self._n_open * EMPTY_BLOCK_BYTES

    def _relieve(self) -> None:
        """Cut the largest blocks: those that are cut small are the ones that merges have work with."""
        bound = int(self._open_bound() * _KEEP_OPEN)
        open_streams = [stream for stream in self._by_labels.values() if stream.open is not None]
        open_streams.sort(key=lambda stream: -stream.open.size_bytes if stream.open else 0)
        for stream in open_streams:
            if self.open_bytes <= bound:
                break
            self._cut(stream, "memory", self.applied_to)

    def cut_where(self, reason: str, is_due: Callable[[HeadStream, HeadBlock], bool]) -> int:
        """Cut the open blocks that are due; how many were."""
        with self.pushes:
            due = [stream for stream in self._by_labels.values() if stream.open and is_due(stream, stream.open)]
            for stream in due:
                self._cut(stream, reason, self.applied_to)
        return len(due)

    # --- sealing and flushing ---------------------------------------------------------------------------------------

    @property
    def pending(self) -> list[HeadBlock]:
        """Blocks that were cut and are in no segment."""
        return [*self._stuck, *self.sealed, *self._unsealed]

    def next_unsealed(self) -> HeadBlock | None:
        """The oldest block that was cut and is not sealed."""
        return self._unsealed[0] if self._unsealed else None

    def put_sealed(self, held: HeadBlock, sealed: SealedBlock) -> None:
        """The oldest block is sealed: readers get the smaller one. Raises ValueError where its bytes are no block."""
        block = Block.open(sealed.data)
        freed = held.size_bytes
        with self.lock:
            held.sealed, held.block = sealed, block
            held.size_bytes = len(sealed.data) + len(sealed.filter)
            self.sealed.append(self._unsealed.popleft())
            self.sealed_bytes += held.size_bytes
        self._note_room(freed)

    def put_stuck(self, held: HeadBlock) -> None:
        """The oldest block can't be sealed: it stays as it is."""
        held.is_stuck = True
        with self.lock:
            self._stuck.append(self._unsealed.popleft())
        self._note_room(held.size_bytes)

    def _note_room(self, size_bytes: int) -> None:
        """Blocks that waited to be sealed wait no more."""
        with self._sealed:
            self.waiting_bytes -= size_bytes
            self._sealed.notify_all()

    def drop(self, blocks: Iterable[HeadBlock]) -> None:
        """Forget blocks that are in a segment now. `lock` is held."""
        gone = set(map(id, blocks))
        self.sealed = [held for held in self.sealed if id(held) not in gone]
        self.sealed_bytes = sum(held.size_bytes for held in self.sealed)

    def forget_idle(self, before_ns: int) -> int:
        """Forget streams without a block that got nothing since; how many went."""
        with self.pushes:
            idle = [
                key for key, stream in self._by_labels.items() if stream.open is None and stream.appended_ns < before_ns
            ]
            for key in idle:
                stream = self._by_labels.pop(key)
                self.by_id.pop(stream.stream.id, None)
                self._n_streams[stream.tenant] -= 1
                self._metrics.streams_removed.labels(stream.tenant).inc()
        return len(idle)

    def first_segment(self) -> int:
        """The oldest log segment that is needed: none before it has an entry that is in no segment."""
        with self.pushes, self.lock:
            positions = [held.first_position for held in self.pending]
            return min(self._first_open(), segment_of(min(positions)) if positions else self._log_segment())

    def first_open_segment(self) -> int:
        """The oldest log segment that open blocks need."""
        with self.pushes:
            return self._first_open()

    def _first_open(self) -> int:
        positions = [stream.open.first_position for stream in self._by_labels.values() if stream.open is not None]
        return segment_of(min(positions)) if positions else self._log_segment()

    def _log_segment(self) -> int:
        return self.wal.segment if self.wal is not None else 0

    def cut_before(self, segment: int) -> int:
        """Cut the blocks that need log segments before this one; how many were."""
        return self.cut_where("log", lambda stream, held: segment_of(held.first_position) < segment)

    # --- figures ----------------------------------------------------------------------------------------------------

    @property
    def n_streams(self) -> int:
        """Streams in memory."""
        return len(self._by_labels)

    def streams_of(self, tenant: str) -> int:
        """A tenant's streams in memory."""
        return self._n_streams[tenant]

    def is_active(self, tenant: str, labels: Labels) -> bool:
        """Whether a stream is in memory."""
        return (tenant, labels) in self._by_labels

    @property
    def n_blocks(self) -> int:
        """Blocks in memory."""
        return len(self.pending) + sum(1 for stream in list(self.by_id.values()) if stream.open is not None)
