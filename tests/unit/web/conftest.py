"""A real server over a real store and engine, on a free port of this machine, with a clock that stands still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer

from watchkeeper.core.model.labels import Labels
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.metrics.interface import SampleBatch
from watchkeeper.metrics.promql.engine import Engine, EngineOptions
from watchkeeper.metrics.remote.otlp import OtlpReceiver, OtlpSettings
from watchkeeper.metrics.remote.receive import Receiver
from watchkeeper.metrics.scrape.manager import ScrapeManager
from watchkeeper.metrics.tsdb.db import TSDB
from watchkeeper.metrics.tsdb.options import TSDBOptions
from watchkeeper.web.lifecycle import Lifecycle
from watchkeeper.web.prometheus.backend import Backend, Settings
from watchkeeper.web.prometheus.gate import QueryGate
from watchkeeper.web.prometheus.notifications import Notifications
from watchkeeper.web.prometheus.surface import PrometheusSurface
from watchkeeper.web.server import make_app

NOW_MS = 1_700_000_000_000


@dataclass
class Site:
    """One server under test, and what it is made of."""

    client: TestClient[Any, Any]
    backend: Backend
    store: TSDB
    reloads: list[str] = field(default_factory=list)

    async def get(self, path: str, **kwargs: Any) -> tuple[int, str]:
        """Status and text of a GET."""
        return await self.ask("GET", path, **kwargs)

    async def ask(self, method: str, path: str, **kwargs: Any) -> tuple[int, str]:
        """Status and text."""
        async with self.client.request(method, path, **kwargs) as response:
            return response.status, await response.text()

    async def api(self, path: str, method: str = "GET", **kwargs: Any) -> dict[str, Any]:
        """The envelope of an answer of /api/v1."""
        _, text = await self.ask(method, f"/api/v1/{path}", **kwargs)
        answer: dict[str, Any] = orjson.loads(text)
        return answer

    async def data(self, path: str, **kwargs: Any) -> Any:
        """`data` of a successful answer."""
        answer = await self.api(path, **kwargs)
        assert answer["status"] == "success", answer
        return answer["data"]

    def write(self, time_ms: int, *samples: tuple[dict[str, str], float]) -> None:
        """Stores samples of one time."""
        labels = [Labels(given.items()) for given, _ in samples]
        n = len(samples)
        values = np.array([value for _, value in samples])
        batch = SampleBatch(labels, np.arange(n, dtype=np.int32), np.full(n, time_ms, np.int64), values)
        assert self.store.append(batch).stored_all


MakeSite = Callable[..., Awaitable[Site]]


@pytest.fixture
async def make_site(tmp_path: Path) -> AsyncIterator[MakeSite]:
    opened: list[tuple[TestClient[Any, Any], TSDB, ThreadPoolExecutor, QueryGate, ScrapeManager]] = []

    async def make(
        *, ready: bool = True, engine: EngineOptions | None = None, flags: dict[str, str] | None = None, **settings: Any
    ) -> Site:
        registry = Registry()
        pool = ThreadPoolExecutor(4)

        async def run(work: Callable[[], Any]) -> Any:
            return await asyncio.get_running_loop().run_in_executor(pool, work)

        store = TSDB.open(tmp_path / f"data{len(opened)}", TSDBOptions(), registry, clock=lambda: NOW_MS)
        options = engine or EngineOptions()
        gate = QueryGate(options.max_concurrency, registry)
        scrape = ScrapeManager(store, registry)
        reloads: list[str] = []

        async def reload() -> None:
            reloads.append("reload")

        backend = Backend(
            settings=Settings(**settings),
            lifecycle=Lifecycle(),
            registry=registry,
            engine=Engine(options, registry),
            querier=store.querier,
            appender=store,
            exemplars=store.exemplars,
            store=store,
            receiver=Receiver(store, registry, lambda: NOW_MS),
            otlp=OtlpReceiver(store, OtlpSettings, lambda: NOW_MS),
            scrape=scrape,
            run=run,
            run_read=run,
            queries=gate,
            notifications=Notifications(),
            reload=reload,
            quit=lambda: reloads.append("quit"),
            config_text=lambda: "global: {}\n",
            pool_config_text=lambda job: "job_name: one\n" if job == "one" else None,
            external_labels=lambda: {"region": "here"},
            metadata=lambda: {name: [told] for name, told in store.metadata.items()},
            flags=flags or {},
            runtime=lambda: {"storageRetention": "10d"},
            now_ms=lambda: NOW_MS,
        )
        if ready:
            backend.lifecycle.ready.set()
        client = TestClient(TestServer(make_app([PrometheusSurface(backend)])))
        await client.start_server()
        opened.append((client, store, pool, gate, scrape))
        return Site(client, backend, store, reloads)

    yield make
    for client, store, pool, gate, scrape in opened:
        await client.close()
        await scrape.stop()
        gate.close()
        pool.shutdown()
        store.close()


@pytest.fixture
async def site(make_site: MakeSite) -> Site:
    """A server with defaults and a few series: up and http_requests_total, five minutes of them."""
    made = await make_site()
    for step in range(20):
        time_ms = NOW_MS - (19 - step) * 15_000
        made.write(
            time_ms,
            ({"__name__": "up", "job": "a", "instance": "one:80"}, 1.0),
            ({"__name__": "up", "job": "b", "instance": "two:80"}, 0.0),
            ({"__name__": "http_requests_total", "job": "a", "code": "200"}, step * 10.0),
        )
    return made
