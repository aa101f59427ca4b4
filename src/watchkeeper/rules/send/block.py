"""One entry of `alertmanagers`: those that its discovery finds, with its client and its rules of relabelling."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace

from watchkeeper.alerts.interface import Alert
from watchkeeper.core.http.client import HTTPClient
from watchkeeper.core.relabel import Relabeler
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.discovery.interface import TargetGroup
from watchkeeper.rules.send.address import Addresses, addresses_of
from watchkeeper.rules.send.alertmanager import Alertmanager
from watchkeeper.rules.send.config import AlertmanagerConfig
from watchkeeper.rules.send.options import SendOptions
from watchkeeper.rules.send.queue import AlertQueue
from watchkeeper.rules.send.telemetry import SendMetrics

log = get_logger("notifier")


class Block:
    """Needs a running event loop; all methods belong to it."""

    def __init__(self, config: AlertmanagerConfig, options: SendOptions, metrics: SendMetrics) -> None:
        self.config = config
        self.addresses = Addresses()
        self._options = options
        self._metrics = metrics
        self._client = HTTPClient(config.http_client, user_agent=options.user_agent)
        self._address_rules = Relabeler(config.relabel_configs)
        self._alert_rules = Relabeler(config.alert_relabel_configs)
        self._alertmanagers: dict[str, Alertmanager] = {}
        # What comes before the first Alertmanager is found, as after a start, is for the first ones.
        self._early = AlertQueue(options.queue_capacity, options.batch_size)
        self._ending: set[asyncio.Task[None]] = set()

    def follow(self, groups: Iterable[TargetGroup]) -> None:
        """What discovery knows now: Alertmanagers that are still there go on with what waits for them."""
        found = addresses_of(groups, self.config, self._address_rules)
        if found.problems and found.problems != self.addresses.problems:
            log.error("discovered targets are no Alertmanagers", problems="; ".join(found.problems))
        self.addresses = found
        for url in self._alertmanagers.keys() - set(found.active):
            self._end(self._alertmanagers.pop(url))
        for url in found.active:
            if url not in self._alertmanagers:
                self._alertmanagers[url] = Alertmanager(
                    url, self._client, self.config.timeout_ms / 1000, self._options, self._metrics.of(url)
                )
        if self._alertmanagers and (early := self._early.clear()):
            self._hand_out(early)

    def put(self, alerts: Sequence[Alert]) -> None:
        """Alerts for each Alertmanager of this block."""
        self._hand_out(relabelled(alerts, self._alert_rules))

    def inherit(self, alerts: Sequence[Alert]) -> None:
        """What a block that is no more had not sent."""
        self._hand_out(alerts)

    def take_waiting(self) -> list[Alert]:
        """What has not been sent to some Alertmanager, each alert once, for another block to send."""
        waiting = {alert.labels: alert for alert in self._early.clear()}
        for alertmanager in self._alertmanagers.values():
            waiting.update((alert.labels, alert) for alert in alertmanager.take_waiting())
        return list(waiting.values())

    async def stop(self, *, drain: bool) -> None:
        """Ends all at once; with `drain` what waits is sent first, where that goes well."""
        for alertmanager in self._alertmanagers.values():
            self._end(alertmanager, drain=drain)
        self._alertmanagers = {}
        await asyncio.gather(*self._ending, return_exceptions=True)
        await self._client.close()

    def _hand_out(self, alerts: Sequence[Alert]) -> None:
        if not self._alertmanagers and (n_dropped := self._early.put(alerts)):
            self._metrics.dropped.labels("").inc(n_dropped)  # None is known that the label could name.
            log.warn("alerts are dropped", count=n_dropped, reason="no Alertmanager is found to send them to")
        for alertmanager in self._alertmanagers.values():
            alertmanager.put(alerts)

    def _end(self, alertmanager: Alertmanager, *, drain: bool = True) -> None:
        task = asyncio.get_running_loop().create_task(alertmanager.stop(drain=drain))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


def relabelled(alerts: Iterable[Alert], rules: Relabeler) -> list[Alert]:
    """The alerts that the rules keep, with the labels that they make."""
    if not rules:
        return list(alerts)
    kept = []
    for alert in alerts:
        labels = rules.relabel(alert.labels)
        if labels is not None:
            kept.append(alert if labels is alert.labels else replace(alert, labels=labels))
    return kept
