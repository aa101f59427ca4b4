"""A log server as a real process: how tests start it, push to it and ask it."""

from __future__ import annotations

import json
import time
import urllib.parse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cramjam

from tests.processes.running import WATCHKEEPER, Process, free_port
from watchkeeper.core.wire.protobuf import put_bytes, put_int, put_text

Entry = tuple[int, str | bytes]
NS = 1_000_000_000


class LogServer(Process):
    """`watchkeeper up --only logs`."""

    def logs(self, query: str, *, since_s: float = 3600, limit: int = 5000, **parameters: Any) -> list[dict[str, Any]]:
        """The streams of a log query."""
        now = time.time_ns()
        asked = {"start": now - int(since_s * NS), "end": now + 300 * NS, "limit": limit, **parameters}
        result: list[dict[str, Any]] = self.loki("query_range", query=query, **asked)["result"]
        return result

    def lines(self, query: str, **parameters: Any) -> list[str]:
        """All lines of a log query, oldest first."""
        rows = [
            (int(value[0]), number, value[1])
            for stream in self.logs(query, direction="forward", **parameters)
            for number, value in enumerate(stream["values"])
        ]
        return [line for _, _, line in sorted(rows)]

    def count(self, selector: str, span: str = "12h") -> int:
        """How many lines match, up to five minutes from now."""
        asked = {"query": f"sum(count_over_time({selector}[{span}]))", "time": time.time_ns() + 300 * NS}
        result = self.loki("query", **asked)["result"]
        return int(float(result[0]["value"][1])) if result else 0

    def loki(self, path: str, **parameters: Any) -> Any:
        """`data` of a successful answer of /loki/api/v1."""
        status, body, _ = self.request(f"/loki/api/v1/{path}?{urllib.parse.urlencode(parameters, doseq=True)}")
        assert status == 200, body.decode()
        return json.loads(body).get("data")

    def push(self, streams: Mapping[str, Iterable[Entry]], **headers: str) -> tuple[int, str]:
        """Pushes protobuf; the status and the text of the answer."""
        headers = {"Content_Type": "application/x-protobuf", **headers}
        status, body, _ = self.request("/loki/api/v1/push", push_body(streams), "POST", **headers)
        return status, body.decode()


def push_body(streams: Mapping[str, Iterable[Entry]]) -> bytes:
    """A PushRequest of label texts and their entries (ns, line), snappy-compressed."""
    out = []
    for labels, entries in streams.items():
        body = [put_text(1, labels)]
        for ts_ns, line in entries:
            stamp = put_int(1, ts_ns // NS) + put_int(2, ts_ns % NS)
            data = line.encode() if isinstance(line, str) else line
            body.append(put_bytes(2, put_bytes(1, stamp) + put_bytes(2, data)))
        out.append(put_bytes(1, b"".join(body)))
    return bytes(cramjam.snappy.compress_raw(b"".join(out)))


def log_server(folder: Path, *flags: str, config: str | None = None, only: Sequence[str] = ("logs",)) -> LogServer:
    """A server over `folder`, not started yet; `config` is the text of its loki.yaml."""
    port = free_port()
    folder.mkdir(exist_ok=True)
    command = [str(WATCHKEEPER), "up", "--only", ",".join(only), "--data-dir", str(folder / "data")]
    command += ["--logs-port", str(port)]
    if config is not None:
        (folder / "loki.yaml").write_text(config)
        command += ["--loki-config", str(folder / "loki.yaml")]
    return LogServer([*command, *flags], port, "/ready", folder / "log")
