"""The gate that queries pass: so many at once, on threads of their own, so that nothing else waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from watchkeeper.core.model.errors import QueryTimeout
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.metrics.interface import Budget
from watchkeeper.metrics.promql.limits import CancelToken, Guard
from watchkeeper.web.gate import Gate, GateTimeout

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
        # The engine counts a query from its start on; here it is counted while it waits.
        active = registry.gauge("prometheus_engine_queries", "The current number of queries being executed or waiting.")
        self._gate = Gate(max_concurrency, "query", on_waiting=active.inc)

    async def run(self, work: Callable[[float], T], timeout_s: float, cancel: CancelToken) -> T:
        """What `work` returns; it is told how many seconds of the timeout are left.

        When the caller is cancelled, so is the query, and its place is free once its thread has noticed.
        Raises QueryTimeout where the gate does not open in time, and what `work` raises.
        """
        try:
            return await self._gate.run(work, timeout_s, cancel.cancel)
        except GateTimeout:
            raise QueryTimeout("query timed out in query queue") from None

    def close(self) -> None:
        """Gives up the queries under way and ends the threads."""
        self._gate.close()
