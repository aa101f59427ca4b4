"""The agent's own HTTP port: small pages for people and Prometheus, over asyncio and httptools alone.

The general server would be a third of an idle agent's memory, and nothing here takes a body.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import parse_qs, unquote

import httptools

MAX_HEAD_BYTES: Final = 64 << 10
MAX_BODY_BYTES: Final = 1 << 20  # Read and thrown away.
MAX_CONNECTIONS: Final = 128


@dataclass(slots=True)
class Request:
    """What was asked."""

    method: str = ""
    path: str = ""
    query: dict[str, list[str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Reply:
    """What is answered."""

    body: bytes
    status: int = 200
    content_type: str = "text/plain; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Awaitable[Reply]]


class Port:
    """One listening port."""

    def __init__(self, handler: Handler, *, timeout_s: float = 30.0) -> None:
        """
        timeout_s   for a request to arrive, and for a connection to stay open without one
        """
        self.handler = handler
        self.timeout_s = timeout_s
        self.connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None

    async def listen(self, host: str, port: int, context: ssl.SSLContext | None = None) -> tuple[str, int]:
        """The address that it got. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), host or None, port, ssl=context)
        address: tuple[str, int] = self._server.sockets[0].getsockname()[:2]
        return address

    async def close(self) -> None:
        """Stops, and closes all connections."""
        if self._server is not None:
            self._server.close()
            for connection in list(self.connections):
                connection.close()
            with suppress(TimeoutError):
                async with asyncio.timeout(2.0):
                    await self._server.wait_closed()


class _Connection(asyncio.Protocol):
    """One request after the other."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._transport: asyncio.Transport | None = None
        self._parser: Any = httptools.HttpRequestParser(self)
        self._request = Request()
        self._size = 0
        self._url = b""
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes the connection, unless there are too many."""
        self._transport = cast(asyncio.Transport, transport)
        if len(self._port.connections) >= MAX_CONNECTIONS:
            self._transport.abort()
            return
        self._port.connections.add(self)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        self._port.connections.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def close(self) -> None:
        """Closes it."""
        if self._transport is not None:
            self._transport.close()

    def _wait(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(self._port.timeout_s, self.close)

    def data_received(self, data: bytes) -> None:
        """Feeds the parser."""
        self._size += len(data)
        if self._size > MAX_HEAD_BYTES + MAX_BODY_BYTES:
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._send(Reply(b"400 Bad Request\n", 400), keep=False)

    def on_url(self, url: bytes) -> None:
        """Called by the parser."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser."""
        self._request.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_message_complete(self) -> None:
        """Called by the parser: answers, one request at a time."""
        request = self._request
        request.method = self._parser.get_method().decode("latin-1")
        path, _, query = self._url.decode("latin-1").partition("?")
        request.path = unquote(path)
        request.query = parse_qs(query, keep_blank_values=True)
        self._request, self._url, self._size = Request(), b"", 0
        keep = self._parser.should_keep_alive()
        before = self._task
        self._task = asyncio.get_running_loop().create_task(self._answer(request, keep, before))

    async def _answer(self, request: Request, keep: bool, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        try:
            reply = await self._port.handler(request)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            reply = Reply(f"{type(error).__name__}\n".encode(), 500)
        self._send(reply, keep=keep, with_body=request.method != "HEAD")

    def _send(self, reply: Reply, *, keep: bool, with_body: bool = True) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        phrase = HTTPStatus(reply.status).phrase
        lines = [f"HTTP/1.1 {reply.status} {phrase}", f"Content-Type: {reply.content_type}"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        lines += [f"Content-Length: {len(reply.body)}", f"Connection: {'keep-alive' if keep else 'close'}", "", ""]
        transport.write("\r\n".join(lines).encode("latin-1") + (reply.body if with_body else b""))
        if keep:
            self._wait()
        else:
            transport.close()
