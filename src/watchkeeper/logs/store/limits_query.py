"""What a tenant may ask: the part of `limits_config` that queries are measured by."""

from __future__ import annotations

from typing import Any, Final

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.go_kinds import DAY_NS, HOUR_NS, MINUTE_NS, Accepted, Bytes, Nanoseconds, Words
from watchkeeper.core.config.kinds import Boolean, Choice, Expression, Integer, ListOf, MapOf, Nested, Number, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.logs.store.limits_ingest import MIB, IngestLimits

GIB: Final = 1024 * MIB
QUERY_TYPES: Final = ("filter", "limited", "metric")


@section
class BlockedQuery:
    """Queries that are refused: those of this text or pattern, of these types."""

    pattern: str = setting(Text(), default="")
    regex: bool = setting(Boolean(), default=False)
    hash: int = setting(Integer(0, 2**32 - 1), default=0)
    types: tuple[str, ...] = setting(ListOf(Choice(*QUERY_TYPES)), default=())
    query_tags: dict[str, str] = setting(MapOf(Text()), default_factory=dict)

    def checked(self, at: SectionPlace) -> BlockedQuery:
        """Reports a pattern that is to be an expression and is none."""
        entry = at.entries.get("pattern")
        if self.regex and entry is not None and not at.is_broken("pattern"):
            entry.value.read(Expression())
        return self


@section
class QueryLimits(IngestLimits):
    """Limits of queries. Sizes are bytes, durations nanoseconds; 0 is no limit."""

    max_chunks_per_query: int = setting(Integer(), default=2_000_000)
    max_query_series: int = setting(Integer(), default=500)
    max_query_lookback_ns: int = setting(Nanoseconds(), key="max_query_lookback", default=0)
    max_query_length_ns: int = setting(Nanoseconds(), key="max_query_length", default=30 * DAY_NS + HOUR_NS)
    max_query_range_ns: int = setting(Nanoseconds(), key="max_query_range", default=0)
    max_query_parallelism: int = setting(Integer(), default=32)
    tsdb_max_query_parallelism: int = setting(Integer(), default=128)
    tsdb_max_bytes_per_shard: int = setting(Bytes(), default=600 * MIB)
    tsdb_sharding_strategy: str = setting(Choice("power_of_two", "bounded"), default="power_of_two")
    tsdb_precompute_chunks: bool = setting(Boolean(), default=False)
    cardinality_limit: int = setting(Integer(), default=100_000)
    max_streams_matchers_per_query: int = setting(Integer(), default=1000)
    max_concurrent_tail_requests: int = setting(Integer(), default=10)
    max_entries_limit_per_query: int = setting(Integer(), default=5000)
    max_cache_freshness_per_query_ns: int = setting(
        Nanoseconds(), key="max_cache_freshness_per_query", default=10 * MINUTE_NS
    )
    max_metadata_cache_freshness_ns: int = setting(Nanoseconds(), key="max_metadata_cache_freshness", default=DAY_NS)
    max_stats_cache_freshness_ns: int = setting(Nanoseconds(), key="max_stats_cache_freshness", default=10 * MINUTE_NS)
    max_queriers_per_tenant: int = setting(Integer(), default=0)
    max_query_capacity: float = setting(Number(0, 1), default=0.0)
    query_ready_index_num_days: int = setting(Integer(), default=0)
    query_timeout_ns: int = setting(Nanoseconds(), key="query_timeout", default=MINUTE_NS)
    split_queries_by_interval_ns: int = setting(Nanoseconds(), key="split_queries_by_interval", default=HOUR_NS)
    split_metadata_queries_by_interval_ns: int = setting(
        Nanoseconds(), key="split_metadata_queries_by_interval", default=DAY_NS
    )
    split_recent_metadata_queries_by_interval_ns: int = setting(
        Nanoseconds(), key="split_recent_metadata_queries_by_interval", default=HOUR_NS
    )
    recent_metadata_query_window_ns: int = setting(Nanoseconds(), key="recent_metadata_query_window", default=0)
    split_instant_metric_queries_by_interval_ns: int = setting(
        Nanoseconds(), key="split_instant_metric_queries_by_interval", default=HOUR_NS
    )
    engine_results_cache_time_bucket_interval_ns: int = setting(
        Nanoseconds(), key="engine_results_cache_time_bucket_interval", default=DAY_NS
    )
    split_ingester_queries_by_interval_ns: int = setting(
        Nanoseconds(), key="split_ingester_queries_by_interval", default=0
    )
    min_sharding_lookback_ns: int = setting(Nanoseconds(), key="min_sharding_lookback", default=0)
    max_query_bytes_read: int = setting(Bytes(), default=0)
    max_querier_bytes_read: int = setting(Bytes(), default=150 * GIB)
    volume_enabled: bool = setting(Boolean(), default=True, show=True)
    volume_max_series: int = setting(Integer(), default=1000)
    blocked_queries: tuple[BlockedQuery, ...] = setting(ListOf(Nested(BlockedQuery)), default=())
    required_labels: tuple[str, ...] = setting(Words(), default=())
    minimum_labels_number: int = setting(Integer(), default=0)
    shard_aggregations: tuple[str, ...] = setting(Words(), default=())
    index_gateway_shard_size: int = setting(Integer(), default=0)
    index_gateway_max_capacity: float = setting(Number(0, 1), default=1.0)
    bloom_gateway_enable_filtering: bool = setting(Boolean(), default=False)
    bloom_build_max_builders: int = setting(Integer(), default=0)
    bloom_build_task_max_retries: int = setting(Integer(), default=3)
    bloom_build_builder_response_timeout_ns: int = setting(
        Nanoseconds(), key="bloom_build_builder_response_timeout", default=0
    )
    bloom_creation_enabled: bool = setting(Boolean(), default=False)
    bloom_planning_strategy: str = setting(
        Choice("split_keyspace_by_factor", "split_by_series_chunks_size"), default="split_keyspace_by_factor"
    )
    bloom_split_series_keyspace_by: int = setting(Integer(), default=256)
    bloom_task_target_series_chunk_size: int = setting(Bytes(), default=20 * GIB)
    bloom_block_encoding: str = setting(Text(), default="none")
    bloom_prefetch_blocks: bool = setting(Boolean(), default=False)
    bloom_max_block_size: int = setting(Bytes(), default=200 * MIB)
    bloom_max_bloom_size: int = setting(Bytes(), default=128 * MIB)
    max_scan_task_parallelism: int = setting(Integer(), default=0)
    debug_engine_tasks: Any = setting(Accepted(), default=False)
    debug_engine_streams: Any = setting(Accepted(), default=False)
