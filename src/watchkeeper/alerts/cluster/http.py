"""Messages of a cluster over HTTP: a small server of one route, and a client."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Final

import aiohttp
from aiohttp import web

from watchkeeper.alerts.cluster.message import MAX_BYTES, Message, MessageError, decode
from watchkeeper.alerts.cluster.options import ClusterOptions, host_and_port
from watchkeeper.alerts.cluster.telemetry import ClusterMetrics
from watchkeeper.core.http.client import HTTPClient
from watchkeeper.core.http.config import HTTPClientConfig
from watchkeeper.core.telemetry.log import get_logger

PATH: Final = "/cluster/v1/exchange"
JSON: Final = "application/json"

log = get_logger("cluster")


class HTTPTransport:
    """One port for messages of others, and requests to theirs. Used in the loop that `start` ran in."""

    def __init__(self, options: ClusterOptions, metrics: ClusterMetrics) -> None:
        self._options = options
        self._metrics = metrics
        self._runner: web.AppRunner | None = None
        self._client: HTTPClient | None = None
        self._answer: Callable[[Message], Message] | None = None

    async def start(self, answer: Callable[[Message], Message]) -> str:
        """Listen; host:port that others are told. Raises OSError."""
        self._answer = answer
        app = web.Application(client_max_size=MAX_BYTES)
        app.router.add_post(PATH, self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        host, port = host_and_port(self._options.listens_at)
        try:
            await web.TCPSite(self._runner, host or "0.0.0.0", port).start()
        except OSError:
            await self._runner.cleanup()
            raise
        self._client = HTTPClient(HTTPClientConfig(), user_agent="watchkeeper")
        bound = self._runner.addresses[0]
        return self._options.advertise_address or f"{_bracketed(_reachable(str(bound[0])))}:{bound[1]}"

    async def _handle(self, request: web.Request) -> web.Response:
        assert self._answer is not None
        if request.content_type != JSON:
            self._metrics.refused.inc()
            return web.Response(status=415, text=f"cluster messages are {JSON}\n")
        body = await request.read()
        try:
            message = decode(body)
            answer = self._answer(message)
        except MessageError as error:
            self._metrics.refused.inc()
            log.debug("a cluster message was refused", peer=request.remote, err=error)
            return web.Response(status=400, text=f"{error}\n")
        kind = "full_state" if message.wants_all else "update"
        self._metrics.received_bytes.labels(kind).inc(len(body))
        return web.Response(body=answer.encode(), content_type=JSON)

    async def send(self, address: str, message: Message, timeout_s: float) -> Message:
        """The answer of the instance at an address. Raises OSError, TimeoutError and MessageError."""
        assert self._client is not None
        host, port = host_and_port(address)
        body = message.encode()
        try:
            async with (
                asyncio.timeout(timeout_s),
                self._client.request(
                    "POST", f"http://{_bracketed(host)}:{port}{PATH}", data=body, headers={"Content-Type": JSON}
                ) as response,
            ):
                if response.status != 200:
                    raise MessageError(f"{address} answers {response.status}")
                answer = await response.content.read(MAX_BYTES + 1)
                while not response.content.at_eof() and len(answer) <= MAX_BYTES:
                    answer += await response.content.read(MAX_BYTES + 1)
        except aiohttp.ClientError as error:
            raise OSError(f"{address}: {error}") from error
        self._metrics.sent_bytes.labels("full_state" if message.wants_all else "update").inc(len(body))
        return decode(answer)

    async def addresses(self, peer: str) -> list[str]:
        """A peer's addresses; those of a name with several, as a headless service has, are all of them."""
        host, port = host_and_port(peer)
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        hosts = dict.fromkeys(str(item[4][0]) for item in found)
        return [f"{_bracketed(each)}:{port}" for each in hosts]

    async def stop(self) -> None:
        """Close the port and all connections."""
        if self._client is not None:
            await self._client.close()
        if self._runner is not None:
            await self._runner.cleanup()


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _reachable(host: str) -> str:
    """An address of this machine where the server listens at all of them."""
    if host not in ("0.0.0.0", "::"):
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # Sends nothing: the system only chooses the address it would send from.
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
