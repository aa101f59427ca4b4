"""Segments made of segments: blocks of one stream joined, copied as they are, or without some of their rows.

Merging, retention by stream and deletes are all this: new files in, old files out, at one moment.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from watchkeeper.core.kernels.line_block import Block, Metadata
from watchkeeper.core.kernels.texts import Rows
from watchkeeper.core.model.errors import CorruptionError
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.interface import Stream
from watchkeeper.logs.store.duplicates import twin_rows
from watchkeeper.logs.store.options import DAY_NS, StoreOptions
from watchkeeper.logs.store.segment import Segment, SegmentInfo
from watchkeeper.logs.store.segment_writer import SealedBlock, SegmentWriter
from watchkeeper.logs.store.segments import CORRUPT_SUFFIX, Segments
from watchkeeper.logs.store.wal import segment_of

log = get_logger("logs.store")

ALL: Final = "all"
NONE: Final = "none"
Kept = str | Rows
"""ALL, NONE, or the rows that stay."""


class Stopped(Exception):
    """The work was given up, as the store closes; nothing has changed."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One block of a segment."""

    segment: Segment
    number: int
    tenant: str
    stream: Stream
    min_ns: int
    max_ns: int
    n_rows: int
    raw_bytes: int
    size_bytes: int

    def block(self) -> Block:
        """The block over its bytes. Raises CorruptionError."""
        return self.segment.block(self.number)

    def sealed(self) -> SealedBlock:
        """Its bytes as they are. Raises CorruptionError."""
        data, words = self.segment.data(self.number), self.segment.filter(self.number)
        return SealedBlock(data, words, self.min_ns, self.max_ns, self.n_rows, self.raw_bytes)


Keep = Callable[[Stored], Kept]
"""What of a block stays. Raises CorruptionError."""


def keep_all(stored: Stored) -> Kept:
    """Everything stays."""
    return ALL


class Rebuild:
    """One piece of work: these segments become others.

    keep          what of each block stays
    join          whether small blocks of one stream are joined
    first_log     oldest segment of the log: places in it must be remembered although their rows are gone
    should_stop   asked between blocks
    """

    def __init__(
        self,
        segments: Segments,
        options: StoreOptions,
        inputs: Sequence[Segment],
        *,
        keep: Keep = keep_all,
        join: bool = True,
        first_log: int = 0,
        now_ns: int = 0,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self._segments = segments
        self._options = options
        self._inputs = inputs
        self._keep = keep
        self._join = join
        self._first_log = first_log
        self._now_ns = now_ns
        self._should_stop = should_stop
        self.n_rows_before = sum(segment.info.n_rows for segment in inputs)
        self.n_rows_after = 0

    def run(self) -> list[SegmentInfo]:
        """The segments that serve now instead. Raises OSError, UnavailableError or Stopped; nothing has changed."""
        blocks, places = self._survey()
        days = sorted({stored.min_ns // DAY_NS for mine in blocks.values() for stored in mine})
        made: list[SegmentInfo] = []
        try:
            for day in days:
                todays = {
                    key: [stored for stored in mine if stored.min_ns // DAY_NS == day] for key, mine in blocks.items()
                }
                # The places of the log are remembered once; the first file has them.
                info = self._write(todays, {} if made else places)
                if info is not None:
                    made.append(info)
            if not made and places:
                info = self._write({}, places)
                made += [info] if info is not None else []
            self._segments.replace(self._inputs, made)
        except BaseException:
            for info in made:
                with contextlib.suppress(OSError):
                    (self._segments.directory / info.name).unlink(missing_ok=True)
            raise
        self.n_rows_after = sum(info.n_rows for info in made)
        return made

    def _survey(self) -> tuple[dict[bytes, list[Stored]], dict[bytes, int]]:
        """The blocks by stream, and the places of the log that are still to be remembered."""
        blocks: dict[bytes, list[Stored]] = {}
        places: dict[bytes, int] = {}
        streams = self._segments.streams
        for segment in self._inputs:
            loaded = segment.load()
            footer = loaded.footer
            if footer.log_id == self._segments.log_id:
                for key, place in zip(footer.keys, footer.flushed_to.tolist(), strict=True):
                    if place >= 0 and segment_of(place) >= self._first_log:
                        places[key] = max(place, places.get(key, -1))
            times = (footer.min_ns, footer.max_ns)
            columns = (footer.stream, loaded.ids, *times, footer.n_rows, footer.raw_bytes, footer.size)
            for number, cells in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
                key_number, id_, min_ns, max_ns, n_rows, raw_bytes, size_bytes = cells
                if not loaded.good[number]:
                    self._save(segment, number)
                    continue
                tenant, stream = streams.tenant(id_), streams.stream(id_)
                stored = Stored(segment, number, tenant, stream, min_ns, max_ns, n_rows, raw_bytes, size_bytes)
                blocks.setdefault(footer.keys[key_number], []).append(stored)
        return blocks, places

    def _write(self, blocks: dict[bytes, list[Stored]], places: dict[bytes, int]) -> SegmentInfo | None:
        segments = self._segments
        first_ns = min((stored.min_ns for mine in blocks.values() for stored in mine), default=0)
        name = segments.new_name(first_ns, self._now_ns)
        path = segments.directory / name
        parents = [segment.name for segment in self._inputs]
        with SegmentWriter(path, log_id=segments.log_id, parents=parents) as writer:
            for key in sorted(blocks.keys() | places.keys()):
                started = key in places
                if started:
                    writer.start_stream(key, places[key])
                for sealed in self._rewritten(blocks.get(key, [])):
                    if not started:
                        writer.start_stream(key, -1)
                        started = True
                    writer.add(sealed)
                segments.note_read(sum(stored.size_bytes for stored in blocks.get(key, [])))
            if not writer.n_streams:
                return None
            footer = writer.finish()
        return SegmentInfo.of(name, path.stat().st_size, footer)

    def _rewritten(self, blocks: list[Stored]) -> Iterator[SealedBlock]:
        """What stays of one stream's blocks, ascending by first time."""
        blocks.sort(key=lambda stored: (stored.min_ns, stored.max_ns))
        group: list[tuple[Stored, Kept]] = []
        size = 0
        for i, stored in enumerate(blocks):
            if self._should_stop():
                raise Stopped
            try:
                kept = self._kept(stored, blocks[:i])
            except CorruptionError as error:
                self._segments.set_aside(stored.segment, error, stored.number)
                self._save(stored.segment, stored.number)
                continue
            if isinstance(kept, str) and kept == NONE:
                continue
            is_large = not self._join or stored.raw_bytes > self._options.merge_raw_bytes // 2
            if group and (is_large or size + stored.raw_bytes > self._options.merge_raw_bytes):
                yield from self._joined(group)
                group, size = [], 0
            group.append((stored, kept))
            size += stored.raw_bytes
            if is_large:
                yield from self._joined(group)
                group, size = [], 0
        yield from self._joined(group)

    def _kept(self, stored: Stored, before: Sequence[Stored]) -> Kept:
        """What stays of a block: not what is to go, nor what a block before it has too."""
        kept = self._keep(stored)
        if isinstance(kept, str) and kept == NONE:
            return kept
        rivals = [other for other in before if other.max_ns >= stored.min_ns]
        if not rivals:
            return kept
        block = stored.block()
        times = block.times
        twins = [np.zeros(0, np.int32)]
        for rival in rivals:
            try:
                other = rival.block()
            except CorruptionError:  # It is set aside when its turn comes; what it had counts here.
                continue
            twins.append(twin_rows(block, times, other, other.times))
        gone = np.unique(np.concatenate(twins))
        if not len(gone):
            return kept
        rows = np.arange(stored.n_rows, dtype=np.int32) if isinstance(kept, str) else kept
        rows = rows[~np.isin(rows, gone)]
        return rows if len(rows) else NONE

    def _joined(self, group: Sequence[tuple[Stored, Kept]]) -> Iterator[SealedBlock]:
        level = self._options.merge_level
        if not group:
            return
        if len(group) == 1 and isinstance(group[0][1], str):
            try:
                yield group[0][0].sealed()
            except CorruptionError as error:
                self._drop(group[0][0], error)
            return
        made: list[tuple[Block, SealedBlock]] = []
        for stored, kept in group:
            try:
                made.append(self._alone(stored, kept))
            except (CorruptionError, ValueError) as error:
                self._drop(stored, error)
        if len(made) > 1:
            try:
                data, words = Block.merge([block for block, _ in made], level)
            except ValueError as error:
                log.error("blocks can't be joined; they stay as they are", segment=group[0][0].segment.name, err=error)
            else:
                parts = [sealed for _, sealed in made]
                yield SealedBlock(
                    data,
                    words,
                    min(part.min_ns for part in parts),
                    max(part.max_ns for part in parts),
                    sum(part.n_rows for part in parts),
                    sum(part.raw_bytes for part in parts),
                )
                return
        yield from (sealed for _, sealed in made)

    def _alone(self, stored: Stored, kept: Kept) -> tuple[Block, SealedBlock]:
        """A block as it stays. Raises CorruptionError or ValueError."""
        if isinstance(kept, str):
            return stored.block(), stored.sealed()
        part = with_rows(stored.block(), kept)
        data, words = part.seal(self._options.merge_level)
        times = part.times
        sealed = SealedBlock(data, words, int(times.min()), int(times.max()), part.n_rows, part.raw_bytes)
        return Block.open(data), sealed

    def _drop(self, stored: Stored, error: Exception) -> None:
        if not isinstance(error, CorruptionError):
            error = CorruptionError(stored.segment.name, stored.number, str(error))
        self._segments.set_aside(stored.segment, error, stored.number)
        self._save(stored.segment, stored.number)

    def _save(self, segment: Segment, number: int) -> None:
        """A damaged block's bytes into a file of their own, for people."""
        with contextlib.suppress(OSError, CorruptionError):
            footer = segment.load().footer
            data = segment.source.read(int(footer.offset[number]), int(footer.size[number]))
            path = self._segments.directory / f"{segment.name}.block{number}{CORRUPT_SUFFIX}"
            if not path.exists():
                path.write_bytes(data)


def with_rows(block: Block, rows: Rows) -> Block:
    """An open block with these rows of a block, and nothing else."""
    lines = block.lines(rows)
    times = block.times[rows]
    shapes = block.shapes()
    shape_of = block.shape_of(rows)
    lengths = np.array([len(names) for names in shapes] or [0], np.int64)
    counts = lengths[shape_of] if shapes else np.zeros(len(rows), np.int64)
    pair_lo = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(counts, out=pair_lo[1:])
    parts = [lines.data]
    size = len(lines.data)
    places = [np.zeros(int(pair_lo[-1]), np.int64) for _ in range(4)]
    for number in np.unique(shape_of).tolist() if shapes else []:
        at = np.flatnonzero(shape_of == number)
        for i, name in enumerate(shapes[number]):
            coded = block.metadata_values(number, i, np.ascontiguousarray(rows[at]))
            text = name.encode("utf-8", "surrogateescape")
            pairs = pair_lo[:-1][at] + i
            places[0][pairs], places[1][pairs] = size, size + len(text)
            start = size + len(text)
            places[2][pairs] = start + coded.values.offsets[coded.codes]
            places[3][pairs] = start + coded.values.offsets[coded.codes + 1]
            parts += [text, coded.values.data]
            size = start + len(coded.values.data)
    metadata = Metadata(pair_lo, *places) if len(places[0]) else None
    out = Block()
    out.append(b"".join(parts), lines.offsets[:-1].copy(), lines.offsets[1:].copy(), times, metadata)
    return out
