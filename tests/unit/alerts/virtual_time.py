"""A loop whose time passes at once: it jumps to the next timer whenever nothing else is to do."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

START_NS = 1_790_000_000 * 10**9  # Any time will do; a whole second makes texts of times short.
MAX_WAIT_S = 5.0


class _Selector(selectors.SelectSelector):
    """Real events where there are any; else the wait is over as soon as it begins, and time has moved by it."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0 if timeout is None or timeout > 0 else timeout)
        if events or (timeout is not None and timeout <= 0):
            return events
        if timeout is None:
            events = super().select(MAX_WAIT_S)
            if not events:
                raise RuntimeError("everything waits, and nothing will ever happen")
            return events
        self._loop.now_s = max(self._loop.now_s, self._loop.next_timer_s())
        return events


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """`time` starts at 0 and moves only where the loop would sleep. `wall_ns` follows it, from START_NS."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.wall_shift_ns = 0
        super().__init__(_Selector(self))
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self.now_s

    def next_timer_s(self) -> float:
        """When the next timer is due."""
        timers = [timer.when() for timer in self._scheduled if not timer.cancelled()]
        return min(timers, default=self.now_s)

    def wall_ns(self) -> int:
        """The wall clock; add to `wall_shift_ns` to set it."""
        return START_NS + round(self.now_s * 1e9) + self.wall_shift_ns


def run(main: Coroutine[Any, Any, T]) -> T:
    """What `main` returns, run in a fresh loop of virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)


def loop_now() -> VirtualTimeLoop:
    """The loop that runs."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    return loop
