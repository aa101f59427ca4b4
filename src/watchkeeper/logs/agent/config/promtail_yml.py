"""The whole of promtail.yaml, with all defaults filled in."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from watchkeeper.core.config.decode import Load, SectionPlace, decode
from watchkeeper.core.config.document import read_text
from watchkeeper.core.config.kinds import Boolean, FilePath, Integer, ListOf, Nested, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.logs.agent.config.client import ClientConfig
from watchkeeper.logs.agent.config.env import expand_env
from watchkeeper.logs.agent.config.kinds import ByteSize, GoDuration
from watchkeeper.logs.agent.config.scrape import ScrapeConfig
from watchkeeper.logs.agent.config.server import ServerConfig


@section
class PositionsConfig:
    """Where it is written how far each file has been read."""

    filename: str = setting(FilePath(), default="/var/log/positions.yaml")
    sync_period_ns: int = setting(GoDuration(minimum_ns=1), key="sync_period", default=10 * 10**9)
    ignore_invalid_yaml: bool = setting(Boolean(), default=False)


@section
class LimitsConfig:
    """What one agent may read and send."""

    readline_rate_enabled: bool = setting(Boolean(), default=False)
    readline_rate: int = setting(Integer(1), default=10_000)
    readline_burst: int = setting(Integer(1), default=10_000)
    readline_rate_drop: bool = setting(Boolean(), default=True, show=True)
    max_streams: int = setting(Integer(), default=0)
    max_line_size: int = setting(ByteSize(), default=0)
    max_line_size_truncate: bool = setting(Boolean(), default=False)


@section
class TargetConfig:
    """How often files are looked for, and whether standard input is read."""

    sync_period_ns: int = setting(GoDuration(minimum_ns=1), key="sync_period", default=10 * 10**9)
    stdin: bool = setting(Boolean(), default=False)


@section
class FileWatchConfig:
    """How often files are looked at."""

    min_poll_frequency_ns: int = setting(GoDuration(minimum_ns=10**6), key="min_poll_frequency", default=250 * 10**6)
    max_poll_frequency_ns: int = setting(GoDuration(minimum_ns=10**6), key="max_poll_frequency", default=250 * 10**6)

    def checked(self, at: SectionPlace) -> FileWatchConfig:
        """With the longest period at least as long as the shortest."""
        if self.max_poll_frequency_ns < self.min_poll_frequency_ns and at.given("max_poll_frequency"):
            at.report("max_poll_frequency", "is shorter than min_poll_frequency", involves=("min_poll_frequency",))
        return dataclasses.replace(
            self, max_poll_frequency_ns=max(self.max_poll_frequency_ns, self.min_poll_frequency_ns)
        )


@section
class AgentGlobalConfig:
    """What all jobs share."""

    file_watch_config: FileWatchConfig = setting(Nested(FileWatchConfig), default_factory=FileWatchConfig)


@section
class WatchConfig:
    """Accepted and without effect: what waits to be sent is not polled for."""

    min_read_frequency_ns: int = setting(GoDuration(), key="minReadFrequency", default=250 * 10**6)
    max_read_frequency_ns: int = setting(GoDuration(), key="maxReadFrequency", default=10**9)
    drain_timeout_ns: int = setting(GoDuration(), key="drainTimeout", default=30 * 10**9)


@section
class AgentWalConfig:
    """Where batches are kept that can't be sent. Batches are kept in any case, beside the positions without a `dir`."""

    enabled: bool = setting(Boolean(), default=False)
    dir: str = setting(FilePath(), default="")
    clean_segments_older_than_ns: int = setting(GoDuration(), key="cleanSegmentsOlderThan", default=3600 * 10**9)
    watch_config: WatchConfig = setting(Nested(WatchConfig), key="watchConfig", default_factory=WatchConfig)


@section
class AgentOptionsConfig:
    """The labels that `promtail_stream_lag_seconds` has beside `host` and `client`."""

    stream_lag_labels: str = setting(Text(), default="")


@section
class AgentTracingConfig:
    """Accepted and without effect."""

    enabled: bool = setting(Boolean(), default=False)


@section
class PromtailConfig:
    """promtail.yaml."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {
        "ingester": "an old form; Promtail has none",
        "integrations": "belongs to Grafana Agent; only Promtail's keys are read here",
    }

    global_: AgentGlobalConfig = setting(Nested(AgentGlobalConfig), key="global", default_factory=AgentGlobalConfig)
    server: ServerConfig = setting(Nested(ServerConfig), default_factory=ServerConfig)
    client: ClientConfig | None = setting(Nested(ClientConfig), default=None)
    clients: tuple[ClientConfig, ...] = setting(ListOf(Nested(ClientConfig)), default=())
    positions: PositionsConfig = setting(Nested(PositionsConfig), default_factory=PositionsConfig)
    scrape_configs: tuple[ScrapeConfig, ...] = setting(ListOf(Nested(ScrapeConfig)), default=())
    target_config: TargetConfig = setting(Nested(TargetConfig), default_factory=TargetConfig)
    limits_config: LimitsConfig = setting(Nested(LimitsConfig), default_factory=LimitsConfig)
    options: AgentOptionsConfig = setting(Nested(AgentOptionsConfig), default_factory=AgentOptionsConfig)
    wal: AgentWalConfig = setting(Nested(AgentWalConfig), default_factory=AgentWalConfig)
    tracing: AgentTracingConfig = setting(Nested(AgentTracingConfig), default_factory=AgentTracingConfig)

    def checked(self, at: SectionPlace) -> PromtailConfig:
        """With the old `client` as the first of `clients`."""
        if self.client is None:
            return self
        return dataclasses.replace(self, client=None, clients=(self.client, *self.clients))


def parse_promtail_yml(
    text: str,
    file: str = "promtail.yaml",
    *,
    base_dir: Path | None = None,
    environ: Mapping[str, str] | None = None,
    files_checked: bool = False,
) -> PromtailConfig:
    """The configuration in a text. Raises ConfigError with every problem of it.

    base_dir        what relative paths are relative to; the working directory if not given, as upstream has it
    environ         expanded in the text where it is given (`-config.expand-env`)
    files_checked   whether certificates and credential files must exist
    """
    load = Load(file, base_dir=base_dir or Path(), files_checked=files_checked)
    return decode(PromtailConfig, expand_env(text, environ) if environ is not None else text, load)


def load_promtail_yml(
    path: Path, *, environ: Mapping[str, str] | None = None, files_checked: bool = False
) -> PromtailConfig:
    """The configuration in a file. Raises ConfigError, also where the file can't be read."""
    return parse_promtail_yml(read_text(path), str(path), environ=environ, files_checked=files_checked)
