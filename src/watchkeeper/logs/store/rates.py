"""Limits of bytes per second: a bucket that fills at the rate, up to the burst."""

from __future__ import annotations

from typing import Final

SECOND_NS: Final = 1_000_000_000


class TokenBucket:
    """Lets `burst` bytes through at once, and `rate` bytes per second in the long run. Not safe for several threads.

    As Go's rate.Limiter: what is larger than the burst never passes; what does not pass takes nothing.
    """

    __slots__ = ("_at_ns", "_room", "burst", "rate")

    def __init__(self, rate: float, burst: float, now_ns: int) -> None:
        self.rate = rate
        self.burst = burst
        self._room = burst
        self._at_ns = now_ns

    def allow(self, size_bytes: int, now_ns: int) -> bool:
        """Whether so many bytes may pass now; then they count."""
        passed_ns = now_ns - self._at_ns
        if passed_ns > 0:  # A clock that was set back fills nothing.
            self._room = min(self.burst, self._room + self.rate * passed_ns / SECOND_NS)
        self._at_ns = now_ns
        if size_bytes > self._room:
            return False
        self._room -= size_bytes
        return True


_UNITS: Final = (("EB", 1 << 60), ("PB", 1 << 50), ("TB", 1 << 40), ("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10))


def format_bytes(size: int) -> str:
    """`3MB`, `1.5KB`, `17B`, `0`: one digit behind the point, and none where it would be 0."""
    if size == 0:
        return "0"
    for unit, count in _UNITS:
        if size >= count:
            return f"{size / count:.1f}".removesuffix(".0") + unit
    return f"{size}B"
