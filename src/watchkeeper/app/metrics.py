"""The metrics part of a process: store, scraping, rules, remote write, PromQL."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from watchkeeper import __version__
from watchkeeper.app.otlp import otlp_settings
from watchkeeper.app.part import Shared
from watchkeeper.app.reload import Configuration
from watchkeeper.app.rules import MetricRules
from watchkeeper.app.way import MetricsWay
from watchkeeper.core.config.dump import dump
from watchkeeper.core.model.errors import ConfigError
from watchkeeper.core.model.metadata import Metadata
from watchkeeper.discovery.manager import DiscoveryManager, JobGroups
from watchkeeper.metrics.promql.engine import Engine, EngineOptions
from watchkeeper.metrics.promql.parser import ParserOptions
from watchkeeper.metrics.remote.manager import RemoteWriteManager
from watchkeeper.metrics.remote.otlp import OtlpReceiver
from watchkeeper.metrics.remote.receive import MessageType, Receiver
from watchkeeper.metrics.scrape.manager import ScrapeManager
from watchkeeper.metrics.tsdb.db import TSDB
from watchkeeper.metrics.tsdb.options import TSDBOptions
from watchkeeper.rules.files.loaded import LoadedGroup
from watchkeeper.rules.send.options import LocalAlertmanager
from watchkeeper.web.prometheus.backend import Backend, Settings
from watchkeeper.web.prometheus.gate import QueryGate
from watchkeeper.web.prometheus.notifications import RELOAD_FAILED


def now_ms() -> int:
    """The clock: only this layer reads it."""
    return time.time_ns() // 1_000_000


class MetricsPart:
    """What scrapes, stores, answers PromQL and evaluates rules."""

    def __init__(self, shared: Shared, alertmanager: LocalAlertmanager | None = None) -> None:
        """Raises ConfigError where the configuration file or a rule file can't be used.

        alertmanager   of this process; gets alerts where the configuration names none
        """
        options, registry = shared.options, shared.registry
        self._shared = shared
        self._configuration = Configuration(options, registry)
        self._queries = QueryGate(options.query_max_concurrency, registry)
        self._store = TSDB(options.metrics_dir, self._store_options(), registry, clock=now_ms)
        self._remotes = RemoteWriteManager(
            options.data_dir / "remote",
            registry,
            now_ms=now_ms,
            user_agent=f"watchkeeper/{__version__}",
            metadata=self._family_metadata,
        )
        self._appender = self._remotes.tee(self._store)
        self._watcher: asyncio.Task[None] | None = None
        # One configuration is applied at a time, and none before the start or after the end.
        self._applying = asyncio.Lock()
        self.backend = self._make_backend()
        self._rules = MetricRules(
            shared, self._engine, self._store.querier(), self._appender, alertmanager=alertmanager
        )
        self.backend.rules = self._rules
        self._rule_groups = self._rules.load(self._configuration.current)

    @property
    def way(self) -> MetricsWay:
        """For rules of other parts: where they record, and who sends their alerts."""
        return MetricsWay(self._appender, self._store.querier(), self._rules.send)

    @property
    def scrape_interval_ms(self) -> int:
        """Of targets that have none of their own."""
        return self._configuration.current.global_.scrape_interval_ms

    async def start(self) -> None:
        """Reads the store back and begins to evaluate rules and to scrape."""
        async with self._applying:
            await self._shared.in_worker(self._store.start)
            await self._apply(self._rule_groups)
            await self._rules.start()
        self._watcher = self._shared.spawn(self._configuration.watch(self.reload))

    async def tick(self) -> None:
        """A seal, a block, retention: what is due."""
        await self._shared.in_worker(partial(self._store.tick, now_ms()))

    async def reload(self) -> None:
        """Applies prometheus.yml and its rule files; unchanged targets and rules go on without a gap."""
        groups: list[LoadedGroup] = []
        async with self._applying:
            if self._shared.lifecycle.stopping.is_set():
                return
            try:
                await self._configuration.reload(lambda config: groups.extend(self._rules.load(config)))
            except (ConfigError, OSError):
                self._shared.notifications.set(RELOAD_FAILED, True)
                raise
            self._shared.notifications.set(RELOAD_FAILED, False)
            await self._apply(groups)

    async def quiesce(self) -> None:
        """Ends rules, after their alerts are sent, discovery and scraping."""
        if self._watcher is not None:
            self._watcher.cancel()
        async with self._applying:
            await self._rules.stop()
            await self._discovery.close()
            await self._scrape.stop()

    async def stop(self) -> None:
        """Sends what is left to send, and closes the store."""
        self._queries.close()
        await self._remotes.close()
        await self._shared.in_worker(self._store.close)

    async def _apply(self, groups: Sequence[LoadedGroup]) -> None:
        config = self._configuration.current
        await self._remotes.apply(config.remote_write, config.global_.external_labels)
        await self._rules.apply(config, groups)
        await self._scrape.apply(config.jobs)
        self._discovery.apply({job.job_name: job.discovery for job in config.jobs})

    def _store_options(self) -> TSDBOptions:
        options, storage = self._shared.options, self._configuration.current.storage.tsdb
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
        options, registry = self._shared.options, self._shared.registry
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
            registry=registry,
        )
        self._scrape = ScrapeManager(
            self._appender,
            registry,
            external_labels=self._configuration.current.global_.external_labels,
            inject_created="created-timestamp-zero-ingestion" in options.features,
        )
        self._discovery = DiscoveryManager(
            self._follow_discovery, registry=registry, user_agent=f"watchkeeper/{__version__}"
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
            lifecycle=self._shared.lifecycle,
            registry=registry,
            engine=self._engine,
            querier=self._store.querier,
            appender=self._appender,
            exemplars=self._store.exemplars,
            store=self._store,
            receiver=Receiver(self._appender, registry, now_ms),
            otlp=OtlpReceiver(
                self._appender,
                lambda: otlp_settings(self._configuration.current.otlp, options.query_lookback_ms),
                now_ms,
            ),
            scrape=self._scrape,
            run=self._shared.in_worker,
            run_read=self._shared.in_reader,
            queries=self._queries,
            notifications=self._shared.notifications,
            reload=self.reload,
            quit=self._shared.quit.set,
            config_text=lambda: dump(self._configuration.current),
            pool_config_text=self._pool_config_text,
            external_labels=lambda: dict(self._configuration.current.global_.external_labels),
            metadata=lambda: {name: [told] for name, told in self._store.metadata.items()},
            flags=options.flags(),
            runtime=self._runtime,
            now_ms=now_ms,
        )

    def _follow_discovery(self, groups: JobGroups) -> None:
        async def follow() -> None:
            for job, found in groups.items():
                await self._scrape.update(job, found)
                await asyncio.sleep(0)  # Others' turn: there may be thousands of jobs.

        self._shared.spawn(follow())

    def _family_metadata(self) -> Mapping[str, Metadata]:
        """By family: what senders and targets say; of different statements one."""
        told: dict[str, Metadata] = dict(self._store.metadata)
        for targets in self._scrape.active_targets().values():
            for target in targets:
                told.update(target.families)
        return told

    def _pool_config_text(self, job: str) -> str | None:
        config = self._scrape.config(job)
        return None if config is None else dump(config)

    def _corruptions(self) -> float:
        families = self._shared.registry.collect()
        family = next((f for f in families if f.name == "prometheus_tsdb_wal_corruptions_total"), None)
        return sum(value for *_, value in family.samples) if family else 0

    def _runtime(self) -> Mapping[str, Any]:
        def text(seconds: float) -> str:
            return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")

        return {
            "startTime": text(self._shared.started_s),
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
            "storageRetention": self._shared.options.flags()["storage.tsdb.retention.time"],
        }
