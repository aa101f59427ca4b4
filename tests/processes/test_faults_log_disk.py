"""A full disk under the log store: pushes are refused clearly, lines are read, and pushes go on when there is room."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from tests.processes.broken_system import fill, small_disk
from tests.processes.log_server import log_server
from tests.processes.running import started, wait_for

pytestmark = pytest.mark.process


def test_a_full_disk(tmp_path: Path) -> None:
    server = log_server(tmp_path)
    acknowledged: list[str] = []

    def push() -> int:
        line = f"line {len(acknowledged)} of many, " + "x" * 2000
        status, text = server.push({'{job="full"}': [(time.time_ns(), line)]})
        assert status in (204, 500, 503), (status, text)
        if status == 204:
            acknowledged.append(line)
        else:
            assert "no space left" in text.lower(), text
        return status

    with small_disk(tmp_path / "data"), started(server):
        for _ in range(50):
            assert push() == 204
        ballast = fill(tmp_path / "data")
        wait_for("a refusal", lambda: push() != 204)
        assert server.lines('{job="full"}') == acknowledged
        # Asked to flush, it can't; nothing is lost by trying.
        server.request("/flush", b"", "POST")
        assert server.lines('{job="full"}') == acknowledged
        ballast.unlink()
        wait_for("room again", lambda: push() == 204)
        for _ in range(20):
            assert push() == 204
        server.kill()
        server.start()
        assert server.lines('{job="full"}') == acknowledged
        server.request("/flush", b"", "POST")
        wait_for("the lines from segments", lambda: server.lines('{job="full"}') == acknowledged)
        assert "Traceback" not in server.log.read_text()
        assert server.stop() == 0


def test_damaged_files_cost_only_themselves(tmp_path: Path) -> None:
    rng = random.Random(1)
    server = log_server(tmp_path)
    with started(server):
        now = time.time_ns()
        for part in range(4):
            # Random text: every byte of the file holds something.
            entries = [(now + part * 1_000_000 + i, f"part {part} {rng.randbytes(20).hex()}") for i in range(500)]
            assert server.push({'{job="damage", part="%d"}' % part: entries})[0] == 204
            assert server.request("/flush", b"", "POST")[0] == 204
        assert server.push({'{job="damage", part="wal"}': [(now, "in the log alone")]})[0] == 204
        server.kill()
    files = segments(tmp_path)
    assert len(files) == 4
    damaged = bytearray(files[0].read_bytes())
    damaged[len(damaged) // 3 : len(damaged) // 3 + 64] = bytes(64)
    files[0].write_bytes(damaged)
    with started(server):
        found = server.lines('{job="damage"}')
        assert "in the log alone" in found
        kept = [line.split()[1] for line in found if line.startswith("part")]
        assert {part: kept.count(part) for part in set(kept)} == {"1": 500, "2": 500, "3": 500}
        assert server.push({'{job="damage", part="after"}': [(time.time_ns(), "after it")]})[0] == 204
        assert "after it" in server.lines('{job="damage"}')
        assert "Traceback" not in server.log.read_text()
        assert files[0].name in server.log.read_text()
        assert server.stop() == 0


def segments(folder: Path) -> list[Path]:
    """The segment files of a server's data, oldest first."""
    return sorted((folder / "data").rglob("*.wkl"), key=lambda path: path.stat().st_mtime)
