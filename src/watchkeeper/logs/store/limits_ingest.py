"""What of a tenant is taken in: the part of `limits_config` that pushes are measured by."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.go_kinds import HOUR_NS, MINUTE_NS, Accepted, Bytes, Moment, Nanoseconds, Words
from watchkeeper.core.config.kinds import Boolean, Choice, Expression, Integer, ListOf, MapOf, Nested, Number, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.logs.lines.levels import JSON_DEPTH, LEVEL_FIELDS
from watchkeeper.logs.store.limits_selector import Selector

KIB: Final = 1024
MIB: Final = 1024 * KIB

SERVICE_NAME_LABELS: Final = (
    "service",
    "app",
    "application",
    "app_name",
    "name",
    "app_kubernetes_io_name",
    "container",
    "container_name",
    "k8s_container_name",
    "component",
    "workload",
    "job",
    "k8s_job_name",
)


@section
class ShardStreams:
    """Splitting of busy streams: accepted, and without effect, as one stream may be as busy as the machine allows."""

    enabled: bool = setting(Boolean(), default=True)
    time_sharding_enabled: bool = setting(Boolean(), default=False)
    time_sharding_ignore_recent_ns: int = setting(
        Nanoseconds(), key="time_sharding_ignore_recent", default=40 * MINUTE_NS
    )
    logging_enabled: bool = setting(Boolean(), default=False)
    desired_rate: int = setting(Bytes(), default=1536 * KIB)


@section
class DiscoverGenericFields:
    """Fields to be lifted into structured metadata."""

    fields: dict[str, tuple[str, ...]] = setting(MapOf(Words()), default_factory=dict)


@section
class AttributesConfig:
    """What becomes of OpenTelemetry attributes, by name or by pattern."""

    action: str = setting(Choice("index_label", "structured_metadata", "drop"), default="structured_metadata")
    attributes: tuple[str, ...] = setting(Words(), default=())
    regex: str = setting(Expression(), default="")

    def checked(self, at: SectionPlace) -> AttributesConfig:
        """Reports attributes that are named in two ways, or in none."""
        if self.attributes and self.regex:
            at.report("regex", "set either attributes or regex, not both", involves=("attributes",))
        if not self.attributes and not self.regex:
            at.report("attributes", "set attributes or regex", involves=("regex",))
        return self


@section
class ResourceAttributes:
    """What becomes of the attributes of OpenTelemetry resources."""

    ignore_defaults: bool = setting(Boolean(), default=False)
    attributes_config: tuple[AttributesConfig, ...] = setting(ListOf(Nested(AttributesConfig)), default=())


@section
class OtlpLimits:
    """How OpenTelemetry logs become streams."""

    resource_attributes: ResourceAttributes = setting(Nested(ResourceAttributes), default_factory=ResourceAttributes)
    scope_attributes: tuple[AttributesConfig, ...] = setting(ListOf(Nested(AttributesConfig)), default=())
    log_attributes: tuple[AttributesConfig, ...] = setting(ListOf(Nested(AttributesConfig)), default=())
    severity_text_as_label: bool = setting(Boolean(), default=False)


@section
class PriorityStream:
    """A selector of streams; the highest priority counts."""

    selector: tuple[Matcher, ...] = setting(Selector())
    priority: int = setting(Integer(-(2**31)), default=0)


@section
class IngestLimits:
    """Limits of what is pushed. Sizes are bytes, durations nanoseconds, times nanoseconds since 1970; 0 is no limit."""

    ingestion_rate_strategy: str = setting(Choice("global", "local"), default="global")
    ingestion_rate_mb: float = setting(Number(0), default=4.0)
    ingestion_burst_size_mb: float = setting(Number(0), default=6.0)
    max_label_name_length: int = setting(Integer(), default=1024)
    max_label_value_length: int = setting(Integer(), default=2048)
    max_label_names_per_series: int = setting(Integer(), default=15)
    reject_old_samples: bool = setting(Boolean(), default=True, show=True)
    reject_old_samples_max_age_ns: int = setting(
        Nanoseconds(), key="reject_old_samples_max_age", default=7 * 24 * HOUR_NS
    )
    creation_grace_period_ns: int = setting(Nanoseconds(), key="creation_grace_period", default=10 * MINUTE_NS)
    max_line_size: int = setting(Bytes(), default=256 * KIB)
    max_line_size_truncate: bool = setting(Boolean(), default=False)
    max_line_size_truncate_identifier: str = setting(Text(), default="")
    increment_duplicate_timestamp: bool = setting(Boolean(), default=False)
    simulated_push_latency_ns: int = setting(Nanoseconds(), key="simulated_push_latency", default=0)
    enable_multi_variant_queries: bool = setting(Boolean(), default=False)
    discover_generic_fields: DiscoverGenericFields = setting(
        Nested(DiscoverGenericFields), default_factory=DiscoverGenericFields
    )
    discover_service_name: tuple[str, ...] = setting(Words(), default=SERVICE_NAME_LABELS)
    discover_log_levels: bool = setting(Boolean(), default=True, show=True)
    log_level_fields: tuple[str, ...] = setting(Words(), default=LEVEL_FIELDS)
    log_level_from_json_max_depth: int = setting(Integer(-1), default=JSON_DEPTH)
    use_owned_stream_count: bool = setting(Boolean(), default=False)
    max_streams_per_user: int = setting(Integer(), default=0)
    max_global_streams_per_user: int = setting(Integer(), default=5000)
    per_stream_rate_limit: int = setting(Bytes(), default=3 * MIB)
    per_stream_rate_limit_burst: int = setting(Bytes(), default=15 * MIB)
    shard_streams: ShardStreams = setting(Nested(ShardStreams), default_factory=ShardStreams)
    allow_structured_metadata: bool = setting(Boolean(), default=True, show=True)
    max_structured_metadata_size: int = setting(Bytes(), default=64 * KIB)
    max_structured_metadata_entries_count: int = setting(Integer(), default=128)
    otlp_config: OtlpLimits = setting(Nested(OtlpLimits), default_factory=OtlpLimits)
    block_ingestion_policy_until_ns: dict[str, int] = setting(
        MapOf(Moment()), key="block_ingestion_policy_until", default_factory=dict
    )
    block_ingestion_until_ns: int = setting(Moment(), key="block_ingestion_until", default=0)
    block_ingestion_status_code: int = setting(Integer(200, 599), default=260)
    enforced_labels: tuple[str, ...] = setting(Words(), default=())
    policy_enforced_labels: dict[str, tuple[str, ...]] = setting(MapOf(Words()), default_factory=dict)
    policy_stream_mapping: dict[str, tuple[PriorityStream, ...]] = setting(
        MapOf(ListOf(Nested(PriorityStream))), default_factory=dict
    )
    ingestion_partitions_tenant_shard_size: int = setting(Integer(), default=0)
    pattern_ingester_tokenizable_json_fields_default: tuple[str, ...] = setting(
        Words(), default=("log", "message", "msg", "msg_", "_msg", "content")
    )
    pattern_ingester_tokenizable_json_fields_append: tuple[str, ...] = setting(Words(), default=())
    pattern_ingester_tokenizable_json_fields_delete: tuple[str, ...] = setting(Words(), default=())
    metric_aggregation_enabled: bool = setting(Boolean(), default=False)
    pattern_persistence_enabled: bool = setting(Boolean(), default=False)
    pattern_persistence_granularity_ns: int = setting(Nanoseconds(), key="pattern_persistence_granularity", default=0)
    pattern_rate_threshold: float = setting(Number(0), default=1.0)
    s3_sse_type: str = setting(Accepted(), default="")
    s3_sse_kms_key_id: str = setting(Accepted(), default="")
    s3_sse_kms_encryption_context: str = setting(Accepted(), default="")
    # Our own: how far an entry may be behind its stream's newest. Upstream's figure would be 1h (max_chunk_age / 2).
    out_of_order_cutoff_ns: int = setting(Nanoseconds(), key="out_of_order_cutoff", default=0)

    @property
    def ingestion_rate_bytes(self) -> float:
        """Bytes that a tenant may push in a second; 0 is no limit."""
        return self.ingestion_rate_mb * MIB

    @property
    def ingestion_burst_bytes(self) -> float:
        """Bytes that a tenant may push at once."""
        return self.ingestion_burst_size_mb * MIB

    @property
    def max_streams(self) -> int:
        """Active streams that a tenant may have: the lower of the two limits that are set; 0 is no limit."""
        return min(
            (limit for limit in (self.max_streams_per_user, self.max_global_streams_per_user) if limit), default=0
        )
