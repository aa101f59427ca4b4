"""What the agent needs: idle, and following 100 files that grow by 10,000 lines a second together."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from bench.peers import Peer

N_FILES = 100
LINES_PER_S = 10_000
SECONDS = 20
ROUNDS_PER_S = 10

CONFIG = """
server: {{http_listen_port: {{port}}, http_listen_address: 127.0.0.1}}
positions: {{filename: {work}/positions.yaml}}
clients: [{{url: 'http://127.0.0.1:{loki}/loki/api/v1/push'}}]
scrape_configs:
  - job_name: bench
    static_configs: [{{targets: [localhost], labels: {{job: agent-bench, __path__: '{work}/follow/*.log'}}}}]
"""


def measure_agent(loki_port: int, work: Path, port: int = 19080) -> dict[str, float]:
    """MB resident when idle, percent of one core while it follows, and lines that did not arrive."""
    follow = work / "follow"
    follow.mkdir()
    config = work / "promtail.yaml"
    config.write_text(CONFIG.format(work=work, loki=loki_port).replace("{port}", str(port)))
    peer = Peer(
        "agent",
        [str(Path(sys.executable).with_name("watchkeeper")), "agent", "-config.file", "{config}"],
        port,
        "/metrics",
    )
    peer.start(work, config)
    try:
        time.sleep(5)
        idle_mb = peer.resident_all_bytes / 2**20
        files = [open(follow / f"{i:03d}.log", "w") for i in range(N_FILES)]  # noqa: SIM115  # Written to for a while.
        time.sleep(12)  # New files are looked for every ten seconds.
        cpu_before, began = peer.cpu_s, time.perf_counter()
        written = 0
        each = LINES_PER_S // ROUNDS_PER_S // N_FILES
        while (elapsed := time.perf_counter() - began) < SECONDS:
            for number, file in enumerate(files):
                text = (
                    f'level=info file={number} n={written} msg="a line that is about as long as lines are" path=/api/v1'
                )
                file.write((text + "\n") * each)
                file.flush()
                written += each
            time.sleep(max(0.0, written / LINES_PER_S - elapsed))
        cpu_s, took_s = peer.cpu_s - cpu_before, time.perf_counter() - began
        time.sleep(3)
        sent = metric(peer, "promtail_sent_entries_total")
        return {
            "idle MB resident": idle_mb,
            "MB resident": peer.resident_all_bytes / 2**20,
            "% of a core": cpu_s / took_s * 100,
            "lines/s": written / took_s,
            "lines not sent": written - sent,
        }
    finally:
        peer.stop()


def metric(peer: Peer, name: str) -> float:
    """The sum of a counter over its series."""
    lines = peer.get("/metrics").decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name) and "_created" not in line)
