"""Alertmanager in a process: alerts come in, notifications go out, and everything in between is kept."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from watchkeeper.alerts.alert_store import AlertStore, after_restart, moved
from watchkeeper.alerts.attempts import Integration
from watchkeeper.alerts.clock import JUMP_NS, Clock
from watchkeeper.alerts.cluster.cluster import Cluster, Transport, checked_options
from watchkeeper.alerts.cluster.options import ClusterOptions
from watchkeeper.alerts.cluster.telemetry import ClusterMetrics
from watchkeeper.alerts.dispatch import Dispatcher
from watchkeeper.alerts.inhibit import Inhibitor
from watchkeeper.alerts.intake import Intake
from watchkeeper.alerts.interface import Alert, Notifier, Silence
from watchkeeper.alerts.journal import Journal, Restored
from watchkeeper.alerts.nflog import NotificationLog, Told
from watchkeeper.alerts.options import AlertOptions
from watchkeeper.alerts.parts import Parts, parts_of
from watchkeeper.alerts.pipeline import Pipeline
from watchkeeper.alerts.silences.silences import SilenceLimits, Silences
from watchkeeper.alerts.status import ALL, AlertView, ClusterView, GroupView, Overview, Wanted
from watchkeeper.alerts.telemetry import AlertMetrics
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.telemetry.metrics import Registry

if TYPE_CHECKING:
    from watchkeeper.alerts.config.alertmanager_yml import AlertmanagerYml

log = get_logger("alerts")

ALIVE_INTERVAL_S: Final = 10.0  # How exactly a restart knows when the process ended.
CHUNK: Final = 500


class MakeNotifier(Protocol):
    """Makes the notifier of one integration, in the running loop."""

    def __call__(self, receiver: str, kind: str, index: int, section: Any) -> Notifier:
        """
        kind      as metrics and the notification log call it: `webhook`, `email`, …
        index     its place among those of its kind in the receiver
        section   the integration's configuration
        """
        ...


@dataclass(slots=True)
class Running:
    """What one configuration is made of; a reload replaces it, the rest stays."""

    dispatcher: Dispatcher
    pipeline: Pipeline
    inhibitor: Inhibitor
    notifiers: list[Notifier]
    resolve_timeout_ns: int


class AlertManager:
    """All of it. Lives in the loop that `start` ran in; `put`, `silences` and what asks may be used in any thread."""

    def __init__(
        self,
        dir: Path,
        registry: Registry,
        clock_ns: Callable[[], int],
        options: AlertOptions,
        make_notifier: MakeNotifier,
        transport: Transport | None = None,
    ) -> None:
        """
        dir         where the journal is kept; made where it is missing
        clock_ns    the wall clock
        transport   how other instances are reached; HTTP where it is not given
        """
        self._options = options
        self._make_notifier = make_notifier
        self.metrics = AlertMetrics(registry)
        self._registry = registry
        self._wall_ns = clock_ns
        self._journal = Journal(dir, self.metrics, self._journal_has_gaps)
        self._store = AlertStore(options.per_alertname_limit)
        self._intake = Intake(self._store, self._journal, self.metrics)
        self._clock_ns: Callable[[], int] = clock_ns
        self.silences = Silences(
            lambda: self._clock_ns(),
            retention_ns=options.retention_ns,
            limits=SilenceLimits(options.max_silences, options.max_silence_bytes, options.max_silence_matchers),
            on_change=self._silences_changed,
            on_query=self.metrics.timed_silence_query,
        )
        self._nflog = NotificationLog(
            lambda: self._clock_ns(), retention_ns=options.retention_ns, on_change=self._told_changed
        )
        self._cluster_metrics = ClusterMetrics(registry)
        self._transport = transport
        self._cluster: Cluster | None = None
        self._running: Running | None = None
        self._next_inhibitor: Inhibitor | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._applying = asyncio.Lock()
        self._compacting = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._early: list[Alert] = []
        self._early_lock = threading.Lock()
        self._start_s = 0.0
        self._overview = Overview(self._store, self.silences, lambda: self._running, lambda: self._clock_ns())

    # Life.

    async def start(self) -> None:
        """Read back what is on disk and begin to take alerts. Raises OSError, and ValueError for a bad peer address."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        # A loop that keeps its time for the length of a callback, as uvloop does, is no measure for a jump.
        steady_s = self._loop.time if isinstance(self._loop, asyncio.BaseEventLoop) else time.monotonic
        self._clock_ns = Clock(self._wall_ns, steady_s, self._clock_was_set)
        self._start_s = self._loop.time() + self._options.start_delay_ns / 1e9
        self._restore(self._journal.open())
        if self._options.cluster is not None and self._options.cluster.is_enabled:
            try:
                await self._join(self._options.cluster)
            except (OSError, ValueError):
                self._journal.close()
                self._loop = None
                raise
        self._overview.show(self.metrics)
        self.metrics.nflog_entries.set_function(lambda: len(self._nflog))
        options = self._options
        self._tasks = [
            self._loop.create_task(self._every(seconds, work))
            for seconds, work in (
                (ALIVE_INTERVAL_S, self._mark_alive),
                (options.group_maintenance_ns / 1e9, self._sweep),
                (options.gc_ns / 1e9, self._collect_alerts),
                (options.maintenance_ns / 1e9, self.maintain),
            )
            if seconds > 0
        ]
        self._journal.alive(self._clock_ns())
        with self._early_lock:
            early, self._early = self._early, []
        if early:
            self.receive(early)

    async def _join(self, options: ClusterOptions) -> None:
        checked_options(options)
        transport = self._transport
        if transport is None:
            from watchkeeper.alerts.cluster.http import HTTPTransport  # Needs an HTTP server; few instances have peers.

            transport = HTTPTransport(options, self._cluster_metrics)
        cluster = Cluster(options, transport, self, self._cluster_metrics)
        await cluster.start()
        self._cluster = cluster

    def _restore(self, restored: Restored) -> None:
        now_ns = self._clock_ns()
        self.silences.merge(restored.silences)
        self._nflog.restore(restored.told)
        for alert in restored.alerts.values():
            if restored.alive_ns > now_ns + JUMP_NS:
                alert = moved(alert, now_ns - restored.alive_ns, restored.alive_ns, now_ns)
            alert = after_restart(alert, restored.alive_ns, now_ns, self._options.restart_grace_ns)
            if alert.labels in restored.settled and alert.ends_ns <= now_ns - self._options.gc_ns:
                continue
            self._store.restore(alert)
        for labels in restored.settled:
            self._store.settle(labels)
        if len(self._store) or len(self.silences) or len(self._nflog):
            log.info(
                "read back", alerts=len(self._store), silences=len(self.silences), notifications=len(self._nflog)
            )  # fmt: skip

    async def apply(self, config: AlertmanagerYml, make_notifier: MakeNotifier | None = None) -> None:
        """Route and notify by this configuration from now on; alerts, silences and the notification log stay.

        What is being sent is given a few seconds to arrive; what waits for nothing of it goes on at once. Raises what
        `make_notifier` raises, and then nothing has changed.
        """
        await self.apply_parts(parts_of(config), make_notifier)

    async def apply_parts(self, parts: Parts, make_notifier: MakeNotifier | None = None) -> None:
        """As `apply`, for a configuration that comes from elsewhere than a file."""
        async with self._applying:
            make = make_notifier or self._make_notifier
            receivers: dict[str, list[Integration]] = {}
            notifiers: list[Notifier] = []
            try:
                for name, found in parts.receivers.items():
                    receivers[name] = []
                    for part in found:
                        notifiers.append(make(name, part.kind, part.index, part.section))
                        receivers[name].append(Integration(part.kind, part.index, part.send_resolved, notifiers[-1]))
            except BaseException:
                await _close_all(notifiers)
                raise
            self._make_notifier = make
            await self._replace(parts, receivers, notifiers)

    async def _replace(self, parts: Parts, receivers: dict[str, list[Integration]], notifiers: list[Notifier]) -> None:
        inhibitor = self._next_inhibitor = Inhibitor(parts.rules)
        for i, alert in enumerate(list(self._store), 1):
            # Newer reports of it have come to the inhibitor by themselves.
            inhibitor.put(self._store.get(alert.labels) or alert)
            if i % CHUNK == 0:
                await asyncio.sleep(0)
        old = self._running
        if old is not None:
            old.dispatcher.close()
            old.pipeline.close()
        pipeline = Pipeline(
            receivers,
            parts.intervals,
            inhibitor=inhibitor,
            silences=self.silences,
            nflog=self._nflog,
            metrics=self.metrics,
            clock_ns=self._clock_ns,
            peers=self._cluster,
        )
        dispatcher = Dispatcher(
            parts.tree,
            pipeline.run,
            self._clock_ns,
            on_settled=self._settled,
            on_routed=self._routed,
            start_s=self._start_s,
            earlier=old.dispatcher.under_way() if old is not None else None,
        )
        self._running = Running(dispatcher, pipeline, inhibitor, notifiers, parts.resolve_timeout_ns)
        self._next_inhibitor = None
        self.metrics.receivers.set(len(receivers))
        self.metrics.integrations.set(sum(map(len, receivers.values())))
        self.metrics.inhibition_rules.set(len(parts.rules))
        dispatcher.insert(self._store.unsettled())
        if old is not None:
            await old.dispatcher.drained(self._options.stop_grace_s)
            await _close_all(old.notifiers)

    async def stop(self) -> None:
        """Let what is being sent arrive, bring everything to disk, and let go of it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        async with self._applying:
            running, self._running = self._running, None
            if running is not None:
                running.dispatcher.close()
                running.pipeline.close()
                await running.dispatcher.drained(self._options.stop_grace_s)
                await _close_all(running.notifiers)
        if self._cluster is not None:
            await self._cluster.stop()
            self._cluster = None
        if self._loop is not None:
            self._journal.alive(self._clock_ns())
            if self._journal.has_gaps:
                await self.compact()
            self._journal.close()
        self._loop = None

    # Alerts in.

    def put(self, alerts: Sequence[Alert], *, is_counted: bool = True) -> None:
        """Take alerts, from any thread, and return at once; what is wrong with one is logged.

        is_counted   whether whoever hands them over has counted them as received, as the API has
        """
        with self._early_lock:
            loop = self._loop
            if loop is None:
                self._early = [*self._early, *alerts][-100_000:]
                return
        if threading.get_ident() == self._thread:
            self._receive_quietly(alerts, is_counted)
        else:
            with suppress(RuntimeError):  # The loop has ended, and everything with it.
                loop.call_soon_threadsafe(self._receive_quietly, alerts, is_counted)

    def _receive_quietly(self, alerts: Sequence[Alert], is_counted: bool) -> None:
        problems = self.receive(alerts, is_counted=is_counted)
        if problems:
            log.warn("alerts were refused", alerts=len(problems), err=problems[0])

    def receive(self, alerts: Sequence[Alert], *, is_counted: bool = False) -> list[str]:
        """Take alerts on the loop's thread; what is wrong with those that were not stored, in their order.

        When this returns, the alerts are in the journal. A missing start is now, a missing end is resolve_timeout away.
        """
        running = self._running
        timeout_ns = running.resolve_timeout_ns if running is not None else self._options.resolve_timeout_ns
        stored, problems = self._intake.take(alerts, self._clock_ns(), timeout_ns, is_counted=is_counted)
        for inhibitor in (running.inhibitor if running else None, self._next_inhibitor):
            if inhibitor is not None:
                for alert in stored:
                    inhibitor.put(alert)
        if running is not None:
            running.dispatcher.insert(stored)
        return problems

    # What there is.

    @property
    def now_ns(self) -> int:
        """The time that everything here goes by."""
        return self._clock_ns()

    def alerts(self, wanted: Wanted = ALL) -> list[AlertView]:
        """The alerts that have not ended and were asked for, by fingerprint."""
        return self._overview.alerts(wanted)

    def groups(self, wanted: Wanted = ALL) -> list[GroupView]:
        """The groups that hold an alert which was asked for, by labels and receiver."""
        return self._overview.groups(wanted)

    def peers(self) -> ClusterView:
        """The cluster; `disabled` where this instance is alone."""
        return self._cluster.view() if self._cluster is not None else ClusterView()

    # For other instances.

    def all_silences(self) -> Sequence[Silence]:
        """Every silence."""
        return self.silences.all()

    def all_told(self) -> Sequence[Told]:
        """Every entry of the notification log."""
        return self._nflog.all()

    def merge(self, silences: Iterable[Silence], told: Iterable[Told]) -> tuple[int, int]:
        """Take over what another instance knows where it is newer; how many silences and entries that were."""
        # One that is too large to be made here is too large to come from elsewhere.
        most = self._options.max_silence_matchers
        new_silences = self.silences.merge(s for s in silences if not most or len(s.matchers) <= most)
        new_told = self._nflog.merge(told)
        self._journal.silences(new_silences)
        self._journal.told(new_told)
        return len(new_silences), len(new_told)

    # What changes by itself.

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None] | None]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                result = work()
                if result is not None:
                    await result
            except Exception:  # The next round may go well.
                log.exception("maintenance of alerts failed")

    def _mark_alive(self) -> None:
        self._journal.alive(self._clock_ns())
        if self._journal.is_large() or self._journal.has_gaps:
            self._compact_soon()

    def _journal_has_gaps(self) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._compact_soon)

    def _sweep(self) -> None:
        if self._running is not None:
            self.metrics.groups.set(self._running.dispatcher.sweep())

    def _collect_alerts(self) -> None:
        running = self._running
        holds = running.dispatcher.holds if running is not None else (lambda labels: False)
        gone = self._store.collect(self._clock_ns(), but=holds)
        if running is not None:
            running.dispatcher.forget(gone)
            running.inhibitor.forget(gone)
        self.silences.forget(gone)

    async def maintain(self) -> None:
        """Remove silences and entries that have expired, and write the journal anew."""
        for kind, collect in (("silences", self.silences.collect), ("nflog", self._nflog.collect)):
            began_s = time.perf_counter()
            collect()
            self.metrics.gc_seconds[kind].observe(time.perf_counter() - began_s)
            self.metrics.maintenance[kind].inc()
        errors = self.metrics.journal_errors.value
        await self.compact()
        if self.metrics.journal_errors.value > errors:
            for failed in self.metrics.maintenance_errors.values():
                failed.inc()

    async def compact(self) -> None:
        """Write all that is known to a fresh start of the journal."""
        if self._compacting.locked():
            return
        async with self._compacting:
            await self._compact()

    async def _compact(self) -> None:
        store = self._store
        alerts = (alert for labels in [a.labels for a in store] if (alert := store.get(labels)) is not None)
        settled = (alert.labels for alert in store if store.is_settled(alert.labels))
        for _ in self._journal.compact(alerts, settled, self.silences.all(), self._nflog.all(), self._clock_ns()):
            await asyncio.sleep(0)

    def _clock_was_set(self, by_ns: int, before_ns: int, now_ns: int) -> None:
        if self._loop is not None and threading.get_ident() != self._thread:
            self._loop.call_soon_threadsafe(self._move, by_ns, before_ns, now_ns)
        else:
            self._move(by_ns, before_ns, now_ns)

    def _move(self, by_ns: int, before_ns: int, now_ns: int) -> None:
        log.warn("the clock was set; what alerts and notifications wait for is moved along", seconds=by_ns / 1e9)
        change = partial(moved, by_ns=by_ns, before_ns=before_ns, now_ns=now_ns)
        self._store.replace_all(change)
        self._nflog.move(by_ns)
        self.silences.clock_was_set()
        if self._running is not None:
            self._running.dispatcher.replace_all(change)
            for alert in self._store:
                self._running.inhibitor.put(alert)
        if self._loop is not None:
            self._loop.call_soon(self._compact_soon)

    def _compact_soon(self) -> None:
        if self._loop is not None:
            task = self._loop.create_task(self.compact())
            self._tasks.append(task)
            task.add_done_callback(lambda done: self._tasks.remove(done) if done in self._tasks else None)

    def _settled(self, labels: list[Labels]) -> None:
        for each in labels:
            self._store.settle(each)
        self._journal.settled(labels)

    def _routed(self, seconds: float, n: int) -> None:
        self.metrics.routed.observe(seconds / n)

    def _silences_changed(self, silences: Sequence[Silence]) -> None:
        self._journal.silences(silences)
        if self._cluster is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._cluster.silences_changed, silences)

    def _told_changed(self, entries: Sequence[Told]) -> None:
        self._journal.told(entries)
        if self._cluster is not None:
            self._cluster.told_changed(entries)


async def _close_all(notifiers: Iterable[Notifier]) -> None:
    for notifier in notifiers:
        try:
            await notifier.close()
        except Exception as error:
            log.warn("an integration did not close", err=error)
