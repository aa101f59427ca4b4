"""Reports of one alert become one alert."""

from __future__ import annotations

from dataclasses import replace

import pytest

from watchkeeper.alerts.alert_store import AlertStore, after_restart, merged, moved, overlaps
from watchkeeper.alerts.interface import Alert
from watchkeeper.core.model.labels import Labels

X = Alert(Labels.of(alertname="X"), starts_ns=100, ends_ns=200, updated_ns=100)


@pytest.mark.parametrize(
    ("old", "new", "starts_ns", "ends_ns"),
    [
        # The earliest start; an end that a sender gave outlasts an earlier one.
        ((100, 200, 100, False), (110, 180, 120, False), 100, 200),
        # An end that was only a time-out does not.
        ((100, 200, 100, True), (110, 180, 120, False), 100, 180),
        # A resolved report ends it, whatever the end was to be.
        ((100, 200, 100, False), (100, 149, 149, False), 100, 149),
        # Of two ends that have passed the later counts.
        ((100, 140, 100, False), (100, 130, 149, False), 100, 140),
        # The older report's start counts too where the newer came first.
        ((100, 200, 140, False), (90, 210, 120, False), 90, 210),
    ],
)
def test_merge(old: tuple[int, int, int, bool], new: tuple[int, int, int, bool], starts_ns: int, ends_ns: int) -> None:
    def made(report: tuple[int, int, int, bool], note: str) -> Alert:
        return Alert(X.labels, Labels.of(note=note), *report[:3], is_timeout=report[3])

    result = merged(made(old, "old"), made(new, "new"), 150)
    assert (result.starts_ns, result.ends_ns) == (starts_ns, ends_ns)
    assert result.annotations.get("note") == ("new" if new[2] >= old[2] else "old")


def test_only_overlapping_reports_are_merged() -> None:
    assert not overlaps(X, replace(X, ends_ns=300))  # Prolonged.
    assert not overlaps(X, replace(X, starts_ns=200, ends_ns=300))  # Began again where it had ended.
    assert not overlaps(X, X)
    assert overlaps(X, replace(X, starts_ns=150, ends_ns=300))
    assert overlaps(X, replace(X, starts_ns=50, ends_ns=150))


def test_alert_that_begins_again_has_its_new_start() -> None:
    store = AlertStore()
    store.put(X, 100)
    again = Alert(X.labels, starts_ns=250, ends_ns=400, updated_ns=250)
    assert store.put(again, 250) == again
    assert len(store) == 1


def test_settled_until_heard_of_again() -> None:
    store = AlertStore()
    store.put(X, 100)
    store.settle(X.labels)
    assert store.is_settled(X.labels)
    assert store.unsettled() == []
    store.put(replace(X, ends_ns=900), 300)
    assert [alert.ends_ns for alert in store.unsettled()] == [900]


def test_collect_keeps_what_fires_and_what_is_held() -> None:
    store = AlertStore()
    labels = [Labels.of(alertname="X", i=str(i)) for i in range(3)]
    for each, ends_ns in zip(labels, (150, 150, 250), strict=True):
        store.put(replace(X, labels=each, ends_ns=ends_ns), 100)
    assert store.collect(200, but=lambda each: each == labels[1]) == [labels[0]]
    assert [alert.labels for alert in store] == labels[1:]


def test_limit_of_an_alertname_counts_what_fires() -> None:
    store = AlertStore(per_alertname_limit=2)
    numbered = [replace(X, labels=Labels.of(alertname="X", i=str(i)), ends_ns=150 + i) for i in range(4)]
    assert store.put(numbered[0], 100)
    assert store.put(numbered[1], 100)
    assert store.put(numbered[2], 100) is None
    assert store.put(replace(numbered[1], ends_ns=300), 100) is not None
    assert store.put(replace(X, labels=Labels.of(alertname="Y")), 100) is not None
    # The first has ended: its place is free.
    assert store.put(numbered[3], 150) is not None
    assert store.put(numbered[2], 150) is None


def test_clock_that_is_set_leaves_firing_firing_and_ended_ended() -> None:
    firing = moved(X, 1000, 150, 1150)
    assert (firing.starts_ns, firing.ends_ns) == (100, 1200)
    back = moved(replace(X, updated_ns=140), -120, 150, 30)
    assert (back.ends_ns, back.updated_ns) == (80, 30)
    ended = moved(X, -120, 250, 130)
    assert ended.is_resolved_at(130)
    assert ended.starts_ns <= ended.ends_ns


@pytest.mark.parametrize(
    ("alive_ns", "now_ns", "ends_ns"),
    [
        (150, 160, 260),  # Fired when the process ended, and its end is near: as long as it was given at first.
        (150, 5000, 5100),  # It would have ended meanwhile.
        (150, 110, 210),  # The clock was set back.
        (250, 5000, 200),  # Seen to end.
    ],
)
def test_after_a_restart(alive_ns: int, now_ns: int, ends_ns: int) -> None:
    assert after_restart(X, alive_ns, now_ns, 300).ends_ns == ends_ns
    assert after_restart(X, alive_ns, now_ns, 10).ends_ns in (200, now_ns + 10)
    said = replace(X, ends_ns=90, updated_ns=100)
    assert after_restart(said, alive_ns, now_ns, 300) == said
