"""The flags of `watchkeeper up`, with upstream's names and defaults where upstream has them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from watchkeeper.core.model.duration import format_duration_ms

PARTS: Final = ("metrics", "logs", "agent", "node")
DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Options:
    """What one process runs, and how.

    only            the parts that run; see PARTS
    data_dir        holds one folder for each pillar
    config_file     prometheus.yml; None for the embedded one
    loki_config_file, promtail_config_file   likewise, for the log store and for the agent
    logs_port       None for that of loki.yaml, which is 3100 where it says nothing
    logs_retention_time_ms, logs_retention_size_bytes   of the log store where it has no file; 0 for no bound
    config_expand_env   replace ${VAR} in the files of the log store and the agent
    listen          the address that every server binds
    """

    only: tuple[str, ...] = PARTS
    data_dir: Path = Path("data")
    config_file: Path | None = None
    loki_config_file: Path | None = None
    promtail_config_file: Path | None = None
    listen: str = "127.0.0.1"
    metrics_port: int = 9090
    logs_port: int | None = None
    node_port: int = 9100
    enable_lifecycle: bool = False
    enable_admin_api: bool = False
    enable_remote_write_receiver: bool = False
    enable_otlp_receiver: bool = False
    accepted_write_messages: tuple[str, ...] = ("prometheus.WriteRequest", "io.prometheus.write.v2.Request")
    cors_origin: str = ".*"
    external_url: str = ""
    route_prefix: str = ""
    web_config_file: Path | None = None
    read_timeout_ms: int = 300_000
    search_max_limit: int = 10_000
    page_title: str = "watchkeeper"
    query_timeout_ms: int = 120_000
    query_max_concurrency: int = 20
    query_max_samples: int = 50_000_000
    query_max_bytes: int = 1 << 30
    query_lookback_ms: int = 300_000
    retention_time_ms: int = 10 * DAY_MS
    retention_size_bytes: int = 0
    logs_retention_time_ms: int = 10 * DAY_MS
    logs_retention_size_bytes: int = 0
    config_expand_env: bool = False
    wal_fsync_interval_s: float = 1.0
    out_of_order_window_ms: int = 0
    remote_read_sample_limit: int = 50_000_000
    remote_read_concurrency: int = 10
    remote_read_frame_bytes: int = 1 << 20
    max_connections: int = 512
    auto_reload_interval_ms: int = 0
    features: tuple[str, ...] = ()
    log_level: str = "info"
    log_format: str = "logfmt"

    @property
    def prefix(self) -> str:
        """What stands before every path: no slash at its end, empty for none."""
        path = "/" + (self.route_prefix or urlsplit(self.external_url).path).strip("/")
        return "" if path == "/" else path

    @property
    def metrics_dir(self) -> Path:
        """Where the metrics store lives."""
        return self.data_dir / "metrics"

    @property
    def logs_dir(self) -> Path:
        """Where the log store lives."""
        return self.data_dir / "logs"

    @property
    def agent_dir(self) -> Path:
        """Where the agent keeps its positions and what waits to be sent."""
        return self.data_dir / "agent"

    def flags(self) -> dict[str, str]:
        """Flag by name, as /api/v1/status/flags shows them."""
        shown = {}
        for field in fields(self):
            value = getattr(self, field.name)
            name = FLAG_NAMES.get(field.name)
            if name is None:
                continue
            if field.name.endswith("_ms"):
                value = format_duration_ms(value)
            elif isinstance(value, bool):
                value = str(value).lower()
            elif isinstance(value, tuple):
                value = ",".join(value)
            shown[name] = "" if value is None else str(value)
        shown["web.listen-address"] = f"{self.listen}:{self.metrics_port}"
        shown["storage.tsdb.path"] = str(self.metrics_dir)
        shown["web.route-prefix"] = self.prefix or "/"
        return dict(sorted(shown.items()))


FLAG_NAMES: Final = {
    "only": "only",
    "config_file": "config.file",
    "enable_lifecycle": "web.enable-lifecycle",
    "enable_admin_api": "web.enable-admin-api",
    "enable_remote_write_receiver": "web.enable-remote-write-receiver",
    "enable_otlp_receiver": "web.enable-otlp-receiver",
    "accepted_write_messages": "web.remote-write-receiver.accepted-protobuf-messages",
    "cors_origin": "web.cors.origin",
    "external_url": "web.external-url",
    "route_prefix": "web.route-prefix",
    "web_config_file": "web.config.file",
    "read_timeout_ms": "web.read-timeout",
    "search_max_limit": "web.search.max-limit",
    "remote_read_frame_bytes": "storage.remote.read-max-bytes-in-frame",
    "page_title": "web.page-title",
    "query_timeout_ms": "query.timeout",
    "query_max_concurrency": "query.max-concurrency",
    "query_max_samples": "query.max-samples",
    "query_max_bytes": "query.max-bytes",
    "query_lookback_ms": "query.lookback-delta",
    "retention_time_ms": "storage.tsdb.retention.time",
    "retention_size_bytes": "storage.tsdb.retention.size",
    "logs_retention_time_ms": "logs.retention-time",
    "logs_retention_size_bytes": "logs.retention-size",
    "config_expand_env": "config.expand-env",
    "wal_fsync_interval_s": "storage.wal-fsync-interval",
    "remote_read_sample_limit": "storage.remote.read-sample-limit",
    "remote_read_concurrency": "storage.remote.read-concurrent-limit",
    "max_connections": "web.max-connections",
    "auto_reload_interval_ms": "config.auto-reload-interval",
    "features": "enable-feature",
    "log_level": "log.level",
    "log_format": "log.format",
}
