"""A full disk, a disk that refuses writes, a read-only directory, a clock that jumps: reads go on, and then writes."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.processes.broken_system import BrokenSystem, fill, small_disk
from tests.processes.running import Exporter, Process, scrape_config, started, wait_for, watchkeeper
from tests.processes.watch import Watch
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.packed_labels import PackedLabels
from watchkeeper.core.wire.remote import encode_write_v1
from watchkeeper.core.wire.snappy import compress

pytestmark = pytest.mark.process

SERIES = 20
PACKED = PackedLabels.of(Labels.of(__name__="written", series=str(i)) for i in range(SERIES))


class Writer:
    """Remote-writes, and knows what was acknowledged."""

    def __init__(self, server: Process) -> None:
        self.server = server
        self.acknowledged: dict[int, float] = {}
        self.last_answer = (0, "")
        self._last_ms = 0

    def write(self, time_ms: int = 0) -> int:
        """One request; its status."""
        time_ms = self._last_ms = time_ms or max(time.time_ns() // 1_000_000, self._last_ms + 1)
        value = float(len(self.acknowledged))
        times, values = np.full(SERIES, time_ms, np.int64), np.full(SERIES, value)
        body = compress(encode_write_v1(PACKED, np.arange(SERIES + 1, dtype=np.int64), times, values))
        status, text, _ = self.server.request("/api/v1/write", body, Content_Type="application/x-protobuf")
        self.last_answer = (status, text.decode())
        if status == 204:
            self.acknowledged[time_ms] = value
        return status

    def until(self, wanted: int) -> None:
        """Write until the answer is this one."""
        wait_for(f"an answer {wanted}; the last was {self.last_answer}", lambda: self.write() == wanted)

    def check(self) -> None:
        """Everything acknowledged answers."""
        # Writes that take less than a millisecond run ahead of the clock.
        found = self.server.query("written[1h]", time=max(time.time(), self._last_ms / 1000))
        assert len(found) == SERIES
        for series in found:
            stored = {round(time_s * 1000): float(value) for time_s, value in series["values"]}
            missing = self.acknowledged.keys() - stored.keys()
            assert not missing, f"{len(missing)} of {len(self.acknowledged)} acknowledged samples are gone"
            assert all(stored[time_ms] == value for time_ms, value in self.acknowledged.items())


def metric(server: Process, name: str) -> float:
    """A metric without labels of the server itself."""
    text = server.request("/metrics")[1].decode()
    found = re.search(rf"^{name} (\S+)$", text, re.M)
    assert found, name
    return float(found[1])


def target(server: Process) -> dict[str, Any]:
    """The one target."""
    active: list[dict[str, Any]] = server.api("targets")["activeTargets"]
    return active[0]


def assert_reads_go_on(server: Process, writer: Writer) -> None:
    """Health, readiness, and everything that was stored."""
    assert server.request("/-/healthy")[0] == 200
    assert server.request("/-/ready")[0] == 200
    writer.check()
    assert server.query("ticks[1h]")
    assert server.api("label/__name__/values")


def assert_writes_fail_loudly(server: Process, writer: Writer, why: str) -> None:
    """In the answer, the target's last error, the metrics and the log."""
    writer.until(500)
    assert why in writer.last_answer[1]
    wait_for("the target's last error", lambda: why in target(server)["lastError"])
    assert target(server)["health"] == "down"
    assert metric(server, "prometheus_tsdb_wal_writes_failed_total") >= 1
    text = server.log.read_text()
    assert re.search(rf"level=error.*{why}", text)
    assert "Traceback" not in text


def assert_all_is_well(server: Process, writer: Writer) -> None:
    """Scraped and written again, by itself."""
    writer.until(204)
    wait_for("a scrape that is stored", lambda: target(server)["health"] == "up" and server.query("up == 1"))
    writer.check()


def test_a_full_disk(tmp_path: Path) -> None:
    exporter = Exporter(b"# TYPE ticks counter\n" + b"".join(b'ticks{n="%d"} 1\n' % i for i in range(200)))
    server = watchkeeper(tmp_path, config=scrape_config(ticking=exporter.address))
    writer = Writer(server)
    with small_disk(tmp_path / "data"), started(server):
        assert_all_is_well(server, writer)
        ballast = fill(tmp_path / "data")
        assert_writes_fail_loudly(server, writer, "No space left on device")
        assert_reads_go_on(server, writer)

        # Over and over, at every state of half-written records.
        for _ in range(5):
            with ballast.open("r+b") as file:
                file.truncate(ballast.stat().st_size - 4096)
            for _ in range(20):
                writer.write()
        assert_reads_go_on(server, writer)

        ballast.unlink()
        assert_all_is_well(server, writer)
        server.kill()
        server.start()
        assert_all_is_well(server, writer)
        assert "damaged" not in server.log.read_text()

        # Killed on a full disk, it comes up on a full disk, and reads.
        fill(tmp_path / "data")
        writer.until(500)
        server.kill()
        server.start()
        assert_reads_go_on(server, writer)
        assert_writes_fail_loudly(server, writer, "No space left on device")
        ballast.unlink()
        assert_all_is_well(server, writer)
        assert server.stop() == 0
    exporter.close()


@pytest.mark.parametrize("error", [errno.EROFS, errno.EIO])
def test_a_disk_that_refuses_writes(tmp_path: Path, error: int) -> None:
    exporter = Exporter(b"ticks 1\n")
    server = watchkeeper(tmp_path, config=scrape_config(ticking=exporter.address))
    system = BrokenSystem(tmp_path, server)
    writer = Writer(server)
    with started(server):
        assert_all_is_well(server, writer)
        system.disk_fails(error)
        assert_writes_fail_loudly(server, writer, os.strerror(error))
        assert_reads_go_on(server, writer)
        time.sleep(1.5)  # A sync and some scrapes.
        assert_reads_go_on(server, writer)
        for request in ("admin/tsdb/snapshot", "admin/tsdb/delete_series?match[]=ticks"):
            status, text, _ = server.request(f"/api/v1/{request}", b"")
            assert status == 500, text
            assert os.strerror(error) in json.loads(text)["error"]
        assert server.query("ticks[1h]"), "a delete that failed has deleted"
        system.disk_works()
        assert_all_is_well(server, writer)
        server.kill()
        server.start()
        assert_all_is_well(server, writer)
        system.disk_fails(error)
        writer.until(500)
        assert server.stop() == 0
        assert "Traceback" not in server.log.read_text()
        system.disk_works()
        server.start()
        assert_all_is_well(server, writer)
    exporter.close()


def refused(server: Process) -> str:
    """What a server that can't start says; it ends with status 1."""
    with pytest.raises(AssertionError, match="did not become ready"):
        server.start()
    assert server.process is not None
    assert server.process.returncode == 1
    text = server.log.read_text()
    assert "Traceback" not in text
    assert "level=error" in text
    return text


def test_a_read_only_directory(tmp_path: Path) -> None:
    server = watchkeeper(tmp_path, config="{}")
    with small_disk(tmp_path / "data"):
        with started(server):
            assert server.stop() == 0
        subprocess.run(["mount", "-o", "remount,ro", str(tmp_path / "data")], check=True)
        assert re.search(f"{re.escape(str(tmp_path / 'data'))}.*Read-only file system", refused(server))
        subprocess.run(["mount", "-o", "remount,rw", str(tmp_path / "data")], check=True)
        with started(server):
            assert server.stop() == 0


def test_a_data_directory_that_is_none(tmp_path: Path) -> None:
    server = watchkeeper(tmp_path, config="{}")
    (tmp_path / "data").write_text("a file")
    assert re.search(f"{re.escape(str(tmp_path / 'data'))}.*Not a directory", refused(server))


def test_a_directory_of_somebody_else(tmp_path: Path) -> None:
    server = watchkeeper(tmp_path, config="{}")
    (tmp_path / "data").mkdir()
    system = BrokenSystem(tmp_path, server)
    system.disk_fails(errno.EACCES)
    assert re.search(f"{re.escape(str(tmp_path / 'data'))}.*Permission denied", refused(server))


def test_the_clock_jumps(tmp_path: Path) -> None:
    """Back by ten minutes, and an hour ahead, and right again: nothing stops, and after it all is as before."""
    exporter = Exporter(b"ticks 1\n")
    server = watchkeeper(tmp_path, config=scrape_config(ticking=exporter.address))
    system = BrokenSystem(tmp_path, server)
    writer = Writer(server)
    watched = Watch(server)
    with started(server):
        assert_all_is_well(server, writer)
        watched.start()
        n_before = len(server.query("ticks[1h]")[0]["values"])

        system.clock_is_off(-600)
        scrapes = exporter.n_scrapes
        time.sleep(1.2)
        assert exporter.n_scrapes >= scrapes + 4, "scraping stopped"
        # What is older than the newest sample is refused as out of order, and counted; the target itself is well.
        assert target(server)["health"] == "up"
        assert metric(server, "prometheus_target_scrapes_sample_out_of_order_total") >= 1
        assert server.request("/-/ready")[0] == 200

        system.clock_is_off(0)
        time.sleep(1.2)
        values = server.query("ticks[1h]")[0]["values"]
        assert len(values) >= n_before + 4
        assert [time_s for time_s, _ in values] == sorted({time_s for time_s, _ in values})
        assert_all_is_well(server, writer)

        system.clock_is_off(3600)
        wait_for("a scrape an hour ahead", lambda: server.query("ticks", time=time.time() + 3600))
        system.clock_is_off(0)
        time.sleep(0.5)
        assert server.request("/-/ready")[0] == 200
        assert server.query("ticks[1h]", time=time.time() + 3600)
        assert not watched.stop()
        assert server.stop() == 0
        assert "Traceback" not in server.log.read_text()
    exporter.close()
