"""The measurements of service discovery, under upstream's names."""

from __future__ import annotations

from watchkeeper.core.telemetry.metrics import Registry


class DiscoveryMetrics:
    """Made once for each registry; asking again gives the same metrics."""

    def __init__(self, registry: Registry) -> None:
        both = ("mechanism", "config")
        self.refresh_failures = registry.counter(
            "prometheus_sd_refresh_failures_total", "Number of refresh failures for the given SD mechanism.", both
        )
        self.refresh_seconds = registry.summary(
            "prometheus_sd_refresh_duration_seconds", "The duration of a refresh in seconds.", labels=both
        )
        self.http_failures = registry.counter(
            "prometheus_sd_http_failures_total", "Number of HTTP service discovery refresh failures."
        )
        self.dns_lookups = registry.counter("prometheus_sd_dns_lookups_total", "The number of DNS-SD lookups.")
        self.dns_failures = registry.counter(
            "prometheus_sd_dns_lookup_failures_total", "The number of DNS-SD lookup failures."
        )
        self.file_errors = registry.counter(
            "prometheus_sd_file_read_errors_total", "The number of File-SD read errors."
        )
        self.file_scan_seconds = registry.summary(
            "prometheus_sd_file_scan_duration_seconds", "The duration of the File-SD scan in seconds."
        )
        self.file_watcher_errors = registry.counter(
            "prometheus_sd_file_watcher_errors_total", "The number of File-SD errors caused by watch failures."
        )
        self.file_mtime = registry.gauge(
            "prometheus_sd_file_mtime_seconds",
            "Timestamp (mtime) of the files used by File-SD, set at read time.",
            ("filename",),
        )
