"""Hostile requests: each gets its clear error quickly, costs only itself, and the server answers others meanwhile."""

from __future__ import annotations

import json
import random
import re
import resource
import socket
import struct
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np
import pytest

from tests.processes.running import Exporter, Process, scrape_config, started, wait_for, watchkeeper
from tests.processes.watch import PATIENCE_S, Watch, memory_bytes, spacing
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.packed_labels import PackedLabels
from watchkeeper.core.wire.remote import encode_write_v1
from watchkeeper.core.wire.snappy import compress

pytestmark = pytest.mark.process

MIB = 1 << 20
SERIES = 3000
PROTOBUF = {"Content_Type": "application/x-protobuf", "Content_Encoding": "snappy"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A server with a healthy target, and 3,000 series of ten minutes."""
    folder = tmp_path_factory.mktemp("requests")
    exporter = Exporter(b"good 1\n")
    made = watchkeeper(folder, config=scrape_config(good=exporter.address))
    with started(made):
        packed = PackedLabels.of(
            Labels.of(__name__="many", instance=f"host-{i % 100}", path=f"/some/path/{i}") for i in range(SERIES)
        )
        now_ms = time.time_ns() // 1_000_000
        for step in range(40):
            times = np.full(SERIES, now_ms - (40 - step) * 15_000, np.int64)
            values = np.full(SERIES, float(step))
            body = compress(encode_write_v1(packed, np.arange(SERIES + 1, dtype=np.int64), times, values))
            assert made.request("/api/v1/write", body, **PROTOBUF)[0] == 204
        wait_for("a scrape", lambda: made.query("good"))
        yield made
        assert "Traceback" not in made.log.read_text()
        assert made.stop() == 0
    exporter.close()


@contextmanager
def unmoved(server: Process, slowest_s: float = PATIENCE_S) -> Iterator[None]:
    """The server answers others all the time, and scrapes."""
    watch = Watch(server)
    watch.start()
    began_s = time.time()
    yield
    time.sleep(0.3)
    assert not watch.stop()
    assert watch.slowest_s < slowest_s
    window_s = max(1, round(time.time() - began_s))
    assert spacing(server, "good", f"{window_s}s") < 0.2 + slowest_s
    assert memory_bytes(server) < 1200 * MIB


def ask(server: Process, path: str, **parameters: object) -> tuple[int, str, float]:
    """Status, text and seconds of a POSTed query; one of a range is of the last ten minutes."""
    began_s = time.monotonic()
    if path == "query_range":
        parameters = {"start": time.time() - 600, "end": time.time(), "step": 1, **parameters}
    body = urllib.parse.urlencode(parameters, doseq=True).encode()
    status, text, _ = server.request(f"/api/v1/{path}", body, Content_Type="application/x-www-form-urlencoded")
    return status, text.decode("utf-8", "replace"), time.monotonic() - began_s


def varint(number: int) -> bytes:
    """As protobuf and snappy write it."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def snappy_bomb(size_bytes: int) -> bytes:
    """Snappy that unpacks to so many bytes, with copies of one byte."""
    return varint(size_bytes) + b"\x00\x00" + b"\xfe\x01\x00" * ((size_bytes - 1) // 64)


GOOD_WRITE = compress(
    encode_write_v1(
        PackedLabels.of([Labels.of(__name__="ok")]),
        np.array([0, 1], np.int64),
        np.array([time.time_ns() // 1_000_000], np.int64),
        np.array([1.0]),
    )
)
BROKEN_BODIES = {
    "empty": b"",
    "text": b"hello, I am no protobuf at all",
    "zeros": bytes(1000),
    "cut": GOOD_WRITE[:-3],
    "huge_size": varint(1 << 40) + b"\x00",
    "size_of_four_gigabytes": varint((1 << 32) - 1) + b"\x00a",
    "endless_varint": b"\xff" * 50,
    "bomb": snappy_bomb(1 << 30),
    "small_bomb": snappy_bomb(30 << 20),
    "not_protobuf": compress(b"\xff" * 1000),
    "length_beyond": compress(b"\x0a" + varint(1 << 31) + b"abc"),
    "length_negative": compress(b"\x0a" + b"\xff" * 9 + b"\x01"),
    "groups": compress(b"\x0b" * 100_000),
    "nested": compress(b"\x0a\x80\x01" * 1000),
    "random": compress(random.Random(1).randbytes(100_000)),
}


@pytest.mark.parametrize("name", BROKEN_BODIES)
def test_malformed_remote_bodies(server: Process, name: str) -> None:
    with unmoved(server):
        for path in ("write", "read"):
            began_s = time.monotonic()
            status, text, _ = server.request(f"/api/v1/{path}", BROKEN_BODIES[name], **PROTOBUF)
            took_s = time.monotonic() - began_s
            assert status == (413 if len(BROKEN_BODIES[name]) > 32 * MIB else 400), (path, status, text)
            assert 5 < len(text) < 500, text
            assert b"Traceback" not in text
            assert took_s < PATIENCE_S


def test_flipped_bytes_of_a_write(server: Process) -> None:
    """Whatever became of the bytes: a 204 or a 400, never a 5xx."""
    chosen = random.Random(9)
    statuses = set()
    for _ in range(150):
        body = bytearray(GOOD_WRITE)
        for _ in range(chosen.randint(1, 4)):
            body[chosen.randrange(len(body))] = chosen.randrange(256)
        statuses.add(server.request("/api/v1/write", bytes(body), **PROTOBUF)[0])
    assert statuses <= {204, 400}


def test_bodies_that_are_too_large(server: Process) -> None:
    with unmoved(server):
        for path, headers in (("write", PROTOBUF), ("query", {}), ("read", PROTOBUF)):
            with suppress(OSError):  # The server may close while we still send.
                status, _, _ = server.request(f"/api/v1/{path}", bytes(100 * MIB), **headers)
                assert status in (400, 413), (path, status)
        # One that declares a terabyte and sends little.
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(
                b"POST /api/v1/write HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-protobuf\r\n"
                b"Content-Length: 1099511627776\r\n\r\nabc"
            )
            connection.settimeout(5)
            with suppress(TimeoutError):
                assert b" 413 " in connection.recv(1000)


def test_wrong_types_and_methods(server: Process) -> None:
    assert server.request("/api/v1/write", GOOD_WRITE, Content_Type="text/html")[0] == 415
    assert server.request("/api/v1/write", GOOD_WRITE, Content_Type="application/x-protobuf", Content_Encoding="gzip")[
        0
    ] in (400, 415)
    assert server.request("/api/v1/write")[0] == 405
    assert server.request("/api/v1/query", b"", "PUT")[0] == 405
    assert server.request("/api/v1/nothing")[0] == 404
    assert server.request("/api/v1/label/%ff%fe/values")[0] in (200, 400)
    assert server.request("/api/v1/../../etc/passwd")[0] in (400, 404)
    assert server.request("/%00")[0] in (400, 404)


ABSURD: dict[str, tuple[str, dict[str, object]]] = {
    "parentheses": ("query", {"query": "(" * 10_000 + "1" + ")" * 10_000}),
    "unclosed": ("query", {"query": "(" * 10_000}),
    "signs": ("query", {"query": "-" * 10_000 + "1"}),
    "calls": ("query", {"query": "abs(" * 10_000 + "many" + ")" * 10_000}),
    "sums": ("query", {"query": "1" + "+1" * 100_000}),
    "powers": ("query", {"query": "2" + "^2" * 10_000}),
    "subqueries": ("query", {"query": "many" + "[1m:1s]" * 1000}),
    "rates": ("query", {"query": "rate(" * 500 + "many" + "[1m:1s])" * 500}),
    "regex_of_a_megabyte": ("query", {"query": '{__name__=~"' + "a|b" * 350_000 + '"}'}),
    "regex_repetition": ("query", {"query": '{__name__=~"(((a{1000}){1000}){1000}){1000}"}'}),
    "regex_nested": ("query", {"query": '{__name__=~"' + "(" * 5000 + "a" + ")*" * 5000 + '"}'}),
    "regex_open": ("query", {"query": '{__name__=~"(a"}'}),
    "too_many_points": ("query_range", {"query": "many", "start": 0, "end": 11_001, "step": 1}),
    "zero_step": ("query_range", {"query": "many", "start": 0, "end": 1, "step": 0}),
    "eternity": ("query_range", {"query": "many", "start": -9e15, "end": 9e15, "step": 1}),
    "not_a_time": ("query", {"query": "many", "time": "NaN"}),
    "explosion": ("query", {"query": "max_over_time(many[10y:1ms])"}),
    "explosion_of_a_constant": ("query", {"query": "max_over_time(vector(1)[10y:1ms])"}),
    "explosion_of_time": ("query", {"query": "sum_over_time(time()[100y:1ms])"}),
    "explosion_in_range": ("query_range", {"query": "rate(many[1h:1ms])"}),
    "expressions": ("query", {"query": "{" + ",".join(f'a=~"\\\\pL{{90}}{i}"' for i in range(1600)) + "}"}),
    "selectors": ("series", {"match[]": [f'{{a=~"\\\\pL{{90}}{i}"}}' for i in range(1600)]}),
    "long_string": ("query", {"query": '"' + "x" * MIB}),
    "nul": ("query", {"query": 'many{a="\0'}),
    "binary": ("query", {"query": random.Random(2).randbytes(10_000)}),
    "many_to_many": ("query", {"query": "many * on() many"}),
    "negative_timeout": ("query", {"query": "many", "timeout": "-1s"}),
    "format": ("format_query", {"query": "(" * 10_000 + "1" + ")" * 10_000}),
    "parse": ("parse_query", {"query": "-" * 100_000 + "1"}),
}  # fmt: skip


@pytest.mark.parametrize("name", ABSURD)
def test_absurd_queries(server: Process, name: str) -> None:
    path, parameters = ABSURD[name]
    with unmoved(server):
        status, text, took_s = ask(server, path, **parameters)
        assert status in (400, 413, 422, 503), (status, text[:300])
        answer = json.loads(text)
        assert answer["status"] == "error"
        assert answer["errorType"] in ("bad_data", "execution", "timeout"), answer
        assert 5 < len(answer["error"]) < 2000, answer["error"][:3000]
        assert took_s < PATIENCE_S


HEAVY: dict[str, tuple[str, dict[str, object]]] = {
    "cross_join": ("query_range", {"query": "sum(many * on(instance) group_right() (many - 1))"}),
    "cartesian": ("query", {"query": " or ".join(f"label_replace(many, 'n', '{i}', '', '')" for i in range(100))}),
    "count_values": ("query_range", {"query": 'count_values("v", {__name__=~".+"} * time())'}),
    "label_replace": (
        "query",
        {"query": "label_replace(" * 30 + "many" + ', "x", "$1$1$1$1$1$1$1$1", "x", "(.*)")' * 30},
    ),
    "label_replace_bomb": (
        "query",
        {
            "query": "label_replace(" * 12
            + "label_replace(many, 'x', '0123456789', '', '')"
            + ", 'x', '$1$1$1$1$1$1$1$1', 'x', '(.*)')" * 12
        },
    ),
    "label_join_bomb": (
        "query",
        {
            "query": "label_join(" * 25
            + "label_replace(many, 'x', '0123456789', '', '')"
            + ", 'x', '', 'x', 'x', 'x')" * 25
        },
    ),
    "everything": ("query_range", {"query": '{__name__=~".+"}'}),
    "sorted": ("query", {"query": "sort_desc(topk(1000000, {__name__=~'.+'}))"}),
    "subquery": ("query", {"query": "sum(max_over_time(rate(many[1m])[10m:1s]))"}),
    "quantiles": ("query_range", {"query": "quantile_over_time(0.9, many[10m])"}),
}


@pytest.mark.parametrize("name", HEAVY)
def test_heavy_queries(server: Process, name: str) -> None:
    """Answered, or refused for what they would take; others do not wait for it either way."""
    path, parameters = HEAVY[name]
    with unmoved(server):
        status, text, took_s = ask(server, path, **parameters, timeout="5s")
        assert status in (200, 422, 503), (status, text[:300])
        assert took_s < 5 + PATIENCE_S
        if status != 200:
            assert json.loads(text)["errorType"] in ("execution", "timeout")


def test_a_client_that_leaves(server: Process) -> None:
    """Its query is given up, and its place is free."""
    query = urllib.parse.quote("sum(max_over_time(rate(many[5m])[10m:1s])) + " * 20 + "1")
    path = f"/api/v1/query_range?query={query}&start={time.time() - 600}&end={time.time()}&step=1"
    with unmoved(server):
        for _ in range(60):
            with socket.create_connection(("127.0.0.1", server.port)) as connection:
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                time.sleep(0.01)
        # As many as may run at once have left; another is answered at once.
        status, text, took_s = ask(server, "query", query="sum(many)")
        assert (status, took_s < PATIENCE_S) == (200, True), (text, took_s)
        wait_for("the end of all", lambda: running_queries(server) <= 1)


def running_queries(server: Process) -> float:
    """What the gauge says."""
    found = re.search(rb"^prometheus_engine_queries (\S+)$", server.request("/metrics")[1], re.M)
    assert found
    return float(found[1])


@contextmanager
def open_connections(server: Process, number: int, first: bytes) -> Iterator[list[socket.socket]]:
    """So many connections that sent this much."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, number + 500), hard))
    made: list[socket.socket] = []
    try:
        for _ in range(number):
            connection = socket.socket()
            connection.settimeout(1)
            try:
                connection.connect(("127.0.0.1", server.port))
                if first:
                    connection.sendall(first)
            except OSError:
                connection.close()
                continue
            made.append(connection)
        yield made
    finally:
        for connection in made:
            # RST, so that no port waits.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    "first",
    [b"", b"GET /api/v1/query?query=up HTTP/1.1\r\nHost: a\r\nX-Slow: ", b"GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n"],
    ids=["silent", "headers_that_never_end", "kept_alive"],
)
def test_two_thousand_idle_connections(server: Process, first: bytes) -> None:
    before = memory_bytes(server)
    with unmoved(server, 2 * PATIENCE_S), open_connections(server, 2000, first) as made:
        # Those who ask are answered, at once, though the flag allows 512 connections.
        for _ in range(20):
            status, _, took_s = ask(server, "query", query="up")
            assert (status, took_s < PATIENCE_S) == (200, True)
        if b"X-Slow" in first:
            for _ in range(3):
                for connection in made:
                    with suppress(OSError):
                        connection.sendall(b"a")
                assert server.request("/-/ready")[0] == 200
        assert len(made) > 500
        assert memory_bytes(server) < before + 100 * MIB


def test_bodies_that_never_end(server: Process) -> None:
    """A thousand senders of half a request keep nobody out for longer than a slow body may take."""
    head = b"POST /api/v1/write HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-protobuf\r\n"
    head += b"Content-Length: 999\r\n\r\na"
    with open_connections(server, 1000, head) as made:
        for _ in range(3):
            for connection in made:
                with suppress(OSError):
                    connection.sendall(b"a")
            status, _, took_s = ask(server, "query", query="up")
            assert (status, took_s < 5) == (200, True)
    assert server.request("/-/ready")[0] == 200


def test_more_queries_than_places(server: Process) -> None:
    """Health and small answers pass by those who wait."""
    query = urllib.parse.quote("sum(max_over_time(rate(many[5m])[10m:1s]))")
    request = f"GET /api/v1/query?query={query}&timeout=3s HTTP/1.1\r\nHost: a\r\n\r\n".encode()
    with open_connections(server, 100, request):
        for _ in range(10):
            began_s = time.monotonic()
            assert server.request("/-/healthy")[0] == 200
            assert server.request("/metrics")[0] == 200
            assert time.monotonic() - began_s < PATIENCE_S
    wait_for("the end of all", lambda: running_queries(server) <= 1)
    assert ask(server, "query", query="up")[0] == 200


def test_broken_requests(server: Process) -> None:
    """Bytes that are no HTTP: a 400 or a closed connection."""
    chosen = random.Random(4)
    with unmoved(server):
        for data in [
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + chosen.randbytes(500),
            b"GET\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET /api/v1/query?query=up HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
            b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 100_000 + b"\r\n",
            b"POST /api/v1/query HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
            b"POST /api/v1/query HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"POST /api/v1/query HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            b"\0" * 10_000,
            chosen.randbytes(100_000),
        ]:
            with socket.create_connection(("127.0.0.1", server.port)) as connection, suppress(ConnectionError):
                connection.settimeout(5)
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                answer = connection.recv(100)
                assert not answer or answer.split()[1] in (b"400", b"404", b"413", b"414", b"431", b"505"), answer
