"""Senders that others wrote speak to the server, unmodified: what they send is answered."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes.log_server import LogServer, log_server
from tests.processes.running import started, wait_for

pytestmark = pytest.mark.process

SENDERS = Path(__file__).parent.parent / "senders"
NODE = shutil.which("node")
HAS_PACKAGES = (SENDERS / "node_modules" / "winston-loki").is_dir()
needs_node = pytest.mark.skipif(
    NODE is None or not HAS_PACKAGES, reason="node, or the packages of tests/senders (npm ci), are not installed"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogServer]:
    process = log_server(tmp_path_factory.mktemp("senders"))
    with started(process):
        yield process


def send(*command: str) -> None:
    """Runs a sender to its end."""
    done = subprocess.run(command, cwd=SENDERS, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()


def lines(server: LogServer, selector: str, n: int) -> list[tuple[dict[str, str], str]]:
    """The (labels, line) of each entry, oldest first, once there are `n`."""

    def found() -> list[tuple[dict[str, str], str]] | None:
        streams: list[dict[str, Any]] = server.logs(selector)
        every = [(int(value[0]), stream["stream"], value[1]) for stream in streams for value in stream["values"]]
        rows = sorted(every, key=lambda row: row[0])
        return [row[1:] for row in rows] if len(rows) >= n else None

    rows: list[tuple[dict[str, str], str]] = wait_for(f"{n} lines of {selector}", found)
    assert len(rows) == n
    return rows


def test_python_logging_loki(server: LogServer) -> None:
    send(sys.executable, "python_logging_loki.py", server.url)
    rows = lines(server, '{job="python"}', 3)
    assert [line for _, line in rows] == [f"{number} line of python" for number in ("first", "second", "third")]
    assert [labels["severity"] for labels, _ in rows] == ["info", "warning", "error"]
    assert rows[0][0]["user"] == "7"
    assert rows[0][0]["logger"] == "shop"


def test_opentelemetry_sdk(server: LogServer) -> None:
    send(sys.executable, "opentelemetry_logs.py", server.url)
    rows = lines(server, '{service_name="shop", k8s_namespace_name="demo"}', 3)
    assert [line for _, line in rows] == [f"{number} line of otel" for number in ("first", "second", "third")]
    assert [labels["detected_level"] for labels, _ in rows] == ["info", "warn", "error"]
    assert rows[0][0]["host_id"] == "h-1"
    assert rows[0][0]["user"] == "7"
    # What is no index label can be filtered on, and not selected by.
    assert server.logs('{host_id="h-1"}') == []
    assert len(server.logs('{service_name="shop"} | host_id="h-1" | user="7"')) == 1


@needs_node
@pytest.mark.parametrize("encoding", ["protobuf", "json"])
def test_winston(server: LogServer, encoding: str) -> None:
    before = sum(len(stream["values"]) for stream in server.logs('{job="winston"}'))
    send(str(NODE), "winston.mjs", server.url, encoding)
    rows = lines(server, '{job="winston"}', before + 3)
    assert sum("second line of winston" in line for _, line in rows) == before // 3 + 1
    assert {labels["level"] for labels, _ in rows} == {"info", "warn", "error"}


@needs_node
def test_pino(server: LogServer) -> None:
    send(str(NODE), "pino.mjs", server.url)
    texts = [line for _, line in lines(server, '{job="pino"}', 3)]
    for number in ("first", "second", "third"):
        assert sum(f"{number} line of pino" in text for text in texts) == 1
