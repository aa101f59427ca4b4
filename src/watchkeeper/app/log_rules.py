"""Rules over the log store, one set for each tenant: read from its rule files, evaluated, and their alerts sent.

What they record goes to the metrics store of the same process. Without one it goes nowhere, and only alerts count.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from watchkeeper import __version__
from watchkeeper.app.nowhere import Nowhere
from watchkeeper.app.way import MetricsWay
from watchkeeper.core.config.secret import Secret
from watchkeeper.core.http.config import BasicAuth, HTTPClientConfig
from watchkeeper.core.model.errors import ConfigError
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.discovery.config import DiscoveryConfigs, DNSSDConfig, StaticConfig
from watchkeeper.logs.store.config_upkeep import RulerConfig
from watchkeeper.rules.files.load import load_rule_files
from watchkeeper.rules.files.loaded import LoadedGroup
from watchkeeper.rules.logql import LogQL
from watchkeeper.rules.manager import RuleManager
from watchkeeper.rules.send.config import AlertingConfig, AlertmanagerConfig
from watchkeeper.rules.send.options import LocalAlertmanager, SendOptions
from watchkeeper.rules.send.sender import Sender
from watchkeeper.rules.settings import GlobalSettings, RuleOptions
from watchkeeper.rules.views import GroupView

RULE_THREADS: Final = 2
METRICS_PREFIX: Final = "loki_prometheus_notifications_"  # As upstream's ruler has them.
_MS: Final = 1_000_000

log = get_logger("ruler")


@dataclass(slots=True)
class _Tenant:
    manager: RuleManager
    language: LogQL
    groups: dict[Path, list[LoadedGroup]] = field(default_factory=dict)  # By file, as it was last read without fault.


class LogRules:
    """Rules of all tenants. Its coroutines belong to one event loop; `views` to any thread."""

    def __init__(
        self,
        config: RulerConfig,
        registry: Registry,
        language: Callable[[str], LogQL],
        external_url: str,
        *,
        metrics: MetricsWay | None = None,
        alertmanager: LocalAlertmanager | None = None,
    ) -> None:
        """
        language       of a tenant
        external_url   what links in alerts start with where the ruler's settings say nothing
        alertmanager   of this process
        """
        self._config = config
        self._registry = registry
        self._language = language
        self._metrics = metrics
        self._external_url = config.external_url.rstrip("/") or external_url
        self._threads = ThreadPoolExecutor(RULE_THREADS, thread_name_prefix="log rules")
        local = alertmanager if metrics is None else LocalAlertmanager(metrics.send, "rules of metrics")
        self._sender = Sender(
            registry,
            SendOptions(queue_capacity=config.notification_queue_capacity, user_agent=f"watchkeeper/{__version__}"),
            clock_ns=time.time_ns,
            local=local,
            name="ruler",
            metrics_prefix=METRICS_PREFIX,
        )
        self._tenants: dict[str, _Tenant] = {}
        self._seen: dict[str, dict[Path, tuple[int, int]]] = {}
        self._is_sending = False

    async def follow(self, files: Mapping[str, Sequence[Path]]) -> None:
        """Reads what has changed in the files of all tenants; a file with faults keeps the rules that it had."""
        wanted = {tenant: paths for tenant, paths in files.items() if self._is_enabled(tenant)}
        seen = await self._in_thread(lambda: {tenant: _stamps(paths) for tenant, paths in wanted.items()})
        before, self._seen = self._seen, seen
        if not self._is_sending:
            self._is_sending = True
            self._sender.apply(alerting_of(self._config), self._config.external_labels)
        for tenant in before.keys() | seen.keys():
            stamps = seen.get(tenant, {})
            if stamps != before.get(tenant):
                await self._apply(tenant, stamps, before.get(tenant, {}))

    async def stop(self) -> None:
        """Ends evaluation, then sends what waits to be sent."""
        await asyncio.gather(*(tenant.manager.stop() for tenant in self._tenants.values()))
        await self._sender.stop()
        self._threads.shutdown(wait=False)

    def views(self, tenant: str) -> list[GroupView]:
        """A tenant's groups as they are now; their `file` is the path."""
        known = self._tenants.get(tenant)
        return known.manager.groups() if known is not None else []

    async def _apply(
        self, tenant: str, stamps: Mapping[Path, tuple[int, int]], before: Mapping[Path, tuple[int, int]]
    ) -> None:
        known = self._tenants.get(tenant)
        if known is None:
            known = self._tenants[tenant] = self._make(tenant)
            await known.manager.start()
        for path in known.groups.keys() - stamps.keys():
            del known.groups[path]
        for path, stamp in stamps.items():
            if stamp == before.get(path):
                continue
            try:
                known.groups[path] = await self._in_thread(partial(load_rule_files, [path], known.language, ruler=True))
            except ConfigError as error:
                for problem in error.problems:
                    log.error("a rule file can't be used; the rules that it had stay", tenant=tenant, error=problem)
        settings = GlobalSettings(
            interval_ms=self._config.evaluation_interval_ns // _MS,
            external_labels=Labels(self._config.external_labels.items()),
            external_url=self._external_url,
        )
        groups = [group for path in sorted(known.groups) for group in known.groups[path]]
        if self._metrics is None and any(rule.kind == "record" for group in groups for rule in group.rules):
            log.warn("recording rules have no effect: no metrics store runs in this process", tenant=tenant)
        await known.manager.apply(groups, settings)
        log.info("rules loaded", tenant=tenant, groups=len(groups), rules=sum(len(group.rules) for group in groups))

    def _make(self, tenant: str) -> _Tenant:
        language, metrics, config = self._language(tenant), self._metrics, self._config
        manager = RuleManager(
            Nowhere() if metrics is None else metrics.appender,
            Nowhere() if metrics is None else metrics.querier,
            self._sender.send,
            self._registry,
            options=RuleOptions(
                outage_tolerance_ms=config.for_outage_tolerance_ns // _MS,
                grace_period_ms=config.for_grace_period_ns // _MS,
                resend_delay_ms=config.resend_delay_ns // _MS,
            ),
            in_worker=self._in_thread,
            language=language,
            cancel=language.cancel,
        )
        return _Tenant(manager, language)

    def _is_enabled(self, tenant: str) -> bool:
        enabled, disabled = _names(self._config.enabled_tenants), _names(self._config.disabled_tenants)
        return (not enabled or tenant in enabled) and tenant not in disabled

    async def _in_thread(self, work: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def alerting_of(config: RulerConfig) -> AlertingConfig:
    """The Alertmanagers of `ruler.alertmanager_url`: URLs with commas between them, perhaps with a user, a password
    and a path. With `enable_alertmanager_discovery` a host is the name of SRV records."""
    blocks = []
    for text in _names(config.alertmanager_url):
        try:
            parts = urlsplit(text)
            host = parts.netloc.rpartition("@")[2]
            if parts.scheme not in ("http", "https") or not host:
                raise ValueError("expected http:// or https:// and a host")
        except ValueError as error:
            log.error("ruler.alertmanager_url has no address of an Alertmanager", error=error)
            continue
        discovery = DiscoveryConfigs(static=(StaticConfig(targets=(host,)),))
        if config.enable_alertmanager_discovery:
            refresh_ms = max(1000, config.alertmanager_refresh_interval_ns // _MS)
            discovery = DiscoveryConfigs(dns=(DNSSDConfig(names=(host,), refresh_interval_ms=refresh_ms),))
        client = HTTPClientConfig()
        if parts.username:
            password = Secret(unquote(parts.password or ""))
            client = HTTPClientConfig(basic_auth=BasicAuth(username=unquote(parts.username), password=password))
        blocks.append(
            AlertmanagerConfig(
                http_client=client,
                scheme=parts.scheme,
                path_prefix=parts.path,
                timeout_ms=max(1, config.notification_timeout_ns // _MS),
                discovery=discovery,
            )
        )
    return AlertingConfig(alert_relabel_configs=config.alert_relabel_configs, alertmanagers=tuple(blocks))


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _stamps(paths: Sequence[Path]) -> dict[Path, tuple[int, int]]:
    """Time and size of each file that is still there."""
    found = {}
    for path in paths:
        try:
            stat = path.stat()
        except OSError:
            continue
        found[path] = stat.st_mtime_ns, stat.st_size
    return found
