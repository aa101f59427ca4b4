"""All limits of one tenant: `limits_config`, and each entry of `overrides`. Names and defaults are upstream's."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.go_kinds import DAY_NS, SECOND_NS, Accepted, Nanoseconds
from watchkeeper.core.config.kinds import Boolean, Choice, Integer, ListOf, Nested
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.logs.store.limits_query import QueryLimits
from watchkeeper.logs.store.limits_selector import Selector

DELETION_MODES: Final = ("disabled", "filter-only", "filter-and-delete")


@section
class RetentionStream:
    """How long streams of a selector are kept, where no other of a higher priority has them too."""

    selector: tuple[Matcher, ...] = setting(Selector())
    priority: int = setting(Integer(-(2**31)), default=0, show=True)
    period_ns: int = setting(Nanoseconds(positive=True), key="period")

    def checked(self, at: SectionPlace) -> RetentionStream:
        """Reports periods that upstream refuses."""
        if 0 < self.period_ns < DAY_NS:
            at.report("period", "retention period must be >= 24h")
        return self

    def matches(self, labels: Labels) -> bool:
        """Whether a stream of these labels is one of the selector's."""
        return all(matcher.matches(labels.get(matcher.name)) for matcher in self.selector)


@section
class Limits(QueryLimits):
    """Every limit. Sizes are bytes, durations nanoseconds (`…_ns`), times nanoseconds since 1970; 0 is no limit."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {
        "unordered_writes": "removed upstream and without effect: entries are taken in any order within retention",
        "allow_deletes": "removed upstream; use deletion_mode",
        "enforce_metric_name": "removed upstream and without effect: streams have no metric name",
        "per_tenant_override_config": "removed upstream; use runtime_config.file",
        "per_tenant_override_period": "removed upstream; use runtime_config.period",
        "max_entries_limit": "there is no such key; use max_entries_limit_per_query",
        "max_line_size_bytes": "there is no such key; use max_line_size",
        "ingestion_rate": "there is no such key; use ingestion_rate_mb",
        "ingestion_burst_size": "there is no such key; use ingestion_burst_size_mb",
        "ruler_evaluation_delay_duration": "removed upstream and without effect",
        "retention_enabled": "stands elsewhere; use compactor.retention_enabled",
        "chunk_retain_period": "stands elsewhere; use ingester.chunk_retain_period",
        "max_look_back_period": "removed upstream; use max_query_lookback",
    }

    ruler_max_rules_per_rule_group: int = setting(Integer(), default=0)
    ruler_max_rule_groups_per_tenant: int = setting(Integer(), default=0)
    ruler_tenant_shard_size: int = setting(Integer(), default=0)
    ruler_enable_wal_replay: bool = setting(Boolean(), default=True, show=True)
    ruler_remote_write_disabled: bool = setting(Boolean(), default=False)
    ruler_remote_write_url: Any = setting(Accepted(), default=None)
    ruler_remote_write_timeout_ns: int = setting(Nanoseconds(), key="ruler_remote_write_timeout", default=0)
    ruler_remote_write_headers: Any = setting(Accepted(), default=None)
    ruler_remote_write_relabel_configs: Any = setting(Accepted(), default=None)
    ruler_remote_write_queue_capacity: int = setting(Integer(), default=0)
    ruler_remote_write_queue_min_shards: int = setting(Integer(), default=0)
    ruler_remote_write_queue_max_shards: int = setting(Integer(), default=0)
    ruler_remote_write_queue_max_samples_per_send: int = setting(Integer(), default=0)
    ruler_remote_write_queue_batch_send_deadline_ns: int = setting(
        Nanoseconds(), key="ruler_remote_write_queue_batch_send_deadline", default=0
    )
    ruler_remote_write_queue_min_backoff_ns: int = setting(
        Nanoseconds(), key="ruler_remote_write_queue_min_backoff", default=0
    )
    ruler_remote_write_queue_max_backoff_ns: int = setting(
        Nanoseconds(), key="ruler_remote_write_queue_max_backoff", default=0
    )
    ruler_remote_write_queue_retry_on_ratelimit: bool = setting(Boolean(), default=False)
    ruler_remote_write_sigv4_config: Any = setting(Accepted(), default=None)
    ruler_remote_write_config: Any = setting(Accepted(), default=None)
    ruler_remote_evaluation_timeout_ns: int = setting(Nanoseconds(), key="ruler_remote_evaluation_timeout", default=0)
    ruler_remote_evaluation_max_response_size: int = setting(Integer(), default=0)
    ruler_alertmanager_config: Any = setting(Accepted(), default=None)
    deletion_mode: str = setting(Choice(*DELETION_MODES), default="filter-and-delete", show=True)
    compactor_deletion_enabled: bool = setting(Boolean(), default=False)
    retention_period_ns: int = setting(Nanoseconds(), key="retention_period", default=0, show=True)
    retention_stream: tuple[RetentionStream, ...] = setting(ListOf(Nested(RetentionStream)), default=())

    def checked(self, at: SectionPlace) -> Limits:
        """Reports a retention that upstream refuses, and a burst that no push could use."""
        if 0 < self.retention_period_ns < DAY_NS:
            at.report("retention_period", "retention period must be >= 24h")
        if self.ingestion_rate_mb > 0 and self.ingestion_burst_size_mb == 0:
            at.report("ingestion_burst_size_mb", "must not be 0: nothing could be ingested at all")
        if 0 < self.out_of_order_cutoff_ns < SECOND_NS:
            at.report("out_of_order_cutoff", "must be at least 1s, or 0 to take entries in any order")
        return self

    def retention_ns(self, labels: Labels) -> int:
        """How long entries of a stream are kept; 0 is forever.

        Of the rules that match, the highest priority counts, and of those of one priority the shortest period.
        """
        matching = [(-rule.priority, rule.period_ns) for rule in self.retention_stream if rule.matches(labels)]
        return min(matching)[1] if matching else self.retention_period_ns


DEFAULTS: Final = Limits()
"""Upstream's defaults."""

WITHOUT_EFFECT: Final = (
    "ingestion_rate_strategy",
    "simulated_push_latency",
    "enable_multi_variant_queries",
    "discover_generic_fields",
    "use_owned_stream_count",
    "shard_streams",
    "ingestion_partitions_tenant_shard_size",
    "pattern_ingester_tokenizable_json_fields_default",
    "pattern_ingester_tokenizable_json_fields_append",
    "pattern_ingester_tokenizable_json_fields_delete",
    "metric_aggregation_enabled",
    "pattern_persistence_enabled",
    "pattern_persistence_granularity",
    "pattern_rate_threshold",
    "s3_sse_type",
    "s3_sse_kms_key_id",
    "s3_sse_kms_encryption_context",
    "max_chunks_per_query",
    "max_query_parallelism",
    "tsdb_max_query_parallelism",
    "tsdb_max_bytes_per_shard",
    "tsdb_sharding_strategy",
    "tsdb_precompute_chunks",
    "cardinality_limit",
    "max_cache_freshness_per_query",
    "max_metadata_cache_freshness",
    "max_stats_cache_freshness",
    "max_queriers_per_tenant",
    "max_query_capacity",
    "query_ready_index_num_days",
    "split_metadata_queries_by_interval",
    "split_recent_metadata_queries_by_interval",
    "recent_metadata_query_window",
    "split_instant_metric_queries_by_interval",
    "engine_results_cache_time_bucket_interval",
    "split_ingester_queries_by_interval",
    "min_sharding_lookback",
    "max_querier_bytes_read",
    "shard_aggregations",
    "index_gateway_shard_size",
    "index_gateway_max_capacity",
    "bloom_gateway_enable_filtering",
    "bloom_build_max_builders",
    "bloom_build_task_max_retries",
    "bloom_build_builder_response_timeout",
    "bloom_creation_enabled",
    "bloom_planning_strategy",
    "bloom_split_series_keyspace_by",
    "bloom_task_target_series_chunk_size",
    "bloom_block_encoding",
    "bloom_prefetch_blocks",
    "bloom_max_block_size",
    "bloom_max_bloom_size",
    "max_scan_task_parallelism",
    "debug_engine_tasks",
    "debug_engine_streams",
    "ruler_tenant_shard_size",
    "ruler_enable_wal_replay",
    "ruler_remote_write_url",
    "ruler_remote_write_timeout",
    "ruler_remote_write_headers",
    "ruler_remote_write_relabel_configs",
    "ruler_remote_write_queue_capacity",
    "ruler_remote_write_queue_min_shards",
    "ruler_remote_write_queue_max_shards",
    "ruler_remote_write_queue_max_samples_per_send",
    "ruler_remote_write_queue_batch_send_deadline",
    "ruler_remote_write_queue_min_backoff",
    "ruler_remote_write_queue_max_backoff",
    "ruler_remote_write_queue_retry_on_ratelimit",
    "ruler_remote_write_sigv4_config",
    "ruler_remote_write_config",
    "ruler_remote_evaluation_timeout",
    "ruler_remote_evaluation_max_response_size",
    "ruler_alertmanager_config",
    "compactor_deletion_enabled",
)
"""Keys that are accepted and change nothing: about splitting work over machines, caches of results, experiments."""
