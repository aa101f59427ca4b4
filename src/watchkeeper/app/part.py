"""What the parts of one process share, and what each of them is to the process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from watchkeeper.app.options import Options
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.web.lifecycle import Lifecycle
from watchkeeper.web.prometheus.notifications import Notifications
from watchkeeper.web.server import Surface

T = TypeVar("T")


@dataclass(slots=True)
class Shared:
    """One process: its options, its metrics, its threads and the way to end it.

    workers   short work of stores and queries
    readers   reads that may take their time
    """

    options: Options
    registry: Registry
    lifecycle: Lifecycle
    notifications: Notifications
    workers: ThreadPoolExecutor
    readers: ThreadPoolExecutor
    started_s: float
    quit: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def in_worker(self, work: Callable[[], T]) -> T:
        """What `work` returns, run on a worker thread."""
        return await asyncio.get_running_loop().run_in_executor(self.workers, work)

    async def in_reader(self, work: Callable[[], T]) -> T:
        """What `work` returns, run on a reader thread."""
        return await asyncio.get_running_loop().run_in_executor(self.readers, work)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task that lives until it ends or is cancelled."""
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task


@dataclass(frozen=True, slots=True)
class OwnStore:
    """A store of this process that panels ask: its API, what stands before its paths, and its port.

    kind         `prometheus`, `loki` or `alertmanager`
    interval_ms  how far its samples are apart where nothing else is said; 0 where it has none
    """

    kind: str
    surface: Surface
    prefix: str
    port: int
    interval_ms: int = 0


class Part(Protocol):
    """One part of the process. Parts start in their order, after their ports listen, and stop in reverse."""

    async def start(self) -> None:
        """Read stores back and begin to work."""
        ...

    async def tick(self) -> None:
        """Once a second: what is due."""
        ...

    async def reload(self) -> None:
        """Apply the configuration file. Raises ConfigError or OSError and keeps the old one."""
        ...

    def quiesce(self) -> Awaitable[None]:
        """Take nothing new: called before the ports close."""
        ...

    async def stop(self) -> None:
        """Bring everything to disk and let go of it."""
        ...
