"""The alerts that were heard of, one for each label set, until they have been resolved for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from watchkeeper.alerts.interface import Alert
from watchkeeper.core.model.labels import Labels


def merged(old: Alert, new: Alert, now_ns: int) -> Alert:
    """What two reports of one alert say together: the earliest start, and the newer report's rest.

    An end that its sender gave outlasts an earlier one of the newer report, unless that report resolves the alert.
    Source: Alertmanager, Alert.Merge.
    """
    if new.updated_ns < old.updated_ns:
        old, new = new, old
    ends_ns = new.ends_ns
    if new.is_resolved_at(now_ns):
        if old.is_resolved_at(now_ns) and old.ends_ns > ends_ns:
            ends_ns = old.ends_ns
    elif old.ends_ns > ends_ns and not old.is_timeout:
        ends_ns = old.ends_ns
    return replace(new, starts_ns=min(old.starts_ns, new.starts_ns), ends_ns=ends_ns)


def overlaps(old: Alert, new: Alert) -> bool:
    """Whether one activity reaches into the other; reports that only prolong an alert need no merge."""
    return old.starts_ns < new.ends_ns < old.ends_ns or old.starts_ns < new.starts_ns < old.ends_ns


def moved(alert: Alert, by_ns: int, before_ns: int, now_ns: int) -> Alert:
    """The alert after the clock was set: what fired still fires as long as it would have, what ended stays ended."""
    if alert.is_resolved_at(before_ns):
        ends_ns = min(alert.ends_ns, now_ns)
    else:
        ends_ns = alert.ends_ns + by_ns if alert.ends_ns else 0
    return replace(
        alert,
        starts_ns=min(alert.starts_ns, ends_ns) if ends_ns else alert.starts_ns,
        ends_ns=ends_ns,
        updated_ns=min(alert.updated_ns, now_ns),
    )


def after_restart(alert: Alert, alive_ns: int, now_ns: int, most_ns: int) -> Alert:
    """The alert as a new process takes it over from one that was last known to live at `alive_ns`.

    One that fired then gets, from now on, as long as its sender gave it when it last spoke of it, at most `most_ns`: so
    one that still fires does not resolve before its sender is heard again. One that had ended stays as it is.
    """
    was_seen_to_end = alert.is_resolved_at(min(alive_ns, now_ns))
    was_said_to_end = alert.ends_ns <= alert.updated_ns
    if was_seen_to_end or was_said_to_end:
        return alert
    grace_ns = min(max(alert.ends_ns - alert.updated_ns, 0), most_ns)
    return replace(alert, ends_ns=max(alert.ends_ns, now_ns + grace_ns))


class AlertStore:
    """Alerts by labels.

    per_alertname_limit   unresolved alerts that one alertname may have; 0 for no limit
    """

    def __init__(self, per_alertname_limit: int = 0) -> None:
        self._alerts: dict[Labels, Alert] = {}
        self.limit = per_alertname_limit
        self._names: dict[str, set[Labels]] = {}
        # Resolved, and every group that held it has said so: a rebuilt group has nothing to say of it.
        self._settled: set[Labels] = set()

    def __len__(self) -> int:
        return len(self._alerts)

    def __iter__(self) -> Iterator[Alert]:
        return iter(list(self._alerts.values()))  # A copy: another thread may go through it to answer a question.

    def get(self, labels: Labels) -> Alert | None:
        """The alert of these labels."""
        return self._alerts.get(labels)

    def put(self, alert: Alert, now_ns: int) -> Alert | None:
        """Store a report; what the alert is now, None where its alertname has too many already."""
        labels = alert.labels
        old = self._alerts.get(labels)
        if old is not None:
            if overlaps(old, alert):
                alert = merged(old, alert, now_ns)
        elif self.limit and not self._has_room(alert, now_ns):
            return None
        self._alerts[labels] = alert
        if self._settled:
            self._settled.discard(labels)
        return alert

    def _has_room(self, alert: Alert, now_ns: int) -> bool:
        names = self._names.setdefault(alert.name, set())
        if len(names) >= self.limit:
            for labels in [labels for labels in names if self._alerts[labels].is_resolved_at(now_ns)]:
                names.discard(labels)
            if len(names) >= self.limit:
                return False
        names.add(alert.labels)
        return True

    def restore(self, alert: Alert) -> None:
        """Put back what was stored before."""
        self._alerts[alert.labels] = alert
        self._settled.discard(alert.labels)
        if self.limit:
            self._names.setdefault(alert.name, set()).add(alert.labels)

    def settle(self, labels: Labels) -> None:
        """Remember that all that was to be said of a resolved alert has been said."""
        if labels in self._alerts:
            self._settled.add(labels)

    def is_settled(self, labels: Labels) -> bool:
        """Whether all has been said of it since it was last reported."""
        return labels in self._settled

    def unsettled(self) -> list[Alert]:
        """The alerts of which something may still have to be said."""
        return [alert for labels, alert in self._alerts.items() if labels not in self._settled]

    def replace_all(self, change: Callable[[Alert], Alert]) -> None:
        """Every alert as `change` makes it; its labels must stay."""
        for labels, alert in self._alerts.items():
            self._alerts[labels] = change(alert)

    def collect(self, now_ns: int, *, but: Callable[[Labels], bool]) -> list[Labels]:
        """Remove the resolved alerts; the labels of those that went.

        but   whether something still holds an alert, as a group whose notification has failed does
        """
        gone = [
            alert.labels for alert in self._alerts.values() if alert.is_resolved_at(now_ns) and not but(alert.labels)
        ]
        self._remove(gone)
        return gone

    def _remove(self, gone: Iterable[Labels]) -> None:
        for labels in gone:
            alert = self._alerts.pop(labels)
            self._settled.discard(labels)
            names = self._names.get(alert.name)
            if names is not None:
                names.discard(labels)
                if not names:
                    del self._names[alert.name]
