"""What the API of alerts needs of the rest of the program, handed in at construction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from watchkeeper.alerts.interface import Alert
from watchkeeper.alerts.matchers import Mode
from watchkeeper.alerts.silences.silences import Silences
from watchkeeper.alerts.status import ALL, AlertView, ClusterView, GroupView, Wanted
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.telemetry.metrics import Counter, Registry
from watchkeeper.web.lifecycle import Lifecycle

T = TypeVar("T")

MAX_BODY_BYTES = 64 << 20  # Upstream has no bound; 10,000 alerts with annotations take about 10 MiB.


class Alerts(Protocol):
    """What the API asks of the alert manager: `alerts` and `groups` on any thread, the rest on the event loop's."""

    @property
    def silences(self) -> Silences: ...

    def receive(self, alerts: Sequence[Alert]) -> list[str]:
        """Takes alerts, which may lack start and end; what is wrong with those that were not stored."""
        ...

    def alerts(self, wanted: Wanted = ALL) -> Sequence[AlertView]:
        """All that have not ended and were asked for, by fingerprint."""
        ...

    def groups(self, wanted: Wanted = ALL) -> Sequence[GroupView]:
        """All groups with alerts that were asked for, by labels and receiver."""
        ...

    def peers(self) -> ClusterView:
        """Who else is there."""
        ...


class Run(Protocol):
    """Runs work on another thread, and gives what it returns."""

    def __call__(self, work: Callable[[], T]) -> Awaitable[T]: ...


@dataclass(slots=True)
class Settings:
    """What flags decide about the API.

    timeout_s         how long a request may take; 0 for no bound
    max_matchers      of one silence; 0 for no limit
    get_concurrency   how many GETs of the API are answered at a time; 0 for as many as there are processors, at least 8
    """

    route_prefix: str = ""
    page_title: str = "watchkeeper"
    get_concurrency: int = 0
    timeout_s: float = 0.0
    max_matchers: int = 1000
    max_body_bytes: int = MAX_BODY_BYTES
    started_s: float = 0.0
    mode: Mode = Mode.FALLBACK


@dataclass(slots=True)
class Backend:
    """What the routes work with.

    receivers     all of the configuration by name, with their labels
    config_text   the configuration in force as YAML, secrets hidden
    reload        raises ConfigError or OSError
    """

    settings: Settings
    lifecycle: Lifecycle
    registry: Registry
    alerts: Alerts
    receivers: Callable[[], Mapping[str, Labels]]
    config_text: Callable[[], str]
    reload: Callable[[], Awaitable[None]]
    run: Run
    now_ns: Callable[[], int]

    @property
    def invalid(self) -> Counter:
        """Alerts that were refused before the alert manager saw them."""
        return self.registry.counter(
            "alertmanager_alerts_invalid_total", "The total number of received alerts that were invalid.", ("version",)
        ).labels("v2")
