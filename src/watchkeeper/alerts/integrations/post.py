"""Requests to services: what their answers mean, and errors that show no secret."""

from __future__ import annotations

import asyncio
import re
import resource
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import aiohttp
import orjson

from watchkeeper import __version__
from watchkeeper.alerts.integrations.http_secrets import secrets_of_client
from watchkeeper.alerts.interface import NotifyError, Surroundings
from watchkeeper.core.config.secret import HIDDEN
from watchkeeper.core.http.client import HTTPClient, describe
from watchkeeper.core.http.config import HTTPClientConfig
from watchkeeper.core.http.credentials import CredentialError, Source

USER_AGENT: Final = f"Alertmanager/{__version__} (watchkeeper)"
MAX_ANSWER_BYTES: Final = 64 << 10  # Of an answer's body; what is behind is not read.
MAX_DETAILS: Final = 500  # Characters of an answer that an error shows.
BODY_TIMEOUT_S: Final = 10.0  # For the body behind a status that says all: the message has arrived.
# Requests of one integration that begin together. Many servers queue 128 connections, and let the rest wait a second.
MAX_AT_ONCE: Final = 64
BEGIN_S: Final = 0.2  # One that takes longer has begun, and waits for its answer: the next may begin.
MAX_OPEN: Final = 1000  # Requests of one integration that have no answer yet, where so many files may be open.
FILES_SHARE: Final = 8  # The part of the files that may be open which one integration takes: one in so many.
_MIN_SECRET: Final = 4  # Shorter parts of a URL are words that stand everywhere.


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said; the body up to MAX_ANSWER_BYTES."""

    status: int
    body: bytes

    @property
    def is_ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body's JSON; None where it is none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None


Details = Callable[[Answer], str]
"""What an error tells of an answer that is no success."""


class Post:
    """One integration's requests. 5xx is always worth another try, other statuses where the service says so."""

    def __init__(
        self,
        config: HTTPClientConfig | None,
        surroundings: Surroundings,
        *,
        retry_on: Collection[int] = (),
        timeout_ns: int = 0,
        details: Details | None = None,
    ) -> None:
        """No connection is made before the first request.

        retry_on    statuses beside 5xx that are worth another try
        timeout_ns  for one request; 0 leaves it to the caller
        details     of the answer's body if not given
        """
        self._config = config or HTTPClientConfig()
        self._secrets = _secrets_of_settings(self._config)
        self._surroundings = surroundings
        self._retry_on = frozenset(retry_on)
        self._timeout_s = timeout_ns / 1e9 or None
        self._details = details or _body_text
        self._client: HTTPClient | None = None
        self._beginning = asyncio.Semaphore(MAX_AT_ONCE)
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[0] // FILES_SHARE
        self._open = asyncio.Semaphore(max(1, min(MAX_OPEN, most)) if most > 0 else MAX_OPEN)

    async def send(
        self,
        url: str,
        body: bytes,
        *,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
        method: str = "POST",
        hide: Iterable[str] = (),
    ) -> Answer:
        """The answer of a request that went well, 2xx. Raises NotifyError.

        hide   secrets that an error must not show, beside those that are in the URL
        """
        hide = tuple(hide)
        answer = await self.ask(url, body, content_type=content_type, headers=headers, method=method, hide=hide)
        if not answer.is_ok:
            raise self.refusal(answer, url, hide)
        return answer

    async def ask(
        self,
        url: str,
        body: bytes = b"",
        *,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
        method: str = "POST",
        hide: Iterable[str] = (),
    ) -> Answer:
        """The answer of a request, whatever its status. Raises NotifyError where there is none."""
        given = {"User-Agent": USER_AGENT, **({"Content-Type": content_type} if body else {}), **(headers or {})}
        if self._client is None:
            self._client = self._surroundings.client(self._config)
        timeout = aiohttp.ClientTimeout(total=self._timeout_s, sock_connect=self._timeout_s)
        try:
            async with (
                self._place(),
                self._client.request(method, url, headers=given, data=body or None, timeout=timeout) as response,
            ):
                return Answer(response.status, await _body_of(response))
        except CredentialError as error:
            raise NotifyError(str(error), is_retryable=True) from None
        except TimeoutError:
            limit = f" within {self._timeout_s:g} s" if self._timeout_s else ""
            raise NotifyError(f"no answer{limit}", is_retryable=True, cause="contextDeadlineExceeded") from None
        except (aiohttp.InvalidURL, aiohttp.TooManyRedirects) as error:
            raise NotifyError(self.shown(describe(error), url, hide), is_retryable=False) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NotifyError(self.shown(describe(error), url, hide), is_retryable=True) from None

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """Waits for a turn. A slow service is asked by many at once, and a crowd of connections is spread."""
        async with self._open:
            await self._beginning.acquire()
            places = [self._beginning]

            def has_begun() -> None:
                if places:
                    places.pop().release()

            timer = asyncio.get_running_loop().call_later(BEGIN_S, has_begun)
            try:
                yield
            finally:
                timer.cancel()
                has_begun()

    def refusal(self, answer: Answer, url: str = "", hide: Iterable[str] = ()) -> NotifyError:
        """The error of an answer that is no success."""
        status = answer.status
        details = self.shown(self._details(answer), url, hide)
        message = f"unexpected status code {status}" + (f": {details}" if details else "")
        cause = {4: "clientError", 5: "serverError"}.get(status // 100, "other")
        return NotifyError(message, is_retryable=status // 100 == 5 or status in self._retry_on, cause=cause)

    async def close(self) -> None:
        """Let go of connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    def shown(self, text: str, url: str = "", hide: Iterable[str] = ()) -> str:
        """A text of the service as an error may show it: short, and without secrets of the URL and the settings."""
        return without_secrets(text, [*hide, *secrets_of(url), *secrets_of_client(self._config)])


async def _body_of(response: aiohttp.ClientResponse) -> bytes:
    """The beginning of the body. One that breaks off, or does not come, does not undo a status that did."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    response.close()
                    break
    except (TimeoutError, aiohttp.ClientError, OSError):
        response.close()
    return bytes(body[:MAX_ANSWER_BYTES])


def _body_text(answer: Answer) -> str:
    return answer.body.decode("utf-8", "replace")


def _secrets_of_settings(config: HTTPClientConfig) -> list[str]:
    """Secrets that requests carry by their HTTP settings; a server may repeat what it was sent."""
    found = [
        config.basic_auth.password if config.basic_auth else None,
        config.authorization.credentials if config.authorization else None,
        config.bearer_token,
        *(secret for header in config.http_headers.values() for secret in header.secrets),
    ]
    return [secret.reveal() for secret in found if secret]


def secrets_of(url: str) -> list[str]:
    """What of a URL may be a secret: user and password, path and query, and the parts of these."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return [url]
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    found = {url, parts.path, parts.query, user, password}
    found.update(re.split(r"[/&=:]", f"{parts.path}&{parts.query}"))
    found.update([unquote(text) for text in found])
    return sorted((text for text in found if len(text) >= _MIN_SECRET), key=len, reverse=True)


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """A text in one line, short, and with `<secret>` in place of each of these."""
    # In one pass: a short secret may be a part of the word that stands in for a longer one.
    wanted = "|".join(re.escape(secret) for secret in sorted(filter(None, secrets), key=len, reverse=True))
    if wanted:
        text = re.sub(wanted, HIDDEN, text)
    shown = " ".join("".join(char if char.isprintable() else " " for char in text[: 4 * MAX_DETAILS]).split())
    return shown if len(shown) <= MAX_DETAILS else f"{shown[: MAX_DETAILS - 1]}…"


def dump_json(value: Any) -> bytes:
    """The value as JSON. Text that is no Unicode, as a template may cut it, is written with U+FFFD."""
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return orjson.dumps(_valid(value))


def _valid(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case dict():
            return {_valid(str(key)): _valid(item) for key, item in value.items()}
        case list() | tuple():
            return [_valid(item) for item in value]
        case _:
            return value


def revealed(source: Source) -> str:
    """A secret's text now. Raises NotifyError where its file can't be read."""
    try:
        return source()
    except CredentialError as error:
        raise NotifyError(str(error), is_retryable=False) from None
