"""Loki's YAML, the whole of what a single binary takes.

Lenient: keys that upstream has removed, moved or never had are warnings with their place and what to use instead.
Wrong types and impossible values are errors, all of the file at once. Blocks about parts that one process does not
need (rings, gRPC clients, remote caches) are accepted without effect.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, ClassVar, Final

from watchkeeper.core.config.decode import Load, SectionPlace, decode_partly
from watchkeeper.core.config.document import read_text
from watchkeeper.core.config.env import expand_braced
from watchkeeper.core.config.go_kinds import DAY_NS, Accepted, AcceptedBlock, Bytes, Nanoseconds, Words
from watchkeeper.core.config.kinds import Boolean, Nested, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.model.errors import ConfigProblem
from watchkeeper.logs.store.config_objects import ObjectStoreConfig
from watchkeeper.logs.store.config_pointers import pointer
from watchkeeper.logs.store.config_read import FrontendConfig, QuerierConfig, QueryRangeConfig, QuerySchedulerConfig
from watchkeeper.logs.store.config_server import AnalyticsConfig, OperationalConfig, RuntimeConfig, ServerConfig
from watchkeeper.logs.store.config_storage import ChunkStoreConfig, CommonConfig, SchemaConfig, StorageConfig
from watchkeeper.logs.store.config_upkeep import CompactorConfig, LocalRules, RemoteWriteSection, RulerConfig
from watchkeeper.logs.store.config_write import DistributorConfig, IngesterConfig, PatternIngesterConfig
from watchkeeper.logs.store.limits import Limits
from watchkeeper.logs.store.settings import StoreChoiceError, StoreSettings, chosen_objects, store_settings

TARGETS: Final = (
    "all",
    "read",
    "write",
    "backend",
    "bloom-builder",
    "bloom-gateway",
    "bloom-planner",
    "compactor",
    "distributor",
    "index-gateway",
    "ingest-limits",
    "ingest-limits-frontend",
    "ingester",
    "overrides-exporter",
    "partition-ingester",
    "pattern-ingester",
    "querier",
    "query-engine",
    "query-frontend",
    "query-scheduler",
    "ruler",
    "table-manager",
    "ui",
)
PUBLISHED_LIMITS: Final = (
    "discover_log_levels",
    "discover_service_name",
    "log_level_fields",
    "max_entries_limit_per_query",
    "max_line_size_truncate",
    "max_query_bytes_read",
    "max_query_length",
    "max_query_lookback",
    "max_query_range",
    "max_query_series",
    "metric_aggregation_enabled",
    "otlp_config",
    "pattern_persistence_enabled",
    "query_timeout",
    "retention_period",
    "retention_stream",
    "volume_enabled",
    "volume_max_series",
)
EMBEDDED_RETENTION_NS: Final = 10 * DAY_NS


@section
class RulerStorageConfig(ObjectStoreConfig):
    """`ruler_storage`: where rules are, in the new form."""

    backend: str = setting(Text(), default="filesystem")
    local: LocalRules = setting(Nested(LocalRules), default_factory=LocalRules)


@section
class LokiConfig:
    """The file with all defaults filled in.

    file       its name; empty for the embedded configuration
    warnings   what of it has no effect or should be written otherwise, in file order
    """

    UNSUPPORTED: ClassVar[dict[str, str]] = {
        "table_manager": "removed upstream; use compactor.retention_enabled with limits_config.retention_period",
        "limits": "there is no such key; use limits_config",
        "storage": "stands elsewhere; use common.storage or storage_config",
        "ingester_config": "there is no such key; use ingester",
        "queryrange": "there is no such key; use query_range",
        "query_frontend": "there is no such key; use frontend",
        "overrides": "stands elsewhere; overrides belong into the file that runtime_config.file names",
        "server_config": "there is no such key; use server",
    }

    target: str = setting(Text(), default="all", show=True)
    auth_enabled: bool = setting(Boolean(), default=True, show=True)
    ballast_bytes: int = setting(Bytes(), default=0)
    server: ServerConfig = setting(Nested(ServerConfig), default_factory=ServerConfig)
    common: CommonConfig = setting(Nested(CommonConfig), default_factory=CommonConfig)
    distributor: DistributorConfig = setting(Nested(DistributorConfig), default_factory=DistributorConfig)
    ingester: IngesterConfig = setting(Nested(IngesterConfig), default_factory=IngesterConfig)
    querier: QuerierConfig = setting(Nested(QuerierConfig), default_factory=QuerierConfig)
    frontend: FrontendConfig = setting(Nested(FrontendConfig), default_factory=FrontendConfig)
    query_range: QueryRangeConfig = setting(Nested(QueryRangeConfig), default_factory=QueryRangeConfig)
    query_scheduler: QuerySchedulerConfig = setting(Nested(QuerySchedulerConfig), default_factory=QuerySchedulerConfig)
    limits_config: Limits = setting(Nested(Limits), default_factory=Limits)
    storage_config: StorageConfig = setting(Nested(StorageConfig), default_factory=StorageConfig)
    schema_config: SchemaConfig = setting(Nested(SchemaConfig), default_factory=SchemaConfig)
    chunk_store_config: ChunkStoreConfig = setting(Nested(ChunkStoreConfig), default_factory=ChunkStoreConfig)
    compactor: CompactorConfig = setting(Nested(CompactorConfig), default_factory=CompactorConfig)
    ruler: RulerConfig = setting(Nested(RulerConfig), default_factory=RulerConfig)
    ruler_storage: RulerStorageConfig | None = setting(Nested(RulerStorageConfig), default=None)
    runtime_config: RuntimeConfig = setting(Nested(RuntimeConfig), default_factory=RuntimeConfig)
    pattern_ingester: PatternIngesterConfig = setting(
        Nested(PatternIngesterConfig), default_factory=PatternIngesterConfig
    )
    operational_config: OperationalConfig = setting(Nested(OperationalConfig), default_factory=OperationalConfig)
    analytics: AnalyticsConfig = setting(Nested(AnalyticsConfig), default_factory=AnalyticsConfig)
    tenant_limits_allow_publish: tuple[str, ...] = setting(Words(), default=PUBLISHED_LIMITS)
    shutdown_delay_ns: int = setting(Nanoseconds(), key="shutdown_delay", default=0)
    metrics_namespace: str = setting(Text(), default="loki")
    tracing: Any = setting(AcceptedBlock(), default=None)
    profiling: Any = setting(AcceptedBlock(), default=None)
    memberlist: Any = setting(AcceptedBlock(), default=None)
    ingester_client: Any = setting(AcceptedBlock(), default=None)
    frontend_worker: Any = setting(AcceptedBlock(), default=None)
    index_gateway: Any = setting(AcceptedBlock(), default=None)
    compactor_client: Any = setting(AcceptedBlock(), default=None)
    compactor_grpc_client: Any = setting(AcceptedBlock(), default=None)
    bloom_build: Any = setting(AcceptedBlock(), default=None)
    bloom_gateway: Any = setting(AcceptedBlock(), default=None)
    bloom_compactor: Any = setting(AcceptedBlock(), default=None)
    block_builder: Any = setting(AcceptedBlock(), default=None)
    block_scheduler: Any = setting(AcceptedBlock(), default=None)
    kafka_config: Any = setting(AcceptedBlock(), default=None)
    dataobj: Any = setting(AcceptedBlock(), default=None)
    query_engine: Any = setting(AcceptedBlock(), default=None)
    rate_service: Any = setting(AcceptedBlock(), default=None)
    rate_service_client: Any = setting(AcceptedBlock(), default=None)
    ingest_limits: Any = setting(AcceptedBlock(), default=None)
    ingest_limits_frontend: Any = setting(AcceptedBlock(), default=None)
    ingest_limits_frontend_client: Any = setting(AcceptedBlock(), default=None)
    internal_server: Any = setting(AcceptedBlock(), default=None)
    http_prefix: Any = setting(Accepted(), default=None)
    ui: Any = setting(AcceptedBlock(), default=None)
    file: str = field(default="")
    warnings: tuple[ConfigProblem, ...] = field(default=())

    def checked(self, at: SectionPlace) -> LokiConfig:
        """Reports targets that are none and stores that are not described; warns of retention without effect."""
        unknown = [name for name in self.target.split(",") if name.strip() not in TARGETS]
        if unknown:
            at.report("target", f'unrecognised module name: "{unknown[0].strip()}"')
        if not at.is_broken("schema_config", "storage_config", "common"):
            try:
                self._check_bucket(at)
            except StoreChoiceError as error:
                _report_below(at, error.path, str(error))
        limits = self.limits_config
        if (limits.retention_period_ns or limits.retention_stream) and not self.compactor.retention_enabled:
            key = "limits_config"
            at.warn(
                key, "retention_period and retention_stream have no effect until compactor.retention_enabled is true"
            )
        return self

    def _check_bucket(self, at: SectionPlace) -> None:
        objects = chosen_objects(self)
        name = getattr(objects, "bucket", getattr(objects, "container", None))
        if name == "":
            raise StoreChoiceError(
                ("storage_config",) if at.given("storage_config") else ("common", "storage"),
                "the object store has no bucket: set bucketnames (old form) or bucket_name (object_store)",
            )

    def store_settings(self, path: Path) -> StoreSettings:
        """What the store needs to know; it lives at `path` unless common.path_prefix says otherwise."""
        return store_settings(self, path)

    @property
    def runtime_files(self) -> tuple[Path, ...]:
        """The files of limits by tenant; relative ones are beside the configuration."""
        names = [name.strip() for name in self.runtime_config.file.split(",")]
        return tuple(Path(self.file).parent / name for name in names if name)

    @property
    def rules_directory(self) -> Path | None:
        """Where rule files of tenants are, if a folder is configured for them."""
        filesystem = self.common.storage.filesystem
        for name in (
            self.ruler.storage.local.directory,
            self.ruler_storage.local.directory if self.ruler_storage is not None else "",
            filesystem.rules_directory if filesystem is not None else "",
        ):
            if name:
                return Path(name)
        return None


def _report_below(at: SectionPlace, path: tuple[str, ...], message: str) -> None:
    """Report at the deepest key of a path that the file has."""
    entries, place = dict(at.entries), at.place
    for key in path:
        if key not in entries:
            break
        place = entries[key].value
        try:
            entries = place.entries()
        except ValueError:
            break
    place.load.report(place.node, ".".join(path), message)


def with_pointer(warning: ConfigProblem) -> ConfigProblem:
    """The warning of an unknown key with the place where the key belongs, if there is one."""
    found = pointer(LokiConfig, warning)
    return (
        warning if found is None else dataclasses.replace(warning, message=f"{warning.message}; it belongs to {found}")
    )


def parse_loki_yaml(
    text: str,
    file: str = "loki.yaml",
    *,
    expand_env: bool = False,
    environ: Mapping[str, str] | None = None,
    remote_write: type | None = None,
) -> LokiConfig:
    """The configuration in a text, with its warnings. Raises ConfigError with every problem of it.

    expand_env     replace `${VAR}` and `${VAR:default}` first
    environ        what they stand for; this process's environment if not given
    remote_write   the section that reads `ruler.remote_write`; without one its content is not checked
    """
    load = Load(file, lenient=True)
    load.share(RemoteWriteSection(remote_write))
    if expand_env:
        text = expand_braced(text, os.environ if environ is None else environ)
    made = decode_partly(LokiConfig, text, load)
    load.finish()
    assert isinstance(made, LokiConfig)
    warnings = sorted(with_pointer(warning) for warning in load.warnings)
    return dataclasses.replace(made, file=file, warnings=tuple(warnings))


def load_loki_config(
    path: Path | None,
    *,
    expand_env: bool = False,
    environ: Mapping[str, str] | None = None,
    remote_write: type | None = None,
) -> LokiConfig:
    """The configuration in a file, or the embedded one for None. Raises ConfigError, also where it can't be read."""
    if path is None:
        return embedded_config()
    text = read_text(path)
    return parse_loki_yaml(text, str(path), expand_env=expand_env, environ=environ, remote_write=remote_write)


def embedded_config(retention_ns: int = EMBEDDED_RETENTION_NS, retention_bytes: int = 0) -> LokiConfig:
    """What runs without a file: one machine, one tenant, nothing of the host's own logs refused.

    retention_ns     how long entries are kept; 0 for ever
    retention_bytes  the oldest segments go when all of them are larger; 0 for no such bound
    """
    limits = Limits(
        retention_period_ns=retention_ns,
        reject_old_samples_max_age_ns=retention_ns or EMBEDDED_RETENTION_NS,
        reject_old_samples=retention_ns > 0,
        ingestion_rate_mb=0.0,
        ingestion_burst_size_mb=0.0,
        per_stream_rate_limit=0,
        per_stream_rate_limit_burst=0,
        max_global_streams_per_user=0,
        max_line_size=0,
        max_label_names_per_series=30,
        max_query_series=10_000,
        max_query_length_ns=0,
        query_timeout_ns=120 * 1_000_000_000,
    )
    compactor = CompactorConfig(
        retention_enabled=True, delete_request_store="filesystem", retention_size=retention_bytes
    )
    return LokiConfig(
        auth_enabled=False,
        limits_config=limits,
        compactor=compactor,
    )
