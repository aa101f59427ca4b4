"""What sending of alerts counts, under upstream's names."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.telemetry.metrics import Counter, Registry

PREFIX: Final = "prometheus_notifications_"
_LABELS: Final = ("alertmanager",)
_LATENCY_BUCKETS: Final = (0.01, 0.1, 1.0, 10.0)


class SendMetrics:
    """Made once for each registry; asking again gives the same metrics."""

    def __init__(self, registry: Registry, prefix: str = PREFIX) -> None:
        self.latency = registry.summary(
            prefix + "latency_seconds", "Latency quantiles for sending alert notifications.", labels=_LABELS
        )
        self.latency_histogram = registry.histogram(
            prefix + "latency_histogram_seconds",
            "Latency histogram for sending alert notifications.",
            _LATENCY_BUCKETS,
            _LABELS,
        )
        self.errors = registry.counter(
            prefix + "errors_total", "Total number of sent alerts affected by errors.", _LABELS
        )
        self.sent = registry.counter(prefix + "sent_total", "Total number of alerts sent.", _LABELS)
        self.dropped = registry.counter(
            prefix + "dropped_total",
            "Total number of alerts dropped due to errors when sending to Alertmanager.",
            _LABELS,
        )
        self.queue_length = registry.gauge(
            prefix + "queue_length", "The number of alert notifications in the queue.", _LABELS
        )
        self.queue_capacity = registry.gauge(
            prefix + "queue_capacity", "The capacity of the alert notifications queue."
        )
        self.discovered = registry.gauge(
            prefix + "alertmanagers_discovered", "The number of alertmanagers discovered and active."
        )
        self._holders: dict[str, int] = {}

    def of(self, url: str) -> AlertmanagerMetrics:
        """Those of one Alertmanager, which show zeros from now on. Two that share a URL share them."""
        self._holders[url] = self._holders.get(url, 0) + 1
        return AlertmanagerMetrics(self, url)

    def release(self, url: str) -> None:
        """Forgets those of an Alertmanager once nobody has them any more."""
        self._holders[url] -= 1
        if not self._holders[url]:
            del self._holders[url]
            for metric in (
                self.latency,
                self.latency_histogram,
                self.errors,
                self.sent,
                self.dropped,
                self.queue_length,
            ):
                metric.remove(url)


class AlertmanagerMetrics:
    """The measurements of one Alertmanager."""

    def __init__(self, shared: SendMetrics, url: str) -> None:
        self._shared = shared
        self._url = url
        self.errors: Counter = shared.errors.labels(url)
        self.sent: Counter = shared.sent.labels(url)
        self.dropped: Counter = shared.dropped.labels(url)
        self._queue_length = shared.queue_length.labels(url)

    def took(self, seconds: float) -> None:
        """One request was taken within this time."""
        self._shared.latency.labels(self._url).observe(seconds)
        self._shared.latency_histogram.labels(self._url).observe(seconds)

    def waiting(self, count: int) -> None:
        """So many alerts wait."""
        self._queue_length.set(count)

    def release(self) -> None:
        """No more is counted here."""
        self._shared.release(self._url)
