"""A real S3 server (rclone) holds the data: the local folder may go, the server may go away, an object may rot."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.processes.log_server import NS, LogServer, log_server
from tests.processes.running import free_port, started, wait_for

pytestmark = pytest.mark.process

CONFIG = """
auth_enabled: false
common:
  storage:
    s3:
      endpoint: http://127.0.0.1:{port}
      bucketnames: chunks
      access_key_id: the-key
      secret_access_key: the-secret
      s3forcepathstyle: true
      insecure: true
schema_config:
  configs:
    - from: 2024-01-01
      store: tsdb
      object_store: s3
      schema: v13
      index: {{prefix: index_, period: 24h}}
ingester:
  flush_op_backoff: {{min_period: 200ms, max_period: 1s}}
limits_config:
  ingestion_rate_mb: 1000
  ingestion_burst_size_mb: 1000
"""


class S3:
    """`rclone serve s3` over a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        (folder / "chunks").mkdir(parents=True)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Serves until stopped."""
        self._process = subprocess.Popen(
            [rclone(), "serve", "s3", str(self.folder), "--addr", f"127.0.0.1:{self.port}", "--auth-key",
             "the-key,the-secret", "--no-cleanup"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def stop(self) -> None:
        """Away, as when the network is."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def segments(self) -> list[Path]:
        """The files behind the objects that hold lines."""
        return sorted((self.folder / "chunks").rglob("*.wkl"))


def rclone() -> str:
    """The program that the package brings."""
    beside = Path(sys.executable).with_name("rclone")
    found = str(beside) if beside.exists() else shutil.which("rclone")
    if found is None:
        pytest.skip("rclone is not installed")
    return found


@contextmanager
def bucket(folder: Path) -> Iterator[S3]:
    s3 = S3(folder)
    s3.start()
    try:
        yield s3
    finally:
        s3.stop()


def push(server: LogServer, n: int, lines: int = 500) -> list[str]:
    """One push of a stream of its own, an hour of it."""
    now = time.time_ns() - 1800 * NS
    texts = [f'{{"level":"info","batch":{n},"n":{i},"msg":"kept in a bucket"}}' for i in range(lines)]
    status, answer = server.push({'{job="bucket", batch="%d"}' % n: [(now + i, text) for i, text in enumerate(texts)]})
    assert status == 204, answer
    return texts


def test_everything_flushed_survives_the_loss_of_the_local_folder(tmp_path: Path) -> None:
    with bucket(tmp_path / "s3") as s3:
        server = log_server(tmp_path / "server", config=CONFIG.format(port=s3.port))
        with started(server):
            written = [line for n in range(5) for line in push(server, n)]
            assert server.request("/flush", b"", "POST")[0] in (200, 204)
            assert len(s3.segments()) >= 1
            assert server.stop() == 0
        shutil.rmtree(tmp_path / "server" / "data")
        with started(server):
            found = wait_for("the lines", lambda: server.lines('{job="bucket"}'))
            assert sorted(found) == sorted(written)
            assert server.count('{job="bucket"} | json | batch="3" | n >= 490') == 10
            assert "the-secret" not in server.log.read_text()
            assert b"the-secret" not in server.request("/config")[1]
            assert server.stop() == 0


def test_a_bucket_that_is_away_for_a_while(tmp_path: Path) -> None:
    with bucket(tmp_path / "s3") as s3:
        server = log_server(tmp_path / "server", config=CONFIG.format(port=s3.port))
        with started(server):
            written = push(server, 0)
            s3.stop()
            for n in range(1, 5):
                written += push(server, n)
                server.request("/flush", b"", "POST")
            # What was flushed meanwhile is still here, and answered.
            assert sorted(server.lines('{job="bucket"}')) == sorted(written)
            server.kill()
            server.start()
            assert sorted(server.lines('{job="bucket"}')) == sorted(written)
            assert not s3.segments()
            s3.start()
            # Nobody asks for it: what waits is tried again.
            wait_for("the uploads", lambda: len(s3.segments()) >= 4, 60)
            assert server.stop() == 0
        shutil.rmtree(tmp_path / "server" / "data")
        with started(server):
            assert sorted(server.lines('{job="bucket"}')) == sorted(written)


def test_an_object_that_rots_costs_only_itself(tmp_path: Path) -> None:
    with bucket(tmp_path / "s3") as s3:
        server = log_server(tmp_path / "server", config=CONFIG.format(port=s3.port))
        with started(server):
            for n in range(4):
                push(server, n)
                server.request("/flush", b"", "POST")
            wait_for("the uploads", lambda: len(s3.segments()) >= 4)
            assert server.stop() == 0
        shutil.rmtree(tmp_path / "server" / "data")
        rotten = s3.segments()[0]
        data = bytearray(rotten.read_bytes())
        data[len(data) // 4 : len(data) // 4 + 40] = bytes(40)
        rotten.write_bytes(data)
        with started(server):
            found = server.lines('{job="bucket"}')
            assert len(found) == 1500
            assert server.request("/ready")[0] == 200
            written = push(server, 99)
            assert set(written) <= set(server.lines('{job="bucket"}'))
            assert "Traceback" not in server.log.read_text()
            assert rotten.name in server.log.read_text()
            assert server.stop() == 0
