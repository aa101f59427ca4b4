"""The blocks of Loki's YAML about its parts: server, ingester, querier, query front end, compactor, ruler, …"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.go_kinds import (
    DAY_NS,
    HOUR_NS,
    MINUTE_NS,
    SECOND_NS,
    Accepted,
    AcceptedBlock,
    Bytes,
    Nanoseconds,
    Words,
)
from watchkeeper.core.config.kinds import Boolean, Choice, Integer, ListOf, MapOf, Nested, Number, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.relabel import RelabelConfig
from watchkeeper.logs.store.config_objects import AzureConfig, GcsConfig, S3Config
from watchkeeper.logs.store.config_storage import CacheConfig
from watchkeeper.logs.store.limits_ingest import MIB, PriorityStream

ENCODINGS: Final = ("none", "gzip", "lz4-64k", "snappy", "lz4-256k", "lz4-1M", "lz4", "flate", "zstd")
OTLP_INDEX_LABELS: Final = (
    "service.name",
    "service.namespace",
    "service.instance.id",
    "deployment.environment",
    "deployment.environment.name",
    "cloud.region",
    "cloud.availability_zone",
    "k8s.cluster.name",
    "k8s.namespace.name",
    "k8s.pod.name",
    "k8s.container.name",
    "container.name",
    "k8s.replicaset.name",
    "k8s.deployment.name",
    "k8s.statefulset.name",
    "k8s.daemonset.name",
    "k8s.cronjob.name",
    "k8s.job.name",
)


@section
class ServerConfig:
    """`server`: ports and timeouts. Where it listens is said by flags; a port or address here is a default for them."""

    http_listen_network: str = setting(Text(), default="tcp")
    http_listen_address: str = setting(Text(), default="")
    http_listen_port: int = setting(Integer(0, 65535), default=3100)
    http_listen_conn_limit: int = setting(Integer(-1), default=0)
    grpc_listen_network: str = setting(Text(), default="tcp")
    grpc_listen_address: str = setting(Text(), default="")
    grpc_listen_port: int = setting(Integer(0, 65535), default=9095)
    grpc_listen_conn_limit: int = setting(Integer(-1), default=0)
    grpc_collect_max_streams_by_conn: bool = setting(Boolean(), default=True)
    proxy_protocol_enabled: bool = setting(Boolean(), default=False)
    tls_cipher_suites: str = setting(Text(), default="")
    tls_min_version: str = setting(Text(), default="")
    http_tls_config: Any = setting(AcceptedBlock(), default=None)
    grpc_tls_config: Any = setting(AcceptedBlock(), default=None)
    register_instrumentation: bool = setting(Boolean(), default=True)
    report_grpc_codes_in_instrumentation_label_enabled: bool = setting(Boolean(), default=False)
    graceful_shutdown_timeout_ns: int = setting(Nanoseconds(), key="graceful_shutdown_timeout", default=30 * SECOND_NS)
    http_server_read_timeout_ns: int = setting(Nanoseconds(), key="http_server_read_timeout", default=30 * SECOND_NS)
    http_server_read_header_timeout_ns: int = setting(Nanoseconds(), key="http_server_read_header_timeout", default=0)
    http_server_write_timeout_ns: int = setting(Nanoseconds(), key="http_server_write_timeout", default=30 * SECOND_NS)
    http_server_idle_timeout_ns: int = setting(Nanoseconds(), key="http_server_idle_timeout", default=2 * MINUTE_NS)
    http_log_closed_connections_without_response_enabled: bool = setting(Boolean(), default=False)
    grpc_server_max_recv_msg_size: int = setting(Bytes(), default=4 * MIB)
    grpc_server_max_send_msg_size: int = setting(Bytes(), default=4 * MIB)
    grpc_server_max_concurrent_streams: int = setting(Integer(), default=100)
    grpc_server_max_connection_idle: Any = setting(Accepted(), default=None)
    grpc_server_max_connection_age: Any = setting(Accepted(), default=None)
    grpc_server_max_connection_age_grace: Any = setting(Accepted(), default=None)
    grpc_server_keepalive_time_ns: int = setting(Nanoseconds(), key="grpc_server_keepalive_time", default=2 * HOUR_NS)
    grpc_server_keepalive_timeout_ns: int = setting(
        Nanoseconds(), key="grpc_server_keepalive_timeout", default=20 * SECOND_NS
    )
    grpc_server_min_time_between_pings_ns: int = setting(
        Nanoseconds(), key="grpc_server_min_time_between_pings", default=10 * SECOND_NS
    )
    grpc_server_ping_without_stream_allowed: bool = setting(Boolean(), default=True)
    grpc_server_num_workers: int = setting(Integer(), default=0)
    grpc_server_stats_tracking_enabled: bool = setting(Boolean(), default=True)
    grpc_server_recv_buffer_pools_enabled: bool = setting(Boolean(), default=False)
    grpc_server_read_buffer_size: int = setting(Bytes(), default=32768)
    grpc_server_write_buffer_size: int = setting(Bytes(), default=32768)
    log_format: str = setting(Choice("logfmt", "json"), default="logfmt")
    log_level: str = setting(Choice("debug", "info", "warn", "error"), default="info")
    log_source_ips_enabled: bool = setting(Boolean(), default=False)
    log_source_ips_full: bool = setting(Boolean(), default=False)
    log_source_ips_header: str = setting(Text(), default="")
    log_source_ips_regex: str = setting(Text(), default="")
    log_request_headers: bool = setting(Boolean(), default=False)
    log_request_at_info_level_enabled: bool = setting(Boolean(), default=False)
    log_request_exclude_headers_list: str = setting(Text(), default="")
    trace_request_headers: bool = setting(Boolean(), default=False)
    trace_request_exclude_headers_list: str = setting(Text(), default="")
    http_path_prefix: str = setting(Text(), default="")
    cluster_validation: Any = setting(AcceptedBlock(), default=None)
    create_new_traces: bool = setting(Boolean(), default=False)


@section
class OtlpDefaults:
    """`distributor.otlp_config`: which resource attributes are labels of the stream."""

    default_resource_attributes_as_index_labels: tuple[str, ...] = setting(Words(), default=OTLP_INDEX_LABELS)


@section
class DistributorConfig:
    """`distributor`: what receives pushes."""

    ring: Any = setting(AcceptedBlock(), default=None)
    push_worker_count: int = setting(Integer(), default=256)
    max_recv_msg_size: int = setting(Bytes(), default=100 * MIB)
    max_decompressed_size: int = setting(Bytes(), default=5000 * MIB)
    rate_store: Any = setting(AcceptedBlock(), default=None)
    write_failures_logging: Any = setting(AcceptedBlock(), default=None)
    otlp_config: OtlpDefaults = setting(Nested(OtlpDefaults), default_factory=OtlpDefaults)
    default_policy_stream_mappings: dict[str, tuple[PriorityStream, ...]] = setting(
        MapOf(ListOf(Nested(PriorityStream))), default_factory=dict
    )
    kafka_writes_enabled: bool = setting(Boolean(), default=False)
    ingester_writes_enabled: bool = setting(Boolean(), default=True)
    ingest_limits_enabled: bool = setting(Boolean(), default=False)
    ingest_limits_dry_run_enabled: bool = setting(Boolean(), default=False)
    dataobj_tee: Any = setting(AcceptedBlock(), default=None)
    inmemory_dataobj_push_timeout: Any = setting(Accepted(), default=None)


@section
class WalConfig:
    """`ingester.wal`: what makes acknowledged entries survive a crash."""

    enabled: bool = setting(Boolean(), default=True, show=True)
    dir: str = setting(Text(), default="")
    checkpoint_duration_ns: int = setting(Nanoseconds(positive=True), key="checkpoint_duration", default=5 * MINUTE_NS)
    flush_on_shutdown: bool = setting(Boolean(), default=False)
    replay_memory_ceiling: int = setting(Bytes(), default=4 * 1024 * MIB)
    disk_full_threshold: float = setting(Number(0, 1), default=0.9)


@section
class FlushBackoff:
    """`ingester.flush_op_backoff`: pauses between attempts to bring a segment into the bucket."""

    min_period_ns: int = setting(Nanoseconds(positive=True), key="min_period", default=10 * SECOND_NS)
    max_period_ns: int = setting(Nanoseconds(positive=True), key="max_period", default=MINUTE_NS)
    max_retries: int = setting(Integer(), default=10)


@section
class IngesterConfig:
    """`ingester`: how long entries wait in memory, and how they are written."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {
        "max_transfer_retries": "removed upstream and without effect",
        "wal_dir": "there is no such key; use ingester.wal.dir",
        "max_streams_per_user": "stands elsewhere; use limits_config.max_streams_per_user",
        "unordered_writes": "removed upstream and without effect: entries are taken in any order within retention",
    }

    lifecycler: Any = setting(AcceptedBlock(), default=None)
    concurrent_flushes: int = setting(Integer(1), default=32)
    flush_check_period_ns: int = setting(Nanoseconds(positive=True), key="flush_check_period", default=30 * SECOND_NS)
    flush_op_backoff: FlushBackoff = setting(Nested(FlushBackoff), default_factory=FlushBackoff)
    flush_op_timeout_ns: int = setting(Nanoseconds(positive=True), key="flush_op_timeout", default=10 * MINUTE_NS)
    chunk_retain_period_ns: int = setting(Nanoseconds(), key="chunk_retain_period", default=0)
    chunk_idle_period_ns: int = setting(Nanoseconds(positive=True), key="chunk_idle_period", default=30 * MINUTE_NS)
    chunk_block_size: int = setting(Bytes(), default=262_144)
    chunk_target_size: int = setting(Bytes(), default=1_572_864)
    chunk_encoding: str = setting(Choice(*ENCODINGS), default="gzip")
    max_chunk_age_ns: int = setting(Nanoseconds(positive=True), key="max_chunk_age", default=2 * HOUR_NS)
    autoforget_unhealthy: bool = setting(Boolean(), default=False)
    sync_period_ns: int = setting(Nanoseconds(), key="sync_period", default=HOUR_NS)
    sync_min_utilization: float = setting(Number(0, 1), default=0.1)
    max_returned_stream_errors: int = setting(Integer(), default=10)
    query_store_max_look_back_period_ns: int = setting(
        Nanoseconds(negative=True), key="query_store_max_look_back_period", default=0
    )
    wal: WalConfig = setting(Nested(WalConfig), default_factory=WalConfig)
    index_shards: int = setting(Integer(), default=32)
    max_dropped_streams: int = setting(Integer(), default=10)
    shutdown_marker_path: str = setting(Text(), default="")
    owned_streams_check_interval_ns: int = setting(
        Nanoseconds(), key="owned_streams_check_interval", default=30 * SECOND_NS
    )
    delegate_stream_limits_enabled: bool = setting(Boolean(), default=False)
    kafka_ingestion: Any = setting(AcceptedBlock(), default=None)


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


@section
class CompactorConfig:
    """`compactor`: merging, retention and deletes."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {
        "shared_store": "removed upstream; use compactor.delete_request_store, and object_store of the period",
        "shared_store_key_prefix": "removed upstream; use delete_request_store_key_prefix",
        "retention_period": "stands elsewhere; use limits_config.retention_period",
        "retention_stream": "stands elsewhere; use limits_config.retention_stream",
        "deletion_mode": "stands elsewhere; use limits_config.deletion_mode",
    }

    working_directory: str = setting(Text(), default="/var/loki/compactor")
    compaction_interval_ns: int = setting(Nanoseconds(positive=True), key="compaction_interval", default=10 * MINUTE_NS)
    apply_retention_interval_ns: int = setting(Nanoseconds(), key="apply_retention_interval", default=0)
    retention_enabled: bool = setting(Boolean(), default=False, show=True)
    retention_delete_delay_ns: int = setting(Nanoseconds(), key="retention_delete_delay", default=2 * HOUR_NS)
    retention_delete_worker_count: int = setting(Integer(1), default=150)
    retention_table_timeout_ns: int = setting(Nanoseconds(), key="retention_table_timeout", default=0)
    retention_backoff_config: Any = setting(AcceptedBlock(), default=None)
    # Our own: the oldest segments go when all of them together are larger.
    retention_size: int = setting(Bytes(), default=0)
    delete_request_store: str = setting(Text(), default="")
    delete_request_store_key_prefix: str = setting(Text(), default="index/")
    delete_request_store_db_type: str = setting(Choice("boltdb", "sqlite"), default="boltdb")
    backup_delete_request_store_db_type: str = setting(Choice("", "boltdb", "sqlite"), default="")
    delete_batch_size: int = setting(Integer(1), default=70)
    delete_request_cancel_period_ns: int = setting(Nanoseconds(), key="delete_request_cancel_period", default=DAY_NS)
    delete_max_interval_ns: int = setting(Nanoseconds(), key="delete_max_interval", default=DAY_NS)
    max_compaction_parallelism: int = setting(Integer(1), default=1)
    upload_parallelism: int = setting(Integer(1), default=10)
    compactor_ring: Any = setting(AcceptedBlock(), default=None)
    run_once: bool = setting(Boolean(), default=False)
    tables_to_compact: int = setting(Integer(), default=0)
    skip_latest_n_tables: int = setting(Integer(), default=0)
    horizontal_scaling_mode: str = setting(Choice("disabled", "main", "worker"), default="disabled")
    worker_config: Any = setting(AcceptedBlock(), default=None)
    jobs_config: Any = setting(AcceptedBlock(), default=None)
    deletion_marker_object_store_prefix: str = setting(Text(), default="")

    def checked(self, at: SectionPlace) -> CompactorConfig:
        """Reports retention that upstream would not start with."""
        if self.retention_enabled and not self.delete_request_store:
            problem = "compactor.delete-request-store should be configured when retention is enabled"
            at.report("delete_request_store", problem, involves=("retention_enabled",))
        if self.apply_retention_interval_ns % self.compaction_interval_ns if self.compaction_interval_ns else False:
            at.report("apply_retention_interval", "must be a multiple of compaction_interval")
        return self


@section
class LocalRules:
    """A folder of rule files, one folder for each tenant."""

    directory: str = setting(Text(), default="")


@section
class RuleStoreConfig:
    """`ruler.storage`: where rules are, in the old form."""

    type: str = setting(
        Choice("", "local", "filesystem", "s3", "gcs", "azure", "swift", "alibabacloud", "bos", "cos", "configdb"),
        default="",
    )
    local: LocalRules = setting(Nested(LocalRules), default_factory=LocalRules)
    s3: S3Config | None = setting(Nested(S3Config), default=None)
    gcs: GcsConfig | None = setting(Nested(GcsConfig), default=None)
    azure: AzureConfig | None = setting(Nested(AzureConfig), default=None)
    swift: Any = setting(AcceptedBlock(), default=None)
    alibabacloud: Any = setting(AcceptedBlock(), default=None)
    bos: Any = setting(AcceptedBlock(), default=None)
    cos: Any = setting(AcceptedBlock(), default=None)


@section
class RulerConfig:
    """`ruler`: rules over logs."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {
        "enable_alertmanager_v1": "removed upstream; Alertmanager's API v2 is used",
    }

    external_url: str = setting(Text(), default="")
    datasource_uid: str = setting(Text(), default="")
    external_labels: dict[str, str] = setting(MapOf(Text()), default_factory=dict)
    ruler_client: Any = setting(AcceptedBlock(), default=None)
    evaluation_interval_ns: int = setting(Nanoseconds(positive=True), key="evaluation_interval", default=MINUTE_NS)
    poll_interval_ns: int = setting(Nanoseconds(positive=True), key="poll_interval", default=MINUTE_NS)
    storage: RuleStoreConfig = setting(Nested(RuleStoreConfig), default_factory=RuleStoreConfig)
    rule_path: str = setting(Text(), default="/rules")
    alertmanager_url: str = setting(Text(), default="")
    enable_alertmanager_discovery: bool = setting(Boolean(), default=False)
    alertmanager_refresh_interval_ns: int = setting(
        Nanoseconds(), key="alertmanager_refresh_interval", default=MINUTE_NS
    )
    enable_alertmanager_v2: bool = setting(Boolean(), default=True)
    alert_relabel_configs: tuple[RelabelConfig, ...] = setting(ListOf(Nested(RelabelConfig)), default=())
    notification_queue_capacity: int = setting(Integer(), default=10_000)
    notification_timeout_ns: int = setting(Nanoseconds(), key="notification_timeout", default=10 * SECOND_NS)
    alertmanager_client: Any = setting(AcceptedBlock(), default=None)
    for_outage_tolerance_ns: int = setting(Nanoseconds(), key="for_outage_tolerance", default=HOUR_NS)
    for_grace_period_ns: int = setting(Nanoseconds(), key="for_grace_period", default=10 * MINUTE_NS)
    resend_delay_ns: int = setting(Nanoseconds(), key="resend_delay", default=MINUTE_NS)
    enable_sharding: bool = setting(Boolean(), default=False)
    sharding_strategy: str = setting(Text(), default="default")
    sharding_algo: str = setting(Text(), default="by-group")
    search_pending_for_ns: int = setting(Nanoseconds(), key="search_pending_for", default=5 * MINUTE_NS)
    ring: Any = setting(AcceptedBlock(), default=None)
    flush_period_ns: int = setting(Nanoseconds(), key="flush_period", default=MINUTE_NS)
    enable_api: bool = setting(Boolean(), default=True, show=True)
    enabled_tenants: str = setting(Text(), default="")
    disabled_tenants: str = setting(Text(), default="")
    query_stats_enabled: bool = setting(Boolean(), default=False)
    disable_rule_group_label: bool = setting(Boolean(), default=False)
    wal: Any = setting(AcceptedBlock(), default=None)
    wal_cleaner: Any = setting(AcceptedBlock(), default=None)
    remote_write: Any = setting(AcceptedBlock(), default=None)
    evaluation: Any = setting(AcceptedBlock(), default=None)


@section
class RuntimeConfig:
    """`runtime_config`: a file of limits by tenant, looked at every period."""

    file: str = setting(Text(), default="")
    period_ns: int = setting(Nanoseconds(positive=True), key="period", default=10 * SECOND_NS)


@section
class AnalyticsConfig:
    """`analytics`. Nothing is ever reported."""

    reporting_enabled: bool = setting(Boolean(), default=False, show=True)
    usage_stats_url: str = setting(Text(), default="")
    proxy_url: str = setting(Text(), default="")
    tls_config: Any = setting(AcceptedBlock(), default=None)


@section
class PatternIngesterConfig:
    """`pattern_ingester`. Patterns are found when they are asked for, so they need no part of their own."""

    enabled: bool = setting(Boolean(), default=False)
    max_clusters: int = setting(Integer(), default=300)
    max_allowed_line_length: int = setting(Bytes(), default=3000)
    metric_aggregation: Any = setting(AcceptedBlock(), default=None)
    lifecycler: Any = setting(AcceptedBlock(), default=None)
    client_config: Any = setting(AcceptedBlock(), default=None)
    concurrent_flushes: int = setting(Integer(), default=32)
    flush_check_period_ns: int = setting(Nanoseconds(), key="flush_check_period", default=MINUTE_NS)
    max_eviction_ratio: float = setting(Number(0, 1), default=0.25)
    pattern_persistence: Any = setting(AcceptedBlock(), default=None)
    tee_config: Any = setting(AcceptedBlock(), default=None)
    connection_timeout_ns: int = setting(Nanoseconds(), key="connection_timeout", default=2 * SECOND_NS)
    retain_for_ns: int = setting(Nanoseconds(), key="retain_for", default=3 * HOUR_NS)
    max_chunk_age_ns: int = setting(Nanoseconds(), key="max_chunk_age", default=HOUR_NS)
    pattern_sample_interval_ns: int = setting(Nanoseconds(), key="pattern_sample_interval", default=10 * SECOND_NS)
    volume_threshold: float = setting(Number(0, 1), default=0.99)


@section
class OperationalConfig:
    """`operational_config`: what is logged."""

    log_stream_creation: bool = setting(Boolean(), default=False)
    log_push_request: bool = setting(Boolean(), default=False)
    log_hash_of_labels: bool = setting(Boolean(), default=False)
    log_push_request_streams: bool = setting(Boolean(), default=False)
    filter_push_request_streams_ips: tuple[str, ...] = setting(Words(), default=())
    log_service_name_discovery: bool = setting(Boolean(), default=False)
    log_duplicate_metrics: bool = setting(Boolean(), default=False)
    log_duplicate_stream_info: bool = setting(Boolean(), default=False)
    limited_log_push_errors: bool = setting(Boolean(), default=True)
