"""What a client has taken and not sent yet: batches by tenant, and which reads they belong to."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

from watchkeeper.logs.agent.config.client import ClientConfig
from watchkeeper.logs.agent.config.promtail_yml import LimitsConfig
from watchkeeper.logs.agent.positions import Marks
from watchkeeper.logs.agent.send.batch import Batch, pieces, sizes
from watchkeeper.logs.agent.send.ledger import Ledger
from watchkeeper.logs.agent.send.streams import Run, StreamKey, stream_text
from watchkeeper.logs.agent.telemetry import AgentMetrics

MAX_RENAMED: Final = 100_000
LONG_S: Final = 3600.0


class Collector:
    """Takes entries from any thread, and gives batches to one."""

    def __init__(self, config: ClientConfig, host: str, limits: LimitsConfig, metrics: AgentMetrics) -> None:
        """
        host   names the server in metrics
        """
        self._config = config
        self._host = host
        self._limits = limits
        self._metrics = metrics
        self._lock = threading.Lock()
        self._open: dict[str, Batch] = {}
        self._ready: deque[Batch] = deque()
        self._ledger = Ledger()
        self._external = dict(config.external_labels)
        self._renamed: dict[StreamKey, StreamKey] = {}
        self.held_bytes = 0  # Of all batches that are not done.

    # --- taking ----------------------------------------------------------------------------------------------------

    def add(self, runs: Sequence[Run], marks: Marks, now_s: float) -> bool:
        """Takes entries, and the positions that count once these are done; whether the sender has to look."""
        with self._lock:
            was_empty = not self._open
            n_ready = len(self._ready)
            step = self._ledger.begin(marks)
            self._keep_whole(runs)
            for run in runs:
                self._add_run(run, step, now_s)
            self._ledger.close((step,))
            # A batch is full, or the clock of the first one begins, or there are positions and no batch to wait for.
            return len(self._ready) > n_ready or (was_empty and bool(self._open or marks))

    def _keep_whole(self, runs: Sequence[Run]) -> None:
        """Ends batches that would take only the beginning of a read: what is kept or sent of a read in part is read
        again after a kill, and would be stored twice."""
        if not self._open:
            return
        size_of: dict[str, int] = {}
        for run in runs:
            tenant = run.stream.tenant or self._config.tenant_id
            size_of[tenant] = size_of.get(tenant, 0) + sum(sizes(run))
        limit = self._config.batchsize
        for tenant, size in size_of.items():
            batch = self._open.get(tenant)
            if batch is not None and size <= limit < batch.size + size:
                self._ready.append(self._open.pop(tenant))

    def _add_run(self, run: Run, step: int, now_s: float) -> None:
        tenant = run.stream.tenant or self._config.tenant_id
        limited = self._limit_lines(self._renamed_run(run), tenant)
        if limited is None:
            return
        limit = self._config.batchsize
        batch = self._open.get(tenant)
        if batch is not None and self._has_too_many_streams(batch, limited):
            self._metrics.drop(self._host, tenant, "stream_limited", len(limited), sum(sizes(limited)))
            return
        for piece, size in pieces(limited, limit - batch.size if batch else limit, limit):
            if batch is not None and batch.n_entries and batch.size + size > limit:
                self._ready.append(batch)
                batch = None
            if not piece.lines:
                continue
            if batch is None:
                batch = self._open[tenant] = Batch(tenant, now_s)
            if step not in batch.steps:
                self._ledger.hold(step)
            batch.add(piece, size, step)
            self.held_bytes += size
        if batch is None:
            self._open.pop(tenant, None)

    def _has_too_many_streams(self, batch: Batch, run: Run) -> bool:
        most = self._limits.max_streams
        return bool(most) and len(batch.streams) >= most and run.stream not in batch.streams

    def _renamed_run(self, run: Run) -> Run:
        """With this client's external labels."""
        if not self._external:
            return run
        key = self._renamed.get(run.stream)
        if key is None:
            if len(self._renamed) >= MAX_RENAMED:
                self._renamed.clear()
            labels = tuple(sorted({**self._external, **dict(run.stream.labels)}.items()))
            key = self._renamed[run.stream] = StreamKey(labels, stream_text(labels), run.stream.tenant)
        return Run(key, run.times_ns, run.lines, run.metadata)

    def _limit_lines(self, run: Run, tenant: str) -> Run | None:
        """With lines that are too long cut or left out; None where none is left."""
        limit = self._limits.max_line_size
        long = [row for row, line in enumerate(run.lines) if len(line) > limit] if limit else []
        if not long:
            return run
        excess = sum(len(run.lines[row]) for row in long)
        if self._limits.max_line_size_truncate:
            self._metrics.mutated_entries.labels(self._host, tenant, "line_too_long").inc(len(long))
            self._metrics.mutated_bytes.labels(self._host, tenant, "line_too_long").inc(excess - limit * len(long))
            return Run(run.stream, run.times_ns, [line[:limit] for line in run.lines], run.metadata)
        self._metrics.drop(self._host, tenant, "line_too_long", len(long), excess)
        keep = [row for row in range(len(run)) if len(run.lines[row]) <= limit]
        if not keep:
            return None
        metadata = None if run.metadata is None else [run.metadata[row] for row in keep]
        return Run(run.stream, [run.times_ns[row] for row in keep], [run.lines[row] for row in keep], metadata)

    # --- giving ----------------------------------------------------------------------------------------------------

    def next(self, now_s: float, *, at_once: bool) -> tuple[Batch | None, float]:
        """A batch that is full or has waited for long enough, or how long there will be none.

        at_once   whether none waits any more
        """
        with self._lock:
            if self._ready:
                return self._ready.popleft(), 0.0
            wait_s = LONG_S
            for tenant, batch in self._open.items():
                left_s = batch.born_s + self._config.batchwait_ns / 1e9 - now_s
                if left_s <= 0 or at_once:
                    del self._open[tenant]
                    return batch, 0.0
                wait_s = min(wait_s, left_s)
            return None, wait_s

    def rest(self) -> list[Batch]:
        """All batches that there are, and none is left."""
        with self._lock:
            found = [*self._ready, *self._open.values()]
            self._ready.clear()
            self._open.clear()
            return found

    def preview(self, batch: Batch) -> Marks:
        """The positions that would count if a batch were done."""
        with self._lock:
            return self._ledger.preview(batch.steps)

    def done(self, batch: Batch | None = None) -> Marks:
        """A batch is done: the positions that count now. Without one, those of reads that left no entries."""
        steps: Iterable[int] = ()
        with self._lock:
            if batch is not None:
                self.held_bytes -= batch.size
                steps = batch.steps
            self._ledger.close(steps)
            return self._ledger.done()
