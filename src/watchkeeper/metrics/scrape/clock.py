"""The time as the scraper sees it; tests bring their own."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Wall time for timestamps, monotonic time for intervals and durations."""

    def wall_s(self) -> float:
        """Seconds since 1970; may jump."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that never go back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's clock."""

    __slots__ = ()

    def wall_s(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def monotonic_s(self) -> float:
        """Seconds of the monotonic clock."""
        return time.perf_counter()

    async def sleep(self, seconds: float) -> None:
        """Wait; not at all where `seconds` is not positive, except for giving others their turn."""
        await asyncio.sleep(max(0.0, seconds))
