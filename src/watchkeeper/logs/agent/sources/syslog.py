"""A port for syslog: TCP, TLS or UDP."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from watchkeeper.core.model.errors import ConfigError, ConfigProblem
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.agent.config.sources import SyslogConfig, SyslogTLSConfig, split_address
from watchkeeper.logs.agent.sources.job import Job
from watchkeeper.logs.agent.sources.labelling import Groups, Labelling
from watchkeeper.logs.agent.sources.syslog_message import (
    Framing,
    SyslogError,
    SyslogMessage,
    parse_rfc3164,
    parse_rfc5424,
)

log = get_logger("agent")

READ_BYTES: Final = 64 << 10
UDP_WAIT_S: Final = 0.1
MAX_WAITING: Final = 10_000  # Datagrams that wait; more of them are lost, as datagrams are.
LOOKUP_S: Final = 1.0  # For the name of a peer; without it the address is taken.
MAX_NAMES: Final = 10_000
HOSTNAME: Final = "__syslog_connection_hostname"

Peer = tuple[str, str]
"""Address and name."""

_ODD: Final = re.compile(r"[^a-zA-Z0-9_]")


class SyslogSource:
    """Takes messages."""

    def __init__(self, job: Job, config: SyslogConfig) -> None:
        self._job = job
        self._config = config
        self._labelling = Labelling(config.labels, job.config.relabel_configs)
        self._server: asyncio.Server | None = None
        self._endpoint: asyncio.DatagramTransport | None = None
        self._waiting: list[tuple[bytes, str]] = []
        self._task: asyncio.Task[None] | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._names: dict[str, str] = {}
        self.address: tuple[str, int] = ("", 0)
        registry = job.metrics.registry
        self._entries = registry.counter(
            "promtail_syslog_target_entries_total", "Total number of successful entries sent to the syslog target"
        )
        self._errors = registry.counter(
            "promtail_syslog_target_parsing_errors_total",
            "Total number of parsing errors while receiving syslog messages",
        )
        self._empty = registry.counter(
            "promtail_syslog_empty_messages_total", "Total number of empty messages receiving from syslog"
        )

    async def start(self) -> None:
        """Listens. Raises OSError and ConfigError."""
        host, port = split_address(self._config.listen_address)
        loop = asyncio.get_running_loop()
        if self._config.listen_protocol == "udp":
            self._endpoint, _ = await loop.create_datagram_endpoint(
                lambda: _Datagrams(self._waiting), local_addr=(host or "0.0.0.0", port)
            )
            self.address = self._endpoint.get_extra_info("sockname")[:2]
            self._task = loop.create_task(self._take_datagrams())
        else:
            context = tls_context(self._config.tls_config) if self._config.tls_config else None
            self._server = await asyncio.start_server(self._serve, host or None, port, ssl=context)
            self.address = self._server.sockets[0].getsockname()[:2]
        log.info("syslog listening on address", address=f"{self.address[0]}:{self.address[1]}", job=self._job.name)

    async def stop(self) -> None:
        """Closes the port and all connections; datagrams that wait are handed on."""
        if self._server is not None:
            self._server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        if self._endpoint is not None:
            self._endpoint.close()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            await self._hand_on(await self._taken())

    def status(self) -> dict[str, Any]:
        """What its page shows."""
        address = f"{self.address[0]}:{self.address[1]}"
        return {
            "type": "Syslog",
            "labels": self._config.labels,
            "address": address,
            "protocol": self._config.listen_protocol,
        }

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        peer = await self._named((writer.get_extra_info("peername") or ("",))[0])
        framing = Framing(self._config.max_message_length)
        idle_s = self._config.idle_timeout_ns / 1e9 or None
        try:
            while True:
                async with asyncio.timeout(idle_s):
                    data = await reader.read(READ_BYTES)
                messages = framing.feed(data) if data else [framing.rest()]
                if framing.n_too_long:
                    self._errors.inc(framing.n_too_long)
                    framing.n_too_long = 0
                await self._hand_on([(message, peer) for message in messages])
                if not data:
                    break
        except TimeoutError:
            log.debug("syslog connection was idle for too long", peer=peer[0])
        except SyslogError as error:
            self._errors.inc()
            log.warn("error parsing syslog stream", peer=peer[0], error=error)
        except OSError as error:
            log.debug("syslog connection ended", peer=peer[0], error=error)
        finally:
            self._connections.discard(task)
            writer.close()

    async def _named(self, address: str) -> Peer:
        """A peer with its name, where a rule asks for it and the resolver knows one."""
        if address not in self._names and self._labelling.reads(HOSTNAME):
            name = address
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(LOOKUP_S):
                    loop = asyncio.get_running_loop()
                    name, _ = await loop.getnameinfo((address, 0), socket.NI_NAMEREQD)
            if len(self._names) >= MAX_NAMES:
                self._names.clear()
            self._names[address] = name.rstrip(".")
        return address, self._names.get(address, address)

    async def _take_datagrams(self) -> None:
        while True:
            await asyncio.sleep(UDP_WAIT_S)
            await self._hand_on(await self._taken())

    async def _taken(self) -> list[tuple[bytes, Peer]]:
        waiting = list(self._waiting)
        self._waiting.clear()
        return [(data.rstrip(b"\r\n\0"), await self._named(address)) for data, address in waiting]

    async def _hand_on(self, messages: list[tuple[bytes, Peer]]) -> None:
        groups = Groups()
        config = self._config
        now_ns = self._job.times(max(1, len(messages)))
        for (data, peer), now in zip(messages, now_ns, strict=False):
            if not data:
                continue
            try:
                if config.syslog_format == "rfc3164":
                    found = parse_rfc3164(data, datetime.now(UTC))
                else:
                    found = parse_rfc5424(data)
            except SyslogError as error:
                self._errors.inc()
                log.debug("error parsing syslog message", peer=peer[0], error=error)
                continue
            if not found.message:
                self._empty.inc()
                continue
            labels = self._labelling.labels(syslog_labels(found, peer, with_data=config.label_structured_data))
            if labels is None:
                continue
            time_ns = found.time_ns if config.use_incoming_timestamp and found.time_ns is not None else now
            line = data if config.use_rfc5424_message and config.syslog_format == "rfc5424" else found.message
            groups.add(labels, line, time_ns)
            self._entries.inc()
        if groups:
            await self._job.handle_groups(groups, key=f"syslog-{self._job.name}")


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, waiting: list[tuple[bytes, str]]) -> None:
        self._waiting = waiting

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """Keeps it until it is its turn."""
        if len(self._waiting) < MAX_WAITING:
            self._waiting.append((data, str(addr[0])))


def syslog_labels(message: SyslogMessage, peer: Peer, *, with_data: bool) -> dict[str, str]:
    """`__syslog_*` of a message."""
    out = {
        "__syslog_connection_ip_address": peer[0],
        HOSTNAME: peer[1],
        "__syslog_message_severity": message.severity,
        "__syslog_message_facility": message.facility,
        "__syslog_message_hostname": message.hostname,
        "__syslog_message_app_name": message.app_name,
        "__syslog_message_proc_id": message.proc_id,
        "__syslog_message_msg_id": message.msg_id,
    }
    if with_data:
        for name, pairs in message.structured.items():
            for key, value in pairs.items():
                out[_ODD.sub("_", f"__syslog_message_sd_{name}_{key}")] = value
    return {name: value for name, value in out.items() if value}


def tls_context(config: SyslogTLSConfig) -> ssl.SSLContext:
    """TLS of the port. Raises ConfigError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(config.cert_file, config.key_file)
        if config.ca_file:
            context.load_verify_locations(config.ca_file)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise ConfigError([ConfigProblem(config.cert_file, 1, 1, "tls_config", f"unable to use it: {said}")]) from None
    return context
