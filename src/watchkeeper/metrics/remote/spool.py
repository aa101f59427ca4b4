"""The write side of a queue: stored samples go to segments on the disk, from which the queue reads and sends them.

So an outage of the receiver costs disk, not memory, and what a kill -9 interrupts is sent after the restart. A series'
labels are rewritten once for each source; a row then costs one record.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from watchkeeper.core.disk.wal import MAGIC, Wal, WriteFailed, scan, segment_path, segments
from watchkeeper.core.model.histogram import Histogram
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.metadata import Exemplar
from watchkeeper.core.model.packed_labels import PackedLabels, pack, unpack
from watchkeeper.core.model.stale import MISSING_BITS
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.wire.remote import encode_exemplar
from watchkeeper.core.wire.remote_histogram import encode_histogram
from watchkeeper.metrics.interface import SampleBatch, Values
from watchkeeper.metrics.remote.spool_records import (
    Bits,
    SpoolRecord,
    count_of,
    encode_columns,
    encode_labels,
    encode_row,
    encode_samples,
    encode_single,
)
from watchkeeper.metrics.remote.telemetry import QueueMetrics

SPOOL_LIMIT_BYTES: Final = 4 << 30  # About a day of 50,000 series every 15 s; the oldest segments go first.
SEGMENT_BYTES: Final = 16 << 20
RUN_ROWS: Final = 64  # A damaged record costs its source's rows up to the end of their run.
WAITING_SAMPLES: Final = 1_000_000  # In memory while the disk takes nothing; beyond, the oldest are not sent.
QUIET_S: Final = 60.0  # A disk that stays full is told once in this time.

Position = tuple[int, int]
"""A segment's number, and an offset in it."""

Rewrite = Callable[[Labels], Labels | None]
"""External labels and write_relabel_configs: the labels to send, None where the series is not sent."""

log = get_logger("remote")


class Spool:
    """The segments of one remote. Any thread may write; `end` says up to where another may read.

    A write that fails is logged, never raised, as the samples are in the store by then; it is made with the next one.
    """

    def __init__(
        self,
        directory: Path,
        metrics: QueueMetrics,
        *,
        limit_bytes: int = SPOOL_LIMIT_BYTES,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        """Starts a new segment behind those that are there. Raises OSError."""
        self.directory = directory
        self.metrics = metrics
        self.is_open = True
        self.reading_segment = -1  # Set by the reader; never dropped for room.
        self._limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self._wal = Wal(directory, segment_bytes=segment_bytes)
        self._segment = self._wal.segment
        self._counts: dict[int, int] = {}  # Samples by segment, of those that were written by this process.
        self._next_source = 1
        self._refs: dict[bytes, int] = {}  # Of source 0, in this segment: column by labels as stored; -1: not sent.
        self._n_refs = 0
        self._last_complaint_s = -QUIET_S
        self._waiting: deque[tuple[int, Callable[[], None]]] = deque()
        self._n_waiting = 0
        self.end: Position = (self._wal.segment, self._wal.offset)

    def new_source(self) -> int:
        """A number for a source's rows."""
        with self._lock:
            self._next_source += 1
            return self._next_source - 1

    def write_row(self, feed: Feed, time_ms: int, row: Values) -> None:
        """Writes what is to be sent of one row."""
        cells = row.view(np.uint64)[feed.columns]
        n_samples = int(np.count_nonzero(cells != np.uint64(MISSING_BITS)))
        if not n_samples:
            return
        self._write(n_samples, lambda: self._write_cells(feed, time_ms, cells, n_samples))

    def _write_cells(self, feed: Feed, time_ms: int, cells: Bits, n_samples: int) -> None:
        if len(cells) < len(feed.columns):  # It waited, and columns came meanwhile.
            cells = np.concatenate((cells, np.full(len(feed.columns) - len(cells), MISSING_BITS, np.uint64)))
        segment = self._ready()
        self._append(segment, feed.records(segment, time_ms, cells), n_samples)
        feed.wrote(segment, cells)

    def _write(self, n_samples: int, write: Callable[[], None]) -> None:
        """Writes what waited for room on the disk, then this; what can't be written waits, up to WAITING_SAMPLES."""
        with self._lock:
            if not self.is_open:
                return
            self._waiting.append((n_samples, write))
            self._n_waiting += n_samples
            try:
                while self._waiting:
                    self._waiting[0][1]()
                    self._n_waiting -= self._waiting.popleft()[0]
            except WriteFailed as error:
                self._complain(error)

    def write_batch(self, batch: SampleBatch, stored: Sequence[np.ndarray], rewrite: Rewrite, kinds: Kinds) -> None:
        """Writes what was stored of a batch.

        stored   bool for each sample, histogram and exemplar
        """
        keep = np.flatnonzero(stored[0])
        histograms = [one for one, good in zip(batch.histograms, stored[1], strict=True) if good and kinds.histograms]
        exemplars = [one for one, good in zip(batch.exemplars, stored[2], strict=True) if good and kinds.exemplars]
        n_samples = len(keep) + len(histograms)
        if not n_samples and not exemplars:
            return
        used = np.zeros(len(batch.labels), np.bool_)
        used[batch.series[keep]] = True
        used[[one[0] for one in histograms] + [one[0] for one in exemplars]] = True
        self._write(n_samples, lambda: self._write_parts(batch, keep, used, histograms, exemplars, rewrite))

    def _write_parts(
        self,
        batch: SampleBatch,
        keep: np.ndarray,
        used: np.ndarray,
        histograms: Sequence[tuple[int, int, Histogram]],
        exemplars: Sequence[tuple[int, Exemplar]],
        rewrite: Rewrite,
    ) -> None:
        try:
            segment = self._ready()
            number, new = self._numbers(batch.labels, np.flatnonzero(used).tolist(), rewrite)
            first = self._n_refs - len(new)
            records = [(int(SpoolRecord.COLUMNS), encode_columns(0, first, encode_labels(new)))] if new else []
            columns = number[batch.series[keep]]
            sent = columns >= 0
            if sent.any():
                taken = keep[sent]
                payload = encode_samples(0, columns[sent].astype(np.uint32), batch.times[taken], batch.values[taken])
                records.append((int(SpoolRecord.SAMPLES), payload))
            for row, time_ms, value in histograms:
                if number[row] >= 0:
                    payload = encode_single(0, int(number[row]), time_ms, encode_histogram(time_ms, value))
                    records.append((int(SpoolRecord.HISTOGRAM), payload))
            for row, exemplar in exemplars:
                if number[row] >= 0:
                    payload = encode_single(0, int(number[row]), exemplar.time_ms or 0, encode_exemplar(exemplar))
                    records.append((int(SpoolRecord.EXEMPLAR), payload))
            if records:
                self._append(segment, records, len(keep) + len(histograms))
        except WriteFailed:
            self._refs, self._n_refs = {}, 0
            self._segment = -1  # What the segment knows of source 0 is not sure any more: begin another.
            raise

    def _numbers(self, labels: Sequence[Labels], rows: list[int], rewrite: Rewrite) -> tuple[np.ndarray, list[bytes]]:
        """The column of each label set in this segment, and the packed labels of the new ones."""
        number = np.full(len(labels), -1, np.int64)
        new: list[bytes] = []
        refs = self._refs
        # A loop over series; only those that the segment does not know yet are rewritten.
        for row in rows:
            key = labels.key(row) if isinstance(labels, PackedLabels) else pack(labels[row])
            ref = refs.get(key)
            if ref is None:
                changed = rewrite(unpack(key))
                if changed is None:
                    ref = -1
                else:
                    ref = self._n_refs
                    self._n_refs += 1
                    new.append(pack(changed))
                refs[key] = ref
            number[row] = ref
        return number, new

    def _ready(self) -> int:
        segment = self._wal.ready()
        if self._segment == -1 and self._wal.offset > len(MAGIC):
            try:
                segment = self._wal.rotate()
            except OSError as error:
                raise WriteFailed(f"{self.directory}: {error.strerror or error}") from error
        if segment != self._segment:
            self._segment = segment
            self._refs, self._n_refs = {}, 0
            self._keep_limit()
        return segment

    def _append(self, segment: int, records: list[tuple[int, bytes]], n_samples: int) -> None:
        self._wal.append(records)
        self._counts[segment] = self._counts.get(segment, 0) + n_samples
        self.end = (segment, self._wal.offset)

    def _keep_limit(self) -> None:
        """Drops the oldest segments that have no room; what they held is counted."""
        present = [number for number in segments(self.directory) if number < self._wal.segment]
        size_bytes = self._wal.size_bytes()
        for number in present:
            if size_bytes <= self._limit_bytes:
                break
            if number == self.reading_segment:
                continue
            path = segment_path(self.directory, number)
            size_bytes -= path.stat().st_size
            lost = self._counts.pop(number, None)
            lost = _count_samples(path, number) if lost is None else lost
            path.unlink(missing_ok=True)
            self.metrics.dropped("samples", lost, "spool_full")
            log.error(
                "remote storage is behind and its spool is full; the oldest samples are not sent",
                samples=lost,
                limit_bytes=self._limit_bytes,
            )
        self.metrics.gauge("spool_bytes").set(size_bytes)

    def _complain(self, error: WriteFailed) -> None:
        while self._n_waiting > WAITING_SAMPLES and len(self._waiting) > 1:
            n_samples, _ = self._waiting.popleft()
            self._n_waiting -= n_samples
            self.metrics.dropped("samples", n_samples, "spool_write_failed")
        if time.monotonic() - self._last_complaint_s >= QUIET_S:
            self._last_complaint_s = time.monotonic()
            log.error(
                "samples are stored and wait in memory for remote storage",
                samples=self._n_waiting,
                limit=WAITING_SAMPLES,
                error=error,
            )

    def release(self, segment: int) -> None:
        """Segments before this one are sent and may go."""
        with self._lock:
            if self._wal.drop_before(segment):
                self._counts = {number: n for number, n in self._counts.items() if number >= segment}
                self.metrics.gauge("spool_bytes").set(self._wal.size_bytes())

    def sync(self) -> None:
        """Bring what was written to the device. Raises OSError."""
        self._wal.sync()

    def close(self) -> None:
        """Sync and close; later writes are for nobody. Raises OSError."""
        with self._lock:
            self.is_open = False
            self._wal.close()


class Kinds:
    """Which kinds besides float samples a remote takes."""

    __slots__ = ("exemplars", "histograms")

    def __init__(self, *, histograms: bool, exemplars: bool) -> None:
        self.histograms = histograms
        self.exemplars = exemplars


class Feed:
    """One source's rows on their way to one spool: which columns are sent, and under which labels."""

    __slots__ = ("_before", "_labels", "_n_defined", "_n_pieces", "_new", "_place", "_segment", "_source", "columns")

    def __init__(self, source: int) -> None:
        self._source = source
        self._segment = -1
        self._n_defined = 0  # Columns that the segment knows ...
        self._n_pieces = 0  # ... from so many of the pieces.
        self._labels: list[bytes] = []
        self._new: list[bytes] = []
        self._place = 0
        self._before: Bits = np.zeros(0, np.uint64)
        self.columns = np.zeros(0, np.intp)

    def add(self, columns: list[int], packed: list[bytes]) -> None:
        """Send these columns too, under these labels."""
        self.columns = np.concatenate([self.columns, np.array(columns, np.intp)])
        self._new += packed

    def records(self, segment: int, time_ms: int, cells: Bits) -> list[tuple[int, bytes]]:
        """What is to be written for a row; changes nothing that a failed write would spoil."""
        if self._new:
            self._labels.append(encode_labels(self._new))
            self._new = []
        records: list[tuple[int, bytes]] = []
        is_known = self._segment == segment
        missing = self._labels[self._n_pieces if is_known else 0 :]
        if missing:
            payload = encode_columns(self._source, self._n_defined if is_known else 0, b"".join(missing))
            records.append((int(SpoolRecord.COLUMNS), payload))
        before = np.zeros(len(cells), np.uint64)
        place = self._next_place(segment)
        if place:
            before[: len(self._before)] = self._before
        records.append((int(SpoolRecord.ROW), encode_row(self._source, time_ms, place, cells, before)))
        return records

    def _next_place(self, segment: int) -> int:
        return (self._place + 1) % RUN_ROWS if self._segment == segment else 0

    def wrote(self, segment: int, cells: Bits) -> None:
        """The records are in the segment."""
        self._place = self._next_place(segment)
        self._segment = segment
        self._labels = [b"".join(self._labels)] if len(self._labels) > 8 else self._labels
        self._n_pieces = len(self._labels)
        self._n_defined = len(cells)
        self._before = cells


def _count_samples(path: Path, number: int) -> int:
    """About how many samples a segment of an earlier run holds."""
    records, _, _ = scan(number, memoryview(path.read_bytes()))
    return sum(count_of(record.type, record.payload) for record in records)
