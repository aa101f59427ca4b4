"""The order of alerts in a notification, and of groups in the API."""

from __future__ import annotations

from functools import cmp_to_key

from watchkeeper.alerts.group import compare_labels, in_order
from watchkeeper.alerts.interface import Alert
from watchkeeper.core.model.labels import EMPTY, Labels


def labelled(*sets: Labels) -> list[Alert]:
    return [Alert(labels) for labels in sets]


def test_alerts_are_sorted_by_job_instance_and_labels() -> None:
    first = Labels.of(alertname="Z", job="a", instance="1")
    second = Labels.of(alertname="A", job="a", instance="2")
    third = Labels.of(alertname="A", job="b", instance="0")
    assert [a.labels for a in in_order(labelled(third, second, first))] == [first, second, third]


def test_alerts_without_job_come_last_and_the_fewest_labels_first() -> None:
    job = Labels.of(alertname="Z", job="a")
    with_instance = Labels.of(alertname="Z", instance="a")
    short = Labels.of(alertname="Y")
    long = Labels.of(alertname="A", b="c")
    assert [a.labels for a in in_order(labelled(long, short, with_instance, job))] == [job, with_instance, short, long]


def test_both_ways_of_sorting_agree() -> None:
    sets = [Labels.of(alertname=name, job=job, instance=instance) for name in "AB" for job in "xy" for instance in "21"]
    fast = [a.labels for a in in_order(labelled(*reversed(sets)))]
    mixed = [a.labels for a in in_order(labelled(*sets, Labels.of(a="1", b="2", c="3", d="4")))]
    assert mixed == [*fast, Labels.of(a="1", b="2", c="3", d="4")]
    assert in_order([]) == []


def test_labels_of_other_names() -> None:
    left, right = Labels.of(b="1"), Labels.of(a="1")
    assert compare_labels(left, right) < 0 < compare_labels(right, left)
    assert compare_labels(left, left) == 0
    ordered = sorted([right, Labels.of(a="1", b="1"), EMPTY, left], key=cmp_to_key(compare_labels))
    assert ordered == [EMPTY, left, right, Labels.of(a="1", b="1")]
