"""A log server for tests, as small as one can be: it remembers every line of every push."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cramjam

from watchkeeper.core.wire.protobuf import fields


class Receiver:
    """Answers pushes on a free port (or one that is given), with a status that may be changed at any time."""

    def __init__(self, port: int = 0, status: int | Callable[[int], int] = 204) -> None:
        self.lines: list[tuple[str, int, str]] = []  # Labels, time, line.
        self.batches: list[list[str]] = []
        self.headers: list[dict[str, str]] = []
        self.metadata: list[dict[str, str]] = []
        self.status = status
        self.n_requests = 0
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.take(body, dict(self.headers))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass

        self._server = Quiet(("127.0.0.1", port), Handler)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/loki/api/v1/push"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def take(self, body: bytes, headers: dict[str, str]) -> int:
        """Remembers a push and gives its status."""
        with self._lock:
            self.n_requests += 1
            status = self.status(self.n_requests) if callable(self.status) else self.status
            if status // 100 == 2:
                found, metadata = decode(bytes(cramjam.snappy.decompress_raw(body)))
                self.lines += found
                self.metadata += metadata
                self.batches.append([line for _, _, line in found])
                self.headers.append(headers)
        return status

    def texts(self) -> list[str]:
        """The lines alone."""
        with self._lock:
            return [line for _, _, line in self.lines]

    def close(self) -> None:
        """Stops listening; connections that are open are closed."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def decode(body: bytes) -> tuple[list[tuple[str, int, str]], list[dict[str, str]]]:
    """The entries of a PushRequest, field by field."""
    out: list[tuple[str, int, str]] = []
    metadata: list[dict[str, str]] = []
    for number, _, stream in fields(body):
        assert number == 1
        labels = ""
        for number, _, value in fields(stream):
            if number == 1:
                labels = value.decode()
                continue
            time_ns, line, pairs = 0, "", {}
            for number, _, part in fields(value):
                if number == 1:
                    moment = {key: item for key, _, item in fields(part)}
                    time_ns = moment.get(1, 0) * 10**9 + moment.get(2, 0)
                elif number == 2:
                    line = part.decode("utf-8", "backslashreplace")
                else:
                    pair = {key: item.decode() for key, _, item in fields(part)}
                    pairs[pair.get(1, "")] = pair.get(2, "")
            out.append((labels, time_ns, line))
            metadata.append(pairs)
    return out, metadata
