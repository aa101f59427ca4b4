"""One stream's part of the head: the block that its entries go to."""

from __future__ import annotations

import itertools
from typing import Final

from watchkeeper.core.kernels.line_block import Block
from watchkeeper.logs.interface import Stream
from watchkeeper.logs.store.segment_writer import SealedBlock

_FAR: Final = 1 << 62
_numbers = itertools.count()


class HeadBlock:
    """A block that is in no segment yet: open, or cut and on its way there.

    block           what readers ask; replaced when the block is sealed
    min_ns, max_ns  cover all rows, and are widened before rows come
    first_position  place in the log of the oldest entry that the block may hold
    flushed_to      once cut: the stream's entries up to this place are in this block or in older ones
    is_stuck        could not be sealed: stays in memory and in the log
    size_bytes      memory at the last look
    """

    __slots__ = (
        "block", "first_position", "flushed_to", "is_stuck", "max_ns", "min_ns", "number", "opened_ns", "reason",
        "sealed", "size_bytes", "stream",
    )  # fmt: skip

    def __init__(self, stream: Stream, first_position: int, opened_ns: int) -> None:
        self.number = next(_numbers)
        self.stream = stream
        self.block = Block()
        self.sealed: SealedBlock | None = None
        self.first_position = first_position
        self.flushed_to = -1
        self.is_stuck = False
        self.opened_ns = opened_ns
        self.min_ns = _FAR
        self.max_ns = -_FAR
        self.size_bytes = 0
        self.reason = ""

    def seal(self, level: int) -> SealedBlock:
        """The block's bytes. Nothing changes yet."""
        data, words = self.block.seal(level)
        times = (self.min_ns, self.max_ns)
        return SealedBlock(data, words, *times, self.block.n_rows, self.block.raw_bytes)


class HeadStream:
    """A stream that has entries in the head, or had them lately.

    defined_in    log segment that holds its definition
    appended_ns   when entries last came
    """

    __slots__ = ("appended_ns", "defined_in", "key", "open", "stream", "tenant")

    def __init__(self, stream: Stream, tenant: str, key: bytes) -> None:
        self.stream = stream
        self.tenant = tenant
        self.key = key
        self.open: HeadBlock | None = None
        self.defined_in = -1
        self.appended_ns = 0
