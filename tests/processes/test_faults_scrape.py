"""Hostile targets: each is down with a clear error; its neighbour misses no scrape, and the server answers."""

from __future__ import annotations

import gzip
import io
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.processes.running import Exporter, Process, started, wait_for, watchkeeper
from tests.processes.watch import PATIENCE_S, Watch, memory_bytes, spacing

pytestmark = pytest.mark.process

Answer = Callable[[socket.socket], None]
MIB = 1 << 20


class RawTarget:
    """Answers every request with bytes of the test's choice, well-formed or not, one thread a connection."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._stopping = False
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while not self._stopping:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(20)
            try:
                asked = b""
                while b"\r\n\r\n" not in asked:
                    data = connection.recv(65536)
                    if not data:
                        return
                    asked += data
                self._answer(connection)
            except OSError:
                pass

    def close(self) -> None:
        """Stops listening."""
        self._stopping = True
        self._listener.close()


def body(data: bytes, *headers: str, type_: str = "text/plain; version=0.0.4", status: str = "200 OK") -> Answer:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {type_}", f"Content-Length: {len(data)}", "Connection: close"]
    return raw("\r\n".join([*lines, *headers]).encode() + b"\r\n\r\n" + data)


def raw(data: bytes) -> Answer:
    """These bytes, then the end."""
    return lambda connection: connection.sendall(data)


def reset(connection: socket.socket) -> None:
    """Half an answer, then RST."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nContent-Type: text/plain\r\n\r\nup_to_here 1\n")
    time.sleep(0.02)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def drip(connection: socket.socket) -> None:
    """A byte now and then, for ever."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    for _ in range(400):
        connection.sendall(b"a")
        time.sleep(0.05)


def silent(connection: socket.socket) -> None:
    """Nothing at all."""
    time.sleep(20)


def endless(connection: socket.socket) -> None:
    """Good lines that never end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    number = 0
    while True:
        connection.sendall(b"".join(b"endless_%d 1\n" % i for i in range(number, number + 5000)))
        number += 5000


def endless_headers(connection: socket.socket) -> None:
    """A header line that never ends."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while True:
        connection.sendall(b"a" * 65536)


def endless_chunks(connection: socket.socket) -> None:
    """Chunk after chunk of one label value that never ends."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
    connection.sendall(b'7\r\nm{a="aa\r\n')
    while True:
        connection.sendall(b"10000\r\n" + b"a" * 65536 + b"\r\n")


def bomb(size_bytes: int, line: bytes = b"bomb 1\n") -> bytes:
    """Gzip of so many bytes in a thousandth of it."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1) as file:
        piece = line * (MIB // len(line))
        for _ in range(size_bytes // MIB):
            file.write(piece)
    return out.getvalue()


GZIP = "Content-Encoding: gzip"
PACKED = gzip.compress(b"fine 1\n" * 50)
OPENMETRICS = "application/openmetrics-text; version=1.0.0"

# Name of the job: what it answers, and what its last error must say.
HOSTILE: dict[str, tuple[Answer, str]] = {
    "bad_escape": (body(b'a{x="\\"} 1\n'), r"line 1|expected|string"),
    "open_string": (body(b'a{x="abc} 1\n'), r"."),
    "no_value": (body(b"fine 1\na\n"), r"line 2|\"a\"|expected value"),
    "bad_value": (body(b"a 12x\n"), r"12x|line 1"),
    "bad_time": (body(b"a 1 soon\n"), r"soon|line 1"),
    "no_name": (body(b'{x="y"} 1\n'), r"name"),
    "bad_label": (body(b'a{0x="y"} 1\n'), r"line 1|0x|unexpected|expected"),
    "binary": (body(bytes(range(256)) * 20), r"."),
    "zeros": (body(bytes(5000)), r"."),
    "invalid_utf8": (body(b'a{x="\xff\xfe"} 1\n'), r"(?i)utf-?8"),
    "html": (body(b"<html><body>It works!</body></html>", type_="text/html"), r"text/html|unsupported|line 1|fallback"),
    "no_eof": (body(b"# TYPE a gauge\na 1\n", type_=OPENMETRICS), r"EOF"),
    "wrong_type": (body(b"\x0a\x03abc", type_="application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily"
                        "; encoding=delimited"), r"."),
    "no_type": (body(b"a 1\n", type_=""), r"(?i)content-type"),
    "long_label": (body(b'a{x="' + b"y" * MIB + b'"} 1\n'), r"label_value_length_limit|label.*limit"),
    "broken_gzip": (body(PACKED[:-12], GZIP), r"EOF|gzip|flate"),
    "wrong_checksum": (body(PACKED[:-6] + b"\0\0" + PACKED[-4:], GZIP), r"gzip"),
    "not_gzip": (body(b"a 1\n", GZIP), r"gzip"),
    "other_encoding": (body(b"a 1\n", "Content-Encoding: br"), r"br"),
    "reset": (reset, r"connection reset|EOF"),
    "short_body": (raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 999\r\n\r\na 1\n"), r"EOF"),
    "closed": (lambda _: None, r"EOF"),
    "drip": (drip, r"context deadline exceeded"),
    "silent": (silent, r"context deadline exceeded"),
    "garbage": (raw(b"SSH-2.0-OpenSSH_9.2\r\n"), r"malformed HTTP"),
    "huge_headers": (raw(b"HTTP/1.1 200 OK\r\nX: " + b"a" * MIB + b"\r\n\r\na 1\n"), r"header"),
    "endless_headers": (endless_headers, r"header|deadline"),
    "many_headers": (raw(b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 200_000 + b"\r\na 1\n"), r"header"),
    "bad_length": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\na 1\n"), r"malformed HTTP"),
    "two_lengths": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 9\r\n\r\na 1\n"), r"malformed|EOF"),
    "bad_chunk": (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\na 1\n\r\n0\r\n\r\n"), r"malformed"),
    "redirect_loop": (body(b"", "Location: /a", status="302 Found"), r"stopped after 10 redirects"),
    "redirect_nowhere": (raw(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"), r"302|Location"),
    "redirect_to_file": (
        raw(b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"), r"scheme|file|302"),
    "status_500": (body(b"a 1\n", status="500 Internal Server Error"), r"server returned HTTP status 500"),
    "status_999": (raw(b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n"), r"999"),
    "only_continue": (raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 50), r"EOF|deadline"),
}  # fmt: skip

# These look odd, and are good.
ODD: dict[str, Answer] = {
    "http_1_0": raw(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nodd 1\n"),
    "junk_behind": raw(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"6\r\nodd 1\n\r\n0\r\n\r\nHTTP/1.1 666 JUNK \0\0\0"
    ),
    "duplicates": body(b"odd 1\nodd 1\nodd 2\n"),
    "mixed_types": body(b"# TYPE odd counter\n# TYPE odd gauge\nodd 1\n# TYPE odd histogram\n"),
    "many_members": body(gzip.compress(b"odd 1\n") + gzip.compress(b"even 2\n"), GZIP),
    "big_label": body(b'odd{x="' + b"y" * MIB + b'"} 1\n'),
    "unknown_escape": body(b'odd{x="\\q"} 1\n'),
    "crlf": body(b"# HELP odd \\x odd\nodd 1\n\n\n"),
    "continued": raw(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nodd 1\n"
    ),
}


def config(jobs: dict[str, str], interval: str = "200ms", **extra: str) -> str:
    """A prometheus.yml with one target a job."""
    lines = [f"global: {{scrape_interval: {interval}, scrape_timeout: {interval}}}", "scrape_configs:"]
    for job, address in jobs.items():
        lines.append(f"  - {{job_name: {job}, static_configs: [{{targets: ['{address}']}}]{extra.get(job, '')}}}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def good() -> Iterator[Exporter]:
    """The target that must not miss a scrape."""
    exporter = Exporter(b"good 1\n")
    yield exporter
    exporter.close()


def errors(server: Process) -> dict[str, tuple[str, str]]:
    """Health and last error of each job's target."""
    active = server.api("targets")["activeTargets"]
    return {target["labels"]["job"]: (target["health"], target["lastError"]) for target in active}


def scraped(server: Process, n_jobs: int) -> None:
    """Waits until every target was tried."""
    wait_for(
        "a scrape of each",
        lambda: len(found := errors(server)) == n_jobs and all(health != "unknown" for health, _ in found.values()),
        40,
    )


def test_hostile_answers(tmp_path: Path, good: Exporter) -> None:
    targets = {job: RawTarget(answer) for job, (answer, _) in HOSTILE.items()}
    targets |= {job: RawTarget(answer) for job, answer in ODD.items()}
    jobs = {"good": good.address, **{job: target.address for job, target in targets.items()}}
    extra = {
        "good": ", scrape_interval: 500ms, scrape_timeout: 500ms",
        "long_label": ", label_value_length_limit: 1000",
    }
    server = watchkeeper(tmp_path, config=config(jobs, "400ms", **extra))
    with started(server):
        watch = Watch(server)
        watch.start()
        scraped(server, len(jobs))
        time.sleep(3)
        found = errors(server)
        wrong = {job: found[job] for job in ODD if found[job] != ("up", "")}
        for job, (_, text) in HOSTILE.items():
            health, error = found[job]
            if health != "down" or not re.search(text, error) or len(error) > 1000 or "internal error" in error:
                wrong[job] = (health, error[:300])
        assert not wrong, "\n".join(f"{job}: {seen}" for job, seen in wrong.items())
        assert found["good"] == ("up", "")
        assert spacing(server, "good") < 1.2 + watch.slowest_s
        assert {row["metric"]["job"] for row in server.query("up == 1")} == {"good", *ODD}
        assert {row["metric"]["job"] for row in server.query("odd")} == set(ODD)
        assert server.number("count(up == 0)") == len(HOSTILE)
        assert not watch.stop()
        assert watch.slowest_s < PATIENCE_S
        assert memory_bytes(server, "VmHWM") < 300 * MIB
        assert "Traceback" not in server.log.read_text()
        assert server.stop() == 0
    for target in targets.values():
        target.close()


def test_enormous_answers(tmp_path: Path, good: Exporter) -> None:
    """Bodies without end, and bodies that unpack to hundreds of megabytes."""
    label_bomb = bomb(400 * MIB, b"y" * MIB)
    hostile: dict[str, tuple[Answer, str]] = {
        "endless": (endless, r"deadline|body size"),
        "endless_chunks": (endless_chunks, r"deadline|body size"),
        "bomb": (body(bomb(400 * MIB), GZIP), r"body size limit"),
        "label_bomb": (body(label_bomb, GZIP), r"body size limit"),
        "limited": (body(bomb(64 * MIB), GZIP), r"body size limit"),
    }
    targets = {job: RawTarget(answer) for job, (answer, _) in hostile.items()}
    jobs = {"good": good.address, **{job: target.address for job, target in targets.items()}}
    extra = {"good": ", scrape_interval: 500ms, scrape_timeout: 500ms", "limited": ", body_size_limit: 1MB"}
    server = watchkeeper(tmp_path, config=config(jobs, "3s", **extra))
    with started(server):
        watch = Watch(server)
        watch.start()
        scraped(server, len(jobs))
        time.sleep(4)
        found = errors(server)
        for job, (_, text) in hostile.items():
            assert found[job][0] == "down", (job, found[job])
            assert re.search(text, found[job][1]), (job, found[job])
        assert not watch.stop()
        slowest_s, gap_s = watch.slowest_s, spacing(server, "good")
        assert (slowest_s < PATIENCE_S, gap_s < 1.2 + slowest_s) == (True, True), (slowest_s, gap_s)
        assert memory_bytes(server, "VmHWM") < 1600 * MIB
        assert server.stop() == 0
    for target in targets.values():
        target.close()


def test_a_hundred_megabytes(tmp_path: Path, good: Exporter) -> None:
    """A large body of good lines is stored; a limit refuses it, as does a limit of samples."""
    line = b'large{label="%08d"} 1\n'
    text = b"".join(line % i for i in range(20_000))
    text += b"# " + b"x" * (100 * MIB - len(text)) + b"\n"
    large = Exporter(text)
    jobs = {"good": good.address, "large": large.address, "limited": large.address, "few": large.address}
    extra = {
        "good": ", scrape_interval: 500ms, scrape_timeout: 500ms",
        "limited": ", body_size_limit: 10MB",
        "few": ", sample_limit: 100",
    }
    server = watchkeeper(tmp_path, config=config(jobs, "4s", **extra))
    with started(server):
        watch = Watch(server)
        watch.start()
        scraped(server, len(jobs))
        found = errors(server)
        assert found["large"] == ("up", "")
        assert "body size limit exceeded" in found["limited"][1]
        assert "sample limit exceeded" in found["few"][1] or "sample_limit" in found["few"][1]
        assert server.number('count(large{job="large"})') == 20_000
        assert not server.query('large{job=~"limited|few"}')
        time.sleep(1)
        assert not watch.stop()
        assert (watch.slowest_s < PATIENCE_S, spacing(server, "good") < 1.2 + watch.slowest_s) == (True, True), (
            watch.slowest_s, spacing(server, "good"))  # fmt: skip
        assert memory_bytes(server, "VmHWM") < 1000 * MIB
        assert server.stop() == 0
    large.close()


def test_a_target_that_gets_well(tmp_path: Path, good: Exporter) -> None:
    """Broken, good, broken: the error goes, and the series end while it is broken."""
    sick = Exporter(b'a{x="1\n')
    server = watchkeeper(tmp_path, config=config({"good": good.address, "sick": sick.address}))
    with started(server):
        for _ in range(3):
            sick.body = b'a{x="1\n'
            wait_for("down", lambda: errors(server)["sick"][0] == "down")
            wait_for("the end of its series", lambda: not server.query("sickly"))
            sick.body = b"sickly 1\n"
            wait_for("up", lambda: errors(server)["sick"] == ("up", ""))
            wait_for("its series", lambda: server.query("sickly"))
        assert spacing(server, "good") < PATIENCE_S
        assert server.stop() == 0
    sick.close()
