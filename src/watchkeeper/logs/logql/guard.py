"""What one query may use: time, bytes, memory; asked between two blocks."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Final

from watchkeeper.core.model.errors import LimitExceeded, QueryCanceled, QueryTimeout
from watchkeeper.logs.logql.answer import QueryLimits

TIMED_OUT: Final = (
    "request timed out, decrease the duration of the request or add more label matchers (prefer exact match over regex "
    "match) to reduce the amount of data processed"
)
_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


class Guard:
    """One query's deadline, limits, and the way to end it."""

    __slots__ = ("_cancelled", "_clock", "_deadline_s", "_lock", "bytes_read", "limits", "memory_bytes")

    def __init__(
        self, limits: QueryLimits, cancelled: Callable[[], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.limits = limits
        self.bytes_read = 0
        self.memory_bytes = 0
        self._cancelled = cancelled
        self._clock = clock
        self._lock = threading.Lock()
        self._deadline_s = clock() + limits.timeout_s if limits.timeout_s > 0 else math.inf

    def check(self) -> None:
        """Raises QueryCanceled or QueryTimeout."""
        if self._cancelled():
            raise QueryCanceled("query was canceled")
        if self._clock() > self._deadline_s:
            raise QueryTimeout(TIMED_OUT)

    def read(self, size_bytes: int) -> None:
        """Before so many bytes of lines are looked at. Raises LimitExceeded."""
        self.bytes_read += size_bytes
        limit = self.limits.max_bytes_read
        if limit and self.bytes_read > limit:
            raise LimitExceeded(
                f"the query would read too many bytes (query: {format_size(self.bytes_read)}, limit: "
                f"{format_size(limit)}); consider adding more specific stream selectors or reduce the time range of "
                "the query",
                "max_query_bytes_read",
            )

    def hold(self, size_bytes: int) -> None:
        """Partial results grew by so much, or shrank. Raises LimitExceeded. Safe to call from workers."""
        with self._lock:
            self.memory_bytes += size_bytes
            held = self.memory_bytes
        limit = self.limits.max_memory_bytes
        if limit and held > limit:
            raise LimitExceeded(
                f"query would need more than {format_size(limit)} for intermediate results; consider reducing its time "
                "range or cardinality",
                "max_memory_bytes",
            )

    def series(self, n_series: int) -> bool:
        """Whether there are too many series but a part of them is welcome. Raises LimitExceeded where it is not."""
        limit = self.limits.max_query_series
        if not limit or n_series <= limit:
            return False
        if self.limits.partial_series:
            return True
        raise LimitExceeded(too_many_series(limit), "max_query_series")


class Budget:
    """What a query's stages may make of some rows: texts, and the time it takes.

    size_bytes   of the texts that were made, for as long as somebody has them
    """

    __slots__ = ("_guard", "size_bytes")

    def __init__(self, guard: Guard | None = None) -> None:
        """Without a guard, all may be made."""
        self._guard = guard
        self.size_bytes = 0

    def check(self) -> None:
        """Raises QueryCanceled or QueryTimeout."""
        if self._guard is not None:
            self._guard.check()

    def made(self, size_bytes: int) -> None:
        """So many more. Raises LimitExceeded."""
        if self._guard is not None and size_bytes:
            self.size_bytes += size_bytes
            self._guard.hold(size_bytes)

    def keep(self, size_bytes: int = 0) -> None:
        """All but so many are gone. Raises LimitExceeded where there were less."""
        self.made(size_bytes - self.size_bytes)


def too_many_series(limit: int) -> str:
    """The text of that error."""
    return (
        f"maximum number of series ({limit}) reached for a single query; consider reducing query cardinality by adding "
        "more specific stream selectors, reducing the time range, or aggregating results with functions like sum(), "
        "count() or topk()"
    )


def format_size(size_bytes: int) -> str:
    """`49 MiB`, `1.0 MiB`, as upstream's errors write sizes."""
    if size_bytes < 10:
        return f"{size_bytes} B"
    power = min(int(math.log(size_bytes, 1024)), len(_UNITS) - 1)
    value = math.floor(size_bytes / 1024**power * 10 + 0.5) / 10
    return f"{value:.1f} {_UNITS[power]}" if value < 10 else f"{value:.0f} {_UNITS[power]}"
