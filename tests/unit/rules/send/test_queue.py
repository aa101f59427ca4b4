"""What waits for one Alertmanager."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.rules.send.alertmanager_double import alert
from watchkeeper.alerts.interface import Alert
from watchkeeper.rules.send.queue import AlertQueue


def names(alerts: list[Alert]) -> list[str]:
    return [one.name for one in alerts]


def test_batches_come_in_the_order_of_arrival() -> None:
    queue = AlertQueue(10, 2)
    assert queue.put([alert("a"), alert("b"), alert("c")]) == 0
    assert names(queue.take()) == ["a", "b"]
    assert names(queue.take()) == ["c"]
    assert queue.take() == []


def test_the_oldest_go_where_more_come_than_may_wait() -> None:
    queue = AlertQueue(3, 10)
    assert queue.put([alert("a"), alert("b")]) == 0
    assert queue.put([alert("c"), alert("d"), alert("e")]) == 2
    assert names(queue.take()) == ["c", "d", "e"]


def test_more_at_once_than_may_wait() -> None:
    queue = AlertQueue(2, 10)
    assert queue.put([alert(name) for name in "abcde"]) == 3
    assert names(queue.take()) == ["d", "e"]


def test_an_alert_that_waits_takes_its_newer_state_and_keeps_its_place() -> None:
    queue = AlertQueue(2, 10)
    queue.put([alert("a"), alert("b")])
    assert queue.put([replace(alert("a"), ends_ns=7)]) == 0
    assert [(one.name, one.ends_ns) for one in queue.take()] == [("a", 7), ("b", 5_000_000_000)]


def test_what_comes_back_waits_in_front_but_not_over_newer_states() -> None:
    queue = AlertQueue(10, 2)
    queue.put([alert("a"), alert("b"), alert("c")])
    batch = queue.take()
    queue.put([replace(alert("b"), ends_ns=9)])
    assert queue.give_back(batch) == 0
    assert len(queue) == 3
    assert [(one.name, one.ends_ns) for one in queue.clear()] == [
        ("a", 5_000_000_000),
        ("b", 9),
        ("c", 5_000_000_000),
    ]
    assert len(queue) == 0


def test_what_comes_back_to_a_full_queue_is_the_oldest() -> None:
    queue = AlertQueue(2, 2)
    queue.put([alert("a"), alert("b")])
    batch = queue.take()
    queue.put([alert("c"), alert("d")])
    assert queue.give_back(batch) == 2
    assert names(queue.take()) == ["c", "d"]
