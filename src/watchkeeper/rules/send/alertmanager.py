"""One Alertmanager: its queue, and the task that empties it.

Each has its own, so that one that is away or slow holds back no other.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

import aiohttp

from watchkeeper.alerts.interface import Alert
from watchkeeper.core.http.client import HTTPClient, describe
from watchkeeper.core.http.credentials import CredentialError
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.metrics.remote.sender import Outcome, Verdict, retry_after_s
from watchkeeper.rules.send.options import SendOptions
from watchkeeper.rules.send.payload import encode_alerts
from watchkeeper.rules.send.queue import AlertQueue
from watchkeeper.rules.send.telemetry import AlertmanagerMetrics

QUIET_S: Final = 60.0  # An Alertmanager that keeps failing is told of once in this time.
RETRIED: Final = (408, 425, 429)  # Besides all of 5xx.
SHOWN_BYTES: Final = 512

log = get_logger("notifier")


class Alertmanager:
    """Needs a running event loop; all methods belong to it."""

    def __init__(
        self, url: str, client: HTTPClient, timeout_s: float, options: SendOptions, metrics: AlertmanagerMetrics
    ) -> None:
        """Begins at once."""
        self.url = url
        self._client = client
        self._timeout_s = timeout_s
        self._options = options
        self._metrics = metrics
        self._queue = AlertQueue(options.queue_capacity, options.batch_size)
        self._n_sending = 0
        self._backoff_s = options.min_backoff_s
        self._complained_s = float("-inf")
        self._is_failing = False
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run())

    def put(self, alerts: Iterable[Alert]) -> None:
        """Alerts to be sent; where too many wait, the oldest go."""
        if n_dropped := self._queue.put(alerts):
            self._drop(n_dropped, f"more than alertmanager.notification-queue-capacity={self._options.queue_capacity}")
        self._metrics.waiting(len(self._queue))
        self._wake.set()

    def take_waiting(self) -> list[Alert]:
        """What has not been sent yet, for another to send."""
        waiting = self._queue.clear()
        self._metrics.waiting(0)
        return waiting

    async def stop(self, *, drain: bool) -> None:
        """Ends. With `drain` what waits is sent first, while that goes well and within one timeout."""
        self._stopping.set()
        self._wake.set()
        if drain:
            await asyncio.wait([self._task], timeout=self._timeout_s)
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        if n_left := len(self._queue) + self._n_sending:
            self._drop(n_left, "the Alertmanager did not take them before the end" if drain else "not drained")
        self._metrics.release()

    async def _run(self) -> None:
        while True:
            batch = self._queue.take()
            self._metrics.waiting(len(self._queue))
            if not batch:
                if self._stopping.is_set():
                    return
                self._wake.clear()
                await self._wake.wait()
                continue
            self._n_sending = len(batch)
            outcome = await self._try(batch)
            self._n_sending = 0
            if outcome.verdict is Verdict.SENT:
                self._sent()
                continue
            self._metrics.errors.inc(len(batch))
            self._complain(outcome, len(batch))
            if outcome.verdict is Verdict.RETRY and not self._stopping.is_set():
                if n_dropped := self._queue.give_back(batch):
                    self._metrics.dropped.inc(n_dropped)
                self._metrics.waiting(len(self._queue))
                await self._pause(outcome.wait_s)
            elif self._stopping.is_set():
                self._drop(len(batch), outcome.reason)
                return  # What does not take these now is not asked again.
            else:
                self._metrics.dropped.inc(len(batch))

    async def _try(self, batch: Sequence[Alert]) -> Outcome:
        began_s = time.perf_counter()
        try:
            outcome = await self._post(encode_alerts(batch))
        except Exception as error:  # Whatever one batch does, the next ones must have their turn.
            log.exception("alerts can't be made a request", url=self.url, error=repr(error))
            return Outcome(Verdict.REFUSED, repr(error))
        if outcome.verdict is Verdict.SENT:
            self._metrics.took(time.perf_counter() - began_s)
            self._metrics.sent.inc(len(batch))
        return outcome

    async def _post(self, body: bytes) -> Outcome:
        try:
            async with self._client.request(
                "POST",
                self.url,
                data=body,
                headers={"Content-Type": "application/json"},
                timeout=aiohttp.ClientTimeout(total=self._timeout_s),
            ) as response:
                return await _judge(response)
        except (CredentialError, TimeoutError, aiohttp.ClientError, OSError) as error:
            return Outcome(Verdict.RETRY, str(error) if isinstance(error, CredentialError) else describe(error))

    async def _pause(self, wait_s: float) -> None:
        # However long the other side asks for: an alert is worth asking again sooner.
        pause_s = min(max(self._backoff_s, wait_s), self._options.max_backoff_s)
        self._backoff_s = min(2 * self._backoff_s, self._options.max_backoff_s)
        with suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await self._stopping.wait()

    def _sent(self) -> None:
        self._backoff_s = self._options.min_backoff_s
        if self._is_failing:
            self._is_failing = False
            self._complained_s = float("-inf")
            log.info("the Alertmanager takes alerts again", url=self.url)

    def _complain(self, outcome: Outcome, count: int) -> None:
        self._is_failing = True
        if time.monotonic() - self._complained_s >= QUIET_S:
            self._complained_s = time.monotonic()
            then = "they are sent again" if outcome.verdict is Verdict.RETRY else "they are dropped"
            log.error(f"alerts could not be sent; {then}", url=self.url, count=count, error=outcome.reason)

    def _drop(self, count: int, why: str) -> None:
        self._metrics.dropped.inc(count)
        log.warn("alerts are dropped", url=self.url, count=count, reason=why)


async def _judge(response: aiohttp.ClientResponse) -> Outcome:
    status = response.status
    if response.method != "POST":
        # The client followed a 301 or 302 with a GET, which Alertmanager answers kindly, and no alert has arrived.
        where = response.history[0].headers.get("Location", "") if response.history else ""
        return Outcome(Verdict.REFUSED, f"redirected to {where!r}, which alerts can't follow; configure that address")
    if status // 100 == 2:
        return Outcome(Verdict.SENT, status=status)
    reason = f"bad response status {status} {response.reason or ''}".rstrip()
    with suppress(TimeoutError, aiohttp.ClientError, OSError):
        text = (await response.content.read(SHOWN_BYTES)).decode("utf-8", "replace")
        if shown := "".join(char if char.isprintable() else " " for char in text).strip():
            reason = f"{reason}: {shown}"
    if status // 100 == 5 or status in RETRIED:
        return Outcome(Verdict.RETRY, reason, retry_after_s(response.headers.get("Retry-After", "")), status)
    return Outcome(Verdict.REFUSED, reason, status=status)
