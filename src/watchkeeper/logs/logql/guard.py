"""What one query may use: time, bytes, memory; asked between two blocks."""

from __future__ import annotations

import math
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

    __slots__ = ("_cancelled", "_clock", "_deadline_s", "bytes_read", "limits", "memory_bytes")

    def __init__(
        self, limits: QueryLimits, cancelled: Callable[[], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.limits = limits
        self.bytes_read = 0
        self.memory_bytes = 0
        self._cancelled = cancelled
        self._clock = clock
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
        """Partial results grew by so much. Raises LimitExceeded."""
        self.memory_bytes += size_bytes
        limit = self.limits.max_memory_bytes
        if limit and self.memory_bytes > limit:
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
