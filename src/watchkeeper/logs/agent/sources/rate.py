"""`limits_config.readline_rate`: how many lines all sources of the process may read in a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class LineRate:
    """A token bucket that all jobs share."""

    def __init__(
        self,
        rate: float,
        burst: int,
        *,
        drops: bool,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """
        drops   whether lines beyond the rate are dropped; else they wait
        """
        self._rate = rate
        self._burst = float(burst)
        self._tokens = float(burst)
        self._drops = drops
        self._clock = clock
        self._sleep = sleep
        self._last_s = clock()
        self._lock = threading.Lock()

    def take(self, n: int) -> int:
        """How many of `n` lines may go on, now or after a wait."""
        with self._lock:
            now_s = self._clock()
            self._tokens = min(self._burst, self._tokens + (now_s - self._last_s) * self._rate)
            self._last_s = now_s
            if self._drops:
                taken = min(n, int(self._tokens))
                self._tokens -= taken
                return taken
            self._tokens -= n
            wait_s = -self._tokens / self._rate
        if wait_s > 0:
            self._sleep(wait_s)
        return n
