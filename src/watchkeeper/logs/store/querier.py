"""The read side of the store, for one tenant: which blocks of head and segments hold what is asked for."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels.line_block import Block, may_contain, tokens
from watchkeeper.core.model.errors import CorruptionError, UnavailableError
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.interface import DeleteRequest, Stream
from watchkeeper.logs.store.duplicates import Twins
from watchkeeper.logs.store.head import Head
from watchkeeper.logs.store.segment import Segment
from watchkeeper.logs.store.segments import Segments
from watchkeeper.logs.store.slices import BlockSlice, is_hit
from watchkeeper.logs.store.stream import HeadBlock
from watchkeeper.logs.store.streams import Streams

log = get_logger("logs.store")

Deletes = Callable[[str], Sequence[DeleteRequest]]
_HEAD: Final = ""  # Where a segment's name would be, in the keys of sealed blocks of the head.


@dataclass(frozen=True, slots=True)
class _Held:
    """A block of the head at one moment. `n_rows` is taken before the times: they cover those rows."""

    held: HeadBlock
    block: Block
    n_rows: int
    raw_bytes: int
    min_ns: int
    max_ns: int
    is_open: bool
    filter: bytes | memoryview


class StoreQuerier:
    """A `LogQuerier`. Each call sees the store as it is at that moment."""

    def __init__(
        self, tenant: str, head: Head, segments: Segments, streams: Streams, twins: Twins, deletes: Deletes
    ) -> None:
        self._tenant = tenant
        self._head = head
        self._segments = segments
        self._streams = streams
        self._twins = twins
        self._deletes = deletes

    def select(
        self, matchers: Sequence[Matcher], start_ns: int, end_ns: int, needles: Sequence[bytes] = ()
    ) -> Sequence[BlockSlice]:
        """Slices of matching streams, ascending by (min_ns, stream id); see `interface.LogQuerier`."""
        flags, held, segments = self._view(matchers, start_ns, end_ns)
        slices = [self._head_slice(one, start_ns, end_ns) for one in held]
        for segment in segments:
            slices += self._segment_slices(segment, flags, start_ns, end_ns)
        self._find_rivals(slices)
        self._add_deletes(slices)
        hashes = _hashes(needles)
        if len(hashes):
            slices = self._sieve(slices, {one.held.number: one.filter for one in held if not one.is_open}, hashes)
        slices.sort(key=lambda slice_: (slice_.min_ns, slice_.stream.id))
        return slices

    def _view(
        self, matchers: Sequence[Matcher], start_ns: int, end_ns: int
    ) -> tuple[npt.NDArray[np.bool_], list[_Held], list[Segment]]:
        """Flags of the streams that match, and what of head and segments reaches into the range, at one moment."""
        self._segments.loaded(self._in_range(self._segments.current, start_ns, end_ns))
        flags = self._streams.passing(self._tenant, matchers)
        head = self._head
        held: list[_Held] = []
        with head.lock:
            current = self._segments.current
            held += [
                _held(block, is_open=block.sealed is None)
                for block in head.pending
                if block.stream.id < len(flags) and flags[block.stream.id]
            ]
            for id_ in np.flatnonzero(flags).tolist():
                stream = head.by_id.get(id_)
                if stream is not None and stream.open is not None:
                    held.append(_held(stream.open, is_open=True))
        held = [one for one in held if one.n_rows and one.max_ns >= start_ns and one.min_ns < end_ns]
        # A segment that came meanwhile is made of blocks of the head, so its streams are known.
        return flags, held, self._segments.loaded(self._in_range(current, start_ns, end_ns))

    def _in_range(self, segments: Sequence[Segment], start_ns: int, end_ns: int) -> list[Segment]:
        return [
            segment
            for segment in segments
            if segment.info.n_blocks
            and segment.info.max_ns >= start_ns
            and segment.info.min_ns < end_ns
            and self._tenant in segment.info.tenants
        ]

    @staticmethod
    def _chosen(segment: Segment, flags: npt.NDArray[np.bool_], start_ns: int, end_ns: int) -> npt.NDArray[np.int64]:
        """Numbers of the segment's blocks that count."""
        loaded = segment.load()
        footer = loaded.footer
        reaches = loaded.good & (footer.max_ns >= start_ns) & (footer.min_ns < end_ns) & (loaded.ids < len(flags))
        numbers = np.flatnonzero(reaches)
        return numbers[flags[loaded.ids[numbers]]]

    def _head_slice(self, one: _Held, start_ns: int, end_ns: int) -> BlockSlice:
        return BlockSlice(
            one.held.stream, one.min_ns, one.max_ns, one.n_rows, one.raw_bytes, True, start_ns, end_ns,
            functools.partial(_itself, one.block), is_open=one.is_open,
            key=None if one.is_open else (_HEAD, one.held.number), twins=self._twins,
        )  # fmt: skip

    def _segment_slices(
        self, segment: Segment, flags: npt.NDArray[np.bool_], start_ns: int, end_ns: int
    ) -> list[BlockSlice]:
        loaded = segment.load()
        footer = loaded.footer
        numbers = self._chosen(segment, flags, start_ns, end_ns)
        rows = zip(
            numbers.tolist(), loaded.ids[numbers].tolist(), footer.min_ns[numbers].tolist(),
            footer.max_ns[numbers].tolist(), footer.n_rows[numbers].tolist(), footer.raw_bytes[numbers].tolist(),
            strict=True,
        )  # fmt: skip
        stream = self._streams.stream
        return [
            BlockSlice(
                stream(id_), min_ns, max_ns, n_rows, raw_bytes, False, start_ns, end_ns,
                functools.partial(self._fetch, segment, number), key=(segment.name, number), twins=self._twins,
            )
            for number, id_, min_ns, max_ns, n_rows, raw_bytes in rows
        ]  # fmt: skip

    def _fetch(self, segment: Segment, number: int) -> Block:
        try:
            return self._segments.cache.get((segment.name, number), lambda: self._load(segment, number))
        except CorruptionError as error:
            self._segments.set_aside(segment, error, number)
            raise

    def _load(self, segment: Segment, number: int) -> Block:
        block = segment.block(number)
        self._segments.note_read(int(segment.load().footer.size[number]))
        return block

    def _find_rivals(self, slices: Sequence[BlockSlice]) -> None:
        """Note, for each slice, the blocks of its stream that begin before it ends and end after it begins."""
        by_stream: dict[int, list[BlockSlice]] = {}
        for slice_ in slices:
            by_stream.setdefault(slice_.stream.id, []).append(slice_)
        for mine in by_stream.values():
            if len(mine) < 2:
                continue
            mine.sort(key=lambda slice_: slice_.min_ns)
            active = mine[:1]
            for slice_ in mine[1:]:
                active = [other for other in active if other.max_ns >= slice_.min_ns]
                slice_.rivals = [other for other in active if not self._twins.are_none(slice_, other)]
                active.append(slice_)

    def _add_deletes(self, slices: Sequence[BlockSlice]) -> None:
        requests = self._deletes(self._tenant)
        if not requests:
            return
        hit: dict[tuple[int, int], bool] = {}
        for slice_ in slices:
            found = []
            for i, request in enumerate(requests):
                if request.start_ns > slice_.max_ns or request.end_ns < slice_.min_ns:
                    continue
                key = (i, slice_.stream.id)
                if key not in hit:
                    hit[key] = is_hit(request, slice_.stream)
                if hit[key]:
                    found.append(request)
            slice_.deletes = found

    def _sieve(
        self,
        slices: Sequence[BlockSlice],
        head_filters: dict[int, bytes | memoryview],
        hashes: npt.NDArray[np.uint64],
    ) -> list[BlockSlice]:
        """Without the blocks that surely hold none of the words."""
        by_segment: dict[str, list[tuple[int, BlockSlice]]] = {}
        out = []
        for slice_ in slices:
            if slice_.key is None:
                out.append(slice_)
            elif slice_.key[0] == _HEAD:
                words = head_filters[slice_.key[1]]
                if may_contain(words, np.array([0, len(words)]), hashes)[0]:
                    out.append(slice_)
            else:
                by_segment.setdefault(slice_.key[0], []).append((slice_.key[1], slice_))
        segments = {segment.name: segment for segment in self._segments.current}
        for name, mine in by_segment.items():
            segment = segments.get(name)
            if segment is None:  # Merged away meanwhile; its blocks still answer.
                out += [slice_ for _, slice_ in mine]
                continue
            mine.sort(key=lambda numbered: numbered[0])
            try:
                passes = segment.may_contain(np.array([number for number, _ in mine], np.int64), hashes)
            except (CorruptionError, OSError, UnavailableError, ValueError) as error:
                log.error("a segment's filters can't be read; its blocks are searched", segment=name, err=str(error))
                out += [slice_ for _, slice_ in mine]
                continue
            out += [mine[i][1] for i in np.flatnonzero(passes).tolist()]
        return out

    def streams(self, matchers: Sequence[Matcher], start_ns: int, end_ns: int) -> Sequence[Stream]:
        """Streams with blocks that reach into the range, by id."""
        flags, held, segments = self._view(matchers, start_ns, end_ns)
        ids = [np.array([one.held.stream.id for one in held], np.int64)]
        ids += [segment.load().ids[self._chosen(segment, flags, start_ns, end_ns)] for segment in segments]
        return [self._streams.stream(id_) for id_ in np.unique(np.concatenate(ids)).tolist()]

    def volumes(
        self, matchers: Sequence[Matcher], start_ns: int, end_ns: int
    ) -> Sequence[tuple[Stream, int, int, int]]:
        """(stream, chunks, bytes, entries) from headers, by stream id; see `interface.LogQuerier`."""
        flags, held, segments = self._view(matchers, start_ns, end_ns)
        columns = [
            np.array(
                [(one.held.stream.id, one.min_ns, one.max_ns, one.raw_bytes, one.n_rows) for one in held], np.int64
            ).reshape(-1, 5)
        ]
        for segment in segments:
            loaded = segment.load()
            footer, at = loaded.footer, self._chosen(segment, flags, start_ns, end_ns)
            columns.append(
                np.stack(
                    [loaded.ids[at], footer.min_ns[at], footer.max_ns[at], footer.raw_bytes[at], footer.n_rows[at]],
                    axis=1,
                )
            )
        ids, min_ns, max_ns, raw_bytes, n_rows = np.concatenate(columns).T
        inside = np.minimum(max_ns, end_ns - 1) - np.maximum(min_ns, start_ns) + 1
        share = inside / (max_ns - min_ns + 1).astype(np.float64)
        which, place = np.unique(ids, return_inverse=True)
        chunks = np.bincount(place, minlength=len(which))
        sizes = np.bincount(place, raw_bytes * share, len(which))
        entries = np.bincount(place, n_rows * share, len(which))
        return [
            (self._streams.stream(id_), int(n), round(size), round(rows))
            for id_, n, size, rows in zip(
                which.tolist(), chunks.tolist(), sizes.tolist(), entries.tolist(), strict=True
            )
        ]


def _held(held: HeadBlock, *, is_open: bool) -> _Held:
    block = held.block
    n_rows = block.n_rows
    words = b"" if held.sealed is None else held.sealed.filter
    return _Held(held, block, n_rows, block.raw_bytes, held.min_ns, held.max_ns, is_open, words)


def _itself(block: Block) -> Block:
    return block


def _hashes(needles: Sequence[bytes]) -> npt.NDArray[np.uint64]:
    found = [tokens(needle) for needle in needles]
    return np.unique(np.concatenate(found)) if found else np.zeros(0, np.uint64)
