"""The store's own metrics, with upstream's names. Help texts are our own."""

from __future__ import annotations

from watchkeeper.core.telemetry.metrics import Counter, Registry

FSYNC_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
DURATION_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class HeadMetrics:
    """What the head counts while it writes."""

    def __init__(self, registry: Registry) -> None:
        prefix = "prometheus_tsdb_"
        appended = registry.counter(prefix + "head_samples_appended_total", "Samples stored in the head.", ("type",))
        self.samples_appended = appended.labels("float")
        self.histograms_appended = appended.labels("histogram")
        late = registry.counter(
            prefix + "head_out_of_order_samples_appended_total", "Samples stored out of order.", ("type",)
        )
        self.out_of_order_appended = late.labels("float")
        self.series_created = registry.counter(prefix + "head_series_created_total", "Series made in the head.")
        self.series_removed = registry.counter(prefix + "head_series_removed_total", "Series removed from the head.")
        self.out_of_order = self._refused(registry, "out_of_order_samples_total", "Samples refused as out of order.")
        self.too_old = self._refused(registry, "too_old_samples_total", "Samples older than the out-of-order window.")
        self.out_of_bounds = self._refused(registry, "out_of_bound_samples_total", "Samples older than the head takes.")
        self.duplicates = registry.counter(
            "watchkeeper_tsdb_duplicate_samples_total", "Samples refused as another value has their time."
        )
        self.wal_writes_failed = registry.counter(prefix + "wal_writes_failed_total", "Writes to the log that failed.")
        self.wal_corruptions = registry.counter(prefix + "wal_corruptions_total", "Faults found in the log.")
        self.wal_truncations = registry.counter(prefix + "wal_truncations_total", "Truncations of the log.")
        self.wal_truncations_failed = registry.counter(
            prefix + "wal_truncations_failed_total", "Truncations of the log that failed."
        )
        self.wal_fsync = registry.histogram(
            prefix + "wal_fsync_duration_seconds", "Time to bring the log to the device.", FSYNC_BUCKETS
        )
        self.wal_fsync_failed = registry.counter(
            "watchkeeper_tsdb_wal_fsync_failed_total", "Times that the log did not reach the device."
        )
        self.chunks_created = registry.counter(prefix + "head_chunks_created_total", "Chunks sealed in the head.")
        self.chunks_removed = registry.counter(prefix + "head_chunks_removed_total", "Chunks that left the head.")
        self.chunk_corruptions = registry.counter(
            "watchkeeper_tsdb_chunk_corruptions_total", "Reads of head chunks that failed."
        )
        self.truncations = registry.counter(prefix + "head_truncations_total", "Truncations of the head.")
        self.truncations_failed = registry.counter(
            prefix + "head_truncations_failed_total", "Truncations of the head that failed."
        )
        self.checkpoints = registry.counter(prefix + "checkpoint_creations_total", "Checkpoints of the series log.")
        self.checkpoints_failed = registry.counter(
            prefix + "checkpoint_creations_failed_total", "Checkpoints of the series log that failed."
        )

    @staticmethod
    def _refused(registry: Registry, name: str, help_: str) -> Counter:
        return registry.counter("prometheus_tsdb_" + name, help_, ("type",)).labels("float")


class StoreMetrics:
    """What blocks and upkeep count."""

    def __init__(self, registry: Registry) -> None:
        prefix = "prometheus_tsdb_"
        self.compactions = registry.counter(prefix + "compactions_total", "Blocks written, from the head or others.")
        self.compactions_failed = registry.counter(
            prefix + "compactions_failed_total", "Blocks that could not be written."
        )
        self.compactions_triggered = registry.counter(
            prefix + "compactions_triggered_total", "Times that compactions were looked for."
        )
        self.compaction_seconds = registry.histogram(
            prefix + "compaction_duration_seconds", "Time to write a block.", DURATION_BUCKETS
        )
        self.reloads = registry.counter(prefix + "reloads_total", "Times that the list of blocks was read.")
        self.reloads_failed = registry.counter(prefix + "reloads_failures_total", "Blocks that could not be opened.")
        self.time_retentions = registry.counter(prefix + "time_retentions_total", "Deletions for age.")
        self.size_retentions = registry.counter(prefix + "size_retentions_total", "Deletions for size.")
        self.clean_seconds = registry.histogram(
            prefix + "tombstone_cleanup_seconds", "Time to rewrite blocks without what was deleted.", DURATION_BUCKETS
        )
        self.replay_seconds = registry.gauge(prefix + "data_replay_duration_seconds", "Time that the replay took.")
        self.corrupt_blocks = registry.counter("watchkeeper_tsdb_corrupt_blocks_total", "Blocks that were set aside.")
        self.vertical = registry.counter(prefix + "vertical_compactions_total", "Compactions of blocks that overlap.")
