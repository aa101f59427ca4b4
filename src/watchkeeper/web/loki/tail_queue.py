"""What waits to be sent to one tail: bounded, filled by pushing threads, emptied by the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from watchkeeper.logs.interface import TailBatch

MAX_ROWS: Final = 50_000  # Of rows that wait; lines stay in their blocks.
MAX_DROPPED: Final = 1000  # Of dropped rows that are told of one by one.


@dataclass(slots=True)
class Waiting:
    """What was taken out of a queue.

    batches    rows to be looked at, in the order they were stored
    dropped    batches that found no room; the first MAX_DROPPED rows of them
    n_dropped  rows that found no room
    """

    batches: list[TailBatch] = field(default_factory=list)
    dropped: list[TailBatch] = field(default_factory=list)
    n_dropped: int = 0


class TailQueue:
    """Between the threads that store and the task that sends."""

    def __init__(self, loop: asyncio.AbstractEventLoop, max_rows: int = MAX_ROWS) -> None:
        self._loop = loop
        self._max_rows = max_rows
        self._lock = threading.Lock()
        self._batches: deque[TailBatch] = deque()
        self._n_rows = 0
        self._dropped: list[TailBatch] = []
        self._n_told = 0
        self._n_dropped = 0
        self._filled = asyncio.Event()
        self._is_closed = False

    def put(self, batch: TailBatch) -> None:
        """Called by the thread that stores; returns at once."""
        n = len(batch.rows)
        with self._lock:
            if self._is_closed:
                return
            was_empty = not self._batches and not self._n_dropped
            if self._n_rows + n > self._max_rows and self._n_rows:
                self._n_dropped += n
                if self._n_told < MAX_DROPPED:
                    some = batch.rows[: MAX_DROPPED - self._n_told]
                    self._dropped.append(TailBatch(batch.stream, batch.block, some))
                    self._n_told += len(some)
            else:
                self._batches.append(batch)
                self._n_rows += n
        if was_empty:
            self._wake()

    async def wait(self) -> None:
        """Until there is something, or the queue is closed."""
        await self._filled.wait()

    def take(self) -> Waiting:
        """All that waits."""
        with self._lock:
            self._filled.clear()
            out = Waiting(list(self._batches), self._dropped, self._n_dropped)
            self._batches.clear()
            self._n_rows = 0
            self._dropped, self._n_told, self._n_dropped = [], 0, 0
        return out

    def close(self) -> None:
        """Nothing more is taken in."""
        with self._lock:
            self._is_closed = True
            self._batches.clear()
            self._dropped = []

    def _wake(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._filled.set)
        except RuntimeError:  # The loop is closed: the process ends.
            self._is_closed = True
