"""The blocks of Loki's YAML about queries: querier, frontend, query_range, query_scheduler."""

from __future__ import annotations

from typing import Any, ClassVar

from watchkeeper.core.config.go_kinds import (
    HOUR_NS,
    MINUTE_NS,
    SECOND_NS,
    AcceptedBlock,
    Bytes,
    Nanoseconds,
    Words,
)
from watchkeeper.core.config.kinds import Boolean, Choice, Integer, Nested, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.logs.store.config_storage import CacheConfig
from watchkeeper.logs.store.limits_ingest import MIB


@section
class EngineConfig:
    """`querier.engine`."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {"timeout": "removed upstream; use limits_config.query_timeout"}

    max_look_back_period_ns: int = setting(Nanoseconds(), key="max_look_back_period", default=30 * SECOND_NS)
    max_count_min_sketch_heap_size: int = setting(Integer(), default=10_000)


@section
class QuerierConfig:
    """`querier`."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {
        "query_timeout": "removed upstream; use limits_config.query_timeout",
        "split_queries_by_interval": "stands elsewhere; use limits_config.split_queries_by_interval",
        "max_query_length": "stands elsewhere; use limits_config.max_query_length",
    }

    tail_max_duration_ns: int = setting(Nanoseconds(), key="tail_max_duration", default=HOUR_NS)
    extra_query_delay_ns: int = setting(Nanoseconds(), key="extra_query_delay", default=0)
    query_ingesters_within_ns: int = setting(Nanoseconds(), key="query_ingesters_within", default=3 * HOUR_NS)
    engine: EngineConfig = setting(Nested(EngineConfig), default_factory=EngineConfig)
    max_concurrent: int = setting(Integer(), default=4)
    query_store_only: bool = setting(Boolean(), default=False)
    query_ingester_only: bool = setting(Boolean(), default=False)
    multi_tenant_queries_enabled: bool = setting(Boolean(), default=False)
    per_request_limits_enabled: bool = setting(Boolean(), default=False)
    query_partition_ingesters: bool = setting(Boolean(), default=False)


@section
class FrontendConfig:
    """`frontend`: the queue before the querier. Nothing is refused for its length; queries wait for their turn."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {
        "address": "there is no such key here; watchkeeper has one process for all parts",
        "split_queries_by_interval": "stands elsewhere; use limits_config.split_queries_by_interval",
    }

    log_queries_longer_than_ns: int = setting(Nanoseconds(negative=True), key="log_queries_longer_than", default=0)
    log_query_request_headers: str = setting(Text(), default="")
    max_body_size: int = setting(Bytes(), default=10 * MIB)
    query_stats_enabled: bool = setting(Boolean(), default=False)
    max_outstanding_per_tenant: int = setting(Integer(), default=2048)
    querier_forget_delay_ns: int = setting(Nanoseconds(), key="querier_forget_delay", default=0)
    scheduler_address: str = setting(Text(), default="")
    scheduler_dns_lookup_period_ns: int = setting(
        Nanoseconds(), key="scheduler_dns_lookup_period", default=10 * SECOND_NS
    )
    scheduler_worker_concurrency: int = setting(Integer(), default=5)
    grpc_client_config: Any = setting(AcceptedBlock(), default=None)
    graceful_shutdown_timeout_ns: int = setting(Nanoseconds(), key="graceful_shutdown_timeout", default=5 * MINUTE_NS)
    instance_interface_names: tuple[str, ...] = setting(Words(), default=())
    instance_enable_ipv6: bool = setting(Boolean(), default=False)
    encoding: str = setting(Choice("json", "protobuf"), default="protobuf")
    compress_responses: bool = setting(Boolean(), default=True)
    downstream_url: str = setting(Text(), default="")
    tail_proxy_url: str = setting(Text(), default="")
    tail_tls_config: Any = setting(AcceptedBlock(), default=None)
    support_parquet_encoding: bool = setting(Boolean(), default=False)


@section
class ResultsCacheConfig:
    """Where results of one kind are cached."""

    cache: CacheConfig | None = setting(Nested(CacheConfig), default=None)
    compression: str = setting(Choice("", "snappy"), default="")


@section
class QueryRangeConfig:
    """`query_range`. Results are not cached: what was asked a moment ago is quick from the blocks kept in memory."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {
        "split_queries_by_interval": "removed upstream; use limits_config.split_queries_by_interval",
    }

    align_queries_with_step: bool = setting(Boolean(), default=False)
    results_cache: ResultsCacheConfig | None = setting(Nested(ResultsCacheConfig), default=None)
    cache_results: bool = setting(Boolean(), default=False)
    max_retries: int = setting(Integer(), default=5)
    parallelise_shardable_queries: bool = setting(Boolean(), default=True)
    shard_aggregations: tuple[str, ...] = setting(Words(), default=())
    cache_index_stats_results: bool = setting(Boolean(), default=True)
    index_stats_results_cache: ResultsCacheConfig | None = setting(Nested(ResultsCacheConfig), default=None)
    cache_volume_results: bool = setting(Boolean(), default=True)
    volume_results_cache: ResultsCacheConfig | None = setting(Nested(ResultsCacheConfig), default=None)
    cache_instant_metric_results: bool = setting(Boolean(), default=False)
    instant_metric_results_cache: ResultsCacheConfig | None = setting(Nested(ResultsCacheConfig), default=None)
    instant_metric_query_split_align: bool = setting(Boolean(), default=False)
    cache_series_results: bool = setting(Boolean(), default=True)
    series_results_cache: ResultsCacheConfig | None = setting(Nested(ResultsCacheConfig), default=None)
    cache_label_results: bool = setting(Boolean(), default=True)
    label_results_cache: ResultsCacheConfig | None = setting(Nested(ResultsCacheConfig), default=None)


@section
class QuerySchedulerConfig:
    """`query_scheduler`. Accepted, and without effect: nothing is refused for the length of a queue."""

    max_outstanding_requests_per_tenant: int = setting(Integer(), default=32_000)
    max_queue_hierarchy_levels: int = setting(Integer(), default=3)
    querier_forget_delay_ns: int = setting(Nanoseconds(), key="querier_forget_delay", default=0)
    grpc_client_config: Any = setting(AcceptedBlock(), default=None)
    use_scheduler_ring: bool = setting(Boolean(), default=False)
    scheduler_ring: Any = setting(AcceptedBlock(), default=None)
