"""Scraping without a network and without waiting: bodies from a list, a clock that is moved by hand."""

from __future__ import annotations

import asyncio
import gzip
import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.unit.metrics.scrape.memory_store import MemoryStore
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.discovery.interface import TargetGroup
from watchkeeper.metrics.scrape.config import GlobalConfig, ScrapeConfig
from watchkeeper.metrics.scrape.fetch import Response
from watchkeeper.metrics.scrape.loop import ScrapeLoop
from watchkeeper.metrics.scrape.manager import ScrapeManager
from watchkeeper.metrics.scrape.target import Target

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PROTOBUF = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
START_S = 1_700_000_000.0


class FakeClock:
    """Wall and monotonic time that only `advance` moves."""

    def __init__(self, wall_s: float = START_S) -> None:
        self._wall_s = wall_s
        self._now_s = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._serial = 0

    def wall_s(self) -> float:
        return self._wall_s + self._now_s

    def monotonic_s(self) -> float:
        return self._now_s

    def set_wall(self, change_s: float) -> None:
        """Somebody sets the machine's clock."""
        self._wall_s += change_s

    async def sleep(self, seconds: float) -> None:
        self._serial += 1
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now_s + max(0.0, seconds), self._serial, future))
        await future

    async def advance(self, seconds: float) -> None:
        """Let time pass, waking sleepers one after the other."""
        end_s = self._now_s + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end_s + 1e-9:
            wake_s, _, future = heapq.heappop(self._sleepers)
            self._now_s = max(self._now_s, wake_s)
            if not future.done():
                future.set_result(None)
                await settle()
        self._now_s = end_s


async def settle() -> None:
    """Let every task go as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


Answer = str | bytes | Response | Exception


@dataclass
class FakeSite:
    """What targets answer, by address; a connector for `ScrapeManager`."""

    answers: dict[str, Answer] = field(default_factory=dict)
    n_fetches: dict[str, int] = field(default_factory=dict)
    content_type: str = TEXT

    def __call__(self, config: ScrapeConfig) -> FakeSite:
        return self

    def fetch(self, target: Target) -> FakeFetch:
        return FakeFetch(self, target.address)

    async def close(self) -> None:
        pass


@dataclass
class FakeFetch:
    site: FakeSite
    address: str

    async def __call__(self) -> Response:
        self.site.n_fetches[self.address] = self.site.n_fetches.get(self.address, 0) + 1
        return response(self.site.answers[self.address], self.site.content_type)

    def close(self) -> None:
        pass


def response(answer: Answer, content_type: str = TEXT) -> Response:
    """A response with this body, or the raised exception."""
    if isinstance(answer, Exception):
        raise answer
    if isinstance(answer, Response):
        return answer
    return Response(content_type, "", answer.encode() if isinstance(answer, str) else answer)


def gzipped(text: str, content_type: str = TEXT) -> Response:
    return Response(content_type, "gzip", gzip.compress(text.encode()))


def scrape_config(**settings: object) -> ScrapeConfig:
    """A scrape config as it is after loading; every 10 s."""
    given = {"job_name": "test", "scrape_interval_ms": 10_000, "scrape_timeout_ms": 5_000, **settings}
    return ScrapeConfig(**given).with_defaults(GlobalConfig())  # type: ignore[arg-type]


class Scraped:
    """One target `a:1` of a job, scraped by hand: `await scraped(body)` every 10 seconds."""

    def __init__(self, manager: ScrapeManager, store: MemoryStore, registry: Registry, site: FakeSite) -> None:
        self.manager = manager
        self.store = store
        self.registry = registry
        self.site = site
        self.now_s = START_S

    @classmethod
    async def begin(cls, *, labels: dict[str, str] | None = None, inject_created: bool = False, **settings: object):
        store, registry, site = MemoryStore(), Registry(), FakeSite()
        manager = ScrapeManager(
            store, registry, clock=FakeClock(), connect=site, host="here", inject_created=inject_created
        )
        await manager.apply([scrape_config(**settings)])
        await manager.update("test", [TargetGroup("group", ({"__address__": "a:1", **(labels or {})},))])
        return cls(manager, store, registry, site)

    @property
    def loop(self) -> ScrapeLoop:
        return next(iter(self.manager.pools["test"]._loops.values()))

    @property
    def target(self) -> Target:
        return self.loop.target

    @property
    def now_ms(self) -> int:
        """The time of the last scrape."""
        return round(self.now_s * 1000)

    async def __call__(self, *answers: Answer, content_type: str = TEXT) -> None:
        for answer in answers:
            self.now_s += 10
            self.site.answers["a:1"] = answer
            self.site.content_type = content_type
            await self.loop.scrape(self.now_ms)

    def counter(self, name: str) -> float:
        return self.registry.counter(name, "").value

    def values(self, name: str, **labels: str) -> list[float | str]:
        return self.store.of(name, **labels)


async def begin_many(
    addresses: Sequence[str], **settings: object
) -> tuple[ScrapeManager, MemoryStore, FakeSite, FakeClock]:
    """A manager whose loops run on a fake clock."""
    store, site, clock = MemoryStore(), FakeSite(), FakeClock()
    site.answers = dict.fromkeys(addresses, "m 1\n")
    manager = ScrapeManager(store, Registry(), clock=clock, connect=site, host="here")
    await manager.apply([scrape_config(**settings)])
    await manager.update("test", groups(*addresses))
    return manager, store, site, clock


def groups(*addresses: str, **labels: str) -> list[TargetGroup]:
    return [TargetGroup("group", tuple({"__address__": address, **labels} for address in addresses))]
