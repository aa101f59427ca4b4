"""The recent window of a store: takes rows and batches, writes them to the log, then holds them in memory.

One lock guards every change; readers take snapshots. Sealing and truncation (head_upkeep) run in another thread than
appends and hold the lock only to publish what they made.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from watchkeeper.core.disk.wal import Wal, WriteFailed
from watchkeeper.core.index.select import select_any, select_refs
from watchkeeper.core.kernels.head_rows import encode_row
from watchkeeper.core.kernels.series_table import SeriesTable, Undo
from watchkeeper.core.model.errors import CorruptionError
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.core.model.metadata import Metadata
from watchkeeper.core.model.packed_labels import PackedLabels
from watchkeeper.core.model.stale import missing_mask
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.metrics.interface import AppendResult, Budget, Columns, SampleBatch, Series, Status, Values
from watchkeeper.metrics.tsdb.exemplars import Exemplars
from watchkeeper.metrics.tsdb.head_read import Intervals, Snapshot, present_refs, read, read_newest
from watchkeeper.metrics.tsdb.histogram_bytes import encode_histogram, stand_ins
from watchkeeper.metrics.tsdb.options import TSDBOptions
from watchkeeper.metrics.tsdb.places import Places
from watchkeeper.metrics.tsdb.ragged import Blob, Ragged, add_part
from watchkeeper.metrics.tsdb.selections import Selections, SeriesChanges
from watchkeeper.metrics.tsdb.series_log import SeriesLog
from watchkeeper.metrics.tsdb.source import DEAD_SHARE, NO_TIME, Layout, Run, Source, Writer
from watchkeeper.metrics.tsdb.telemetry import HeadMetrics
from watchkeeper.metrics.tsdb.wal import (
    ROW_HEADER,
    RecordType,
    Refs,
    Samples,
    encode_blobs,
    encode_columns,
    encode_samples,
)

MAX_TIME: Final = (1 << 63) - 1

T = TypeVar("T")

log = get_logger("tsdb")


class Head:
    """Series, their open and sealed samples, and the logs that make them durable.

    truncated_ms   samples before this time belong to blocks; only an out-of-order sample may still come
    chunks_from    the chunk log's end at that truncation: of sample chunks before it, those with older samples are gone
    """

    def __init__(
        self,
        options: TSDBOptions,
        metrics: HeadMetrics,
        table: SeriesTable,
        metadata: dict[str, Metadata],
        exemplars: Exemplars,
    ) -> None:
        self.options = options
        self.metrics = metrics
        self.table = table
        self.metadata = metadata
        self.exemplars = exemplars
        self.lock = threading.Lock()
        self.wal: Wal | None = None
        self.series_log: SeriesLog | None = None
        self.sources: dict[int, Source] = {}
        self.ragged = Ragged()
        self.deleted: Intervals = {}
        self.truncated_ms = NO_TIME
        self.chunks_from: tuple[int, int] = (0, 0)
        self.min_time_ms = MAX_TIME
        self.max_time_ms = NO_TIME
        self.next_source = 1
        self.layout_changes = 0  # Grows whenever a source comes or goes, or its parts or their columns change.
        self.series_changes = SeriesChanges()
        self._readers = 0
        self._places: Places | None = None
        self._layouts: list[Layout] = []
        self._layouts_of = -1  # The number of `layout_changes` that these and the places belong to.
        self._selections = Selections()
        self._table_lock = threading.RLock()

    def start(self, directory: Path, first_wal_segment: int) -> None:
        """Open the logs for writing. Raises OSError."""
        sync_writes = self.options.fsync_interval_s <= 0
        self.series_log = SeriesLog(directory / "series", sync_writes=sync_writes)
        self.wal = Wal(
            directory / "wal",
            segment_bytes=self.options.wal_segment_bytes,
            sync_writes=sync_writes,
            first=first_wal_segment,
        )

    # --- writing ----------------------------------------------------------------------------------------------------

    @property
    def min_valid_ms(self) -> int:
        """Samples before this time are out of order, or out of bounds."""
        if self.max_time_ms == NO_TIME:
            return self.truncated_ms
        return max(self.truncated_ms, self.max_time_ms - self.options.block_ms // 2)

    def source(self, name: str) -> Writer:
        """A writer for a new source."""
        with self.lock:
            # The first runs differ in length, so that the sources of one start are not all sealed at one time.
            number = self.next_source
            first = max(8, self.options.run_rows * (number % 8 + 1) // 8)
            source = Source(number, name, min(first, self.options.run_rows))
            self.sources[number] = source
            self.next_source += 1
            self.layout_changes += 1
        return Writer(self, source)

    def close_source(self, source: Source) -> None:
        """No more rows come; what is stored stays until it is truncated."""
        with self.lock:
            source.end_run()
            source.is_open = False

    def columns(self, source: Source, label_sets: Sequence[Labels]) -> Columns:
        """The columns of label sets in a source; new series are defined in the log first. Raises WriteFailed."""
        with self.lock:
            refs = self._refs(label_sets)
            known = source.refs
            order = np.argsort(known, kind="stable")
            place = np.searchsorted(known, refs, sorter=order)
            found = np.full(len(refs), -1, np.int64)
            inside = place < len(known)
            found[inside] = order[place[inside]]
            if len(known):
                found[known[found] != refs] = -1
            new = np.flatnonzero(found < 0)
            if len(new):
                added, first, inverse = np.unique(refs[new], return_index=True, return_inverse=True)
                by_appearance = np.argsort(first)
                rank = np.empty(len(added), np.int64)
                rank[by_appearance] = np.arange(len(added))
                found[new] = len(known) + rank[inverse]
                source.refs = np.concatenate((known, added[by_appearance]))
            return found.astype(np.int32)

    def _refs(self, label_sets: Sequence[Labels]) -> Refs:
        """The refs of label sets; the lock is held."""
        if isinstance(label_sets, PackedLabels):
            refs, record = self.table.plan_packed(label_sets.buffer, label_sets.offsets)
        else:
            refs, record = self.table.plan(label_sets)
        if record:
            assert self.series_log is not None
            self._write(lambda log: log.define(record), self.series_log)
            self.metrics.series_created.inc(self.table.apply(record))
            new = np.flatnonzero(self.table.last_times(refs) == NO_TIME).tolist()
            self.series_changes.came({label_sets[i].name for i in new})
        return refs

    def _write(self, write: Callable[[T], None], log: T) -> None:
        try:
            write(log)
        except WriteFailed:
            self.metrics.wal_writes_failed.inc()
            raise

    def append_row(self, source: Source, time_ms: int, row: Values) -> Status:
        """Store a row of a source; the log first. Raises WriteFailed, and then nothing is stored."""
        with self.lock:
            refs = source.refs
            if len(row) != len(refs):
                raise ValueError(f"a row of {len(row)} cells for {len(refs)} columns of {source.name}")
            if not source.is_open:
                raise ValueError(f"{source.name} is closed")
            if time_ms <= source.last_ms or time_ms < self.min_valid_ms:
                return self._append_late_row(source, time_ms, row)
            cells = np.array(row, np.float64)
            kept, refused = self.table.admit_row(refs, cells, time_ms)
            late = self._append_refused(refs, time_ms, row, cells) if refused else Status.STORED
            if kept:
                self._append_cells(source, time_ms, cells)
                self.metrics.samples_appended.inc(kept)
            source.last_ms = time_ms
            return Status.STORED if kept else late

    def _append_cells(self, source: Source, time_ms: int, cells: Values) -> None:
        wal = self.wal
        assert wal is not None
        segment = wal.ready()
        refs = source.refs
        run = source.open_run()
        is_key = run is None or source.logged_segment != segment
        sequence = 0 if is_key else source.sequence + 1
        body = encode_row(source.prev, cells, is_key, sequence)
        records = [(RecordType.ROW, ROW_HEADER.pack(source.id, time_ms) + body)]
        if is_key or source.logged_columns < len(refs):
            # A run's first row names all its columns: an earlier run may have had others.
            first = 0 if is_key else source.logged_columns
            records.insert(0, (RecordType.COLUMNS, encode_columns(source.id, first, refs[first:])))
        try:
            wal.append(records)
        except WriteFailed:
            self.metrics.wal_writes_failed.inc()
            raise
        source.logged_segment = segment
        source.logged_columns = len(refs)
        source.sequence = sequence
        source.prev = cells
        if run is None:
            run = source.start_run(segment)
            self.layout_changes += 1
        elif run.refs is not refs:
            self.layout_changes += 1
        run.refs = refs
        run.bodies.append(body)
        run.times.append(time_ms)  # Last: a reader counts the times.
        self.table.commit_row(refs, cells, time_ms)
        self._note_times(time_ms, time_ms)
        if len(run.times) >= source.run_rows:
            self._end_run(source, run)

    def _end_run(self, source: Source, run: Run) -> None:
        run.is_ended = True
        source.run_rows = self.options.run_rows
        dead = self.table.last_times(source.refs) < run.times[0]
        if int(dead.sum()) * DEAD_SHARE > len(dead):
            source.refs = source.refs[~dead]
            source.prev = source.prev[~dead]
            source.logged_columns = 0
            source.generation += 1

    def _note_times(self, first_ms: int, last_ms: int) -> None:
        if last_ms > self.max_time_ms:
            self.max_time_ms = last_ms
        if first_ms < self.min_time_ms:
            self.min_time_ms = first_ms

    def _append_late_row(self, source: Source, time_ms: int, row: Values) -> Status:
        """A row that is not after the source's last: refused, or taken as single samples in the window."""
        cells = np.flatnonzero(~missing_mask(np.asarray(row, np.float64)))
        if not self.options.out_of_order_time_window_ms:
            if time_ms <= source.last_ms:
                self.metrics.out_of_order.inc(len(cells))
                return Status.OUT_OF_ORDER
            self.metrics.out_of_bounds.inc(len(cells))
            return Status.OUT_OF_BOUNDS
        status = self._append_cells_as_samples(source.refs[cells], time_ms, np.asarray(row, np.float64)[cells])
        return _of_all(status)

    def _append_refused(self, refs: Refs, time_ms: int, row: Values, kept: Values) -> Status:
        """Cells whose series had a sample at that time or later, from another source."""
        cells = np.flatnonzero(missing_mask(kept) & ~missing_mask(np.asarray(row, np.float64)))
        return _of_all(self._append_cells_as_samples(refs[cells], time_ms, np.asarray(row, np.float64)[cells]))

    def _append_cells_as_samples(self, refs: Refs, time_ms: int, values: Values) -> npt.NDArray[np.uint8]:
        return self._append_samples(Samples(refs, np.full(len(refs), time_ms, np.int64), values), ())[0]

    def append(self, batch: SampleBatch, *, all_or_nothing: bool = False) -> AppendResult:
        """Store samples with their own times; the log first. Raises WriteFailed, and then nothing is stored.

        A loop over the histograms and exemplars of the batch; floats are handled as columns.
        """
        with self.lock:
            refs = self._refs(batch.labels)
            starts = None if batch.start_times is None else np.ascontiguousarray(batch.start_times, np.int64)
            samples = Samples(
                refs[np.asarray(batch.series, np.int64)],
                np.ascontiguousarray(batch.times, np.int64),
                np.ascontiguousarray(batch.values, np.float64),
                starts,
            )
            blobs = tuple(
                (int(refs[series]), int(time_ms), encode_histogram(value))
                for series, time_ms, value in batch.histograms
            )
            floats, histograms, stored = self._append_samples(samples, blobs, all_or_nothing=all_or_nothing)
            exemplars = np.zeros(len(batch.exemplars), np.uint8)
            if stored:
                for i, (series, exemplar) in enumerate(batch.exemplars):
                    exemplars[i] = self.exemplars.add(batch.labels[series], exemplar, self.max_time_ms)
                self.exemplars.flush()
                self._describe(batch.metadata)
            return AppendResult(floats, histograms, exemplars)

    def _describe(self, metadata: dict[str, Metadata]) -> None:
        changed = {family: value for family, value in metadata.items() if self.metadata.get(family) != value}
        if changed:
            assert self.series_log is not None
            self._write(lambda log: log.describe(changed), self.series_log)
            self.metadata.update(changed)

    def _append_samples(
        self, samples: Samples, blobs: tuple[Blob, ...], *, all_or_nothing: bool = False
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], bool]:
        window_ms = self.options.out_of_order_time_window_ms
        n = len(samples)
        refs, times, values = samples.refs, samples.times, samples.values
        if blobs:
            refs = np.concatenate((refs, np.array([ref for ref, _, _ in blobs], np.uint32)))
            times = np.concatenate((times, np.array([time_ms for _, time_ms, _ in blobs], np.int64)))
            values = np.concatenate((values, stand_ins([blob for _, _, blob in blobs])))
        newest = max(self.max_time_ms, NO_TIME + window_ms)
        status, kind, undo = self.table.admit_samples(
            refs, times, values, self.min_valid_ms, newest - window_ms, window_ms > 0
        )
        refused = bool(status.any())
        if refused:
            self._count_refused(status)
        if refused and all_or_nothing:
            self.table.restore(undo)
            return status[:n], status[n:], False
        taken = (kind == 1) | (kind == 2)
        kept = samples if taken[:n].all() else samples.take(taken[:n])
        kept_blobs = tuple(blob for blob, take in zip(blobs, taken[n:].tolist(), strict=True) if take)
        if len(kept) or kept_blobs:
            self._write_samples(kept, kept_blobs, undo)
            self.metrics.samples_appended.inc(len(kept))
            if kept_blobs:
                self.metrics.histograms_appended.inc(len(kept_blobs))
            late = int((kind == 2).sum())
            if late:
                self.metrics.out_of_order_appended.inc(late)
            accepted = times[taken]
            self._note_times(int(accepted.min()), int(accepted.max()))
        return status[:n], status[n:], True

    def _write_samples(self, samples: Samples, blobs: tuple[Blob, ...], undo: Undo) -> None:
        wal = self.wal
        assert wal is not None
        records = []
        if len(samples):
            records.append((RecordType.SAMPLES, encode_samples(samples)))
        if blobs:
            records.append((RecordType.HISTOGRAMS, encode_blobs(list(blobs))))
        try:
            segment = wal.ready()
            wal.append(records)
        except WriteFailed:
            self.table.restore(undo)
            self.metrics.wal_writes_failed.inc()
            raise
        state = self.ragged
        self.ragged = replace(
            state,
            open=add_part(state.open, samples) if len(samples) else state.open,
            histograms=(*state.histograms, blobs) if blobs else state.histograms,
            open_segment=segment if state.open_segment is None else state.open_segment,
        )

    def _count_refused(self, status: npt.NDArray[np.uint8]) -> None:
        counts = np.bincount(status, minlength=5)
        self.metrics.out_of_order.inc(int(counts[Status.OUT_OF_ORDER]))
        self.metrics.duplicates.inc(int(counts[Status.DUPLICATE]))
        self.metrics.too_old.inc(int(counts[Status.TOO_OLD]))
        self.metrics.out_of_bounds.inc(int(counts[Status.OUT_OF_BOUNDS]))

    # --- reading ----------------------------------------------------------------------------------------------------

    @contextmanager
    def reading(self) -> Iterator[Snapshot]:
        """A snapshot; while it is used, no slot of a series is given to another."""
        with self.lock:
            self._readers += 1
            snapshot = self._snapshot()
        try:
            yield snapshot
        finally:
            with self.lock:
                self._readers -= 1

    def _snapshot(self) -> Snapshot:
        n_slots = self.table.n_slots
        if self._places is None or self._layouts_of != self.layout_changes or self._places.n_slots != n_slots:
            self._layouts = [source.layout for source in self.sources.values()]
            if self._places is None or not self._places.fits(self._layouts, n_slots):
                self._places = Places(self._layouts, n_slots)
            self._layouts_of = self.layout_changes
        return Snapshot(
            n_slots,
            self.truncated_ms,
            self._layouts,
            self._places,
            self.ragged,
            self.deleted,
            self._on_corrupt,
        )

    def _on_corrupt(self, error: CorruptionError) -> None:
        self.metrics.chunk_corruptions.inc()
        log.error("a head chunk can't be read; others serve", err=str(error))

    @property
    def has_readers(self) -> bool:
        """Whether a snapshot is in use."""
        return self._readers > 0

    @contextmanager
    def table_kept(self) -> Iterator[SeriesTable]:
        """The table, from which no series is removed meanwhile."""
        with self._table_lock:
            yield self.table

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, budget: Budget, *, newest: bool = False
    ) -> Series:
        """As `Querier.select`."""
        with self.reading() as snapshot:
            with self.table_kept() as table:
                refs, labels = self._selected(table, matchers, snapshot.n_slots)
                known = table.newest(refs) if newest else None
            if known is None:
                return read(snapshot, refs, labels, start_ms, end_ms, budget)
            budget.charge(len(refs))
            return read_newest(snapshot, refs, labels, start_ms, end_ms, budget, *known)

    def _selected(self, table: SeriesTable, matchers: Sequence[Matcher], n_slots: int) -> tuple[Refs, LabelSets]:
        """The series that pass, as long as the table is kept; what rules and dashboards ask again is remembered."""
        version = self.series_changes.seen_by(matchers)
        found = self._selections.get(matchers, version)
        if found is None:
            refs = select_refs(table, matchers)
            found = refs, LabelSets(*table.label_sets(refs))
            self._selections.put(matchers, version, *found)
        refs, labels = found
        if len(refs) and int(refs[-1]) >= n_slots:  # Series that came after the snapshot.
            refs = refs[: int(np.searchsorted(refs, n_slots))]
            labels = labels.take(np.arange(len(refs)))
        return refs, labels

    def read_refs(self, refs: Refs, start_ms: int, end_ms: int, budget: Budget) -> Series:
        """The samples of series given by their refs, in the order of the refs."""
        with self.reading() as snapshot:
            with self.table_kept() as table:
                labels = LabelSets(*table.label_sets(refs))
            return read(snapshot, refs, labels, start_ms, end_ms, budget)

    def chosen(self, table: SeriesTable, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> Refs:
        """The refs that pass any of the sets and may have samples from start to end."""
        with self.lock:
            snapshot = self._snapshot()
        refs = select_any(table, matcher_sets)
        refs = refs[: int(np.searchsorted(refs, snapshot.n_slots))]
        return refs[present_refs(snapshot, start_ms, end_ms)[refs]]

    def overlaps(self, start_ms: int, end_ms: int) -> bool:
        """Whether samples from start to end may be here."""
        return self.min_time_ms <= end_ms and self.max_time_ms >= start_ms

    def series(self, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> LabelSets:
        """As `Querier.series`."""
        with self.table_kept() as table:
            return LabelSets(*table.label_sets(self.chosen(table, matcher_sets, start_ms, end_ms)))

    def label_names(self, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> list[str]:
        """As `Querier.label_names`."""
        with self.table_kept() as table:
            covered = not matcher_sets and start_ms <= self.min_time_ms and end_ms >= self.max_time_ms
            return table.label_names(None if covered else self.chosen(table, matcher_sets, start_ms, end_ms))

    def label_values(
        self, name: str, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int
    ) -> list[str]:
        """As `Querier.label_values`."""
        with self.table_kept() as table:
            covered = not matcher_sets and start_ms <= self.min_time_ms and end_ms >= self.max_time_ms
            return table.label_values(name, None if covered else self.chosen(table, matcher_sets, start_ms, end_ms))


def _of_all(status: npt.NDArray[np.uint8]) -> Status:
    """Why all were refused, or STORED where one was not."""
    return Status(int(status[0])) if len(status) and status.all() else Status.STORED
