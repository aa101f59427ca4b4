"""What flags decide about sending, and the Alertmanager of this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from watchkeeper.alerts.interface import Alert


@dataclass(frozen=True, slots=True)
class SendOptions:
    """Limits and habits of sending.

    queue_capacity   alerts that may wait for one Alertmanager
    batch_size       alerts of one request
    drain            whether what waits is sent before the process ends
    min_backoff_s, max_backoff_s   the pause after a failure, which doubles from one to the other
    user_agent       of requests
    """

    queue_capacity: int = 10_000
    batch_size: int = 256
    drain: bool = True
    min_backoff_s: float = 1.0
    max_backoff_s: float = 30.0
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class LocalAlertmanager:
    """The one that runs in this process: it gets alerts where none are configured.

    put   safe to call from any thread; returns at once
    url   where its API answers, as other Alertmanagers' addresses are shown
    """

    put: Callable[[Sequence[Alert]], None]
    url: str
