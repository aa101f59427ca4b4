"""A real server over a real store, an engine that answers what it is told, and a clock that stands still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cramjam
import numpy as np
import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer

from watchkeeper.core.kernels.texts import Texts
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.interface import DeleteRequest, EntryBatch, LogQuerier, PushError, TailBatch
from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.answer import Answer, LogStream, LogStreams, QueryLimits, Request
from watchkeeper.logs.store.config import LokiConfig, embedded_config
from watchkeeper.logs.store.limits import Limits
from watchkeeper.logs.store.overrides import Overrides
from watchkeeper.logs.store.store import LogStore
from watchkeeper.logs.wire.kinds import DECODERS
from watchkeeper.logs.wire.push_json import decode_json
from watchkeeper.logs.wire.push_protobuf import decode_protobuf
from watchkeeper.web.gate import Gate
from watchkeeper.web.lifecycle import Lifecycle
from watchkeeper.web.loki.backend import Backend, Decoders, Settings
from watchkeeper.web.loki.rule_files import RuleFiles
from watchkeeper.web.loki.surface import LokiSurface
from watchkeeper.web.server import make_app

NS = 1_000_000_000
NOW_NS = 1_700_000_000 * NS
MakeSite = Callable[..., Awaitable["Site"]]


def log_stream(
    labels: Mapping[str, str],
    rows: Sequence[tuple[int, bytes]],
    structured: Mapping[str, str] | None = None,
    parsed: Mapping[str, str] | None = None,
) -> LogStream:
    """Lines that share their labels."""
    return LogStream(
        Labels.of(labels),
        Labels.of(structured or {}),
        Labels.of(parsed or {}),
        np.array([ts for ts, _ in rows], np.int64),
        Texts.of(line for _, line in rows),
    )


@dataclass
class FakeEngine:
    """Answers what it is told, and remembers what it was asked."""

    answer: Answer = field(default_factory=lambda: Answer(LogStreams([])))
    error: Exception | None = None
    asked: list[tuple[Request, QueryLimits]] = field(default_factory=list)
    on_run: Callable[[Callable[[], bool]], None] | None = None

    def run(self, request: Request, querier: LogQuerier, limits: QueryLimits, cancelled: Callable[[], bool]) -> Answer:
        """As Engine.run."""
        self.asked.append((request, limits))
        if self.on_run is not None:
            self.on_run(cancelled)
        if self.error is not None:
            raise self.error
        return self.answer


class AllRows:
    """A tail's filter that lets every line pass."""

    def __init__(self, query: ast.LogQuery) -> None:
        self.query = query

    def rows(self, batch: TailBatch) -> LogStreams:
        """All of them."""
        times = batch.block.times[batch.rows]
        lines = batch.block.lines(batch.rows)
        none = Labels()
        return LogStreams([LogStream(batch.stream.labels, none, none, times, lines)])


class Store(LogStore):
    """The store, with a list in place of its delete requests, and refusals on demand."""

    deletes: list[tuple[str, DeleteRequest]]
    refusal: PushError | None = None

    def push(self, tenant: str, batch: EntryBatch) -> None:
        """Stores, and then refuses as it is told."""
        super().push(tenant, batch)
        if self.refusal is not None:
            raise self.refusal

    def add_delete(self, tenant: str, request: DeleteRequest) -> None:
        """Remembers it."""
        self.deletes.append((tenant, replace(request, id=f"{len(self.deletes):08x}")))

    def list_deletes(self, tenant: str) -> list[DeleteRequest]:
        """All of a tenant."""
        return [request for owner, request in self.deletes if owner == tenant]

    def cancel_delete(self, tenant: str, id: str) -> bool:
        """Forgets it."""
        before = len(self.deletes)
        self.deletes = [(owner, one) for owner, one in self.deletes if (owner, one.id) != (tenant, id)]
        return len(self.deletes) < before

    def tenants(self) -> list[str]:
        """Not asked for here."""
        return []


@dataclass
class Site:
    """One server under test, and what it is made of."""

    client: TestClient[Any, Any]
    backend: Backend
    store: Store
    engine: FakeEngine
    surface: LokiSurface
    quits: list[bool] = field(default_factory=list)

    async def ask(self, method: str, path: str, **kwargs: Any) -> tuple[int, str]:
        """Status and text."""
        async with self.client.request(method, path, **kwargs) as response:
            return response.status, await response.text()

    async def get(self, path: str, **params: Any) -> tuple[int, str]:
        """Status and text of a GET with these parameters."""
        return await self.ask("GET", path, params=params)

    async def json(self, path: str, **params: Any) -> Any:
        """The document of a successful GET below /loki/api/v1."""
        status, text = await self.get(f"/loki/api/v1/{path}", **params)
        assert status == 200, text
        return orjson.loads(text)

    async def refusal(self, path: str, status: int = 400, **params: Any) -> str:
        """The text of a GET that is refused, without its newline."""
        async with self.client.get(f"/loki/api/v1/{path}", params=params) as response:
            text = await response.text()
            assert response.status == status, text
            assert response.content_type == "text/plain"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            return text.rstrip("\n")

    async def push(self, streams: Mapping[str, Sequence[tuple[int, str]]], **headers: str) -> tuple[int, str]:
        """Pushes JSON of label texts, as `a=b,c=d`, and their entries."""
        body = {
            "streams": [
                {
                    "stream": dict(pair.split("=") for pair in labels.split(",")),
                    "values": [[str(ts), line] for ts, line in rows],
                }
                for labels, rows in streams.items()
            ]
        }
        return await self.ask("POST", "/loki/api/v1/push", json=body, headers=headers)

    def metrics(self) -> str:
        """The page of the process's own metrics."""
        return self.backend.registry.exposition().decode()


def snappy(body: bytes) -> bytes:
    """A snappy block."""
    return bytes(cramjam.snappy.compress_raw(body))


def decode_otlp(tenant: str, body: bytes, kind: str) -> EntryBatch:
    """Stands for the decoder of OTLP: the body is one line."""
    at = np.zeros(1, np.int64)
    return EntryBatch(['{service_name="otlp"}'], np.array([0, 1]), np.array([NOW_NS]), body, at, at + len(body))


@pytest.fixture
async def make_site(tmp_path: Path) -> AsyncIterator[MakeSite]:
    opened: list[tuple[TestClient[Any, Any], Store, ThreadPoolExecutor, Gate]] = []

    async def make(
        *,
        limits: Mapping[str, Any] | None = None,
        config: LokiConfig | None = None,
        ready: bool = True,
        **settings: Any,
    ) -> Site:
        config = config or replace(embedded_config(), limits_config=replace(Limits(), **(limits or {})))
        registry = Registry()
        overrides = Overrides(config.limits_config)
        store = Store(tmp_path / "logs", config, overrides, registry, lambda: NOW_NS, DECODERS)
        store.deletes = []
        store.open()
        engine = FakeEngine()
        pool = ThreadPoolExecutor(2)
        gate = Gate(2, "test")
        lifecycle = Lifecycle()
        if ready:
            lifecycle.ready.set()

        async def run(work: Callable[[], Any]) -> Any:
            return await asyncio.get_running_loop().run_in_executor(pool, work)

        quits: list[bool] = []
        backend = Backend(
            settings=Settings(**settings),
            lifecycle=lifecycle,
            registry=registry,
            store=store,
            engine=engine,
            decoders=Decoders(decode_protobuf, decode_json, decode_otlp),
            limits=overrides.of,
            rules=RuleFiles(tmp_path / "rules"),
            run=run,
            run_read=run,
            run_push=run,
            queries=gate,
            config_text=lambda mode: f"mode: {mode or 'all'}\n",
            published_limits=lambda tenant: {"max_query_series": 500},
            figures=lambda: {"Segments": 3},
            quit=lambda: quits.append(True),
            now_ns=lambda: NOW_NS,
        )
        surface = LokiSurface(backend, AllRows, lambda query: None)
        client: TestClient[Any, Any] = TestClient(TestServer(make_app([surface]), handler_cancellation=True))
        await client.start_server()
        opened.append((client, store, pool, gate))
        return Site(client, backend, store, engine, surface, quits)

    yield make
    for client, store, pool, gate in opened:
        await client.close()
        gate.close()
        pool.shutdown()
        store.close()


@pytest.fixture
async def site(make_site: MakeSite) -> Site:
    """A ready server with the defaults of upstream's limits."""
    return await make_site()
