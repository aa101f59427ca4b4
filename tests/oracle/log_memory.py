"""A log store of single entries in memory: what queries are tested with where no real store is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from watchkeeper.core.kernels.line_block import Block
from watchkeeper.core.kernels.texts import Rows
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.logs.interface import Stream
from watchkeeper.logs.logql.testlang import memory_store
from watchkeeper.logs.logql.testlang.memory_store import BlockSlice, CutStore, Part


@dataclass(frozen=True, slots=True)
class Entry:
    """One line with its stream's labels and its structured metadata, in the order sent."""

    labels: Labels
    time_ns: int
    line: bytes
    metadata: tuple[tuple[str, str], ...] = ()


def block_of(entries: Sequence[Entry], *, sealed: bool) -> Block:
    """Entries of one stream in a block, in their order."""
    block = memory_store.block_of(entries)
    return Block.open(block.seal()[0]) if sealed else block


@dataclass(slots=True)
class MemorySlice(BlockSlice):
    """One block's rows of a range, that tells of being loaded."""

    loads: list[int]

    def load(self) -> tuple[Block, Rows]:
        """The block and the rows that count."""
        self.loads.append(self.stream.id)
        return self.block, self.rows


class MemoryLogs(CutStore):
    """Entries as blocks of at most `block_rows` each; every other block is sealed. Needles leave nothing out."""

    def __init__(self, entries: Iterable[Entry], block_rows: int = 50) -> None:
        self.entries = list(entries)
        self.loads: list[int] = []
        by_stream: dict[Labels, list[Entry]] = {}
        for entry in self.entries:
            by_stream.setdefault(entry.labels, []).append(entry)
        parts = []
        for number, (labels, found) in enumerate(by_stream.items()):
            stream = Stream(number + 1, labels, str(labels))
            for lo in range(0, len(found), block_rows):
                block = block_of(found[lo : lo + block_rows], sealed=(lo // block_rows + number) % 2 == 0)
                times = block.times
                parts.append(Part(stream, block, int(times.min()), int(times.max()), is_head=False, filter=None))
        super().__init__(parts)

    def select(
        self, matchers: Sequence[Matcher], start_ns: int, end_ns: int, needles: Sequence[bytes] = ()
    ) -> list[MemorySlice]:
        """As LogQuerier."""
        found = super().select(matchers, start_ns, end_ns, needles)
        return [MemorySlice(*(getattr(one, each.name) for each in fields(one)), self.loads) for one in found]
