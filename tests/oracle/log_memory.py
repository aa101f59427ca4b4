"""A log store of single entries in memory: what queries are tested with where no real store is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from watchkeeper.core.kernels.line_block import Block, Metadata
from watchkeeper.core.kernels.texts import Rows
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.logs.interface import Stream


@dataclass(frozen=True, slots=True)
class Entry:
    """One line with its stream's labels and its structured metadata, in the order sent."""

    labels: Labels
    time_ns: int
    line: bytes
    metadata: tuple[tuple[str, str], ...] = ()


def block_of(entries: Sequence[Entry], *, sealed: bool) -> Block:
    """Entries of one stream in a block, in their order."""
    block = Block()
    buffer = bytearray()
    places: list[tuple[int, int]] = []

    def put(data: bytes) -> tuple[int, int]:
        buffer.extend(data)
        return len(buffer) - len(data), len(buffer)

    pair_lo = [0]
    names: list[tuple[int, int]] = []
    values: list[tuple[int, int]] = []
    for entry in entries:
        places.append(put(entry.line))
        for name, value in entry.metadata:
            names.append(put(name.encode()))
            values.append(put(value.encode()))
        pair_lo.append(len(names))

    def column(pairs: list[tuple[int, int]], which: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.array([pair[which] for pair in pairs], np.int64)

    metadata = None
    if names:
        metadata = Metadata(
            np.array(pair_lo, np.int64), column(names, 0), column(names, 1), column(values, 0), column(values, 1)
        )
    times = np.array([entry.time_ns for entry in entries], np.int64)
    block.append(bytes(buffer), column(places, 0), column(places, 1), times, metadata, None, False)
    return Block.open(block.seal()[0]) if sealed else block


@dataclass(slots=True)
class MemorySlice:
    """One block's rows of a range."""

    stream: Stream
    block: Block
    rows: Rows
    min_ns: int
    max_ns: int
    n_rows: int
    whole: bool
    raw_bytes: int
    is_head: bool
    loads: list[int] = field(default_factory=list)

    def load(self) -> tuple[Block, Rows]:
        """The block and the rows that count."""
        self.loads.append(self.stream.id)
        return self.block, self.rows


class MemoryLogs:
    """Entries as blocks of at most `block_rows` each; every other block is sealed."""

    def __init__(self, entries: Iterable[Entry], block_rows: int = 50) -> None:
        self.entries = list(entries)
        self.loads: list[int] = []
        self._blocks: list[tuple[Stream, Block]] = []
        by_stream: dict[Labels, list[Entry]] = {}
        for entry in self.entries:
            by_stream.setdefault(entry.labels, []).append(entry)
        for number, (labels, found) in enumerate(by_stream.items()):
            stream = Stream(number + 1, labels, str(labels))
            for lo in range(0, len(found), block_rows):
                sealed = (lo // block_rows + number) % 2 == 0
                self._blocks.append((stream, block_of(found[lo : lo + block_rows], sealed=sealed)))

    def select(
        self, matchers: Sequence[Matcher], start_ns: int, end_ns: int, needles: Sequence[bytes] = ()
    ) -> list[MemorySlice]:
        """As LogQuerier; needles leave nothing out."""
        out = []
        for stream, block in self._blocks:
            if not all(matcher.matches(stream.labels.get(matcher.name)) for matcher in matchers):
                continue
            times = block.times
            rows = np.flatnonzero((times >= start_ns) & (times < end_ns)).astype(np.int32)
            if not len(rows):
                continue
            rows = rows[np.argsort(times[rows], kind="stable")]
            size = int(block.line_lengths(np.arange(block.n_rows, dtype=np.int32)).sum())
            low, high = int(times.min()), int(times.max())
            whole = len(rows) == block.n_rows
            out.append(MemorySlice(stream, block, rows, low, high, block.n_rows, whole, size, False, self.loads))
        return sorted(out, key=lambda part: (part.min_ns, part.stream.id))

    def streams(self, matchers: Sequence[Matcher], start_ns: int, end_ns: int) -> list[Stream]:
        """As LogQuerier."""
        found = {part.stream.id: part.stream for part in self.select(matchers, start_ns, end_ns)}
        return list(found.values())

    def volumes(self, matchers: Sequence[Matcher], start_ns: int, end_ns: int) -> list[tuple[Stream, int, int, int]]:
        """As LogQuerier, by whole blocks."""
        return [(part.stream, 1, part.raw_bytes, part.n_rows) for part in self.select(matchers, start_ns, end_ns)]
