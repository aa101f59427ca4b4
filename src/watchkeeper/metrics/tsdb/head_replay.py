"""Fills a head from its logs: series, sealed chunks, then what the WAL has beyond them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from zlib import crc32

import numpy as np
import numpy.typing as npt

from watchkeeper.core.disk.wal import HEADER, Problem, Record, replay, segment_path, segments
from watchkeeper.core.kernels.head_rows import apply_row, encode_row, last_row, row_header
from watchkeeper.core.model.errors import CorruptionError
from watchkeeper.core.model.stale import MISSING, missing_mask
from watchkeeper.metrics.tsdb.chunk import (
    ChunkFile,
    Position,
    RowChunk,
    decode_histogram_chunk,
    decode_row_chunk,
    decode_sample_chunk,
)
from watchkeeper.metrics.tsdb.head import Head
from watchkeeper.metrics.tsdb.head_read import Intervals, only_known
from watchkeeper.metrics.tsdb.ragged import Blob, add_part
from watchkeeper.metrics.tsdb.series_log import replay_series
from watchkeeper.metrics.tsdb.source import NO_TIME, Layout, Run, Source
from watchkeeper.metrics.tsdb.wal import (
    ROW_HEADER,
    RecordType,
    Refs,
    decode_blobs,
    decode_columns,
    decode_samples,
)

UNKNOWN_REF: Final = 0xFFFFFFFF
TOMBSTONES_FILE: Final = "head_tombstones.json"
Progress = Callable[[int, int, int], None]
"""Gets the first, the last and the present WAL segment."""


@dataclass(slots=True)
class _Rows:
    """The rows of one source as the WAL has them."""

    refs: Refs = field(default_factory=lambda: np.zeros(0, np.uint32))
    sealed_to_ms: int = NO_TIME
    sequence: int = -1  # Of the row before; -1 where a key row must come first.
    before: list[bytes] = field(default_factory=list)  # Sealed rows since the last key row.
    runs: list[Run] = field(default_factory=list)
    needs_run: bool = True


class Replay:
    """One pass over the directory of a head. `problems` holds what was wrong on disk."""

    def __init__(self, head: Head, directory: Path, *, repair: bool, progress: Progress | None = None) -> None:
        self._head = head
        self._directory = directory
        self._repair = repair
        self._progress = progress
        self._rows: dict[int, _Rows] = {}
        self._samples_sealed: Position = (-1, 0)
        self._histograms_sealed: Position = (-1, 0)
        self._live: npt.NDArray[np.bool_] = np.zeros(0, np.bool_)
        self.problems: list[Problem] = []
        self.first_wal_segment = 0

    def run(self) -> None:
        """Fill the head. Raises OSError."""
        head = self._head
        head.truncated_ms, head.chunks_from = replay_series(
            self._directory / "series", head.table, head.metadata, self.problems, repair=self._repair
        )
        self._live = np.zeros(head.table.n_slots, np.bool_)
        self._live[head.table.all()] = True
        self._read_chunks()
        self._read_wal()
        self._finish_rows()
        for source in self._head.sources.values():
            self._note_newest(source)
        self._read_tombstones()
        head.layout_changes += 1
        head.series_changes.went()
        # A new segment must lie behind every position that a chunk names as sealed.
        self.first_wal_segment = max(self._samples_sealed[0], self._histograms_sealed[0]) + 1

    # --- chunks -----------------------------------------------------------------------------------------------------

    def _read_chunks(self) -> None:
        directory = self._directory / "chunks_head"
        file: ChunkFile | None = None
        number = -1
        for record in replay(directory, self.problems, repair=self._repair):
            if file is None or record.segment != number:
                number = record.segment
                file = ChunkFile(segment_path(directory, number))
            try:
                self._add_chunk(record, file)
            except ValueError as error:
                self.problems.append(record.problem(error))

    def _add_chunk(self, record: Record, file: ChunkFile) -> None:
        head = self._head
        offset = record.offset + HEADER.size
        if record.type == RecordType.ROW_CHUNK:
            chunk = decode_row_chunk(record.payload, record.segment, offset, file)
            rows = self._rows.setdefault(chunk.source, _Rows())
            last_ms = int(chunk.times[-1])
            rows.sealed_to_ms = max(rows.sealed_to_ms, last_ms)
            head.next_source = max(head.next_source, chunk.source + 1)
            if last_ms < head.truncated_ms:
                return
            source = self._source(chunk.source)
            chunk = replace(chunk, refs=self._known(chunk.refs))
            source.layout = Layout((*source.layout.chunks, with_shared_refs(chunk, source)))
            head._note_times(max(int(chunk.times[0]), head.truncated_ms), last_ms)
        elif record.type == RecordType.SAMPLE_CHUNK:
            samples = decode_sample_chunk(record.payload, record.segment, offset, file)
            self._samples_sealed = max(self._samples_sealed, samples.sealed_to)
            if self._is_gone(record, samples.min_time_ms):
                return
            samples = replace(samples, refs=self._known(samples.refs))
            head.ragged = replace(head.ragged, chunks=(*head.ragged.chunks, samples))
            head._note_times(samples.min_time_ms, samples.max_time_ms)
            found = samples.read(np.arange(len(samples.refs)))
            head.table.commit_samples(found.refs, found.times, found.values)
        elif record.type == RecordType.HISTOGRAM_CHUNK:
            histograms = decode_histogram_chunk(record.payload, record.segment, offset, file)
            self._histograms_sealed = max(self._histograms_sealed, histograms.sealed_to)
            if self._is_gone(record, histograms.min_time_ms):
                return
            head.ragged = replace(head.ragged, histogram_chunks=(*head.ragged.histogram_chunks, histograms))
            head._note_times(histograms.min_time_ms, histograms.max_time_ms)
            self._commit_histograms(histograms.read())

    def _is_gone(self, record: Record, min_time_ms: int) -> bool:
        """Whether the last truncation dropped the chunk; what it left of it was written again."""
        head = self._head
        return (record.segment, record.offset) < head.chunks_from and min_time_ms < head.truncated_ms

    def _commit_histograms(self, blobs: list[Blob]) -> None:
        refs = np.array([ref for ref, _, _ in blobs], np.uint32)
        times = np.array([time_ms for _, time_ms, _ in blobs], np.int64)
        self._head.table.commit_samples(refs, times, np.full(len(blobs), MISSING))

    def _known(self, refs: Refs) -> Refs:
        """The refs, those of series whose definition was lost replaced: their slots may be used by others."""
        known = np.append(self._live, False)[np.minimum(refs, len(self._live))]
        return refs if known.all() else np.where(known, refs, np.uint32(UNKNOWN_REF))

    def _source(self, number: int) -> Source:
        sources = self._head.sources
        if number not in sources:
            source = sources[number] = Source(number, f"replayed {number}", self._head.options.run_rows)
            source.is_open = False
        return sources[number]

    # --- WAL --------------------------------------------------------------------------------------------------------

    def _read_wal(self) -> None:
        directory = self._directory / "wal"
        present = segments(directory)
        current = -1
        for record in replay(directory, self.problems, repair=self._repair):
            if record.segment != current:
                current = record.segment
                if self._progress is not None:
                    self._progress(present[0], present[-1], current)
            try:
                self._add_record(record)
            except ValueError as error:
                self.problems.append(record.problem(error))

    def _add_record(self, record: Record) -> None:
        if record.type == RecordType.ROW:
            self._add_row(record)
        elif record.type == RecordType.COLUMNS:
            number, first, refs = decode_columns(record.payload)
            rows = self._rows.setdefault(number, _Rows())
            self._head.next_source = max(self._head.next_source, number + 1)
            if first > len(rows.refs):
                rows.needs_run, rows.sequence = True, -1
                raise ValueError("columns before these are lost")
            columns = np.concatenate((rows.refs[:first], self._known(refs)))
            if not np.array_equal(columns[: len(rows.refs)], rows.refs):
                rows.needs_run = True  # Renumbered: what follows is a key row.
            rows.refs = columns
            if rows.runs and not rows.needs_run:
                rows.runs[-1].refs = columns
        elif record.type == RecordType.SAMPLES:
            if (record.segment, record.offset) >= self._samples_sealed:
                self._add_samples(record)
        elif record.type == RecordType.HISTOGRAMS and (record.segment, record.offset) >= self._histograms_sealed:
            blobs = [blob for blob in decode_blobs(record.payload) if blob[0] < len(self._live) and self._live[blob[0]]]
            if not blobs:
                return
            head = self._head
            head.ragged = replace(
                head.ragged,
                histograms=(*head.ragged.histograms, tuple(blobs)),
                open_segment=record.segment if head.ragged.open_segment is None else head.ragged.open_segment,
            )
            head._note_times(min(blob[1] for blob in blobs), max(blob[1] for blob in blobs))
            self._commit_histograms(blobs)

    def _add_samples(self, record: Record) -> None:
        head = self._head
        samples = only_known(decode_samples(record.payload), self._live)
        if not len(samples):
            return
        head.ragged = replace(
            head.ragged,
            open=add_part(head.ragged.open, samples),
            open_segment=record.segment if head.ragged.open_segment is None else head.ragged.open_segment,
        )
        head._note_times(int(samples.times.min()), int(samples.times.max()))
        head.table.commit_samples(samples.refs, samples.times, samples.values)

    def _add_row(self, record: Record) -> None:
        if len(record.payload) < ROW_HEADER.size:
            raise ValueError("a row is cut short")
        number, time_ms = ROW_HEADER.unpack_from(record.payload)
        body = bytes(record.payload[ROW_HEADER.size :])
        rows = self._rows.setdefault(number, _Rows())
        is_key, n_columns, sequence = row_header(body)
        if n_columns > len(rows.refs) or (not is_key and (rows.sequence < 0 or sequence != rows.sequence + 1)):
            rows.sequence = -1
            rows.needs_run = True
            raise ValueError("the row before is lost; this row can't be read")
        rows.sequence = sequence
        if time_ms <= max(rows.sealed_to_ms, self._head.truncated_ms - 1):
            if is_key:
                rows.before.clear()
            rows.before.append(body)
            return
        if rows.needs_run or not rows.runs:
            if not is_key:
                # The key row is sealed, this row is not: it becomes one.
                before = [*rows.before, body]
                body = encode_row(np.zeros(0), last_row(before, len(before)), True, 0)
            run = Run(rows.refs, record.segment)
            run.is_ended = True
            rows.runs.append(run)
            rows.needs_run = False
        run = rows.runs[-1]
        if run.times and time_ms <= run.times[-1]:
            raise ValueError("a row that is not after the one before")
        run.bodies.append(body)
        run.times.append(time_ms)

    def _finish_rows(self) -> None:
        head = self._head
        for number, rows in self._rows.items():
            runs = [self._checked(run) for run in rows.runs]
            whole = tuple(run for run in runs if run.times)
            if not whole:
                continue
            source = self._source(number)
            source.layout = Layout(source.layout.chunks, whole)
            head._note_times(whole[0].times[0], whole[-1].times[-1])

    def _checked(self, run: Run) -> Run:
        """The run up to its first row that does not decode, its samples noted as the newest of their series."""
        row = np.full(len(run.refs), MISSING)
        for i, (time_ms, body) in enumerate(zip(run.times, run.bodies, strict=True)):
            try:
                apply_row(body, row)
            except ValueError as error:
                self.problems.append(Problem(run.segment, 0, len(body), str(error), "wal"))
                del run.times[i:], run.bodies[i:]
                break
            width = row_header(body)[1]
            self._head.table.commit_row(run.refs, row[:width], time_ms)
        return run

    def _note_newest(self, source: Source) -> None:
        """Note the newest samples of series that the WAL has nothing newer of; most have, so little is decoded."""
        table = self._head.table
        for chunk in reversed(source.layout.chunks):
            columns = np.flatnonzero(table.last_times(chunk.refs) < chunk.times[-1])
            n_rows = len(chunk.times)
            if not len(columns):
                continue
            matrix = np.full((len(columns), n_rows), MISSING)
            try:
                chunk.read(columns, 0, n_rows, matrix.ravel(), np.arange(len(columns), dtype=np.int64) * n_rows)
            except CorruptionError as error:
                self.problems.append(Problem(chunk.segment, 0, 0, str(error), "chunks_head"))
                continue
            present = ~missing_mask(matrix)
            last = n_rows - 1 - np.argmax(present[:, ::-1], axis=1)
            some = present.any(axis=1)
            newest = matrix[np.arange(len(columns)), last]
            table.commit_samples(chunk.refs[columns][some], chunk.times[last][some], newest[some])

    def _read_tombstones(self) -> None:
        path = self._directory / TOMBSTONES_FILE
        try:
            stones = read_stones(path.read_bytes())
            self._head.deleted = {
                int(ref): [(int(start_ms), int(end_ms)) for start_ms, end_ms in intervals]
                for ref, intervals in stones.items()
                if int(ref) < len(self._live) and self._live[int(ref)]
            }
        except FileNotFoundError:
            pass
        except (ValueError, TypeError, AttributeError) as error:
            self.problems.append(Problem(None, 0, 0, f"the deletes in the head are lost: {error}", TOMBSTONES_FILE))


def stones_as_bytes(deleted: Intervals) -> bytes:
    """The file of the deletes in the head: a line of JSON, and its checksum in a second."""
    text = json.dumps(deleted).encode()
    return b"%b\n%08x\n" % (text, crc32(text))


def read_stones(data: bytes) -> dict[str, list[list[int]]]:
    """What `stones_as_bytes` wrote. Raises ValueError."""
    text, _, checksum = data.rstrip(b"\n").rpartition(b"\n")
    if checksum != b"%08x" % crc32(text):
        raise ValueError("checksum mismatch")
    stones: dict[str, list[list[int]]] = json.loads(text)
    return stones


def with_shared_refs(chunk: RowChunk, source: Source) -> RowChunk:
    """The chunk with the refs array of its neighbour, where they are equal: memory, and a query looks them up once."""
    chunks, runs = source.layout
    neighbours: list[RowChunk | Run] = [*chunks[-1:], *runs[:1]]
    for other in neighbours:
        if np.array_equal(other.refs, chunk.refs):
            return replace(chunk, refs=other.refs)
    return chunk
