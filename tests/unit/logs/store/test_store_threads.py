"""Pushes, queries, flushes and merges at the same time: a query sees each acknowledged row once, whatever happens."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.logs.store.stores import SMALL, Stores, row
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.telemetry.log import configure
from watchkeeper.logs.store.options import MIB
from watchkeeper.logs.store.store import LogStore

STREAMS = [Labels.of(app=f"a{i}", service_name="s") for i in range(6)]
SECONDS = 1.5


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    configure("error")
    yield
    configure()


class Load:
    """Threads that push and a count of what was acknowledged."""

    def __init__(self, stores: Stores, store: LogStore) -> None:
        self.stores = stores
        self.store = store
        self.acknowledged = [0] * len(STREAMS)
        self.ends = threading.Event()
        self.errors: list[BaseException] = []

    def push(self, numbers: range) -> None:
        n = 0
        while not self.ends.is_set():
            for i in numbers:
                lines = [row(n + j / 100, f"line {n} {j} of {i} {'x' * (n % 50)}") for j in range(20)]
                self.stores.push(STREAMS[i], *lines, with_body=bool(n % 2))
                self.acknowledged[i] += 20
            n += 1

    def read(self) -> None:
        while not self.ends.is_set():
            before = list(self.acknowledged)
            seen: dict[str, list[tuple[int, bytes]]] = {}
            for slice_ in self.store.querier("t").select([], 0, 1 << 62):
                block, rows = slice_.load()
                found = zip(block.times[rows].tolist(), block.lines(rows), strict=True)
                seen.setdefault(slice_.stream.labels.get("app"), []).extend(found)
            for i, labels in enumerate(STREAMS):
                mine = seen.get(labels.get("app"), [])
                assert len(mine) >= before[i]
                assert len(set(mine)) == len(mine)

    def tick(self) -> None:
        while not self.ends.wait(0.02):
            self.store.tick()

    def run(self, *works: tuple[object, ...]) -> None:
        def guarded(work: object, *arguments: object) -> None:
            try:
                work(*arguments)  # type: ignore[operator]
            except BaseException as error:
                self.errors.append(error)
                self.ends.set()

        threads = [threading.Thread(target=guarded, args=work) for work in works]
        for thread in threads:
            thread.start()
        self.ends.wait(SECONDS)
        self.ends.set()
        for thread in threads:
            thread.join()
        if self.errors:
            raise self.errors[0]


def test_a_query_sees_each_acknowledged_row_once(tmp_path: Path) -> None:
    options = replace(
        SMALL, cut_raw_bytes=3000, flush_bytes=4000, max_open_bytes=MIB, max_waiting_bytes=MIB // 4,
        wal_segment_bytes=20_000, max_wal_bytes=100_000, merge_segments=3, merge_raw_bytes=20_000, cache_bytes=MIB,
        fsync_interval_s=0.05,
    )  # fmt: skip
    stores = Stores(tmp_path / "logs", options=options, background=True)
    store = stores.store
    load = Load(stores, store)
    began = time.monotonic()
    load.run((load.push, range(3)), (load.push, range(3, 6)), (load.read,), (load.tick,))
    assert time.monotonic() - began < 20
    assert stores.metric("watchkeeper_logs_merges_total") > 0
    for _ in range(2):
        counts = {volume[0].labels: volume[3] for volume in store.querier("t").volumes([], 0, 1 << 62)}
        assert counts == dict(zip(STREAMS, load.acknowledged, strict=True))
        store.close()
        store = stores.open()
    store.close()
