"""kill -9 at any moment: everything that was acknowledged is there after the restart."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tests.processes.running import Exporter, Process, scrape_config, started, wait_for, watchkeeper
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.packed_labels import PackedLabels
from watchkeeper.core.wire.remote import encode_write_v1
from watchkeeper.core.wire.snappy import compress

pytestmark = pytest.mark.process

KILLS = 50
SERIES = 40
PACKED = PackedLabels.of(Labels.of(__name__="written", series=str(i)) for i in range(SERIES))


class Writer(threading.Thread):
    """Sends remote-write requests, one time each, and remembers which were acknowledged."""

    def __init__(self, server: Process, pause_s: float = 0.003) -> None:
        super().__init__(daemon=True)
        self.server = server
        self.pause_s = pause_s
        self.acknowledged: dict[int, float] = {}
        self.unknown: set[int] = set()
        self.stopping = threading.Event()
        self.refused: list[str] = []
        self._number = 0

    def run(self) -> None:
        while not self.stopping.is_set():
            self._number += 1
            time_ms = int(time.time() * 1000)
            value = float(self._number)
            times, values = np.full(SERIES, time_ms, np.int64), np.full(SERIES, value)
            body = compress(encode_write_v1(PACKED, np.arange(SERIES + 1, dtype=np.int64), times, values))
            try:
                status, text, _ = self.server.request("/api/v1/write", body, Content_Type="application/x-protobuf")
            except OSError:
                self.unknown.add(time_ms)  # Not acknowledged; it may be there or not.
                time.sleep(0.02)
                continue
            if status == 204:
                self.acknowledged[time_ms] = value
            elif status != 503:
                self.refused.append(f"{status}: {text.decode()}")
            time.sleep(self.pause_s)


def assert_all_there(writer: Writer) -> None:
    """Every acknowledged sample is answered, and none that was never sent."""
    assert not writer.refused
    found = writer.server.query("written[1d]")
    assert len(found) == SERIES
    for row in found:
        stored = {round(time_s * 1000): float(value) for time_s, value in row["values"]}
        missing = writer.acknowledged.keys() - stored.keys()
        assert not missing, f"{len(missing)} of {len(writer.acknowledged)} acknowledged samples are gone"
        assert all(stored[time_ms] == value for time_ms, value in writer.acknowledged.items())
        assert stored.keys() <= writer.acknowledged.keys() | writer.unknown


def test_fifty_kills_lose_nothing(tmp_path: Path) -> None:
    exporter = Exporter(b"# TYPE ticks counter\n" + b"".join(b'ticks{n="%d"} 1\n' % i for i in range(200)))
    server = watchkeeper(tmp_path, config=scrape_config(ticking=exporter.address))
    moments = random.Random(7)
    seen_scrapes: dict[float, str] = {}
    with started(server):
        writer = Writer(server)
        writer.start()
        for _ in range(KILLS):
            time.sleep(moments.uniform(0.05, 0.5))
            # What a query has answered was stored, so it must be answered again.
            result = server.query('ticks{n="7"}[1h]')
            for time_s, value in result[0]["values"] if result else []:
                seen_scrapes[time_s] = value
            server.kill()
            server.start()
        writer.stopping.set()
        writer.join()
        assert len(writer.acknowledged) > KILLS
        assert_all_there(writer)
        scrapes = dict(server.query('ticks{n="7"}[1h]')[0]["values"])
        assert seen_scrapes.items() <= scrapes.items()
        wait_for("a scrape after the last restart", lambda: server.number('up{job="ticking"}') == 1)
        assert server.stop() == 0
    exporter.close()
