"""Alerts that one route tells of together, and what a flush takes and leaves of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cmp_to_key
from typing import TYPE_CHECKING

from watchkeeper.alerts.interface import Alert
from watchkeeper.core.model.labels import Labels

if TYPE_CHECKING:
    from watchkeeper.alerts.route import Route


def compare_labels(left: Labels, right: Labels) -> int:
    """Upstream's order: fewer labels first; then the first name, in order, that one lacks or where values differ."""
    if len(left) != len(right):
        return len(left) - len(right)
    for (name, value), (other_name, other_value) in zip(left.pairs, right.pairs, strict=True):
        if name != other_name:
            return -1 if name > other_name else 1  # The smaller name is missing from the one that has the greater.
        if value != other_value:
            return -1 if value < other_value else 1
    return 0


def _compare(left: Alert, right: Alert) -> int:
    for name in ("job", "instance"):
        value, other = left.labels.get(name), right.labels.get(name)
        if value != other:
            if not value or not other:
                return -1 if value else 1
            return -1 if value < other else 1
    return compare_labels(left.labels, right.labels)


def in_order(alerts: Sequence[Alert]) -> list[Alert]:
    """Alerts as upstream sorts them: by job, by instance, then by labels."""
    if not alerts:
        return []
    names = [name for name, _ in alerts[0].labels.pairs]
    if all([name for name, _ in alert.labels.pairs] == names for alert in alerts):
        # The usual case, much cheaper: with the same names, the values decide.
        first = [i for name in ("job", "instance") for i, other in enumerate(names) if other == name]

        def values(alert: Alert) -> tuple[str, ...]:
            pairs = alert.labels.pairs
            return (*(pairs[i][1] for i in first), *(value for _, value in pairs))

        return sorted(alerts, key=values)
    return sorted(alerts, key=cmp_to_key(_compare))


def _without_end(alert: Alert) -> Alert:
    # Made anew, not by replace(), which takes five times as long.
    return Alert(
        alert.labels, alert.annotations, alert.starts_ns, 0, alert.updated_ns, alert.generator_url, alert.is_timeout
    )  # fmt: skip


class Group:
    """The alerts of one route that agree in what it groups by.

    key           upstream's text, which the notification log knows it by
    due_s         when it is flushed next, by the steady clock
    missed_ns     when it was due while it was being flushed; 0 where it was not
    muted_by      the time intervals that mute it, as its last flush found
    """

    __slots__ = (
        "alerts", "due_s", "has_flushed", "is_closed", "is_flushing", "key", "labels", "missed_ns", "muted_by", "route",
    )  # fmt: skip

    def __init__(self, route: Route, labels: Labels) -> None:
        self.route = route
        self.labels = labels
        self.key = f"{route.key}:{labels}"
        self.alerts: dict[Labels, Alert] = {}
        self.due_s = 0.0
        self.missed_ns = 0
        self.has_flushed = False
        self.is_flushing = False
        self.is_closed = False
        self.muted_by: tuple[str, ...] = ()

    def insert(self, alert: Alert, now_ns: int) -> bool:
        """Take an alert in; whether the group should be flushed at once, since the alert has waited long enough."""
        self.alerts[alert.labels] = alert
        return not self.has_flushed and alert.starts_ns + self.route.group_wait_ns < now_ns

    def view(self, now_ns: int) -> list[Alert]:
        """What a flush tells of, in order. Alerts that fire have no end in it: they must not resolve on the way."""
        return in_order(
            [
                alert if alert.is_resolved_at(now_ns) or not alert.ends_ns else _without_end(alert)
                for alert in self.alerts.values()
            ]
        )

    def forget_resolved(self, told: Sequence[Alert]) -> list[Labels]:
        """Drop the resolved alerts of a flush that went well, but those heard of since; the labels of what went."""
        gone: list[Labels] = []
        for alert in told:
            if alert.ends_ns:
                now = self.alerts.get(alert.labels)
                if now is not None and now.updated_ns == alert.updated_ns:
                    del self.alerts[alert.labels]
                    gone.append(alert.labels)
        return gone
