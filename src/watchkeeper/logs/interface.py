"""All that agent, store and logql share: how entries are written and how they are read.

Times are int64 nanoseconds since the epoch. A log range holds its start and not its end, as Loki's do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels.line_block import Block, Metadata
from watchkeeper.core.kernels.texts import Rows
from watchkeeper.core.model.errors import WatchkeeperError
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher

Times = npt.NDArray[np.int64]
Places = npt.NDArray[np.int64]

# --- writing -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class EntryBatch:
    """The entries of one push, as places in one buffer.

    streams      label text of each stream as it was sent (`{a="b"}`), or its Labels; a stream may stand twice
    entry_lo     int64 (n_streams + 1,): stream i has entries entry_lo[i] to entry_lo[i + 1]
    times_ns     int64 (n,)
    data         holds all lines and metadata; lines are bytes, UTF-8 or not
    line_at/_end int64 (n,): entry i is data[line_at[i]:line_end[i]]
    metadata     structured metadata of the entries, as places in `data`; None where no entry has any
    body         what was received, if the whole batch can be decoded from it again: (kind, bytes). Kinds are those of
                 `logs/store/wal.py`; the store may log this instead of the batch.
    """

    streams: Sequence[str | Labels]
    entry_lo: Places
    times_ns: Times
    data: bytes
    line_at: Places
    line_end: Places
    metadata: Metadata | None = None
    body: tuple[int, bytes] | None = None


class PushError(WatchkeeperError):
    """Entries that were refused; those of the same push that were good are stored. `status` is HTTP's."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


class LogAppender(Protocol):
    """The write side of a store."""

    def push(self, tenant: str, batch: EntryBatch) -> None:
        """Store a batch; on return its WAL record is written.

        Raises PushError (status and text as upstream) where entries were refused: the good ones are stored all the
        same. Raises UnavailableError where nothing could be stored, as with a full disk.
        """
        ...


# --- reading -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stream:
    """One label set of one tenant. `text` is the canonical `{a="b", c="d"}`; `id` is unique in the process."""

    id: int
    labels: Labels
    text: str


class Slice(Protocol):
    """What one block has of one stream within the range asked for. Nothing is read before `load`.

    min_ns, max_ns   times of the block's first and last row, which may lie outside of the range
    n_rows           rows of the block: exactly those of the range where `whole`
    whole            all rows of the block are in the range and none is deleted
    raw_bytes        of the block's lines
    """

    stream: Stream
    min_ns: int
    max_ns: int
    n_rows: int
    raw_bytes: int
    is_head: bool  # not flushed yet (counted as the ingester's in statistics)

    @property
    def whole(self) -> bool: ...

    def load(self) -> tuple[Block, Rows]:
        """The block, and the rows that count: int32, ascending in time. Raises CorruptionError; then the block is set
        aside and others serve. Blocks lately used are kept, within a bound of memory."""
        ...


class LogQuerier(Protocol):
    """The read side of a store, for one tenant, at one moment."""

    def select(
        self, matchers: Sequence[Matcher], start_ns: int, end_ns: int, needles: Sequence[bytes] = ()
    ) -> Sequence[Slice]:
        """Slices of all streams that match, with rows in [start_ns, end_ns), ascending by (min_ns, stream id).

        needles   lines without each of these are not wanted: blocks that surely hold none are left out
        """
        ...

    def streams(self, matchers: Sequence[Matcher], start_ns: int, end_ns: int) -> Sequence[Stream]:
        """Streams with entries in the range (block by block, not row by row); all for no matchers."""
        ...

    def volumes(
        self, matchers: Sequence[Matcher], start_ns: int, end_ns: int
    ) -> Sequence[tuple[Stream, int, int, int]]:
        """(stream, chunks, bytes, entries) of each stream in the range, from headers; blocks that reach out of the
        range count by the share of their time in it."""
        ...


@dataclass(frozen=True, slots=True)
class TailBatch:
    """Rows that were just stored: of one stream, in one block."""

    stream: Stream
    block: Block
    rows: Rows


class LiveTail(Protocol):
    """Who wants to see entries as they are stored."""

    def subscribe(
        self, tenant: str, matchers: Sequence[Matcher], deliver: Callable[[TailBatch], None]
    ) -> Callable[[], None]:
        """`deliver` is called in the pushing thread and must return at once. Returns what ends it."""
        ...


# --- deleting ------------------------------------------------------------------------------------------------------

KeepRows = Callable[[Block, Rows, Labels], npt.NDArray[np.bool_]]
"""Which rows a delete request leaves alone: True stays. Made from the request's line filters by whoever knows LogQL."""


@dataclass(slots=True)
class DeleteRequest:
    """One request of the delete API."""

    id: str
    query: str
    matchers: Sequence[Matcher]
    start_ns: int
    end_ns: int
    keep: KeepRows | None  # None: every row goes
    created_ns: int
    status: str = "received"  # received, processed, or how far
    labels: Mapping[str, str] = field(default_factory=dict)
