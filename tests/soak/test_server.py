"""A server for minutes: churning targets, remote write, queries, reloads, kill -9. Nothing is lost, memory stays."""

from __future__ import annotations

import random
import statistics
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.processes.running import Exporter, Process, scrape_config, started, wait_for, watchkeeper
from tests.processes.test_kill import Writer, assert_all_there
from tests.processes.watch import memory_bytes
from tests.soak.rounds import MINUTES

TARGETS = 20
STABLE = 60  # Series of a target that stay.
PODS = 2  # Series of a target that are new every few seconds.
POD_LIFE_S = 5.0
QUERIES = [
    "sum(rate(ticks[30s]))",
    'sum by (job) (rate(ticks{n=~"1.*"}[1m]))',
    "count(pod_up)",
    "topk(3, written)",
    "max_over_time(written[1m])",
    "histogram_quantile(0.9, sum by (le) (rate(prometheus_http_request_duration_seconds_bucket[1m])))",
    'count({__name__=~".+"})',
]

pytestmark = pytest.mark.process


class Loop(threading.Thread):
    """Calls something again and again until it is stopped; a server that is away is no problem."""

    def __init__(self, pause_s: float, call: Any) -> None:
        super().__init__(daemon=True)
        self.pause_s = pause_s
        self.call = call
        self.problems: list[str] = []
        self.n_done = 0
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.wait(self.pause_s):
            try:
                problem = self.call()
            except OSError:
                continue
            if problem:
                self.problems.append(problem)
            self.n_done += 1

    def stop(self) -> None:
        self._stopping.set()
        self.join()


def body(target: int, tick: int, now_s: float) -> bytes:
    """What a target says: counters that grow, and pods that come and go."""
    pod = int((now_s + target) / POD_LIFE_S)
    lines = ["# TYPE ticks counter", *(f'ticks{{n="{i}"}} {tick * (i + 1)}' for i in range(STABLE))]
    lines += ["# TYPE pod_up gauge", *(f'pod_up{{pod="{pod}-{i}"}} {tick % 7}' for i in range(PODS))]
    return "".join(line + "\n" for line in lines).encode()


class Load:
    """Everything that goes on beside the kills."""

    def __init__(self, server: Process, folder: Path, rng: random.Random) -> None:
        self.server = server
        self.config = folder / "prometheus.yml"
        self.rng = rng
        self.tick = 0
        self.exporters = [Exporter() for _ in range(TARGETS)]
        self.jobs = {f"job{i}": exporter.address for i, exporter in enumerate(self.exporters)}
        self.seen: dict[str, dict[float, str]] = {f"job{i}": {} for i in (0, 7)}
        self.writer = Writer(server, pause_s=0.05)
        self.loops = [Loop(0.2, self.turn), Loop(0.3, self.ask), Loop(3, self.look), Loop(7, self.reload)]

    def turn(self) -> None:
        self.tick += 1
        for i, exporter in enumerate(self.exporters):
            exporter.body = body(i, self.tick, time.time())

    def ask(self) -> str | None:
        expression = self.rng.choice(QUERIES)
        status, text, _ = self.server.request(f"/api/v1/query?query={quote(expression)}")
        return None if status in (200, 503) else f"{expression}: {status}: {text.decode()}"

    def look(self) -> None:
        """What a query has answered was stored, so it must be answered again."""
        for job, seen in self.seen.items():
            for row in self.server.query(f'ticks{{job="{job}",n="7"}}[20s]'):
                seen |= dict(row["values"])

    def reload(self) -> str | None:
        kept = dict(list(self.jobs.items())[: TARGETS - self.rng.randrange(3)])
        self.config.write_text(scrape_config(**kept))
        status, text, _ = self.server.request("/-/reload", b"", method="POST")
        return None if status in (200, 503) else f"{status}: {text.decode()}"

    def start(self) -> None:
        self.turn()
        for thread in (self.writer, *self.loops):
            thread.start()

    def stop(self) -> None:
        for loop in self.loops:
            loop.stop()
        self.writer.stopping.set()
        self.writer.join()

    def close(self) -> None:
        for exporter in self.exporters:
            exporter.close()


def test_server(tmp_path: Path) -> None:
    seed = time.time_ns() % (1 << 32)
    rng = random.Random(seed)
    print(f"\nserver: {MINUTES:g} minutes, seed {seed}", flush=True)
    server = watchkeeper(tmp_path, config=scrape_config())
    load = Load(server, tmp_path, rng)
    load.config.write_text(scrape_config(**load.jobs))
    held: list[int] = []
    with started(server):
        load.start()
        end_s = time.monotonic() + MINUTES * 60
        while time.monotonic() < end_s:
            time.sleep(min(rng.uniform(20, 40), max(end_s - time.monotonic(), 1)))
            held.append(memory_bytes(server))
            server.kill()
            took_s = server.start()
            print(
                f"server: kill {len(held)}, {held[-1] >> 20} MiB, ready in {took_s:.2f} s,"
                f" {len(load.writer.acknowledged)} requests acknowledged",
                flush=True,
            )
        load.stop()
        for loop in load.loops:
            assert loop.n_done
            assert not loop.problems, loop.problems[:3]
        assert_all_there(load.writer)
        for job, seen in load.seen.items():
            stored: dict[float, str] = {}
            for row in server.query(f'ticks{{job="{job}",n="7"}}[1d]'):
                stored |= dict(row["values"])
            assert seen
            assert seen.items() <= stored.items(), f"{len(seen.items() - stored.items())} scrapes of {job} are gone"
        third = len(held) // 3
        if third:
            before, after = statistics.median(held[:third]), statistics.median(held[-third:])
            print(f"server: memory {before / 2**20:.0f} MiB first, {after / 2**20:.0f} MiB last", flush=True)
            assert after < 1.3 * before + (40 << 20), [size >> 20 for size in held]
        load.config.write_text(scrape_config(**load.jobs))
        assert server.request("/-/reload", b"", method="POST")[0] == 200
        wait_for("all targets up", lambda: server.number('sum(up{job=~"job.*"})') == TARGETS)
        assert server.stop() == 0
    load.close()
