"""`watchkeeper up`: one process with store, scraping, queries and exporters wired together."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import uvloop

from watchkeeper import __version__
from watchkeeper.app.listen import Limits, Listener, Security, listen
from watchkeeper.app.node_exporter import NodeExporterOptions, NodeExporterServer
from watchkeeper.app.options import Options
from watchkeeper.app.otlp import otlp_settings
from watchkeeper.app.reload import Configuration
from watchkeeper.core.config.dump import dump
from watchkeeper.core.model.errors import ConfigError, WatchkeeperError, describe_os_error
from watchkeeper.core.model.metadata import Metadata
from watchkeeper.core.telemetry.log import configure, get_logger
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.core.telemetry.process import register_process_metrics
from watchkeeper.discovery.manager import DiscoveryManager, JobGroups
from watchkeeper.metrics.promql.engine import Engine, EngineOptions
from watchkeeper.metrics.promql.parser import ParserOptions
from watchkeeper.metrics.remote.manager import RemoteWriteManager
from watchkeeper.metrics.remote.otlp import OtlpReceiver
from watchkeeper.metrics.remote.receive import MessageType, Receiver
from watchkeeper.metrics.scrape.manager import ScrapeManager
from watchkeeper.metrics.tsdb.db import TSDB
from watchkeeper.metrics.tsdb.options import TSDBOptions
from watchkeeper.web.prometheus.backend import Backend, Lifecycle, Settings
from watchkeeper.web.prometheus.gate import QueryGate
from watchkeeper.web.prometheus.notifications import RELOAD_FAILED, SHUTTING_DOWN, STARTING, Notifications
from watchkeeper.web.server import make_app

if TYPE_CHECKING:
    from watchkeeper.web.access.gate import Access

T = TypeVar("T")

SWITCH_INTERVAL_S: Final = 0.0005
TICK_S: Final = 1.0  # How often the store is asked whether something is due: a seal, a block, retention.
WORKERS: Final = 2 + (os.cpu_count() or 1)
READERS: Final = 8  # Reads of the store beside queries: series, labels, federation, remote read, administration.

log = get_logger("main")


def run(options: Options) -> int:
    """Runs until SIGTERM, SIGINT or /-/quit; returns the exit status."""
    configure(level=options.log_level, format=options.log_format)
    # Queries on worker threads take turns with scraping; the default of 5 ms would be most of their time.
    sys.setswitchinterval(SWITCH_INTERVAL_S)
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


def now_ms() -> int:
    """The clock: only this layer reads it."""
    return time.time_ns() // 1_000_000


class Server:
    """One process. `run` owns everything it starts and stops it in reverse order."""

    def __init__(self, options: Options) -> None:
        """Raises ConfigError where the configuration file can't be used."""
        self._options = options
        self._started_s = time.time()
        self._registry = Registry()
        self._lifecycle = Lifecycle()
        self._configuration = Configuration(options, self._registry)
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="worker")
        self._read_pool = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._queries = QueryGate(options.query_max_concurrency, self._registry)
        self._notifications = Notifications()
        self._quit = asyncio.Event()
        self._store = TSDB(options.metrics_dir, self._store_options(), self._registry, clock=now_ms)
        self._remotes = RemoteWriteManager(
            options.data_dir / "remote",
            self._registry,
            now_ms=now_ms,
            user_agent=f"watchkeeper/{__version__}",
            metadata=self._family_metadata,
        )
        self._appender = self._remotes.tee(self._store)
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> int:
        """Comes up, serves, goes down; the exit status."""
        self._watch_signals()
        register_process_metrics(self._registry)
        self._add_build_info()
        backend = self._make_backend()
        access, security = self._access()
        app = make_app(backend, access=access)
        limits = Limits(self._options.max_connections, self._options.read_timeout_ms / 1000)
        listeners: list[Listener] = [
            await listen(app, self._options.listen, self._options.metrics_port, limits=limits, security=security)
        ]
        try:
            if "node" in self._options.only:
                listeners += await self._listen_node()
            self._notifications.set(STARTING, True)
            await self._in_worker(self._store.start)
            await self._follow_remotes()
            self._lifecycle.ready.set()
            self._notifications.set(STARTING, False)
            await self._start_scraping()
            log.info("ready", url=listeners[0].url, took_s=round(time.time() - self._started_s, 2))
            ticker = self._spawn(self._tick())
            watcher = self._spawn(self._configuration.watch(self._reload))
            await self._quit.wait()
            log.info("stopping")
            ticker.cancel()
            watcher.cancel()
        finally:
            self._lifecycle.stopping.set()
            self._notifications.set(SHUTTING_DOWN, True)
            await self._discovery.close()
            await self._scrape.stop()
            for listener in reversed(listeners):
                await listener.close()
            if access is not None:
                access.close()
            self._queries.close()
            self._read_pool.shutdown(cancel_futures=True)
            await self._remotes.close()
            await self._in_worker(self._store.close)
            self._pool.shutdown()
        log.info("stopped")
        return 0

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

    def _store_options(self) -> TSDBOptions:
        options, storage = self._options, self._configuration.current.storage.tsdb
        return TSDBOptions(
            retention_time_ms=options.retention_time_ms
            if storage.retention.time_ms is None
            else storage.retention.time_ms,
            retention_size_bytes=storage.retention.size_bytes or options.retention_size_bytes,
            out_of_order_time_window_ms=storage.out_of_order_time_window_ms or options.out_of_order_window_ms,
            fsync_interval_s=options.wal_fsync_interval_s,
            max_exemplars=self._configuration.current.storage.exemplars.max_exemplars,
        )

    def _make_backend(self) -> Backend:
        options = self._options
        self._engine = Engine(
            EngineOptions(
                timeout_s=options.query_timeout_ms / 1000,
                max_samples=options.query_max_samples,
                max_bytes=options.query_max_bytes,
                max_concurrency=options.query_max_concurrency,
                lookback_ms=options.query_lookback_ms,
                default_step_ms=self._configuration.current.global_.evaluation_interval_ms,
                delayed_name_removal="promql-delayed-name-removal" in options.features,
                parser=ParserOptions(
                    experimental_functions="promql-experimental-functions" in options.features,
                    extended_range_selectors="promql-extended-range-selectors" in options.features,
                    fill_modifiers="promql-binop-fill-modifiers" in options.features,
                ),
            ),
            registry=self._registry,
        )
        self._scrape = ScrapeManager(
            self._appender,
            self._registry,
            external_labels=self._configuration.current.global_.external_labels,
            inject_created="created-timestamp-zero-ingestion" in options.features,
        )
        self._discovery = DiscoveryManager(
            self._follow_discovery, registry=self._registry, user_agent=f"watchkeeper/{__version__}"
        )
        return Backend(
            settings=Settings(
                enable_lifecycle=options.enable_lifecycle,
                enable_admin_api=options.enable_admin_api,
                enable_remote_write_receiver=options.enable_remote_write_receiver,
                enable_otlp_receiver=options.enable_otlp_receiver,
                accepted_write_messages=tuple(MessageType(name) for name in options.accepted_write_messages),
                cors_origin=options.cors_origin,
                page_title=options.page_title,
                query_timeout_ms=options.query_timeout_ms,
                lookback_ms=options.query_lookback_ms,
                external_url=options.external_url,
                route_prefix=options.route_prefix,
                read_timeout_s=options.read_timeout_ms / 1000,
                search_max_limit=options.search_max_limit,
                remote_read_frame_bytes=options.remote_read_frame_bytes,
                listen_port=options.metrics_port,
                features=frozenset(options.features),
                remote_read_concurrency=options.remote_read_concurrency,
                remote_read_sample_limit=options.remote_read_sample_limit,
            ),
            lifecycle=self._lifecycle,
            registry=self._registry,
            engine=self._engine,
            querier=self._store.querier,
            appender=self._appender,
            exemplars=self._store.exemplars,
            store=self._store,
            receiver=Receiver(self._appender, self._registry, now_ms),
            otlp=OtlpReceiver(
                self._appender,
                lambda: otlp_settings(self._configuration.current.otlp, options.query_lookback_ms),
                now_ms,
            ),
            scrape=self._scrape,
            run=self._in_worker,
            run_read=self._in_reader,
            queries=self._queries,
            notifications=self._notifications,
            reload=self._reload,
            quit=self._quit.set,
            config_text=lambda: dump(self._configuration.current),
            pool_config_text=self._pool_config_text,
            external_labels=lambda: dict(self._configuration.current.global_.external_labels),
            metadata=lambda: {name: [told] for name, told in self._store.metadata.items()},
            flags=options.flags(),
            runtime=self._runtime,
            now_ms=now_ms,
        )

    async def _listen_node(self) -> list[Listener]:
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

    async def _start_scraping(self) -> None:
        config = self._configuration.current
        await self._scrape.apply(config.jobs)
        self._discovery.apply({job.job_name: job.discovery for job in config.jobs})

    def _follow_discovery(self, groups: JobGroups) -> None:
        async def follow() -> None:
            for job, found in groups.items():
                await self._scrape.update(job, found)
                await asyncio.sleep(0)  # Others' turn: there may be thousands of jobs.

        self._spawn(follow())

    def _family_metadata(self) -> Mapping[str, Metadata]:
        """By family: what senders and targets say; of different statements one."""
        told: dict[str, Metadata] = dict(self._store.metadata)
        for targets in self._scrape.active_targets().values():
            for target in targets:
                told.update(target.families)
        return told

    async def _follow_remotes(self) -> None:
        config = self._configuration.current
        await self._remotes.apply(config.remote_write, config.global_.external_labels)

    async def _reload(self) -> None:
        try:
            config = await self._configuration.reload()
        except (ConfigError, OSError):
            self._notifications.set(RELOAD_FAILED, True)
            raise
        self._notifications.set(RELOAD_FAILED, False)
        await self._follow_remotes()
        await self._scrape.apply(config.jobs)
        self._discovery.apply({job.job_name: job.discovery for job in config.jobs})

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            await self._in_worker(partial(self._store.tick, now_ms()))

    async def _in_worker(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def _in_reader(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._read_pool, work)

    def _spawn(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _watch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._quit.set)
        loop.add_signal_handler(signal.SIGHUP, lambda: self._spawn(self._reload_logged()))

    async def _reload_logged(self) -> None:
        try:
            await self._reload()
        except (ConfigError, OSError) as error:
            log.error("the configuration was not reloaded; the old one stays", error=error)

    def _pool_config_text(self, job: str) -> str | None:
        config = self._scrape.config(job)
        return None if config is None else dump(config)

    def _add_build_info(self) -> None:
        from watchkeeper.web.prometheus.status import build_info

        info = build_info()
        names = ("version", "revision", "branch", "goversion")
        gauge = self._registry.gauge(
            "prometheus_build_info",
            "A metric with a constant '1' value labeled by version, revision, branch and goversion.",
            names,
        )
        gauge.labels(info["version"], info["revision"], info["branch"], info["goVersion"]).set(1)

    def _corruptions(self) -> float:
        family = next((f for f in self._registry.collect() if f.name == "prometheus_tsdb_wal_corruptions_total"), None)
        return sum(value for *_, value in family.samples) if family else 0

    def _runtime(self) -> Mapping[str, Any]:
        def text(seconds: float) -> str:
            return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")

        return {
            "startTime": text(self._started_s),
            "CWD": os.getcwd(),
            "hostname": socket.gethostname(),
            "serverTime": text(time.time()),
            "reloadConfigSuccess": self._configuration.last_good,
            "lastConfigTime": text(self._configuration.last_good_s),
            "corruptionCount": round(self._corruptions()),
            "goroutineCount": threading.active_count(),
            "GOMAXPROCS": os.cpu_count(),
            "GOMEMLIMIT": 0,
            "GOGC": "",
            "GODEBUG": "",
            "storageRetention": self._options.flags()["storage.tsdb.retention.time"],
        }
