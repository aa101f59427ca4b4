"""Fetching from real sockets, kind and hostile ones."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.unit.metrics.scrape.harness import scrape_config
from watchkeeper.core.model.errors import TargetError
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.relabel import Relabeler
from watchkeeper.discovery.interface import TargetGroup
from watchkeeper.metrics.scrape.connect import HttpConnector
from watchkeeper.metrics.scrape.fetch import ClientFetch, DirectFetch, Request, Response
from watchkeeper.metrics.scrape.target import assemble, discovered_labels

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


@contextlib.asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[int]:
    """A server on a free port; `handler` gets each connection."""

    open_connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_connections[task] = writer
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await handler(reader, writer)
        writer.close()

    server = await asyncio.start_server(guarded, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task, writer in open_connections.items():
            task.cancel()
            await asyncio.wait([task])
            with contextlib.suppress(ConnectionError):
                writer.transport.abort()
                await writer.wait_closed()


async def request_of(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


def answering(*answers: bytes) -> Handler:
    """Each request of a connection gets the next answer; then the connection is closed."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await request_of(reader)
            writer.write(answer)
            await writer.drain()

    return handler


def direct(port: int, *, timeout_s: float = 2.0, limit_bytes: int = 10_000) -> DirectFetch:
    url = f"http://127.0.0.1:{port}/metrics"
    return DirectFetch(
        Request(url, "127.0.0.1", port, f"127.0.0.1:{port}", "/metrics", (("A", "b"),), timeout_s, limit_bytes)
    )


def sized(body: bytes, *headers: bytes) -> bytes:
    return OK + b"".join(header + b"\r\n" for header in headers) + b"Content-Length: %d\r\n\r\n" % len(body) + body


async def failure(fetch: DirectFetch) -> str:
    with pytest.raises(TargetError) as caught:
        await fetch()
    fetch.close()
    return str(caught.value).replace("127.0.0.1:", "host:")


async def test_the_connection_is_kept():
    connections = 0

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await answering(sized(b"a 1\n"), sized(b"a 2\n"), sized(b"a 3\n"))(reader, writer)

    async with serving(handler) as port:
        fetch = direct(port)
        assert [(await fetch()).body for _ in range(3)] == [b"a 1\n", b"a 2\n", b"a 3\n"]
        assert connections == 1
        fetch.close()


async def test_what_is_sent():
    seen = b""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        seen = await request_of(reader)
        writer.write(sized(b""))

    async with serving(handler) as port:
        config = scrape_config(params={"x": ("1", "2")}, metrics_path="/a b")
        group = TargetGroup("g", ({"__address__": f"127.0.0.1:{port}", "__param_y": "ä&"},))
        target = assemble(next(discovered_labels(group, config)), Relabeler(()), config)
        assert target is not None
        fetch = HttpConnector(config).fetch(target)
        await fetch()
        fetch.close()
    lines = seen.decode().split("\r\n")
    assert lines[0] == "GET /a%20b?x=1&x=2&y=%C3%A4%26 HTTP/1.1"
    assert f"Host: 127.0.0.1:{port}" in lines
    assert "X-Prometheus-Scrape-Timeout-Seconds: 5" in lines
    assert "Accept-Encoding: gzip" in lines
    assert any(line.startswith("User-Agent: watchkeeper/") for line in lines)
    accept = next(line for line in lines if line.startswith("Accept: "))
    assert accept.startswith("Accept: application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,")
    assert accept.endswith("*/*;q=0.2")


async def test_bodies_come_chunked_gzipped_or_until_the_end():
    packed = gzip.compress(b"a 1\n") + gzip.compress(b"b 2\n")
    answers = {
        OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\na 1\n\r\n4\r\nb 2\n\r\n0\r\n\r\n": b"a 1\nb 2\n",
        sized(packed, b"Content-Encoding: gzip"): b"a 1\nb 2\n",
        OK + b"\r\na 1\n": b"a 1\n",
        OK + b"Connection: close\r\nContent-Length: 4\r\n\r\na 1\n": b"a 1\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + sized(b"a 1\n"): b"a 1\n",
        b"HTTP/1.0 200 OK\r\n\r\na 1\n": b"a 1\n",
    }
    for answer, body in answers.items():
        async with serving(answering(answer)) as port:
            fetch = direct(port)
            assert (await fetch()).decoded(10_000) == body
            fetch.close()


async def test_a_connection_that_the_server_closed_is_opened_again():
    async with serving(answering(sized(b"a 1\n"))) as port:
        fetch = direct(port)
        for _ in range(3):
            assert (await fetch()).body == b"a 1\n"
            await asyncio.sleep(0.01)
        fetch.close()


async def test_a_server_that_closes_while_we_write():
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answering(sized(b"a 1\n"))(reader, writer)
        await request_of(reader)  # Then it hangs up without a word.

    async with serving(handler) as port:
        fetch = direct(port)
        assert [(await fetch()).body for _ in range(3)] == [b"a 1\n"] * 3
        fetch.close()


async def test_statuses():
    async with serving(answering(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", sized(b"a 1\n"))) as port:
        fetch = direct(port)
        with pytest.raises(TargetError, match="^server returned HTTP status 404 Not Found$"):
            await fetch()
    async with serving(answering(b"HTTP/1.1 599 Odd\r\n\r\n" + b"x" * 1_000_000)) as port:
        assert await failure(direct(port)) == "server returned HTTP status 599"


async def test_connections_that_fail():
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)

    async with serving(mute) as port:
        assert await failure(direct(port)) == f'Get "http://host:{port}/metrics": EOF'
    async with serving(answering()) as port:  # Closed with our request unread.
        assert await failure(direct(port)) == f'Get "http://host:{port}/metrics": read: connection reset by peer'
    # Nobody listens there any more.
    assert await failure(direct(port)) == (
        f'Get "http://host:{port}/metrics": dial tcp host:{port}: connect: connection refused'
    )
    nowhere = Request("http://no.invalid/metrics", "no.invalid", 80, "no.invalid", "/metrics", (), 2.0)
    assert "dial tcp: lookup no.invalid" in await failure(DirectFetch(nowhere))


async def test_bodies_that_are_cut_short():
    for answer in (OK + b"Content-Length: 10\r\n\r\na 1\n", OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\na 1\n"):
        async with serving(answering(answer)) as port:
            assert await failure(direct(port)) == "unexpected EOF"
    async with serving(answering(OK[:20])) as port:
        assert (await failure(direct(port))).endswith(": unexpected EOF")


async def test_a_server_that_is_silent_or_slow():
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        await asyncio.sleep(1)

    async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(OK + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(100):
            writer.write(b"1\r\na\r\n")
            await asyncio.sleep(0.01)

    for handler, text in ((silent, 'Get "http://host:{}/metrics": context deadline exceeded'),
                          (dripping, "context deadline exceeded")):  # fmt: skip
        async with serving(handler) as port:
            started_s = time.monotonic()
            assert await failure(direct(port, timeout_s=0.1)) == text.format(port)
            assert time.monotonic() - started_s < 0.8


async def test_bodies_and_headers_without_end():
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(OK + b"\r\n")
        while True:
            writer.write(b"a 1\n" * 10_000)
            await writer.drain()

    async def headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-More: and more\r\n" * 1000)
            await writer.drain()

    async def one_header(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while True:
            writer.write(b"x" * 10_000)
            await writer.drain()

    async with serving(endless) as port:
        assert await failure(direct(port)) == "body size limit exceeded"
    for handler in (headers, one_header):
        async with serving(handler) as port:
            assert "server response headers exceeded 65536 bytes" in await failure(direct(port))


async def test_a_small_body_that_unpacks_to_a_huge_one():
    bomb = gzip.compress(b"a" * 50_000_000)
    async with serving(answering(sized(bomb, b"Content-Encoding: gzip"))) as port:
        fetch = direct(port, limit_bytes=1_000_000)
        response = await fetch()
        with pytest.raises(TargetError, match="^body size limit exceeded$"):
            response.decoded(1_000_000)
        fetch.close()


def test_a_body_that_says_it_is_too_large_is_not_unpacked():
    packed = gzip.compress(b"a" * 50_000_000)
    cut = Response("text/plain", "gzip", packed[:-100] + packed[-4:])
    with pytest.raises(TargetError, match="^body size limit exceeded$"):
        cut.decoded(50_000_000)
    with pytest.raises(TargetError, match="^flate: corrupt input$|^unexpected EOF$"):
        cut.decoded(50_000_001)


def test_a_cut_body_is_cut_whatever_its_last_bytes_would_be_as_a_size():
    packed = gzip.compress(b"a 1\n" * 1000, mtime=0)
    for last in (b"\xff\xff\xff\xff", b"\0\0\0\x40"):
        cut = Response("text/plain", "gzip", packed[:-20] + last)
        with pytest.raises(TargetError, match="^flate: corrupt input$|^unexpected EOF$"):
            cut.decoded(256 << 20)


async def test_answers_that_are_not_http():
    for answer in (
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x15\x03\x01\x00\x02\x02\x16",
        b"HTTP/1.1 abc\r\n\r\n",
        b"\x00" * 100_000,
    ):
        async with serving(answering(answer)) as port:
            assert "malformed HTTP response" in await failure(direct(port))
    async with serving(answering(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nzzz")) as port:
        await failure(direct(port, timeout_s=0.2))


async def test_bytes_nobody_asked_for_close_the_connection():
    async with serving(answering(sized(b"a 1\n") + sized(b"injected 1\n"))) as port:
        fetch = direct(port)
        for _ in range(2):
            assert (await fetch()).body == b"a 1\n"
            await asyncio.sleep(0.01)
        fetch.close()


async def test_redirects_are_followed_by_the_client():
    async with serving(answering(sized(b"a 1\n"), sized(b"a 1\n"))) as goal:
        redirect = f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{goal}/m\r\nContent-Length: 0\r\n\r\n".encode()
        async with serving(answering(redirect, redirect)) as port:
            config = scrape_config()
            group = TargetGroup("g", ({"__address__": f"127.0.0.1:{port}"},))
            target = assemble(next(discovered_labels(group, config)), Relabeler(()), config)
            assert target is not None
            connector = HttpConnector(config)
            fetch = connector.fetch(target)
            assert isinstance(fetch, DirectFetch)
            assert (await fetch()).body == b"a 1\n"
            assert (await fetch()).body == b"a 1\n"
            fetch.close()
            await connector.close()
            assert await failure(direct(port)) == "server returned HTTP status 302 Found"


async def test_the_way_through_the_client():
    packed = gzip.compress(b"a" * 100_000)
    cases = [
        (sized(gzip.compress(b"a 1\n"), b"Content-Encoding: gzip"), b"a 1\n"),
        (
            b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
            "server returned HTTP status 503 Service Unavailable",
        ),
        (OK + b"Content-Length: 10\r\n\r\na 1\n", "unexpected EOF"),
        (sized(packed, b"Content-Encoding: gzip"), "body size limit exceeded"),
        (sized(b"a" * 10_000), "body size limit exceeded"),
    ]
    config = scrape_config(body_size_limit_bytes=5000)
    target = assemble(Labels.of({**_JOB, "__address__": "x", "__scheme__": "https"}), Relabeler(()), config)
    assert target is not None
    connector = HttpConnector(config)
    assert isinstance(connector.fetch(target), ClientFetch)
    for answer, expected in cases:
        async with serving(answering(answer)) as port:
            url = f"http://127.0.0.1:{port}/metrics"
            request = Request(url, "", 0, "", "", (("X", "y"),), 2.0, 5000)
            fetch = ClientFetch(request, connector._shared_client)
            if isinstance(expected, bytes):
                assert (await fetch()).decoded(5000) == expected
            else:
                with pytest.raises(TargetError, match=f"^{expected}$"):
                    (await fetch()).decoded(5000)
    with pytest.raises(TargetError, match="connection to 127.0.0.1:.* failed"):
        await ClientFetch(request, connector._shared_client)()
    await connector.close()


_JOB = {
    "job": "test",
    "__metrics_path__": "/metrics",
    "__scrape_interval__": "10s",
    "__scrape_timeout__": "5s",
}
