"""Selecting the newest samples alone gives what the newest of all samples would be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from watchkeeper.core.model.histogram import Histogram
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.stale import MISSING, STALE, stale_mask
from watchkeeper.metrics.interface import Budget, SampleBatch, Series
from watchkeeper.metrics.tsdb.db import TSDB

T0 = 1_700_000_000_000
ALL = [Matcher("__name__", MatchType.NOT_EQUAL, "")]


def newest_of(series: Series) -> dict[str, tuple[int, object]]:
    """By metric name: time and value of the newest sample, if it is no marker; histograms as their count."""
    out: dict[str, tuple[int, object]] = {}
    for i, labels in enumerate(series.labels):
        lo, hi = int(series.value_lo[i]), int(series.value_hi[i])
        times = series.times[int(series.time_lo[i]) : int(series.time_lo[i]) + hi - lo]
        values = series.values[lo:hi]
        present = [
            k for k in range(hi - lo) if values[k : k + 1].view(np.uint64)[0] != np.array(MISSING).view(np.uint64)
        ]
        best: tuple[int, object] | None = None
        if present:
            k = present[-1]
            best = int(times[k]), "stale" if stale_mask(values[k : k + 1])[0] else float(values[k])
        held = series.histograms.get(i)
        if held is not None and (best is None or int(held.times[-1]) > best[0]):
            best = int(held.times[-1]), f"histogram {held.values[-1].count}"
        if best is not None and best[1] != "stale":
            out[labels.name] = best
    return out


@pytest.fixture
def store(tmp_path: Path) -> TSDB:
    store = TSDB.open(tmp_path / "data", clock=lambda: T0)
    writer = store.source("target")
    columns = writer.columns([Labels.of(__name__=name) for name in ("row", "ends", "gap", "renewed")])
    assert columns.tolist() == [0, 1, 2, 3]
    writer.append(T0, np.array([1.0, 5.0, 6.0, 7.0]))
    writer.append(T0 + 1000, np.array([2.0, STALE, MISSING, 8.0]))
    writer.append(T0 + 2000, np.array([3.0, MISSING, MISSING, 9.0]))
    store.append(
        SampleBatch(
            [Labels.of(__name__="sent"), Labels.of(__name__="native"), Labels.of(__name__="mixed")],
            np.array([0, 0, 2], np.int32),
            np.array([T0, T0 + 1500, T0], np.int64),
            np.array([10.0, 11.0, 12.0]),
            histograms=[
                (1, T0 + 500, Histogram(count=4)),
                (1, T0 + 900, Histogram(count=5)),
                (2, T0 + 700, Histogram(count=6)),
            ],
        )
    )
    return store


def check(store: TSDB) -> None:
    for end_ms in (T0, T0 + 600, T0 + 1000, T0 + 1700, T0 + 2000, T0 + 9000):
        for start_ms in (T0 - 5000, T0 + 1, T0 + 1600, end_ms):
            querier = store.querier()
            every = newest_of(querier.select(ALL, start_ms, end_ms, Budget()))
            assert newest_of(querier.select(ALL, start_ms, end_ms, Budget(), newest=True)) == every, (start_ms, end_ms)


def test_newest_is_the_last_of_all(store: TSDB) -> None:
    check(store)
    assert newest_of(store.querier().select(ALL, T0 - 5000, T0 + 9000, Budget(), newest=True)) == {
        "row": (T0 + 2000, 3.0),
        "gap": (T0, 6.0),
        "renewed": (T0 + 2000, 9.0),
        "sent": (T0 + 1500, 11.0),
        "native": (T0 + 900, "histogram 5.0"),
        "mixed": (T0 + 700, "histogram 6.0"),
    }
    store.close()


def test_also_after_deletes_and_a_restart(store: TSDB) -> None:
    store.delete([[Matcher("__name__", MatchType.EQUAL, "row")]], T0 + 1500, T0 + 5000)
    check(store)
    store.close()
    again = TSDB.open(store.path, clock=lambda: T0)
    check(again)
    writer = again.source("target")
    writer.columns([Labels.of(__name__="renewed"), Labels.of(__name__="native")])
    writer.append(T0 + 4000, np.array([13.0, 14.0]))
    check(again)
    again.close()
