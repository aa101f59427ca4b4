"""One POST after another to one server, over a connection that stays open.

A plain HTTP/1.1 client of asyncio and httptools: the general client would be a third of an idle agent's memory. What
needs more than credentials and TLS (a proxy, OAuth2, a redirect) takes the general one.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast
from urllib.parse import urlsplit

import httptools

from watchkeeper.core.http.config import HTTPClientConfig
from watchkeeper.core.http.credentials import CredentialError, authorization_source, basic_authorization, source
from watchkeeper.core.http.tls import TLSContexts
from watchkeeper.logs.agent.config.client import ClientConfig

MAX_ANSWER_BYTES: Final = 64 << 10
_REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))


@dataclass(frozen=True, slots=True)
class Answer:
    """The status of a response, and the beginning of its body."""

    status: int
    text: str


class SendError(Exception):
    """No answer: the text says why, without secrets."""


class Transport(Protocol):
    """The way to one server."""

    async def post(self, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Answer:
        """Raises SendError."""
        ...

    async def close(self) -> None:
        """Closes connections."""
        ...


def transport(config: ClientConfig, user_agent: str) -> Transport:
    """The transport that a client's settings need."""
    http = config.http_client
    proxy = http.proxy
    in_environment = proxy.proxy_from_environment and any(
        os.environ.get(name) for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy")
    )
    if http.oauth2 or proxy.proxy_url or in_environment:
        return ClientTransport(config, user_agent)
    return DirectTransport(config, user_agent)


class DirectTransport:
    """Straight to the server."""

    def __init__(self, config: ClientConfig, user_agent: str) -> None:
        self._config = config
        self._agent = user_agent
        self._url = config.url.reveal()
        parts = urlsplit(self._url)
        self._host = parts.hostname or ""
        self._is_tls = parts.scheme == "https"
        self._port = parts.port or (443 if self._is_tls else 80)
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        shown = f"[{self._host}]" if ":" in self._host else self._host
        default = 443 if self._is_tls else 80
        self._authority = shown if self._port == default else f"{shown}:{self._port}"
        self._authorization = authorization_source(config.http_client)
        if self._authorization is None and parts.username is not None:
            from urllib.parse import unquote

            value = basic_authorization(unquote(parts.username), unquote(parts.password or ""))
            self._authorization = lambda: value
        self._tls = TLSContexts(config.http_client.tls_config)
        self._headers = _extra_headers(config.http_client)
        self._connection: _Connection | None = None
        self._other: ClientTransport | None = None

    async def post(self, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Answer:
        """Raises SendError. A connection that was closed while it was idle is made anew."""
        if self._other is not None:
            return await self._other.post(body, headers, timeout_s)
        try:
            async with asyncio.timeout(timeout_s):
                answer = await self._post(body, headers)
        except TimeoutError:
            self._drop()
            raise SendError(f"timed out after {timeout_s:g} s") from None
        except CredentialError as error:
            raise SendError(str(error)) from None
        except (OSError, asyncio.IncompleteReadError, httptools.HttpParserError, EOFError) as error:
            self._drop()
            raise SendError(_reason(error)) from None
        if answer.status in _REDIRECTS and self._config.http_client.follow_redirects:
            self._other = ClientTransport(self._config, self._agent)
            return await self._other.post(body, headers, timeout_s)
        return answer

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        head = self._head(len(body), headers)
        used = self._connection
        if used is not None and not used.is_closed:
            try:
                return await used.send(head, body)
            except (OSError, EOFError):
                # It may have been closed by the server at the very moment; a new one tells.
                self._drop()
        loop = asyncio.get_running_loop()
        context: ssl.SSLContext | None = None
        if self._is_tls:
            context = self._tls.get()
        config = self._config.http_client.tls_config
        name = (config.server_name if config else "") or self._host
        _, made = await loop.create_connection(
            _Connection, self._host, self._port, ssl=context, server_hostname=name if context else None
        )
        self._connection = made
        return await made.send(head, body)

    def _head(self, size: int, headers: Mapping[str, str]) -> bytes:
        lines = [f"POST {self._path} HTTP/1.1", f"Host: {self._authority}", f"User-Agent: {self._agent}"]
        sent = dict(headers)
        if self._authorization is not None:
            sent["Authorization"] = self._authorization()
        for name, texts in self._headers:
            lines += [f"{name}: {text()}" for text in texts]
        lines += [f"{name}: {value}" for name, value in sent.items()]
        lines += [f"Content-Length: {size}", "", ""]
        return "\r\n".join(lines).encode("utf-8")

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def close(self) -> None:
        """Closes the connection."""
        self._drop()
        if self._other is not None:
            await self._other.close()


class _Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self.is_closed = False
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[Answer] | None = None
        self._parser: Any = None
        self._body = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport."""
        # uvloop's transports have no asyncio.Transport among their bases.
        self._transport = cast(asyncio.Transport, transport)

    async def send(self, head: bytes, body: bytes) -> Answer:
        """Raises OSError and EOFError where the connection ends."""
        assert self._transport is not None
        if self._transport.is_closing():
            raise EOFError("the connection was closed")
        self._waiter = asyncio.get_running_loop().create_future()
        self._parser = httptools.HttpResponseParser(self)
        self._body = bytearray()
        self._transport.write(head)
        self._transport.write(body)
        return await self._waiter

    def data_received(self, data: bytes) -> None:
        """Feeds the parser."""
        if self._parser is None:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(error)
            self.close()

    def on_body(self, data: bytes) -> None:
        """Called by the parser."""
        if len(self._body) < MAX_ANSWER_BYTES:
            self._body += data

    def on_message_complete(self) -> None:
        """Called by the parser."""
        status = self._parser.get_status_code()
        if 100 <= status < 200:
            return
        if not self._parser.should_keep_alive():
            self.close()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(Answer(status, bytes(self._body).decode("utf-8", "replace")))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tells who waits."""
        self.is_closed = True
        self._fail(exc or EOFError("the server closed the connection without an answer"))

    def _fail(self, error: Exception) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)

    def close(self) -> None:
        """Closes it."""
        self.is_closed = True
        if self._transport is not None:
            self._transport.close()


class ClientTransport:
    """By way of the general client."""

    def __init__(self, config: ClientConfig, user_agent: str) -> None:
        from watchkeeper.core.http.client import HTTPClient

        self._url = config.url.reveal()
        self._client = HTTPClient(config.http_client, user_agent=user_agent)

    async def post(self, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Answer:
        """Raises SendError."""
        import aiohttp

        from watchkeeper.core.http.client import describe

        timeout = aiohttp.ClientTimeout(total=timeout_s)
        try:
            async with self._client.request("POST", self._url, headers=headers, data=body, timeout=timeout) as answer:
                text = await answer.content.read(MAX_ANSWER_BYTES)
                return Answer(answer.status, text.decode("utf-8", "replace"))
        except TimeoutError:
            raise SendError(f"timed out after {timeout_s:g} s") from None
        except CredentialError as error:
            raise SendError(str(error)) from None
        except (aiohttp.ClientError, OSError) as error:
            raise SendError(describe(error)) from None

    async def close(self) -> None:
        """Closes connections."""
        with suppress(Exception):
            await self._client.close()


def _extra_headers(config: HTTPClientConfig) -> list[tuple[str, list[Any]]]:
    found: list[tuple[str, list[Any]]] = []
    for name, item in config.http_headers.items():
        texts = [source(value, "", "") for value in item.values]
        texts += [source(value, "", "") for value in item.secrets]
        texts += [source(None, path, f"header file of {name}") for path in item.files]
        found.append((name, texts))
    return found


def _reason(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"TLS certificate is not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {str(error.reason or error).replace('_', ' ').lower()}"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error) or type(error).__name__
