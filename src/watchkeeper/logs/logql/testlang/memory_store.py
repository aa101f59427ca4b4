"""Entries in memory, as real blocks cut in several ways: what must not matter to an answer."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels.line_block import Block, Metadata, may_contain, tokens
from watchkeeper.core.kernels.texts import Rows
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.logs.interface import Stream
from watchkeeper.logs.logql.testlang.entries import Entry

Places = npt.NDArray[np.int64]


class Cut(enum.Enum):
    """How a stream's entries are cut into blocks."""

    OPEN = "in one open block"
    SEALED = "in one sealed block"
    PIECES = "in small sealed blocks and an open one"


@dataclass(frozen=True, slots=True)
class Part:
    """A block of one stream; `filter` says which words are in it, None where that is not known."""

    stream: Stream
    block: Block
    min_ns: int
    max_ns: int
    is_head: bool
    filter: bytes | None


@dataclass(slots=True)
class BlockSlice:
    """A Slice of what is in memory."""

    stream: Stream
    block: Block
    rows: Rows
    min_ns: int
    max_ns: int
    n_rows: int
    whole: bool
    raw_bytes: int
    is_head: bool

    def load(self) -> tuple[Block, Rows]:
        """The block and the rows that count, ascending in time."""
        return self.block, self.rows


class MemoryStore:
    """Entries by stream; `cut` gives them as a querier."""

    def __init__(self) -> None:
        self._streams: dict[Labels, list[Entry]] = {}
        self._cuts: dict[Cut, CutStore] = {}

    def clear(self) -> None:
        """Forget all entries."""
        self._streams.clear()
        self._cuts.clear()

    def load(self, labels: Labels, entries: Sequence[Entry]) -> None:
        """Store entries of a stream, in any order of time."""
        self._streams.setdefault(labels, []).extend(entries)
        self._cuts.clear()

    def cut(self, cut: Cut) -> CutStore:
        """The entries as blocks; kept until more are loaded."""
        if cut not in self._cuts:
            self._cuts[cut] = CutStore(_parts(self._streams, cut))
        return self._cuts[cut]


class CutStore:
    """A LogQuerier over blocks."""

    def __init__(self, parts: Iterable[Part]) -> None:
        self._parts = list(parts)

    def select(
        self, matchers: Sequence[Matcher], start_ns: int, end_ns: int, needles: Sequence[bytes] = ()
    ) -> list[BlockSlice]:
        """As LogQuerier."""
        found: list[BlockSlice] = []
        for part in self._of(matchers):
            times = part.block.times
            rows = np.flatnonzero((times >= start_ns) & (times < end_ns)).astype(np.int32)
            if len(rows) and _may_hold(part, needles):
                rows = rows[np.argsort(times[rows], kind="stable")]
                n_rows = part.block.n_rows
                found.append(
                    BlockSlice(
                        part.stream,
                        part.block,
                        rows,
                        part.min_ns,
                        part.max_ns,
                        n_rows,
                        len(rows) == n_rows,
                        int(part.block.line_lengths(np.arange(n_rows, dtype=np.int32)).sum()),
                        part.is_head,
                    )
                )
        return sorted(found, key=lambda one: (one.min_ns, one.stream.id))

    def streams(self, matchers: Sequence[Matcher], start_ns: int, end_ns: int) -> list[Stream]:
        """As LogQuerier."""
        return list({part.stream.id: part.stream for part in self.select(matchers, start_ns, end_ns)}.values())

    def volumes(self, matchers: Sequence[Matcher], start_ns: int, end_ns: int) -> list[tuple[Stream, int, int, int]]:
        """As LogQuerier, by whole blocks."""
        return [(part.stream, 1, part.raw_bytes, part.n_rows) for part in self.select(matchers, start_ns, end_ns)]

    def _of(self, matchers: Sequence[Matcher]) -> Iterator[Part]:
        for part in self._parts:
            if all(matcher.matches(part.stream.labels.get(matcher.name)) for matcher in matchers):
                yield part


def _parts(streams: dict[Labels, list[Entry]], cut: Cut) -> Iterator[Part]:
    for number, (labels, entries) in enumerate(streams.items()):
        stream = Stream(number + 1, labels, str(labels))
        yield from (_part(stream, piece, sealed) for piece, sealed in _pieces(entries, cut))


def _pieces(entries: Sequence[Entry], cut: Cut) -> Iterator[tuple[Sequence[Entry], bool]]:
    """Parts of a stream, and whether each is sealed."""
    if not entries:
        return
    if cut is not Cut.PIECES:
        yield entries, cut is Cut.SEALED
        return
    # In order of arrival, so that blocks overlap in time where entries came late.
    for lo in range(0, len(entries), 3):
        yield entries[lo : lo + 3], lo + 3 < len(entries)


def _may_hold(part: Part, needles: Sequence[bytes]) -> bool:
    """What the filter of a sealed block says of needles."""
    if part.filter is None:
        return True
    offsets = np.array([0, len(part.filter)], np.int64)
    return all(bool(may_contain(part.filter, offsets, tokens(needle))[0]) for needle in needles)


def _part(stream: Stream, entries: Sequence[Entry], sealed: bool) -> Part:
    block = block_of(entries)
    found: bytes | None = None
    if sealed:
        data, found = block.seal()
        block = Block.open(data)
    times = [entry.time_ns for entry in entries]
    return Part(stream, block, min(times), max(times), not sealed, found)


def block_of(entries: Sequence[Entry]) -> Block:
    """An open block of entries, in their order."""
    buffer = bytearray()

    def put(data: bytes) -> tuple[int, int]:
        buffer.extend(data)
        return len(buffer) - len(data), len(buffer)

    lines = [put(entry.line) for entry in entries]
    names = [put(name.encode()) for entry in entries for name, _ in entry.metadata]
    values = [put(value.encode()) for entry in entries for _, value in entry.metadata]
    metadata: Metadata | None = None
    if names:
        pair_lo = np.zeros(len(entries) + 1, np.int64)
        np.cumsum([len(entry.metadata) for entry in entries], out=pair_lo[1:])
        metadata = Metadata(pair_lo, *_columns(names), *_columns(values))
    times = np.array([entry.time_ns for entry in entries], np.int64)
    block = Block()
    block.append(bytes(buffer), *_columns(lines), times, metadata, None, False)
    return block


def _columns(places: Sequence[tuple[int, int]]) -> tuple[Places, Places]:
    table = np.array(places, np.int64).reshape(-1, 2)
    return np.ascontiguousarray(table[:, 0]), np.ascontiguousarray(table[:, 1])
