"""A store under random histories, against a dictionary: what was acknowledged is there, whatever happens in between."""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.stale import MISSING, STALE, bits_of, missing_mask
from watchkeeper.core.telemetry.log import configure
from watchkeeper.metrics.interface import Budget, SampleBatch, Series, Status
from watchkeeper.metrics.tsdb.db import TSDB
from watchkeeper.metrics.tsdb.options import TSDBOptions

MEMORY = Path("/dev/shm")  # Hundreds of stores are opened: a disk would wait for each.

T0 = 1_700_000_000_000
SERIES = [Labels.of(__name__=f"m{i % 4}", i=str(i)) for i in range(12)]
EVERYTHING = [Matcher("__name__", MatchType.REGEX, ".+")]

odd_values = st.sampled_from([0.0, -0.0, 1.0, 2.0, 1e300, 0.1, -5.5, math.inf, math.nan, STALE])
values = odd_values | st.integers(0, 9).map(float)
cells = st.lists(st.none() | values, min_size=1, max_size=6)

operations = st.one_of(
    st.tuples(st.just("row"), st.integers(0, 2), st.integers(-3_000, 9_000), st.integers(0, 8), cells),
    st.tuples(st.just("row"), st.integers(0, 2), st.integers(1, 9_000), st.integers(0, 8), cells),
    st.tuples(
        st.just("batch"),
        st.lists(st.tuples(st.integers(0, 11), st.integers(-40_000, 6_000), values), min_size=1, max_size=8),
        st.booleans(),
    ),
    st.tuples(st.just("tick")),
    st.tuples(st.just("kill")),
    st.tuples(st.just("restart")),
    st.tuples(st.just("close"), st.integers(0, 2)),
    st.tuples(st.just("delete"), st.integers(0, 3), st.integers(0, 30_000), st.integers(0, 30_000)),
    st.tuples(st.just("jump"), st.integers(1_000, 100_000)),
)


def samples_of(series: Series) -> dict[Labels, dict[int, int]]:
    """What a select returned, as bits by label set and time; checks what `Series` promises."""
    out: dict[Labels, dict[int, int]] = {}
    for i, labels in enumerate(series.labels):
        assert labels not in out
        n = int(series.value_hi[i] - series.value_lo[i])
        found = series.values[series.value_lo[i] : series.value_hi[i]]
        times = series.times[series.time_lo[i] : series.time_lo[i] + n]
        assert (np.diff(times) > 0).all()
        keep = ~missing_mask(found)
        out[labels] = {int(t): bits_of(float(v)) for t, v in zip(times[keep], found[keep], strict=True)}
    return {labels: held for labels, held in out.items() if held}


class History:
    """A store and the dictionary it must agree with; a time has several bits where either value may answer."""

    def __init__(self, directory: Path, window_ms: int) -> None:
        self.directory = directory
        self.options = TSDBOptions(
            out_of_order_time_window_ms=window_ms,
            block_ms=20_000,
            run_rows=4,
            wal_segment_bytes=1_500,
            wal_max_segments=3,
            max_open_samples=20,
            retention_time_ms=0,
            fsync_interval_s=1000,
        )
        self.number = 0
        self.now_ms = T0
        self.model: dict[Labels, dict[int, set[int]]] = {}
        self.db = self.open()
        self.writers = [self.db.source(str(i)) for i in range(3)]

    def open(self) -> TSDB:
        return TSDB.open(self.directory / str(self.number), self.options, clock=lambda: self.now_ms)

    def reopened(self) -> None:
        self.writers = [self.db.source(str(i)) for i in range(3)]

    def put(self, labels: Labels, time_ms: int, value: float) -> None:
        self.model.setdefault(labels, {}).setdefault(time_ms, set()).add(bits_of(value))

    def row(self, which: int, delta_ms: int, first: int, chosen: list[float | None]) -> None:
        writer = self.writers[which]
        labels = [SERIES[(first + i) % len(SERIES)] for i in range(len(chosen))]
        columns = writer.columns(labels)
        row = np.full(writer.n_columns, MISSING)
        for column, value in zip(columns.tolist(), chosen, strict=True):
            if value is not None:
                row[column] = value
        time_ms = max(self.now_ms + delta_ms, 0)
        table = self.db.head.table
        last = {known: table.last(table.find(known)) for known in labels}
        window = self.options.out_of_order_time_window_ms
        newest, min_valid_ms = self.db.head.max_time_ms, self.db.head.min_valid_ms
        status = writer.append(time_ms, row)
        if status != Status.STORED:
            return
        for known, value in zip(labels, chosen, strict=True):
            if value is None:
                continue
            last_ms, last_value = last[known]
            if time_ms >= min_valid_ms and last_ms == time_ms:
                stored = bits_of(last_value) == bits_of(value)
            elif time_ms >= min_valid_ms and last_ms < time_ms:
                stored = True
            else:
                stored = window > 0 and time_ms >= newest - window
            if stored:
                self.put(known, time_ms, value)
        self.now_ms = max(self.now_ms, time_ms)

    def batch(self, samples: list[tuple[int, int, float]], atomic: bool) -> None:
        labels = sorted({SERIES[i] for i, _, _ in samples})
        times = [max(self.now_ms + delta, 0) for _, delta, _ in samples]
        result = self.db.append(
            SampleBatch(
                labels,
                np.array([labels.index(SERIES[i]) for i, _, _ in samples], np.int32),
                np.array(times, np.int64),
                np.array([value for _, _, value in samples]),
            ),
            all_or_nothing=atomic,
        )
        if atomic and not result.stored_all:
            return
        for (i, _, value), time_ms, status in zip(samples, times, result.samples.tolist(), strict=True):
            if status == Status.STORED:
                self.put(SERIES[i], time_ms, value)
                self.now_ms = max(self.now_ms, time_ms)

    def kill(self) -> None:
        """Goes on with a copy of the files, as they are after a kill -9."""
        old = self.directory / str(self.number)
        self.number += 1
        shutil.copytree(old, self.directory / str(self.number))
        self.db.close()
        shutil.rmtree(old)
        self.db = self.open()
        self.reopened()

    def restart(self) -> None:
        self.db.close()
        self.db = self.open()
        self.reopened()

    def delete(self, metric: int, back_ms: int, length_ms: int) -> None:
        start_ms, end_ms = self.now_ms - back_ms, self.now_ms - back_ms + length_ms
        end_ms = min(end_ms, self.db.head.max_time_ms)
        self.db.delete([[Matcher("__name__", MatchType.EQUAL, f"m{metric}")]], start_ms, end_ms)
        for labels, held in self.model.items():
            if labels.name == f"m{metric}":
                for time_ms in [t for t in held if start_ms <= t <= end_ms]:
                    del held[time_ms]

    def check(self) -> None:
        found = samples_of(self.db.querier().select(EVERYTHING, 0, 1 << 60, Budget()))
        wanted = {labels: held for labels, held in self.model.items() if held}
        assert found.keys() == wanted.keys()
        for labels, held in wanted.items():
            assert found[labels].keys() == held.keys(), labels
            for time_ms, allowed in held.items():
                assert found[labels][time_ms] in allowed, (labels, time_ms)
        middle = self.now_ms - 15_000
        part = samples_of(self.db.querier().select(EVERYTHING, middle, self.now_ms, Budget()))
        expected = {
            labels: {t: v for t, v in held.items() if middle <= t <= self.now_ms} for labels, held in found.items()
        }
        assert part == {labels: held for labels, held in expected.items() if held}


@pytest.fixture(scope="module", autouse=True)
def _quiet() -> Iterator[None]:
    """A log line for each opening says nothing here."""
    configure(level="warn")
    yield
    configure(level="info")


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=st.lists(operations, min_size=1, max_size=30), window_ms=st.sampled_from([0, 0, 30_000]))
def test_what_is_acknowledged_is_there(history: list[tuple], window_ms: int) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        state = History(Path(name), window_ms)
        deleted = False
        for operation, *arguments in history:
            match operation:
                case "row":
                    state.row(*arguments)
                case "batch":
                    if deleted:  # A late sample in a deleted range is hidden or not: either is right.
                        arguments[0] = [(i, abs(delta), value) for i, delta, value in arguments[0]]
                    state.batch(*arguments)
                case "tick":
                    state.db.tick(state.now_ms)
                case "kill":
                    state.kill()
                case "restart":
                    state.restart()
                case "close":
                    state.writers[arguments[0]].close()
                    state.writers[arguments[0]] = state.db.source("again")
                case "delete":
                    if not window_ms:
                        deleted = True
                        state.delete(*arguments)
                case "jump":
                    state.now_ms += arguments[0]
            state.check()
        state.kill()
        state.check()
        state.db.close()
