"""What waits for one Alertmanager: the newest state of each alert, the alert that came first in front."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from watchkeeper.alerts.interface import Alert
from watchkeeper.core.model.labels import Labels


class AlertQueue:
    """Holds at most `capacity` alerts; where more come, the oldest go.

    An alert that waits already is replaced by its newer state and keeps its place: while an Alertmanager is away, what
    is sent again every minute must not push other alerts out.
    """

    __slots__ = ("_batch_size", "_capacity", "_waiting")

    def __init__(self, capacity: int, batch_size: int) -> None:
        self._capacity = capacity
        self._batch_size = batch_size
        self._waiting: dict[Labels, Alert] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, alerts: Iterable[Alert]) -> int:
        """Takes alerts; the number that had to go."""
        waiting = self._waiting
        for alert in alerts:
            waiting[alert.labels] = alert
        return self._shrink()

    def take(self) -> list[Alert]:
        """The next batch, which waits here no more; empty where nothing waits."""
        batch = list(islice(self._waiting.values(), self._batch_size))
        for alert in batch:
            del self._waiting[alert.labels]
        return batch

    def give_back(self, batch: Sequence[Alert]) -> int:
        """A batch that was not delivered waits again, in front; the number that had to go.

        Where a newer state of an alert has come meanwhile, that one counts.
        """
        self._waiting = {**{alert.labels: alert for alert in batch}, **self._waiting}
        return self._shrink()

    def clear(self) -> list[Alert]:
        """All that waits, which waits here no more."""
        all_ = list(self._waiting.values())
        self._waiting.clear()
        return all_

    def _shrink(self) -> int:
        excess = max(0, len(self._waiting) - self._capacity)
        for labels in list(islice(self._waiting, excess)):
            del self._waiting[labels]
        return excess
