"""Notices for those who look at the pages: that the store is read back, that a reload failed, that the end is near."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

MAX_SUBSCRIBERS: Final = 16
QUEUE_LENGTH: Final = 64  # Notices a slow reader may be behind; older ones are dropped.

STARTING: Final = "Prometheus is starting and replaying the write-ahead log (WAL)."
SHUTTING_DOWN: Final = "Prometheus is shutting down and gracefully stopping all operations."
RELOAD_FAILED: Final = "Configuration reload has failed."


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. `active` is False in the message that takes it back."""

    text: str
    date: str
    active: bool = True

    def as_json(self) -> dict[str, object]:
        """As the API writes it."""
        return {"text": self.text, "date": self.date, "active": self.active}


class Notifications:
    """The notices that stand now, and those who follow them. Belongs to the event loop."""

    def __init__(self) -> None:
        self._standing: dict[str, Notice] = {}
        self._followers: set[asyncio.Queue[Notice]] = set()

    @property
    def standing(self) -> list[Notice]:
        """Oldest first."""
        return list(self._standing.values())

    def set(self, text: str, active: bool) -> None:
        """Puts a notice up, or takes it down."""
        known = self._standing.pop(text, None)
        if active:
            known = known or Notice(text, datetime.now(UTC).isoformat().replace("+00:00", "Z"))
            self._standing[text] = known
            self._tell(known)
        elif known is not None:
            self._tell(Notice(text, known.date, active=False))

    def follow(self) -> asyncio.Queue[Notice] | None:
        """A queue that starts with what stands now; None where there are too many followers."""
        if len(self._followers) >= MAX_SUBSCRIBERS:
            return None
        queue: asyncio.Queue[Notice] = asyncio.Queue(QUEUE_LENGTH)
        for notice in self._standing.values():
            queue.put_nowait(notice)
        self._followers.add(queue)
        return queue

    def leave(self, queue: asyncio.Queue[Notice]) -> None:
        """The follower has gone."""
        self._followers.discard(queue)

    def _tell(self, notice: Notice) -> None:
        for queue in self._followers:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(notice)
