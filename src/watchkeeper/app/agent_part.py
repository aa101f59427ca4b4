"""The agent inside of `watchkeeper up`: its entries go to the log store of the process, without a server between."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import sys
from collections.abc import Awaitable, Callable
from typing import TextIO, cast

from watchkeeper import __version__
from watchkeeper.app.agent import AgentFlags, lazy_matcher, load_config, spool_dir
from watchkeeper.app.options import Options
from watchkeeper.app.part import Shared
from watchkeeper.core.model.errors import ConfigError, WatchkeeperError
from watchkeeper.core.telemetry.log import configure, get_logger
from watchkeeper.logs.agent.agent import Agent, AgentOptions
from watchkeeper.logs.agent.config.promtail_yml import PromtailConfig, load_promtail_yml, parse_promtail_yml
from watchkeeper.logs.agent.embedded import embedded_yml
from watchkeeper.logs.agent.positions import Positions
from watchkeeper.logs.agent.send.outlet import Destination
from watchkeeper.logs.agent.send.sink import SinkDestination
from watchkeeper.logs.agent.send.spool import Spool
from watchkeeper.logs.agent.telemetry import AgentMetrics
from watchkeeper.logs.interface import LogAppender

log = get_logger("agent")

Sink = tuple[LogAppender, str]
"""The store of this process, and the tenant of entries that name none."""


class OwnLog:
    """This process's own log lines: they go where they went, and to who listens."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._listener: Callable[[str], None] | None = None

    def write(self, text: str) -> int:
        """As a stream's."""
        sys.stderr.write(text)
        listener = self._listener
        if listener is not None:
            listener(text)
        return len(text)

    def subscribe(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Every line from now on, until what is returned is called."""
        self._listener = listener
        configure(self._options.log_level, self._options.log_format, stream=cast(TextIO, self))
        return self._end

    def _end(self) -> None:
        self._listener = None
        configure(self._options.log_level, self._options.log_format)


class AgentPart:
    """What reads this machine's logs.

    Without a configuration, or with one that names no client, entries go to the store of the process; a configuration
    with clients sends where it says.
    """

    def __init__(self, shared: Shared, sink: Sink | None) -> None:
        """Raises ConfigError where the configuration file can't be used."""
        self._shared = shared
        self._sink = sink
        self._sinks: list[SinkDestination] = []
        self._config = self._load()
        self._agent = self._make(self._config)
        shared.registry.gauge(
            "promtail_build_info",
            "A metric with a constant '1' value labeled by version, revision, branch, and goversion.",
            ("version", "revision", "branch", "goversion"),
        ).labels(__version__, "", "", "").set(1)

    @property
    def agent(self) -> Agent:
        """The agent that runs now."""
        return self._agent

    def _flags(self) -> AgentFlags:
        return AgentFlags(
            config_file=self._shared.options.promtail_config_file, data_dir=self._shared.options.agent_dir
        )

    def _load(self) -> PromtailConfig:
        options = self._shared.options
        options.agent_dir.mkdir(parents=True, exist_ok=True)
        if options.promtail_config_file is None:
            config = parse_promtail_yml(embedded_yml(options.agent_dir), "embedded configuration")
            return config if self._sink is not None else load_config(self._flags(), os.environ)
        environ = os.environ if options.config_expand_env else None
        config = load_promtail_yml(options.promtail_config_file, environ=environ, files_checked=True)
        if not config.clients and self._sink is None:
            return load_config(self._flags(), os.environ)  # Says that a client is missing.
        return config

    def _make(self, config: PromtailConfig) -> Agent:
        options = AgentOptions(
            spool_dir=spool_dir(config, self._flags()),
            matcher=lazy_matcher,
            ignored_files=ignored_files(self._shared.options),
        )
        if self._sink is not None and not config.clients:
            options = dataclasses.replace(options, destinations=self._destinations)
        if self._shared.options.promtail_config_file is None:
            # There is always something to see, also where /var/log is empty.
            options = dataclasses.replace(options, own_log=OwnLog(self._shared.options).subscribe)
        return Agent(config, self._shared.registry, options)

    def _destinations(self, metrics: AgentMetrics, positions: Positions) -> list[Destination]:
        assert self._sink is not None
        store, tenant = self._sink
        made = SinkDestination(store, 0, metrics, positions, tenant, self._journal())
        self._sinks.append(made)
        return [made]

    def _journal(self) -> Spool | None:
        directory = self._shared.options.agent_dir / "journal"
        try:
            return Spool(directory)
        except (OSError, WatchkeeperError) as error:
            log.warn("positions are not journalled; a kill may repeat lines", directory=directory, error=error)
            return None

    async def start(self) -> None:
        """Begins to read."""
        for sink in self._sinks:
            sink.start()
        await self._agent.start()
        log.info("agent reads", jobs=",".join(self._agent.jobs), into="store" if self._sinks else "clients")

    async def tick(self) -> None:
        """Nothing is due: the agent has its own clock."""

    async def reload(self) -> None:
        """Applies the configuration file. Raises ConfigError or OSError and keeps the old one."""
        metrics = self._agent.metrics
        try:
            config = self._load()
        except (ConfigError, OSError):
            metrics.config_failures.inc()
            raise
        if config == self._config:
            return
        await self._end()
        self._config = config
        self._agent = self._make(config)
        await self.start()
        metrics.config_reloads.inc()

    def quiesce(self) -> Awaitable[None]:
        """Ends reading, while the store still takes what was read."""
        return self._end()

    async def _end(self) -> None:
        sinks, self._sinks = self._sinks, []

        def end_sinks() -> None:
            for sink in sinks:
                sink.stop()

        await self._agent.stop(end_sinks)

    async def stop(self) -> None:
        """Nothing is left."""
        await asyncio.sleep(0)


def ignored_files(options: Options) -> list[str]:
    """Files of this process that no pattern may lead to: its own stores."""
    return [str(options.agent_dir / "positions.yaml")]
