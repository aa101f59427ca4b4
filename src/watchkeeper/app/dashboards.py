"""The dashboards part of a process: what people keep, Grafana's API over it, and the pages."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from aiohttp import web

from watchkeeper import __version__
from watchkeeper.app.part import OwnStore, Shared
from watchkeeper.core.model.duration import format_duration_ms
from watchkeeper.core.model.errors import ConfigError, ConfigProblem
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.dashboards.datasource import Datasource, own
from watchkeeper.dashboards.errors import Refused
from watchkeeper.dashboards.provisioning.watch import Provisioning
from watchkeeper.dashboards.roles import Identity, Role
from watchkeeper.dashboards.state import State
from watchkeeper.web.grafana.access import Gatekeeper
from watchkeeper.web.grafana.backend import Backend, Settings
from watchkeeper.web.grafana.first_admin import PATH, FirstAdmin
from watchkeeper.web.grafana.frontend import bootstrap_json
from watchkeeper.web.grafana.surface import GrafanaSurface
from watchkeeper.web.grafana.ways import OwnWay, RemoteWay, Way
from watchkeeper.web.server import Surface, make_app
from watchkeeper.web.ui.built import Built
from watchkeeper.web.ui.pages import FrontSurface, Pages, PagesSurface
from watchkeeper.web.ui.picture import Camera
from watchkeeper.web.ui.render import DrawnOnly, RenderSurface

if TYPE_CHECKING:
    import aiohttp

STATE_FILE: Final = "state.db"
ADMIN: Final = "admin"
NAMES: Final = {"prometheus": "Prometheus", "loki": "Loki", "alertmanager": "Alertmanager"}
LOOPBACK: Final = "127.0.0.1"
EVERYWHERE: Final = ("", "0.0.0.0", "::")

log = get_logger("dashboards")


def now_ms() -> int:
    """The clock: only this layer reads it."""
    return time.time_ns() // 1_000_000


class DashboardsPart:
    """What keeps dashboards and shows them."""

    def __init__(self, shared: Shared, stores: tuple[OwnStore, ...]) -> None:
        options = shared.options
        self._shared = shared
        self._stores = {store.kind: store for store in stores}
        self._ways: dict[str, OwnWay] = {}
        self._session: aiohttp.ClientSession | None = None
        self._looking: asyncio.Task[None] | None = None
        self._state = State(
            options.dashboards_dir / STATE_FILE, [_datasource(store, options.listen) for store in stores]
        )
        self._provisioning = Provisioning(
            options.dashboards_provisioning, self._state.catalog, self._state.datasources, os.environ,
            leftovers=self._state.leftovers, now_ms=now_ms,
        )  # fmt: skip
        self._told: frozenset[str] = frozenset()
        self._first = FirstAdmin(self._state)
        self._backend = self._make_backend()
        gatekeeper = Gatekeeper(self._backend)
        self._pages = Pages(
            Built(), self._backend.settings.route_prefix, options.page_title, gatekeeper.identity, self._start_of,
            allow_embedding=options.dashboards_allow_embedding,
        )  # fmt: skip
        self.surface = GrafanaSurface(self._backend, gatekeeper, self._first, self._pages.login)
        self._pages_surface = PagesSurface(self._pages)
        self._render_surface = RenderSurface(
            gatekeeper, Camera(options.dashboards_renderer), self._backend.settings.route_prefix, self._drawn_at
        )
        self._drawing: web.AppRunner | None = None
        self._drawing_starts = asyncio.Lock()
        self._gatekeeper = gatekeeper
        self.surface.handlers |= self._pages_surface.handlers | self._render_surface.handlers

    @property
    def guard(self) -> Surface:
        """What stands before all else on the port of the pages: who comes is asked for a role."""
        return self.surface.guard()

    @property
    def surfaces(self) -> list[Surface]:
        """Pages, pictures and the API, for every port."""
        return [self._pages_surface, self._render_surface, self.surface]

    def front(self, kind: str) -> Surface:
        """What stands before a store's own surface on its port, so that a browser gets our pages."""
        homes = {"prometheus": "", "loki": "/logs", "alertmanager": "/alertmanager"}
        return FrontSurface(
            self._pages, own_prefix=self._stores[kind].prefix, home=homes[kind], shared=kind != "loki",
        )  # fmt: skip

    async def start(self) -> None:
        """Opens the database, reads files, and tells the way in where nobody has one yet. Raises ConfigError."""
        await self._shared.in_worker(self._state.open)
        await self._shared.in_worker(self._provisioning.start)
        self._tell()
        await self._shared.in_worker(self._take_password_file)
        token = await self._shared.in_worker(self._first.start)
        if token:
            root = self._backend.settings.root_url or f"{self._address}{self._backend.settings.route_prefix}"
            log.info(
                "nobody can log in yet: open this link to become the administrator", url=f"{root}{PATH}?token={token}"
            )

    async def tick(self) -> None:
        """Files that have changed."""
        if self._looking is None or self._looking.done():
            self._looking = self._shared.spawn(self._look())

    async def reload(self) -> None:
        """Reads the provisioning files again. Raises ConfigError and OSError."""
        await self._shared.in_worker(self._provisioning.reload_dashboards)
        await self._shared.in_worker(self._provisioning.reload_datasources)
        self._tell()

    async def quiesce(self) -> None:
        """Nothing works beside requests but the look at files."""
        if self._looking is not None:
            await asyncio.gather(self._looking, return_exceptions=True)

    async def stop(self) -> None:
        """Closes the database."""
        if self._drawing is not None:
            await self._drawing.cleanup()
        if self._session is not None:
            await self._session.close()
        await self._shared.in_worker(self._state.close)

    async def _look(self) -> None:
        try:
            if await self._shared.in_worker(partial(self._provisioning.tick, time.monotonic())):
                self._tell()
        except Exception as error:  # The next look may go well.
            log.exception("the dashboards' files can't be followed", error=repr(error))

    def _tell(self) -> None:
        """Each problem once, for as long as it is there."""
        catalog = self._state.catalog
        now = frozenset((*self._provisioning.problems, *(str(clash) for clash in catalog.clashes())))
        for problem in sorted(now - self._told):
            log.warn("a dashboard or datasource of a file is not shown", problem=problem)
        self._told = now

    def _take_password_file(self) -> None:
        """The administrator's password of a file, where nobody has one yet. Raises ConfigError."""
        path = self._shared.options.dashboards_admin_password_file
        if path is None or self._state.users.has_admin():
            return
        try:
            password = path.read_text("utf-8").strip()
            self._state.users.make_admin(ADMIN, password, now_ms())
        except Refused as error:
            raise ConfigError([ConfigProblem(str(path), 1, 1, "", str(error))]) from None

    async def _drawn_at(self) -> str:
        """What the browser that draws asks: the port of the pages, or where that has TLS or users of its own, one that
        is for this browser alone."""
        if self._shared.options.web_config_file is None:
            return self._address
        async with self._drawing_starts:
            if self._drawing is None:
                prefix = self._backend.settings.route_prefix
                app = make_app([DrawnOnly(self._gatekeeper, prefix), *self.surfaces])
                runner = web.AppRunner(app, handler_cancellation=True, access_log=None)
                await runner.setup()
                await web.TCPSite(runner, LOOPBACK, 0).start()
                self._drawing = runner
        host, port = self._drawing.addresses[0][:2]
        return f"http://{host}:{port}"

    @property
    def _address(self) -> str:
        """Of the pages' own port, as this machine reaches it."""
        options = self._shared.options
        host = "127.0.0.1" if options.listen in EVERYWHERE else options.listen
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{options.dashboards_port}"

    def _make_backend(self) -> Backend:
        shared, options = self._shared, self._shared.options
        root = options.dashboards_external_url.rstrip("/")
        path = urlsplit(root).path if root else options.prefix
        return Backend(
            settings=Settings(
                route_prefix=path.rstrip("/"),
                root_url=root,
                page_title=options.page_title,
                anonymous_role=Role[options.dashboards_anonymous_role.upper()],
                allow_embedding=options.dashboards_allow_embedding,
                has_outer_users=options.web_config_file is not None,
                parts=options.only,
                metrics_file=str(options.config_file or ""),
                alerts_file=str(options.alertmanager_config_file or ""),
            ),
            lifecycle=shared.lifecycle,
            registry=shared.registry,
            state=self._state,
            provisioning=self._provisioning,
            way=self._way,
            run=shared.in_worker,
            now_ms=now_ms,
        )

    async def _start_of(self, identity: Identity) -> dict[str, Any]:
        return await self._shared.in_worker(lambda: bootstrap_json(self._backend, identity))

    def _way(self, datasource: Datasource) -> Way:
        store = self._stores.get(datasource.uid) if datasource.is_own else None
        if store is None:
            return RemoteWay(datasource, self._http)
        if store.kind not in self._ways:
            self._ways[store.kind] = OwnWay(make_app([store.surface]), store.prefix)
        return self._ways[store.kind]

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            import aiohttp

            self._session = aiohttp.ClientSession(
                headers={"User-Agent": f"watchkeeper/{__version__}"}, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session


def _datasource(store: OwnStore, listen: str) -> Datasource:
    host = "127.0.0.1" if listen in EVERYWHERE else listen
    url = f"http://{f'[{host}]' if ':' in host else host}:{store.port}{store.prefix}"
    # Ranges of $__rate_interval hold four of these: too long a one shows nothing for the first minute.
    interval = format_duration_ms(store.interval_ms) if store.interval_ms else "15s"
    settings: Mapping[str, Mapping[str, Any]] = {
        "prometheus": {"httpMethod": "POST", "timeInterval": interval, "prometheusType": "Prometheus"},
        "loki": {},
        "alertmanager": {"implementation": "prometheus", "handleGrafanaManagedAlerts": False},
    }
    is_default = store.kind == "prometheus"
    return own(store.kind, NAMES[store.kind], store.kind, url, is_default=is_default, **settings[store.kind])
