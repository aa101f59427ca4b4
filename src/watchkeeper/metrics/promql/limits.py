"""What one query may use (time, samples, bytes), and how many may run at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from watchkeeper.core.model.errors import LimitExceeded, QueryCanceled, QueryTimeout
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.metrics.interface import Budget

_WHERE: Final = "expression evaluation"
CELL_BYTES: Final = 9  # a float64 and its presence


class CancelToken:
    """A flag that another thread may raise: the client has gone, or the server stops."""

    __slots__ = ("_canceled",)

    def __init__(self) -> None:
        self._canceled = False

    def cancel(self) -> None:
        """From now on `Guard.check` raises QueryCanceled."""
        self._canceled = True

    @property
    def is_canceled(self) -> bool:
        """Whether `cancel` was called."""
        return self._canceled


class Guard:
    """One query's deadline and cancel flag."""

    __slots__ = ("_clock", "_deadline_s", "_token")

    def __init__(self, timeout_s: float, token: CancelToken, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._deadline_s = clock() + timeout_s
        self._token = token

    def check(self, where: str = _WHERE) -> None:
        """Raises QueryCanceled or QueryTimeout."""
        if self._token.is_canceled:
            raise QueryCanceled(f"query was canceled in {where}")
        if self._clock() > self._deadline_s:
            raise QueryTimeout(f"query timed out in {where}")

    @property
    def left_s(self) -> float:
        """Seconds until the deadline; may be negative."""
        return self._deadline_s - self._clock()

    @property
    def token(self) -> CancelToken:
        """The flag."""
        return self._token


class Lease:
    """Cells that are in use as long as this object lives."""

    __slots__ = ("_cells", "_memory", "_samples")

    def __init__(self, memory: Memory, cells: int, samples: int) -> None:
        self._memory = memory
        self._cells = cells
        self._samples = samples

    def __del__(self) -> None:
        self._memory.give_back(self._cells, self._samples)


class Memory:
    """Accounts for the samples and the bytes that one query holds; used by the query's own thread alone."""

    __slots__ = ("_bytes", "_samples", "loaded", "max_bytes", "max_samples", "peak_samples", "queryable")

    def __init__(self, max_samples: int, max_bytes: int) -> None:
        self.max_samples = max_samples
        self.max_bytes = max_bytes
        self.peak_samples = 0
        self.loaded = 0  # samples read from the store
        self.queryable = 0  # samples that selectors looked at, counted at each step
        self._samples = 0
        self._bytes = 0

    def reserve(self, n_series: int, n_steps: int) -> None:
        """Before a matrix is allocated: raises LimitExceeded if it would not fit beside those that are held."""
        wanted = n_series * n_steps * CELL_BYTES
        if self._bytes + wanted > self.max_bytes:
            raise LimitExceeded(
                f"query would need {self._bytes + wanted} bytes for intermediate results of {n_series} series and "
                f"{n_steps} steps, more than the limit of {self.max_bytes} bytes",
                "query.max-bytes",
            )

    def reserve_text(self, size_bytes: int) -> None:
        """Before so many bytes of label texts are kept: raises LimitExceeded if they would not fit."""
        if self._bytes + size_bytes > self.max_bytes:
            raise LimitExceeded(
                f"query would need {self._bytes + size_bytes} bytes for label values, more than the limit of "
                f"{self.max_bytes} bytes",
                "query.max-bytes",
            )

    def lease(self, n_series: int, n_steps: int, samples: int) -> Lease:
        """Account for a matrix with so many present cells until the lease is dropped. Raises LimitExceeded."""
        cells = n_series * n_steps
        self.reserve(n_series, n_steps)
        if self._samples + samples > self.max_samples:
            raise self._too_many()
        self._samples += samples
        self._bytes += cells * CELL_BYTES
        self.peak_samples = max(self.peak_samples, self._samples)
        return Lease(self, cells, samples)

    def give_back(self, cells: int, samples: int) -> None:
        """The end of a lease."""
        self._samples -= samples
        self._bytes -= cells * CELL_BYTES

    def charge(self, samples: int) -> None:
        """The store is about to decode so many samples. Raises LimitExceeded."""
        self.loaded += samples
        if self.loaded > self.max_samples:
            raise self._too_many()

    def budget(self, guard: Guard) -> Budget:
        """What a select may use."""
        return Budget(check=guard.check, charge=self.charge)

    @staticmethod
    def _too_many() -> LimitExceeded:
        return LimitExceeded(
            "query processing would load too many samples into memory in query execution", "query.max-samples"
        )


class ActiveQueries:
    """The gate that lets so many queries run at once; others wait within their own timeout."""

    def __init__(self, max_concurrency: int, registry: Registry) -> None:
        self._semaphore = threading.Semaphore(max_concurrency)
        self._running = registry.gauge(
            "prometheus_engine_queries", "The current number of queries being executed or waiting."
        )
        registry.gauge("prometheus_engine_queries_concurrent_max", "The max number of concurrent queries.").set(
            max_concurrency
        )

    @contextmanager
    def slot(self, guard: Guard) -> Iterator[None]:
        """Run inside of the gate. Raises QueryTimeout or QueryCanceled where it doesn't open in time."""
        self._running.inc()
        try:
            while not self._semaphore.acquire(timeout=max(0.0, min(0.05, guard.left_s))):
                guard.check("query queue")
            try:
                guard.check("query queue")
                yield
            finally:
                self._semaphore.release()
        finally:
            self._running.dec()
