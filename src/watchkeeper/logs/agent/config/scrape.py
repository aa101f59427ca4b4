"""One of `scrape_configs`: a source, the labels of its targets, and the stages that its lines go through."""

from __future__ import annotations

import codecs
import dataclasses
from typing import ClassVar, Final

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Boolean, Choice, ListOf, Nested, Text
from watchkeeper.core.config.schema import Inline, section, setting
from watchkeeper.core.relabel import RelabelConfig
from watchkeeper.logs.agent.config.discovery import AgentDiscoveryConfigs
from watchkeeper.logs.agent.config.kinds import GoDuration
from watchkeeper.logs.agent.config.sources import GelfConfig, JournalConfig, PushConfig, SyslogConfig
from watchkeeper.logs.agent.stages.table import StageKind, StageSetting

FORMATS: Final = ("gz", "bz2", "z")
SOURCES: Final = ("journal", "syslog", "loki_push_api", "gelf")


def check_encoding(name: str) -> None:
    """Raises ValueError for an encoding that nobody knows."""
    try:
        codecs.lookup(name)
    except LookupError:
        raise ValueError(f'"{name}" is not the name of an encoding, such as utf-16le or iso-8859-1') from None


@section
class DecompressionConfig:
    """Files that are compressed: read once from start to end, and not followed."""

    enabled: bool = setting(Boolean(), default=False)
    initial_delay_ns: int = setting(GoDuration(), key="initial_delay", default=0)
    format: str = setting(Choice(*FORMATS), default="")

    def checked(self, at: SectionPlace) -> DecompressionConfig:
        """Reports a missing format."""
        if self.enabled and not self.format:
            at.report("format", f"must be one of {', '.join(FORMATS)} where decompression is enabled")
        return self


@section
class ScrapeConfig:
    """One job."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {
        "gcplog": "not supported by watchkeeper: a cloud service; let a subscriber push to loki_push_api",
        "azure_event_hubs": "not supported by watchkeeper: a cloud service; send its logs to loki_push_api or syslog",
        "kafka": "not supported by watchkeeper; let a Kafka consumer such as Fluent Bit push to loki_push_api",
        "cloudflare": "not supported by watchkeeper: a cloud service; let Logpush send to loki_push_api",
        "heroku_drain": "not supported by watchkeeper: a cloud service; let its drain send to syslog over TLS",
        "windows_events": "not supported by watchkeeper: no event log on this system; let a Windows agent push to it",
        "pipeline": "an old form; write pipeline_stages",
        "entry_parser": "an old form; write a stage such as docker or cri in pipeline_stages",
    }

    job_name: str = setting(Text(filled=True))
    pipeline_stages: tuple[StageSetting, ...] = setting(ListOf(StageKind()), default=())
    relabel_configs: tuple[RelabelConfig, ...] = setting(ListOf(Nested(RelabelConfig)), default=())
    encoding: str = setting(Text(check_encoding), default="")
    decompression: DecompressionConfig = setting(Nested(DecompressionConfig), default_factory=DecompressionConfig)
    journal: JournalConfig | None = setting(Nested(JournalConfig), default=None)
    syslog: SyslogConfig | None = setting(Nested(SyslogConfig), default=None)
    loki_push_api: PushConfig | None = setting(Nested(PushConfig), default=None)
    gelf: GelfConfig | None = setting(Nested(GelfConfig), default=None)
    discovery: AgentDiscoveryConfigs = setting(Inline(AgentDiscoveryConfigs), default_factory=AgentDiscoveryConfigs)

    def checked(self, at: SectionPlace) -> ScrapeConfig:
        """Reports a name that another job has."""
        problem = f'found multiple scrape configs with job name "{self.job_name}"'
        at.claim("agent scrape config", "job_name", self.job_name, problem)
        return self

    @property
    def reads_nothing(self) -> bool:
        """Whether it names no source: only its stages are of use then, to lines from standard input."""
        if any(getattr(self, source) is not None for source in SOURCES):
            return False
        return not any(getattr(self.discovery, item.name) for item in dataclasses.fields(self.discovery))
