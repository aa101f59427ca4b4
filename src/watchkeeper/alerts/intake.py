"""Alerts as they come: completed, checked, stored, and written down before their sender is answered."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from watchkeeper.alerts.alert_store import AlertStore
from watchkeeper.alerts.interface import Alert
from watchkeeper.alerts.journal import Journal
from watchkeeper.alerts.telemetry import AlertMetrics
from watchkeeper.core.model.labels import quote


def completed(alert: Alert, now_ns: int, resolve_timeout_ns: int) -> Alert:
    """The alert as it is stored: heard of now, with a start, and with an end to come where its sender gave none."""
    starts_ns = alert.starts_ns or alert.ends_ns or now_ns
    is_timeout = alert.is_timeout or not alert.ends_ns
    ends_ns = alert.ends_ns or now_ns + resolve_timeout_ns
    # Made anew, not by replace(), which takes five times as long.
    return Alert(alert.labels, alert.annotations, starts_ns, ends_ns, now_ns, alert.generator_url, is_timeout)


def problem_of(alert: Alert) -> str:
    """Why a completed alert can't be stored, in upstream's words; empty where it can."""
    if alert.ends_ns < alert.starts_ns:
        return "start time must be before end time"
    if not alert.labels.pairs:
        return "at least one label pair required"
    for what, labels in (("label set", alert.labels), ("annotations", alert.annotations)):
        pairs = labels.pairs
        # One look at all texts together: names are sorted, so an empty one would be the first.
        if not pairs or (pairs[0][0] and _is_utf8("".join(chain.from_iterable(pairs)))):
            continue
        for name, value in pairs:
            if not name or not _is_utf8(name):
                return f"invalid {what}: invalid name {quote(name)}"
            if not _is_utf8(value):
                return f"invalid {what}: invalid value {quote(value)}"
    return ""


def _is_utf8(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class Intake:
    """The way into the store."""

    def __init__(self, store: AlertStore, journal: Journal, metrics: AlertMetrics) -> None:
        self._store = store
        self._journal = journal
        self._metrics = metrics

    def take(
        self, alerts: Sequence[Alert], now_ns: int, resolve_timeout_ns: int, *, is_counted: bool
    ) -> tuple[list[Alert], list[str]]:
        """The alerts as they are stored now, and what is wrong with those that are not; both in the order given.

        is_counted   whether they were counted as received before
        """
        problems: list[str] = []
        stored: list[Alert] = []
        changed: list[Alert] = []
        heard: list[Alert] = []
        n_resolved = n_limited = 0
        for alert in alerts:
            alert = completed(alert, now_ns, resolve_timeout_ns)
            n_resolved += alert.ends_ns <= now_ns
            problem = problem_of(alert)
            if problem:
                problems.append(problem)
                continue
            before = self._store.get(alert.labels)
            now = self._store.put(alert, now_ns)
            if now is None:
                n_limited += 1
                problems.append(
                    f"alertname {quote(alert.name)} has the maximum number of alerts "
                    f"(limit: {self._store.limit}, alerts.per-alertname-limit)"
                )
                continue
            stored.append(now)
            (heard if before is not None and _only_ends_differ(before, now) else changed).append(now)
        self._journal.alerts(changed, heard)
        self._metrics.limited.inc(n_limited)
        if not is_counted:
            self._metrics.received.labels("firing", "v2").inc(len(alerts) - n_resolved)
            self._metrics.received.labels("resolved", "v2").inc(n_resolved)
            self._metrics.invalid.labels("v2").inc(len(problems) - n_limited)
        return stored, problems


def _only_ends_differ(before: Alert, now: Alert) -> bool:
    return (
        before.starts_ns == now.starts_ns
        and before.generator_url == now.generator_url
        and before.annotations == now.annotations
    )
