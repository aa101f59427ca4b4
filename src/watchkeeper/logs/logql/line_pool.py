"""Rows that passed while blocks are still being looked at: which of them can be in the answer, and when it is sure."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from watchkeeper.logs.logql.answer import LogStreams, Request
from watchkeeper.logs.logql.columns import Mask
from watchkeeper.logs.logql.log_streams import Entry, StreamsBuilder, entries_of
from watchkeeper.logs.logql.rows import BlockRows

Ints: TypeAlias = npt.NDArray[np.int64]

MANY: Final = 4  # Times the limit of an answer's lines: so many rows wait to be chosen from, and MANY_ROWS more.
MANY_ROWS: Final = 4096
HELD_BLOCKS: Final = 64  # Whose columns may stay in memory for rows that wait; of others the entries are made at once.


class FoundRows:
    """Rows of one block that passed.

    times  int64 ns (n,)
    text   of the stream
    order  the block's place among blocks
    base   no row has a place in the block before this
    """

    __slots__ = ("_budget", "_entries", "_rows", "base", "order", "text", "times")

    def __init__(self, rows: BlockRows, order: int, base: int) -> None:
        self._rows: BlockRows | None = rows
        self._budget = rows.budget
        self._entries: list[Entry] = []
        self.times: Ints = rows.times
        self.text = rows.of.text
        self.order = order
        self.base = base

    @property
    def holds_block(self) -> bool:
        """Whether its block is kept in memory."""
        return self._rows is not None

    def drop(self) -> None:
        """Nobody wants it any more."""
        self._budget.keep()

    def keep(self, mask: Mask) -> None:
        """Only these rows from now on."""
        self.times = self.times[mask]
        if self._rows is not None:
            self._rows.keep(mask)
        else:
            self._entries = [self._entries[place] for place in np.flatnonzero(mask).tolist()]

    def entries(self) -> list[Entry]:
        """Labels and line of each row. Lets go of the block."""
        if self._rows is not None:
            self._entries = entries_of(self._rows)
            self._rows = None
            self._budget.keep(_size_bytes(self._entries, made=self._budget.size_bytes > 0))
        return self._entries


def _size_bytes(entries: list[Entry], *, made: bool) -> int:
    """Of lines; and of the pipeline's labels, where it `made` texts of its own. Others are parts of their lines."""
    size = sum([len(line) for _, line in entries])
    if made:
        keys = {id(key): key[2] for key, _ in entries}
        size += sum([len(text) for labels in keys.values() for _, text in labels.pairs])
    return size


class LinePool:
    """All rows that passed, of which the first `limit` in the query's direction count. Keys are times, with a sign that
    makes the first one the smallest."""

    def __init__(self, request: Request) -> None:
        self._limit = request.limit
        self._sign = 1 if request.forward else -1
        self._interval_ns = request.interval_ns
        self._found: list[FoundRows] = []

    @property
    def bound(self) -> int | None:
        """The key behind which no row counts any more; None while there is room."""
        if self._interval_ns:
            return None
        keys = self._keys()
        if len(keys) < self._limit:
            return None
        return int(np.partition(keys, self._limit - 1)[self._limit - 1])

    def _keys(self) -> Ints:
        if not self._found:
            return np.zeros(0, np.int64)
        return np.concatenate([found.times for found in self._found]) * self._sign

    def add(self, found: FoundRows) -> None:
        """More rows."""
        self._found.append(found)

    def is_full(self, next_key: int) -> bool:
        """Whether rows with keys from `next_key` on can't be in the answer."""
        keys = self._keys()
        settled = int(np.count_nonzero(keys < next_key))
        if not self._interval_ns or settled < self._limit:
            return settled >= self._limit
        return len(thinned(np.sort(keys[keys < next_key]), self._interval_ns, self._limit)) >= self._limit

    def prune(self, next_key: int) -> None:
        """Let go of rows that can't be in the answer, where they have become many, and of blocks likewise. Rows that
        are still to come have keys from `next_key` on."""
        if sum(len(found.times) for found in self._found) > MANY * self._limit + MANY_ROWS:
            if self._interval_ns:
                self._drop_thinned(next_key)
            elif (bound := self.bound) is not None:
                self._keep(self._keys() <= bound)
        holding = [found for found in self._found if found.holds_block]
        if len(holding) > HELD_BLOCKS:
            for found in holding:
                found.entries()

    def _drop_thinned(self, next_key: int) -> None:
        order = self._order()
        keys = self._keys()[order]
        settled = int(np.searchsorted(keys, next_key, "left"))
        mask = np.zeros(len(keys), np.bool_)
        mask[order[thinned(keys[:settled], self._interval_ns, self._limit)]] = True
        mask[order[settled:]] = True
        self._keep(mask)

    def _keep(self, mask: Mask) -> None:
        at = 0
        kept = []
        for found in self._found:
            mine = mask[at : at + len(found.times)]
            at += len(mine)
            if mine.all():
                kept.append(found)
            elif mine.any():
                found.keep(mine)
                kept.append(found)
            else:
                found.drop()
        self._found = kept

    def _order(self) -> npt.NDArray[np.intp]:
        """All rows by key, then stream, block, and place in the block."""
        sizes = [len(found.times) for found in self._found]
        by_text = {text: i for i, text in enumerate(sorted({found.text for found in self._found}))}
        text = np.repeat([by_text[found.text] for found in self._found], sizes)
        block = np.repeat([found.order for found in self._found], sizes)
        place = np.concatenate([np.arange(size) + found.base for size, found in zip(sizes, self._found, strict=True)])
        return np.lexsort((place * self._sign, block * self._sign, text * self._sign, self._keys()))

    def answer(self) -> LogStreams:
        """The streams of the rows that count."""
        builder = StreamsBuilder()
        if not self._found:
            return builder.finished()
        order = self._order()
        if self._interval_ns:
            order = order[thinned(self._keys()[order], self._interval_ns, self._limit)]
        order = order[: self._limit]
        rank = np.full(sum(len(found.times) for found in self._found), -1, np.int64)
        rank[order] = np.arange(len(order))
        at = 0
        for found in self._found:
            mine = rank[at : at + len(found.times)]
            at += len(mine)
            chosen = mine >= 0
            if not chosen.any():
                continue
            if not chosen.all():
                found.keep(chosen)
            ranks = mine[chosen].tolist()
            for entry, rank_, time_ns in zip(found.entries(), ranks, found.times.tolist(), strict=True):
                builder.add(entry, rank_, time_ns)
        return builder.finished()


def thinned(keys: Ints, interval_ns: int, limit: int) -> npt.NDArray[np.intp]:
    """Places of ascending keys of which none is nearer to the one before it than the interval."""
    out: list[int] = []
    at = 0
    while at < len(keys) and len(out) < limit:  # A loop over the lines of the answer.
        out.append(at)
        at = max(at + 1, int(np.searchsorted(keys, keys[at] + interval_ns, "left")))
    return np.array(out, np.intp)
