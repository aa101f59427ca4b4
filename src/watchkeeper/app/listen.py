"""A listening port of this process."""

from __future__ import annotations

import asyncio
import logging
import select
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, cast

from aiohttp import web
from aiohttp.http_exceptions import ContentEncodingError, HttpProcessingError

from watchkeeper.core.telemetry.log import get_logger

SHUTDOWN_S: Final = 5.0  # How long answers under way may take once the server stops.
BACKLOG: Final = 512
# Of a request's first line. A query of 128 KiB takes three times as much there if each byte is written as `%7B` is.
MAX_LINE_BYTES: Final = 1 << 19
RETRY_S: Final = 0.5  # After an accept that failed, as for want of file descriptors.
SLOW_BODY_S: Final = 2.0  # A body that takes longer to arrive makes room for others, where there is no other room.
EVICT_S: Final = 0.05  # While no place is free: how often an idle connection is looked for.
HANDSHAKE_S: Final = 10.0

log = get_logger("web")


class _Complaints(logging.Handler):
    """What the HTTP library has to say: bytes that are no HTTP are their sender's fault; the rest would be ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """One record."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError):
            log.debug("a request was not HTTP", error=error.message)
        else:
            log.error("a connection failed", error=f"{record.getMessage()}: {error!r}")


_library_log = logging.getLogger("watchkeeper.http")
_library_log.propagate = False
_library_log.addHandler(_Complaints())


@dataclass(frozen=True, slots=True)
class Limits:
    """What the connections of a port may take.

    max_connections   open at a time; above it an idle one makes room, and where none is idle, the kernel's queue holds
    read_timeout_s    for a request to arrive, and for a connection to stay open without one
    """

    max_connections: int = 512
    read_timeout_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Security:
    """TLS of a port: the context for the next connection, and whether a peer may come in."""

    context: Callable[[], ssl.SSLContext | None]
    admits: Callable[[dict[str, Any]], bool] = lambda _: True


class Listener:
    """One port that answers."""

    def __init__(
        self, url: str, runner: web.AppRunner, sockets: list[socket.socket], limits: Limits, security: Security | None
    ) -> None:
        self.url = url
        self._runner = runner
        self._sockets = sockets
        self._limits = limits
        self._security = security
        self._free = asyncio.Semaphore(limits.max_connections)
        self._open: dict[_Connection, None] = {}
        self._greeting: set[asyncio.Task[None]] = set()
        self._accepting = [asyncio.get_running_loop().create_task(self._accept(one)) for one in sockets]

    async def close(self) -> None:
        """Answers what is under way, then stops."""
        for task in (*self._accepting, *self._greeting):
            task.cancel()
        for one in self._sockets:
            one.close()
        await asyncio.gather(*self._accepting, *self._greeting, return_exceptions=True)
        await self._runner.cleanup()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            # Only now, so that a connection above the limit stays in the kernel's queue, as upstream leaves it.
            await self._place(listening)
            try:
                connection, _ = await loop.sock_accept(listening)
            except OSError as error:
                self._free.release()
                log.error("a connection could not be accepted", url=self.url, error=error)
                await asyncio.sleep(RETRY_S)
                continue
            except asyncio.CancelledError:
                self._free.release()
                raise
            task = loop.create_task(self._greet(connection))
            self._greeting.add(task)
            task.add_done_callback(self._greeting.discard)

    async def _place(self, listening: socket.socket) -> None:
        """Waits for a place. Those who hold one without asking anything must not keep others out."""
        while self._free.locked():
            if _has_newcomer(listening):
                waiting = [one for one in self._open if one.is_idle or one.is_slow]
                if waiting:
                    min(waiting, key=_least_missed).abort()
            try:
                async with asyncio.timeout(EVICT_S):
                    await self._free.acquire()
            except TimeoutError:
                continue
            return
        await self._free.acquire()

    async def _greet(self, connection: socket.socket) -> None:
        """Makes a connection of an accepted socket; the TLS handshake is here."""
        loop = asyncio.get_running_loop()
        server = self._runner.server
        assert server is not None
        made = _Connection(server, lambda: self._give_back(made), self._limits, self._security)
        self._open[made] = None
        try:
            context = self._security.context() if self._security else None
            timeout_s = min(HANDSHAKE_S, self._limits.read_timeout_s) if context else None
            await loop.connect_accepted_socket(lambda: made, connection, ssl=context, ssl_handshake_timeout=timeout_s)
        except (OSError, ssl.SSLError, asyncio.CancelledError) as error:
            made.release()
            connection.close()
            log.debug("a connection was not made", url=self.url, error=repr(error))

    def _give_back(self, connection: _Connection) -> None:
        self._open.pop(connection, None)
        self._free.release()


def _has_newcomer(listening: socket.socket) -> bool:
    """Whether a connection waits in the kernel's queue."""
    poll = select.poll()
    poll.register(listening, select.POLLIN)
    return bool(poll.poll(0))


def _least_missed(connection: _Connection) -> tuple[bool, bool]:
    """Orders connections: who never asked, who asks nothing, who is slow; of equals `min` takes the oldest."""
    return connection.is_slow, connection.has_asked


class _Connection(web.RequestHandler):
    """A connection that gives its place back when it is lost, and is closed when nothing comes for too long."""

    __slots__ = ("_began_s", "_limits", "_release", "_security", "_seen", "_watch")

    def __init__(
        self, server: web.Server, release: Callable[[], None], limits: Limits, security: Security | None
    ) -> None:
        loop = asyncio.get_running_loop()
        # Without an access log; the library takes None for that, and its types do not say so.
        options: dict[str, Any] = {
            "access_log": None,
            "logger": _library_log,
            "keepalive_timeout": limits.read_timeout_s,
            "max_line_size": MAX_LINE_BYTES,
        }
        super().__init__(server, loop=loop, **options)
        self._release: Callable[[], None] | None = release
        self._limits = limits
        self._security = security
        self._seen = 0
        self._began_s = loop.time()
        self._watch: asyncio.TimerHandle | None = None

    @property
    def is_idle(self) -> bool:
        """Whether it has no request under way; half of one's headers is none."""
        if self.transport is None or self.transport.is_closing():
            return False
        return not (self._request_in_progress or self._messages)

    @property
    def is_slow(self) -> bool:
        """Whether the body of its request has been arriving for longer than bodies take."""
        request = self._current_request
        if request is None or self.transport is None or self.transport.is_closing() or request.content.is_eof():
            return False
        return asyncio.get_running_loop().time() - self._began_s > SLOW_BODY_S

    @property
    def has_asked(self) -> bool:
        """Whether a request came ever."""
        return self._request_count > 0

    def abort(self) -> None:
        """Close at once."""
        if self.transport is not None:
            self.transport.abort()

    def release(self) -> None:
        """Gives the place back, once."""
        if self._release is not None:
            self._release()
            self._release = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Turns away a peer whose certificate names nobody who may come in."""
        super().connection_made(transport)
        certificate = transport.get_extra_info("peercert")
        if self._security is not None and not self._security.admits(certificate or {}):
            # A cast: uvloop's transports have no asyncio.Transport among their bases.
            cast(asyncio.Transport, transport).abort()
            return
        self._plan_look()

    def data_received(self, data: bytes) -> None:
        """Notes when a request began to arrive."""
        if not self._request_in_progress:
            self._began_s = asyncio.get_running_loop().time()
        super().data_received(data)

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """The answer to what could not be read. The library tells of packages to install, which is no sender's work."""
        if isinstance(exc, ContentEncodingError) and "install" in exc.message:
            encoding = request.headers.get("Content-Encoding", "br")
            message = f'Content-Encoding "{encoding}" not supported\n'
        return super().handle_error(request, status, exc, message)

    def connection_lost(self, exc: BaseException | None) -> None:
        """The place is free again."""
        super().connection_lost(exc)
        if self._watch is not None:
            self._watch.cancel()
        self.release()

    def _plan_look(self) -> None:
        self._watch = asyncio.get_running_loop().call_later(self._limits.read_timeout_s, self._look)

    def _look(self) -> None:
        """Closes a connection that began no request since the last look and has none under way.

        So one that sends its headers byte by byte ends after at most two timeouts.
        """
        if self.transport is None:
            return
        if self._request_count == self._seen and not self._request_in_progress:
            with suppress(RuntimeError):
                self.abort()
            return
        self._seen = self._request_count
        self._plan_look()


async def listen(
    app: web.Application, host: str, port: int, *, limits: Limits | None = None, security: Security | None = None
) -> Listener:
    """Serves an application on a port. Raises OSError where the port can't be had.

    host   an address, a name, or an empty text for every address of this machine
    """
    limits = limits or Limits()
    # A handler is told when its client goes away, so that its query can be given up.
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    shown = f"[{host}]" if ":" in host else host or "0.0.0.0"
    try:
        sockets = await _bound(host, port)
    except OSError as error:
        await runner.cleanup()
        raise OSError(error.errno, error.strerror or str(error), f"{shown}:{port}") from error
    scheme = "https" if security is not None and security.context() is not None else "http"
    return Listener(f"{scheme}://{shown}:{port}", runner, sockets, limits, security)


async def _bound(host: str, port: int) -> list[socket.socket]:
    found = await asyncio.get_running_loop().getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            try:
                one = socket.socket(family, kind, protocol)
            except OSError:  # An address family that the kernel does not have.
                continue
            sockets.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.setblocking(False)
            one.bind(address)
            one.listen(BACKLOG)
        if not sockets:
            raise OSError(f"no address for {host}")
    except OSError:
        for one in sockets:
            one.close()
        raise
    return sockets
