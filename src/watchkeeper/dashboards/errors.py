"""Why something can't be kept, as the API tells it."""

from __future__ import annotations

from watchkeeper.core.model.errors import NotFoundError, WatchkeeperError


class Refused(WatchkeeperError):
    """What was asked for makes no sense; the text says why. `status` names the case to programs, where one is known."""

    def __init__(self, message: str, status: str = "") -> None:
        super().__init__(message)
        self.status = status


class Conflict(WatchkeeperError):
    """Something else stands there already, or was changed in the meantime."""

    def __init__(self, message: str, status: str = "") -> None:
        super().__init__(message)
        self.status = status


class Provisioned(Refused):
    """It comes from a file, and only there can it be changed."""


class Missing(NotFoundError):
    """There is nothing of that name; the text says of what."""
