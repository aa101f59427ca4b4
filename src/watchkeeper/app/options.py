"""The flags of `watchkeeper up`, with upstream's names and defaults where upstream has them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from watchkeeper.core.model.duration import format_duration_ms

PARTS: Final = ("metrics", "logs", "alerts", "agent", "node", "dashboards")
HOUR_MS: Final = 3_600_000
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
    alertmanager_config_file   alertmanager.yml; None for the embedded one, which tells nobody
    alerts_external_url   what links in notifications start with; None for this machine's name and the port
    alerts_retention_ms   of silences that have ended, and of what has been notified
    web_get_concurrency   GETs of the alerts' API at a time; 0 for as many as there are processors, at least 8
    web_timeout_ms  of a request of that API; 0 for no bound
    cluster_listen_address, cluster_peers   host:port each; without both there is no cluster
    dashboards_external_url   what links to the pages start with; its path stands before all of theirs
    dashboards_anonymous_role   of those who have not logged in: none, viewer, editor, admin
    dashboards_provisioning   Grafana's folder with `dashboards` and `datasources` in it
    dashboards_admin_password_file   the administrator's first password; None for a link in the log
    dashboards_renderer   the browser that draws pictures; empty to look for one, `none` for none
    config_expand_env   replace ${VAR} in the files of the log store and the agent
    listen          the address that every server binds
    """

    only: tuple[str, ...] = PARTS
    data_dir: Path = Path("data")
    config_file: Path | None = None
    loki_config_file: Path | None = None
    promtail_config_file: Path | None = None
    alertmanager_config_file: Path | None = None
    listen: str = "127.0.0.1"
    metrics_port: int = 9090
    logs_port: int | None = None
    alerts_port: int = 9093
    node_port: int = 9100
    dashboards_port: int = 3000
    dashboards_external_url: str = ""
    dashboards_anonymous_role: str = "viewer"
    dashboards_provisioning: Path | None = None
    dashboards_admin_password_file: Path | None = None
    dashboards_allow_embedding: bool = False
    dashboards_renderer: str = ""
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
    alerts_external_url: str | None = None
    alerts_retention_ms: int = 120 * HOUR_MS
    alerts_maintenance_interval_ms: int = HOUR_MS // 4
    alerts_gc_interval_ms: int = HOUR_MS // 2
    alerts_per_alertname_limit: int = 0
    dispatch_start_delay_ms: int = 0
    dispatch_maintenance_interval_ms: int = 30_000
    silences_max_silences: int = 0
    silences_max_silence_size_bytes: int = 0
    silences_max_matchers: int = 1000
    web_get_concurrency: int = 0
    web_timeout_ms: int = 0
    cluster_listen_address: str = ""
    cluster_advertise_address: str = ""
    cluster_peers: tuple[str, ...] = ()
    cluster_peer_timeout_ms: int = 15_000
    cluster_gossip_interval_ms: int = 200
    cluster_pushpull_interval_ms: int = 60_000
    cluster_settle_timeout_ms: int = 60_000
    cluster_reconnect_interval_ms: int = 10_000
    cluster_reconnect_timeout_ms: int = 6 * HOUR_MS
    cluster_probe_interval_ms: int = 1000
    cluster_probe_timeout_ms: int = 2000
    cluster_label: str = ""
    config_expand_env: bool = False
    wal_fsync_interval_s: float = 1.0
    out_of_order_window_ms: int = 0
    remote_read_sample_limit: int = 50_000_000
    remote_read_concurrency: int = 10
    remote_read_frame_bytes: int = 1 << 20
    max_connections: int = 512
    rules_outage_tolerance_ms: int = 3_600_000
    rules_grace_period_ms: int = 600_000
    rules_resend_delay_ms: int = 60_000
    rules_max_concurrent_evals: int = 4
    notification_queue_capacity: int = 10_000
    notification_batch_size: int = 256
    drain_notification_queue: bool = True
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
    def alerts_dir(self) -> Path:
        """Where alerts, silences and the log of notifications live."""
        return self.data_dir / "alerts"

    @property
    def dashboards_dir(self) -> Path:
        """Where dashboards, users and what else people keep live."""
        return self.data_dir / "dashboards"

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
    "alertmanager_config_file": "alertmanager-config",
    "alerts_port": "alerts-port",
    "alerts_external_url": "alerts.external-url",
    "alerts_retention_ms": "alerts.retention",
    "alerts_maintenance_interval_ms": "alerts.maintenance-interval",
    "alerts_gc_interval_ms": "alerts.gc-interval",
    "alerts_per_alertname_limit": "alerts.per-alertname-limit",
    "dispatch_start_delay_ms": "dispatch.start-delay",
    "dispatch_maintenance_interval_ms": "dispatch.maintenance-interval",
    "silences_max_silences": "silences.max-silences",
    "silences_max_silence_size_bytes": "silences.max-silence-size-bytes",
    "silences_max_matchers": "silences.max-matchers",
    "web_get_concurrency": "web.get-concurrency",
    "web_timeout_ms": "web.timeout",
    "dashboards_port": "dashboards-port",
    "dashboards_external_url": "dashboards.external-url",
    "dashboards_anonymous_role": "dashboards.anonymous-role",
    "dashboards_provisioning": "dashboards.provisioning",
    "dashboards_admin_password_file": "dashboards.admin-password-file",
    "dashboards_allow_embedding": "dashboards.allow-embedding",
    "dashboards_renderer": "dashboards.renderer",
    "cluster_listen_address": "cluster.listen-address",
    "cluster_advertise_address": "cluster.advertise-address",
    "cluster_peers": "cluster.peer",
    "cluster_peer_timeout_ms": "cluster.peer-timeout",
    "cluster_gossip_interval_ms": "cluster.gossip-interval",
    "cluster_pushpull_interval_ms": "cluster.pushpull-interval",
    "cluster_settle_timeout_ms": "cluster.settle-timeout",
    "cluster_reconnect_interval_ms": "cluster.reconnect-interval",
    "cluster_reconnect_timeout_ms": "cluster.reconnect-timeout",
    "cluster_probe_interval_ms": "cluster.probe-interval",
    "cluster_probe_timeout_ms": "cluster.probe-timeout",
    "cluster_label": "cluster.label",
    "config_expand_env": "config.expand-env",
    "wal_fsync_interval_s": "storage.wal-fsync-interval",
    "remote_read_sample_limit": "storage.remote.read-sample-limit",
    "remote_read_concurrency": "storage.remote.read-concurrent-limit",
    "max_connections": "web.max-connections",
    "rules_outage_tolerance_ms": "rules.alert.for-outage-tolerance",
    "rules_grace_period_ms": "rules.alert.for-grace-period",
    "rules_resend_delay_ms": "rules.alert.resend-delay",
    "rules_max_concurrent_evals": "rules.max-concurrent-evals",
    "notification_queue_capacity": "alertmanager.notification-queue-capacity",
    "notification_batch_size": "alertmanager.notification-batch-size",
    "drain_notification_queue": "alertmanager.drain-notification-queue-on-shutdown",
    "auto_reload_interval_ms": "config.auto-reload-interval",
    "features": "enable-feature",
    "log_level": "log.level",
    "log_format": "log.format",
}
