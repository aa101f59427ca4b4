"""A remote-write receiver that does what a test wants, and remembers what it took; and a small store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager

import numpy as np
from aiohttp import web

from watchkeeper.core.config.decode import Load, decode
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.wire.remote import decode_write
from watchkeeper.core.wire.snappy import decompress
from watchkeeper.metrics.interface import AppendResult, SampleBatch, Status
from watchkeeper.metrics.remote.config import RemoteWriteConfig

Answer = Callable[[int], web.Response | Awaitable[web.Response | None] | None]


class ReceiverDouble:
    """Takes requests as Prometheus does: one sample that is older than its series' newest refuses the whole."""

    def __init__(self) -> None:
        self.samples: dict[Labels, list[tuple[int, int]]] = {}
        self.histograms: list[tuple[Labels, int, object]] = []
        self.exemplars: list[tuple[Labels, object]] = []
        self.metadata: dict[str, object] = {}
        self.requests = 0
        self.headers: list[dict[str, str]] = []
        self.sizes: list[int] = []
        self.answer: Answer = lambda number: None
        self.port = 0
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        app = web.Application(client_max_size=64 << 20)
        app.router.add_post("/write", self._write)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port, reuse_address=True)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/write"

    async def _write(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.requests += 1
        self.headers.append(dict(request.headers))
        answer = self.answer(self.requests)
        if isinstance(answer, Awaitable):
            answer = await answer
        if answer is not None:
            return answer
        version = 2 if "v2" in request.headers["Content-Type"] else 1
        return self.take(decode_write(decompress(body, 32 << 20), version))

    def take(self, decoded) -> web.Response:
        labels = list(decoded.labels)
        taken: dict[Labels, list[tuple[int, int]]] = {}
        for row, time_ms, bits in zip(
            decoded.series.tolist(), decoded.times.tolist(), decoded.values.view(np.uint64).tolist(), strict=True
        ):
            known = [*self.samples.get(labels[row], []), *taken.get(labels[row], [])]
            if known and (known[-1][0] > time_ms or (known[-1][0] == time_ms and known[-1][1] != bits)):
                return web.Response(status=400, text="out of order sample")
            if not known or known[-1] != (time_ms, bits):
                taken.setdefault(labels[row], []).append((time_ms, bits))
        for series, samples in taken.items():
            self.samples.setdefault(series, []).extend(samples)
        self.sizes.append(len(decoded.times))
        self.histograms += [(labels[row], time_ms, value) for row, time_ms, value in decoded.histograms]
        self.exemplars += [(labels[row], exemplar) for row, exemplar in decoded.exemplars]
        self.metadata.update(decoded.metadata)
        return web.Response(status=204)

    def n_samples(self) -> int:
        return sum(map(len, self.samples.values()))


@asynccontextmanager
async def receiver():
    double = ReceiverDouble()
    await double.start()
    try:
        yield double
    finally:
        await double.stop()


def remote(url: str, text: str = "", *, metadata: bool = False) -> RemoteWriteConfig:
    """A remote_write section that sends at once."""
    lines = [f"url: {url}", *([] if metadata else ["metadata_config: {send: false}"]), text]
    if "queue_config" not in text:
        lines.append("queue_config: {batch_send_deadline: 20ms, min_backoff: 5ms, max_backoff: 20ms}")
    return decode(RemoteWriteConfig, "\n".join(lines), Load("remote.yml"))


class StoreWriter:
    """A `SourceWriter` that takes rows in order."""

    def __init__(self) -> None:
        self.column_of: dict[Labels, int] = {}
        self.generation = 0
        self.last_ms = -1
        self.asked = 0

    @property
    def n_columns(self) -> int:
        return len(self.column_of)

    def columns(self, label_sets):
        self.asked += len(label_sets)
        return np.array([self.column_of.setdefault(labels, len(self.column_of)) for labels in label_sets], np.int32)

    def append(self, time_ms, row):
        if time_ms <= self.last_ms:
            return Status.OUT_OF_ORDER
        self.last_ms = time_ms
        return Status.STORED

    def renumber(self) -> None:
        self.column_of = {}
        self.generation += 1

    def close(self) -> None:
        pass


class Store:
    """An `Appender` that takes all but samples at negative times."""

    def __init__(self) -> None:
        self.writers: list[StoreWriter] = []
        self.batches: list[SampleBatch] = []

    def source(self, name: str) -> StoreWriter:
        self.writers.append(StoreWriter())
        return self.writers[-1]

    def append(self, batch: SampleBatch, *, all_or_nothing: bool = False) -> AppendResult:
        self.batches.append(batch)
        status = np.where(batch.times < 0, Status.TOO_OLD, Status.STORED).astype(np.uint8)
        return AppendResult(status, np.zeros(len(batch.histograms), np.uint8), np.zeros(len(batch.exemplars), np.uint8))
