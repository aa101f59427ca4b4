"""From a group that is due to its receiver's integrations: mute, wait, compare with what was told, tell, note.

A stage is a coroutine from the alerts of a flush to those that are left of them; nothing is left to do where none is.
In order: wait until peers are known; drop what is inhibited; stop outside of active and inside of mute intervals; drop
what is silenced; then, for each integration by itself: wait for the peers before us, decide, try until it works, note.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from watchkeeper.alerts.attempts import Attempts, Integration, canceled
from watchkeeper.alerts.fingerprint import fingerprint
from watchkeeper.alerts.group import Group
from watchkeeper.alerts.inhibit import Inhibitor
from watchkeeper.alerts.interface import Alert, Notice, NotifyError
from watchkeeper.alerts.nflog import NotificationLog, reason_to_notify
from watchkeeper.alerts.silences.silences import Silences
from watchkeeper.alerts.telemetry import AlertMetrics
from watchkeeper.core.telemetry.log import get_logger

if TYPE_CHECKING:
    from watchkeeper.alerts.time_interval import TimeInterval

log = get_logger("dispatcher")

MIN_TIMEOUT_S: Final = 10.0  # A group may be flushed every second; a receiver needs longer.
TURN_S: Final = 0.005  # How long alerts are looked at before others get their turn.


class Peers(Protocol):
    """The other instances, as the pipeline sees them."""

    def wait_s(self) -> float:
        """How long to leave it to those before us."""
        ...

    async def settled(self) -> None:
        """Returns when it is known who the others are."""
        ...


@dataclass(slots=True)
class FlushContext:
    """One flush: of which group, when, and until when by the steady clock."""

    group: Group
    now_ns: int
    deadline_s: float


Stage: TypeAlias = Callable[[FlushContext, list[Alert]], Awaitable[list[Alert]]]


class Pipeline:
    """All stages for the receivers and intervals of one configuration."""

    def __init__(
        self,
        receivers: Mapping[str, Sequence[Integration]],
        intervals: Mapping[str, TimeInterval],
        *,
        inhibitor: Inhibitor,
        silences: Silences,
        nflog: NotificationLog,
        metrics: AlertMetrics,
        clock_ns: Callable[[], int],
        peers: Peers | None = None,
        spread: Callable[[], float] = lambda: random.uniform(-1.0, 1.0),
    ) -> None:
        """
        spread   a number from -1 to 1, by which waits between attempts differ
        """
        self._receivers = receivers
        self._intervals = intervals
        self._inhibitor = inhibitor
        self._silences = silences
        self._nflog = nflog
        self._metrics = metrics
        self._clock_ns = clock_ns
        self._peers = peers
        self._attempts = Attempts(metrics, spread)
        self._stages: tuple[Stage, ...] = (
            self._settle, self._drop_inhibited, self._stop_when_inactive, self._stop_when_muted, self._drop_silenced,
            self._fan_out,
        )  # fmt: skip
        for integrations in receivers.values():
            for integration in integrations:
                metrics.announce(integration.kind)

    def close(self) -> None:
        """Begin no attempt any more; flushes that wait for their next one end at once."""
        self._attempts.close()

    async def run(self, group: Group, alerts: list[Alert], now_ns: int) -> bool:
        """Tell of a group's alerts; whether all integrations know what they are to know."""
        timeout_s = max(group.route.group_interval_ns / 1e9, MIN_TIMEOUT_S)
        if self._peers is not None:
            timeout_s += self._peers.wait_s()
        context = FlushContext(group, now_ns, asyncio.get_running_loop().time() + timeout_s)
        try:
            for stage in self._stages:
                if not alerts:
                    break
                alerts = await stage(context, alerts)
        except NotifyError as error:
            level = log.debug if self._attempts.are_over else log.error
            level("notifying of alerts failed", group=group.key, alerts=len(alerts), err=error)
            return False
        except Exception:  # A fault of this program must not end the group's life.
            log.exception("notifying of alerts failed", group=group.key)
            return False
        return True

    async def _settle(self, context: FlushContext, alerts: list[Alert]) -> list[Alert]:
        if self._peers is not None:
            closing = asyncio.ensure_future(self._attempts.over())
            settled = asyncio.ensure_future(self._peers.settled())
            try:
                async with asyncio.timeout_at(context.deadline_s):
                    await asyncio.wait((closing, settled), return_when=asyncio.FIRST_COMPLETED)
            except TimeoutError:
                raise NotifyError("peers have not settled in time", is_retryable=True) from None
            finally:
                is_settled = settled.done()
                closing.cancel()
                settled.cancel()
            if not is_settled:
                raise canceled(context.group.route.receiver, 0)
        return alerts

    async def _drop_inhibited(self, context: FlushContext, alerts: list[Alert]) -> list[Alert]:
        def is_inhibited(alert: Alert) -> bool:
            return self._inhibitor.inhibited_by(alert.labels, self._clock_ns()) is not None

        return await self._drop(alerts, is_inhibited, "inhibition")

    async def _drop_silenced(self, context: FlushContext, alerts: list[Alert]) -> list[Alert]:
        def is_silenced(alert: Alert) -> bool:
            return bool(self._silences.muted_by(alert.labels, self._clock_ns()))

        return await self._drop(alerts, is_silenced, "silence")

    async def _drop(self, alerts: list[Alert], is_muted: Callable[[Alert], bool], reason: str) -> list[Alert]:
        left = []
        began_s = time.perf_counter()
        for alert in alerts:
            if not is_muted(alert):
                left.append(alert)
            if time.perf_counter() - began_s > TURN_S:
                await asyncio.sleep(0)
                began_s = time.perf_counter()
        if len(left) < len(alerts):
            self._metrics.suppressed.labels(reason).inc(len(alerts) - len(left))
        return left

    async def _stop_when_inactive(self, context: FlushContext, alerts: list[Alert]) -> list[Alert]:
        names = context.group.route.active_time_intervals
        context.group.muted_by = ()
        if not names or self._within(names, context.now_ns):
            return alerts
        context.group.muted_by = tuple(names)
        self._metrics.suppressed.labels("active_time_interval").inc(len(alerts))
        return []

    async def _stop_when_muted(self, context: FlushContext, alerts: list[Alert]) -> list[Alert]:
        muted_by = self._within(context.group.route.mute_time_intervals, context.now_ns)
        context.group.muted_by = muted_by
        if not muted_by:
            return alerts
        self._metrics.suppressed.labels("mute_time_interval").inc(len(alerts))
        return []

    def _within(self, names: Sequence[str], now_ns: int) -> tuple[str, ...]:
        return tuple(name for name in names if name in self._intervals and self._intervals[name].contains(now_ns))

    async def _fan_out(self, context: FlushContext, alerts: list[Alert]) -> list[Alert]:
        integrations = self._receivers.get(context.group.route.receiver, ())
        if len(integrations) == 1:
            await self._deliver(context, alerts, integrations[0])
            return alerts
        results = await asyncio.gather(
            *(self._deliver(context, alerts, integration) for integration in integrations), return_exceptions=True
        )
        errors = [result for result in results if isinstance(result, BaseException)]
        for error in errors:
            if not isinstance(error, NotifyError):
                raise error
        if errors:
            raise NotifyError("; ".join(str(error) for error in errors), is_retryable=False)
        return alerts

    async def _deliver(self, context: FlushContext, alerts: list[Alert], integration: Integration) -> None:
        """Everything for one integration: what it is told, if anything, and the note of it. Raises NotifyError."""
        if self._peers is not None:
            await self._leave_it_to_peers(context)
        group, route = context.group, context.group.route
        firing = frozenset(fingerprint(alert.labels) for alert in alerts if not alert.ends_ns)
        resolved = frozenset(fingerprint(alert.labels) for alert in alerts if alert.ends_ns)
        began_s = time.perf_counter()
        told = self._nflog.get(group.key, route.receiver, integration.kind, integration.index)
        self._metrics.timed_nflog_query(time.perf_counter() - began_s)
        reason = reason_to_notify(
            told,
            firing,
            resolved,
            send_resolved=integration.send_resolved,
            repeat_ns=route.repeat_interval_ns,
            now_ns=self._clock_ns(),
        )
        if reason is None:
            return
        sent = alerts if integration.send_resolved else [alert for alert in alerts if not alert.ends_ns]
        if sent:
            notice = Notice(
                route.receiver, group.key, group.labels, tuple(sent), context.now_ns, reason, route.labels
            )  # fmt: skip
            await self._attempts.tell(notice, integration, context.deadline_s)
        # A repeat interval below the group's can't be kept; the entry must outlast the group's next flush all the same.
        self._nflog.put(
            group.key, route.receiver, integration.kind, integration.index, firing, resolved,
            2 * max(route.repeat_interval_ns, route.group_interval_ns),
        )  # fmt: skip

    async def _leave_it_to_peers(self, context: FlushContext) -> None:
        assert self._peers is not None
        wait_s = self._peers.wait_s()
        if wait_s > 0 and await self._attempts.close_within(wait_s):
            raise canceled(context.group.route.receiver, 0)
