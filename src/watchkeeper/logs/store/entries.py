"""A batch on its way into blocks: its arrays, the times of its streams, its parts."""

from __future__ import annotations

from typing import Final

import numpy as np

from watchkeeper.core.kernels.line_block import Block, Metadata
from watchkeeper.logs.interface import EntryBatch
from watchkeeper.logs.store.wal import Levels

MAX_BLOCK_ROWS: Final = 1 << 16
MAX_PART_BYTES: Final = 4 << 20  # A huge push is taken in parts, so that its blocks are cut at their size too.


def append_rows(block: Block, batch: EntryBatch, levels: Levels | None, lo: int, hi: int) -> tuple[int, int]:
    """Append entries lo to hi of a batch to an open block; how many rows it had, and how many are new."""
    metadata = batch.metadata
    before = block.n_rows
    added = block.append(
        batch.data,
        batch.line_at[lo:hi],
        batch.line_end[lo:hi],
        batch.times_ns[lo:hi],
        None if metadata is None else _rows_of(metadata, lo, hi),
        None if levels is None else levels[lo:hi],
    )
    return before, added


def contiguous(batch: EntryBatch) -> EntryBatch:
    """The batch with arrays as the kernel takes them; itself where they are."""
    columns = (batch.entry_lo, batch.times_ns, batch.line_at, batch.line_end)
    if all(column.flags.c_contiguous and column.dtype == np.int64 for column in columns):
        return batch
    entry_lo, times_ns, line_at, line_end = (np.ascontiguousarray(column, np.int64) for column in columns)
    return EntryBatch(batch.streams, entry_lo, times_ns, batch.data, line_at, line_end, batch.metadata, batch.body)


def bounds(batch: EntryBatch) -> tuple[list[int], list[int]]:
    """First and last time of each stream's entries; of no meaning for a stream without any."""
    n_streams = len(batch.entry_lo) - 1
    first_ns, last_ns = np.zeros(n_streams, np.int64), np.zeros(n_streams, np.int64)
    starts = batch.entry_lo[:-1]
    some = np.flatnonzero(starts < batch.entry_lo[1:])
    if len(some):
        first_ns[some] = np.minimum.reduceat(batch.times_ns, starts[some])
        last_ns[some] = np.maximum.reduceat(batch.times_ns, starts[some])
    return first_ns.tolist(), last_ns.tolist()


def parts(batch: EntryBatch, lo: int, hi: int) -> list[tuple[int, int]]:
    """Entries lo to hi in parts that are not too large."""
    if hi - lo <= MAX_BLOCK_ROWS and abs(int(batch.line_end[hi - 1] - batch.line_at[lo])) <= MAX_PART_BYTES:
        return [(lo, hi)]
    upto = np.cumsum(batch.line_end[lo:hi] - batch.line_at[lo:hi])
    out = []
    first = 0
    while first < hi - lo:
        bound = MAX_PART_BYTES + (int(upto[first - 1]) if first else 0)
        last = min(max(int(np.searchsorted(upto, bound)), first + 1), first + MAX_BLOCK_ROWS, hi - lo)
        out.append((lo + first, lo + last))
        first = last
    return out


def _rows_of(metadata: Metadata, lo: int, hi: int) -> Metadata:
    """The metadata of some rows, over the same pairs."""
    return Metadata(
        metadata.pair_lo[lo : hi + 1],
        metadata.name_at,
        metadata.name_end,
        metadata.value_at,
        metadata.value_end,
    )
