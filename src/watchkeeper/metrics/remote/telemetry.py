"""What a remote-write queue counts, under upstream's names."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.telemetry.metrics import Counter, Gauge, Registry

_LABELS: Final = ("remote_name", "url")
_PREFIX: Final = "prometheus_remote_storage_"

_COUNTERS: Final = {
    "samples_total": "Total number of samples sent to remote storage.",
    "exemplars_total": "Total number of exemplars sent to remote storage.",
    "histograms_total": "Total number of histograms sent to remote storage.",
    "metadata_total": "Total number of metadata entries sent to remote storage.",
    "samples_failed_total": "Total number of samples which failed on send to remote storage, non-recoverable errors.",
    "exemplars_failed_total": "Total number of exemplars which failed on send to remote storage, non-recoverable "
    "errors.",
    "histograms_failed_total": "Total number of histograms which failed on send to remote storage, non-recoverable "
    "errors.",
    "metadata_failed_total": "Total number of metadata entries which failed on send to remote storage, "
    "non-recoverable errors.",
    "samples_retried_total": "Total number of samples which failed on send to remote storage but were retried because "
    "the send error was recoverable.",
    "exemplars_retried_total": "Total number of exemplars which failed on send to remote storage but were retried "
    "because the send error was recoverable.",
    "histograms_retried_total": "Total number of histograms which failed on send to remote storage but were retried "
    "because the send error was recoverable.",
    "metadata_retried_total": "Total number of metadata entries which failed on send to remote storage but were "
    "retried because the send error was recoverable.",
    "bytes_total": "The total number of bytes of data (not metadata) sent by the queue after compression.",
    "metadata_bytes_total": "The total number of bytes of metadata sent by the queue after compression.",
    "enqueue_retries_total": "Total number of times enqueue has failed because a shard's queue was full.",
}

_DROPPED: Final = {
    "samples_dropped_total": "Total number of samples which were dropped after being read from the WAL before being "
    "sent via remote write, by reason.",
    "exemplars_dropped_total": "Total number of exemplars which were dropped after being read from the WAL before "
    "being sent via remote write, by reason.",
    "histograms_dropped_total": "Total number of histograms which were dropped after being read from the WAL before "
    "being sent via remote write, by reason.",
}

_GAUGES: Final = {
    "samples_pending": "The number of samples pending in the queues shards to be sent to the remote storage.",
    "exemplars_pending": "The number of exemplars pending in the queues shards to be sent to the remote storage.",
    "histograms_pending": "The number of histograms pending in the queues shards to be sent to the remote storage.",
    "shard_capacity": "The capacity of each shard of the queue used for parallel sending to the remote storage.",
    "shards": "The number of shards used for parallel sending to the remote storage.",
    "shards_min": "The minimum number of shards that the queue is allowed to run.",
    "shards_max": "The maximum number of shards that the queue is allowed to run.",
    "shards_desired": "The number of shards that the queues shard calculation wants to run based on the rate of "
    "samples in vs. samples out.",
    "queue_highest_sent_timestamp_seconds": "Timestamp from a WAL sample, the highest timestamp successfully sent by "
    "this queue, in seconds since epoch.",
    "max_samples_per_send": "The maximum number of samples to be sent, in a single request, to the remote storage.",
    "spool_bytes": "The size of what waits on the disk for this remote storage.",
}

KINDS: Final = ("samples", "histograms", "exemplars")


class RemoteMetrics:
    """All metrics of all queues of a process; the label values of one queue come with each call."""

    def __init__(self, registry: Registry) -> None:
        self._counters = {name: registry.counter(_PREFIX + name, text, _LABELS) for name, text in _COUNTERS.items()}
        self._dropped = {
            name: registry.counter(_PREFIX + name, text, (*_LABELS, "reason")) for name, text in _DROPPED.items()
        }
        self._gauges = {name: registry.gauge(_PREFIX + name, text, _LABELS) for name, text in _GAUGES.items()}
        self._duration = registry.histogram(
            _PREFIX + "sent_batch_duration_seconds",
            "Duration of send calls to the remote storage.",
            (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 60.0, 120.0, 300.0),
            _LABELS,
        )
        self._highest = registry.gauge(
            _PREFIX + "highest_timestamp_in_seconds",
            "Highest timestamp that has come into the remote storage via the Appender interface, in seconds since "
            "epoch.",
        )

        self._in = registry.counter(
            _PREFIX + "samples_in_total",
            "Samples in to remote storage, compare to samples out for queue managers.",
        )
        self._segment = registry.gauge(
            "prometheus_wal_watcher_current_segment", "Current segment the WAL watcher is reading.", ("consumer",)
        )

    def saw(self, time_ms: int, n_samples: int) -> None:
        """So many samples were stored, the newest of this time."""
        self._in.inc(n_samples)
        if time_ms / 1000 > self._highest.value:
            self._highest.set(time_ms / 1000)

    def of(self, remote_name: str, url: str) -> QueueMetrics:
        """The metrics of one queue."""
        return QueueMetrics(self, (remote_name, url))


class QueueMetrics:
    """The metrics of one queue."""

    def __init__(self, parent: RemoteMetrics, key: tuple[str, str]) -> None:
        self._parent = parent
        self._key = key
        self.duration = parent._duration.labels(*key)
        self.segment = parent._segment.labels(key[0])
        # All children are made at once, so that a rate over them starts at zero.
        for counter in parent._counters.values():
            counter.labels(*key)

    def count(self, name: str, n: float) -> None:
        """Adds to a counter of the queue."""
        if n:
            self._counter(name).inc(n)

    def dropped(self, kind: str, n: int, reason: str) -> None:
        """Counts samples, histograms or exemplars that will not be sent."""
        if n:
            self._parent._dropped[f"{kind}_dropped_total"].labels(*self._key, reason).inc(n)

    def gauge(self, name: str) -> Gauge:
        """A gauge of the queue."""
        return self._parent._gauges[name].labels(*self._key)

    def remove(self) -> None:
        """The queue has gone: its series go too."""
        for metric in (*self._parent._counters.values(), *self._parent._gauges.values(), self._parent._duration):
            metric.remove(*self._key)
        self._parent._segment.remove(self._key[0])

    def _counter(self, name: str) -> Counter:
        return self._parent._counters[name].labels(*self._key)
