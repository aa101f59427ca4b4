"""All that the parts of alerting share: an alert, a silence, what is sent to whom, and how sending fails.

Times are int64 nanoseconds since the epoch; 0 means that there is none.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from watchkeeper.core.model.errors import WatchkeeperError
from watchkeeper.core.model.labels import EMPTY, Labels
from watchkeeper.core.model.matcher import Matcher

if TYPE_CHECKING:
    from watchkeeper.alerts.templates.templates import Templates
    from watchkeeper.core.http.client import HTTPClient
    from watchkeeper.core.http.config import HTTPClientConfig


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert as its sender knows it. Two alerts are the same where their labels are.

    ends_ns      when it ended or is taken to end; 0 where no end is known (inside a notice: it fires)
    updated_ns   when it was last heard of
    is_timeout   whether the end was made from resolve_timeout, not said by the sender
    """

    labels: Labels
    annotations: Labels = EMPTY
    starts_ns: int = 0
    ends_ns: int = 0
    updated_ns: int = 0
    generator_url: str = ""
    is_timeout: bool = False

    @property
    def name(self) -> str:
        """The label alertname."""
        return self.labels.get("alertname")

    def is_resolved_at(self, now_ns: int) -> bool:
        """Whether it has ended by then."""
        return self.ends_ns != 0 and self.ends_ns <= now_ns


@dataclass(frozen=True, slots=True)
class Silence:
    """What mutes the alerts that pass all its matchers, from start to end.

    id   a UUID; empty where it is yet to be given
    """

    matchers: tuple[Matcher, ...]
    starts_ns: int
    ends_ns: int
    created_by: str = ""
    comment: str = ""
    id: str = ""
    updated_ns: int = 0


class Reason(enum.Enum):
    """Why a notification is sent; the values are upstream's words."""

    FIRST = "first notification"
    NEW_ALERTS = "new alerts added"
    NEW_RESOLVED = "some alerts resolved"
    ALL_RESOLVED = "all alerts resolved"
    REPEAT = "repeat interval elapsed"


@dataclass(frozen=True, slots=True)
class Notice:
    """What one receiver is to be told about one group at one time.

    alerts      the firing ones (ends_ns 0) and, where the integration wants them, those resolved; in upstream's order:
                by job, by instance, then by labels
    group_key   upstream's text, `{}/{severity="critical"}:{alertname="X"}`
    """

    receiver: str
    group_key: str
    group_labels: Labels
    alerts: tuple[Alert, ...]
    now_ns: int
    reason: Reason = Reason.FIRST
    route_labels: Labels = EMPTY

    @property
    def firing(self) -> tuple[Alert, ...]:
        """Alerts without an end."""
        return tuple(alert for alert in self.alerts if not alert.is_resolved_at(self.now_ns))

    @property
    def resolved(self) -> tuple[Alert, ...]:
        """Alerts that have ended."""
        return tuple(alert for alert in self.alerts if alert.is_resolved_at(self.now_ns))

    @property
    def status(self) -> str:
        """`firing` where any alert is, else `resolved`."""
        return "firing" if self.firing else "resolved"


class NotifyError(WatchkeeperError):
    """A notification that did not arrive. The text holds no secret.

    is_retryable   whether another try may go well: a timeout, a refused connection, 5xx, 429 where the service says so
    cause          upstream's label `reason` of alertmanager_notifications_failed_total: clientError, serverError,
                   contextDeadlineExceeded, contextCanceled, other
    """

    def __init__(self, message: str, *, is_retryable: bool, cause: str = "other") -> None:
        super().__init__(message)
        self.is_retryable = is_retryable
        self.cause = cause


class Notifier(Protocol):
    """One integration of one receiver."""

    async def notify(self, notice: Notice) -> None:
        """Tell the service once; raises NotifyError. Retries, de-duplication and the deadline are the caller's."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an integration is given beside its own settings.

    client   an HTTP client of these settings, made in the running loop; the integration closes it
    """

    templates: Templates
    external_url: str
    client: Callable[[HTTPClientConfig], HTTPClient]
