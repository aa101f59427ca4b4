"""Takes the alerts of all rules to all Alertmanagers: those of `alerting`, or else the one of this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from watchkeeper.alerts.interface import Alert
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.relabel import Relabeler
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.discovery.manager import DiscoveryManager, JobGroups
from watchkeeper.rules.send.block import Block, relabelled
from watchkeeper.rules.send.config import AlertingConfig
from watchkeeper.rules.send.options import LocalAlertmanager, SendOptions
from watchkeeper.rules.send.telemetry import PREFIX, SendMetrics

log = get_logger("notifier")


@dataclass(frozen=True, slots=True)
class _Settings:
    """What becomes of alerts before they are handed out; replaced as a whole, for threads that are sending."""

    external_labels: Mapping[str, str]
    rules: Relabeler
    local: LocalAlertmanager | None


class Sender:
    """`send` is a `Notify`. All else belongs to one event loop."""

    def __init__(
        self,
        registry: Registry,
        options: SendOptions,
        *,
        clock_ns: Callable[[], int],
        local: LocalAlertmanager | None = None,
        name: str = "notify",
        metrics_prefix: str = PREFIX,
    ) -> None:
        """
        local            the Alertmanager of this process, where one runs
        name             of its discovery, in metrics
        metrics_prefix   of its own metrics: two senders of one process have different ones
        """
        self._options = options
        self._metrics = SendMetrics(registry, metrics_prefix)
        self._metrics.queue_capacity.set(options.queue_capacity)
        self._clock_ns = clock_ns
        self._local = local
        self._settings = _Settings({}, Relabeler(()), None)
        self._discovery = DiscoveryManager(self.follow, registry=registry, name=name, user_agent=options.user_agent)
        self._blocks: list[Block] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending: set[asyncio.Task[None]] = set()

    def apply(self, config: AlertingConfig, external_labels: Mapping[str, str]) -> None:
        """Send as this configuration says from now on. Blocks that are as before go on; what waited in others is
        handed to the new ones."""
        self._loop = asyncio.get_running_loop()
        local = None if config.alertmanagers else self._local
        self._settings = _Settings(dict(external_labels), Relabeler(config.alert_relabel_configs), local)
        self._metrics_of_local(local)
        old, self._blocks, new = self._blocks, [], []
        for wanted in config.alertmanagers:
            block = next((block for block in old if block.config == wanted), None)
            if block is not None:
                old.remove(block)
            else:
                block = Block(wanted, self._options, self._metrics)
                new.append(block)
            self._blocks.append(block)
        for block in old:
            waiting = block.take_waiting()
            for heir in new:
                heir.inherit(waiting)
            self._end(block)
        self._discovery.apply({_job(number): block.config.discovery for number, block in enumerate(self._blocks)})
        self._count()

    def follow(self, groups: JobGroups) -> None:
        """What discovery found, by job."""
        for number, block in enumerate(self._blocks):
            block.follow(groups.get(_job(number), ()))
        self._count()

    def send(self, alerts: Sequence[Alert]) -> None:
        """Hands alerts to every Alertmanager, with external labels and relabelled. From any thread; never raises."""
        settings = self._settings
        try:
            kept = relabelled(_with_external(alerts, settings.external_labels), settings.rules)
            if not kept:
                return
            if settings.local is not None:
                self._put_locally(settings.local, kept)
            elif self._loop is not None:
                with suppress(RuntimeError):  # The loop is closed: the process ends.
                    self._loop.call_soon_threadsafe(self._hand_out, kept)
        except Exception as error:  # A rule's evaluation must not fail for the way of its alerts.
            log.exception("alerts could not be handed on", count=len(alerts), error=repr(error))

    async def stop(self) -> None:
        """Ends, after what waits was sent where the options say so."""
        await self._discovery.close()
        await asyncio.sleep(0)  # What threads have handed over is put in its queues.
        for block in self._blocks:
            self._end(block)
        self._blocks = []
        await asyncio.gather(*self._ending, return_exceptions=True)

    @property
    def active_urls(self) -> list[str]:
        """Where alerts go now."""
        if self._settings.local is not None:
            return [self._settings.local.url]
        return [url for block in self._blocks for url in block.addresses.active]

    @property
    def dropped_urls(self) -> list[str]:
        """Alertmanagers that were found, but dropped by relabelling."""
        return [url for block in self._blocks for url in block.addresses.dropped]

    def _hand_out(self, alerts: Sequence[Alert]) -> None:
        for block in self._blocks:
            block.put(alerts)

    def _put_locally(self, local: LocalAlertmanager, alerts: Sequence[Alert]) -> None:
        now_ns = self._clock_ns()
        try:
            local.put([replace(alert, updated_ns=now_ns) for alert in alerts])
        except Exception as error:
            self._metrics.errors.labels(local.url).inc(len(alerts))
            self._metrics.dropped.labels(local.url).inc(len(alerts))
            log.exception("this process's own Alertmanager did not take alerts", error=repr(error))
        else:
            self._metrics.sent.labels(local.url).inc(len(alerts))

    def _metrics_of_local(self, local: LocalAlertmanager | None) -> None:
        if self._local is None:
            return
        for metric in (self._metrics.errors, self._metrics.sent, self._metrics.dropped):
            if local is not None:
                metric.labels(local.url)
            else:
                metric.remove(self._local.url)

    def _count(self) -> None:
        self._metrics.discovered.set(len(self.active_urls))

    def _end(self, block: Block) -> None:
        task = asyncio.get_running_loop().create_task(block.stop(drain=self._options.drain))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


def _job(number: int) -> str:
    return f"config-{number}"  # As upstream names them in metrics.


def _with_external(alerts: Iterable[Alert], external: Mapping[str, str]) -> Iterable[Alert]:
    """Each with the external labels that it lacks."""
    if not external:
        return alerts
    return [replace(alert, labels=Labels({**external, **alert.labels.as_dict()}.items())) for alert in alerts]
