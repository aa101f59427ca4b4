"""A UDP port for GELF, Graylog's format: JSON, packed or not, whole or in chunks."""

from __future__ import annotations

import asyncio
import time
import zlib
from contextlib import suppress
from typing import Any, Final

import orjson

from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.agent.config.sources import GelfConfig, split_address
from watchkeeper.logs.agent.sources.job import Job
from watchkeeper.logs.agent.sources.labelling import Groups, Labelling

log = get_logger("agent")

LEVELS: Final = ("emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug")
CHUNKED: Final = b"\x1e\x0f"
MAX_CHUNKS: Final = 128
CHUNK_WAIT_S: Final = 5.0
MAX_PARTS: Final = 1000  # Messages of which not all chunks have come.
MAX_MESSAGE_BYTES: Final = 8 << 20
MAX_WAITING: Final = 10_000
WAIT_S: Final = 0.1


class GelfError(ValueError):
    """Bytes that are no GELF message."""


class Chunks:
    """Puts chunks together."""

    def __init__(self) -> None:
        self._parts: dict[bytes, tuple[float, int, dict[int, bytes]]] = {}

    def add(self, data: bytes, now_s: float) -> bytes | None:
        """The message that is whole with this chunk. Raises GelfError."""
        if len(data) < 12:
            raise GelfError("a chunk is too short")
        key, number, count = data[2:10], data[10], data[11]
        if not 0 < count <= MAX_CHUNKS or number >= count:
            raise GelfError("a chunk has an impossible number")
        _, n, pieces = self._parts.setdefault(key, (now_s, count, {}))
        pieces[number] = data[12:]
        self._forget(now_s)
        if len(pieces) < n:
            return None
        self._parts.pop(key, None)
        return b"".join(pieces[i] for i in range(n))

    def _forget(self, now_s: float) -> None:
        old = [key for key, (began_s, _, _) in self._parts.items() if now_s - began_s > CHUNK_WAIT_S]
        for key in old:
            del self._parts[key]
        while len(self._parts) > MAX_PARTS:
            del self._parts[next(iter(self._parts))]


def unpack(data: bytes) -> bytes:
    """The JSON text of a message. Raises GelfError."""
    try:
        if data[:2] == b"\x1f\x8b":
            unpacker = zlib.decompressobj(31)
        elif data[:1] == b"\x78" and len(data) > 1 and (data[0] << 8 | data[1]) % 31 == 0:
            unpacker = zlib.decompressobj()
        else:
            return data
        out = unpacker.decompress(data, MAX_MESSAGE_BYTES)
    except zlib.error as error:
        raise GelfError(str(error)) from None
    if unpacker.unconsumed_tail:
        raise GelfError(f"a message is larger than {MAX_MESSAGE_BYTES} bytes")
    return out


class GelfSource:
    """Takes messages."""

    def __init__(self, job: Job, config: GelfConfig) -> None:
        self._job = job
        self._config = config
        self._labelling = Labelling(config.labels, job.config.relabel_configs)
        self._chunks = Chunks()
        self._waiting: list[bytes] = []
        self._endpoint: asyncio.DatagramTransport | None = None
        self._task: asyncio.Task[None] | None = None
        self.address: tuple[str, int] = ("", 0)
        registry = job.metrics.registry
        self._entries = registry.counter(
            "promtail_gelf_target_entries_total", "Total number of successful entries sent to the gelf target"
        )
        self._errors = registry.counter(
            "promtail_gelf_target_parsing_errors_total", "Total number of parsing errors while receiving gelf messages"
        )

    async def start(self) -> None:
        """Listens. Raises OSError."""
        host, port = split_address(self._config.listen_address)
        loop = asyncio.get_running_loop()
        self._endpoint, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self._waiting), local_addr=(host or "0.0.0.0", port)
        )
        self.address = self._endpoint.get_extra_info("sockname")[:2]
        self._task = loop.create_task(self._run())
        log.info("listening for GELF UDP messages", address=f"{self.address[0]}:{self.address[1]}", job=self._job.name)

    async def stop(self) -> None:
        """Closes the port; what waits is handed on."""
        if self._endpoint is not None:
            self._endpoint.close()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            await self._hand_on()

    def status(self) -> dict[str, Any]:
        """What its page shows."""
        return {"type": "Gelf", "labels": self._config.labels, "address": f"{self.address[0]}:{self.address[1]}"}

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(WAIT_S)
            if self._waiting:
                await self._hand_on()

    async def _hand_on(self) -> None:
        waiting, self._waiting[:] = list(self._waiting), []
        groups = Groups()
        for data, now_ns in zip(waiting, self._job.times(max(1, len(waiting))), strict=False):
            try:
                whole = self._chunks.add(data, time.monotonic()) if data[:2] == CHUNKED else data
                if whole is None:
                    continue
                line = unpack(whole).rstrip(b"\0\n")
                message = orjson.loads(line)
                if type(message) is not dict:
                    raise GelfError("not a JSON object")
            except (GelfError, orjson.JSONDecodeError) as error:
                self._errors.inc()
                log.debug("error while parsing gelf message", error=error)
                continue
            labels = self._labelling.labels(gelf_labels(message))
            if labels is None:
                continue
            stamp = message.get("timestamp")
            time_ns = now_ns
            if self._config.use_incoming_timestamp and isinstance(stamp, int | float) and 0 < stamp < 1e11:
                time_ns = int(stamp) * 10**9 + round((stamp - int(stamp)) * 1e9)
            groups.add(labels, line, time_ns)
            self._entries.inc()
        if groups:
            await self._job.handle_groups(groups, key=f"gelf-{self._job.name}")


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, waiting: list[bytes]) -> None:
        self._waiting = waiting

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """Keeps it until it is its turn."""
        if len(self._waiting) < MAX_WAITING:
            self._waiting.append(data)


def gelf_labels(message: dict[str, Any]) -> dict[str, str]:
    """`__gelf_message_*` of a message."""
    level = message.get("level", 1)
    word = LEVELS[level] if isinstance(level, int) and 0 <= level < len(LEVELS) else str(level)
    out = {"__gelf_message_level": word}
    for key in ("host", "version", "facility"):
        value = message.get(key)
        if value:
            out[f"__gelf_message_{key}"] = str(value)
    return out
