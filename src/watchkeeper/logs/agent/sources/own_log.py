"""The lines that this process logs itself: there is something to see on a machine without any logs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from watchkeeper.logs.agent.sources.job import Job

Subscribe = Callable[[Callable[[str], None]], Callable[[], None]]
"""Lets a listener have every line from now on; returns what ends it."""

WAIT_S: Final = 0.5
MAX_WAITING: Final = 10_000


class OwnLogSource:
    """Collects lines and hands them on, never from the thread that logs."""

    def __init__(self, job: Job, subscribe: Subscribe, hostname: str) -> None:
        self._job = job
        self._subscribe = subscribe
        self._labels = {"job": "watchkeeper", "host": hostname}
        self._lock = threading.Lock()
        self._lines: list[bytes] = []
        self._times_ns: list[int] = []
        self._end: Callable[[], None] | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to listen."""
        self._end = self._subscribe(self._take)
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Ends, and hands on what is left."""
        if self._end is not None:
            self._end()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            await self._hand_on()

    def status(self) -> dict[str, Any]:
        """What its page shows."""
        return {"type": "Own log", "labels": self._labels}

    def _take(self, text: str) -> None:
        line = text.rstrip("\n").encode("utf-8", "replace")
        with self._lock:
            if line and len(self._lines) < MAX_WAITING:
                self._lines.append(line)
                self._times_ns += self._job.times(1)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(WAIT_S)
            await self._hand_on()

    async def _hand_on(self) -> None:
        with self._lock:
            lines, self._lines = self._lines, []
            times_ns, self._times_ns = self._times_ns, []
        if lines:
            await asyncio.to_thread(self._job.handle, self._labels, lines, times_ns)
