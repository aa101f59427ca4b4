"""One server: entries are collected in batches, packed, sent, sent again, and kept on the disk while it is away."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from watchkeeper import __version__
from watchkeeper.core.disk.wal import WriteFailed
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.wire.snappy import compress
from watchkeeper.logs.agent.config.client import ClientConfig
from watchkeeper.logs.agent.config.promtail_yml import LimitsConfig
from watchkeeper.logs.agent.positions import Marks, Positions
from watchkeeper.logs.agent.send.batch import Batch
from watchkeeper.logs.agent.send.collector import Collector
from watchkeeper.logs.agent.send.encode import encode_runs
from watchkeeper.logs.agent.send.spool import Spool, Spooled
from watchkeeper.logs.agent.send.streams import Run, StreamKey
from watchkeeper.logs.agent.send.transport import SendError, Transport, transport
from watchkeeper.logs.agent.telemetry import AgentMetrics

log = get_logger("agent")

USER_AGENT: Final = f"promtail/3.6.0 watchkeeper/{__version__}"  # Servers look at the first word.
MAX_WAITING_BYTES: Final = 16 << 20  # Of batches in memory; beyond it nothing more is read.
LAG_KEPT_S: Final = 3600.0  # Streams of files that are no more must not stay in the metrics.
QUIET_S: Final = 30.0  # The same failure is told once in this time.
_HEADERS: Final = {"Content-Type": "application/x-protobuf"}


class Client:
    """Sends to one server. `add` may be called from any thread; all else belongs to one event loop."""

    def __init__(
        self,
        config: ClientConfig,
        number: int,
        metrics: AgentMetrics,
        positions: Positions,
        *,
        limits: LimitsConfig | None = None,
        spool: Spool | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.config = config
        self.name = config.name or f"client-{number}"
        self.host = urlsplit(config.url.reveal()).netloc.rpartition("@")[2]
        self._number = number
        self._metrics = metrics
        self._positions = positions
        self._collector = Collector(config, self.host, limits or LimitsConfig(), metrics)
        self._spool = spool
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._spooled = asyncio.Event()
        self._ending = asyncio.Event()
        self._transport: Transport | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        self._current: Batch | None = None  # What is being sent.
        self._lags: dict[tuple[str, ...], float] = {}  # When each series of the lag was last set.
        self._pruned_s = 0.0
        self._told_s: dict[str, float] = {}  # When each failure was last told.
        self.is_reachable = True
        metrics.show_client(self.host, config.tenant_id)

    # --- taking ----------------------------------------------------------------------------------------------------

    @property
    def is_full(self) -> bool:
        """Whether reading should wait: what is collected can be neither sent nor kept."""
        return self._collector.held_bytes > MAX_WAITING_BYTES

    def add(self, runs: Sequence[Run], marks: Marks) -> None:
        """Collects entries, and the positions that count once these are done."""
        if self._collector.add(runs, marks, self._clock()) and self._loop is not None:
            with suppress(RuntimeError):  # The loop is closed: nobody sends any more.
                self._loop.call_soon_threadsafe(self._wake.set)

    # --- sending ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begins to send. Needs a running event loop."""
        self._loop = asyncio.get_running_loop()
        self._transport = transport(self.config, USER_AGENT)
        self._tasks = [self._loop.create_task(self._pump())]
        if self._spool is not None:
            self._tasks.append(self._loop.create_task(self._drain()))
            self._show_spool()
            if self._spool.n_batches:
                self._spooled.set()

    async def stop(self, timeout_s: float = 5.0) -> None:
        """Sends what is collected, or keeps it on the disk, and ends. What is neither is read again next time."""
        self._stopping = True
        self._wake.set()
        self._spooled.set()
        self._ending.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._keep_rest()
        if self._transport is not None:
            await self._transport.close()

    async def _keep_rest(self) -> None:
        """Keeps what could not be sent in time; files would be read again, but a socket's lines are nowhere else."""
        spool = self._spool
        if spool is None:
            return
        current, self._current = self._current, None
        for batch in [*([current] if current is not None else []), *self._collector.rest()]:
            if spool.is_full:
                return
            body = await asyncio.to_thread(_packed, batch.streams)
            item = Spooled(batch.tenant, batch.n_entries, batch.size, batch.newest_ns, body)
            if not await self._keep(spool, item, batch):
                return

    def close(self) -> None:
        """Closes the spool, after the positions are saved."""
        if self._spool is not None:
            try:
                self._spool.close()
            except OSError as error:
                log.error("the spool could not be brought to the device", client=self.name, error=error)

    async def _pump(self) -> None:
        while True:
            batch, wait_s = self._collector.next(self._clock(), at_once=self._stopping)
            if batch is None:
                self._commit(self._collector.done())
                if self._stopping:
                    return
                self._wake.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await self._wake.wait()
                continue
            try:
                await self._send_or_keep(batch)
            except asyncio.CancelledError:
                raise
            except Exception:  # A bug costs one batch's progress, not the agent.
                log.exception("a batch could not be handled", client=self.name)
                await asyncio.sleep(1.0)

    async def _send_or_keep(self, batch: Batch) -> None:
        """Done with a batch when this returns: it is sent, kept or given up."""
        self._current = batch
        body = await asyncio.to_thread(_packed, batch.streams)
        self._metrics.encoded_bytes.labels(self.host).inc(len(body))
        item = Spooled(batch.tenant, batch.n_entries, batch.size, batch.newest_ns, body)
        spool, max_retries = self._spool, self.config.backoff_config.max_retries
        tries = 0
        while True:
            may_keep = spool is not None and not spool.is_full
            # What was kept before goes first, so that entries stay in their order.
            if spool is not None and may_keep and (tries or spool.n_batches) and await self._keep(spool, item, batch):
                self._current = None
                return
            if spool is None or not spool.n_batches:
                if await self._try(item):
                    self._observe_lag(batch)
                    break
                tries += 1
                if may_keep and tries == 1:
                    continue
                if spool is None and max_retries and tries >= max_retries:
                    self._give_up(item, "ingester_error")
                    break
            elif not may_keep:
                self._complain("the spool is full; nothing is read until the server takes something", limit="spool")
            if self._stopping:
                return  # It is kept, or its lines are read again.
            await self._pause(tries)
        self._current = None
        self._commit(self._collector.done(batch))

    async def _keep(self, spool: Spool, item: Spooled, batch: Batch) -> bool:
        try:
            await asyncio.to_thread(spool.add, item, self._collector.preview(batch))
        except WriteFailed as error:
            self._complain("a batch can't be kept on the disk; it waits in memory", error=error)
            await asyncio.sleep(1.0)
            return False
        self._positions.commit(self._number, self._collector.done(batch))
        self._show_spool()
        self._spooled.set()
        return True

    def _commit(self, marks: Marks) -> None:
        if not marks:
            return
        self._positions.commit(self._number, marks)
        if self._spool is not None:
            try:
                self._spool.note(marks)
            except WriteFailed as error:
                self._complain("positions could not be noted", error=error)

    async def _drain(self) -> None:
        """Sends what the spool holds, in its order."""
        spool = self._spool
        assert spool is not None
        tries = 0
        while not self._stopping:
            item = await asyncio.to_thread(spool.first) if spool.n_batches else None
            if item is None:
                self._spooled.clear()
                if not spool.n_batches:
                    await self._spooled.wait()
                continue
            if tries:
                await self._pause(tries)
                if self._ending.is_set():
                    return
            if not await self._try(item):
                tries += 1
                continue
            tries = 0
            await asyncio.to_thread(spool.drop_first)
            self._show_spool()
            self._wake.set()

    async def _try(self, item: Spooled) -> bool:
        """One try; whether the batch is done, be it sent or refused for good."""
        assert self._transport is not None
        headers = dict(_HEADERS)
        headers.update((name, value.reveal()) for name, value in self.config.headers.items())
        if item.tenant:
            headers["X-Scope-OrgID"] = item.tenant
        began = time.perf_counter()
        status, words = -1, ""
        try:
            answer = await self._transport.post(item.body, headers, self.config.timeout_ns / 1e9)
            status = answer.status
            if status // 100 != 2:
                words = f"server returned HTTP status {status}: {answer.text.strip()[:300]}"
        except SendError as error:
            words = str(error)
        self._metrics.request_seconds.labels(str(status), self.host).observe(time.perf_counter() - began)
        if status // 100 == 2:
            self._metrics.sent_bytes.labels(self.host).inc(len(item.body))
            self._metrics.sent_entries.labels(self.host).inc(item.n_entries)
            if not self.is_reachable:
                self.is_reachable = True
                log.info("the server takes batches again", client=self.name, host=self.host)
            return True
        if status == 429 and self.config.drop_rate_limited_batches:
            self._complain("final error sending batch, not retrying", status=status, tenant=item.tenant, error=words)
            self._give_up(item, "rate_limited")
            return True
        if status > 0 and status != 429 and status // 100 != 5:
            self._complain("final error sending batch, not retrying", status=status, tenant=item.tenant, error=words)
            self._give_up(item, "ingester_error")
            return True
        self.is_reachable = False
        self._metrics.batch_retries.labels(self.host, item.tenant).inc()
        self._complain("error sending batch, will retry", status=status, tenant=item.tenant, error=words)
        return False

    def _give_up(self, item: Spooled, reason: str) -> None:
        self._metrics.drop(self.host, item.tenant, reason, item.n_entries, item.n_bytes)

    async def _pause(self, tries: int) -> None:
        backoff = self.config.backoff_config
        period_s = min(backoff.max_period_ns, backoff.min_period_ns * 2 ** min(max(tries, 1) - 1, 40)) / 1e9
        with suppress(TimeoutError):
            async with asyncio.timeout(period_s * random.uniform(0.5, 1.0)):
                await self._ending.wait()

    def _observe_lag(self, batch: Batch) -> None:
        gauge = self._metrics.stream_lag
        if gauge is None:
            return
        now_ns, now_s = time.time_ns(), self._clock()
        for key, runs in batch.streams.items():
            labels = dict(key.labels)
            values = (self.host, self.name, *(labels.get(name, "") for name in self._metrics.lag_labels))
            gauge.labels(*values).set(max(0.0, (now_ns - runs[-1].times_ns[-1]) / 1e9))
            self._lags[values] = now_s
        if now_s - self._pruned_s > LAG_KEPT_S / 4:
            self._pruned_s = now_s
            for values in [values for values, sent_s in self._lags.items() if now_s - sent_s > LAG_KEPT_S]:
                del self._lags[values]
                gauge.remove(*values)

    def _show_spool(self) -> None:
        if self._spool is not None:
            self._metrics.spool_bytes.labels(self.host, self.name).set(self._spool.size_bytes)
            self._metrics.spool_batches.labels(self.host, self.name).set(self._spool.n_batches)

    def _complain(self, what: str, **fields: object) -> None:
        now_s = self._clock()
        if now_s - self._told_s.get(what, -QUIET_S) >= QUIET_S:
            self._told_s[what] = now_s
            log.warn(what, client=self.name, host=self.host, **fields)
        else:
            log.debug(what, client=self.name, host=self.host, **fields)

    # --- keeping ---------------------------------------------------------------------------------------------------

    @property
    def recovered(self) -> Marks:
        """Positions that the positions file may not have yet."""
        return self._spool.recovered if self._spool is not None else {}

    def cut(self) -> int | None:
        """Before the positions file is written: what `release` takes when it is."""
        return None if self._spool is None else self._spool.cut()

    def release(self, segment: int | None) -> None:
        """The positions file is written."""
        if self._spool is not None and segment is not None:
            self._spool.release(segment)

    def sync(self) -> None:
        """Brings the spool to the device. Raises OSError."""
        if self._spool is not None:
            self._spool.sync()


def _packed(streams: Mapping[StreamKey, Sequence[Run]]) -> bytes:
    return compress(encode_runs(streams))
