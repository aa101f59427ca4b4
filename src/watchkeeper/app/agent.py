"""The composition root of `watchkeeper agent`: configuration, the agent itself, its port, signals and reloads."""

from __future__ import annotations

import asyncio
import ctypes
import dataclasses
import os
import signal
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from watchkeeper import __version__
from watchkeeper.core.config.secret import Url
from watchkeeper.core.model.errors import ConfigError, ConfigProblem
from watchkeeper.core.telemetry.log import capture_stdlib, configure, get_logger
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.core.telemetry.process import register_process_metrics
from watchkeeper.logs.agent.agent import Agent, AgentOptions
from watchkeeper.logs.agent.config.client import ClientConfig
from watchkeeper.logs.agent.config.promtail_yml import PromtailConfig, load_promtail_yml, parse_promtail_yml
from watchkeeper.logs.agent.config.scrape import ScrapeConfig
from watchkeeper.logs.agent.pages import Pages
from watchkeeper.logs.agent.port import Port
from watchkeeper.logs.agent.send.spool import LIMIT_BYTES
from watchkeeper.logs.agent.server_tls import server_context
from watchkeeper.logs.agent.stages.stage import RowTest, StageContext

log = get_logger("agent")

THREADS: Final = 4
TRIM_S: Final = 30.0
_M_ARENA_MAX: Final = -8
DEFAULT_URL: Final = "http://127.0.0.1:3100/loki/api/v1/push"


@dataclass(frozen=True, slots=True)
class AgentFlags:
    """What the command line says.

    changes    settings that come over the file's: by section (`server`, `positions`, `target_config`, `client`)
    data_dir   for what the agent keeps besides the positions; beside these if not given
    """

    config_file: Path | None = None
    expand_env: bool = False
    client_url: str = ""
    external_labels: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    data_dir: Path | None = None
    spool_limit_bytes: int = LIMIT_BYTES
    stdin: bool = False
    log_level: str = ""
    log_format: str = ""


def load_config(flags: AgentFlags, environ: Mapping[str, str]) -> PromtailConfig:
    """The configuration that the flags mean: of a file, or the embedded one. Raises ConfigError."""
    if flags.config_file is None:
        from watchkeeper.logs.agent.embedded import embedded_yml

        directory = flags.data_dir or Path("data/agent")
        config = parse_promtail_yml(embedded_yml(directory), "embedded configuration")
        if not flags.client_url:
            flags = dataclasses.replace(flags, client_url=DEFAULT_URL)
    else:
        config = load_promtail_yml(flags.config_file, environ=environ if flags.expand_env else None, files_checked=True)
    return with_flags(config, flags)


def with_flags(config: PromtailConfig, flags: AgentFlags) -> PromtailConfig:
    """The configuration with what the command line says in place of what the file says. Raises ConfigError."""
    clients = list(config.clients)
    if flags.client_url:
        clients.append(ClientConfig(url=Url(flags.client_url)))
    client_changes = flags.changes.get("client", {})
    clients = [dataclasses.replace(client, **client_changes) for client in clients]
    if flags.external_labels:
        clients = [
            dataclasses.replace(client, external_labels={**client.external_labels, **flags.external_labels})
            for client in clients
        ]
    sections: dict[str, Any] = {
        name: dataclasses.replace(getattr(config, name), **values)
        for name, values in flags.changes.items()
        if name != "client"
    }
    config = dataclasses.replace(config, clients=tuple(clients), **sections)
    if flags.stdin or config.target_config.stdin:
        config = with_stdin(config)
    if not config.clients:
        file = str(flags.config_file or "promtail.yaml")
        raise ConfigError([ConfigProblem(file, 1, 1, "clients", "at least one client config should be provided")])
    return config


def with_stdin(config: PromtailConfig) -> PromtailConfig:
    """The configuration that reads standard input through the first job's pipeline, and nothing else."""
    target = dataclasses.replace(config.target_config, stdin=True)
    jobs = config.scrape_configs[:1] or (ScrapeConfig(job_name="stdin"),)
    return dataclasses.replace(config, target_config=target, scrape_configs=jobs)


def spool_dir(config: PromtailConfig, flags: AgentFlags) -> Path:
    """Where batches are kept that can't be sent."""
    if config.wal.dir:
        return Path(config.wal.dir)
    if flags.data_dir is not None:
        return flags.data_dir / "spool"
    return Path(config.positions.filename).with_name("agent-spool")


class Memory:
    """The C library's heap: one for all threads, and given back to the system when asked."""

    def __init__(self) -> None:
        self._libc: Any = None
        with suppress(OSError, AttributeError):
            self._libc = ctypes.CDLL(None)
            self._libc.mallopt(_M_ARENA_MAX, 1)

    def trim(self) -> None:
        """Gives back what is free."""
        with suppress(OSError, AttributeError):
            self._libc.malloc_trim(0)


class AgentProcess:
    """One `watchkeeper agent`: what it owns it starts and stops."""

    def __init__(self, flags: AgentFlags, environ: Mapping[str, str] = os.environ) -> None:
        """Raises ConfigError."""
        self._flags = flags
        self._environ = environ
        self._config = load_config(flags, environ)
        configure(flags.log_level or self._config.server.log_level, flags.log_format or self._config.server.log_format)
        capture_stdlib()
        self._registry = Registry()
        register_process_metrics(self._registry)
        self._registry.gauge(
            "promtail_build_info",
            "A metric with a constant '1' value labeled by version, revision, branch, and goversion.",
            ("version", "revision", "branch", "goversion"),
        ).labels(__version__, "", "", "").set(1)
        self._agent = self._make(self._config)
        self._quit = asyncio.Event()
        self._reloading = asyncio.Lock()

    def _make(self, config: PromtailConfig) -> Agent:
        options = AgentOptions(
            spool_dir=spool_dir(config, self._flags),
            spool_limit_bytes=self._flags.spool_limit_bytes,
            matcher=lazy_matcher,
            environ=self._environ,
        )
        return Agent(config, self._registry, options)

    async def run(self) -> int:
        """Until SIGTERM or SIGINT; the exit status."""
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="agent"))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._quit.set)
        loop.add_signal_handler(signal.SIGHUP, self._on_hangup)
        server = self._config.server
        memory = Memory()
        port: Port | None = None
        if not server.disable:
            pages = Pages(lambda: self._agent, self.reload)
            port = Port(pages.handle, timeout_s=server.http_server_idle_timeout_ns / 1e9)
            context = server_context(server.http_tls_config)
            host, bound = await port.listen(server.http_listen_address, server.http_listen_port, context)
            log.info("server listening on addresses", http=f"{host}:{bound}")
        try:
            await self._agent.start()
            log.info("Starting Promtail", version=__version__, clients=len(self._config.clients))
            await self._wait(memory)
            log.info("stopping")
        finally:
            await self._agent.stop()
            if port is not None:
                await port.close()
        log.info("stopped")
        return 0

    async def _wait(self, memory: Memory) -> None:
        """Until the process is to end; memory that a burst of lines took is given back meanwhile."""
        while not self._quit.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(TRIM_S):
                    await self._quit.wait()
            memory.trim()

    def _on_hangup(self) -> None:
        async def reload() -> None:
            with suppress(ConfigError, OSError):
                await self.reload()

        self._task = asyncio.get_running_loop().create_task(reload())

    async def reload(self) -> None:
        """Applies the configuration file again. Raises ConfigError and OSError and keeps the old one."""
        async with self._reloading:
            metrics = self._agent.metrics
            try:
                config = load_config(self._flags, self._environ)
                # Stages that can't be had are found before the old agent stops.
                check_config(config)
            except (ConfigError, OSError) as error:
                metrics.config_failures.inc()
                log.error("Error reloading config", error=error)
                raise
            await self._agent.stop()
            self._config = config
            self._agent = self._make(config)
            await self._agent.start()
            metrics.config_reloads.inc()
            log.info("the configuration is reloaded")


def check_config(config: PromtailConfig, file: str = "promtail.yaml") -> None:
    """Raises ConfigError where something of a configuration can't be had here, such as a stage's database."""
    problems: list[ConfigProblem] = []
    for job in config.scrape_configs:
        for i, stage in enumerate(job.pipeline_stages):
            try:
                stage.make(StageContext(Registry(), job.job_name, lazy_matcher))
            except ValueError as error:
                path = f"scrape_configs[{job.job_name}].pipeline_stages[{i}].{stage.name}"
                problems.append(ConfigProblem(file, 1, 1, path, str(error)))
    if problems:
        raise ConfigError(problems)


def lazy_matcher(text: str) -> RowTest:
    """The predicate of a LogQL selector with filters; the language is imported where a stage asks for it."""
    from watchkeeper.app.agent_matcher import row_test

    return row_test(text)


def run(flags: AgentFlags) -> int:
    """Run until SIGINT or SIGTERM; the exit status. Raises ConfigError."""
    process = AgentProcess(flags)
    try:
        return asyncio.run(process.run())
    except OSError as error:
        log.error("can't start", error=error.strerror or error)
        return 1
