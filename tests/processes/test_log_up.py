"""The log pillar as users start it: the agent beside the store, users and tenants, a configuration that changes."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bcrypt
import pytest

from tests.processes.log_server import LogServer, log_server
from tests.processes.running import WATCHKEEPER, started, wait_for

pytestmark = pytest.mark.process

PROMTAIL = """
positions: {{filename: {folder}/positions.yaml}}
target_config: {{sync_period: 200ms}}
scrape_configs:
  - job_name: files
    pipeline_stages:
      - logfmt: {{mapping: {{level: ""}}}}
      - labels: {{level: ""}}
    static_configs:
      - targets: [localhost]
        labels: {{job: files, __path__: "{folder}/logs/*.log"}}
"""


def command(server: LogServer, *arguments: str) -> list[str]:
    """What `watchkeeper logs` writes, line by line."""
    done = subprocess.run(
        [str(WATCHKEEPER), "logs", *arguments, "--url", server.url], capture_output=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().splitlines()


def test_lines_of_files_are_shown_within_seconds(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "promtail.yaml").write_text(PROMTAIL.format(folder=tmp_path))
    server = log_server(tmp_path, "--promtail-config", str(tmp_path / "promtail.yaml"), only=("logs", "agent"))
    file = tmp_path / "logs" / "app.log"
    file.write_text("level=info first\nlevel=error second\n")
    with started(server):
        wait_for("the lines", lambda: len(server.lines('{job="files"}')) == 2)
        assert command(server, '{job="files"}', "-o", "raw") == ["level=info first", "level=error second"]
        with file.open("a") as appended:
            appended.write("level=warn third\n")
        wait_for("the third", lambda: command(server, '{level="warn"}', "-o", "raw") == ["level=warn third"])
        counted = command(server, 'sum by (level) (count_over_time({job="files"}[5m]))')
        assert sorted(line.split() for line in counted if line.split()[1:] == ["1"]) == [
            ["error", "1"], ["info", "1"], ["warn", "1"],
        ]  # fmt: skip
        (one,) = [json.loads(line) for line in command(server, '{level="error"}', "-o", "jsonl")]
        assert one["labels"]["filename"] == str(file)
        assert server.stop() == 0
        # What was read is not read again.
        server.start()
        with file.open("a") as appended:
            appended.write("level=info fourth\n")
        wait_for("the fourth", lambda: len(server.lines('{job="files"}')) == 4)
        assert "Traceback" not in server.log.read_text()
        assert server.stop() == 0


def test_users_are_tenants(tmp_path: Path) -> None:
    hashed = bcrypt.hashpw(b"hush", bcrypt.gensalt(4)).decode()
    (tmp_path / "web.yml").write_text(f"basic_auth_users: {{one: '{hashed}', two: '{hashed}'}}\n")
    config = "auth_enabled: true\n"
    server = log_server(tmp_path, "--web.config.file", str(tmp_path / "web.yml"), config=config)
    with started_behind_users(server):
        for user in ("one", "two"):
            status, text = server.push({'{app="a"}': [(time.time_ns(), f"of {user}")]}, **credentials(user))
            assert status == 204, text
        for user in ("one", "two"):
            status, body, _ = server.request("/loki/api/v1/query_range?query=%7Bapp%3D%22a%22%7D", **credentials(user))
            values = [value[1] for stream in json.loads(body)["data"]["result"] for value in stream["values"]]
            assert (status, values) == (200, [f"of {user}"])
        assert server.request("/loki/api/v1/labels")[0] == 401
        assert server.push({'{app="a"}': [(time.time_ns(), "x")]}, **credentials("one", "wrong"))[0] == 401
        assert server.stop() == 0


@contextmanager
def started_behind_users(server: LogServer) -> Iterator[None]:
    """The server running; what asks whether it is ready has no password."""
    with server.log.open("ab") as log:
        server.process = subprocess.Popen(server.command, stdout=log, stderr=log)
    try:
        wait_for("ready", lambda: server.request("/ready", **credentials("one"))[0] == 200)
        yield
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()


def credentials(user: str, password: str = "hush") -> dict[str, str]:
    """The header of basic authentication."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_limits_are_reloaded(tmp_path: Path) -> None:
    config = "auth_enabled: false\nlimits_config: {max_line_size: %d}\n"
    server = log_server(tmp_path, config=config % 10)
    with started(server):
        line = "twenty characters of it"
        assert server.push({'{app="a"}': [(time.time_ns(), line)]})[0] == 400
        (tmp_path / "loki.yaml").write_text("limits_config: {max_line_size: much}\n")
        hang_up(server, "the old one stays")
        assert server.push({'{app="a"}': [(time.time_ns(), line)]})[0] == 400
        (tmp_path / "loki.yaml").write_text(config % 100)
        hang_up(server, "limits loaded")
        assert server.push({'{app="a"}': [(time.time_ns(), line)]})[0] == 204
        assert server.stop() == 0


def hang_up(server: LogServer, until: str) -> None:
    """SIGHUP, and wait for a line of the log."""
    assert server.process is not None
    server.process.send_signal(signal.SIGHUP)
    wait_for(until, lambda: until in server.log.read_text())


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("limits_config: {max_query_series: many}\n", "loki.yaml:1:35: limits_config.max_query_series"),
        ("auth_enabled: [\n", "loki.yaml:2:1: yaml"),
        ("schema_config: {configs: [{from: 2024-01-01, object_store: nowhere, schema: v13}]}\n", "nowhere"),
    ],
)
def test_a_configuration_that_can_not_be_used_says_where(tmp_path: Path, config: str, said: str) -> None:
    server = log_server(tmp_path, config=config)
    done = subprocess.run(server.command, capture_output=True, timeout=30, check=False)
    assert done.returncode == 2
    assert said in done.stderr.decode()
