"""Rules over the log store, one set for each tenant: read from its rule files, evaluated, and their alerts sent.

What they record goes to the metrics store of the same process; without one to where `ruler.remote_write` says; else it
goes nowhere, and only alerts count.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

from watchkeeper import __version__
from watchkeeper.app.nowhere import Nowhere
from watchkeeper.app.ruler_alertmanagers import MS, alerting_of, names_of
from watchkeeper.app.ruler_remote import RulerRemotes, RulerRemoteWrite
from watchkeeper.app.ruler_telemetry import RulerMetrics
from watchkeeper.app.way import MetricsWay
from watchkeeper.core.model.errors import ConfigError, describe_os_error
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.store.config_upkeep import RulerConfig
from watchkeeper.rules.files.load import load_rule_files
from watchkeeper.rules.files.loaded import LoadedGroup
from watchkeeper.rules.links import ExploreLink, Link, log_query_link
from watchkeeper.rules.logql import LogQL
from watchkeeper.rules.manager import RuleManager
from watchkeeper.rules.send.options import LocalAlertmanager, SendOptions
from watchkeeper.rules.send.sender import Sender
from watchkeeper.rules.settings import GlobalSettings, RuleOptions
from watchkeeper.rules.views import GroupView

RULE_THREADS: Final = 2
SEND_PREFIX: Final = "loki_prometheus_notifications_"  # As upstream's ruler has them.
RULE_PREFIX: Final = "loki_prometheus_rule_"

Stamp: TypeAlias = tuple[int, int, int]

log = get_logger("ruler")


@dataclass(slots=True)
class _Tenant:
    manager: RuleManager
    language: LogQL
    remotes: RulerRemotes | None
    groups: dict[Path, list[LoadedGroup]] = field(default_factory=dict)  # By file, as it was last read without fault.
    bad: set[Path] = field(default_factory=set)  # Files that have faults now.
    is_warned: bool = False


class LogRules:
    """Rules of all tenants. Its coroutines belong to one event loop; `views` to any thread."""

    def __init__(
        self,
        config: RulerConfig,
        registry: Registry,
        language: Callable[[str], LogQL],
        external_url: str,
        *,
        spools: Path,
        has_remote: Callable[[str], bool] = lambda tenant: True,
        metrics: MetricsWay | None = None,
        alertmanager: LocalAlertmanager | None = None,
    ) -> None:
        """
        language       of a tenant
        spools         keeps what waits for remote write
        has_remote     whether a tenant's limits let it have remote write
        external_url   what links in alerts start with where the ruler's settings say nothing
        alertmanager   of this process
        """
        self._config = config
        self._registry = registry
        self._language = language
        self._metrics = metrics
        self._spools, self._has_remote = spools, has_remote
        self._ruler_metrics = RulerMetrics(registry)
        self._settings = GlobalSettings(
            interval_ms=config.evaluation_interval_ns // MS,
            external_labels=Labels(config.external_labels.items()),
            external_url=config.external_url.rstrip("/") or external_url,
            link=link_of(config),
        )
        self._threads = ThreadPoolExecutor(RULE_THREADS, thread_name_prefix="log rules")
        local = alertmanager if metrics is None else LocalAlertmanager(metrics.send, "rules of metrics")
        self._sender = Sender(
            registry,
            SendOptions(queue_capacity=config.notification_queue_capacity, user_agent=f"watchkeeper/{__version__}"),
            clock_ns=time.time_ns,
            local=local,
            name="ruler",
            metrics_prefix=SEND_PREFIX,
        )
        self._tenants: dict[str, _Tenant] = {}
        self._seen: dict[str, dict[Path, Stamp]] = {}
        self._is_sending = False

    async def follow(self, files: Mapping[str, Sequence[Path]]) -> None:
        """Reads what has changed in the files of all tenants; a file with faults keeps the rules that it had."""
        wanted = {tenant: paths for tenant, paths in files.items() if self._is_enabled(tenant)}
        seen = await self._in_thread(lambda: {tenant: _stamps(paths) for tenant, paths in wanted.items()})
        if not self._is_sending:
            self._is_sending = True
            self._sender.apply(alerting_of(self._config), self._config.external_labels)
        for tenant in sorted(self._seen.keys() | seen.keys()):
            stamps, before = seen.get(tenant, {}), self._seen.get(tenant, {})
            if stamps == before:
                continue
            try:
                await self._apply(tenant, stamps, before)
            except OSError as error:  # Other tenants' rules must not wait for it; the next look tries again.
                log.error("rules can't be loaded", tenant=tenant, error=describe_os_error(error))
            else:
                self._seen[tenant] = stamps

    async def stop(self) -> None:
        """Ends evaluation, then sends what waits to be sent."""
        await asyncio.gather(*(tenant.manager.stop() for tenant in self._tenants.values()))
        remotes = [tenant.remotes for tenant in self._tenants.values() if tenant.remotes is not None]
        await asyncio.gather(self._sender.stop(), *(each.close() for each in remotes))
        self._threads.shutdown(wait=False)

    def views(self, tenant: str) -> list[GroupView]:
        """A tenant's groups as they are now; their `file` is the path."""
        known = self._tenants.get(tenant)
        return known.manager.groups() if known is not None else []

    async def _apply(self, tenant: str, stamps: Mapping[Path, Stamp], before: Mapping[Path, Stamp]) -> None:
        known = self._tenants.get(tenant) or await self._make(tenant)
        known.bad &= stamps.keys()
        for path in known.groups.keys() - stamps.keys():
            del known.groups[path]
        for path, stamp in stamps.items():
            if stamp == before.get(path):
                continue
            try:
                known.groups[path] = await self._in_thread(partial(load_rule_files, [path], known.language, ruler=True))
                known.bad.discard(path)
            except ConfigError as error:
                known.bad.add(path)
                for problem in error.problems:
                    log.error("a rule file can't be used; the rules that it had stay", tenant=tenant, error=problem)
        groups = [group for path in sorted(known.groups) for group in known.groups[path]]
        self._warn_of_records(tenant, known, groups)
        await known.manager.apply(groups, self._settings)
        self._ruler_metrics.note(tenant, time.time(), n_bad=len(known.bad))
        log.info("rules loaded", tenant=tenant, groups=len(groups), rules=sum(len(group.rules) for group in groups))

    async def _make(self, tenant: str) -> _Tenant:
        language, metrics, config = self._language(tenant), self._metrics, self._config
        remotes: RulerRemotes | None = None
        remote_write = config.remote_write
        is_remote = isinstance(remote_write, RulerRemoteWrite) and remote_write.enabled and self._has_remote(tenant)
        if metrics is None and is_remote:
            remotes = RulerRemotes(remote_write, tenant, self._spools, self._registry)
            await remotes.start()
        nowhere = Nowhere()
        manager = RuleManager(
            metrics.appender if metrics is not None else remotes.appender if remotes is not None else nowhere,
            metrics.querier if metrics is not None else nowhere,
            self._sender.send,
            self._registry,
            options=RuleOptions(
                outage_tolerance_ms=config.for_outage_tolerance_ns // MS,
                grace_period_ms=config.for_grace_period_ns // MS,
                resend_delay_ms=config.resend_delay_ns // MS,
            ),
            in_worker=self._in_thread,
            language=language,
            cancel=language.cancel,
            metrics_prefix=RULE_PREFIX,
        )
        await manager.start()
        made = self._tenants[tenant] = _Tenant(manager, language, remotes)
        self._ruler_metrics.count_managers(len(self._tenants))
        if metrics is not None and len(self._tenants) == 2:
            said = (
                "rules of several tenants record into one metrics store: give them labels that tell their series apart"
            )
            log.warn(said, tenants=",".join(self._tenants))
        return made

    def _warn_of_records(self, tenant: str, known: _Tenant, groups: Sequence[LoadedGroup]) -> None:
        """Says once of a tenant that what its rules record is dropped."""
        if known.is_warned or self._metrics is not None or known.remotes is not None:
            return
        if any(rule.kind == "record" for group in groups for rule in group.rules):
            known.is_warned = True
            said = "recording rules have no effect: no metrics store runs in this process, and no ruler.remote_write"
            log.warn(said, tenant=tenant)

    def _is_enabled(self, tenant: str) -> bool:
        enabled, disabled = names_of(self._config.enabled_tenants), names_of(self._config.disabled_tenants)
        return (not enabled or tenant in enabled) and tenant not in disabled

    async def _in_thread(self, work: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def link_of(config: RulerConfig) -> Link:
    """Where an alert's address leads: to Grafana where the settings know of one, else to our own API."""
    if config.external_url or config.datasource_uid:
        return ExploreLink(config.datasource_uid)
    return log_query_link


def _stamps(paths: Sequence[Path]) -> dict[Path, Stamp]:
    """What tells the states of a file apart, of each that is still there."""
    found = {}
    for path in paths:
        try:
            stat = path.stat()
        except OSError:
            continue
        found[path] = stat.st_mtime_ns, stat.st_size, stat.st_ino
    return found
