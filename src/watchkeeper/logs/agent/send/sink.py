"""Entries go to a log store in this process, without a server between."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Protocol

import numpy as np

from watchkeeper.core.disk.wal import WriteFailed
from watchkeeper.core.kernels.line_block import Metadata
from watchkeeper.core.model.errors import UnavailableError
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.agent.positions import Mark, Marks, Positions
from watchkeeper.logs.agent.send.spool import Spool
from watchkeeper.logs.agent.send.streams import Run
from watchkeeper.logs.agent.telemetry import AgentMetrics
from watchkeeper.logs.interface import EntryBatch, PushError

log = get_logger("agent")

WAIT_S: Final = 0.2  # Reads of this time are one push.
MAX_BYTES: Final = 1 << 20
MAX_WAITING_BYTES: Final = 16 << 20
RETRY_S: Final = 1.0
QUIET_S: Final = 30.0
HOST: Final = "local"


class LogSink(Protocol):
    """What takes batches in this process."""

    def push(self, tenant: str, batch: EntryBatch) -> None:
        """As a store's: on return the batch is safe. Raises PushError and UnavailableError."""
        ...


class SinkDestination:
    """Pushes to a sink from a thread of its own."""

    def __init__(
        self,
        sink: LogSink,
        number: int,
        metrics: AgentMetrics,
        positions: Positions,
        tenant: str,
        journal: Spool | None = None,
    ) -> None:
        """
        tenant   of entries that name none
        journal  where it is noted what was pushed, so that a kill repeats one push at most; it holds no entries
        """
        self._sink = sink
        self._number = number
        self._metrics = metrics
        self._positions = positions
        self._tenant = tenant
        self._journal = journal
        self._condition = threading.Condition()
        self._runs: list[Run] = []
        self._marks: dict[str, Mark] = {}
        self._size = 0
        self._stopping = False
        self._told_s = -QUIET_S
        self._thread = threading.Thread(target=self._work, name="agent-sink", daemon=True)

    @property
    def is_full(self) -> bool:
        """Whether the store is behind."""
        return self._size > MAX_WAITING_BYTES

    def add(self, runs: Sequence[Run], marks: Marks) -> None:
        """Collects entries."""
        with self._condition:
            is_first = not self._runs and not self._marks
            self._runs += runs
            self._marks.update(marks)
            before = self._size
            self._size += sum(len(line) for run in runs for line in run.lines)
            if is_first or before < MAX_BYTES <= self._size:
                self._condition.notify()

    def start(self) -> None:
        """Begins to push."""
        self._thread.start()

    def stop(self) -> None:
        """Pushes what is collected, and ends."""
        with self._condition:
            self._stopping = True
            self._condition.notify()
        if self._thread.is_alive():
            self._thread.join(10.0)

    def _work(self) -> None:
        while True:
            with self._condition:
                while not (self._runs or self._marks or self._stopping):
                    self._condition.wait()
                if not self._stopping and self._size < MAX_BYTES:
                    self._condition.wait(WAIT_S)
                runs, self._runs = self._runs, []
                marks, self._marks = self._marks, {}
                size = self._size
            if not runs and not marks:
                return
            if self._push_all(runs):
                self._positions.commit(self._number, marks)
                self._note(marks)
            with self._condition:
                self._size -= size

    def _note(self, marks: dict[str, Mark]) -> None:
        if self._journal is not None:
            try:
                self._journal.note(marks)
            except WriteFailed as error:
                self._complain("positions could not be noted", error=error)

    @property
    def recovered(self) -> Marks:
        """Positions that the positions file may not have yet."""
        return self._journal.recovered if self._journal is not None else {}

    def cut(self) -> int | None:
        """Before the positions file is written: what `release` takes when it is."""
        return self._journal.cut() if self._journal is not None else None

    def release(self, segment: int | None) -> None:
        """The positions file is written."""
        if self._journal is not None and segment is not None:
            self._journal.release(segment)

    def sync(self) -> None:
        """Brings the journal to the device. Raises OSError."""
        if self._journal is not None:
            self._journal.sync()

    def close(self) -> None:
        """Closes the journal, after the positions are saved."""
        if self._journal is not None:
            with suppress(OSError):
                self._journal.close()

    def _push_all(self, runs: list[Run]) -> bool:
        tenants: dict[str, list[Run]] = {}
        for run in runs:
            tenants.setdefault(run.stream.tenant or self._tenant, []).append(run)
        return all([self._push(tenant, listed) for tenant, listed in tenants.items()])

    def _push(self, tenant: str, runs: list[Run]) -> bool:
        """Whether the runs are done: stored, or refused."""
        batch = batch_of(runs)
        n_entries = len(batch.times_ns)
        while True:
            began = time.perf_counter()
            status = 204
            try:
                self._sink.push(tenant, batch)
            except PushError as error:
                status = error.status
                self._complain("entries were refused", status=status, tenant=tenant, error=error)
                if status == 429 or status >= 500:
                    # Some may be in already; the store drops what it has.
                    if self._pause():
                        continue
                    return False
                self._metrics.drop(HOST, tenant, "ingester_error", n_entries, len(batch.data))
            except UnavailableError as error:
                self._complain("the store takes nothing; its lines wait", error=error)
                if self._pause():
                    continue
                return False
            self._metrics.request_seconds.labels(str(status), HOST).observe(time.perf_counter() - began)
            if status == 204:
                self._metrics.sent_entries.labels(HOST).inc(n_entries)
                self._metrics.sent_bytes.labels(HOST).inc(len(batch.data))
            return True

    def _pause(self) -> bool:
        """Waits for the next try; False where there is none any more."""
        with self._condition:
            if not self._stopping:
                self._condition.wait(RETRY_S)
            return not self._stopping

    def _complain(self, what: str, **fields: object) -> None:
        now_s = time.monotonic()
        if now_s - self._told_s >= QUIET_S:
            self._told_s = now_s
            log.warn(what, **fields)


def batch_of(runs: Sequence[Run]) -> EntryBatch:
    """Runs as one batch; those of one stream need not be together."""
    lines = [line for run in runs for line in run.lines]
    texts: list[bytes] = []
    pair_lo: list[int] = [0]
    if any(run.metadata is not None for run in runs):
        for run in runs:
            for pairs in run.metadata or [()] * len(run):
                texts += [part.encode("utf-8", "replace") for pair in pairs for part in pair]
                pair_lo.append(len(texts) // 2)
    bounds = np.zeros(len(lines) + len(texts) + 1, np.int64)
    np.cumsum([len(part) for part in (*lines, *texts)], out=bounds[1:])
    metadata: Metadata | None = None
    if texts:
        at, end = bounds[len(lines) : -1], bounds[len(lines) + 1 :]
        metadata = Metadata(
            np.array(pair_lo, np.int64), at[0::2].copy(), end[0::2].copy(), at[1::2].copy(), end[1::2].copy()
        )
    entry_lo = np.zeros(len(runs) + 1, np.int64)
    np.cumsum([len(run) for run in runs], out=entry_lo[1:])
    return EntryBatch(
        streams=[run.stream.text for run in runs],
        entry_lo=entry_lo,
        times_ns=np.array([time_ns for run in runs for time_ns in run.times_ns], np.int64),
        data=b"".join((*lines, *texts)),
        line_at=bounds[: len(lines)].copy(),
        line_end=bounds[1 : len(lines) + 1].copy(),
        metadata=metadata,
    )
