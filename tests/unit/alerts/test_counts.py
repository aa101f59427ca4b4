"""Counts of alerts for the metrics: whoever asks waits no longer than counting may take."""

from __future__ import annotations

import threading
import time

import pytest

from tests.unit.alerts.harness import HOUR, SECOND
from watchkeeper.alerts import status
from watchkeeper.alerts.alert_store import AlertStore
from watchkeeper.alerts.interface import Alert
from watchkeeper.alerts.silences.silences import Silences
from watchkeeper.alerts.status import Overview
from watchkeeper.alerts.telemetry import AlertMetrics
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.telemetry.metrics import Registry


class SlowSilences(Silences):
    """Silences that take their time for each alert."""

    def muted_by(self, labels: Labels, now_ns: int) -> tuple[str, ...]:
        time.sleep(0.01)
        return super().muted_by(labels, now_ns)


def test_counting_that_takes_long_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "COUNTING_S", 0.05)
    now_ns = 1000 * SECOND
    store = AlertStore()
    for i in range(30):
        store.put(Alert(Labels.of(alertname=f"A{i}"), Labels.of(), now_ns, now_ns + HOUR, now_ns), now_ns)
    metrics = AlertMetrics(Registry())
    overview = Overview(store, SlowSilences(lambda: now_ns, retention_ns=HOUR), lambda: None, lambda: now_ns)
    overview.show(metrics)

    def count() -> float:
        return metrics.alerts.labels("unprocessed").value

    began_s = time.perf_counter()
    assert count() == 0
    assert count() == 0
    assert time.perf_counter() - began_s < 0.2
    for thread in threading.enumerate():
        if thread.name == "counts of alerts":
            thread.join()
    assert count() == 30
    now_ns += 2 * SECOND
    monkeypatch.setattr(status, "COUNTING_S", 10)
    store.put(Alert(Labels.of(alertname="B"), Labels.of(), now_ns, now_ns + HOUR, now_ns), now_ns)
    assert count() == 31
