"""The whole of prometheus.yml, composed of the sections that its parts own."""

from __future__ import annotations

import dataclasses
import glob
import re
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Final

from watchkeeper.core.config.decode import Load, SectionPlace, decode_partly
from watchkeeper.core.config.document import read_text
from watchkeeper.core.config.kinds import (
    Boolean,
    Choice,
    Duration,
    FilePath,
    Integer,
    ListOf,
    MapOf,
    Nested,
    Number,
    SecretKind,
    Size,
    Text,
)
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.config.secret import Secret
from watchkeeper.core.http.config import TLSConfig
from watchkeeper.core.model.errors import ConfigError
from watchkeeper.metrics.remote.config import RemoteReadConfig, RemoteWriteConfig
from watchkeeper.metrics.scrape.config import GlobalConfig, ScrapeConfig
from watchkeeper.rules.send.config import AlertingConfig

_FILE_PATTERN: Final = re.compile(r"[^*]*(\*[^/]*)?")

TRANSLATION_STRATEGIES: Final = (
    "UnderscoreEscapingWithSuffixes",
    "NoUTF8EscapingWithSuffixes",
    "UnderscoreEscapingWithoutSuffixes",
    "NoTranslation",
)


def _pattern_check(what: str) -> Callable[[str], None]:
    def check(text: str) -> None:
        if not _FILE_PATTERN.fullmatch(text):
            raise ValueError(f'invalid {what} path "{text}"')

    return check


@section
class RuntimeConfig:
    """Settings of Go's runtime, accepted and without effect here."""

    gogc: int = setting(Integer(-1), default=75)


@section
class RetentionConfig:
    """How much is kept; None and zero leave it to the flags."""

    time_ms: int | None = setting(Duration(), key="time", default=None)
    size_bytes: int = setting(Size(), key="size", default=0)
    percentage: float = setting(Number(0, 100), default=0.0)


@section
class ChunkEncodingConfig:
    """Accepted and without effect: the store chooses the encoding of each column itself."""

    floats: str = setting(Choice("xor", "xor2"), default="xor")


@section
class TSDBConfig:
    """The store's settings that a reload can change."""

    out_of_order_time_window_ms: int = setting(Duration(), key="out_of_order_time_window", default=0)
    stale_series_compaction_threshold: float = setting(Number(0, 1), default=0.0)
    chunk_encoding: ChunkEncodingConfig | None = setting(Nested(ChunkEncodingConfig), default=None)
    retention: RetentionConfig = setting(Nested(RetentionConfig), default_factory=RetentionConfig)


@section
class ExemplarsConfig:
    """The ring of recent exemplars."""

    max_exemplars: int = setting(Integer(-1), default=100_000)


@section
class StorageConfig:
    """What the store is told."""

    tsdb: TSDBConfig = setting(Nested(TSDBConfig), default_factory=TSDBConfig)
    exemplars: ExemplarsConfig = setting(Nested(ExemplarsConfig), default_factory=ExemplarsConfig)


@section
class TracingConfig:
    """Where traces of this program would go."""

    client_type: str = setting(Choice("grpc", "http"), default="grpc")
    endpoint: str = setting(Text(), default="")
    sampling_fraction: float = setting(Number(0, 1), default=0.0)
    insecure: bool = setting(Boolean(), default=False)
    tls_config: TLSConfig | None = setting(Nested(TLSConfig), default=None)
    headers: dict[str, Secret] = setting(MapOf(SecretKind()), default_factory=dict)
    compression: str = setting(Choice("gzip"), default="")
    timeout_ms: int = setting(Duration(), key="timeout", default=10_000)

    def checked(self, at: SectionPlace) -> TracingConfig:
        """Reports a missing endpoint, and headers that have their own settings."""
        if not self.endpoint:
            at.report("endpoint", "tracing endpoint must be set")
        if any(name.lower() == "authorization" for name in self.headers):
            at.report("headers", "custom authorization header configuration is not yet supported")
        return self


@section
class OTLPConfig:
    """How OpenTelemetry's metrics become series."""

    promote_all_resource_attributes: bool = setting(Boolean(), default=False)
    promote_resource_attributes: tuple[str, ...] = setting(ListOf(Text(filled=True)), default=())
    ignore_resource_attributes: tuple[str, ...] = setting(ListOf(Text(filled=True)), default=())
    translation_strategy: str = setting(Choice(*TRANSLATION_STRATEGIES), default=TRANSLATION_STRATEGIES[0])
    keep_identifying_resource_attributes: bool = setting(Boolean(), default=False)
    convert_histograms_to_nhcb: bool = setting(Boolean(), default=False)
    promote_scope_metadata: bool = setting(Boolean(), default=False)
    label_name_underscore_sanitization: bool = setting(Boolean(), default=True)
    label_name_preserve_multiple_underscores: bool = setting(Boolean(), default=True)

    def checked(self, at: SectionPlace) -> OTLPConfig:
        """Reports settings that exclude or need each other."""
        if self.promote_all_resource_attributes and self.promote_resource_attributes:
            problem = "'promote_all_resource_attributes' and 'promote_resource_attributes' "
            problem += "cannot be configured simultaneously"
            at.report("promote_resource_attributes", problem)
        if self.ignore_resource_attributes and not self.promote_all_resource_attributes:
            problem = (
                "'ignore_resource_attributes' cannot be configured unless 'promote_all_resource_attributes' is true"
            )
            at.report("ignore_resource_attributes", problem)
        for key in ("promote_resource_attributes", "ignore_resource_attributes"):
            names = getattr(self, key)
            for name in sorted({name for name in names if names.count(name) > 1}):
                at.report(key, f'duplicated attribute "{name}"')
        legacy = at.load.shared(GlobalConfig).metric_name_validation_scheme == "legacy"
        if legacy and self.translation_strategy in ("NoUTF8EscapingWithSuffixes", "NoTranslation"):
            problem = f'OTLP translation strategy "{self.translation_strategy}" is not allowed when UTF8 is disabled'
            at.report("translation_strategy", problem)
        return self


@section
class _ScrapeConfigFile:
    """A file that `scrape_config_files` names."""

    scrape_configs: tuple[ScrapeConfig, ...] = setting(ListOf(Nested(ScrapeConfig)), default=())


@section
class PrometheusConfig:
    """prometheus.yml with all defaults filled in.

    file_scrape_configs   the jobs of `scrape_config_files`, in order of file name
    """

    global_: GlobalConfig = setting(Nested(GlobalConfig), key="global", default_factory=GlobalConfig)
    runtime: RuntimeConfig = setting(Nested(RuntimeConfig), default_factory=RuntimeConfig)
    alerting: AlertingConfig = setting(Nested(AlertingConfig), default_factory=AlertingConfig)
    rule_files: tuple[str, ...] = setting(ListOf(FilePath(_pattern_check("rule file"))), default=())
    scrape_config_files: tuple[str, ...] = setting(ListOf(FilePath(_pattern_check("scrape config file"))), default=())
    scrape_configs: tuple[ScrapeConfig, ...] = setting(ListOf(Nested(ScrapeConfig)), default=())
    storage: StorageConfig = setting(Nested(StorageConfig), default_factory=StorageConfig)
    tracing: TracingConfig | None = setting(Nested(TracingConfig), default=None)
    remote_write: tuple[RemoteWriteConfig, ...] = setting(ListOf(Nested(RemoteWriteConfig)), default=())
    remote_read: tuple[RemoteReadConfig, ...] = setting(ListOf(Nested(RemoteReadConfig)), default=())
    otlp: OTLPConfig = setting(Nested(OTLPConfig), default_factory=OTLPConfig)
    file_scrape_configs: tuple[ScrapeConfig, ...] = field(default=())

    def checked(self, at: SectionPlace) -> PrometheusConfig:
        """With the jobs of other files loaded; their problems join this file's."""
        global_ = self.global_
        if global_.metric_name_escaping_scheme == "":
            # The file has no `global` block, so nothing filled this in.
            global_ = dataclasses.replace(global_, metric_name_escaping_scheme="allow-utf-8")
        jobs: list[ScrapeConfig] = []
        for pattern in self.scrape_config_files:
            for path in sorted(glob.glob(pattern)):
                load = at.load.included(path)
                try:
                    made = decode_partly(_ScrapeConfigFile, read_text(Path(path)), load)
                except ConfigError as error:
                    at.load.problems.extend(error.problems)
                    continue
                if made:
                    assert isinstance(made, _ScrapeConfigFile)
                    jobs.extend(made.scrape_configs)
        return dataclasses.replace(self, global_=global_, file_scrape_configs=tuple(jobs))

    @property
    def jobs(self) -> tuple[ScrapeConfig, ...]:
        """All scrape configurations."""
        return self.scrape_configs + self.file_scrape_configs

    @property
    def rule_paths(self) -> tuple[str, ...]:
        """The rule files that exist now, sorted, each once."""
        return tuple(sorted({path for pattern in self.rule_files for path in glob.glob(pattern)}))


def parse_prometheus_yml(
    text: str,
    file: str = "prometheus.yml",
    *,
    base_dir: Path | None = None,
    environ: Mapping[str, str] | None = None,
    files_checked: bool = False,
) -> PrometheusConfig:
    """The configuration in a text. Raises ConfigError with every problem of it and of the files it includes.

    base_dir        what relative paths are relative to; the directory of `file` if not given
    environ         what `$VAR` in external labels stands for
    files_checked   whether certificates and credential files must exist
    """
    load = Load(file, base_dir=base_dir, environ=environ, files_checked=files_checked)
    made = decode_partly(PrometheusConfig, text, load)
    load.finish()
    assert isinstance(made, PrometheusConfig)
    return made


def load_prometheus_yml(
    path: Path, *, environ: Mapping[str, str] | None = None, files_checked: bool = False
) -> PrometheusConfig:
    """The configuration in a file. Raises ConfigError, also where the file can't be read."""
    return parse_prometheus_yml(read_text(path), str(path), environ=environ, files_checked=files_checked)
