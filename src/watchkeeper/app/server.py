"""`watchkeeper up`: one process, with the parts that it was asked to run."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import uvloop

from watchkeeper.app.listen import Limits, Listener, Security, listen
from watchkeeper.app.options import Options
from watchkeeper.app.part import OwnStore, Part, Shared
from watchkeeper.core.model.errors import ConfigError, WatchkeeperError, describe_os_error
from watchkeeper.core.telemetry.log import configure, get_logger
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.core.telemetry.process import register_process_metrics
from watchkeeper.web.build import build_info
from watchkeeper.web.lifecycle import Lifecycle
from watchkeeper.web.prometheus.notifications import SHUTTING_DOWN, STARTING, Notifications
from watchkeeper.web.server import Surface, make_app

if TYPE_CHECKING:
    from watchkeeper.app.agent_part import Sink
    from watchkeeper.app.alerts import AlertsPart
    from watchkeeper.app.way import MetricsWay
    from watchkeeper.rules.send.options import LocalAlertmanager
    from watchkeeper.web.access.gate import Access

SWITCH_INTERVAL_S: Final = 0.0005
TICK_S: Final = 1.0  # How often the stores are asked whether something is due: a seal, a block, retention.
WORKERS: Final = 2 + (os.cpu_count() or 1)
READERS: Final = 8  # Reads of the store beside queries: series, labels, federation, remote read, administration.

log = get_logger("main")


def run(options: Options) -> int:
    """Runs until SIGTERM, SIGINT or /-/quit; returns the exit status."""
    configure(level=options.log_level, format=options.log_format)
    # Queries on worker threads take turns with scraping; the default of 5 ms would be most of their time.
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    raise_file_limit()
    try:
        return uvloop.run(Server(options).run())
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 2
    except OSError as error:
        log.error("can't start", error=describe_os_error(error))
        return 1
    except WatchkeeperError as error:
        log.error("can't start", error=error)
        return 1


def raise_file_limit() -> None:
    """Let this process open as many files as its user may; shells and service managers start with 1,024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # Some systems give less than they say.
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Server:
    """One process. `run` owns everything it starts and stops it in reverse order."""

    def __init__(self, options: Options) -> None:
        """Raises ConfigError where a configuration file can't be used."""
        self._options = options
        self._shared = Shared(
            options=options,
            registry=Registry(),
            lifecycle=Lifecycle(),
            notifications=Notifications(),
            workers=ThreadPoolExecutor(WORKERS, thread_name_prefix="worker"),
            readers=ThreadPoolExecutor(READERS, thread_name_prefix="reader"),
            started_s=time.time(),
        )
        self._parts: list[Part] = []
        # What each port serves first; all serve everything, where the paths do not collide.
        self._surfaces: list[tuple[int, Sequence[Surface]]] = []
        # What stands before that on a port, and on no other.
        self._fronts: dict[int, list[Surface]] = {}
        self._make_parts()

    async def run(self) -> int:
        """Comes up, serves, goes down; the exit status."""
        shared, options = self._shared, self._options
        self._watch_signals()
        register_process_metrics(shared.registry)
        self._add_build_info()
        access, security = self._access()
        limits = Limits(options.max_connections, options.read_timeout_ms / 1000)
        listeners: list[Listener] = []
        started: list[Part] = []
        ticker: asyncio.Task[None] | None = None
        try:
            for port, own in self._surfaces:
                others = [other for _, others in self._surfaces for other in others if other not in own]
                app = make_app([*self._fronts.get(port, ()), *own, *others], access=access)
                listeners.append(await listen(app, options.listen, port, limits=limits, security=security))
            if "node" in options.only:
                listeners += await self._listen_node()
            shared.notifications.set(STARTING, True)
            for part in self._parts:
                started.append(part)
                await part.start()
            shared.lifecycle.ready.set()
            shared.notifications.set(STARTING, False)
            urls = " ".join(listener.url for listener in listeners)
            log.info("ready", url=urls, took_s=round(time.time() - shared.started_s, 2))
            ticker = shared.spawn(self._tick())
            await shared.quit.wait()
            log.info("stopping")
        finally:
            if ticker is not None:
                ticker.cancel()
            shared.lifecycle.stopping.set()
            shared.notifications.set(SHUTTING_DOWN, True)
            for part in reversed(started):
                await part.quiesce()
            for listener in reversed(listeners):
                await listener.close()
            if access is not None:
                access.close()
            shared.readers.shutdown(cancel_futures=True)
            for part in reversed(started):
                await part.stop()
            shared.workers.shutdown()
        log.info("stopped")
        return 0

    def _make_parts(self) -> None:
        """Parts are imported where they run: a log server has no need of a metrics engine in memory."""
        options, shared = self._options, self._shared
        alerts: AlertsPart | None = None
        local: LocalAlertmanager | None = None
        way: MetricsWay | None = None
        stores: list[OwnStore] = []
        if "alerts" in options.only:
            from watchkeeper.app.alerts import AlertsPart
            from watchkeeper.rules.send.options import LocalAlertmanager

            # First up and last down: rules send to it.
            alerts = AlertsPart(shared)
            self._parts.append(alerts)
            local = LocalAlertmanager(alerts.put, f"{alerts.external_url}/api/v2/alerts")
        if "metrics" in options.only:
            from watchkeeper.app.metrics import MetricsPart
            from watchkeeper.web.prometheus.surface import PrometheusSurface

            metrics = MetricsPart(shared, local)
            self._parts.append(metrics)
            way = metrics.way
            self._surfaces.append((options.metrics_port, [PrometheusSurface(metrics.backend)]))
            stores.append(self._store("prometheus", metrics.backend.settings.route_prefix, metrics.scrape_interval_ms))
        sink: Sink | None = None
        if "logs" in options.only:
            from watchkeeper.app.logs import LogsPart

            logs = LogsPart(shared, way, local)
            self._parts.append(logs)
            self._surfaces.append((logs.port, [logs.surface]))
            stores.append(self._store("loki", logs.backend.settings.route_prefix))
            sink = logs.appender, logs.agent_tenant
        if alerts is not None:
            self._surfaces.append((options.alerts_port, [alerts.surface]))
            stores.append(self._store("alertmanager", alerts.surface.route_prefix))
        if "agent" in options.only:
            from watchkeeper.app.agent_part import AgentPart

            self._parts.append(AgentPart(shared, sink))
        if "dashboards" in options.only:
            from watchkeeper.app.dashboards import DashboardsPart

            dashboards = DashboardsPart(shared, tuple(stores))
            self._parts.append(dashboards)
            for store in stores:
                self._fronts.setdefault(store.port, []).append(dashboards.front(store.kind))
            self._surfaces.append((options.dashboards_port, dashboards.surfaces))
            self._fronts.setdefault(options.dashboards_port, []).append(dashboards.guard)

    def _store(self, kind: str, prefix: str, interval_ms: int = 0) -> OwnStore:
        """The store whose surface was added last."""
        port, surfaces = self._surfaces[-1]
        return OwnStore(kind, surfaces[0], prefix, port, interval_ms)

    def _access(self) -> tuple[Access | None, Security | None]:
        """What the web configuration file asks for. Raises ConfigError."""
        if self._options.web_config_file is None:
            return None, None
        from watchkeeper.web.access.gate import Access

        access = Access(self._options.web_config_file)

        def admits(certificate: dict[str, Any]) -> bool:
            tls = access.config.tls_server_config
            if tls is None or not tls.client_allowed_sans:
                return True
            from watchkeeper.web.access.tls import is_allowed_peer

            return is_allowed_peer(certificate, tls.client_allowed_sans)

        return access, Security(access.context, admits)

    async def _listen_node(self) -> list[Listener]:
        from watchkeeper.app.node_exporter import NodeExporterOptions, NodeExporterServer

        options = self._options
        try:
            return [
                await listen(NodeExporterServer(NodeExporterOptions()).application(), options.listen, options.node_port)
            ]
        except OSError as error:
            log.warn(
                "the node exporter's port is taken; what answers there is scraped", port=options.node_port, error=error
            )
            return []

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            for part in self._parts:
                await part.tick()

    def _watch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._shared.quit.set)
        loop.add_signal_handler(signal.SIGHUP, lambda: self._shared.spawn(self._reload()))

    async def _reload(self) -> None:
        for part in self._parts:
            try:
                await part.reload()
            except (ConfigError, OSError) as error:
                log.error("the configuration was not reloaded; the old one stays", error=error)

    def _add_build_info(self) -> None:
        info = build_info()
        names = ("version", "revision", "branch", "goversion")
        gauge = self._shared.registry.gauge(
            "prometheus_build_info",
            "A metric with a constant '1' value labeled by version, revision, branch and goversion.",
            names,
        )
        gauge.labels(info["version"], info["revision"], info["branch"], info["goVersion"]).set(1)
