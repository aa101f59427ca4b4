"""Carries out delete requests: the segments that they speak of are rewritten."""

from __future__ import annotations

from typing import Final

import numpy as np

from watchkeeper.core.model.errors import UnavailableError, WatchkeeperError
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.interface import DeleteRequest
from watchkeeper.logs.store.deletes import PROCESSED, keeper
from watchkeeper.logs.store.options import MINUTE_NS
from watchkeeper.logs.store.segment import Segment
from watchkeeper.logs.store.slices import is_hit
from watchkeeper.logs.store.workshop import Workshop

log = get_logger("logs.store")

RETRY_NS: Final = 5 * MINUTE_NS


class Erasing:
    """Does what the requests ask for that can't be cancelled any more."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        self._next_ns = 0

    def run(self, now_ns: int) -> None:
        """Rewrite the segments that delete requests speak of; not before they can't be cancelled any more."""
        due = [
            (tenant, request)
            for tenant, request in self._shop.deletes.due(now_ns - self._shop.settings.delete_cancel_ns)
            if self._shop.overrides.of(tenant).deletion_mode == "filter-and-delete"
        ]
        if not due or now_ns < self._next_ns:
            return
        self._next_ns = now_ns + RETRY_NS  # Where this fails.
        ids = {(tenant, request.id) for tenant, request in due}
        try:
            self._shop.head.cut_where(
                "forced",
                lambda stream, held: any(
                    tenant == stream.tenant and is_hit(request, stream.stream) for tenant, request in due
                ),
            )
            self._shop.flusher.flush()
            tenants = {tenant for tenant, _ in due}
            start_ns = min(request.start_ns for _, request in due)
            end_ns = max(request.end_ns for _, request in due)
            hit = [
                segment
                for segment in self._shop.segments.current
                if tenants & set(segment.info.tenants)
                and segment.info.max_ns >= start_ns
                and segment.info.min_ns <= end_ns
            ]
            for number, segment in enumerate(hit):
                if number and number % 8 == 0:
                    self._shop.deletes.note(ids, f"{number * 100 // len(hit)}% Complete", now_ns)
                self._delete_from(segment, due)
            self._shop.deletes.note(ids, PROCESSED, now_ns)
        except (OSError, WatchkeeperError) as error:
            log.error(
                "delete requests could not be carried out; queries heed them, and it is tried again", err=str(error)
            )
            return
        self._next_ns = 0
        log.info("delete requests carried out", requests=len(due), segments=len(hit))

    def _delete_from(self, segment: Segment, due: list[tuple[str, DeleteRequest]]) -> None:
        if not self._shop.segments.loaded([segment]):
            raise UnavailableError(f"{segment.name} can't be read now")
        keep = keeper(due)
        if not self._holds_hits(segment, due):
            return
        rebuild = self._shop.rebuild([segment], keep=keep)
        n_gone = rebuild.n_rows_before - rebuild.n_rows_after
        self._shop.metrics.deleted_lines.labels(due[0][0]).inc(max(0, n_gone))

    def _holds_hits(self, segment: Segment, due: list[tuple[str, DeleteRequest]]) -> bool:
        """Whether a request speaks of any block of the segment."""
        loaded = segment.load()
        footer, streams = loaded.footer, self._shop.segments.streams
        for tenant, request in due:
            inside = loaded.good & (footer.max_ns >= request.start_ns) & (footer.min_ns <= request.end_ns)
            ids = np.unique(loaded.ids[inside]).tolist()
            if any(streams.tenant(id_) == tenant and is_hit(request, streams.stream(id_)) for id_ in ids):
                return True
        return False
