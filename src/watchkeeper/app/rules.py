"""Rules over the metrics store: loaded, evaluated, and their alerts sent."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from watchkeeper import __version__
from watchkeeper.alerts.interface import Alert
from watchkeeper.app.options import Options
from watchkeeper.app.part import Shared
from watchkeeper.app.prometheus_yml import PrometheusConfig
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.metrics.interface import Appender, Querier
from watchkeeper.metrics.promql.engine import Engine
from watchkeeper.rules.files.load import load_rule_files
from watchkeeper.rules.files.loaded import LoadedGroup
from watchkeeper.rules.manager import RuleManager
from watchkeeper.rules.promql import PromQL
from watchkeeper.rules.send.options import LocalAlertmanager, SendOptions
from watchkeeper.rules.send.sender import Sender
from watchkeeper.rules.settings import GlobalSettings, RuleOptions
from watchkeeper.rules.views import AlertView, GroupView

log = get_logger("rule manager")


class MetricRules:
    """The rules of prometheus.yml. Its coroutines belong to one event loop; what pages ask for, to any thread."""

    def __init__(
        self,
        shared: Shared,
        engine: Engine,
        querier: Querier,
        appender: Appender,
        *,
        alertmanager: LocalAlertmanager | None = None,
    ) -> None:
        """
        alertmanager   gets alerts where `alerting` names none
        """
        options = shared.options
        self._external_url = external_url(options)
        self._language = PromQL(engine, querier)
        rule_options = RuleOptions(
            outage_tolerance_ms=options.rules_outage_tolerance_ms,
            grace_period_ms=options.rules_grace_period_ms,
            resend_delay_ms=options.rules_resend_delay_ms,
            max_concurrent_evals=options.rules_max_concurrent_evals,
        )
        # Evaluations have threads of their own: where they are slow, queries, scrapes and pages must not wait for them.
        self._threads = ThreadPoolExecutor(rule_options.max_threads, thread_name_prefix="rules")
        self._sender = Sender(
            shared.registry,
            SendOptions(
                queue_capacity=options.notification_queue_capacity,
                batch_size=options.notification_batch_size,
                drain=options.drain_notification_queue,
                user_agent=f"watchkeeper/{__version__}",
            ),
            clock_ns=time.time_ns,
            local=alertmanager,
        )
        self._manager = RuleManager(
            appender,
            querier,
            self._sender.send,
            shared.registry,
            options=rule_options,
            in_worker=self._in_thread,
            language=self._language,
            cancel=self._language.cancel,
        )

    def load(self, config: PrometheusConfig) -> list[LoadedGroup]:
        """The groups of the rule files that a configuration names. Raises ConfigError with every problem of each."""
        legacy = config.global_.metric_name_validation_scheme == "legacy"
        return load_rule_files(config.rule_paths, self._language, legacy_names=legacy)

    async def apply(self, config: PrometheusConfig, groups: Sequence[LoadedGroup]) -> None:
        """Evaluate these groups and send alerts as the configuration says; what is as before goes on untouched."""
        global_ = config.global_
        self._sender.apply(config.alerting, global_.external_labels)
        settings = GlobalSettings(
            interval_ms=global_.evaluation_interval_ms,
            query_offset_ms=global_.rule_query_offset_ms,
            external_labels=Labels(global_.external_labels.items()),
            external_url=self._external_url,
        )
        await self._manager.apply(groups, settings)
        if groups:
            log.info("rules loaded", groups=len(groups), rules=sum(len(group.rules) for group in groups))

    async def start(self) -> None:
        """Begins to evaluate: the store is ready."""
        await self._manager.start()

    async def stop(self) -> None:
        """Ends evaluation, then sends what waits to be sent."""
        await self._manager.stop()
        await self._sender.stop()
        self._threads.shutdown(wait=False)

    def send(self, alerts: Sequence[Alert]) -> None:
        """Sends alerts of other rules of this process as those of its own. From any thread; never raises."""
        self._sender.send(alerts)

    def groups(self) -> list[GroupView]:
        """All groups, with their rules and alerts as they are now."""
        return self._manager.groups()

    def alerts(self) -> list[AlertView]:
        """All alerts that are pending or firing."""
        return self._manager.alerts()

    def alertmanagers(self) -> tuple[list[str], list[str]]:
        """URLs of those that get alerts, and of those that relabelling dropped."""
        return self._sender.active_urls, self._sender.dropped_urls

    async def _in_thread(self, work: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def external_url(options: Options) -> str:
    """Where links in alerts lead: as the flag says, else to this machine by its name; without a slash at its end."""
    if options.external_url:
        return options.external_url.rstrip("/")
    return f"http://{socket.gethostname()}:{options.metrics_port}{options.prefix}"
