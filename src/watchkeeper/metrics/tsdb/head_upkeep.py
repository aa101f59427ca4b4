"""What a head needs now and then: sealing, truncation after a block was cut, removal of dead series, checkpoints.

Runs in one thread at a time, beside appends and reads.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.disk.atomic import write_atomically
from watchkeeper.core.disk.wal import HEADER, Wal, segment_path
from watchkeeper.metrics.tsdb.chunk import (
    ChunkFile,
    HistogramChunk,
    Position,
    SampleChunk,
    decode_histogram_chunk,
    decode_row_chunk,
    decode_sample_chunk,
    encode_histogram_chunk,
    encode_row_chunk,
    encode_sample_chunk,
)
from watchkeeper.metrics.tsdb.head import MAX_TIME, Head
from watchkeeper.metrics.tsdb.head_replay import TOMBSTONES_FILE, stones_as_bytes, with_shared_refs
from watchkeeper.metrics.tsdb.ragged import Blob, sorted_by_series
from watchkeeper.metrics.tsdb.source import Layout, Run, Source
from watchkeeper.metrics.tsdb.wal import RecordType, Samples, joined

CHUNK_SEGMENT_BYTES: Final = 16 << 20


class Upkeep:
    """Keeps one head in shape. Raises WriteFailed or OSError where the disk does not take it; the head stays whole."""

    def __init__(self, head: Head, directory: Path) -> None:
        self._head = head
        self._directory = directory
        self._chunks = Wal(directory / "chunks_head", segment_bytes=CHUNK_SEGMENT_BYTES)
        self._file: ChunkFile | None = None
        self._file_segment = -1
        self._slots_wait = False  # Slots of removed series wait until nobody can read them,
        self._checkpointed = False  # and until no old definition of them can come back.

    def close(self) -> None:
        """Sync and close the chunk log."""
        self._chunks.close()

    def size_bytes(self) -> int:
        """The size of the chunk log."""
        return self._chunks.size_bytes()

    # --- sealing ----------------------------------------------------------------------------------------------------

    def seal(self) -> int:
        """Seal the runs that are ended, and ragged samples where they are many; how many chunks that made."""
        head = self._head
        made = 0
        self._end_old_runs()
        for source in list(head.sources.values()):
            for run in source.closed_runs:
                self._seal_run(source, run)
                made += 1
        wal = head.wal
        assert wal is not None
        first = head.ragged.first_segment
        if head.ragged.n_open >= head.options.max_open_samples or (
            first is not None and wal.segment - first >= head.options.wal_max_segments
        ):
            made += self.seal_ragged()
        if made:
            self.drop_wal()
        return made

    def _end_old_runs(self) -> None:
        """A source that is seldom written must not keep the WAL for hours."""
        head = self._head
        assert head.wal is not None
        oldest = head.wal.segment - head.options.wal_max_segments
        with head.lock:
            for source in head.sources.values():
                run = source.open_run()
                if run is not None and run.segment < oldest:
                    source.end_run()

    def _seal_run(self, source: Source, run: Run) -> None:
        record = encode_row_chunk(source.id, run.refs, run.times, run.bodies)
        chunk = None
        if record is not None:
            segment, offset, file = self._append(RecordType.ROW_CHUNK, record)
            chunk = with_shared_refs(decode_row_chunk(memoryview(record), segment, offset, file), source)
            self._head.metrics.chunks_created.inc(len(chunk.refs))
        with self._head.lock:
            chunks, runs = source.layout
            assert runs[0] is run
            source.layout = Layout((*chunks, chunk) if chunk else chunks, runs[1:])
            self._head.layout_changes += 1

    def _append(self, type_: RecordType, record: bytes) -> tuple[int, int, ChunkFile]:
        segment = self._chunks.ready()
        offset = self._chunks.offset + HEADER.size
        self._chunks.append([(type_, record)])
        if segment != self._file_segment or self._file is None:
            self._file = ChunkFile(segment_path(self._directory / "chunks_head", segment))
            self._file_segment = segment
        return segment, offset, self._file

    def seal_ragged(self) -> int:
        """Seal all ragged samples that are open now; how many chunks that made."""
        head = self._head
        wal = head.wal
        assert wal is not None
        with head.lock:
            state = head.ragged
            parts = (*state.sealing, *state.open)
            blobs = (*state.sealing_histograms, *(blob for group in state.histograms for blob in group))
            if not parts and not blobs:
                return 0
            sealed_to = (wal.segment, wal.offset)
            head.ragged = replace(
                state,
                sealing=parts,
                open=(),
                sealing_histograms=blobs,
                histograms=(),
                sealing_segment=state.first_segment,
                open_segment=None,
            )
        # Where a write fails here, what was to be sealed stays readable and is tried again.
        chunk = self._write_samples(sorted_by_series(joined(list(parts))), sealed_to) if parts else None
        made = self._write_histograms(blobs, sealed_to)
        with head.lock:
            state = head.ragged
            head.ragged = replace(
                state,
                chunks=(*state.chunks, chunk) if chunk else state.chunks,
                histogram_chunks=(*state.histogram_chunks, *made),
                sealing=(),
                sealing_histograms=(),
                sealing_segment=None,
            )
        head.metrics.chunks_created.inc((len(chunk.refs) if chunk else 0) + len(made))
        return 1

    def _write_samples(self, samples: Samples, sealed_to: Position) -> SampleChunk:
        record = encode_sample_chunk(samples, sealed_to)
        segment, offset, file = self._append(RecordType.SAMPLE_CHUNK, record)
        return decode_sample_chunk(memoryview(record), segment, offset, file)

    def _write_histograms(self, blobs: tuple[Blob, ...], sealed_to: Position) -> list[HistogramChunk]:
        if not blobs:
            return []
        record = encode_histogram_chunk(list(blobs), sealed_to)
        segment, offset, file = self._append(RecordType.HISTOGRAM_CHUNK, record)
        return [decode_histogram_chunk(memoryview(record), segment, offset, file)]

    def drop_wal(self) -> None:
        """Drop WAL segments of which everything is sealed, once the chunks are on the device."""
        head = self._head
        wal = head.wal
        assert wal is not None
        with head.lock:
            needed = wal.segment
            for source in head.sources.values():
                for run in source.layout.runs:
                    needed = min(needed, run.segment)
            if head.ragged.first_segment is not None:
                needed = min(needed, head.ragged.first_segment)
        if wal.first_segment < needed:
            self._chunks.sync()
            wal.drop_before(needed)
            head.metrics.wal_truncations.inc()

    # --- truncation -------------------------------------------------------------------------------------------------

    def truncate(
        self, before_ms: int, ragged_chunks: tuple[SampleChunk, ...], histograms: tuple[HistogramChunk, ...]
    ) -> None:
        """Forget samples before a time, which blocks have now; of ragged samples those in the given chunks only."""
        head = self._head
        chunks_from = (self._chunks.ready(), self._chunks.offset)
        kept = {id(chunk): self._rest(chunk, before_ms) for chunk in ragged_chunks}
        kept_histograms = {id(chunk): self._rest_of_histograms(chunk, before_ms) for chunk in histograms}
        removed = 0
        with head.lock:
            head.truncated_ms = max(head.truncated_ms, before_ms)
            head.chunks_from = chunks_from
            for source in list(head.sources.values()):
                removed += self._truncate_source(source, before_ms)
            state = head.ragged
            head.ragged = replace(
                state,
                chunks=tuple(new for chunk in state.chunks for new in kept.get(id(chunk), [chunk])),
                histogram_chunks=tuple(
                    new for chunk in state.histogram_chunks for new in kept_histograms.get(id(chunk), [chunk])
                ),
            )
            self._forget_deletes(before_ms)
            self._find_min_time()
        head.metrics.chunks_removed.inc(removed)
        head.metrics.truncations.inc()
        self.collect()
        self.drop_wal()
        self._drop_chunks()

    def _truncate_source(self, source: Source, before_ms: int) -> int:
        chunks, runs = source.layout
        left = tuple(chunk for chunk in chunks if chunk.times[-1] >= before_ms)
        runs_left = tuple(run for run in runs if not run.is_ended or run.times[-1] >= before_ms)
        source.layout = Layout(left, runs_left)
        self._head.layout_changes += 1
        if not source.is_open and not left and not runs_left:
            del self._head.sources[source.id]
        elif source.is_open and runs_left and runs_left[-1].times and runs_left[-1].times[-1] < before_ms:
            source.end_run()  # Nothing came for long: what is dead in it can go at the next truncation.
        return sum(len(chunk.refs) for chunk in chunks) - sum(len(chunk.refs) for chunk in left)

    def _rest(self, chunk: SampleChunk, before_ms: int) -> list[SampleChunk]:
        if chunk.max_time_ms < before_ms:
            return []
        if chunk.min_time_ms >= before_ms:
            return [chunk]
        samples = chunk.read(np.arange(len(chunk.refs)))
        return [self._write_samples(samples.take(samples.times >= before_ms), chunk.sealed_to)]

    def _rest_of_histograms(self, chunk: HistogramChunk, before_ms: int) -> list[HistogramChunk]:
        if chunk.max_time_ms < before_ms:
            return []
        if chunk.min_time_ms >= before_ms:
            return [chunk]
        blobs = tuple(blob for blob in chunk.read() if blob[1] >= before_ms)
        return self._write_histograms(blobs, chunk.sealed_to)

    def _find_min_time(self) -> None:
        head = self._head
        oldest = [int(chunk.min_time_ms) for chunk in head.ragged.sealed]
        oldest += [int(part.times.min()) for part in (*head.ragged.sealing, *head.ragged.open)]
        oldest += [blob[1] for group in (head.ragged.sealing_histograms, *head.ragged.histograms) for blob in group]
        for source in head.sources.values():
            for part in source.layout.parts:
                if not len(part.times):
                    continue
                oldest.append(max(int(part.times[0]), head.truncated_ms))
        head.min_time_ms = min(oldest, default=MAX_TIME)

    def _forget_deletes(self, before_ms: int) -> None:
        head = self._head
        if not head.deleted:
            return
        kept = {
            ref: [interval for interval in intervals if interval[1] >= before_ms]
            for ref, intervals in head.deleted.items()
        }
        head.deleted = {ref: intervals for ref, intervals in kept.items() if intervals}

    def _drop_chunks(self) -> None:
        head = self._head
        with head.lock:
            used = [chunk.segment for source in head.sources.values() for chunk in source.layout.chunks]
            used += [chunk.segment for chunk in head.ragged.sealed]
        self._chunks.ready()
        self._chunks.drop_before(min(used, default=self._chunks.segment))

    # --- series -----------------------------------------------------------------------------------------------------

    def collect(self) -> int:
        """Remove series that nothing in the head has samples of, and write a checkpoint; how many went."""
        head = self._head
        log = head.series_log
        assert log is not None
        with head.table_kept() as table, head.lock:
            flags = self._used_flags()
            self._checkpointed = False
            removed = table.keep_only(flags)
            head.series_changes.went()
            self._slots_wait = self._slots_wait or removed > 0
            number = log.start_checkpoint()
            dump = table.dump()
            metadata = dict(head.metadata)
            if removed:
                head.deleted = {ref: held for ref, held in head.deleted.items() if flags[ref]}
        head.metrics.series_removed.inc(removed)
        try:
            self._chunks.sync()  # The checkpoint makes the chunks count that were written again.
            log.write_checkpoint(number, dump, metadata, head.truncated_ms, head.chunks_from)
        except OSError:
            head.metrics.checkpoints_failed.inc()
            raise
        head.metrics.checkpoints.inc()
        self.write_tombstones()
        self._checkpointed = True
        self.release_slots()
        return removed

    def _used_flags(self) -> npt.NDArray[np.uint8]:
        head = self._head
        n = head.table.n_slots
        flags = np.zeros(n + 1, np.uint8)
        for source in head.sources.values():
            for part in source.layout.parts:
                flags[np.minimum(part.refs, n)] = 1
            if source.is_open:
                flags[source.refs] = 1
        ragged = head.ragged
        for refs in [chunk.refs for chunk in ragged.sealed] + [part.refs for part in (*ragged.sealing, *ragged.open)]:
            flags[np.minimum(refs, n)] = 1
        for group in (ragged.sealing_histograms, *ragged.histograms):
            for ref, _, _ in group:
                flags[ref] = 1
        return flags[:-1]

    def release_slots(self) -> None:
        """Let the slots of removed series be used again, where the checkpoint is written and nobody reads."""
        head = self._head
        if not self._slots_wait or not self._checkpointed:
            return
        with head.lock:
            if not head.has_readers:
                head.table.release_slots()
                self._slots_wait = False

    def write_tombstones(self) -> None:
        """Make the deletes in the head durable. Raises OSError."""
        path = self._directory / TOMBSTONES_FILE
        if self._head.deleted:
            write_atomically(path, stones_as_bytes(self._head.deleted))
        else:
            path.unlink(missing_ok=True)
