"""The store's own metrics, with upstream's names where upstream has the figure. Help texts are our own."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.telemetry.metrics import Registry

_FSYNC_BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_AGE_BUCKETS: Final = (60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 3840.0, 7680.0, 15360.0, 30720.0)
_SIZE_BUCKETS: Final = tuple(float(1000 * 2**i) for i in range(12))
_ENTRY_BUCKETS: Final = tuple(float(200 * 2**i) for i in range(12))
_UTILIZATION_BUCKETS: Final = tuple(i / 10 for i in range(1, 11))
_HOUR_BUCKETS: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 24.0, 168.0)
_DURATION_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class StoreMetrics:
    """What the store counts. A block is what upstream calls a chunk."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        ingester = "loki_ingester_"
        self.streams_created = registry.counter(
            ingester + "streams_created_total", "Streams made in memory.", ("tenant",)
        )
        self.streams_removed = registry.counter(
            ingester + "streams_removed_total", "Streams that left memory.", ("tenant",)
        )
        self.chunks_created = registry.counter(ingester + "chunks_created_total", "Blocks opened.")
        self.chunks_flushed = registry.counter(
            ingester + "chunks_flushed_total", "Blocks written to segments, by why they were cut.", ("reason",)
        )
        self.chunk_age = registry.histogram(
            ingester + "chunk_age_seconds", "Age of blocks as they were flushed.", _AGE_BUCKETS
        )
        self.chunk_bounds = registry.histogram(
            ingester + "chunk_bounds_hours", "Time from the first to the last entry of flushed blocks.", _HOUR_BUCKETS
        )
        self.chunk_entries = registry.histogram(
            ingester + "chunk_entries", "Entries of flushed blocks.", _ENTRY_BUCKETS
        )
        self.chunk_size = registry.histogram(
            ingester + "chunk_size_bytes", "Size of flushed blocks on disk.", _SIZE_BUCKETS
        )
        self.chunk_utilization = registry.histogram(
            ingester + "chunk_utilization", "Flushed blocks, as a share of the size at which they are cut.",
            _UTILIZATION_BUCKETS,
        )  # fmt: skip
        wal = ingester + "wal_"
        self.wal_corruptions = registry.counter(wal + "corruptions_total", "Faults found in the log.")
        self.wal_disk_full = registry.counter(wal + "disk_full_failures_total", "Pushes that found no room in the log.")
        self.wal_records = registry.counter(wal + "records_logged_total", "Records written to the log.")
        self.wal_bytes = registry.counter(wal + "logged_bytes_total", "Bytes written to the log.")
        self.wal_replay_active = registry.gauge(wal + "replay_active", "Whether the log is being read back.")
        self.wal_replay_seconds = registry.gauge(wal + "replay_duration_seconds", "How long reading the log back took.")
        self.wal_fsync = registry.histogram(
            "watchkeeper_logs_wal_fsync_duration_seconds", "Time to bring the log to the device.", _FSYNC_BUCKETS
        )
        self.wal_fsync_failed = registry.counter(
            "watchkeeper_logs_wal_fsync_failed_total", "Times that the log did not reach the device."
        )
        own = "watchkeeper_logs_"
        self.duplicates = registry.counter(own + "duplicate_entries_total", "Entries dropped as they were there.")
        self.corruptions = registry.counter(own + "corruptions_total", "Segments or files found damaged or missing.")
        self.corrupt_blocks = registry.counter(own + "corrupt_blocks_total", "Blocks that were set aside.")
        self.read_failures = registry.counter(own + "read_failures_total", "Segments that could not be read.")
        self.flushes_failed = registry.counter(own + "flushes_failed_total", "Segments that could not be written.")
        self.merges = registry.counter(own + "merges_total", "Merges of segments.")
        self.merges_failed = registry.counter(own + "merges_failed_total", "Merges of segments that failed.")
        self.merge_seconds = registry.histogram(
            own + "merge_duration_seconds", "How long merges took.", _DURATION_BUCKETS
        )
        self.segments_expired = registry.counter(
            own + "segments_expired_total", "Segments removed by retention.", ("reason",)
        )
        self.push_waits = registry.counter(own + "push_waits_total", "Pushes that waited for blocks to be sealed.")
        compactor = "loki_boltdb_shipper_"
        self.compactor_running = registry.gauge(
            compactor + "compactor_running", "1 while this process merges and applies retention."
        )
        self.compactions = registry.counter(
            compactor + "compact_tables_operation_total", "Rounds of merging.", ("status",)
        )
        self.compaction_seconds = registry.gauge(
            compactor + "compact_tables_operation_duration_seconds", "How long the last round of merging took."
        )
        self.compaction_success = registry.gauge(
            compactor + "compact_tables_operation_last_successful_run_timestamp_seconds",
            "When the last round of merging succeeded.",
        )
        self.retention_marked = registry.counter(
            compactor + "retention_marker_count_total", "Blocks that retention removed."
        )
        retention = "loki_compactor_"
        self.retention_runs = registry.counter(
            retention + "apply_retention_operation_total", "Rounds of retention.", ("status",)
        )
        self.retention_success = registry.gauge(
            retention + "apply_retention_last_successful_run_timestamp_seconds",
            "When the last round of retention succeeded.",
        )
        self.deletes_received = registry.counter(
            retention + "delete_requests_received_total", "Delete requests received.", ("user",)
        )
        self.deletes_processed = registry.counter(
            retention + "delete_requests_processed_total", "Delete requests carried out.", ("user",)
        )
        self.deleted_lines = registry.counter(
            retention + "deleted_lines", "Lines removed by delete requests.", ("user",)
        )
