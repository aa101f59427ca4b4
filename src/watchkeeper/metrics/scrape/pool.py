"""One job: its target groups relabelled into targets, and a loop for each.

Source of the rules: Prometheus scrape/scrape.go, scrapePool (sync, reload, target_limit, keep_dropped_targets).
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from watchkeeper.core.model.duration import format_duration_ms
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.relabel import Relabeler
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.wire.exposition import ExpositionParser, Format
from watchkeeper.discovery.config import DiscoveryConfigs
from watchkeeper.discovery.interface import TargetGroup
from watchkeeper.metrics.interface import Appender
from watchkeeper.metrics.scrape.clock import Clock
from watchkeeper.metrics.scrape.config import ScrapeConfig
from watchkeeper.metrics.scrape.failure_log import FailureLog
from watchkeeper.metrics.scrape.fetch import Fetch
from watchkeeper.metrics.scrape.limits import Limits
from watchkeeper.metrics.scrape.loop import LoopSettings, ScrapeLoop
from watchkeeper.metrics.scrape.metadata import FamilyPool
from watchkeeper.metrics.scrape.rewrite import SeriesRewriter
from watchkeeper.metrics.scrape.source import ScrapeSource, SourceRules
from watchkeeper.metrics.scrape.target import (
    CLASSIC_HISTOGRAMS,
    NATIVE_HISTOGRAMS,
    AssemblyError,
    DroppedTarget,
    Target,
    assemble,
    discovered_labels,
    flag,
    metadata_of,
)
from watchkeeper.metrics.scrape.telemetry import ScrapeMetrics

log = get_logger("scrape manager")


class ParserFactory(Protocol):
    """Makes the parser of one target."""

    def __call__(
        self, format_: Format, *, use_created: bool, native_histograms: bool, always_classic: bool
    ) -> ExpositionParser:
        """A parser for bodies of one format."""
        ...


class Connector(Protocol):
    """Makes the fetches of one scrape config; owns what they share."""

    def fetch(self, target: Target) -> Fetch:
        """How this target is reached. Raises AssemblyError where it can't be."""
        ...

    async def close(self) -> None:
        """Close what the fetches share."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all pools of a process share."""

    appender: Appender
    metrics: ScrapeMetrics
    clock: Clock
    connect: Callable[[ScrapeConfig], Connector]
    make_parser: ParserFactory
    families: FamilyPool
    seed: int = 0
    inject_created: bool = False


def _loop_part(config: ScrapeConfig) -> ScrapeConfig:
    """A config without what only decides which targets there are: where the rest is equal, loops go on."""
    return dataclasses.replace(
        config,
        relabel_configs=(),
        discovery=_NO_DISCOVERY,
        target_limit=0,
        keep_dropped_targets=0,
        params={},
        metrics_path="",
        scheme="http",
        scrape_interval_ms=0,
        scrape_timeout_ms=0,
    )


_NO_DISCOVERY: Final = DiscoveryConfigs()


class ScrapePool:
    """The targets of one scrape config. All methods run in the event loop, one at a time."""

    def __init__(self, config: ScrapeConfig, around: Surroundings, failures: FailureLog | None = None) -> None:
        self.config = config
        self._around = around
        self._failures = failures
        self._groups: Sequence[TargetGroup] = ()
        self._loops: dict[bytes, ScrapeLoop] = {}
        self._leaving: dict[Labels, ScrapeLoop] = {}
        self._dropped: list[DroppedTarget] = []
        self.n_dropped = 0
        self._lock = asyncio.Lock()
        self._connector = around.connect(config)
        self._prepare_config(config)
        around.metrics.pools.inc()
        self._announce()

    def _announce(self) -> None:
        """Make the job's own metrics, so that they stand at zero before anything happens."""
        metrics, config = self._around.metrics, self.config
        metrics.pool_targets.labels(config.job_name).set(len(self._loops))
        metrics.pool_target_limit.labels(config.job_name).set(config.target_limit)
        metrics.sync_failed.labels(config.job_name)
        if config.convert_classic_histograms_to_nhcb:
            log.warn(
                "convert_classic_histograms_to_nhcb is not supported: classic histograms are stored as they are",
                scrape_pool=config.job_name,
            )
        metrics.metadata_entries.labels(config.job_name).set_function(lambda: metadata_of(self.active)[0])
        metrics.metadata_bytes.labels(config.job_name).set_function(lambda: metadata_of(self.active)[1])

    def _prepare_config(self, config: ScrapeConfig) -> None:
        legacy = config.metric_name_validation_scheme == "legacy"
        self._relabeler = Relabeler(config.relabel_configs, legacy_names=legacy)
        self._metric_relabeler = Relabeler(config.metric_relabel_configs, legacy_names=legacy)
        self._limits = Limits(
            samples=config.sample_limit,
            labels=config.label_limit,
            label_name_length=config.label_name_length_limit,
            label_value_length=config.label_value_length_limit,
            histogram_buckets=config.native_histogram_bucket_limit,
            min_bucket_factor=config.native_histogram_min_bucket_factor,
        )

    # --- what it has

    @property
    def active(self) -> list[Target]:
        """The targets being scraped."""
        return [loop.target for loop in self._loops.values()]

    @property
    def dropped(self) -> list[DroppedTarget]:
        """Targets that relabelling dropped: all, or the first `keep_dropped_targets`."""
        return self._dropped

    # --- what changes it

    async def sync(self, groups: Sequence[TargetGroup]) -> None:
        """Make the loops follow the groups: these are all the groups of the job."""
        async with self._lock:
            await self._sync(groups)

    async def _sync(self, groups: Sequence[TargetGroup]) -> None:
        around, config = self._around, self.config
        started_s = around.clock.monotonic_s()
        self._groups = groups
        wanted = self._assemble(groups)
        forced_error = self._check_target_limit(len(wanted))
        for identity in [identity for identity in self._loops if identity not in wanted]:
            await self._retire(identity)
        for identity, target in wanted.items():
            loop = self._loops.get(identity)
            if loop is None:
                await self._begin(identity, target, forced_error)
            else:
                # Nothing that is scraped has changed, perhaps what discovery says about it.
                loop.target.discovered = target.discovered
                loop.forced_error = forced_error
        metrics = around.metrics
        metrics.pool_targets.labels(config.job_name).set(len(self._loops))
        metrics.pool_syncs.labels(config.job_name).inc()
        metrics.sync_length.labels(config.job_name).observe(around.clock.monotonic_s() - started_s)

    def _assemble(self, groups: Sequence[TargetGroup]) -> dict[bytes, Target]:
        """All targets of the groups by identity, each once; what relabelling drops is noted."""
        config = self.config
        wanted: dict[bytes, Target] = {}
        dropped: list[DroppedTarget] = []
        self.n_dropped = 0
        for group in groups:
            for labels in discovered_labels(group, config):
                try:
                    target = assemble(labels, self._relabeler, config)
                except AssemblyError as error:
                    self._around.metrics.sync_failed.labels(config.job_name).inc()
                    log.error(
                        "Creating target failed",
                        scrape_pool=config.job_name,
                        group=group.source,
                        labels=labels,
                        err=error,
                    )
                    continue
                if target is not None:
                    wanted.setdefault(target.identity, target)
                    continue
                self.n_dropped += 1
                if not config.keep_dropped_targets or len(dropped) < config.keep_dropped_targets:
                    dropped.append(DroppedTarget(config.job_name, labels))
        self._dropped = dropped
        return wanted

    def _check_target_limit(self, n_targets: int) -> str:
        limit = self.config.target_limit
        if not limit or n_targets <= limit:
            return ""
        self._around.metrics.exceeded_target_limit.inc()
        return f"target_limit exceeded (number of targets: {n_targets}, limit: {limit})"

    async def _begin(self, identity: bytes, target: Target, forced_error: str) -> None:
        source: ScrapeSource | None = None
        successor_of = self._leaving.pop(target.labels, None)
        if successor_of is not None:
            # It came back, perhaps under another address: its series go on, and no marker is written.
            source = await successor_of.stop()
        await self._start(identity, target, source, forced_error)

    async def _start(self, identity: bytes, target: Target, source: ScrapeSource | None, forced_error: str) -> None:
        around, config = self._around, self.config
        rules = self._rules(target)
        try:
            fetch = self._connector.fetch(target)
        except AssemblyError as error:
            around.metrics.sync_failed.labels(config.job_name).inc()
            log.error("Creating target failed", scrape_pool=config.job_name, labels=target.discovered, err=error)
            if source is not None:
                source.end(round(around.clock.wall_s() * 1000))
            return
        if source is None:
            source = ScrapeSource(around.appender, f"{config.job_name} {target.url}", target.labels, rules)
        else:
            source.reconfigure(rules)
        native = flag(target, NATIVE_HISTOGRAMS, config.scrape_native_histograms)
        classic = flag(target, CLASSIC_HISTOGRAMS, config.always_scrape_classic_histograms)
        loop = ScrapeLoop(
            target,
            source,
            fetch,
            LoopSettings(
                config.body_size_limit_bytes,
                config.fallback_scrape_protocol,
                config.sample_limit,
                config.extra_scrape_metrics,
            ),
            lambda format_: around.make_parser(
                format_, use_created=around.inject_created, native_histograms=native, always_classic=classic
            ),
            metrics=around.metrics,
            families=around.families,
            clock=around.clock,
            failures=self._failures,
            forced_error=forced_error,
        )
        self._loops[identity] = loop
        loop.start(target.offset_ms(round(around.clock.wall_s() * 1000), around.seed) / 1000)

    def _rules(self, target: Target) -> SourceRules:
        config = self.config
        return SourceRules(
            SeriesRewriter(
                target.labels,
                honor_labels=config.honor_labels,
                relabeler=self._metric_relabeler,
                limits=self._limits,
                legacy_names=config.metric_name_validation_scheme == "legacy",
            ),
            self._limits,
            honor_timestamps=config.honor_timestamps,
            track_timestamps_staleness=config.track_timestamps_staleness,
            extra_metrics=config.extra_scrape_metrics,
            inject_created=self._around.inject_created,
        )

    async def _retire(self, identity: bytes) -> None:
        loop = self._loops.pop(identity)
        labels = loop.target.labels
        while labels in self._leaving:
            # Two targets of the same labels left one after the other: the earlier one's end is the later one's too.
            earlier = await self._leaving.pop(labels).stop()
            if earlier is not None:
                earlier.close()
        self._leaving[labels] = loop

        def forget() -> None:
            if self._leaving.get(labels) is loop:
                del self._leaving[labels]

        await loop.retire(forget)

    async def reload(self, config: ScrapeConfig, failures: FailureLog | None = None) -> None:
        """Follow another config of the same job. Targets that it leaves as they are scrape on without a gap."""
        async with self._lock:
            around = self._around
            started_s = around.clock.monotonic_s()
            restart = _loop_part(self.config) != _loop_part(config) or failures is not self._failures
            connector = self._connector
            if restart:
                try:
                    connector = around.connect(config)
                except Exception as error:  # A certificate that can't be read, for one: the old config stays.
                    around.metrics.pool_reloads_failed.inc()
                    log.error("Reloading a scrape pool failed", scrape_pool=config.job_name, err=error)
                    return
            self.config = config
            self._failures = failures
            self._prepare_config(config)
            self._announce()
            if restart:
                await self._restart(connector)
            await self._sync(self._groups)
            around.metrics.pool_reloads.inc()
            interval = format_duration_ms(config.scrape_interval_ms)
            around.metrics.reload_length.labels(interval).observe(around.clock.monotonic_s() - started_s)

    async def _restart(self, connector: Connector) -> None:
        """New loops in place of all old ones, with their sources and at their places in the interval."""
        old_connector, self._connector = self._connector, connector
        for identity, old in list(self._loops.items()):
            target = old.target
            source = await old.stop()
            del self._loops[identity]
            await self._start(identity, target, source, old.forced_error)
        await old_connector.close()

    async def retire(self) -> None:
        """The job has gone from the configuration: end all series, unless `reload` brings it back soon."""
        async with self._lock:
            for identity in list(self._loops):
                await self._retire(identity)
            await self._connector.close()
        self._around.metrics.forget_job(self.config.job_name)

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do, after `retire`."""
        return not (self._loops or self._leaving)

    async def stop(self) -> None:
        """The server stops: end all loops at once, without markers."""
        async with self._lock:
            loops = [*self._loops.values(), *self._leaving.values()]
            for source in await asyncio.gather(*[loop.stop() for loop in loops]):
                if source is not None:
                    source.close()
            self._loops.clear()
            self._leaving.clear()
            await self._connector.close()
        self._around.metrics.forget_job(self.config.job_name)
