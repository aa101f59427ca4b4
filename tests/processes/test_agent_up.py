"""The agent inside of `up`: lines reach the store at once, and a kill repeats one push at most."""

from __future__ import annotations

import json
import urllib.parse
from pathlib import Path

import pytest

from tests.processes.running import WATCHKEEPER, Process, free_port, started, wait_for
from tests.processes.test_agent import Writer

pytestmark = pytest.mark.process


def server(folder: Path) -> Process:
    port = free_port()
    (folder / "logs").mkdir(exist_ok=True)
    (folder / "promtail.yaml").write_text(
        f"""
positions: {{filename: {folder}/positions.yaml, sync_period: 1h}}
target_config: {{sync_period: 200ms}}
scrape_configs:
  - job_name: files
    static_configs: [{{labels: {{job: files, __path__: "{folder}/logs/*.log"}}}}]
"""
    )
    command = [str(WATCHKEEPER), "up", "--only", "logs,agent", "--data-dir", str(folder / "data")]
    command += ["--logs-port", str(port), "--promtail-config", str(folder / "promtail.yaml")]
    return Process(command, port, "/ready", folder / "log")


def lines(process: Process) -> list[str]:
    query = urllib.parse.urlencode({"query": '{job="files"}', "limit": 5000, "direction": "forward", "since": "1h"})
    status, body, _ = process.request(f"/loki/api/v1/query_range?{query}")
    assert status == 200, body
    found = json.loads(body)["data"]["result"]
    return [line for stream in found for _, line, *_ in stream["values"]]


def test_kills_repeat_one_push_at_most(tmp_path: Path) -> None:
    process = server(tmp_path)
    writer = Writer(tmp_path / "logs" / "app.log", pause_s=0.004)
    seen = 0
    try:
        for _ in range(2):
            with started(process):
                wait_for("more lines", lambda seen=seen: len(set(lines(process))) > seen + 100)
                seen = len(set(lines(process)))
                process.kill()
    finally:
        expected = writer.stop()
    with started(process):
        wait_for("all lines", lambda: len(set(lines(process))) >= len(expected))
        got = lines(process)
        assert process.stop() == 0
    assert set(got) == set(expected)
    # A push holds what was written in a fifth of a second, some 50 lines; two kills repeat two at most.
    assert len(got) - len(expected) <= 200
