"""The gate before every route: users, headers and a rate, as the web configuration file has them now."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import os
import ssl
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from aiohttp import hdrs, web

from watchkeeper.core.model.errors import ConfigError
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.web.access.config import RateLimit, WebConfig, load_web_config

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
States = tuple[tuple[int, int, int] | None, ...]

MAX_REMEMBERED: Final = 128  # Passwords whose hash was computed already.
MAX_PASSWORD_BYTES: Final = 72  # bcrypt looks no further.
# A hash that no password has, so that an unknown user takes as long as a known one.
NOBODY: Final = "$2b$10$" + "." * 53

log = get_logger("web")


class Access:
    """What a web configuration file asks for. A change of the file counts from the next request on; one that can't be
    used keeps the old settings and is logged."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigError where the file can't be used."""
        self._path = path
        self._hashing: ThreadPoolExecutor | None = None
        self._known: dict[bytes, bool] = {}
        self._bucket = Bucket(RateLimit())
        self._config = WebConfig()
        self._context: ssl.SSLContext | None = None
        self._states: States = ()
        self._read()

    @property
    def config(self) -> WebConfig:
        """The settings in force."""
        return self._config

    @property
    def has_tls(self) -> bool:
        """Whether the port speaks TLS."""
        return self._context is not None

    def context(self) -> ssl.SSLContext | None:
        """The TLS context for the next connection; None for plain HTTP."""
        self._follow()
        return self._context

    def close(self) -> None:
        """Ends the thread that hashes passwords."""
        if self._hashing is not None:
            self._hashing.shutdown(cancel_futures=True)

    def _follow(self) -> None:
        if self._file_states() == self._states:
            return
        try:
            self._read()
            log.info("web configuration loaded", file=self._path)
        except (ConfigError, OSError) as error:
            log.error("the web configuration was not reloaded; the old one stays", error=error)
            self._states = self._file_states()

    def _read(self) -> None:
        loaded = load_web_config(self._path)
        context = None
        if loaded.tls_server_config is not None:
            from watchkeeper.web.access.tls import server_context

            context = server_context(loaded.tls_server_config, str(self._path))
        if loaded.rate_limit != self._config.rate_limit:
            self._bucket = Bucket(loaded.rate_limit)
        self._config, self._context = loaded, context
        self._states = self._file_states()
        self._known.clear()

    def _file_states(self) -> States:
        tls = self._config.tls_server_config
        files = (tls.cert_file, tls.key_file, tls.client_ca_file) if tls else ()
        return tuple(_state(path) for path in (str(self._path), *files) if path)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Stands before every route of an application."""
        self._follow()
        if not self._bucket.take(time.monotonic()):
            return web.Response(status=429, text="Too Many Requests\n")
        if self._config.basic_auth_users and not await self._is_known(request.headers.get(hdrs.AUTHORIZATION, "")):
            headers = {hdrs.WWW_AUTHENTICATE: "Basic"}
            return web.Response(status=401, text="Unauthorized\n", headers=headers)
        return await handler(request)

    async def add_headers(self, _: web.Request, response: web.StreamResponse) -> None:
        """Puts the configured headers on an answer."""
        response.headers.update(self._config.http_server_config.headers)

    async def _is_known(self, authorization: str) -> bool:
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        except (binascii.Error, ValueError):
            return False
        if not colon:
            return False
        secret = self._config.basic_auth_users.get(user.decode("utf-8", "replace"))
        hashed = (secret.reveal() if secret else NOBODY).encode()
        key = hashlib.sha256(b"\0".join((user, hashed, password))).digest()
        if key not in self._known:
            if self._hashing is None:
                # One thread: who guesses passwords may not take the processors from those who have one.
                self._hashing = ThreadPoolExecutor(1, thread_name_prefix="bcrypt")
            loop = asyncio.get_running_loop()
            matches = await loop.run_in_executor(self._hashing, _matches, password, hashed)
            if len(self._known) >= MAX_REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[key] = matches and secret is not None
        return self._known[key]


class Bucket:
    """Tokens that come back one per interval, up to the burst."""

    def __init__(self, limit: RateLimit) -> None:
        self._interval_s = limit.interval_ms / 1000
        self._burst = max(1, limit.burst)
        self._tokens = float(self._burst)
        self._last_s = 0.0

    def take(self, now_s: float) -> bool:
        """Whether there was a token."""
        if not self._interval_s:
            return True
        self._tokens = min(self._burst, self._tokens + (now_s - self._last_s) / self._interval_s)
        self._last_s = now_s
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def _matches(password: bytes, hashed: bytes) -> bool:
    import bcrypt

    try:
        return bcrypt.checkpw(password[:MAX_PASSWORD_BYTES], hashed)
    except ValueError:  # A NUL in the password.
        return False


def _state(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
