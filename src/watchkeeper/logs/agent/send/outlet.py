"""Where the entries of all jobs go: to every client, or to a sink in this process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from watchkeeper.logs.agent.entries import Entries
from watchkeeper.logs.agent.positions import Marks
from watchkeeper.logs.agent.send.streams import Run, StreamKeys


class Destination(Protocol):
    """What takes entries: a client, a sink, or what prints them."""

    @property
    def is_full(self) -> bool:
        """Whether reading should wait."""
        ...

    def add(self, runs: Sequence[Run], marks: Marks) -> None:
        """Takes entries and the positions that count once they are done."""
        ...


class Outlet:
    """Hands entries to every destination. Any thread may call it."""

    def __init__(self, destinations: Sequence[Destination]) -> None:
        self._destinations = tuple(destinations)
        self._keys = StreamKeys()

    @property
    def is_full(self) -> bool:
        """Whether some destination can't take more."""
        return any(one.is_full for one in self._destinations)

    def put(self, batches: Sequence[Entries], marks: Marks) -> None:
        """Entries of one read in their order, and the positions behind them."""
        runs = [run for entries in batches for run in self._keys.runs(entries)]
        if runs or marks:
            for one in self._destinations:
                one.add(runs, marks)
