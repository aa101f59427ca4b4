"""What a query gets of one block: the block, loaded when it is asked for, and which of its rows count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels.line_block import Block
from watchkeeper.core.kernels.texts import Rows
from watchkeeper.logs.interface import DeleteRequest, Stream
from watchkeeper.logs.store.duplicates import Twins

Mask = npt.NDArray[np.bool_]


@dataclass(slots=True)
class BlockSlice:
    """A block within a range; see `interface.Slice`.

    fetch     loads the block. Raises CorruptionError
    is_open   the block still grows: only the first `n_rows` rows count, in order of arrival
    key       names the block for as long as its rows stay as they are; None where it still grows
    deletes   requests that may take rows of it
    rivals    older blocks of the stream whose times overlap: a row that one of them has counts there
    """

    stream: Stream
    min_ns: int
    max_ns: int
    n_rows: int
    raw_bytes: int
    is_head: bool
    start_ns: int
    end_ns: int
    fetch: Callable[[], Block]
    is_open: bool = False
    key: tuple[str, int] | None = None
    deletes: Sequence[DeleteRequest] = ()
    rivals: list[BlockSlice] = field(default_factory=list)
    twins: Twins | None = None

    @property
    def in_range(self) -> bool:
        """Whether all rows are in the range."""
        return self.start_ns <= self.min_ns and self.max_ns < self.end_ns

    @property
    def whole(self) -> bool:
        """Whether all rows count."""
        return self.in_range and not self.deletes and not self.rivals

    def load(self) -> tuple[Block, Rows]:
        """The block and the rows that count, ascending in time. Raises CorruptionError."""
        block = self.fetch()
        if self.whole and not self.is_open:
            return block, np.arange(self.n_rows, dtype=np.int32)
        times = block.times[: self.n_rows]
        rows = self._rows_in_range(times)
        if self.rivals and self.twins is not None:
            rows = rows[~np.isin(rows, self.twins.of(self, block, times))]
        for request in self.deletes:
            rows = rows[kept(request, block, rows, times, self.stream)]
        return block, rows

    def _rows_in_range(self, times: npt.NDArray[np.int64]) -> Rows:
        if not self.is_open:
            lo, hi = np.searchsorted(times, [self.start_ns, self.end_ns]).tolist()
            return np.arange(lo, hi, dtype=np.int32)
        inside = np.arange(len(times), dtype=np.int32)
        if not self.in_range:
            inside = np.flatnonzero((times >= self.start_ns) & (times < self.end_ns)).astype(np.int32)
        chosen = times[inside]
        if len(chosen) > 1 and (np.diff(chosen) < 0).any():
            inside = inside[np.argsort(chosen, kind="stable")]
        return inside


def is_hit(request: DeleteRequest, stream: Stream) -> bool:
    """Whether a delete request speaks of a stream."""
    return all(matcher.matches(stream.labels.get(matcher.name)) for matcher in request.matchers)


def kept(request: DeleteRequest, block: Block, rows: Rows, times: npt.NDArray[np.int64], stream: Stream) -> Mask:
    """Which of the rows a delete request leaves alone: it holds its start and its end.

    times   of all rows of the block
    """
    of_rows = times[rows]
    keep = (of_rows < request.start_ns) | (of_rows > request.end_ns)
    if request.keep is not None:
        hit = np.flatnonzero(~keep)
        if len(hit):
            keep[hit] = request.keep(block, rows[hit], stream.labels)
    return keep
