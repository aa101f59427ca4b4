"""Real processes on free ports of this machine, and how tests talk to them."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

WATCHKEEPER = Path(sys.executable).with_name("watchkeeper")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(what: str, is_true: Callable[[], Any], timeout_s: float = 60.0) -> Any:
    """What `is_true` returns once it is true; fails with `what` when that takes too long."""
    deadline_s = time.monotonic() + timeout_s
    last: Any = None
    while time.monotonic() < deadline_s:
        try:
            if last := is_true():
                return last
        except (OSError, urllib.error.URLError, AssertionError, LookupError) as error:
            last = error
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {timeout_s} s; last: {last!r}")


class Http:
    """A client of one server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def request(
        self, path: str, body: bytes | None = None, method: str | None = None, **headers: str
    ) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers; an error status is an answer too."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, data=body, method=method, headers=sent)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status, response.read(), dict(response.headers)
        except urllib.error.HTTPError as error:
            return error.code, error.read(), dict(error.headers)

    def api(self, path: str, **parameters: Any) -> Any:
        """`data` of a successful answer of /api/v1."""
        query = urllib.parse.urlencode(parameters, doseq=True)
        status, body, _ = self.request(f"/api/v1/{path}?{query}")
        assert status == 200, body.decode()
        return json.loads(body)["data"]

    def query(self, expression: str, **parameters: Any) -> list[dict[str, Any]]:
        """The result of an instant query."""
        result: list[dict[str, Any]] = self.api("query", query=expression, **parameters)["result"]
        return result

    def number(self, expression: str, **parameters: Any) -> float:
        """The value of an expression with one series."""
        result = self.query(expression, **parameters)
        assert len(result) == 1, result
        return float(result[0]["value"][1])


class Process(Http):
    """One started program."""

    def __init__(self, command: list[str], port: int, ready: str, log: Path) -> None:
        super().__init__(port)
        self.command = command
        self.ready = ready
        self.log = log
        self.environment: dict[str, str] | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, timeout_s: float = 30.0) -> float:
        """Starts it and waits until it is ready; the seconds that took."""
        start_s = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, env=self.environment)
        while time.monotonic() - start_s < timeout_s:
            try:
                if self.request(self.ready)[0] == 200:
                    return time.monotonic() - start_s
            except OSError:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f"{self.command[0]} did not become ready:\n{self.log.read_text()[-3000:]}")

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self.process is not None
        return self.process.pid

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"did not stop within 20 s:\n{self.log.read_text()[-3000:]}") from None


def watchkeeper(folder: Path, *flags: str, config: str | None = None) -> Process:
    """A server over `folder`, not started yet; `config` is the text of its prometheus.yml."""
    port = free_port()
    folder.mkdir(exist_ok=True)
    command = [str(WATCHKEEPER), "up", "--only", "metrics", "--data-dir", str(folder / "data")]
    command += ["--metrics-port", str(port), "--web.enable-lifecycle", "--web.enable-admin-api"]
    command += ["--web.enable-remote-write-receiver"]
    if config is not None:
        (folder / "prometheus.yml").write_text(config)
        command += ["--prometheus-config", str(folder / "prometheus.yml")]
    return Process([*command, *flags], port, "/-/ready", folder / "log")


@contextmanager
def started(*processes: Process) -> Iterator[None]:
    """All of them running; none of them afterwards, whatever happens."""
    try:
        for process in processes:
            process.start()
        yield
    finally:
        for process in processes:
            if process.process is not None and process.process.poll() is None:
                process.process.kill()
                process.process.wait()


class Exporter:
    """A scrape target in this process: `body` is what it says, and may be changed at any time."""

    def __init__(self, body: bytes = b"", content_type: str = "text/plain; version=0.0.4") -> None:
        self.body = body
        self.content_type = content_type
        self.n_scrapes = 0
        exporter = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                exporter.n_scrapes += 1
                body = exporter.body
                self.send_response(200)
                self.send_header("Content-Type", exporter.content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def scrape_config(**jobs: str) -> str:
    """A prometheus.yml with one target a job, scraped five times a second."""
    lines = ["global: {scrape_interval: 200ms, scrape_timeout: 200ms}", "scrape_configs:"]
    lines += [f"  - {{job_name: {job}, static_configs: [{{targets: ['{address}']}}]}}" for job, address in jobs.items()]
    return "\n".join(lines) + "\n"
