"""The agent's own HTTP port."""

import asyncio

import pytest

from watchkeeper.logs.agent import port as module
from watchkeeper.logs.agent.port import Port, Reply


async def echo(request):
    if request.path == "/slow":
        await asyncio.sleep(0.05)
    if request.path == "/bug":
        raise RuntimeError("secret details")
    return Reply(f"{request.method} {request.path} {request.query} {request.headers.get('x-a', '')}".encode())


@pytest.fixture
async def address():
    port = Port(echo, timeout_s=0.3)
    yield await port.listen("127.0.0.1", 0)
    await port.close()


async def talk(address, data, n=1):
    reader, writer = await asyncio.open_connection(*address)
    writer.write(data)
    answers = []
    for _ in range(n):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        size = int(head.lower().partition("content-length: ")[2].split("\r\n")[0])
        answers.append((head.split("\r\n")[0], await reader.readexactly(size) if "HEAD" not in data.decode() else b""))
    writer.close()
    return answers


async def is_closed(reader):
    """Whether the server has closed the connection, in whichever way."""
    try:
        async with asyncio.timeout(2):
            return await reader.read() == b""
    except ConnectionError:
        return True


async def test_requests_in_order(address):
    data = b"GET /slow?a=1&b=%20x HTTP/1.1\r\nHost: x\r\nX-A: y\r\n\r\n"
    data += b"POST /p%20q HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
    assert await talk(address, data, 2) == [
        ("HTTP/1.1 200 OK", b"GET /slow {'a': ['1'], 'b': [' x']} y"),
        ("HTTP/1.1 200 OK", b"POST /p q {} "),
    ]


async def test_head_has_no_body(address):
    assert await talk(address, b"HEAD / HTTP/1.1\r\n\r\n") == [("HTTP/1.1 200 OK", b"")]


async def test_what_is_no_http(address):
    assert (await talk(address, b"nonsense\r\n\r\n"))[0][0] == "HTTP/1.1 400 Bad Request"


async def test_a_bug_shows_nothing(address):
    assert await talk(address, b"GET /bug HTTP/1.1\r\n\r\n") == [
        ("HTTP/1.1 500 Internal Server Error", b"RuntimeError\n")
    ]


async def test_slow_and_large_requests_are_closed(address, monkeypatch):
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"GET / HT")
    assert await asyncio.wait_for(reader.read(), 2) == b""
    writer.close()
    monkeypatch.setattr(module, "MAX_BODY_BYTES", 1000)
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"POST / HTTP/1.1\r\nContent-Length: 200000\r\n\r\n" + b"x" * 100_000)
    assert await is_closed(reader)
    writer.close()


async def test_too_many_connections(address, monkeypatch):
    monkeypatch.setattr(module, "MAX_CONNECTIONS", 1)
    reader, writer = await asyncio.open_connection(*address)
    await asyncio.sleep(0.05)
    other, second = await asyncio.open_connection(*address)
    assert await is_closed(other)
    writer.close()
    second.close()
    assert reader is not None
