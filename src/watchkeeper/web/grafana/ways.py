"""How a datasource is asked: by a call in this process, or over the network."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlencode, urlsplit

from aiohttp import hdrs, web
from multidict import CIMultiDict
from yarl import URL

from watchkeeper.dashboards.datasource import Datasource
from watchkeeper.web.errors import ApiError
from watchkeeper.web.grafana.datasource_tls import tls_options

if TYPE_CHECKING:
    import aiohttp

# Of one connection, not of what it carries.
HOP_HEADERS: Final = frozenset(
    (
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade",
    )
)  # fmt: skip
# Ours: who asks us, and from where, is nobody else's business.
OWN_HEADERS: Final = frozenset(("authorization", "cookie", "host", "origin", "referer", "x-grafana-org-id"))
KEPT_ANSWER_HEADERS: Final = frozenset(("set-cookie", "content-security-policy", "clear-site-data"))
TIMEOUT_S: Final = 60.0
CONNECT_TIMEOUT_S: Final = 10.0
MAX_ANSWER_BYTES: Final = 256 << 20
PIECE_BYTES: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Answer:
    """What a datasource said."""

    status: int
    body: bytes
    content_type: str = ""


class Way(Protocol):
    """To one datasource. Both methods raise ApiError where it can't be reached."""

    async def get(self, blank: web.Request, path: str, parameters: Mapping[str, Any] | None = None) -> Answer:
        """A whole answer.

        blank   a request whose body was not read, for calls in this process
        path    below the datasource's URL, with a slash in front
        """
        ...

    async def forward(self, request: web.Request, path: str) -> web.StreamResponse:
        """The request as it is, with its method, query, body and most of its headers."""
        ...


class OwnWay:
    """Into an application of this process: no socket, no copy."""

    def __init__(self, app: web.Application, prefix: str) -> None:
        """prefix   what stands before its paths"""
        self._app = app
        self._prefix = prefix
        if not app.frozen:
            app.freeze()

    async def get(self, blank: web.Request, path: str, parameters: Mapping[str, Any] | None = None) -> Answer:
        """A whole answer."""
        query = f"?{urlencode(parameters, doseq=True)}" if parameters else ""
        url = URL(f"{self._prefix}{path}{query}", encoded=True)
        response = await self._answer(blank.clone(method="GET", rel_url=url, headers={hdrs.HOST: blank.host}))
        if not isinstance(response, web.Response) or not isinstance(response.body, bytes | bytearray | None):
            raise ApiError(502, "datasource", "the answer is a stream, and can't be used here")
        return Answer(response.status, bytes(response.body or b""), response.content_type)

    async def forward(self, request: web.Request, path: str) -> web.StreamResponse:
        """The request as it is."""
        query = request.rel_url.raw_query_string
        url = URL(f"{self._prefix}{path}{'?' if query else ''}{query}", encoded=True)
        headers = CIMultiDict(
            (name, value) for name, value in request.headers.items() if name.lower() not in ("cookie", "authorization")
        )
        return await self._answer(request.clone(rel_url=url, headers=headers))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        try:
            # What a server calls for each request; an application has no public name for it.
            return await self._app._handle(request)
        except web.HTTPException as error:
            return web.Response(status=error.status, text=error.text, headers=_without_length(error.headers))


class RemoteWay:
    """Over HTTP, as a datasource's settings want it."""

    def __init__(self, datasource: Datasource, session: Callable[[], aiohttp.ClientSession]) -> None:
        self._datasource = datasource
        self._session = session

    async def get(self, blank: web.Request, path: str, parameters: Mapping[str, Any] | None = None) -> Answer:
        """A whole answer."""
        query = f"?{urlencode(parameters, doseq=True)}" if parameters else ""
        try:
            async with self._session().get(self._url(path, query), headers=self._headers(), **self._options()) as found:
                body = await found.content.read(MAX_ANSWER_BYTES + 1)
                while not found.content.at_eof() and len(body) <= MAX_ANSWER_BYTES:
                    body += await found.content.read(MAX_ANSWER_BYTES)
                if len(body) > MAX_ANSWER_BYTES:
                    raise ApiError(502, "datasource", f"the answer is larger than {MAX_ANSWER_BYTES} bytes")
                return Answer(found.status, body, found.content_type)
        except _failures() as error:
            raise self._unreachable(error) from None

    async def forward(self, request: web.Request, path: str) -> web.StreamResponse:
        """The request as it is; the answer as it comes."""
        query = request.rel_url.raw_query_string
        headers = CIMultiDict(
            (name, value)
            for name, value in request.headers.items()
            if name.lower() not in HOP_HEADERS | OWN_HEADERS and not name.lower().startswith(("sec-", "x-forwarded-"))
        )
        headers.update(self._headers())
        body = request.content.iter_chunked(PIECE_BYTES) if request.body_exists else None
        response: web.StreamResponse | None = None
        try:
            async with self._session().request(
                request.method, self._url(path, f"?{query}" if query else ""), headers=headers, data=body,
                auto_decompress=False, **self._options(),
            ) as found:  # fmt: skip
                response = web.StreamResponse(status=found.status, headers=_answer_headers(found.headers))
                await response.prepare(request)
                async for piece in found.content.iter_chunked(PIECE_BYTES):
                    await response.write(piece)
                await response.write_eof()
                return response
        except _failures() as error:
            if response is not None and response.prepared:
                # Half an answer must not look like a whole one.
                if request.transport is not None:
                    request.transport.close()
                return response
            raise self._unreachable(error) from None

    def _url(self, path: str, query: str) -> URL:
        base = self._datasource.url
        if not base:
            raise ApiError(502, "datasource", f"the data source {self._datasource.name} has no URL")
        # Only below what the settings name, whatever a path says.
        if any(part in ("..", ".") for part in path.replace("%2e", ".").replace("%2E", ".").split("/")):
            raise ApiError(400, "bad_data", "the path leads out of the data source's URL")
        return URL(f"{base.rstrip('/')}{path}{query}", encoded=True)

    def _headers(self) -> CIMultiDict[str]:
        datasource, headers = self._datasource, CIMultiDict[str]()
        secrets = datasource.secrets
        if datasource.basic_auth:
            from watchkeeper.core.http.credentials import basic_authorization

            password = secrets.get("basicAuthPassword")
            headers[hdrs.AUTHORIZATION] = basic_authorization(
                datasource.basic_auth_user, password.reveal() if password else ""
            )
        for number in range(1, 51):
            name = datasource.json_data.get(f"httpHeaderName{number}")
            value = secrets.get(f"httpHeaderValue{number}")
            if isinstance(name, str) and name and value is not None and name.isascii() and value.reveal().isprintable():
                headers[name] = value.reveal()
        return headers

    def _options(self) -> dict[str, Any]:
        import aiohttp

        options: dict[str, Any] = {
            "allow_redirects": False,
            "timeout": aiohttp.ClientTimeout(total=self._timeout_s(), sock_connect=CONNECT_TIMEOUT_S),
        }
        options.update(tls_options(self._datasource))
        return options

    def _timeout_s(self) -> float:
        wanted = self._datasource.json_data.get("timeout")
        try:
            return min(max(float(wanted), 1.0), 600.0) if wanted else TIMEOUT_S
        except (TypeError, ValueError):
            return TIMEOUT_S

    def _unreachable(self, error: Exception) -> ApiError:
        host = urlsplit(self._datasource.url).netloc.rpartition("@")[2]
        return ApiError(
            502, "datasource", f"the data source {self._datasource.name} at {host} can't be reached: {_why(error)}"
        )


def _why(error: Exception) -> str:
    """What went wrong in a few words: what the operating system says, without how it was asked."""
    if isinstance(error, TimeoutError):
        return "it took too long"
    cause = getattr(error, "os_error", error)
    if isinstance(cause, socket.gaierror):
        return "no such host"
    if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError) and cause.errno:
        return os.strerror(cause.errno).lower()
    return str(error) or type(error).__name__


def _failures() -> tuple[type[Exception], ...]:
    import aiohttp

    return (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError)


def _answer_headers(headers: Mapping[str, str]) -> CIMultiDict[str]:
    found = CIMultiDict(
        (name, value)
        for name, value in headers.items()
        if name.lower() not in HOP_HEADERS and name.lower() not in KEPT_ANSWER_HEADERS
    )
    # What others serve is shown by no browser as a page of ours.
    found["Content-Security-Policy"] = "sandbox"
    found["X-Content-Type-Options"] = "nosniff"
    return found


def _without_length(headers: Mapping[str, str]) -> CIMultiDict[str]:
    return CIMultiDict(
        (name, value) for name, value in headers.items() if name.lower() not in ("content-length", "content-type")
    )
