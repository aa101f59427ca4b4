"""Applies retention: segments go, or are rewritten, for their age and for their size."""

from __future__ import annotations

import numpy as np

from watchkeeper.core.model.errors import CorruptionError, UnavailableError
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.store.rebuild import ALL, NONE
from watchkeeper.logs.store.retention import beyond_size, expired, is_worth, shortest_period
from watchkeeper.logs.store.segment import Segment
from watchkeeper.logs.store.workshop import Workshop

log = get_logger("logs.store")


class Retiring:
    """Removes what is not kept any more."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop

    def drop_empty(self) -> None:
        """Segments without blocks only remembered places in the log; when it is shorter they go."""
        empty = [segment for segment in self._shop.segments.current if not segment.info.n_blocks]
        if empty:
            first = self._shop.head.first_segment()
            gone = [one for one in empty if not one.info.holds_log(self._shop.segments.log_id, first)]
            if gone:
                self._shop.segments.replace(gone, [])

    def by_age(self, now_ns: int) -> None:
        """Remove what no stream's retention keeps."""
        if not self._shop.settings.retention_enabled:
            return
        try:
            for segment in self._shop.segments.current:
                if self._shop.is_stopping:
                    return
                self._retain_segment(segment, now_ns)
        except (OSError, UnavailableError, CorruptionError) as error:
            self._shop.metrics.retention_runs.labels("failure").inc()
            log.error("retention could not be applied", err=str(error))
            return
        self._shop.metrics.retention_runs.labels("success").inc()
        self._shop.metrics.retention_success.set(now_ns / 1e9)

    def _retain_segment(self, segment: Segment, now_ns: int) -> None:
        info = segment.info
        periods = [shortest_period(self._shop.overrides.of(tenant)) for tenant in info.tenants]
        shortest_ns = min((period for period in periods if period), default=0)
        if not info.n_blocks or not shortest_ns or info.min_ns >= now_ns - shortest_ns:
            return
        if not self._shop.segments.loaded([segment]):
            return
        loaded = segment.load()
        footer = loaded.footer
        streams = self._shop.segments.streams
        of_stream = np.array(
            [
                self._shop.overrides.of(streams.tenant(id_)).retention_ns(streams.stream(id_).labels)
                for id_ in loaded.stream_ids.tolist()
            ],
            np.int64,
        )
        period_ns = of_stream[footer.stream]
        gone = expired(footer.max_ns, period_ns, now_ns)
        if not is_worth(gone, footer.size, footer.max_ns, period_ns, now_ns):
            return
        self._shop.metrics.retention_marked.inc(int(gone.sum()))
        if gone.all():
            self._shop.metrics.segments_expired.labels("age").inc()
            log.info("a segment beyond retention is removed", segment=segment.name)
            self._remove(segment)
        else:
            log.info("a segment is rewritten for retention", segment=segment.name, blocks=int(gone.sum()))
            self._shop.rebuild([segment], keep=lambda stored: NONE if gone[stored.number] else ALL)

    def by_size(self) -> None:
        """Remove the oldest segments while all are larger than they may be."""
        current = {segment.name: segment for segment in self._shop.segments.current}
        names = beyond_size([segment.info for segment in current.values()], self._shop.settings.retention_bytes)
        for name in names:
            self._shop.metrics.segments_expired.labels("size").inc()
            log.info("the oldest segment is removed, as there is no room for it", segment=name)
            self._remove(current[name])

    def _remove(self, segment: Segment) -> None:
        """Raises OSError or UnavailableError."""
        if segment.info.holds_log(self._shop.segments.log_id, self._shop.head.first_segment()):
            # Gone it may be only when the log does not have its entries any more: they would come back.
            self._shop.rebuild([segment], keep=lambda stored: NONE)
        else:
            self._shop.segments.replace([segment], [])
