"""One remote's queue: reads its spool, splits what it reads over shards, sends, and remembers what is acknowledged.

A series always goes to the same shard, and a shard sends one request at a time, so a series keeps its order. The number
of shards changes only when nothing is on its way.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from watchkeeper.core.model.metadata import Metadata
from watchkeeper.core.model.packed_labels import PackedLabels
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.wire.remote import encode_write_v1
from watchkeeper.core.wire.snappy import compress
from watchkeeper.metrics.remote.batch import Batch
from watchkeeper.metrics.remote.config import WRITE_V2, RemoteWriteConfig
from watchkeeper.metrics.remote.sender import Outcome, Sender, Verdict
from watchkeeper.metrics.remote.shard_count import UPDATE_S, ShardCount
from watchkeeper.metrics.remote.spool import Position, Spool
from watchkeeper.metrics.remote.spool_read import Piece, Progress, ProgressFile, SpoolReader
from watchkeeper.metrics.remote.telemetry import KINDS, QueueMetrics

POLL_S: Final = 0.1  # How often an idle queue looks for new samples: small beside a send deadline of seconds.
SYNC_S: Final = 5.0
QUIET_S: Final = 60.0  # A receiver that keeps refusing is told of once in this time.
STOP_POLL_S: Final = 0.02

MetadataFunc = Callable[[], Mapping[str, Metadata]]

log = get_logger("remote")


@dataclass(slots=True, eq=False)
class _Unit:
    """A record that was read: all shards' parts of it must be done before it is."""

    end: Position
    left: int


@dataclass(slots=True)
class _Waiting:
    piece: Piece
    unit: _Unit
    since_s: float


class Queue:
    """Start it with `run`; `close` ends it. All methods belong to one event loop."""

    def __init__(
        self,
        config: RemoteWriteConfig,
        spool: Spool,
        metrics: QueueMetrics,
        *,
        user_agent: str,
        now_ms: Callable[[], int],
        metadata: MetadataFunc,
    ) -> None:
        """Raises OSError."""
        self._config = config
        self._queue_config = config.queue_config
        self._spool = spool
        self._metrics = metrics
        self._now_ms = now_ms
        self._metadata = metadata
        self._user_agent = user_agent
        self._progress = ProgressFile(spool.directory / "position")
        self._recovered_until: Position = spool.end
        self._units: deque[_Unit] = deque()
        # After a power loss the segments may be shorter than what was acknowledged of them.
        self._done: Position = min(self._progress.value.position, spool.end)
        least, most = self._queue_config.min_shards, self._queue_config.max_shards
        # What was on its way when the last run ended must meet the same shards again.
        first = min(max(self._progress.value.n_shards, least), most)
        self._count = ShardCount(least, most, first)
        self._shards: list[_Shard] = []
        self._room = asyncio.Event()
        self._stopping = False
        self._newest_read_ms = 0
        self.newest_sent_ms = 0
        self.is_failing = False
        self.is_idle = False
        self._last_complaint_s = -QUIET_S
        self._tasks: list[asyncio.Task[None]] = []
        self._set_gauges()

    def _set_gauges(self) -> None:
        gauge, queue = self._metrics.gauge, self._queue_config
        gauge("shards_min").set(queue.min_shards)
        gauge("shards_max").set(queue.max_shards)
        gauge("shard_capacity").set(queue.capacity)
        gauge("max_samples_per_send").set(queue.max_samples_per_send)
        gauge("shards").set(self._count.current)
        gauge("shards_desired").set(self._count.current)
        for kind in KINDS:
            gauge(f"{kind}_pending").set(0)

    # --- running ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to read and send."""
        self._sender = Sender(self._config, self._user_agent)
        self._reader = SpoolReader(self._spool, self._done)
        self._start_shards(self._count.current)
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._read()), loop.create_task(self._upkeep())]
        if self._config.metadata_config.send and self._config.protobuf_message != WRITE_V2:
            self._tasks.append(loop.create_task(self._send_metadata()))

    async def close(self, flush_s: float) -> None:
        """Sends what is left while that goes well, and at most so long; what stays is sent after the next start."""
        deadline_s = time.monotonic() + flush_s
        for shard in self._shards:
            shard.hurry()
        self._stopping = True
        self.is_idle = False  # What was written since the last look is read first.
        while time.monotonic() < deadline_s and not self.is_failing and not (self.is_idle and not self._units):
            await asyncio.sleep(STOP_POLL_S)
        tasks = [*self._tasks, *(shard.task for shard in self._shards)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._keep_progress()
        self._reader.close()
        self._progress.close()
        await self._sender.close()

    def _start_shards(self, n: int) -> None:
        self._shards = [_Shard(self) for _ in range(n)]
        for shard in self._shards:
            if self._stopping:
                shard.hurry()
        self._metrics.gauge("shards").set(n)

    async def _reshard(self, n: int) -> None:
        while self._units:
            for shard in self._shards:
                shard.hurry()
            await asyncio.sleep(STOP_POLL_S)
        for shard in self._shards:
            shard.task.cancel()
        await asyncio.gather(*(shard.task for shard in self._shards), return_exceptions=True)
        log.info("remote storage: number of shards changed", url=self._config.url, shards=n, before=len(self._shards))
        self._start_shards(n)
        self._keep_progress()

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        limit = self._queue_config.capacity
        while True:
            if len(self._shards) != self._count.current:
                await self._reshard(self._count.current)
            if any(shard.n_waiting >= limit for shard in self._shards):
                self._metrics.count("enqueue_retries_total", 1)
                self._room.clear()
                await self._room.wait()
                continue
            self.is_idle = False
            pieces: list[Piece] = []
            try:
                # A look costs nothing while nothing comes.
                if self._spool.end != self._reader.position:
                    pieces = await loop.run_in_executor(
                        None, self._reader.read, self._queue_config.max_samples_per_send
                    )
            except OSError as error:
                self._complain("the spool can't be read; it is tried again", str(error))
                await asyncio.sleep(SYNC_S)
                continue
            self._metrics.segment.set(self._reader.position[0])
            for piece in pieces:
                self._hand_out(piece)
            if not pieces:
                if not self._units:
                    # Records without samples are passed too.
                    self._done = max(self._done, self._reader.position)
                    self._keep_progress()
                self.is_idle = True
                await asyncio.sleep(STOP_POLL_S if self._stopping else POLL_S)

    def _hand_out(self, piece: Piece) -> None:
        unit = _Unit(piece.end, len(piece))
        self._units.append(unit)
        since_s = time.monotonic()
        self._count.read(len(piece))
        self._metrics.gauge(f"{piece.kind}_pending").inc(len(piece))
        if piece.kind != "exemplars":
            self._newest_read_ms = max(self._newest_read_ms, int(piece.times.max()))
        n = len(self._shards)
        if n == 1:
            self._shards[0].put(_Waiting(piece, unit, since_s))
            return
        shard_of = piece.table.hashes[piece.columns] % np.uint32(n)
        for number in np.unique(shard_of).tolist():
            self._shards[number].put(_Waiting(piece.take(shard_of == number), unit, since_s))

    # --- called by shards -------------------------------------------------------------------------------------------

    async def deliver(self, batch: Batch, attempts: int = 0) -> None:
        """Sends a batch until it is taken, refused for good or too old."""
        backoff_s = self._queue_config.min_backoff_ms / 1000
        body, encoded = b"", -1
        while True:
            batch = self._without_aged(batch)
            size = len(batch)
            if not size:
                return
            if size != encoded:
                body, encoded = compress(self._encode(batch)), size
            began_s = time.perf_counter()
            outcome = await self._sender.send(body, attempts)
            took_s = time.perf_counter() - began_s
            self._metrics.duration.observe(took_s)
            self._count.sent(size if outcome.verdict is Verdict.SENT else 0, took_s)
            if outcome.verdict is Verdict.SENT:
                self._sent(batch, len(body))
                return
            if outcome.verdict is Verdict.REFUSED:
                await self._refused(batch, outcome, attempts)
                return
            attempts += 1
            self.is_failing = True
            for kind in KINDS:
                self._metrics.count(f"{kind}_retried_total", batch.count(kind))
            self._complain("remote storage does not take samples now; they wait on the disk", outcome.reason)
            await asyncio.sleep(max(backoff_s, outcome.wait_s))
            backoff_s = min(2 * backoff_s, self._queue_config.max_backoff_ms / 1000) or backoff_s

    def acknowledge(self, waiting: _Waiting, n: int) -> None:
        """So many samples of a piece need nothing any more."""
        waiting.unit.left -= n
        self._metrics.gauge(f"{waiting.piece.kind}_pending").dec(n)
        self._room.set()
        units, moved = self._units, False
        while units and units[0].left <= 0:
            self._done = units.popleft().end
            moved = True
        if moved:
            self._keep_progress()

    def _encode(self, batch: Batch) -> bytes:
        return batch.encode_v2(self._metadata()) if self._config.protobuf_message == WRITE_V2 else batch.encode_v1()

    def _without_aged(self, batch: Batch) -> Batch:
        limit_ms = self._queue_config.sample_age_limit_ms
        if not limit_ms:
            return batch
        kept = batch.without_older(self._now_ms() - limit_ms)
        for kind in KINDS:
            self._metrics.dropped(kind, batch.count(kind) - kept.count(kind), "too_old")
        return kept

    def _sent(self, batch: Batch, n_bytes: int) -> None:
        for kind in KINDS:
            self._metrics.count(f"{kind}_total", batch.count(kind))
        self._metrics.count("bytes_total", n_bytes)
        newest_ms = batch.newest_ms()
        if newest_ms > self.newest_sent_ms:
            self.newest_sent_ms = newest_ms
            self._metrics.gauge("queue_highest_sent_timestamp_seconds").set(newest_ms / 1000)
        if self.is_failing:
            self.is_failing = False
            self._last_complaint_s = -QUIET_S
            log.info("remote storage takes samples again", url=self._config.url)

    async def _refused(self, batch: Batch, outcome: Outcome, attempts: int) -> None:
        """Counts what is lost. What may have been sent before a restart is tried in halves: a receiver of protocol
        1.0 refuses a whole request because of one sample that it has already."""
        halves = batch.halves() if self._is_recovered(batch) else None
        if halves is not None:
            for half in halves:
                await self.deliver(half, attempts)
            return
        for kind in KINDS:
            n_taken = min(outcome.written.get(kind, 0), batch.count(kind))
            self._metrics.count(f"{kind}_total", n_taken)
            self._metrics.count(f"{kind}_failed_total", batch.count(kind) - n_taken)
        if not self._is_recovered(batch):
            self._complain("remote storage refuses samples; they are not sent again", outcome.reason)

    def _is_recovered(self, batch: Batch) -> bool:
        return batch.pieces[0].end <= self._recovered_until

    def give_up(self, batch: Batch, error: Exception) -> None:
        """A batch that can't be made a request: it alone is lost, and said so."""
        for kind in KINDS:
            self._metrics.count(f"{kind}_failed_total", batch.count(kind))
        self._complain("samples can't be made a request; they are not sent", repr(error))

    def _complain(self, message: str, reason: str) -> None:
        if time.monotonic() - self._last_complaint_s >= QUIET_S:
            self._last_complaint_s = time.monotonic()
            log.error(message, url=self._config.url, error=reason)

    # --- upkeep -----------------------------------------------------------------------------------------------------

    def _keep_progress(self) -> None:
        before = self._progress.value.position[0]
        self._progress.write(Progress(self._done, len(self._shards)))
        if self._done[0] > before:
            self._spool.release(self._done[0])

    async def _upkeep(self) -> None:
        loop = asyncio.get_running_loop()
        next_update_s = time.monotonic() + UPDATE_S
        while True:
            await asyncio.sleep(SYNC_S)
            with contextlib.suppress(OSError):  # The next write of the spool tells it.
                await loop.run_in_executor(None, self._spool.sync)
            if time.monotonic() >= next_update_s:
                next_update_s += UPDATE_S
                behind_s = (self._newest_read_ms - self.newest_sent_ms) / 1000 if self.newest_sent_ms else 0.0
                self._count.update(behind_s)
                self._metrics.gauge("shards_desired").set(self._count.desired)

    async def _send_metadata(self) -> None:
        settings = self._config.metadata_config
        while True:
            items = self._metadata_items()
            for lo in range(0, len(items), settings.max_samples_per_send):
                chunk = dict(items[lo : lo + settings.max_samples_per_send])
                none = np.zeros(0, np.int64)
                empty = PackedLabels(b"", np.zeros(1, np.int64))
                body = compress(
                    encode_write_v1(empty, np.zeros(1, np.int64), none, none.view(np.float64), metadata=chunk)
                )
                await self._deliver_metadata(body, len(chunk))
            interval_s = max(settings.send_interval_ms, 1000) / 1000
            await asyncio.sleep(interval_s if items else min(interval_s, SYNC_S))

    def _metadata_items(self) -> list[tuple[str, Metadata]]:
        try:
            return list(self._metadata().items())
        except RuntimeError:  # It changed while it was read; the next round comes soon.
            return []

    async def _deliver_metadata(self, body: bytes, n: int) -> None:
        """A few tries: it is sent again soon anyway."""
        backoff_s = self._queue_config.min_backoff_ms / 1000
        for attempt in range(3):
            outcome = await self._sender.send(body, attempt)
            if outcome.verdict is Verdict.SENT:
                self._metrics.count("metadata_total", n)
                self._metrics.count("metadata_bytes_total", len(body))
                return
            if outcome.verdict is Verdict.REFUSED:
                break
            self._metrics.count("metadata_retried_total", n)
            await asyncio.sleep(max(backoff_s, outcome.wait_s))
            backoff_s = min(2 * backoff_s, self._queue_config.max_backoff_ms / 1000)
        self._metrics.count("metadata_failed_total", n)


class _Shard:
    """One series of requests."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._waiting: deque[_Waiting] = deque()
        self._changed = asyncio.Event()
        self._is_hurried = False
        self.n_waiting = 0
        self.task = asyncio.get_running_loop().create_task(self._run())

    def put(self, waiting: _Waiting) -> None:
        """Samples to be sent."""
        self._waiting.append(waiting)
        self.n_waiting += len(waiting.piece)
        self._changed.set()

    def hurry(self) -> None:
        """From now on a batch need not be full."""
        self._is_hurried = True
        self._changed.set()

    async def _run(self) -> None:
        while True:
            await self._until_due()
            taken = self._take()
            batch = Batch([waiting.piece.take(slice(0, n)) for waiting, n in taken])
            try:
                await self._queue.deliver(batch)
            except Exception as error:  # A shard that ends would hold back all that follows.
                self._queue.give_up(batch, error)
            for waiting, n in taken:
                self._drop(waiting, n)

    async def _until_due(self) -> None:
        settings = self._queue._queue_config
        while True:
            self._changed.clear()
            if not self._waiting:
                await self._changed.wait()
                continue
            left_s = self._waiting[0].since_s + settings.batch_send_deadline_ms / 1000 - time.monotonic()
            if self.n_waiting >= settings.max_samples_per_send or self._is_hurried or left_s <= 0:
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left_s)

    def _take(self) -> list[tuple[_Waiting, int]]:
        """The next pieces up to a full batch, and how much of each; they wait on until they are sent."""
        room = self._queue._queue_config.max_samples_per_send
        taken = []
        for waiting in self._waiting:
            n = min(room, len(waiting.piece))
            taken.append((waiting, n))
            room -= n
            if not room:
                break
        return taken

    def _drop(self, waiting: _Waiting, n: int) -> None:
        self.n_waiting -= n
        if n == len(waiting.piece):
            self._waiting.popleft()
        else:
            waiting.piece = waiting.piece.take(slice(n, len(waiting.piece)))
        self._queue.acknowledge(waiting, n)
