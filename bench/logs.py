"""`python -m bench.logs`: the log store against what the machine can do at all, in the same run.

Seeded Kubernetes-like lines are pushed at full speed; measured are the CPU seconds per GB (flush and merge included),
memory, bytes on disk, the median time of each query, kill -9, and the agent. The limits beside them come from the same
lines: zstd -6 stream by stream, how fast it unpacks, memmem, and ripgrep or `zstdcat | grep` where they are installed.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cramjam
import zstandard

from bench.__main__ import progress
from bench.log_agent import measure_agent
from bench.log_lines import NODES, STEP_NS, Push, Stream, pushes
from bench.log_queries import EVERYTHING, EXPRESSION, FULL_SCANS, WORD, Expected, cases, count, timed
from bench.peers import Peer
from watchkeeper.core.wire.protobuf import put_bytes, put_int, put_text

GB = 1e9
CONFIG = """
auth_enabled: false
limits_config:
  ingestion_rate_mb: 4000
  ingestion_burst_size_mb: 4000
  per_stream_rate_limit: 4GB
  per_stream_rate_limit_burst: 4GB
  reject_old_samples: false
  max_query_series: 5000
"""


@dataclass(slots=True)
class Truth:
    """What was written: counts to check the answers with, the pushes on disk, and each stream's lines."""

    n_lines: int = 0
    n_bytes: int = 0
    n_word: int = 0
    n_expression: int = 0
    n_errors: int = 0
    by_app: dict[str, int] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    bodies: list[Path] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)


@dataclass(slots=True)
class Figures:
    """What was measured; times of queries in ms, speeds in MB of raw lines a second."""

    raw_mb: float = 0
    lines: int = 0
    cpu_s_per_gb: float = 0
    cpu_s_per_gb_pushing: float = 0
    ingest_mb_per_s: float = 0
    resident_ingesting_mb: float = 0
    resident_querying_mb: float = 0
    disk_mb: float = 0
    zstd6_mb: float = 0
    disk_to_zstd6: float = 0
    ready_after_kill_s: float = 0
    lost_lines: int = 0
    limits: dict[str, float] = field(default_factory=dict)
    queries_ms: dict[str, float] = field(default_factory=dict)
    first_ms: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    agent: dict[str, float] = field(default_factory=dict)


def encode(push: Push) -> bytes:
    """A PushRequest, snappy-compressed."""
    out = []
    for stream, entries in push:
        body = [put_text(1, stream.labels)]
        for ts_ns, text in entries:
            stamp = put_int(1, ts_ns // 1_000_000_000) + put_int(2, ts_ns % 1_000_000_000)
            body.append(put_bytes(2, put_bytes(1, stamp) + put_text(2, text)))
        out.append(put_bytes(1, b"".join(body)))
    return bytes(cramjam.snappy.compress_raw(b"".join(out)))


def prepare(size_bytes: int, start_ns: int, work: Path) -> Truth:
    """Writes the pushes and the plain lines to disk, and counts."""
    truth = Truth()
    expression = re.compile(EXPRESSION)
    handles: dict[str, Any] = {}
    (work / "raw").mkdir()
    (work / "pushes").mkdir()
    for push in pushes(size_bytes, start_ns):
        for stream, entries in push:
            note(truth, expression, stream, entries)
            if stream.pod not in handles:
                truth.files[stream.pod] = work / "raw" / f"{stream.pod}.log"
                handles[stream.pod] = open(truth.files[stream.pod], "w")  # noqa: SIM115  # All stay open to the end.
            handles[stream.pod].write("".join(text + "\n" for _, text in entries))
        path = work / "pushes" / f"{len(truth.bodies):06d}"
        path.write_bytes(encode(push))
        truth.bodies.append(path)
        if len(truth.bodies) % 100 == 0:
            progress(f"written {truth.n_bytes / GB:.2f} GB")
    for handle in handles.values():
        handle.close()
    return truth


def note(truth: Truth, expression: re.Pattern[str], stream: Stream, entries: list[tuple[int, str]]) -> None:
    """Counts one stream's part of a push."""
    truth.n_lines += len(entries)
    truth.by_app[stream.app] = truth.by_app.get(stream.app, 0) + len(entries)
    for _, text in entries:
        truth.n_bytes += len(text)
        truth.n_word += WORD in text
        truth.n_expression += expression.search(text) is not None
        if stream.app == "app-00" and '"status":50' in text:
            truth.n_errors += 1
    first = entries[0][1]
    if '"request_id":"' in first:
        truth.ids.append(first.partition('"request_id":"')[2][:36])


class Watch(threading.Thread):
    """The largest resident memory while it runs, in MB."""

    def __init__(self, peer: Peer) -> None:
        super().__init__(daemon=True)
        self._peer = peer
        self._done = threading.Event()
        self.peak_mb = 0.0

    def run(self) -> None:
        """Looks ten times a second."""
        while not self._done.wait(0.1):
            self.peak_mb = max(self.peak_mb, self._peer.resident_bytes / 2**20)

    def end(self) -> float:
        """Stops looking; the peak."""
        self._done.set()
        self.join()
        return self.peak_mb


def push_all(peer: Peer, bodies: list[Path], senders: int) -> None:
    """Sends all pushes over a few kept connections, each in order."""

    def send(mine: list[Path]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=120)
        for path in mine:
            connection.request(
                "POST", "/loki/api/v1/push", path.read_bytes(), {"Content-Type": "application/x-protobuf"}
            )
            response = connection.getresponse()
            text = response.read()
            if response.status != 204:
                raise RuntimeError(f"push: {response.status}: {text.decode()}")
        connection.close()

    # Each node's pushes go over one connection, so that its streams stay in order.
    with ThreadPoolExecutor(senders) as pool:
        list(pool.map(send, [bodies[i::10] for i in range(10)]))


def settle(peer: Peer) -> None:
    """Until flush and merge have nothing left to do."""
    peer.get("/flush", 600, "POST")
    quiet = 0
    while quiet < 4:
        before = peer.cpu_s
        time.sleep(0.5)
        quiet = quiet + 1 if peer.cpu_s - before < 0.05 else 0


def limits(truth: Truth, figures: Figures) -> None:
    """What zstd, memmem and grep do with the same bytes: MB of raw lines a second on one core."""
    raw = packed = pack_s = unpack_s = find_s = 0.0
    pack, unpack = zstandard.ZstdCompressor(level=6), zstandard.ZstdDecompressor()
    for path in truth.files.values():
        data = path.read_bytes()
        began = time.process_time()
        small = pack.compress(data)
        middle = time.process_time()
        unpack.decompress(small)
        end = time.process_time()
        data.find(b"zebracrossing")
        find_s += time.process_time() - end
        pack_s += middle - began
        unpack_s += end - middle
        raw += len(data)
        packed += len(small)
        path.with_suffix(".zst").write_bytes(small)
    figures.zstd6_mb = packed / 1e6
    figures.limits = {
        "zstd -6": raw / pack_s / 1e6,
        "zstd unpacking": raw / unpack_s / 1e6,
        "memmem": raw / find_s / 1e6,
    }
    folder = next(iter(truth.files.values())).parent
    commands = {
        "rg word": ["rg", "-c", WORD, "--no-filename", "-g", "*.log", "."],
        "rg regex": ["rg", "-c", EXPRESSION, "--no-filename", "-g", "*.log", "."],
        "zstdcat | grep word": ["sh", "-c", f"zstdcat *.zst | grep -c {WORD}"],
        "zstdcat | grep regex": ["sh", "-c", f"zstdcat *.zst | grep -cE '{EXPRESSION}'"],
    }
    for name, command in commands.items():
        tool = "rg" if command[0] == "rg" else "zstdcat"
        if shutil.which(tool) is None:
            progress(f"{tool} is not installed; left out")
            continue
        began = time.perf_counter()
        subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=False, env={**os.environ, "LC_ALL": "C"})
        figures.limits[name] = raw / (time.perf_counter() - began) / 1e6


def folder_mb(path: Path) -> float:
    """What segments, indexes and filters take; the WAL is not of the flushed data."""
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file() and "wal" not in file.parts) / 1e6


def measure(arguments: argparse.Namespace, work: Path) -> Figures:
    """All phases."""
    figures = Figures()
    start_ns = time.time_ns() - int(arguments.gb * 1200 + 100) * 1_000_000_000
    progress(f"writing {arguments.gb} GB of lines")
    truth = prepare(int(arguments.gb * GB), start_ns, work)
    end_ns = start_ns + (len(truth.bodies) // NODES + 1) * 250 * STEP_NS
    figures.raw_mb, figures.lines = truth.n_bytes / 1e6, truth.n_lines
    config = work / "loki.yaml"
    config.write_text(CONFIG)
    peer = Peer(
        "watchkeeper",
        [
            str(Path(sys.executable).with_name("watchkeeper")), "up", "--only", "logs", "--data-dir", "{dir}",
            "--logs-port", "{port}", "--loki-config", "{config}",
        ],
        arguments.port,
        "/ready",
    )  # fmt: skip
    progress(f"ready after {peer.start(work, config):.2f} s; pushing")
    try:
        cpu_before, watch, began = peer.cpu_s, Watch(peer), time.perf_counter()
        watch.start()
        push_all(peer, truth.bodies, arguments.senders)
        figures.ingest_mb_per_s = truth.n_bytes / 1e6 / (time.perf_counter() - began)
        figures.cpu_s_per_gb_pushing = (peer.cpu_s - cpu_before) / (truth.n_bytes / GB)
        figures.resident_ingesting_mb = watch.end()
        progress(f"pushed at {figures.ingest_mb_per_s:.0f} MB/s, peak {figures.resident_ingesting_mb:.0f} MB")
        peer.kill()
        figures.ready_after_kill_s = peer.start(work, config)
        figures.lost_lines = truth.n_lines - count(peer, EVERYTHING, end_ns)
        progress(f"kill -9: ready after {figures.ready_after_kill_s:.2f} s, lost {figures.lost_lines} lines")
        settle(peer)
        figures.cpu_s_per_gb = figures.cpu_s_per_gb_pushing + peer.cpu_s / (truth.n_bytes / GB)
        figures.disk_mb = folder_mb(peer.dir)
        progress(f"settled: {figures.cpu_s_per_gb:.1f} CPU s/GB, {figures.disk_mb:.1f} MB on disk")
        watch = Watch(peer)
        watch.start()
        expected = Expected(
            start_ns, end_ns, truth.n_lines, truth.n_word, truth.n_expression, truth.by_app["app-00"], truth.n_errors,
            truth.ids[len(truth.ids) // 2],
        )  # fmt: skip
        for case in cases(peer, expected):
            median_ms, first_ms, answer = timed(case, arguments.rounds)
            figures.queries_ms[case.name], figures.first_ms[case.name] = median_ms, first_ms
            if answer != case.expected:
                figures.wrong.append(f"{case.name}: {answer}, not {case.expected}")
            progress(f"{case.name}: {median_ms:.1f} ms (first {first_ms:.1f})")
        figures.resident_querying_mb = watch.end()
        progress("the machine's limits")
        limits(truth, figures)
        figures.disk_to_zstd6 = figures.disk_mb / figures.zstd6_mb
        if not arguments.no_agent:
            progress("the agent")
            figures.agent = measure_agent(peer.port, work)
    finally:
        peer.stop()
    return figures


def table(figures: Figures) -> str:
    """The figures, speeds of full scans beside the limits."""
    speed = figures.limits
    cores = os.cpu_count() or 1
    rows = [
        f"{figures.lines:,} lines, {figures.raw_mb:,.0f} MB raw, {cores} cores",
        f"ingest                    {figures.ingest_mb_per_s:8.0f} MB/s",
        f"CPU s/GB, pushes alone    {figures.cpu_s_per_gb_pushing:8.1f}",
        f"CPU s/GB, flush and merge {figures.cpu_s_per_gb:8.1f}   (at most 15)",
        f"resident while ingesting  {figures.resident_ingesting_mb:8.0f} MB (under 150)",
        f"resident while querying   {figures.resident_querying_mb:8.0f} MB (under 200)",
        f"on disk                   {figures.disk_mb:8.1f} MB",
        f"zstd -6, by stream        {figures.zstd6_mb:8.1f} MB: {figures.disk_to_zstd6:.2f}x (at most 0.80)",
        f"ready after kill -9       {figures.ready_after_kill_s:8.2f} s, lost {figures.lost_lines} lines",
        *(f"limit: {name:20} {value:8.0f} MB/s" for name, value in speed.items()),
    ]
    for name, took_ms in figures.queries_ms.items():
        row = f"{name:26}{took_ms:8.1f} ms (first {figures.first_ms[name]:.1f})"
        if name in FULL_SCANS:
            share = figures.raw_mb / (took_ms / 1000) / (speed["zstd unpacking"] * cores)
            row += f"   {share:.2f}x of zstd unpacking on all cores (at least 0.60)"
        rows.append(row)
    rows += [f"agent: {name:24} {value:8.2f}" for name, value in figures.agent.items()]
    rows += [f"WRONG: {text}" for text in figures.wrong]
    return "\n".join(rows)


def main() -> int:
    """0 when every answer was right."""
    parser = argparse.ArgumentParser(prog="python -m bench.logs", description=__doc__)
    parser.add_argument("--gb", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--senders", type=int, default=2)
    parser.add_argument("--port", type=int, default=13100)
    parser.add_argument("--no-agent", action="store_true")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wk-bench-logs-") as name:
        figures = measure(arguments, Path(name))
    print(table(figures))
    if arguments.json:
        arguments.json.write_text(json.dumps(asdict(figures), indent=2))
    return 1 if figures.wrong or figures.lost_lines else 0


if __name__ == "__main__":
    sys.exit(main())
