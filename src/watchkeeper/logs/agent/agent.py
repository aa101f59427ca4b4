"""The agent at work: jobs with their sources, the outlet behind them, and what is written down in between."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from watchkeeper.core.model.errors import ConfigError, ConfigProblem, WatchkeeperError
from watchkeeper.core.relabel import Relabeler
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.discovery.interface import TargetGroup
from watchkeeper.discovery.manager import DiscoveryManager
from watchkeeper.logs.agent.config.promtail_yml import PromtailConfig
from watchkeeper.logs.agent.config.scrape import ScrapeConfig
from watchkeeper.logs.agent.files.follower import Follower
from watchkeeper.logs.agent.files.target import FileTarget
from watchkeeper.logs.agent.pipeline import Pipeline
from watchkeeper.logs.agent.positions import Marks, Positions
from watchkeeper.logs.agent.send.client import USER_AGENT, Client
from watchkeeper.logs.agent.send.outlet import Destination, Outlet
from watchkeeper.logs.agent.send.spool import LIMIT_BYTES, Spool
from watchkeeper.logs.agent.sources.job import Job
from watchkeeper.logs.agent.sources.own_log import OwnLogSource, Subscribe
from watchkeeper.logs.agent.sources.rate import LineRate
from watchkeeper.logs.agent.sources.targets import EXCLUDE, PATH, Assembled, assemble, file_reason
from watchkeeper.logs.agent.stages.stage import Matcher, StageContext, no_matcher
from watchkeeper.logs.agent.telemetry import AgentMetrics

log = get_logger("agent")

TICK_S: Final = 1.0


class Keeper(Protocol):
    """A destination that notes on the disk what it is done with."""

    @property
    def recovered(self) -> Marks:
        """Positions that the positions file may not have yet."""
        ...

    def cut(self) -> int | None:
        """Before the positions file is written: what `release` takes when it is."""
        ...

    def release(self, segment: int | None) -> None:
        """The positions file is written."""
        ...

    def sync(self) -> None:
        """Brings all to the device. Raises OSError."""
        ...

    def close(self) -> None:
        """After all else."""
        ...


class Source(Protocol):
    """A source other than files: it runs until it is stopped."""

    async def start(self) -> None:
        """Begins. Raises OSError where a port can't be had."""
        ...

    async def stop(self) -> None:
        """Ends; what was taken is handed on."""
        ...

    def status(self) -> dict[str, Any]:
        """What its page shows."""
        ...


@dataclass
class AgentOptions:
    """What the agent is given besides its configuration.

    spool_dir     where batches are kept that can't be sent; None keeps none
    destinations  makes what takes the entries instead of the configured clients
    own_log       lets a listener have the lines that this process logs; a job of its own reads them
    """

    spool_dir: Path | None = None
    spool_limit_bytes: int = LIMIT_BYTES
    matcher: Matcher = no_matcher
    hostname: str = field(default_factory=socket.gethostname)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    ignored_files: Sequence[str] = ()
    destinations: Callable[[AgentMetrics, Positions], Sequence[Destination]] | None = None
    own_log: Subscribe | None = None


class Agent:
    """Runs one configuration. All methods belong to one event loop."""

    def __init__(self, config: PromtailConfig, registry: Registry, options: AgentOptions | None = None) -> None:
        """Raises ConfigError where the positions file is damaged, or a stage can't be had here."""
        self.config = config
        self.options = options or AgentOptions()
        self.registry = registry
        lag = config.options.stream_lag_labels or "filename"
        self.metrics = AgentMetrics(registry, [name.strip() for name in lag.split(",") if name.strip()])
        made = self.options.destinations
        n_clients = 1 if made is not None else len(config.clients)
        settings = config.positions
        path = Path(settings.filename) if settings.filename else None
        self.positions = Positions(path, n_clients, ignore_invalid=settings.ignore_invalid_yaml)
        self.clients: list[Client] = []
        destinations: Sequence[Destination]
        if made is not None:
            destinations = made(self.metrics, self.positions)
        else:
            destinations = self.clients = self._make_clients()
        self._keepers: list[Keeper] = [one for one in destinations if hasattr(one, "recovered")]  # type: ignore[misc]
        if self._keepers and len(self._keepers) == len(destinations):
            self.positions.recover([one.recovered for one in self._keepers])
        self.outlet = Outlet(destinations)
        self.jobs = self._make_jobs()
        watch = config.global_.file_watch_config
        self.follower = Follower(
            self.positions,
            self.metrics,
            is_full=lambda: self.outlet.is_full,
            poll_s=watch.min_poll_frequency_ns / 1e9,
            sync_s=config.target_config.sync_period_ns / 1e9,
            ignored=[settings.filename, *self.options.ignored_files],
            on_tick=self._tick_jobs,
        )
        self.sources: dict[str, list[Source]] = {}
        self.assembled: dict[str, list[Assembled]] = {}
        self._relabelers = {name: Relabeler(job.config.relabel_configs) for name, job in self.jobs.items()}
        self._discovery = DiscoveryManager(
            self._on_groups, registry=registry, name="agent", environ=self.options.environ, user_agent=USER_AGENT
        )
        self._upkeep: asyncio.Task[None] | None = None

    # --- making ----------------------------------------------------------------------------------------------------

    def _make_clients(self) -> list[Client]:
        made: list[Client] = []
        for number, config in enumerate(self.config.clients):
            spool: Spool | None = None
            if self.options.spool_dir is not None:
                folder = self.options.spool_dir / (config.name or f"client-{number}").replace("/", "_")
                try:
                    spool = Spool(folder, limit_bytes=self.options.spool_limit_bytes)
                except (OSError, WatchkeeperError) as error:
                    log.warn(
                        "batches that can't be sent are not kept on the disk; reading waits for the server instead",
                        directory=folder,
                        error=error,
                    )
            made.append(
                Client(
                    config,
                    number,
                    self.metrics,
                    self.positions,
                    limits=self.config.limits_config,
                    spool=spool,
                )
            )
        return made

    def _make_jobs(self) -> dict[str, Job]:
        limits = self.config.limits_config
        rate: LineRate | None = None
        if limits.readline_rate_enabled:
            rate = LineRate(limits.readline_rate, limits.readline_burst, drops=limits.readline_rate_drop)
        jobs: dict[str, Job] = {}
        problems: list[ConfigProblem] = []
        for config in self.config.scrape_configs:
            context = StageContext(self.registry, config.job_name, self.options.matcher)
            try:
                pipeline = Pipeline(config.pipeline_stages, context)
            except ValueError as error:
                problems.append(ConfigProblem("promtail.yaml", 1, 1, f"scrape_configs[{config.job_name}]", str(error)))
                continue
            jobs[config.job_name] = Job(config, pipeline, self.outlet, self.positions, self.metrics, rate)
        if problems:
            raise ConfigError(problems)
        if self.options.own_log is not None:
            own = ScrapeConfig(job_name="watchkeeper")
            pipeline = Pipeline((), StageContext(self.registry, own.job_name))
            jobs[own.job_name] = Job(own, pipeline, self.outlet, self.positions, self.metrics)
        return jobs

    def _make_sources(self, job: Job) -> list[Source]:
        """Each kind is imported where it is used: an agent that follows files has no need of the others."""
        config = job.config
        made: list[Source] = []
        if config.journal is not None:
            from watchkeeper.logs.agent.sources.journal import JournalSource

            made.append(JournalSource(job, config.journal))
        if config.syslog is not None:
            from watchkeeper.logs.agent.sources.syslog import SyslogSource

            made.append(SyslogSource(job, config.syslog))
        if config.loki_push_api is not None:
            from watchkeeper.logs.agent.sources.push import PushSource

            made.append(PushSource(job, config.loki_push_api))
        if config.gelf is not None:
            from watchkeeper.logs.agent.sources.gelf import GelfSource

            made.append(GelfSource(job, config.gelf))
        if config.discovery.docker:
            from watchkeeper.logs.agent.sources.docker import DockerSource

            made += [DockerSource(job, docker) for docker in config.discovery.docker]
        if self.options.own_log is not None and job.name == "watchkeeper":
            made.append(OwnLogSource(job, self.options.own_log, self.options.hostname))
        return made

    # --- running ---------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begins to read and send. Raises OSError where a port can't be had."""
        for client in self.clients:
            client.start()
        self.follower.start()
        self._upkeep = asyncio.get_running_loop().create_task(self._keep_up())
        if self.config.target_config.stdin:
            return
        for name, job in self.jobs.items():
            self.sources[name] = self._make_sources(job)
            for source in self.sources[name]:
                await source.start()
        self._discovery.apply({name: job.config.discovery for name, job in self.jobs.items()})

    async def stop(self, end_sinks: Callable[[], object] = lambda: None) -> None:
        """Reads no more, sends or keeps what is collected, and writes the positions.

        end_sinks   ends what takes entries in this process, once all is handed on
        """
        if self._upkeep is not None:
            self._upkeep.cancel()
            with suppress(asyncio.CancelledError):
                await self._upkeep
        await self._discovery.close()
        for source in (source for listed in self.sources.values() for source in listed):
            await source.stop()
        await asyncio.to_thread(self.follower.stop)
        for job in self.jobs.values():
            job.flush()
        await asyncio.gather(*(client.stop() for client in self.clients))
        await asyncio.to_thread(end_sinks)
        await asyncio.to_thread(self.save_positions)
        for keeper in self._keepers:
            keeper.close()

    def save_positions(self) -> None:
        """Writes the positions file; then the spools have no need of what it holds."""
        cuts: list[tuple[Keeper, int | None]] = []
        for keeper in self._keepers:
            with suppress(OSError, WatchkeeperError):
                keeper.sync()
                cuts.append((keeper, keeper.cut()))
        self.positions.clean()
        if self.positions.save():
            for keeper, segment in cuts:
                with suppress(OSError, WatchkeeperError):
                    keeper.release(segment)

    async def _keep_up(self) -> None:
        period_s = self.config.positions.sync_period_ns / 1e9
        due_s = time.monotonic() + period_s
        while True:
            await asyncio.sleep(min(TICK_S, period_s))
            self._count_targets()
            if time.monotonic() >= due_s:
                await asyncio.to_thread(self.save_positions)
                due_s = time.monotonic() + period_s

    def _tick_jobs(self) -> None:
        for job in self.jobs.values():
            job.tick()

    def _count_targets(self) -> None:
        n_files = self.follower.n_targets
        self.metrics.targets_active.set(n_files + sum(len(listed) for listed in self.sources.values()))

    def _on_groups(self, groups: Mapping[str, Sequence[TargetGroup]]) -> None:
        targets: list[FileTarget] = []
        for name, listed in groups.items():
            job = self.jobs[name]
            found = assemble(listed, self._relabelers[name])
            self.assembled[name] = found
            if not _reads_files(job.config):
                continue
            for one in found:
                one.reason = one.reason or file_reason(one.labels, self.options.hostname)
                if one.reason:
                    self.metrics.targets_failed.labels(one.reason).inc()
                    continue
                compression = job.config.decompression
                targets.append(
                    FileTarget(
                        job,
                        one.shown,
                        one.labels[PATH],
                        one.labels.get(EXCLUDE, ""),
                        job.config.encoding,
                        compression.format if compression.enabled else "",
                        compression.initial_delay_ns / 1e9,
                    )
                )
        self.follower.replace(targets)

    async def read_stdin(self) -> None:
        """Reads standard input to its end, as a source of the first job."""
        from watchkeeper.logs.agent.sources.stdin import read_lines

        job = next(iter(self.jobs.values()))
        await asyncio.to_thread(read_lines, job, self.options.hostname)

    # --- being asked -----------------------------------------------------------------------------------------------

    @property
    def is_ready(self) -> bool:
        """Whether something is read."""
        return self.follower.n_files > 0 or any(self.sources.values())


def _reads_files(config: ScrapeConfig) -> bool:
    return not (config.journal or config.syslog or config.loki_push_api or config.gelf)
