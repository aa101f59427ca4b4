"""Hostile pushes and queries: each gets its clear error, costs only itself, and what was good of it is kept."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.processes.log_server import NS, LogServer, log_server, push_body
from tests.processes.running import started, wait_for
from tests.processes.watch import PATIENCE_S, Watch, memory_bytes

pytestmark = pytest.mark.process

MIB = 1 << 20
CONFIG = """
auth_enabled: false
limits_config:
  max_line_size: 1KB
  max_label_names_per_series: 5
  max_label_value_length: 100
  ingestion_rate_mb: 1000
  ingestion_burst_size_mb: 1000
  per_stream_rate_limit: 1GB
  per_stream_rate_limit_burst: 1GB
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogServer]:
    made = log_server(tmp_path_factory.mktemp("log-requests"), config=CONFIG)
    with started(made):
        now = time.time_ns()
        entries = [(now - (2000 - i) * NS // 100, f'level=info n={i} msg="a fine line"') for i in range(2000)]
        assert made.push({'{job="good"}': entries})[0] == 204
        yield made
        assert "Traceback" not in made.log.read_text()
        assert made.stop() == 0


@contextmanager
def unmoved(server: LogServer, slowest_s: float = PATIENCE_S) -> Iterator[None]:
    """The server answers others all the time, and keeps its memory."""
    asked = urllib.parse.urlencode({"query": 'sum(count_over_time({job="good"}[1h]))'})
    watch = Watch(server, f"/loki/api/v1/query?{asked}")
    watch.start()
    yield
    time.sleep(0.2)
    assert not watch.stop()
    assert watch.slowest_s < slowest_s
    assert memory_bytes(server) < 600 * MIB
    assert server.count('{job="good"}') == 2000


def post(server: LogServer, body: bytes, type_: str, **headers: str) -> tuple[int, str]:
    """One push of any bytes; status and text."""
    status, text, _ = server.request("/loki/api/v1/push", body, "POST", Content_Type=type_, **headers)
    return status, text.decode()


def test_bodies_that_are_none(server: LogServer) -> None:
    good = push_body({'{job="x"}': [(time.time_ns(), "fine")]})
    json_body = b'{"streams":[{"stream":{"job":"x"},"values":[["%d","fine"]]}]}' % time.time_ns()
    cases: list[tuple[bytes, str, dict[str, str], int]] = [
        (b"", "application/x-protobuf", {}, 400),
        (b"\xff\xff\xff\xff\xff\xff", "application/x-protobuf", {}, 400),
        (good[: len(good) // 2], "application/x-protobuf", {}, 400),
        (bytes(range(256)) * 50, "application/x-protobuf", {}, 400),
        (b"{", "application/json", {}, 400),
        (b"[]", "application/json", {}, 400),
        (b'{"streams": 7}', "application/json", {}, 400),
        (b'{"streams":[{"stream":{"job":"x"},"values":[[1,"a"]]}]}', "application/json", {}, 400),
        (b'{"streams":[{"stream":{"job":"x"},"values":[["1"]]}]}', "application/json", {}, 400),
        (b'{"streams":[{"stream":{"job":7},"values":[["1","a"]]}]}', "application/json", {}, 400),
        (b'{"streams":[{"stream":{"job":"x"},"values":[["soon","a"]]}]}', "application/json", {}, 400),
        (json_body, "application/json", {"Content_Encoding": "gzip"}, 400),
        (json_body, "application/json", {"Content_Encoding": "br"}, 400),
        (json_body, "nonsense/;;;", {}, 400),
        (b'{"streams":[]}', "application/json", {}, 422),
    ]
    with unmoved(server):
        for body, type_, headers, expected in cases:
            status, text = post(server, body, type_, **headers)
            assert status == expected, (body[:60], status, text)
            assert text.strip(), body[:60]
    assert post(server, gzip.compress(json_body), "application/json", Content_Encoding="gzip")[0] == 204


def test_the_good_entries_of_a_mixed_push_are_kept(server: LogServer) -> None:
    now = time.time_ns()
    status, text = server.push(
        {
            '{job="mixed"}': [
                (now - 3, "first"),
                (now - 2, "x" * 5000),
                (now - 400 * 86_400 * NS, "long ago"),
                (now + 3600 * NS, "to come"),
                (now - 1, "last"),
            ],
            '{job="mixed", a="1", b="1", c="1", d="1", e="1"}': [(now, "too many labels")],
            '{job="mixed", long="%s"}' % ("v" * 200): [(now, "a value too long")],
            '{job="mixed", other="fine"}': [(now, "other stream")],
            "{job=}": [(now, "no labels")],
        }
    )
    assert status == 400
    assert "max entry size '1024' bytes exceeded" in text or "timestamp too" in text or "label" in text
    found = server.lines('{job="mixed"}')
    assert sorted(found) == ["first", "last", "other stream"]
    metrics = server.request("/metrics")[1].decode()
    for reason in ("line_too_long", "greater_than_max_sample_age", "too_far_in_future", "max_label_names_per_series"):
        assert f'reason="{reason}"' in metrics, reason


def test_lines_that_are_not_utf8_are_kept_and_shown_safely(server: LogServer) -> None:
    now = time.time_ns()
    lines = [b"\xff\xfe plain", b"nul \x00 inside", b'{"a":"\xc3\x28"}', b"esc \x1b[31m", b""]
    assert server.push({'{job="bytes"}': [(now + i, line) for i, line in enumerate(lines)]})[0] == 204
    found = server.lines('{job="bytes"}')
    assert found == [line.decode("utf-8", "replace") for line in lines]
    assert server.count('{job="bytes"} |= "plain"') == 1
    assert server.count('{job="bytes"} |~ "nul .* inside"') == 1


def test_a_huge_push_and_bombs(server: LogServer) -> None:
    before = memory_bytes(server)
    # This process sends 2 GB meanwhile, on the same processors.
    with unmoved(server, slowest_s=2 * PATIENCE_S):
        for head, piece in (
            (b"Content-Length: 1073741824", b"x" * MIB),
            (b"Transfer-Encoding: chunked", b"100000\r\n" + b"x" * MIB + b"\r\n"),
        ):
            with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
                connection.sendall(
                    b"POST /loki/api/v1/push HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                    + head
                    + b"\r\n\r\n"
                )
                with suppress(OSError):
                    for _ in range(1024):
                        connection.sendall(piece)
                with suppress(OSError):
                    answer = connection.recv(65536)
                    assert b" 413 " in answer.split(b"\r\n")[0], answer[:200]
        bomb = gzip.compress(b'{"streams":[' + b" " * (600 * MIB), 1)
        status, text = post(server, bomb, "application/json", Content_Encoding="gzip")
        assert (status, "too large" in text or "limit" in text) == (413, True), (status, text)
        # Snappy tells its size at the start: 1 GB that is not there.
        assert post(server, b"\x80\x80\x80\x80\x04" + b"a" * 1000, "application/x-protobuf")[0] == 413
    # A body may be of 100 MB; none of these stayed.
    assert memory_bytes(server, "VmHWM") < before + 200 * MIB
    assert memory_bytes(server) < before + 50 * MIB


def test_slow_pushes_hold_up_nobody(server: LogServer) -> None:
    ends = threading.Event()

    def drip() -> None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(
                b"POST /loki/api/v1/push HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"Content-Length: 100000\r\n\r\n"
            )
            while not ends.wait(0.05):
                connection.sendall(b" ")

    threads = [threading.Thread(target=drip) for _ in range(100)]
    with unmoved(server):
        for thread in threads:
            thread.start()
        time.sleep(2)
        assert server.push({'{job="beside"}': [(time.time_ns(), "in time")]})[0] == 204
    ends.set()
    for thread in threads:
        thread.join()
    assert server.lines('{job="beside"}') == ["in time"]


def test_queries_that_are_meant_to_hurt(server: LogServer) -> None:
    cases = [
        ('{job="good"} |~ "(a+)+$"', 200),
        ('{job="good"} |~ "(.*)*(.*)*(.*)*x"', 200),
        ('{job="good"} |~ "((a{1,100}){1,100}){1,100}"', 400),
        ('{job="good"} |~ "("', 400),
        ('{job="good"} | line_format "{{.x"', 400),
        ('{job="good"} | line_format "{{ nosuch .x }}"', 400),
        ('{job="good"} | label_format a="{{"', 400),
        ('{job="good"} | line_format "{{ range $i := .x }}{{ . }}"', 400),
        ('{job="good"} | pattern "<a><b>"', 400),
        ('{job="good"} | regexp "no groups"', 400),
        ("{}", 400),
        ('{job=~".*"}', 400),
        ("{" * 50_000, 400),
        ("(" * 50_000, 400),
        ('{job="good"} |= "' + "x" * 200_000 + '"', 400),
        ('{job="good"} | json' * 2000, 400),
        ("sum(" * 5000 + 'rate({job="good"}[1m])' + ")" * 5000, 400),
        ('{job="good"} | line_format "{{ repeat 1000000000 .job }}"', 200),
        ('{job="good"} | line_format "{{ printf \\"%1000000000d\\" 1 }}"', 200),
    ]
    with unmoved(server):
        for query, expected in cases:
            status, body, _ = server.request(
                "/loki/api/v1/query_range", urllib.parse.urlencode({"query": query, "limit": 5}).encode(), "POST"
            )
            assert status == expected, (query[:80], status, body[:300])
            if status == 400:
                text = body.decode()
                assert text.strip(), query[:80]
                assert len(text) < 5000, query[:80]


def test_parameters_that_make_no_sense(server: LogServer) -> None:
    good = {"query": '{job="good"}'}
    cases = [
        ({**good, "limit": "0"}, "limit must be a positive value"),
        ({**good, "limit": "1000000"}, "max entries limit per query exceeded"),
        ({**good, "start": "yesterday"}, ""),
        ({**good, "start": "200", "end": "100"}, "end timestamp must not be before or equal to start time"),
        ({**good, "direction": "sideways"}, "invalid direction 'sideways'"),
        ({"query": 'rate({job="good"}[1m])', "step": "0"}, "zero or negative query resolution step widths"),
        (
            {"query": 'rate({job="good"}[1m])', "step": "1", "start": "1700000000", "end": "1700100000"},
            "exceeded maximum resolution of 11,000 points",
        ),
    ]
    for parameters, text in cases:
        status, body, headers = server.request(f"/loki/api/v1/query_range?{urllib.parse.urlencode(parameters)}")
        assert status == 400, parameters
        assert text in body.decode(), (parameters, body)
        assert headers["Content-Type"].startswith("text/plain")


def test_a_clock_that_jumps_back_keeps_order_and_lines(server: LogServer) -> None:
    now = time.time_ns()
    for step in (0, -1800, 60, -3600, 1):
        assert server.push({'{job="skew"}': [(now + step * NS, f"at {step}")]})[0] == 204
    assert server.lines('{job="skew"}', since_s=7200) == [f"at {step}" for step in (-3600, -1800, 0, 1, 60)]


def test_random_bytes_everywhere(server: LogServer) -> None:
    import random

    rng = random.Random(7)
    with unmoved(server):
        for _ in range(150):
            body = rng.randbytes(rng.randrange(400))
            status, _ = post(server, body, rng.choice(["application/json", "application/x-protobuf", "x/y"]))
            assert 400 <= status < 500, (body, status)
            path = rng.choice(["query", "query_range", "series", "labels", "index/volume", "detected_fields", "tail"])
            text = "".join(rng.choice('{}[]()|=~!"`\\,. abjson0159µ\x00\n') for _ in range(rng.randrange(60)))
            status, answer, _ = server.request(f"/loki/api/v1/{path}?{urllib.parse.urlencode({'query': text})}")
            assert status < 500, (path, text, answer[:300])


def test_tail_sees_what_comes(server: LogServer) -> None:
    import asyncio

    import aiohttp

    async def listen() -> list[str]:
        asked = urllib.parse.urlencode({"query": '{job="tailed"} |= "yes"'})
        url = f"{server.url}/loki/api/v1/tail?{asked}"
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as tail:
            await asyncio.sleep(0.3)
            now = time.time_ns()
            entries = [(now, "yes one"), (now + 1, "no"), (now + 2, "yes two")]
            push = asyncio.to_thread(server.push, {'{job="tailed"}': entries})
            assert (await push)[0] == 204
            got: list[str] = []
            while len(got) < 2:
                message = json.loads((await tail.receive(timeout=5)).data)
                got += [value[1] for stream in message["streams"] for value in stream["values"]]
            return got

    assert asyncio.run(listen()) == ["yes one", "yes two"]
    wait_for("the lines to be stored", lambda: server.count('{job="tailed"}') == 3)
