"""Attempts to notify: one integration is tried until it works, it can't, or the time is over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from watchkeeper.alerts.interface import Notice, Notifier, NotifyError
from watchkeeper.alerts.telemetry import CAUSES, AlertMetrics
from watchkeeper.core.telemetry.log import get_logger

log = get_logger("dispatcher")

FIRST_DELAY_S: Final = 0.5  # Before the second attempt; the next ones wait half as long again each, give or take half.
DELAY_GROWTH: Final = 1.5
DELAY_SPREAD: Final = 0.5
MAX_DELAY_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Integration:
    """One integration of a receiver. `index` is its place among those of its kind."""

    kind: str
    index: int
    send_resolved: bool
    notifier: Notifier

    def __str__(self) -> str:
        return f"{self.kind}[{self.index}]"


class Attempts:
    """All attempts of one configuration's integrations, and when they are to end."""

    def __init__(self, metrics: AlertMetrics, spread: Callable[[], float]) -> None:
        """
        spread   a number from -1 to 1, by which waits between attempts differ
        """
        self._metrics = metrics
        self._spread = spread
        self._closing = asyncio.Event()

    def close(self) -> None:
        """Begin no attempt any more; those that wait for their next one end at once."""
        self._closing.set()

    @property
    def are_over(self) -> bool:
        """Whether none begins any more."""
        return self._closing.is_set()

    async def over(self) -> None:
        """Returns when none begins any more."""
        await self._closing.wait()

    async def close_within(self, seconds: float) -> bool:
        """Whether no attempt may begin any more, as soon as that is so; False when the time is over."""
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            return False
        return True

    async def tell(self, notice: Notice, integration: Integration, deadline_s: float) -> None:
        """Notify, again and again where that may help, until the deadline. Raises NotifyError, counted."""
        self._metrics.notifications.labels(integration.kind).inc()
        loop = asyncio.get_running_loop()
        who = f"{notice.receiver}/{integration}"
        delay_s, attempts = FIRST_DELAY_S, 0
        last: NotifyError | None = None
        last_text = ""
        try:
            while True:
                attempts += 1
                began_s = loop.time()
                try:
                    async with asyncio.timeout_at(deadline_s):
                        await self._attempt(notice, integration)
                except TimeoutError:
                    raise last or _too_late(who, attempts) from None
                except NotifyError as error:
                    if not error.is_retryable:
                        why = f"due to unrecoverable error after {attempts} attempts: {error}"
                        raise NotifyError(
                            f"{who}: notify retry canceled {why}", is_retryable=False, cause=error.cause
                        ) from error
                    if str(error) != last_text:
                        last_text = str(error)
                        log.warn(
                            "notify attempt failed, will retry later", receiver=notice.receiver,
                            integration=str(integration), group=notice.group_key, attempts=attempts, err=error,
                        )  # fmt: skip
                    last = NotifyError(
                        f"{who}: notify retry canceled after {attempts} attempts: {error}",
                        is_retryable=True,
                        cause=error.cause,
                    )
                else:
                    (log.info if attempts > 1 else log.debug)(
                        "notified", receiver=notice.receiver, integration=str(integration), group=notice.group_key,
                        alerts=len(notice.alerts), reason=notice.reason.value, attempts=attempts,
                    )  # fmt: skip
                    return
                # The wait counts from the attempt's start, as upstream's ticker does.
                next_s = began_s + delay_s * (1 + DELAY_SPREAD * self._spread())
                delay_s = min(delay_s * DELAY_GROWTH, MAX_DELAY_S)
                if self._closing.is_set() or await self.close_within(max(0.0, min(next_s, deadline_s) - loop.time())):
                    raise canceled(notice.receiver, attempts)
                if next_s >= deadline_s:
                    raise last
        except NotifyError as error:
            cause = error.cause if error.cause in CAUSES else "other"
            self._metrics.failed.labels(integration.kind, cause).inc()
            raise

    async def _attempt(self, notice: Notice, integration: Integration) -> None:
        began_s = time.perf_counter()
        failed = True
        try:
            await integration.notifier.notify(notice)
            failed = False
        except (NotifyError, asyncio.CancelledError):
            raise
        except TimeoutError:
            raise NotifyError("timed out", is_retryable=True, cause="contextDeadlineExceeded") from None
        except Exception as error:  # An integration that has a fault must not look like one that waits.
            log.exception("an integration failed unexpectedly", integration=str(integration))
            raise NotifyError(f"unexpected {type(error).__name__}", is_retryable=False) from error
        finally:
            self._metrics.latency.labels(integration.kind).observe(time.perf_counter() - began_s)
            self._metrics.requests.labels(integration.kind).inc()
            if failed:
                self._metrics.requests_failed.labels(integration.kind).inc()


def _too_late(who: str, attempts: int) -> NotifyError:
    return NotifyError(
        f"{who}: notify retry canceled after {attempts} attempts: context deadline exceeded",
        is_retryable=True,
        cause="contextDeadlineExceeded",
    )


def canceled(receiver: str, attempts: int) -> NotifyError:
    """The error of what was given up because the pipeline was closed."""
    return NotifyError(
        f"{receiver}: notify retry canceled after {attempts} attempts: context canceled",
        is_retryable=True,
        cause="contextCanceled",
    )
