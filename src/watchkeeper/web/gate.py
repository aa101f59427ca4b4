"""A gate that queries pass: so many at once, on threads of their own, so that nothing else waits for them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


class GateTimeout(Exception):
    """The gate did not open in time."""


class Gate:
    """Runs work on its own threads; what is above the number waits in the event loop and costs no thread."""

    def __init__(
        self, max_concurrency: int, name: str, on_waiting: Callable[[int], object] = lambda change: None
    ) -> None:
        """`on_waiting` is told of each that begins to wait (1) and that ends waiting (-1)."""
        self._free = asyncio.Semaphore(max_concurrency)
        self._pool = ThreadPoolExecutor(max_concurrency, thread_name_prefix=name)
        self._running: dict[object, Callable[[], None]] = {}
        self._on_waiting = on_waiting

    async def run(self, work: Callable[[float], T], timeout_s: float, cancel: Callable[[], None]) -> T:
        """What `work` returns; it is told how many seconds of the timeout are left.

        When the caller is cancelled, `cancel` is called, and the place is free once the thread has noticed.
        Raises GateTimeout where the gate does not open in time, and what `work` raises.
        """
        began_s = time.monotonic()
        self._on_waiting(1)
        try:
            async with asyncio.timeout(max(0.0, timeout_s)):
                await self._free.acquire()
        except TimeoutError:
            raise GateTimeout from None
        finally:
            self._on_waiting(-1)
        left_s = timeout_s - (time.monotonic() - began_s)
        loop = asyncio.get_running_loop()

        def release(_: Future[T]) -> None:
            with suppress(RuntimeError):  # The loop is closed: the process ends, and nobody waits.
                loop.call_soon_threadsafe(self._free.release)

        key = object()
        self._running[key] = cancel
        try:
            future = self._pool.submit(work, left_s)
            future.add_done_callback(release)
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            cancel()
            raise
        finally:
            del self._running[key]

    def close(self) -> None:
        """Gives up the work under way and ends the threads."""
        for cancel in list(self._running.values()):
            cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)
