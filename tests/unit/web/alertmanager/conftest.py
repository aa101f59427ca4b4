"""A real server of the API over an alert manager that only remembers, with a clock that stands still."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer

from watchkeeper.alerts.interface import Alert
from watchkeeper.alerts.silences.silences import SilenceLimits, Silences
from watchkeeper.alerts.status import ALL, AlertState, AlertView, ClusterView, GroupView, PeerView, Wanted
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.web.alertmanager.backend import Backend, Settings
from watchkeeper.web.alertmanager.surface import AlertmanagerSurface
from watchkeeper.web.lifecycle import Lifecycle
from watchkeeper.web.server import make_app

T = TypeVar("T")

SECOND_NS = 1_000_000_000
NOW_NS = 1_700_000_000 * SECOND_NS  # 2023-11-14T22:13:20Z
HOUR_NS = 3600 * SECOND_NS
LIMITS = SilenceLimits(max_silences=20)


@dataclass
class FakeAlerts:
    """Remembers what came in; shows what it is given, as far as it is asked for. Silences are real."""

    silences: Silences
    received: list[Alert] = field(default_factory=list)
    views: list[AlertView] = field(default_factory=list)
    held_groups: list[GroupView] = field(default_factory=list)
    failure: Exception | None = None
    threads: set[int] = field(default_factory=set)
    n_received: list[int] = field(default_factory=list)

    def receive(self, alerts: Sequence[Alert]) -> list[str]:
        self.n_received.append(len(alerts))
        self.received += [alert for alert in alerts if alert.labels]
        return ["at least one label pair required" for alert in alerts if not alert.labels]

    def alerts(self, wanted: Wanted = ALL) -> list[AlertView]:
        self.threads.add(threading.get_ident())
        if self.failure is not None:
            raise self.failure
        return [view for view in self.views if _is_for(view.receivers, wanted) and _is_asked_for(view, wanted)]

    def groups(self, wanted: Wanted = ALL) -> list[GroupView]:
        self.threads.add(threading.get_ident())
        return [
            group
            for group in self.held_groups
            if _is_for((group.receiver,), wanted) and (wanted.muted or not group.muted_by)
        ]

    def peers(self) -> ClusterView:
        return ClusterView("ready", "one", (PeerView("two", "10.0.0.2:9094"), PeerView("one", "10.0.0.1:9094")))


def _is_for(receivers: Sequence[str], wanted: Wanted) -> bool:
    return wanted.receiver is None or any(map(wanted.receiver, receivers))


def _is_asked_for(view: AlertView, wanted: Wanted) -> bool:
    return wanted.has(view) and all(m.matches(view.alert.labels.get(m.name)) for m in wanted.matchers)


@dataclass
class Site:
    """One server under test, and what it is made of."""

    client: TestClient[Any, Any]
    alerts: FakeAlerts
    backend: Backend
    reloads: list[Exception | None]

    async def ask(self, method: str, path: str, **kwargs: Any) -> tuple[int, Any]:
        """Status and document, or text where it is none."""
        async with self.client.request(method, path, **kwargs) as response:
            body = await response.read()
            return response.status, orjson.loads(body) if response.content_type == "application/json" else body.decode()

    async def get(self, path: str, **params: Any) -> Any:
        """The document of a GET below /api/v2 that goes well."""
        status, document = await self.ask("GET", f"/api/v2/{path}", params=params)
        assert status == 200, document
        return document

    async def post(self, path: str, body: Any) -> tuple[int, Any]:
        """Status and document of a POST below /api/v2."""
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        headers = {"Content-Type": "application/json"}
        return await self.ask("POST", f"/api/v2/{path}", data=data, headers=headers)


MakeSite = Callable[..., Awaitable[Site]]


@pytest.fixture
async def make_site() -> AsyncIterator[MakeSite]:
    clients: list[TestClient[Any, Any]] = []

    async def make(*, ready: bool = True, **settings: Any) -> Site:
        alerts, registry = FakeAlerts(Silences(lambda: NOW_NS, retention_ns=HOUR_NS, limits=LIMITS)), Registry()
        reloads: list[Exception | None] = []

        async def reload() -> None:
            reloads.append(None)
            if len(reloads) > 1 and isinstance(error := reloads[0], Exception):
                raise error

        async def run(work: Callable[[], T]) -> T:
            return await asyncio.to_thread(work)

        receivers = {"web": Labels(), "pager": Labels.of(team="night")}
        backend = Backend(
            settings=Settings(started_s=NOW_NS / SECOND_NS, **settings),
            lifecycle=Lifecycle(),
            registry=registry,
            alerts=alerts,
            receivers=lambda: receivers,
            config_text=lambda: "route: {receiver: web}\n",
            reload=reload,
            run=run,
            now_ns=lambda: NOW_NS,
        )
        if ready:
            backend.lifecycle.ready.set()
        client: TestClient[Any, Any] = TestClient(TestServer(make_app([AlertmanagerSurface(backend)])))
        await client.start_server()
        clients.append(client)
        return Site(client, alerts, backend, reloads)

    yield make
    for client in clients:
        await client.close()


@pytest.fixture
async def site(make_site: MakeSite) -> Site:
    """A server that is ready."""
    return await make_site()


def alert(starts_ns: int = NOW_NS - HOUR_NS, ends_ns: int = NOW_NS + HOUR_NS, **labels: str) -> Alert:
    """An alert that fires."""
    return Alert(Labels.of(labels), starts_ns=starts_ns, ends_ns=ends_ns, updated_ns=NOW_NS)


def view(state: str = "active", receivers: tuple[str, ...] = ("web",), **labels: str) -> AlertView:
    """An alert that fires, as it is shown; suppressed by all that can suppress it unless its state says otherwise."""
    why = ("why",) if state == "suppressed" else ()
    return AlertView(alert(**labels), AlertState(state), why, why, why, receivers)


def group(receiver: str, labels: dict[str, str], *alerts: AlertView, muted_by: tuple[str, ...] = ()) -> GroupView:
    """A group as it is shown."""
    route: Any = None
    return GroupView(Labels.of(labels), receiver, "", route, alerts, muted_by)
