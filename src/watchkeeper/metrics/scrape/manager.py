"""All scrape pools of a process: target groups in, loops kept in step with them and with the configuration."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.core.wire.exposition import ExpositionParser, Format
from watchkeeper.core.wire.protobuf_exposition import ProtobufParser
from watchkeeper.core.wire.text import TextParser
from watchkeeper.discovery.interface import TargetGroup
from watchkeeper.metrics.interface import Appender
from watchkeeper.metrics.scrape.clock import Clock, SystemClock
from watchkeeper.metrics.scrape.config import ScrapeConfig
from watchkeeper.metrics.scrape.connect import HttpConnector
from watchkeeper.metrics.scrape.failure_log import FailureLog
from watchkeeper.metrics.scrape.metadata import FamilyPool
from watchkeeper.metrics.scrape.pool import Connector, ParserFactory, ScrapePool, Surroundings
from watchkeeper.metrics.scrape.target import DroppedTarget, Target
from watchkeeper.metrics.scrape.telemetry import ScrapeMetrics

JOBS_AT_ONCE: Final = 20  # Of a long list, so that scrapes and answers do not wait for all of it.

log = get_logger("scrape manager")


def make_parser(
    format_: Format, *, use_created: bool, native_histograms: bool, always_classic: bool
) -> ExpositionParser:
    """The parser of one target for bodies of one format."""
    if format_ is Format.PROTOBUF:
        return ProtobufParser(native_histograms=native_histograms, always_classic=always_classic)
    return TextParser(format_, use_created=use_created)


def offset_seed(external_labels: Mapping[str, str], host: str) -> int:
    """What moves this server's scrapes away from those of another one with the same targets."""
    text = "\xff".join((host, *(part for pair in sorted(external_labels.items()) for part in pair)))
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


class ScrapeManager:
    """Starts, reloads and stops the pools.

    `apply` says which jobs there are, `update` which target groups a job has now; both may come in any order and return
    when all loops follow. All methods belong to one event loop.
    """

    def __init__(
        self,
        appender: Appender,
        registry: Registry,
        *,
        clock: Clock | None = None,
        connect: Callable[[ScrapeConfig], Connector] = HttpConnector,
        parsers: ParserFactory = make_parser,
        external_labels: Mapping[str, str] | None = None,
        host: str | None = None,
        inject_created: bool = False,
    ) -> None:
        """
        external_labels  part of the seed of the scrapes' places in their intervals
        inject_created   store a zero at the start time of each counter (created-timestamp-zero-ingestion)
        """
        self._clock = clock or SystemClock()
        self._around = Surroundings(
            appender,
            ScrapeMetrics(registry),
            self._clock,
            connect,
            parsers,
            FamilyPool(),
            offset_seed(external_labels or {}, socket.gethostname() if host is None else host),
            inject_created,
        )
        self._pools: dict[str, ScrapePool] = {}
        self._departing: dict[str, ScrapePool] = {}
        self._groups: dict[str, Sequence[TargetGroup]] = {}
        self._failure_logs: dict[str, FailureLog] = {}
        self._lock = asyncio.Lock()

    @property
    def pools(self) -> Mapping[str, ScrapePool]:
        """By job name, in the order of the configuration."""
        return self._pools

    async def apply(self, configs: Sequence[ScrapeConfig]) -> None:
        """Follow a new list of scrape configs: jobs that stay the same scrape on, others are changed, begun, ended."""
        async with self._lock:
            logs = self._failure_logs
            self._failure_logs = {
                path: logs.get(path) or FailureLog(path, self._clock)
                for path in dict.fromkeys(config.scrape_failure_log_file for config in configs)
                if path
            }
            names = dict.fromkeys(config.job_name for config in configs)
            for job in [job for job in self._pools if job not in names]:
                self._departing[job] = self._pools.pop(job)
                await self._departing[job].retire()
                self._groups.pop(job, None)
            self._departing = {job: pool for job, pool in self._departing.items() if not pool.is_over}
            for number, config in enumerate(configs):
                if number % JOBS_AT_ONCE == 0:
                    await asyncio.sleep(0)
                failures = self._failure_logs.get(config.scrape_failure_log_file)
                pool = self._pools.get(config.job_name)
                if pool is None:
                    await self._begin(config, failures)
                elif pool.config != config:
                    await pool.reload(config, failures)
            self._pools = {job: self._pools[job] for job in names if job in self._pools}
            for path, old in logs.items():
                if path in self._failure_logs:
                    old.reopen()
                else:
                    old.close()

    async def _begin(self, config: ScrapeConfig, failures: FailureLog | None) -> None:
        departing = self._departing.pop(config.job_name, None)
        if departing is not None:
            # It comes back while the end of its series is not yet written: they go on.
            self._pools[config.job_name] = departing
            await departing.reload(config, failures)
            if config.job_name in self._groups:
                await departing.sync(self._groups[config.job_name])
            return
        try:
            pool = ScrapePool(config, self._around, failures)
        except Exception as error:  # A certificate that can't be read, for one: the other jobs go on.
            self._around.metrics.pools_failed.inc()
            log.error("Scrape pool creation failed", scrape_pool=config.job_name, err=error)
            return
        self._pools[config.job_name] = pool
        await pool.sync(self._groups.get(config.job_name, ()))

    async def update(self, job: str, groups: Sequence[TargetGroup]) -> None:
        """The groups of a job, all of them, as discovery sees them now; kept for a job that is not yet configured."""
        self._groups[job] = groups
        pool = self._pools.get(job)
        if pool is not None:
            await pool.sync(groups)

    def active_targets(self) -> dict[str, list[Target]]:
        """The targets being scraped, by job."""
        return {job: pool.active for job, pool in self._pools.items()}

    def dropped_targets(self) -> dict[str, list[DroppedTarget]]:
        """The targets that relabelling dropped, by job, as many as are kept."""
        return {job: pool.dropped for job, pool in self._pools.items()}

    def dropped_target_counts(self) -> dict[str, int]:
        """How many targets relabelling dropped, by job."""
        return {job: pool.n_dropped for job, pool in self._pools.items()}

    def config(self, job: str) -> ScrapeConfig | None:
        """The config that a job follows now."""
        pool = self._pools.get(job)
        return None if pool is None else pool.config

    async def stop(self) -> None:
        """The server stops: no stale markers."""
        async with self._lock:
            pools = [*self._pools.values(), *self._departing.values()]
            await asyncio.gather(*[pool.stop() for pool in pools])
            self._pools.clear()
            self._departing.clear()
            for failures in self._failure_logs.values():
                failures.close()
