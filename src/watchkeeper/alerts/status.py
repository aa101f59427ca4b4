"""Alerts and groups as the API and the metrics show them. Any thread may ask."""

from __future__ import annotations

import enum
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cmp_to_key, partial
from typing import TYPE_CHECKING, Final, Protocol

from watchkeeper.alerts.alert_store import AlertStore
from watchkeeper.alerts.dispatch import Dispatcher
from watchkeeper.alerts.fingerprint import fingerprint_text
from watchkeeper.alerts.group import Group, compare_labels, in_order
from watchkeeper.alerts.inhibit import Inhibitor, passes_all
from watchkeeper.alerts.interface import Alert
from watchkeeper.alerts.silences.silence import SilenceState
from watchkeeper.alerts.silences.silences import Silences
from watchkeeper.alerts.telemetry import AlertMetrics
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher

if TYPE_CHECKING:
    from watchkeeper.alerts.route import Route

COUNTING_S: Final = 0.1  # 10,000 alerts with a few silences take a third of it.
COUNTS_AGE_NS: Final = 10**9  # All gauges of one page are of one count.

_by_labels = cmp_to_key(compare_labels)


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


class InForce(Protocol):
    """What the configuration in force is made of, as far as it is looked at here."""

    dispatcher: Dispatcher
    inhibitor: Inhibitor


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which alerts are asked for.

    receiver   only alerts that go to a receiver of which this is true
    active, silenced, inhibited, unprocessed   whether those are among them
    muted      whether groups that a time interval mutes are; matters for groups alone
    """

    matchers: Iterable[Matcher] = ()
    receiver: Callable[[str], bool] | None = None
    active: bool = True
    silenced: bool = True
    inhibited: bool = True
    unprocessed: bool = True
    muted: bool = True

    def has(self, view: AlertView) -> bool:
        """Whether an alert in this state is among them."""
        if not self.active and view.state is AlertState.ACTIVE:
            return False
        if not self.unprocessed and view.state is AlertState.UNPROCESSED:
            return False
        return (self.silenced or not view.silenced_by) and (self.inhibited or not view.inhibited_by)


ALL: Final = Wanted()


class Overview:
    """Looks at the store, the groups, silences and inhibition as they are now.

    running    what the configuration in force is made of; None before the first
    """

    def __init__(
        self,
        store: AlertStore,
        silences: Silences,
        running: Callable[[], InForce | None],
        clock_ns: Callable[[], int],
    ) -> None:
        self._store = store
        self._silences = silences
        self._running = running
        self._clock_ns = clock_ns
        self._firing: dict[AlertState, int] = dict.fromkeys(AlertState, 0)
        self._marked: dict[AlertState, int] = dict.fromkeys(AlertState, 0)
        self._counted_ns = 0
        self._counting = threading.Lock()  # Held by whoever counts.

    def alerts(self, wanted: Wanted) -> list[AlertView]:
        """The alerts that have not ended, by fingerprint."""
        now_ns, running = self._clock_ns(), self._running()
        passes = passes_all(wanted.matchers)
        found = []
        for alert in self._store:
            if alert.is_resolved_at(now_ns) or not passes(alert.labels):
                continue
            receivers = _receivers_of(alert.labels, running)
            if wanted.receiver is not None and not any(map(wanted.receiver, receivers)):
                continue
            view = self._view(alert, now_ns, running, receivers)
            if wanted.has(view):
                found.append((view.fingerprint, view))
        found.sort(key=lambda pair: pair[0])
        return [view for _, view in found]

    def groups(self, wanted: Wanted) -> list[GroupView]:
        """The groups that hold an alert which was asked for, by labels and receiver."""
        now_ns, running = self._clock_ns(), self._running()
        if running is None:
            return []
        passes = passes_all(wanted.matchers)
        chosen: list[tuple[Group, list[Alert]]] = []
        receivers: dict[Labels, list[str]] = {}
        for group in running.dispatcher.groups():
            receiver = group.route.receiver
            if (wanted.receiver is not None and not wanted.receiver(receiver)) or (group.muted_by and not wanted.muted):
                continue
            alerts = [a for a in list(group.alerts.values()) if not a.is_resolved_at(now_ns) and passes(a.labels)]
            for alert in alerts:
                receivers.setdefault(alert.labels, []).append(receiver)
            if alerts:
                chosen.append((group, alerts))
        views = []
        for group, alerts in chosen:
            shown = [
                self._view(alert, now_ns, running, tuple(sorted(receivers[alert.labels])), group.muted_by)
                for alert in in_order(alerts)
            ]
            shown = [view for view in shown if wanted.has(view)]
            if shown:
                views.append(
                    GroupView(group.labels, group.route.receiver, group.key, group.route, tuple(shown), group.muted_by)
                )
        return sorted(views, key=lambda view: (_by_labels(view.labels), view.receiver))

    def _view(
        self,
        alert: Alert,
        now_ns: int,
        running: InForce | None,
        receivers: tuple[str, ...] = (),
        muted_by: tuple[str, ...] = (),
    ) -> AlertView:
        silenced_by = self._silences.muted_by(alert.labels, now_ns)
        source = running.inhibitor.inhibited_by(alert.labels, now_ns) if running is not None else None
        inhibited_by = (fingerprint_text(source),) if source is not None else ()
        state = AlertState.ACTIVE if running is not None else AlertState.UNPROCESSED
        if silenced_by or inhibited_by or muted_by:
            state = AlertState.SUPPRESSED
        return AlertView(alert, state, silenced_by, inhibited_by, muted_by, receivers)

    # Gauges.

    def show(self, metrics: AlertMetrics) -> None:
        """Count alerts and silences whenever these metrics are asked for."""
        for state in AlertState:
            metrics.alerts.labels(state.value).set_function(partial(self._count, state))
            metrics.marked.labels(state.value).set_function(partial(self._count, state, marked=True))
        for silence_state in SilenceState:
            metrics.silences.labels(silence_state.value).set_function(partial(self._count_silences, silence_state))

    def _count(self, state: AlertState, *, marked: bool = False) -> int:
        """How many alerts are in a state; `marked` counts those too that have ended.

        As it was a second ago at most; where counting takes long, as it was when this was asked last.
        """
        if abs(self._clock_ns() - self._counted_ns) >= COUNTS_AGE_NS and self._counting.acquire(blocking=False):
            # Many alerts and many silences are counted elsewhere, since whoever asks may be the event loop.
            if self._counted_within(COUNTING_S):
                self._counting.release()
            else:
                threading.Thread(target=self._count_all, name="counts of alerts", daemon=True).start()
        return (self._marked if marked else self._firing)[state]

    def _count_all(self) -> None:
        try:
            self._counted_within(float("inf"))
        finally:
            self._counting.release()

    def _counted_within(self, limit_s: float) -> bool:
        """Whether the counts are new now; they are as they were where it takes longer than the limit."""
        end_s = time.perf_counter() + limit_s
        now_ns, running = self._clock_ns(), self._running()
        firing, marked = dict.fromkeys(AlertState, 0), dict.fromkeys(AlertState, 0)
        for alert in self._store:
            found = self._view(alert, now_ns, running).state
            marked[found] += 1
            firing[found] += not alert.is_resolved_at(now_ns)
            if time.perf_counter() > end_s:
                return False
        self._firing, self._marked, self._counted_ns = firing, marked, self._clock_ns()
        return True

    def _count_silences(self, state: SilenceState) -> int:
        return self._silences.count(self._clock_ns())[state]


def _receivers_of(labels: Labels, running: InForce | None) -> tuple[str, ...]:
    if running is None:
        return ()
    return tuple(dict.fromkeys(route.receiver for route in running.dispatcher.routes_of(labels)))
