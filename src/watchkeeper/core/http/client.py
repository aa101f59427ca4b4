"""HTTP client settings → an aiohttp session and the options of each request.

The only module of `core` that imports aiohttp.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import aiohttp
import orjson
from multidict import CIMultiDict

from watchkeeper.core.http.config import HeaderSource, HTTPClientConfig, OAuth2
from watchkeeper.core.http.credentials import (
    CredentialError,
    FileText,
    Source,
    authorization_source,
    basic_authorization,
    source,
)
from watchkeeper.core.http.proxy import proxy_function
from watchkeeper.core.http.tls import TLSContexts

IDLE_CONNECTION_S: Final = 300.0  # As upstream: longer than any usual scrape interval.
TOKEN_TIMEOUT_S: Final = 30.0
TOKEN_SLACK_S: Final = 10.0  # A token is fetched anew this long before it ends.
MAX_TOKEN_BYTES: Final = 1 << 20


class HTTPClient:
    """Requests as a configuration wants them. One for each job or receiver; close it in the loop that used it."""

    def __init__(
        self,
        config: HTTPClientConfig,
        *,
        user_agent: str = "",
        environ: Mapping[str, str] | None = None,
        auto_decompress: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Needs a running event loop.

        environ          where `proxy_from_environment` looks; the process's own environment if not given
        auto_decompress  whether bodies arrive unpacked
        clock            seconds, for the age of OAuth2 tokens
        """
        environ = os.environ if environ is None else environ
        self._config = config
        self._route = _Route(config, environ)
        self._authorization = authorization_source(config)
        self._token = TokenSource(config.oauth2, environ, clock) if config.oauth2 is not None else None
        self._headers = [(name, _header_sources(name, item)) for name, item in config.http_headers.items()]
        self._agent = {"User-Agent": user_agent} if user_agent else {}
        self.session = _session(auto_decompress)

    async def options(self, url: str) -> dict[str, Any]:
        """The keyword arguments of `session.request` for a URL: headers, ssl, proxy, allow_redirects.

        Raises CredentialError where a file or a token can't be had.
        """
        headers: CIMultiDict[str] = CIMultiDict(self._agent)
        for name, sources in self._headers:
            headers.popall(name, None)
            for text in sources:
                headers.add(name, text())
        if self._token is not None:
            headers["Authorization"] = await self._token.get()
        elif self._authorization is not None:
            headers["Authorization"] = self._authorization()
        options = self._route.options(url)
        options["headers"] = headers
        options["allow_redirects"] = self._config.follow_redirects
        return options

    @asynccontextmanager
    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """A response, to be used in an `async with`. Raises CredentialError and aiohttp's ClientError.

        headers   come over the configured ones
        more      as `aiohttp.ClientSession.request` takes them
        """
        options = await self.options(url)
        options["headers"].update(headers or {})
        # aiohttp refuses a user in the URL beside the header; the header is the stronger one, as in Go.
        if "@" in url and "Authorization" in options["headers"]:
            url = without_user(url)
        async with self.session.request(method, url, **options, **more) as response:
            yield response

    async def close(self) -> None:
        """Close all connections."""
        await self.session.close()
        if self._token is not None:
            await self._token.close()


class _Route:
    """TLS and proxy of a request."""

    def __init__(self, config: HTTPClientConfig | OAuth2, environ: Mapping[str, str]) -> None:
        self._tls = TLSContexts(config.tls_config)
        self._server_name = config.tls_config.server_name if config.tls_config else ""
        self._proxy_for = proxy_function(config.proxy, environ)
        self._connect_headers: CIMultiDict[str] = CIMultiDict(
            (name, value.reveal()) for name, values in config.proxy.proxy_connect_header.items() for value in values
        )

    def options(self, url: str) -> dict[str, Any]:
        options: dict[str, Any] = {}
        proxy = self._proxy_for(url)
        if proxy is not None:
            options["proxy"] = proxy
            if self._connect_headers:
                options["proxy_headers"] = self._connect_headers
        # Also for a plain URL, which may be redirected to TLS. Without settings aiohttp's own context, which all share.
        if self._tls.is_special:
            options["ssl"] = self._tls.get()
            if self._server_name:
                options["server_hostname"] = self._server_name
        return options


class TokenSource:
    """OAuth2 client credentials: the Authorization value, fetched when it is needed and kept until it ends."""

    def __init__(self, config: OAuth2, environ: Mapping[str, str], clock: Callable[[], float]) -> None:
        self._config = config
        self._clock = clock
        self._route = _Route(config, environ)
        self._secret = source(config.client_secret, config.client_secret_file, "client secret file")
        self._lock = asyncio.Lock()
        self._session: aiohttp.ClientSession | None = None
        self._value = ""
        self._used_secret = ""
        self._ends_s = 0.0
        self._secret_in_body = False

    async def get(self) -> str:
        """The header value, `Bearer …`. Raises CredentialError."""
        async with self._lock:
            secret = self._secret()
            if not self._value or self._clock() >= self._ends_s or secret != self._used_secret:
                await self._fetch(secret)
            return self._value

    async def close(self) -> None:
        """Close the connections to the token server."""
        if self._session is not None:
            await self._session.close()

    async def _fetch(self, secret: str) -> None:
        status, body = await self._ask(secret)
        if status in (400, 401) and not self._secret_in_body:
            # Servers differ in where they look for the client's secret; the one that works is remembered.
            self._secret_in_body = True
            status, body = await self._ask(secret)
            self._secret_in_body = status == 200
        answer = _parse_token(body)
        if status != 200:
            reason = "".join(f": {answer[key]}" for key in ("error", "error_description") if answer.get(key))
            raise CredentialError(f"oauth2: {self._where} refused a token with status {status}{_clean(reason, secret)}")
        token = answer.get("access_token")
        if not isinstance(token, str) or not token or not token.isprintable():
            raise CredentialError(f"oauth2: the answer of {self._where} has no access_token")
        kind = answer.get("token_type")
        try:
            life_s = float(answer.get("expires_in") or "inf")
        except (TypeError, ValueError):
            life_s = float("inf")
        # "bearer" in any case is written as the header has it.
        self._value = f"{kind if isinstance(kind, str) and kind.lower() not in ('', 'bearer') else 'Bearer'} {token}"
        self._used_secret = secret
        self._ends_s = self._clock() + life_s - TOKEN_SLACK_S

    @property
    def _where(self) -> str:
        return str(self._config.token_url)

    async def _ask(self, secret: str) -> tuple[int, bytes]:
        config = self._config
        assert config.token_url is not None
        url = without_user(config.token_url.reveal())
        form = {"grant_type": "client_credentials", **config.endpoint_params}
        if config.scopes:
            form["scope"] = " ".join(config.scopes)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if self._secret_in_body:
            form["client_id"] = config.client_id
            form["client_secret"] = secret
        else:
            headers["Authorization"] = basic_authorization(
                urlencode({"": config.client_id})[1:], urlencode({"": secret})[1:]
            )
        if self._session is None:
            self._session = _session(auto_decompress=True)
        try:
            async with self._session.post(
                url,
                data=urlencode(form).encode(),
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=TOKEN_TIMEOUT_S),
                **self._route.options(url),
            ) as response:
                return response.status, await read_limited(response, MAX_TOKEN_BYTES)
        except TimeoutError:
            raise CredentialError(f"oauth2: {self._where} did not answer within {TOKEN_TIMEOUT_S:g} s") from None
        except aiohttp.ClientError as error:
            raise CredentialError(f"oauth2: token request to {self._where} failed: {describe(error)}") from None


def without_user(url: str) -> str:
    """The URL without user and password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


async def read_limited(response: aiohttp.ClientResponse, limit_bytes: int) -> bytes:
    """The whole body. Raises aiohttp.ClientPayloadError where it is longer than the limit."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit_bytes:
            raise aiohttp.ClientPayloadError(f"body is larger than {limit_bytes} bytes")
    return bytes(body)


def describe(error: BaseException) -> str:
    """What went wrong with a request, without the URL (which may hold a password) and without the header values."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"TLS certificate of {error.host}:{error.port} is not accepted: {error.certificate_error}"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"host {error.host} not found"
    if isinstance(error, aiohttp.ClientConnectorError):
        os_error = error.os_error
        return f"connection to {error.host}:{error.port} failed: {os_error.strerror or os_error}"
    if isinstance(error, aiohttp.TooManyRedirects):
        return f"stopped after {len(error.history)} redirects"
    if isinstance(error, aiohttp.ClientResponseError):
        return f"status {error.status} {error.message}".rstrip()
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, aiohttp.InvalidURL):
        return "the URL is not valid"
    return str(error) or type(error).__name__


def _session(auto_decompress: bool) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_CONNECTION_S),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=auto_decompress,
        trust_env=False,
    )


def _header_sources(name: str, item: HeaderSource) -> list[Source]:
    sources: list[Source] = [source(value, "", "") for value in item.values]
    sources.extend(source(value, "", "") for value in item.secrets)
    sources.extend(FileText(path, f"header file of {name}") for path in item.files)
    return sources


def _parse_token(body: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
    return answer if isinstance(answer, dict) else {}


def _clean(text: str, secret: str) -> str:
    shown = text.replace(secret, "<secret>") if secret else text
    return "".join(char if char.isprintable() else " " for char in shown)[:300]
