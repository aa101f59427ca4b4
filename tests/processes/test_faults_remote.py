"""Receivers that fail in every way: the good one beside them gets every sample, and scraping and answers go on."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.processes.broken_system import fill, small_disk
from tests.processes.running import Exporter, Process, scrape_config, started, wait_for, watchkeeper
from tests.processes.test_faults_scrape import RawTarget, body, drip, endless_headers, raw, reset, silent
from tests.processes.watch import PATIENCE_S, Watch, memory_bytes, spacing

pytestmark = pytest.mark.process

MIB = 1 << 20


def times(server: Process, series: str) -> set[float]:
    """When a series has samples."""
    found = server.query(f"{series}[1h]")
    return {time_s for time_s, _ in found[0]["values"]} if found else set()


def with_remote_write(config: str, *urls: str) -> str:
    """The configuration, and receivers that are tried again soon."""
    queue = "queue_config: {batch_send_deadline: 100ms, min_backoff: 50ms, max_backoff: 200ms}"
    lines = [f"  - {{url: '{url}', remote_timeout: 500ms, {queue}}}" for url in urls]
    return config + "remote_write:\n" + "\n".join(lines) + "\n"


def test_hostile_receivers(tmp_path: Path) -> None:
    exporter = Exporter(b"good 1\n")
    receiver = watchkeeper(tmp_path / "receiver", config="{}")
    hostile = [
        RawTarget(answer)
        for answer in (
            body(b"no", status="500 Internal Server Error"),
            body(b"x" * MIB, status="400 Bad Request"),
            body(b"", "Retry-After: 99999999999", status="429 Too Many Requests"),
            body(b"", "Location: /api/v1/write", status="307 Temporary Redirect"),
            raw(b"HTTP/1.1 999 Odd\r\n\r\n"),
            raw(b"\0" * 1000),
            lambda _: None,
            reset,
            silent,
            drip,
            endless_headers,
        )
    ]
    urls = [f"http://{target.address}/api/v1/write" for target in hostile] + ["http://127.0.0.1:1/api/v1/write"]
    urls.append(f"{receiver.url}/api/v1/write")
    server = watchkeeper(tmp_path / "sender", config=with_remote_write(scrape_config(good=exporter.address), *urls))
    with started(receiver, server):
        watch = Watch(server)
        watch.start()
        time.sleep(4)
        sent = times(server, "good")
        assert len(sent) > 10
        wait_for("every sample at the good receiver", lambda: sent <= times(receiver, "good"))
        assert spacing(server, "good") < 0.5 + watch.slowest_s
        assert not watch.stop()
        assert watch.slowest_s < PATIENCE_S
        assert memory_bytes(server) < 400 * MIB
        text = server.log.read_text()
        assert "Traceback" not in text
        assert "level=error" in text or "level=warn" in text
        assert server.stop() == 0
    for target in hostile:
        target.close()
    exporter.close()


def test_a_full_disk_of_a_sender(tmp_path: Path) -> None:
    """What it stored it has sent, before and after."""
    exporter = Exporter(b"good 1\n")
    receiver = watchkeeper(tmp_path / "receiver", config="{}")
    config = with_remote_write(scrape_config(good=exporter.address), f"{receiver.url}/api/v1/write")
    server = watchkeeper(tmp_path / "sender", config=config)
    with small_disk(tmp_path / "sender" / "data"), started(receiver, server):
        wait_for("samples at the receiver", lambda: len(times(receiver, "good")) > 3)
        ballast = fill(tmp_path / "sender" / "data")
        wait_for("an error", lambda: "No space left" in server.log.read_text())
        time.sleep(1)
        assert server.request("/-/healthy")[0] == 200
        assert server.query("good[1h]")
        ballast.unlink()
        freed_s = time.time()
        wait_for("new samples at the receiver", lambda: max(times(receiver, "good")) > freed_s + 1)
        stored = times(server, "good")
        wait_for("every stored sample at the receiver", lambda: stored <= times(receiver, "good"))
        assert "Traceback" not in server.log.read_text()
        assert server.stop() == 0
    exporter.close()
