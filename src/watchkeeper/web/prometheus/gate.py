"""The gate that queries pass: so many at once, on threads of their own, so that nothing else waits for them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from watchkeeper.core.model.errors import QueryTimeout
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.metrics.interface import Budget
from watchkeeper.metrics.promql.limits import CancelToken, Guard

T = TypeVar("T")


async def budgeted(run: Callable[[Callable[[], T]], Awaitable[T]], work: Callable[[Budget], T], timeout_s: float) -> T:
    """What `work` returns, which `run` puts on a thread; it ends with its time, and with its caller.

    Raises QueryTimeout, and what `work` raises.
    """
    cancel = CancelToken()
    guard = Guard(timeout_s, cancel)
    try:
        return await run(lambda: work(Budget(check=guard.check)))
    except asyncio.CancelledError:
        cancel.cancel()
        raise


class QueryGate:
    """Runs queries on their own threads; those above the number wait in the event loop and cost no thread."""

    def __init__(self, max_concurrency: int, registry: Registry) -> None:
        self._free = asyncio.Semaphore(max_concurrency)
        self._pool = ThreadPoolExecutor(max_concurrency, thread_name_prefix="query")
        self._running: set[CancelToken] = set()
        self._active = registry.gauge(
            "prometheus_engine_queries", "The current number of queries being executed or waiting."
        )

    async def run(self, work: Callable[[float], T], timeout_s: float, cancel: CancelToken) -> T:
        """What `work` returns; it is told how many seconds of the timeout are left.

        When the caller is cancelled, so is the query, and its place is free once its thread has noticed.
        Raises QueryTimeout where the gate does not open in time, and what `work` raises.
        """
        began_s = time.monotonic()
        # The engine counts a query from its start on; here it is counted while it waits.
        self._active.inc()
        try:
            async with asyncio.timeout(max(0.0, timeout_s)):
                await self._free.acquire()
        except TimeoutError:
            raise QueryTimeout("query timed out in query queue") from None
        finally:
            self._active.dec()
        left_s = timeout_s - (time.monotonic() - began_s)
        loop = asyncio.get_running_loop()

        def release(_: Future[T]) -> None:
            with suppress(RuntimeError):  # The loop is closed: the process ends, and nobody waits.
                loop.call_soon_threadsafe(self._free.release)

        self._running.add(cancel)
        try:
            future = self._pool.submit(work, left_s)
            future.add_done_callback(release)
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            cancel.cancel()
            raise
        finally:
            self._running.discard(cancel)

    def close(self) -> None:
        """Gives up the queries under way and ends the threads."""
        for token in list(self._running):
            token.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)
