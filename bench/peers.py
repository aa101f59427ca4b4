"""The servers that are compared: how each is started, asked, made to tidy its disk, and measured."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Peer:
    """One server. `command` holds `{dir}`, `{port}`, `{config}`; `disk` is what is weighed below the data folder."""

    name: str
    command: list[str]
    port: int
    ready: str
    process: subprocess.Popen[bytes] | None = field(default=None)
    dir: Path = Path()
    log: Path = Path()

    def start(self, work: Path, config: Path) -> float:
        """Starts it and waits until it says that it is ready; returns how many seconds that took."""
        self.dir = work / self.name
        self.dir.mkdir(exist_ok=True)
        self.log = work / f"{self.name}.log"
        words = [part.format(dir=self.dir, port=self.port, config=config) for part in self.command]
        start_s = time.perf_counter()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(words, stdout=log, stderr=log, cwd=work)
        while time.perf_counter() - start_s < 120:
            try:
                self.get(self.ready)
                return time.perf_counter() - start_s
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.02)
            if self.process.poll() is not None:
                break
        raise RuntimeError(f"{self.name} did not become ready; its log:\n{self.log.read_text()[-2000:]}")

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """SIGTERM, then -9 after half a minute."""
        assert self.process is not None
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()

    def get(self, path: str, timeout_s: float = 60, method: str = "GET") -> bytes:
        """The body of an answer."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as response:
                body: bytes = response.read()
                return body
        except urllib.error.HTTPError as error:
            if error.code == 503:
                raise
            raise RuntimeError(f"{self.name}: {path}: {error.code}: {error.read().decode()}") from None

    def query(self, path: str, **parameters: Any) -> Any:
        """The data of an API answer."""
        return json.loads(self.get(f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}"))["data"]

    @property
    def cpu_s(self) -> float:
        """User and system seconds so far."""
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S

    @property
    def resident_bytes(self) -> int:
        """Memory in use by the process, file pages apart."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        values = dict(line.split(":", 1) for line in status.splitlines())
        return (int(values["RssAnon"].split()[0]) + int(values["RssShmem"].split()[0])) * 1024

    @property
    def resident_all_bytes(self) -> int:
        """Memory in use with the file pages that are mapped."""
        assert self.process is not None
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * PAGE_BYTES

    def compacted_bytes(self) -> int:
        """What the samples take on disk once the server has tidied them."""
        match self.name:
            case "watchkeeper" | "prometheus":
                answer = json.loads(self.get("/api/v1/admin/tsdb/snapshot", 600, "POST"))
                base = self.dir / ("metrics" if (self.dir / "metrics").is_dir() else "") / "snapshots"
                return folder_bytes(base / answer["data"]["name"])
            case _:
                self.get("/internal/force_flush")
                self.get("/internal/force_merge", 600)
                time.sleep(3)
                before = -1
                while (now := folder_bytes(self.dir / "data") + folder_bytes(self.dir / "indexdb")) != before:
                    before = now
                    time.sleep(2)
                return now


def folder_bytes(folder: Path) -> int:
    """What the files below a folder hold."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def installed(first_port: int = 22090) -> list[Peer]:
    """watchkeeper, and those of its peers that this machine has."""
    watchkeeper = Path(sys.executable).with_name("watchkeeper")
    peers = [
        Peer(
            "watchkeeper",
            [
                str(watchkeeper), "up", "--only", "metrics", "--data-dir", "{dir}", "--prometheus-config", "{config}",
                "--metrics-port", "{port}", "--web.enable-admin-api", "--web.enable-lifecycle",
            ],
            first_port,
            "/-/ready",
        ),
        Peer(
            "prometheus",
            [
                "prometheus", "--storage.tsdb.path={dir}", "--config.file={config}",
                "--web.listen-address=127.0.0.1:{port}", "--web.enable-admin-api",
            ],
            first_port + 1,
            "/-/ready",
        ),
        Peer(
            "victoria-metrics",
            [
                "victoria-metrics", "-storageDataPath={dir}", "-promscrape.config={config}",
                "-httpListenAddr=127.0.0.1:{port}", "-retentionPeriod=10d", "-loggerLevel=WARN",
                "-search.latencyOffset=1s",
            ],
            first_port + 2,
            "/health",
        ),
    ]  # fmt: skip
    return [peer for peer in peers if shutil.which(peer.command[0])]
