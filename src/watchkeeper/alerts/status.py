"""Alerts and groups as the API shows them."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from watchkeeper.alerts.fingerprint import fingerprint_text
from watchkeeper.alerts.interface import Alert
from watchkeeper.core.model.labels import Labels

if TYPE_CHECKING:
    from watchkeeper.alerts.route import Route


class AlertState(enum.StrEnum):
    """Whether an alert is told of."""

    UNPROCESSED = "unprocessed"
    ACTIVE = "active"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class AlertView:
    """One alert and what is done with it.

    silenced_by    ids of silences, in order
    inhibited_by   fingerprints of alerts
    muted_by       names of time intervals; only within a group
    receivers      names, in the order of their routes
    """

    alert: Alert
    state: AlertState
    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()
    muted_by: tuple[str, ...] = ()
    receivers: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits."""
        return fingerprint_text(self.alert.labels)


@dataclass(frozen=True, slots=True)
class GroupView:
    """One group and those of its alerts that were asked for, in upstream's order."""

    labels: Labels
    receiver: str
    key: str
    route: Route
    alerts: tuple[AlertView, ...]
    muted_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PeerView:
    """One instance of a cluster, this one among them."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class ClusterView:
    """The cluster as this instance sees it.

    status   `disabled`, `settling` or `ready`
    """

    status: str = "disabled"
    name: str = ""
    peers: tuple[PeerView, ...] = ()
