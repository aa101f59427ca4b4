"""The blocks of Loki's YAML about the way in: distributor, ingester, pattern_ingester."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from watchkeeper.core.config.go_kinds import (
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
from watchkeeper.logs.store.limits_ingest import MIB, PriorityStream
from watchkeeper.logs.wire.push_otlp import INDEX_LABELS

ENCODINGS: Final = ("none", "gzip", "lz4-64k", "snappy", "lz4-256k", "lz4-1M", "lz4", "flate", "zstd")


@section
class OtlpDefaults:
    """`distributor.otlp_config`: which resource attributes are labels of the stream."""

    default_resource_attributes_as_index_labels: tuple[str, ...] = setting(Words(), default=INDEX_LABELS)


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
