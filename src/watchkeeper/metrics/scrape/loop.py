"""One target's cycle: fetch, parse, relabel what is new, append, report; and its end.

Source of the timing: Prometheus scrape/scrape.go, scrapeLoop.run and endOfRunStaleness.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from watchkeeper.core.model.duration import format_duration_ms
from watchkeeper.core.model.errors import TargetError, WatchkeeperError
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.wire.exposition import Exposition, ExpositionParser, Format
from watchkeeper.core.wire.negotiate import choose_format
from watchkeeper.metrics.scrape.clock import Clock
from watchkeeper.metrics.scrape.failure_log import FailureLog
from watchkeeper.metrics.scrape.fetch import MAX_BODY_BYTES, BodySizeExceeded, Fetch, Response
from watchkeeper.metrics.scrape.limits import LimitExceededError
from watchkeeper.metrics.scrape.metadata import FamilyPool
from watchkeeper.metrics.scrape.report import ScrapeReport
from watchkeeper.metrics.scrape.source import Prepared, RenumberedError, ScrapeSource
from watchkeeper.metrics.scrape.target import Target
from watchkeeper.metrics.scrape.telemetry import ScrapeMetrics

log = get_logger("scrape manager")

ALIGN_TOLERANCE_MS: Final = 2.0  # A scrape this late (or 1 % of the interval) is stored as if it had been in time.
END_WAIT_INTERVALS: Final = 1.1  # How long after the next tick a target that went away may come back.


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """What the loop itself needs of a scrape config."""

    body_limit_bytes: int = 0
    fallback_protocol: str = ""
    sample_limit: int = 0
    extra_metrics: bool = False


MakeParser = Callable[[Format], ExpositionParser]


class ScrapeLoop:
    """Scrapes one target until it is told to stop."""

    def __init__(
        self,
        target: Target,
        source: ScrapeSource,
        fetch: Fetch,
        settings: LoopSettings,
        make_parser: MakeParser,
        *,
        metrics: ScrapeMetrics,
        families: FamilyPool,
        clock: Clock,
        failures: FailureLog | None = None,
        forced_error: str = "",
    ) -> None:
        self.target = target
        self.forced_error = forced_error  # Not empty: every scrape fails with this text and nothing is fetched.
        self._source: ScrapeSource | None = source
        self._fetch = fetch
        self._settings = settings
        self._make_parser = make_parser
        self._metrics = metrics
        self._interval_length = metrics.interval_length.labels(format_duration_ms(target.interval_ms))
        self._families = families
        self._clock = clock
        self._failures = failures
        self._task: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._next_tick_s = 0.0
        self._last_start_s = 0.0
        self._fallback_warned = ""
        self._refusal_warned = False

    # --- life

    def start(self, offset_s: float) -> None:
        """Begin scraping after an offset."""
        self._task = asyncio.get_running_loop().create_task(self._run(offset_s), name=f"scrape {self.target.url}")

    async def stop(self) -> ScrapeSource | None:
        """Stop at once; what was scraped so far is written. Returns the source, for another loop or for `close`."""
        for task in (self._task, self._ending):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        self._task = self._ending = None
        self._fetch.close()
        source, self._source = self._source, None
        return source

    async def retire(self, forget: Callable[[], None]) -> None:
        """The target has gone: stop, and write the end of its series unless `stop` takes the source before.

        forget   called when that is done
        """
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        self._fetch.close()
        self._ending = asyncio.get_running_loop().create_task(self._end(forget))

    async def _end(self, forget: Callable[[], None]) -> None:
        clock, interval_s = self._clock, self.target.interval_ms / 1000
        if self._last_start_s:
            # The marker stands where the next scrape would have been; it is written when a successor, which scrapes
            # the same series under another address, has surely written its first sample.
            await clock.sleep(self._next_tick_s - clock.monotonic_s())
            end_ms = int(clock.wall_s() * 1000)
            await clock.sleep(interval_s * END_WAIT_INTERVALS)
        else:
            end_ms = int(clock.wall_s() * 1000)
        source, self._source = self._source, None
        if source is not None:
            try:
                source.end(end_ms)
            except Exception as error:
                log.error("Stale markers of a target that went away were not stored", target=self.target.url, err=error)
        forget()

    async def _run(self, offset_s: float) -> None:
        clock, interval_ms = self._clock, self.target.interval_ms
        interval_s = interval_ms / 1000
        await clock.sleep(offset_s)
        tick_s = clock.monotonic_s()
        aligned_ms = int(clock.wall_s() * 1000)
        tolerance_ms = min(interval_ms / 100, ALIGN_TOLERANCE_MS)
        while True:
            wall_ms = clock.wall_s() * 1000
            # The ideal tick that this scrape belongs to; a clock that was set back moves the ticks.
            n_ticks = int((wall_ms - aligned_ms) // interval_ms)
            aligned_ms = aligned_ms + n_ticks * interval_ms if n_ticks >= 0 else int(wall_ms)
            self._next_tick_s = tick_s + interval_s
            await self.scrape(aligned_ms if wall_ms - aligned_ms <= tolerance_ms else int(wall_ms))
            now_s = clock.monotonic_s()
            # One missed tick is made up for at once, more are left out.
            tick_s += max(1, (now_s - tick_s) // interval_s) * interval_s
            await clock.sleep(tick_s - now_s)

    # --- one scrape

    async def scrape(self, time_ms: int) -> None:
        """One cycle at a time in ms since 1970. It never raises: what goes wrong is the target's last error."""
        source = self._source
        if source is None:
            return
        clock, target = self._clock, self.target
        started_s = clock.monotonic_s()
        if self._last_start_s:
            self._interval_length.observe(started_s - self._last_start_s)
        self._last_start_s = started_s
        report = ScrapeReport()
        error = ""
        prepared: Prepared | None = None
        response: Response | None = None
        try:
            if self.forced_error:
                raise TargetError(self.forced_error)
            response = await self._fetch()
            prepared = await self._prepare(source, response, time_ms, report)
        except WatchkeeperError as failure:
            error = str(failure) or type(failure).__name__
            self._count_failure(failure, report)
        except Exception as failure:  # A fault of ours must not end the loop, nor take other targets with it.
            log.exception("A scrape failed for a reason of our own", target=target.url)
            error = f"internal error: {failure}"
        duration_s = clock.monotonic_s() - started_s
        report.up, report.duration_s = prepared is not None, duration_s
        try:
            await self._commit(source, prepared, response, time_ms, report)
        except Exception as failure:
            log.error("Scrape commit failed", scrape_pool=target.pool, target=target.url, err=failure)
            error = error or f"the scrape was not stored: {failure}"
        if error and self._failures is not None:
            self._failures.write(target, error)
        target.health = "down" if error else "up"
        target.last_error = error
        target.last_scrape_s = time_ms / 1000
        target.last_duration_s = duration_s

    async def _prepare(self, source: ScrapeSource, response: Response, time_ms: int, report: ScrapeReport) -> Prepared:
        if not response.is_large:
            prepared, exposition = self._read(source, response, time_ms, report)
        else:
            loop = asyncio.get_running_loop()
            work = loop.run_in_executor(None, self._read, source, response, time_ms, report)
            try:
                prepared, exposition = await asyncio.shield(work)
            except asyncio.CancelledError:
                # Nobody may take the source while the thread works on it.
                await asyncio.wait([work])
                raise
        if exposition.metadata is not None:
            self.target.families = self._families.share(exposition.metadata)
        report.scraped = prepared.scraped
        report.post_relabel = prepared.post_relabel
        report.added = prepared.added
        return prepared

    def _read(
        self, source: ScrapeSource, response: Response, time_ms: int, report: ScrapeReport
    ) -> tuple[Prepared, Exposition]:
        settings = self._settings
        format_, warning = choose_format(response.content_type, settings.fallback_protocol)
        if warning and warning != self._fallback_warned:
            self._fallback_warned = warning
            log.warn(warning, scrape_pool=self.target.pool, target=self.target.url)
        body = response.decoded(settings.body_limit_bytes or MAX_BODY_BYTES)
        report.body_bytes = len(body)
        source.use_parser(format_, lambda: self._make_parser(format_))
        return source.prepare(body, time_ms)

    async def _commit(
        self,
        source: ScrapeSource,
        prepared: Prepared | None,
        response: Response | None,
        time_ms: int,
        report: ScrapeReport,
    ) -> None:
        try:
            self._write(source, prepared, time_ms, report)
        except RenumberedError:
            # The store changed its numbering while we parsed; the body is still here.
            assert response is not None, "BUG: a failed scrape has no numbers"
            self._write(source, await self._prepare(source, response, time_ms, report), time_ms, report)

    def _write(self, source: ScrapeSource, prepared: Prepared | None, time_ms: int, report: ScrapeReport) -> None:
        values = report.values(
            timeout_s=self.target.timeout_ms / 1000,
            sample_limit=self._settings.sample_limit,
            extra=self._settings.extra_metrics,
        )
        refused = source.write(prepared or source.nothing(time_ms), time_ms, values)
        if refused.is_empty:
            self._refusal_warned = False
            return
        metrics = self._metrics
        metrics.duplicate_timestamp.inc(refused.duplicate)
        metrics.out_of_order.inc(refused.out_of_order)
        metrics.out_of_bounds.inc(refused.out_of_bounds)
        metrics.exemplar_out_of_order.inc(refused.exemplars)
        if not self._refusal_warned:
            # Once, until a scrape is stored whole again; the counters have every one.
            self._refusal_warned = True
            log.warn(
                "Samples of a scrape were dropped",
                scrape_pool=self.target.pool,
                target=self.target.url,
                duplicate_timestamp=refused.duplicate,
                out_of_order=refused.out_of_order,
                out_of_bounds=refused.out_of_bounds,
                exemplars=refused.exemplars,
            )

    def _count_failure(self, failure: WatchkeeperError, report: ScrapeReport) -> None:
        metrics = self._metrics
        if isinstance(failure, BodySizeExceeded):
            metrics.exceeded_body_size_limit.inc()
            report.body_bytes = -1
        elif isinstance(failure, LimitExceededError):
            metrics.limit_counter(failure.counter).inc()
        log.debug("Scrape failed", scrape_pool=self.target.pool, target=self.target.url, err=failure)
