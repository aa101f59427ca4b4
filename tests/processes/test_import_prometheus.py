"""What a real Prometheus stored is what we have after the import, bit for bit."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from tests.processes.running import Process, free_port, started, wait_for
from watchkeeper.core.disk.lock import DirectoryLock, DirectoryLocked
from watchkeeper.core.model.histogram import Histogram
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.packed_labels import PackedLabels
from watchkeeper.core.model.stale import missing_mask
from watchkeeper.core.wire.remote import encode_write_v1
from watchkeeper.core.wire.snappy import compress
from watchkeeper.metrics.interface import Budget
from watchkeeper.metrics.tsdb.db import TSDB
from watchkeeper.metrics.tsdb.import_prometheus import Progress, PrometheusImport

pytestmark = pytest.mark.process

ALL = Matcher("__name__", MatchType.REGEX, ".+")
LINE = re.compile(r"(\{.*\}) (\S+) (-?\d+)")

OLD_TEXT = """# HELP old Old things.
# TYPE old gauge
old{place="a b",quote="\\"\\\\"} 1.5 1600000000.123
old{place="a b",quote="\\"\\\\"} -0 1600000015
old{place="ä"} NaN 1600000000
old{place="ä"} +Inf 1600007300
old{place="ä"} 1e-320 1600014500
# EOF
"""

CONFIG = """global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
- job_name: self
  static_configs: [{targets: ["127.0.0.1:PORT"]}]
"""


def prometheus(folder: Path) -> Process:
    port = free_port()
    folder.mkdir()
    (folder / "prometheus.yml").write_text(CONFIG.replace("PORT", str(port)))
    command = ["/usr/bin/prometheus", "--config.file", str(folder / "prometheus.yml")]
    command += ["--storage.tsdb.path", str(folder / "data"), "--web.listen-address", f"127.0.0.1:{port}"]
    command += ["--web.enable-remote-write-receiver", "--web.enable-admin-api", "--enable-feature=native-histograms"]
    return Process(command, port, "/-/ready", folder / "log")


def dumped(directory: Path) -> dict[str, list[tuple[int, str]]]:
    """What `promtool tsdb dump` prints of float samples, values in their shortest form."""
    text = subprocess.run(
        ["/usr/bin/promtool", "tsdb", "dump", str(directory)], capture_output=True, text=True, check=True
    ).stdout
    found: dict[str, list[tuple[int, str]]] = {}
    for line in text.splitlines():
        match = LINE.fullmatch(line)
        if match is not None:
            found.setdefault(match[1], []).append((int(match[3]), repr(float(match[2]))))
    return found


def ours(directory: Path) -> tuple[dict[str, list[tuple[int, str]]], dict[str, list[tuple[int, Histogram]]]]:
    store = TSDB.open(directory, mode="r")
    series = store.querier().select([ALL], -(1 << 62), 1 << 62, Budget())
    floats: dict[str, list[tuple[int, str]]] = {}
    for i, labels in enumerate(series.labels):
        lo, hi, at = int(series.value_lo[i]), int(series.value_hi[i]), int(series.time_lo[i])
        values = series.values[lo:hi]
        kept = ~missing_mask(values)
        times = series.times[at : at + hi - lo][kept]
        if len(times):
            floats[str(labels)] = list(zip(times.tolist(), map(repr, values[kept].tolist()), strict=True))
    histograms = {
        str(series.labels[row]): list(zip(found.times.tolist(), found.values, strict=True))
        for row, found in series.histograms.items()
    }
    store.close()
    return floats, histograms


def told(value: Histogram) -> tuple[object, ...]:
    return (
        value.schema,
        value.count,
        value.sum,
        value.zero_threshold,
        value.zero_count,
        value.positive_spans,
        value.positive,
        value.negative_spans,
        value.negative,
        value.is_float,
    )


def histogram(i: int, *, is_float: bool) -> Histogram:
    scale = 1.5 if is_float else 1
    buckets = tuple(scale * (i + k) for k in range(4))
    return Histogram(
        2,
        (sum(buckets) + i) * scale,
        i * 1.25,
        0.001 if is_float else 2.0**-128,
        float(i),
        ((-3, 2), (4, 2)),
        buckets,
        ((0, 1),),
        (float(i),),
        is_float=is_float,
    )


def test_a_data_directory_with_log_block_deletes_and_histograms(tmp_path: Path) -> None:
    server = prometheus(tmp_path / "prometheus")
    data = tmp_path / "prometheus" / "data"
    names = {kind: Labels.of(__name__=f"native_{kind}", job="h") for kind in ("float", "integer")}
    start_ms = int(time.time() * 1000) - 30_000
    sent = {kind: [(start_ms + i * 100, histogram(i, is_float=kind == "float")) for i in range(30)] for kind in names}
    with started(server):
        wait_for("samples", lambda: len(server.query("{job='self'}")) > 100)
        none = np.zeros(0, np.int64)
        for i in range(30):
            body = encode_write_v1(
                PackedLabels(b"", np.zeros(1, np.int64)),
                np.zeros(1, np.int64),
                none,
                none.view(np.float64),
                histograms=[(names[kind], *sent[kind][i]) for kind in names],
            )
            headers = {"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf"}
            status, text, _ = server.request("/api/v1/write", compress(body), **headers)
            assert status // 100 == 2, text
        time.sleep(3)
        path = "/api/v1/admin/tsdb/delete_series?match[]=process_open_fds&match[]=process_max_fds"
        assert server.request(path, method="POST")[0] == 204
        time.sleep(1.5)
        status, text, _ = server.request("/api/v1/admin/tsdb/snapshot", method="POST")
        assert status == 200, text
        assert server.stop() == 0
    (tmp_path / "old.txt").write_text(OLD_TEXT)
    command = ["/usr/bin/promtool", "tsdb", "create-blocks-from", "openmetrics", str(tmp_path / "old.txt"), str(data)]
    subprocess.run(command, check=True, capture_output=True)

    snapshot = next((data / "snapshots").iterdir())
    (snapshot / "wal").mkdir()  # promtool wants one.
    for source, target in ((data, tmp_path / "ours"), (snapshot, tmp_path / "ours of the snapshot")):
        expected = dumped(source)
        assert len(expected) > 100
        steps = []
        report = PrometheusImport(
            source, target, now_ms=lambda: int(time.time() * 1000), progress=steps.append, flush_samples=1500
        ).run()
        assert report.skipped == []
        floats, histograms = ours(target)
        assert floats.keys() == expected.keys()
        assert floats == expected
        for kind, labels in names.items():
            assert [(at, told(value)) for at, value in histograms[str(labels)]] == [
                (at, told(value)) for at, value in sent[kind]
            ]
        assert report.samples >= sum(map(len, expected.values()))
        assert steps[-1].done_bytes == steps[-1].total_bytes
        again = PrometheusImport(source, target, now_ms=lambda: int(time.time() * 1000)).run()
        assert (again.blocks, again.samples) == (0, 0)
        assert ours(target)[0] == expected


def test_deletes_in_a_block_and_a_damaged_block_beside_a_whole_one(tmp_path: Path) -> None:
    server = prometheus(tmp_path / "prometheus")
    data = tmp_path / "prometheus" / "data"
    (tmp_path / "old.txt").write_text(OLD_TEXT)
    command = ["/usr/bin/promtool", "tsdb", "create-blocks-from", "openmetrics", str(tmp_path / "old.txt"), str(data)]
    subprocess.run(command, check=True, capture_output=True)
    with started(server):
        time.sleep(1)
        path = "/api/v1/admin/tsdb/delete_series?match[]=old{place='ä'}&start=1600000000&end=1600007400"
        assert server.request(path.replace("ä", "%C3%A4"), method="POST")[0] == 204
        assert server.stop() == 0
    expected = dumped(data)
    assert len(expected['{__name__="old", place="ä"}']) == 1
    report = PrometheusImport(data, tmp_path / "ours", now_ms=lambda: int(time.time() * 1000)).run()
    assert report.skipped == []
    assert ours(tmp_path / "ours")[0] == expected

    blocks = sorted(path.parent for path in data.glob("*/index"))
    assert len(blocks) == 3

    def stop_in_second(step: Progress) -> None:
        if step.doing == f"block {blocks[1].name}":
            raise KeyboardInterrupt

    target = tmp_path / "interrupted"
    with pytest.raises(KeyboardInterrupt):
        PrometheusImport(data, target, now_ms=lambda: int(time.time() * 1000), progress=stop_in_second).run()
    report = PrometheusImport(data, target, now_ms=lambda: int(time.time() * 1000)).run()
    assert report.blocks_done_before == 1
    assert ours(target)[0] == expected
    lock = DirectoryLock(target)
    with pytest.raises(DirectoryLocked, match="in use by process"):
        PrometheusImport(data, target, now_ms=lambda: int(time.time() * 1000)).run()
    lock.release()

    chunk_file = blocks[0] / "chunks" / "000001"
    damaged = bytearray(chunk_file.read_bytes())
    damaged[12] ^= 1
    chunk_file.write_bytes(bytes(damaged))
    index = bytearray((blocks[1] / "index").read_bytes())
    index[12] ^= 1
    (blocks[1] / "index").write_bytes(bytes(index))
    report = PrometheusImport(data, tmp_path / "partly", now_ms=lambda: int(time.time() * 1000)).run()
    assert len(report.skipped) == 2
    assert any("checksum mismatch" in text and blocks[1].name in text for text in report.skipped)
    assert any("chunk of {" in text for text in report.skipped)
    left = ours(tmp_path / "partly")[0]
    assert sum(map(len, left.values())) >= sum(map(len, expected.values())) - 5
    assert all(set(samples) <= set(expected[labels]) for labels, samples in left.items())
    # What was damaged is tried again, what was done is not.
    again = PrometheusImport(data, tmp_path / "partly", now_ms=lambda: int(time.time() * 1000)).run()
    assert len(again.skipped) == 1
    assert again.samples == 0
