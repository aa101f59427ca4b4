"""The scraper's own metrics, under upstream's names."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.telemetry.metrics import Counter, Registry

_QUANTILES: Final = (0.01, 0.05, 0.5, 0.9, 0.99)


class ScrapeMetrics:
    """All counters and summaries of the scraper; made once per process."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        counter, gauge, summary = registry.counter, registry.gauge, registry.summary
        self.interval_length = summary(
            "prometheus_target_interval_length_seconds",
            "Seconds between the starts of two scrapes of a target.",
            _QUANTILES,
            ("interval",),
        )
        self.sync_length = summary(
            "prometheus_target_sync_length_seconds",
            "Seconds that it took to follow the target groups of a job.",
            _QUANTILES,
            ("scrape_job",),
        )
        self.reload_length = summary(
            "prometheus_target_reload_length_seconds",
            "Seconds that it took to follow a changed scrape config.",
            _QUANTILES,
            ("interval",),
        )
        self.sync_failed = counter(
            "prometheus_target_sync_failed_total", "Discovered targets whose labels make no target.", ("scrape_job",)
        )
        self.pools = counter("prometheus_target_scrape_pools_total", "Scrape pools that were to be made.")
        self.pools_failed = counter(
            "prometheus_target_scrape_pools_failed_total", "Scrape pools that could not be made."
        )
        self.pool_reloads = counter(
            "prometheus_target_scrape_pool_reloads_total", "Changes of a scrape config that a pool followed."
        )
        self.pool_reloads_failed = counter(
            "prometheus_target_scrape_pool_reloads_failed_total",
            "Changes that a pool could not follow.",
        )
        self.pool_syncs = counter(
            "prometheus_target_scrape_pool_sync_total",
            "How often a pool followed its target groups.",
            ("scrape_job",),
        )
        self.pool_targets = gauge("prometheus_target_scrape_pool_targets", "Targets of a pool.", ("scrape_job",))
        self.pool_target_limit = gauge(
            "prometheus_target_scrape_pool_target_limit",
            "Targets that a pool may have, 0 for any number.",
            ("scrape_job",),
        )
        self.exceeded_target_limit = counter(
            "prometheus_target_scrape_pool_exceeded_target_limit_total",
            "How often a pool had more targets than it may.",
        )
        self.exceeded_label_limits = counter(
            "prometheus_target_scrape_pool_exceeded_label_limits_total",
            "Scrapes that were refused for a label limit.",
        )
        self.exceeded_sample_limit = counter(
            "prometheus_target_scrapes_exceeded_sample_limit_total",
            "Scrapes that were refused for the sample limit.",
        )
        self.exceeded_body_size_limit = counter(
            "prometheus_target_scrapes_exceeded_body_size_limit_total",
            "Scrapes that were refused for the size of the body.",
        )
        self.duplicate_timestamp = counter(
            "prometheus_target_scrapes_sample_duplicate_timestamp_total",
            "Samples dropped for having the time of an earlier one and another value.",
        )
        self.out_of_order = counter(
            "prometheus_target_scrapes_sample_out_of_order_total",
            "Samples dropped for being older than their series' newest.",
        )
        self.out_of_bounds = counter(
            "prometheus_target_scrapes_sample_out_of_bounds_total",
            "Samples dropped for a time too far in the future or in the past.",
        )
        self.exemplar_out_of_order = counter(
            "prometheus_target_scrapes_exemplar_out_of_order_total",
            "Exemplars dropped for being older than their series' newest.",
        )
        self.metadata_entries = gauge(
            "prometheus_target_metadata_cache_entries",
            "Metric families whose type, help or unit targets told.",
            ("scrape_job",),
        )
        self.metadata_bytes = gauge(
            "prometheus_target_metadata_cache_bytes",
            "Bytes of the names and texts of these.",
            ("scrape_job",),
        )

    def limit_counter(self, limit: str) -> Counter:
        """The counter of scrapes that broke a limit: sample, label or bucket."""
        if limit == "bucket":
            # Shown only once it counts something: linters take offence at the type in upstream's name.
            return self._registry.counter(
                "prometheus_target_scrapes_exceeded_native_histogram_bucket_limit_total",
                "Scrapes that were refused for the bucket limit of native histograms.",
            )
        return {"sample": self.exceeded_sample_limit, "label": self.exceeded_label_limits}[limit]

    def forget_job(self, job: str) -> None:
        """A job has gone: its labelled series go too."""
        for metric in (
            self.sync_length,
            self.sync_failed,
            self.pool_syncs,
            self.pool_targets,
            self.pool_target_limit,
            self.metadata_entries,
            self.metadata_bytes,
        ):
            metric.remove(job)
