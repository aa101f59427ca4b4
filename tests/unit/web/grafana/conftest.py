"""A real server of the API over a database in memory and a store that remembers, with a clock that stands still."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.dashboards.datasource import Datasource, own
from watchkeeper.dashboards.provisioning.watch import Provisioning
from watchkeeper.dashboards.roles import Role
from watchkeeper.dashboards.state import State
from watchkeeper.web.grafana.access import Gatekeeper
from watchkeeper.web.grafana.backend import Backend, Settings
from watchkeeper.web.grafana.first_admin import FirstAdmin
from watchkeeper.web.grafana.surface import GrafanaSurface
from watchkeeper.web.grafana.ways import OwnWay, RemoteWay, Way
from watchkeeper.web.lifecycle import Lifecycle
from watchkeeper.web.server import make_app

NOW_MS = 1_700_000_000_000  # 2023-11-14T22:13:20Z
PASSWORD = "correct horse"
MATRIX = {
    "resultType": "matrix",
    "result": [{"metric": {"job": "a"}, "values": [[1700000000, "1"], [1700000015, "2"]]}],
}


@dataclass
class Store:
    """Answers as Prometheus, Loki and Alertmanager would; `seen` is what it was asked."""

    seen: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    data: Any = field(default_factory=lambda: MATRIX)
    status: int = 200
    answers: dict[str, Any] = field(default_factory=dict)  # By path; whole bodies.

    def app(self) -> web.Application:
        async def answer(request: web.Request) -> web.Response:
            body = await request.read()
            self.seen.append((request.method, str(request.rel_url), dict(request.headers), body))
            if self.status != 200:
                return web.json_response({"status": "error", "error": "the query is wrong"}, status=self.status)
            if request.path in self.answers:
                return web.json_response(self.answers[request.path])
            return web.json_response({"status": "success", "data": self.data})

        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", answer)
        return app


@dataclass
class Site:
    """One server under test, and what it is made of."""

    client: TestClient[Any, Any]
    backend: Backend
    store: Store
    first: FirstAdmin
    now_ms: int = NOW_MS

    @property
    def state(self) -> State:
        return self.backend.state

    async def ask(self, method: str, path: str, body: Any = None, *, by: str = "", **headers: str) -> tuple[int, Any]:
        """Status and JSON; `by` is a login, whose password is the one that all have."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if by:
            sent["Authorization"] = "Basic " + base64.b64encode(f"{by}:{PASSWORD}".encode()).decode()
        data = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
        async with self.client.request(method, path, data=data, headers=sent, allow_redirects=False) as response:
            text = await response.read()
            try:
                return response.status, orjson.loads(text)
            except orjson.JSONDecodeError:
                return response.status, text.decode()

    async def get(self, path: str, *, by: str = "") -> Any:
        """The JSON of an answer that is good."""
        status, found = await self.ask("GET", path, by=by)
        assert status == 200, (status, found)
        return found

    async def save(self, by: str = "editor", *, status: int = 200, **dashboard: Any) -> Any:
        """Saves a dashboard; what was said."""
        more = {
            key: dashboard.pop(key) for key in ("folderUid", "folderId", "overwrite", "message") if key in dashboard
        }
        got, found = await self.ask("POST", "/api/dashboards/db", {"dashboard": dashboard, **more}, by=by)
        assert got == status, (got, found)
        return found


MakeSite = Callable[..., Awaitable[Site]]


@pytest.fixture
async def make_site(tmp_path: Path) -> AsyncIterator[MakeSite]:
    """Makes servers; settings by name, and `provisioning`, a folder of files."""
    closing: list[Callable[[], Awaitable[None]]] = []
    pool = ThreadPoolExecutor(2)

    async def run(work: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(pool, work)

    async def make(*, provisioning: Path | None = None, users: bool = True, **settings: Any) -> Site:
        store = Store()
        ways: dict[str, OwnWay] = {}
        own_sources = [
            own("prometheus", "Prometheus", "prometheus", "http://127.0.0.1:9090", is_default=True),
            own("loki", "Loki", "loki", "http://127.0.0.1:3100"),
            own("alertmanager", "Alertmanager", "alertmanager", "http://127.0.0.1:9093"),
        ]
        session = aiohttp.ClientSession()
        closing.append(session.close)

        def way(datasource: Datasource) -> Way:
            if not datasource.is_own:
                return RemoteWay(datasource, lambda: session)
            return ways.setdefault("one", OwnWay(store.app(), ""))

        state = State(None, own_sources, password_memory_kib=8)
        await run(state.open)
        watch = Provisioning(
            provisioning, state.catalog, state.datasources, {}, builtin=None, leftovers=state.leftovers
        )
        await run(watch.start)
        site: Site
        lifecycle = Lifecycle()
        lifecycle.ready.set()
        backend = Backend(
            settings=Settings(**settings),
            lifecycle=lifecycle,
            registry=Registry(),
            state=state,
            provisioning=watch,
            way=way,
            run=run,
            now_ms=lambda: site.now_ms,
        )
        first = FirstAdmin(state)
        surface = GrafanaSurface(backend, Gatekeeper(backend), first)
        client = TestClient(TestServer(make_app([surface])), cookie_jar=aiohttp.DummyCookieJar())
        site = Site(client, backend, store, first)
        if users:

            def make_users() -> None:
                for login, role in (("admin", Role.ADMIN), ("editor", Role.EDITOR), ("viewer", Role.VIEWER)):
                    state.users.create(
                        login, f"{login}@example.com", login.title(), PASSWORD, role, NOW_MS, is_admin=login == "admin"
                    )

            await run(make_users)
        await client.start_server()
        closing.append(client.close)
        return site

    yield make
    for close in reversed(closing):
        await close()
    pool.shutdown()


@pytest.fixture
async def site(make_site: MakeSite) -> Site:
    """A server with three users."""
    return await make_site()
