"""HTTP within time, size and protocol limits: the only module that fetches targets.

Two ways lead to a target. `DirectFetch` is a keep-alive HTTP/1.1 client for one target, no more than a protocol over a
transport and httptools: most of what a scrape of a small target costs would otherwise be the HTTP client. Whatever
needs more (TLS, a proxy, credentials, redirects) takes the shared client of `core/http` through `ClientFetch`.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Protocol, cast

import aiohttp
import httptools
from zlib_ng import zlib_ng

from watchkeeper.core.http.client import HTTPClient, describe
from watchkeeper.core.http.credentials import CredentialError
from watchkeeper.core.model.errors import TargetError

MAX_BODY_BYTES: Final = 256 << 20  # Of a decoded body where body_size_limit is 0; a larger one is a fault or an attack.
MAX_HEADER_BYTES: Final = 64 << 10  # Status line and headers of one response.
_COMPRESSION_SLACK_BYTES: Final = 1024  # By so much a tiny body may be larger compressed than decoded.
_REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))
_GZIP_MIN_BYTES: Final = 18  # Header and trailer of a member.
_DEFLATE_MAX_RATIO: Final = 1032  # No deflate stream unpacks to more than this many times its size.
_GZIP_WINDOW: Final = 31  # zlib's number for: gzip header, largest window.


class BodySizeExceeded(TargetError):
    """The decoded body has `body_size_limit` bytes or more."""

    def __init__(self) -> None:
        super().__init__("body size limit exceeded")


class RedirectedError(TargetError):
    """The target answered with a redirect, which `DirectFetch` does not follow."""


@dataclass(frozen=True, slots=True)
class Response:
    """A body as it came, perhaps compressed, and the header that says how to parse it."""

    content_type: str
    encoding: str
    body: bytes

    @property
    def is_large(self) -> bool:
        """Whether to decode and parse in a thread: the event loop would stand still for milliseconds."""
        return len(self.body) > (_LARGE_GZIP_BYTES if self.encoding else _LARGE_BYTES)

    def decoded(self, limit_bytes: int) -> bytes:
        """The body without its content encoding; raises BodySizeExceeded when it reaches the limit."""
        if self.encoding == "gzip":
            return _gunzip(self.body, limit_bytes)
        if self.encoding not in ("", "identity"):
            raise TargetError(f'unsupported Content-Encoding "{self.encoding}"')
        if len(self.body) >= limit_bytes:
            raise BodySizeExceeded
        return self.body


_LARGE_BYTES: Final = 1 << 20
_LARGE_GZIP_BYTES: Final = 100 << 10  # Expositions shrink to a tenth.


class Fetch(Protocol):
    """How one target is reached."""

    async def __call__(self) -> Response:
        """One scrape's response; raises TargetError within the scrape's timeout."""
        ...

    def close(self) -> None:
        """Drop the connection."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """One target's GET: what is asked, and what may be spent on the answer.

    headers      names and values, without Host and Accept-Encoding
    unix_socket  path of the socket to connect to instead of host and port; empty for TCP
    """

    url: str
    host: str
    port: int
    authority: str
    path: str
    headers: tuple[tuple[str, str], ...]
    timeout_s: float
    limit_bytes: int = MAX_BODY_BYTES
    compression: bool = True
    unix_socket: str = ""

    def encode(self) -> bytes:
        """The request's bytes."""
        lines = [f"GET {self.path} HTTP/1.1", f"Host: {self.authority}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.compression:
            lines.append("Accept-Encoding: gzip")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


class DirectFetch:
    """A keep-alive connection to one plain HTTP target. One fetch at a time."""

    __slots__ = ("_bytes", "_connection", "_instead", "_on_redirect", "_request")

    def __init__(self, request: Request, on_redirect: Callable[[], Fetch] | None = None) -> None:
        """`on_redirect` makes what follows redirects; without it a redirect is a failure."""
        self._request = request
        self._on_redirect = on_redirect
        self._instead: Fetch | None = None
        self._bytes = request.encode()
        self._connection: _Connection | None = None

    async def __call__(self) -> Response:
        """One GET, on the connection of the last one where it still stands."""
        if self._instead is not None:
            return await self._instead()
        try:
            return await self._get()
        except RedirectedError:
            if self._on_redirect is None:
                raise
            # A target that redirects does so each time: it is the client's from now on.
            self._instead = self._on_redirect()
            return await self._instead()

    async def _get(self) -> Response:
        request = self._request
        loop = asyncio.get_running_loop()
        deadline = loop.time() + request.timeout_s
        connection = self._connection
        if connection is not None and connection.is_open:
            try:
                return await self._ask(connection, deadline)
            except _IdleClosed:
                pass  # The server closed it while it was idle, or just as we wrote: nothing of ours was answered.
        connection = await self._connect(deadline)
        try:
            return await self._ask(connection, deadline)
        except _IdleClosed as error:
            raise TargetError(f'Get "{request.url}": {str(error) or "EOF"}') from None

    async def _ask(self, connection: _Connection, deadline: float) -> Response:
        try:
            response = await connection.ask(self._bytes, deadline)
        except BaseException:
            connection.abort()
            self._connection = None
            raise
        self._connection = connection if connection.is_open else None
        return response

    async def _connect(self, deadline: float) -> _Connection:
        request = self._request
        loop = asyncio.get_running_loop()
        make = lambda: _Connection(loop, request)  # noqa: E731
        try:
            async with asyncio.timeout_at(deadline):
                if request.unix_socket:
                    _, connection = await loop.create_unix_connection(make, request.unix_socket)
                else:
                    _, connection = await loop.create_connection(make, request.host, request.port)
        except TimeoutError:
            raise TargetError(f'Get "{request.url}": context deadline exceeded') from None
        except socket.gaierror as error:
            reason = "no such host" if error.errno in _NO_SUCH_HOST else str(error.strerror)
            raise TargetError(f'Get "{request.url}": dial tcp: lookup {request.host}: {reason}') from None
        except (OSError, UnicodeError, OverflowError) as error:
            raise TargetError(f'Get "{request.url}": dial tcp {request.authority}: {_why(error)}') from None
        return connection

    def close(self) -> None:
        """Drop the connection."""
        if self._connection is not None:
            self._connection.abort()
            self._connection = None


class ClientFetch:
    """A target that needs more than `DirectFetch` can: each fetch is one request of the job's shared client."""

    __slots__ = ("_client", "_request")

    def __init__(self, request: Request, client: Callable[[], HTTPClient]) -> None:
        self._request = request
        self._client = client

    async def __call__(self) -> Response:
        """One GET through the client."""
        request = self._request
        headers = dict(request.headers)
        headers["Accept-Encoding"] = "gzip" if request.compression else "identity"
        stage = f'Get "{request.url}": '
        try:
            async with (
                asyncio.timeout(request.timeout_s),
                self._client().request("GET", request.url, headers=headers) as response,
            ):
                stage = ""
                if response.status != HTTPStatus.OK:
                    raise TargetError(status_text(response.status))
                body = await _read(response, request.limit_bytes)
                encoding = response.headers.get("Content-Encoding", "").strip().lower()
                return Response(response.headers.get("Content-Type", ""), encoding, body)
        except TimeoutError:
            raise TargetError(f"{stage}context deadline exceeded") from None
        except aiohttp.ClientPayloadError:
            raise TargetError("unexpected EOF") from None
        except (aiohttp.ClientError, CredentialError, OSError, ValueError) as error:
            raise TargetError(stage + describe(error)) from None

    def close(self) -> None:
        """Nothing: the client belongs to the pool."""


async def _read(response: aiohttp.ClientResponse, limit_bytes: int) -> bytes:
    chunks: list[bytes] = []
    size_bytes = 0
    async for chunk in response.content.iter_any():
        size_bytes += len(chunk)
        if size_bytes > limit_bytes + _COMPRESSION_SLACK_BYTES:
            raise BodySizeExceeded
        chunks.append(chunk)
    return b"".join(chunks)


class _IdleClosed(Exception):
    """The connection ended before the first byte of an answer."""


class _Connection(asyncio.Protocol):
    """One connection: a request out, a response in, again and again."""

    __slots__ = (
        "_answer",
        "_chunks",
        "_content_type",
        "_encoding",
        "_framed",
        "_header_bytes",
        "_headers_done",
        "_limit_bytes",
        "_loop",
        "_parser",
        "_request",
        "_size_bytes",
        "_transport",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, request: Request) -> None:
        self._loop = loop
        self._request = request
        self._limit_bytes = request.limit_bytes + _COMPRESSION_SLACK_BYTES
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Response] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._reset()

    def _reset(self) -> None:
        self._chunks: list[bytes] = []
        self._content_type = ""
        self._encoding = ""
        self._framed = False
        self._header_bytes = 0
        self._headers_done = False
        self._size_bytes = 0

    @property
    def is_open(self) -> bool:
        """Whether another request can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, request: bytes, deadline: float) -> Response:
        """Send a request; return its response, or raise TargetError or _IdleClosed."""
        if not self.is_open:
            raise _IdleClosed
        answer: asyncio.Future[Response] = self._loop.create_future()
        self._answer = answer
        timer = self._loop.call_at(deadline, self._on_timeout)
        cast(asyncio.Transport, self._transport).write(request)
        try:
            return await answer
        finally:
            timer.cancel()
            self._answer = None
            self._reset()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
        self.abort()

    def _finish(self) -> None:
        """The message is complete: hand it over."""
        answer = self._answer
        if answer is None or answer.done():
            return
        status = self._parser.get_status_code()
        if status == HTTPStatus.OK:
            chunks = self._chunks
            body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
            answer.set_result(Response(self._content_type, self._encoding, body))
        elif status in _REDIRECTS:
            answer.set_exception(RedirectedError(status_text(status)))
        else:
            answer.set_exception(TargetError(status_text(status)))

    def _on_timeout(self) -> None:
        # The text upstream shows depends on how far the answer had come.
        text = "context deadline exceeded"
        self._fail(TargetError(text if self._headers_done else f'Get "{self._request.url}": {text}'))

    # --- asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Feed the parser; bytes nobody asked for close the connection."""
        if self._answer is None:
            self.abort()
            return
        if not self._headers_done:
            self._header_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            reason = error.__context__ if isinstance(error.__context__, TargetError) else None
            self._fail(reason or TargetError(f'Get "{self._request.url}": malformed HTTP response: {error}'))
        else:
            if not self._headers_done and self._header_bytes > MAX_HEADER_BYTES and self._answer is not None:
                self._fail(
                    TargetError(f'Get "{self._request.url}": server response headers exceeded {MAX_HEADER_BYTES} bytes')
                )

    def eof_received(self) -> bool:
        """A body without length ends here."""
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """Complete a body that ends with the connection; fail what was cut short."""
        self._transport = None
        if self._answer is None or self._answer.done():
            return
        if self._headers_done and not self._framed and error is None:
            self._finish()
        elif self._headers_done:
            self._fail(TargetError(_why(error) if error else "unexpected EOF"))
        elif self._header_bytes:
            reason = _why(error) if error else "unexpected EOF"
            self._fail(TargetError(f'Get "{self._request.url}": {reason}'))
        else:
            self._fail(_IdleClosed(_why(error) if error else ""))

    # --- httptools' side

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep the few headers that matter."""
        lowered = name.lower()
        if lowered == b"content-type":
            self._content_type = value.decode("latin-1")
        elif lowered == b"content-encoding":
            self._encoding = value.decode("latin-1").strip().lower()
        elif lowered in (b"content-length", b"transfer-encoding"):
            self._framed = True

    def on_headers_complete(self) -> None:
        """The body comes next."""
        self._headers_done = self._parser.get_status_code() >= HTTPStatus.OK

    def on_body(self, chunk: bytes) -> None:
        """Gather, up to the limit."""
        self._size_bytes += len(chunk)
        if self._parser.get_status_code() != HTTPStatus.OK:
            if self._size_bytes > MAX_HEADER_BYTES:  # An error page is not read to its end.
                self._finish()
                self.abort()
        elif self._size_bytes > self._limit_bytes:
            self._chunks.clear()
            self._fail(BodySizeExceeded())
        else:
            self._chunks.append(chunk)

    def on_message_complete(self) -> None:
        """Answer; an interim response (1xx) is passed over."""
        if self._headers_done:
            self._finish()
            if not self._parser.should_keep_alive():
                self.abort()
        else:
            self._reset()


def status_text(status: int) -> str:
    """What a target's page says of a status other than 200: `server returned HTTP status 404 Not Found`."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"server returned HTTP status {status} {phrase}".rstrip()


def _gunzip(data: bytes, limit_bytes: int) -> bytes:
    """All members of a gzip stream."""
    # The last member tells its size at its end: what is too large by its own word is not unpacked to find that out.
    # Where so few bytes can't hold so much, it is no size but the middle of a body that was cut.
    if (
        len(data) >= _GZIP_MIN_BYTES
        and limit_bytes <= int.from_bytes(data[-4:], "little") <= len(data) * _DEFLATE_MAX_RATIO
    ):
        raise BodySizeExceeded
    parts: list[bytes] = []
    left = limit_bytes
    while data:
        if data[:2] != b"\x1f\x8b":
            raise TargetError("gzip: invalid header")
        member = zlib_ng.decompressobj(_GZIP_WINDOW)
        try:
            part = member.decompress(data, left)
        except zlib_ng.error as error:  # type: ignore[misc]  # The stub has it as a value.
            raise TargetError("gzip: invalid checksum" if "check" in str(error) else "flate: corrupt input") from None
        left -= len(part)
        if left <= 0:
            raise BodySizeExceeded
        if not member.eof:
            raise TargetError("unexpected EOF")
        parts.append(part)
        data = member.unused_data
    return parts[0] if len(parts) == 1 else b"".join(parts)


_NO_SUCH_HOST: Final = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))


def _why(error: BaseException) -> str:
    """The text of an operating system's error, as Go words it."""
    if isinstance(error, ConnectionRefusedError):
        return "connect: connection refused"
    if isinstance(error, ConnectionResetError):
        return "read: connection reset by peer"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno).lower()
    return str(error) or type(error).__name__
