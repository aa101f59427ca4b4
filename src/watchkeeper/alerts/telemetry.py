"""The metrics of alerting, with upstream's names."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.telemetry.metrics import Registry

LATENCY_BUCKETS: Final = (1.0, 5.0, 10.0, 15.0, 20.0)
CAUSES: Final = ("clientError", "serverError", "contextCanceled", "contextDeadlineExceeded", "other")


class AlertMetrics:
    """Made once for a process; the manager sets what is a gauge of its state."""

    def __init__(self, registry: Registry) -> None:
        counter, gauge = registry.counter, registry.gauge
        summary, histogram = registry.summary, registry.histogram
        self.received = counter(
            "alertmanager_alerts_received_total", "The total number of received alerts.", ("status", "version")
        )
        self.invalid = counter(
            "alertmanager_alerts_invalid_total", "The total number of received alerts that were invalid.", ("version",)
        )
        self.limited = counter(
            "alertmanager_alerts_limited_total",
            "Alerts that were not stored, since their alertname has as many as --alerts.per-alertname-limit allows.",
        )
        self.alerts = gauge("alertmanager_alerts", "How many alerts by state.", ("state",))
        self.marked = gauge(
            "alertmanager_marked_alerts",
            "How many alerts by state, those included that have been resolved.",
            ("state",),
        )
        self.notifications = counter(
            "alertmanager_notifications_total", "The total number of attempted notifications.", ("integration",)
        )
        self.failed = counter(
            "alertmanager_notifications_failed_total",
            "The total number of failed notifications.",
            ("integration", "reason"),
        )
        self.suppressed = counter(
            "alertmanager_notifications_suppressed_total",
            "The total number of notifications suppressed for being silenced, inhibited, outside of active time "
            "intervals or within muted time intervals.",
            ("reason",),
        )
        self.requests = counter(
            "alertmanager_notification_requests_total",
            "The total number of attempted notification requests.",
            ("integration",),
        )
        self.requests_failed = counter(
            "alertmanager_notification_requests_failed_total",
            "The total number of failed notification requests.",
            ("integration",),
        )
        self.latency = histogram(
            "alertmanager_notification_latency_seconds",
            "The latency of notifications in seconds.",
            LATENCY_BUCKETS,
            ("integration",),
        )
        self.groups = gauge("alertmanager_dispatcher_aggregation_groups", "Number of active aggregation groups.")
        self.routed = summary(
            "alertmanager_dispatcher_alert_processing_duration_seconds",
            "Summary of latencies for the processing of alerts.",
            (),
        )
        self.integrations = gauge("alertmanager_integrations", "Number of configured integrations.")
        self.receivers = gauge("alertmanager_receivers", "Number of configured receivers.")
        self.inhibition_rules = gauge("alertmanager_inhibition_rules", "Number of configured inhibition rules.")
        self.silences = gauge("alertmanager_silences", "How many silences by state.", ("state",))
        self.silence_queries = counter("alertmanager_silences_queries_total", "How many silence queries were received.")
        self.silence_query_errors = counter(
            "alertmanager_silences_query_errors_total", "How many silence received queries did not succeed."
        )
        self.silence_query_seconds = histogram(
            "alertmanager_silences_query_duration_seconds", "Duration of silence query evaluation."
        )
        self.nflog_queries = counter(
            "alertmanager_nflog_queries_total", "Number of notification log queries were received."
        )
        self.nflog_query_errors = counter(
            "alertmanager_nflog_query_errors_total", "Number notification log received queries that failed."
        )
        self.nflog_query_seconds = histogram(
            "alertmanager_nflog_query_duration_seconds", "Duration of notification log query evaluation."
        )
        self.nflog_entries = gauge("watchkeeper_alerts_nflog_entries", "Entries of the notification log.")
        self.gc_seconds = {
            kind: summary(
                f"alertmanager_{kind}_gc_duration_seconds", f"Duration of the last {name} garbage collection cycle.", ()
            )
            for kind, name in (("silences", "silence"), ("nflog", "notification log"))
        }
        self.maintenance = {
            kind: counter(f"alertmanager_{kind}_maintenance_total", f"How many maintenances were executed for {kind}.")
            for kind in ("silences", "nflog")
        }
        self.maintenance_errors = {
            kind: counter(
                f"alertmanager_{kind}_maintenance_errors_total",
                f"How many maintenances were executed for {kind} that failed.",
            )
            for kind in ("silences", "nflog")
        }
        self.snapshot_seconds = {
            kind: summary(
                f"alertmanager_{kind}_snapshot_duration_seconds", f"Duration of the last {kind} snapshot.", ()
            )
            for kind in ("silences", "nflog")
        }
        self.snapshot_bytes = {
            kind: gauge(f"alertmanager_{kind}_snapshot_size_bytes", f"Size of the last {kind} snapshot in bytes.")
            for kind in ("silences", "nflog")
        }
        self.propagated = {
            kind: counter(
                f"alertmanager_{kind}_gossip_messages_propagated_total",
                f"Number of received gossip messages that have been further gossiped, of {kind}.",
            )
            for kind in ("silences", "nflog")
        }
        self.journal_errors = counter(
            "watchkeeper_alerts_journal_errors_total",
            "Changes of alerts, silences and notification log entries that could not be written to disk.",
        )
        self.journal_problems = counter(
            "watchkeeper_alerts_journal_problems_total",
            "Damaged places of the journal that were cut or left out at start.",
        )
        self.journal_bytes = gauge("watchkeeper_alerts_journal_size_bytes", "Size of the journal on disk.")
        for status in ("firing", "resolved"):
            self.received.labels(status, "v2")
        self.invalid.labels("v2")
        for reason in ("silence", "inhibition", "mute_time_interval", "active_time_interval"):
            self.suppressed.labels(reason)

    def announce(self, integration: str) -> None:
        """Show an integration's counters at 0 before anything happens, so that rates of them make sense."""
        for metric in (self.notifications, self.requests, self.requests_failed):
            metric.labels(integration)
        self.latency.labels(integration)
        for cause in CAUSES:
            self.failed.labels(integration, cause)

    def timed_nflog_query(self, seconds: float) -> None:
        """Count one query of the notification log."""
        self.nflog_queries.inc()
        self.nflog_query_seconds.observe(seconds)

    def timed_silence_query(self, seconds: float) -> None:
        """Count one query of silences."""
        self.silence_queries.inc()
        self.silence_query_seconds.observe(seconds)
