"""The blocks of Loki's YAML about the process: server, runtime_config, analytics, operational_config."""

from __future__ import annotations

from typing import Any

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
from watchkeeper.core.config.kinds import Boolean, Choice, Integer, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.logs.store.limits_ingest import MIB


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
