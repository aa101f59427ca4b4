"""The agent's own metrics, under Promtail's names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from watchkeeper.core.telemetry.metrics import Gauge, Registry

DROP_REASONS: Final = ("ingester_error", "line_too_long", "rate_limited", "stream_limited")


class AgentMetrics:
    """Made once for each registry; asking again gives the same metrics."""

    def __init__(self, registry: Registry, lag_labels: Sequence[str] = ("filename",)) -> None:
        """
        lag_labels   of entries, which `promtail_stream_lag_seconds` has beside those of the client
        """
        self.registry = registry
        path, host = ("path",), ("host",)
        both = ("host", "tenant")
        self.read_bytes = registry.gauge("promtail_read_bytes_total", "Number of bytes read.", path)
        self.file_bytes = registry.gauge("promtail_file_bytes_total", "Number of bytes total.", path)
        self.read_lines = registry.counter("promtail_read_lines_total", "Number of lines read.", path)
        self.files_active = registry.gauge("promtail_files_active_total", "Number of active files.")
        self.targets_active = registry.gauge("promtail_targets_active_total", "Number of active total.")
        self.targets_failed = registry.counter(
            "promtail_targets_failed_total", "Number of failed targets.", ("reason",)
        )
        self.encoded_bytes = registry.counter(
            "promtail_encoded_bytes_total", "Number of bytes encoded and ready to send.", host
        )
        self.sent_bytes = registry.counter("promtail_sent_bytes_total", "Number of bytes sent.", host)
        self.sent_entries = registry.counter(
            "promtail_sent_entries_total", "Number of log entries sent to the ingester.", host
        )
        dropped = ("host", "tenant", "reason")
        self.dropped_bytes = registry.counter(
            "promtail_dropped_bytes_total",
            "Number of bytes dropped because failed to be sent to the ingester after all retries.",
            dropped,
        )
        self.dropped_entries = registry.counter(
            "promtail_dropped_entries_total",
            "Number of log entries dropped because failed to be sent to the ingester after all retries.",
            dropped,
        )
        self.mutated_bytes = registry.counter(
            "promtail_mutated_bytes_total", "The total number of bytes that have been mutated.", dropped
        )
        self.mutated_entries = registry.counter(
            "promtail_mutated_entries_total", "The total number of log entries that have been mutated.", dropped
        )
        self.batch_retries = registry.counter(
            "promtail_batch_retries_total", "Number of times batches has had to be retried.", both
        )
        self.request_seconds = registry.histogram(
            "promtail_request_duration_seconds", "Duration of send requests.", labels=("status_code", "host")
        )
        self.lag_labels = tuple(lag_labels)
        try:
            self.stream_lag: Gauge | None = registry.gauge(
                "promtail_stream_lag_seconds",
                "Difference between current time and last batch timestamp for successful sends",
                ("host", "client", *self.lag_labels),
            )
        except ValueError:
            # Other labels than before a reload: a metric can't change its labels while the process runs.
            self.stream_lag = None
        self.spool_bytes = registry.gauge(
            "promtail_spool_bytes", "Size of what waits on the disk to be sent.", ("host", "client")
        )
        self.spool_batches = registry.gauge(
            "promtail_spool_batches", "Number of batches that wait on the disk to be sent.", ("host", "client")
        )
        self.rotated_lost = registry.counter(
            "promtail_rotated_files_lost_total", "Rotated files that were not read to their end.", path
        )
        self.rate_dropped = registry.counter(
            "promtail_readline_rate_dropped_lines_total", "Lines dropped by limits_config.readline_rate."
        )
        self.config_reloads = registry.counter(
            "promtail_config_reload_success_total", "Number of reload success times."
        )
        self.config_failures = registry.counter("promtail_config_reload_fail_total", "Number of reload fail times.")

    def show_client(self, host: str, tenant: str) -> None:
        """Lets the series of a client stand at 0, so that rates see the first increase."""
        for counter in (self.encoded_bytes, self.sent_bytes, self.sent_entries):
            counter.labels(host)
        self.batch_retries.labels(host, tenant)
        for reason in DROP_REASONS:
            self.drop(host, tenant, reason, 0, 0)

    def drop(self, host: str, tenant: str, reason: str, n_entries: int, n_bytes: int) -> None:
        """Counts entries that are not sent."""
        self.dropped_entries.labels(host, tenant, reason).inc(n_entries)
        self.dropped_bytes.labels(host, tenant, reason).inc(n_bytes)
