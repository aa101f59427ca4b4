"""The logs part of a process: store, LogQL, and Loki's API."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from watchkeeper.app.loki_config import Reloads, config_text, load, path_prefix, published_limits
from watchkeeper.app.part import Shared
from watchkeeper.core.model.errors import ConfigError
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.interface import EntryBatch, KeepRows, LogAppender
from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.deleting import keep_rows
from watchkeeper.logs.logql.engine import Engine, EngineOptions
from watchkeeper.logs.logql.parser import parse_log_query
from watchkeeper.logs.logql.tailing import Tail
from watchkeeper.logs.store.options import StoreOptions
from watchkeeper.logs.store.overrides import Overrides
from watchkeeper.logs.store.store import LogStore
from watchkeeper.logs.wire.kinds import DECODERS
from watchkeeper.logs.wire.push_json import decode_json
from watchkeeper.logs.wire.push_otlp import decode_otlp
from watchkeeper.logs.wire.push_protobuf import decode_protobuf
from watchkeeper.web.gate import Gate
from watchkeeper.web.loki.backend import Backend, Decoders, Settings
from watchkeeper.web.loki.page import size_text
from watchkeeper.web.loki.query_checks import engine_limits
from watchkeeper.web.loki.rule_files import RuleFiles
from watchkeeper.web.loki.status import COMPATIBLE_VERSION
from watchkeeper.web.loki.surface import LokiSurface

if TYPE_CHECKING:
    from watchkeeper.app.log_rules import LogRules
    from watchkeeper.app.way import MetricsWay
    from watchkeeper.rules.logql import LogQL
    from watchkeeper.rules.send.options import LocalAlertmanager

NS: Final = 1_000_000_000
PUSHERS: Final = 4
FIGURES: Final = {
    "loki_ingester_memory_streams": "Streams in memory",
    "loki_ingester_memory_chunks": "Blocks in memory",
    "watchkeeper_logs_segments": "Segments",
    "watchkeeper_logs_segment_bytes": "On disk",
    "loki_distributor_lines_received_total": "Lines received",
    "loki_distributor_bytes_received_total": "Received",
}

log = get_logger("logs")


def now_ns() -> int:
    """The clock: only this layer reads it."""
    return time.time_ns()


class LogsPart:
    """What stores lines and answers LogQL."""

    def __init__(
        self, shared: Shared, metrics: MetricsWay | None = None, alertmanager: LocalAlertmanager | None = None
    ) -> None:
        """Raises ConfigError where the configuration file can't be used.

        metrics, alertmanager   of this process, for rules over logs
        """
        options, registry = shared.options, shared.registry
        self._shared = shared
        self._metrics, self._alertmanager = metrics, alertmanager
        self._rules: LogRules | None = None
        self._following: asyncio.Task[None] | None = None
        self._rules_due_s = 0.0  # When the rule files are looked at next, by the monotonic clock.
        self._is_ending = False
        self._reloads = Reloads(registry)
        self.config = load(options)
        for warning in self.config.warnings:
            log.warn("configuration", warning=warning)
        self._overrides = Overrides(
            self.config.limits_config,
            self.config.runtime_files,
            self.config.runtime_config.period_ns,
            registry,
        )
        self._overrides.load()
        self._store = LogStore(
            options.logs_dir,
            self.config,
            self._overrides,
            registry,
            now_ns,
            DECODERS,
            options=StoreOptions(fsync_interval_s=options.wal_fsync_interval_s),
            make_keep=_keep_of_text,
        )
        self._engine = Engine(os.cpu_count() or 1, EngineOptions())
        # Threads of their own: while the disk is slow, pushes wait, and nobody else.
        self._pushers = ThreadPoolExecutor(PUSHERS, thread_name_prefix="push")
        self._queries = Gate(max(1, self.config.querier.max_concurrent), "logql")
        self.backend = self._make_backend()
        self.surface = LokiSurface(self.backend, Tail, _keep)
        registry.gauge(
            "loki_build_info",
            "A metric with a constant '1' value labeled by version, revision, branch, goversion from which loki was "
            "built, and the goos and goarch for the build.",
            ("version", "branch", "goarch", "goos", "goversion", "revision", "tags"),
        ).labels(COMPATIBLE_VERSION, "main", os.uname().machine, "linux", "python", "watchkeeper", "").set(1)

    @property
    def port(self) -> int:
        """Where the API answers: as the flag says, else as the file."""
        flag = self._shared.options.logs_port
        return self.config.server.http_listen_port if flag is None else flag

    @property
    def appender(self) -> LogAppender:
        """The way in for the agent of the same process."""
        return self._store

    @property
    def agent_tenant(self) -> str:
        """The tenant of an agent of the same process that names none."""
        return self.backend.settings.single_tenant

    async def start(self) -> None:
        """Reads the store back."""
        await self._shared.in_worker(self._store.open)

    async def tick(self) -> None:
        """Cuts, flushes, merges, retention, rules that were changed: what is due."""
        await self._shared.in_worker(partial(self._overrides.tick, now_ns()))
        await self._shared.in_worker(self._store.tick)
        if time.monotonic() >= self._rules_due_s:
            self._look_at_rules()

    async def reload(self) -> None:
        """Applies limits of loki.yaml and the overrides, and looks at the rule files; all else needs a restart.

        Raises ConfigError.
        """
        self.rules_changed()
        try:
            config = await self._shared.in_worker(partial(load, self._shared.options))
            await self._shared.in_worker(
                partial(
                    self._overrides.replace_base,
                    config.limits_config,
                    config.runtime_files,
                    config.runtime_config.period_ns,
                )
            )
        except (ConfigError, OSError):
            self._reloads.note(False)
            raise
        self.config = config
        self._reloads.note(True)
        log.info("limits loaded", file=config.file or "embedded")

    async def quiesce(self) -> None:
        """Ends rules, and tails, which would last for ever."""
        self._is_ending = True
        if self._following is not None:
            await asyncio.gather(self._following, return_exceptions=True)
        if self._rules is not None:
            await self._rules.stop()
        await self.surface.tails.close()

    async def stop(self) -> None:
        """Ends queries, and closes the store; lines that are in no segment stay in its log."""
        self._queries.close()
        self._engine.close()
        await self._shared.in_worker(self._pushers.shutdown)
        if self.config.ingester.wal.flush_on_shutdown or self.surface.prepare_shutdown.is_set:
            try:
                await self._shared.in_worker(self._store.flush)
            except OSError as error:
                log.error("not everything could be flushed; it stays in the log", error=error)
        await self._shared.in_worker(self._store.close)

    def rules_changed(self) -> None:
        """Rule files were written by the API: they are looked at now."""
        self._rules_due_s = 0.0
        self._look_at_rules()

    def _look_at_rules(self) -> None:
        """Beside the rest: a change waits for evaluations that have begun."""
        if (self._following is None or self._following.done()) and not self._is_ending:
            self._rules_due_s = time.monotonic() + self.config.ruler.poll_interval_ns / NS
            self._following = self._shared.spawn(self._follow_rules())

    async def _follow_rules(self) -> None:
        try:
            files = await self._shared.in_worker(self.backend.rules.files)
            if self._rules is None and not files:
                return
            if self._rules is None:
                self._rules = self._make_rules()
                self.backend.rule_views = self._rules.views
            await self._rules.follow(files)
        except Exception as error:  # The next look may go well.
            log.exception("the rule files can't be followed", error=repr(error))

    def _make_rules(self) -> LogRules:
        # Only now: a log server without rules has no need of them in memory.
        from watchkeeper.app.log_rules import LogRules

        return LogRules(
            self.config.ruler,
            self._shared.registry,
            self._language,
            f"http://{socket.gethostname()}:{self.port}{self.backend.settings.route_prefix}",
            spools=self._shared.options.data_dir / "ruler",
            has_remote=lambda tenant: not self._overrides.of(tenant).ruler_remote_write_disabled,
            metrics=self._metrics,
            alertmanager=self._alertmanager,
        )

    def _language(self, tenant: str) -> LogQL:
        from watchkeeper.rules.logql import LogQL

        most_bytes = self._shared.options.query_max_bytes
        return LogQL(
            self._engine,
            lambda: self._store.querier(tenant),
            lambda: engine_limits([self._overrides.of(tenant)], most_bytes, partial_series=False),
        )

    async def _in_pusher(self, work: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pushers, work)

    def _make_backend(self) -> Backend:
        shared, config, options = self._shared, self.config, self._shared.options
        rules_directory = config.rules_directory
        return Backend(
            settings=Settings(
                auth_enabled=config.auth_enabled,
                multi_tenant_queries=config.querier.multi_tenant_queries_enabled,
                route_prefix=path_prefix(config.server.http_path_prefix),
                page_title=options.page_title,
                read_timeout_s=min(options.read_timeout_ms / 1000, config.server.http_server_read_timeout_ns / NS),
                max_body_bytes=config.distributor.max_recv_msg_size,
                max_unpacked_bytes=min(
                    config.distributor.max_decompressed_size, 2 * config.distributor.max_recv_msg_size
                ),
                align_queries_with_step=config.query_range.align_queries_with_step,
                tail_max_duration_s=config.querier.tail_max_duration_ns / NS,
                deletes_enabled=config.compactor.retention_enabled,
                rules_enabled=config.ruler.enable_api,
                rules_writable=rules_directory is None,
                max_delete_interval_ns=config.compactor.delete_max_interval_ns,
                allow_shutdown=options.enable_lifecycle,
                max_memory_bytes=options.query_max_bytes,
                patterns_enabled=config.pattern_ingester.enabled or not config.file,
                log_queries_longer_than_s=config.frontend.log_queries_longer_than_ns / NS,
            ),
            lifecycle=shared.lifecycle,
            registry=shared.registry,
            store=self._store,
            engine=self._engine,
            decoders=Decoders(decode_protobuf, decode_json, self._decode_otlp),
            limits=self._overrides.of,
            rules=RuleFiles(rules_directory or options.logs_dir / "rules"),
            run=shared.in_worker,
            run_read=shared.in_reader,
            run_push=self._in_pusher,
            queries=self._queries,
            config_text=lambda mode: config_text(self.config, mode),
            published_limits=lambda tenant: published_limits(self.config, self._overrides.of(tenant)),
            figures=self._figures,
            quit=shared.quit.set,
            now_ns=now_ns,
            rules_changed=self.rules_changed,
        )

    def _decode_otlp(self, tenant: str, body: bytes, content_type: str) -> EntryBatch:
        limits = self._overrides.of(tenant)
        defaults = self.config.distributor.otlp_config.default_resource_attributes_as_index_labels
        return decode_otlp(body, content_type, limits.otlp_config, defaults, now_ns)

    def _figures(self) -> Mapping[str, Any]:
        """For the status page: what the store's own metrics say."""
        values: dict[str, float] = {}
        for family in self._shared.registry.collect():
            if family.name in FIGURES:
                values[family.name] = sum(sample[-1] for sample in family.samples)
        shown = {}
        for name, title in FIGURES.items():
            if name in values:
                shown[title] = size_text(values[name]) if "bytes" in name else int(values[name])
        return {**shown, "Tenants": "several" if self.config.auth_enabled else "one"}


def _keep(query: ast.LogQuery) -> KeepRows | None:
    """What a delete request's query leaves alone; None where all of its streams go."""
    return keep_rows(query) if query.stages else None


def _keep_of_text(query: str) -> KeepRows | None:
    """As `_keep`, for a delete request that a file has. Raises ParseError."""
    return _keep(parse_log_query(query))
