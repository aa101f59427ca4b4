"""What is done beside the writing: cutting by age, merging, retention, deletes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

import numpy as np

from watchkeeper.core.model.errors import CorruptionError, UnavailableError
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.interface import DeleteRequest
from watchkeeper.logs.store.deletes import PROCESSED, Deletes, keeper
from watchkeeper.logs.store.flush import Flusher
from watchkeeper.logs.store.head import Head
from watchkeeper.logs.store.memory import give_back
from watchkeeper.logs.store.merge import plan
from watchkeeper.logs.store.metrics import StoreMetrics
from watchkeeper.logs.store.options import HOUR_NS, MINUTE_NS, StoreOptions
from watchkeeper.logs.store.overrides import Overrides
from watchkeeper.logs.store.rebuild import ALL, NONE, Keep, Rebuild, Stopped
from watchkeeper.logs.store.retention import beyond_size, expired, is_worth, shortest_period
from watchkeeper.logs.store.segment import Segment
from watchkeeper.logs.store.segments import Segments
from watchkeeper.logs.store.settings import StoreSettings
from watchkeeper.logs.store.slices import is_hit

log = get_logger("logs.store")

RETRY_S: Final = 60.0
FORGET_NS: Final = HOUR_NS  # How often it is looked for streams that are nowhere any more.
DELETE_RETRY_NS: Final = 5 * MINUTE_NS


class Upkeep:
    """A thread for work that takes long; `tick` says when to look."""

    def __init__(
        self,
        head: Head,
        segments: Segments,
        flusher: Flusher,
        settings: StoreSettings,
        options: StoreOptions,
        metrics: StoreMetrics,
        clock_ns: Callable[[], int],
        overrides: Overrides,
        deletes: Deletes,
    ) -> None:
        self._overrides = overrides
        self._deletes = deletes
        self._head = head
        self._segments = segments
        self._flusher = flusher
        self._settings = settings
        self._options = options
        self._metrics = metrics
        self._clock_ns = clock_ns
        self._wake = threading.Event()
        self._pause = threading.Event()
        self._work = threading.Lock()
        self._is_stopping = False
        self._thread: threading.Thread | None = None
        self._failed: dict[str, float] = {}  # Segments that could not be merged, and when to try again.
        self._next_retention_ns = 0
        self._next_deletes_ns = 0
        self._next_forget_ns = 0
        self._unused: set[int] = set()

    def start(self) -> None:
        """Begin to work."""
        self._thread = threading.Thread(target=self._run, name="logs-upkeep", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what it is at is given up."""
        self._is_stopping = True
        self._pause.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._is_stopping = False
        self._pause.clear()

    def wake(self) -> None:
        """Look for work now."""
        self._wake.set()

    def _run(self) -> None:
        while not self._is_stopping:
            self._wake.wait()
            self._wake.clear()
            try:
                with self._work:
                    self._step()
            except Stopped:
                return
            except Exception as error:
                log.error("upkeep failed; it is tried again", err=error, after_s=round(RETRY_S))
                self._pause.wait(RETRY_S)

    def _step(self) -> None:
        now_ns = self._clock_ns()
        self._drop_empty()
        if now_ns >= self._next_retention_ns:
            self._next_retention_ns = now_ns + min(self._settings.retention_interval_ns, HOUR_NS)
            self._retain(now_ns)
        self._retain_size()
        self._carry_out_deletes(now_ns)
        self.merge_all()
        if now_ns >= self._next_forget_ns:
            self._next_forget_ns = now_ns + FORGET_NS
            self._forget_streams()

    def run(self) -> None:
        """Do all that is due, in the calling thread."""
        with self._work:
            self._next_retention_ns = 0
            self._step()

    # --- merging ----------------------------------------------------------------------------------------------------

    def merge_all(self) -> int:
        """Merge until nothing is left to merge; how many merges were done. Failures are logged and counted."""
        done = 0
        while not self._is_stopping and self._merge_next():
            done += 1
        return done

    def _merge_next(self) -> bool:
        now_ns, now_s = self._clock_ns(), time.monotonic()
        self._failed = {name: until_s for name, until_s in self._failed.items() if until_s > now_s}
        current = {segment.name: segment for segment in self._segments.current}
        names = plan([segment.info for segment in current.values()], self._options, now_ns, self._failed)
        if not names:
            return False
        inputs = self._segments.loaded([current[name] for name in names])
        if len(inputs) < len(names):  # Some were set aside, or can't be read now: another plan, another time.
            self._failed |= dict.fromkeys(set(names) - {one.name for one in inputs}, now_s + RETRY_S)
            return True
        began = time.perf_counter()
        self._metrics.compactor_running.set(1)
        try:
            rebuild = Rebuild(
                self._segments,
                self._options,
                inputs,
                first_log=self._head.first_segment(),
                now_ns=now_ns,
                should_stop=lambda: self._is_stopping,
            )
            made = rebuild.run()
            give_back()
        except (OSError, UnavailableError, CorruptionError) as error:
            self._metrics.merges_failed.inc()
            self._metrics.compactions.labels("failure").inc()
            self._failed |= dict.fromkeys(names, now_s + RETRY_S)
            log.error("segments could not be merged; they serve as they are", err=str(error))
            return True
        finally:
            self._metrics.compactor_running.set(0)
        took_s = time.perf_counter() - began
        self._metrics.merges.inc()
        self._metrics.compactions.labels("success").inc()
        self._metrics.merge_seconds.observe(took_s)
        self._metrics.compaction_seconds.set(took_s)
        self._metrics.compaction_success.set(now_ns / 1e9)
        log.debug(
            "segments merged",
            segments=len(inputs),
            made=len(made),
            bytes=sum(info.size_bytes for info in made),
            duration_ms=round(took_s * 1000),
        )
        return True

    # --- retention --------------------------------------------------------------------------------------------------

    def _drop_empty(self) -> None:
        """Segments without blocks only remembered places in the log; when it is shorter they go."""
        empty = [segment for segment in self._segments.current if not segment.info.n_blocks]
        if empty:
            first = self._head.first_segment()
            gone = [one for one in empty if not one.info.holds_log(self._segments.log_id, first)]
            if gone:
                self._segments.replace(gone, [])

    def _retain(self, now_ns: int) -> None:
        """Remove what no stream's retention keeps."""
        if not self._settings.retention_enabled:
            return
        try:
            for segment in self._segments.current:
                if self._is_stopping:
                    return
                self._retain_segment(segment, now_ns)
        except (OSError, UnavailableError, CorruptionError) as error:
            self._metrics.retention_runs.labels("failure").inc()
            log.error("retention could not be applied", err=str(error))
            return
        self._metrics.retention_runs.labels("success").inc()
        self._metrics.retention_success.set(now_ns / 1e9)

    def _retain_segment(self, segment: Segment, now_ns: int) -> None:
        info = segment.info
        periods = [shortest_period(self._overrides.of(tenant)) for tenant in info.tenants]
        shortest_ns = min((period for period in periods if period), default=0)
        if not info.n_blocks or not shortest_ns or info.min_ns >= now_ns - shortest_ns:
            return
        if not self._segments.loaded([segment]):
            return
        loaded = segment.load()
        footer = loaded.footer
        streams = self._segments.streams
        of_stream = np.array(
            [
                self._overrides.of(streams.tenant(id_)).retention_ns(streams.stream(id_).labels)
                for id_ in loaded.stream_ids.tolist()
            ],
            np.int64,
        )
        period_ns = of_stream[footer.stream]
        gone = expired(footer.max_ns, period_ns, now_ns)
        if not is_worth(gone, footer.size, footer.max_ns, period_ns, now_ns):
            return
        self._metrics.retention_marked.inc(int(gone.sum()))
        if gone.all():
            self._metrics.segments_expired.labels("age").inc()
            log.info("a segment beyond retention is removed", segment=segment.name)
            self._remove(segment, now_ns)
        else:
            log.info("a segment is rewritten for retention", segment=segment.name, blocks=int(gone.sum()))
            self._rebuild([segment], lambda stored: NONE if gone[stored.number] else ALL, now_ns)

    def _retain_size(self) -> None:
        """Remove the oldest segments while all are larger than they may be."""
        current = {segment.name: segment for segment in self._segments.current}
        names = beyond_size([segment.info for segment in current.values()], self._settings.retention_bytes)
        for name in names:
            self._metrics.segments_expired.labels("size").inc()
            log.info("the oldest segment is removed, as there is no room for it", segment=name)
            self._remove(current[name], self._clock_ns())

    def _remove(self, segment: Segment, now_ns: int) -> None:
        """Raises OSError or UnavailableError."""
        if segment.info.holds_log(self._segments.log_id, self._head.first_segment()):
            # Gone it may be only when the log does not have its entries any more: they would come back.
            self._rebuild([segment], lambda stored: NONE, now_ns)
        else:
            self._segments.replace([segment], [])

    def _rebuild(self, inputs: list[Segment], keep: Keep, now_ns: int) -> Rebuild:
        rebuild = Rebuild(
            self._segments,
            self._options,
            inputs,
            keep=keep,
            join=False,
            first_log=self._head.first_segment(),
            now_ns=now_ns,
            should_stop=lambda: self._is_stopping,
        )
        rebuild.run()
        give_back()
        return rebuild

    def _forget_streams(self) -> None:
        """Forget streams that were in no segment and not in memory, now and an hour ago: a query may still be at it."""
        streams = self._segments.streams
        with self._head.pushes, streams.changes:
            used = set(self._head.by_id)
            for held in list(self._head.pending):
                used.add(held.stream.id)
            for segment in self._segments.current:
                used |= segment.known_ids()
            unused = streams.ids() - used
            gone, self._unused = unused & self._unused, unused
            if gone:
                streams.forget(gone)
                self._unused -= gone

    # --- deletes ----------------------------------------------------------------------------------------------------

    def _carry_out_deletes(self, now_ns: int) -> None:
        """Rewrite the segments that delete requests speak of; not before they can't be cancelled any more."""
        due = [
            (tenant, request)
            for tenant, request in self._deletes.due(now_ns - self._settings.delete_cancel_ns)
            if self._overrides.of(tenant).deletion_mode == "filter-and-delete"
        ]
        if not due or now_ns < self._next_deletes_ns:
            return
        self._next_deletes_ns = now_ns + DELETE_RETRY_NS  # Where this fails.
        ids = {(tenant, request.id) for tenant, request in due}
        try:
            self._head.cut_where(
                "forced",
                lambda stream, held: any(
                    tenant == stream.tenant and is_hit(request, stream.stream) for tenant, request in due
                ),
            )
            self._flusher.flush()
            tenants = {tenant for tenant, _ in due}
            start_ns = min(request.start_ns for _, request in due)
            end_ns = max(request.end_ns for _, request in due)
            hit = [
                segment
                for segment in self._segments.current
                if tenants & set(segment.info.tenants)
                and segment.info.max_ns >= start_ns
                and segment.info.min_ns <= end_ns
            ]
            for number, segment in enumerate(hit):
                if number and number % 8 == 0:
                    self._deletes.note(ids, f"{number * 100 // len(hit)}% Complete", now_ns)
                self._delete_from(segment, due, now_ns)
            self._deletes.note(ids, PROCESSED, now_ns)
        except (OSError, UnavailableError, CorruptionError) as error:
            log.error("delete requests could not be carried out; queries heed them, and it is tried again", err=str(error))
            return
        self._next_deletes_ns = 0
        log.info("delete requests carried out", requests=len(due), segments=len(hit))

    def _delete_from(self, segment: Segment, due: list[tuple[str, DeleteRequest]], now_ns: int) -> None:
        if not self._segments.loaded([segment]):
            raise UnavailableError(f"{segment.name} can't be read now")
        keep = keeper(due)
        if not self._holds_hits(segment, due):
            return
        rebuild = self._rebuild([segment], keep, now_ns)
        n_gone = rebuild.n_rows_before - rebuild.n_rows_after
        self._metrics.deleted_lines.labels(due[0][0]).inc(max(0, n_gone))

    def _holds_hits(self, segment: Segment, due: list[tuple[str, DeleteRequest]]) -> bool:
        """Whether a request speaks of any block of the segment."""
        loaded = segment.load()
        footer, streams = loaded.footer, self._segments.streams
        for tenant, request in due:
            inside = loaded.good & (footer.max_ns >= request.start_ns) & (footer.min_ns <= request.end_ns)
            ids = np.unique(loaded.ids[inside]).tolist()
            if any(streams.tenant(id_) == tenant and is_hit(request, streams.stream(id_)) for id_ in ids):
                return True
        return False
