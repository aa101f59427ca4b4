"""Messages are written on threads, a few for each integration: a template that loops keeps nobody else waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")

AT_ONCE: Final = 2  # Of one integration. Writing is computing: more would be no faster.
MAX_THREADS: Final = 64  # Of all integrations; a thread is made when it is needed.

_free: Final[WeakKeyDictionary[object, asyncio.Semaphore]] = WeakKeyDictionary()


async def in_thread(integration: object, work: Callable[..., T], *args: object) -> T:
    """What `work` returns or raises, run on a thread when fewer than AT_ONCE of this integration's are under way.

    Whoever is cancelled waits no longer; the work goes on to its end, and counts as under way until then.
    """
    free = _free.get(integration)
    if free is None:
        free = _free[integration] = asyncio.Semaphore(AT_ONCE)
    await free.acquire()
    future = asyncio.get_running_loop().run_in_executor(_threads(), work, *args)
    future.add_done_callback(lambda _: free.release())
    return await asyncio.shield(future)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="messages")
