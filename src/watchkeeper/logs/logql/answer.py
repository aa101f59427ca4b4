"""What a query asks for and what it is answered with, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels.texts import Texts
from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.interface import Times
from watchkeeper.logs.logql.ast import Expr

Values = npt.NDArray[np.float64]
Present = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Request:
    """One query with its range.

    query        the text that `expr` was parsed from
    start_ns     first step of a metric query, and where a log query's range begins
    end_ns       last step of a metric query (included); a log query's range ends before it
    step_ns      from step to step; not looked at for log queries and instants
    instant      evaluate once, at end_ns; log queries are refused
    limit        lines of a log query, over all streams
    forward      oldest lines first; else newest
    interval_ns  log queries: no line nearer than this to the one before it, over all streams; 0 for all
    """

    expr: Expr
    query: str
    start_ns: int
    end_ns: int
    step_ns: int = 0
    instant: bool = False
    limit: int = 100
    forward: bool = False
    interval_ns: int = 0


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """What one query of a tenant may use; 0 is no limit.

    max_query_series  series of a metric query's answer and of each part of it
    max_entries       `limit` of a log query
    max_bytes_read    bytes of lines in blocks that the query would look at
    max_memory_bytes  of partial results
    partial_series    stop at max_query_series with what there is and a warning, instead of failing
    """

    max_query_series: int = 500
    max_entries: int = 5000
    max_bytes_read: int = 0
    timeout_s: float = 60.0
    max_memory_bytes: int = 1 << 30
    partial_series: bool = False


@dataclass(slots=True)
class StoreStats:
    """What was read of one half of the store: of flushed blocks, or of those still in memory.

    Chunks are blocks. `lines` and `bytes` are what was looked at; bytes are of lines and structured metadata as they
    came, `structured_bytes` the metadata's share of them.
    """

    chunks_ref: int = 0
    chunks_loaded: int = 0
    load_ns: int = 0
    lines: int = 0
    bytes: int = 0
    structured_bytes: int = 0
    post_filter_lines: int = 0


@dataclass(slots=True)
class Stats:
    """What the evaluation cost: all that the `stats` object of an answer is made of.

    store, ingester  flushed and unflushed blocks
    streams          how many streams the blocks were of
    """

    store: StoreStats = field(default_factory=StoreStats)
    ingester: StoreStats = field(default_factory=StoreStats)
    streams: int = 0
    exec_s: float = 0.0
    queue_s: float = 0.0
    index_s: float = 0.0
    entries_returned: int = 0
    subqueries: int = 0
    shards: int = 0
    splits: int = 0
    queried_structured_metadata: bool = False

    @property
    def total_bytes(self) -> int:
        """Bytes looked at."""
        return self.store.bytes + self.ingester.bytes

    @property
    def total_lines(self) -> int:
        """Lines looked at."""
        return self.store.lines + self.ingester.lines

    @property
    def structured_bytes(self) -> int:
        """Bytes of structured metadata looked at."""
        return self.store.structured_bytes + self.ingester.structured_bytes

    @property
    def post_filter_lines(self) -> int:
        """Lines that passed all filters."""
        return self.store.post_filter_lines + self.ingester.post_filter_lines

    @property
    def bytes_per_second(self) -> int:
        """Bytes looked at in a second of execution."""
        return int(self.total_bytes / self.exec_s) if self.exec_s > 0 else 0

    @property
    def lines_per_second(self) -> int:
        """Lines looked at in a second of execution."""
        return int(self.total_lines / self.exec_s) if self.exec_s > 0 else 0


@dataclass(slots=True, eq=False)
class LogStream:
    """Lines that have all their labels in common.

    labels      of the stream
    structured  of the entries' structured metadata, as the pipeline left them
    parsed      that the pipeline made, with `__error__` where it failed
    times_ns    int64 (n,), in the query's direction
    """

    labels: Labels
    structured: Labels
    parsed: Labels
    times_ns: Times
    lines: Texts

    @property
    def merged(self) -> Labels:
        """All labels in one set: stream labels, then structured metadata, then parsed ones where names are equal."""
        if not self.structured.pairs and not self.parsed.pairs:
            return self.labels
        return Labels((*self.labels.pairs, *self.structured.pairs, *self.parsed.pairs))


@dataclass(slots=True, eq=False)
class LogStreams:
    """The answer of a log query: one LogStream for each distinct (stream, structured metadata, parsed labels).

    Streams are in order of their labels' text.
    """

    streams: list[LogStream]

    @property
    def n_lines(self) -> int:
        """Lines of all streams."""
        return sum(len(stream.times_ns) for stream in self.streams)


@dataclass(slots=True, eq=False)
class Matrix:
    """Values at many times, series in order of their labels.

    times_ns  int64 (n_steps,)
    values    float64 (n_series, n_steps); NaN is a value
    present   bool (n_series, n_steps): where a series has a value
    """

    labels: Sequence[Labels]
    times_ns: Times
    values: Values
    present: Present


@dataclass(slots=True, eq=False)
class Vector:
    """One value for each series, in order of their labels, unless the query sorts. Values are float64 (n_series,)."""

    labels: Sequence[Labels]
    time_ns: int
    values: Values


@dataclass(slots=True, eq=False)
class Scalar:
    """One number."""

    time_ns: int
    value: float


Data: TypeAlias = LogStreams | Matrix | Vector | Scalar


@dataclass(slots=True, eq=False)
class Answer:
    """A query's data with what is to be said about it."""

    data: Data
    stats: Stats = field(default_factory=Stats)
    warnings: list[str] = field(default_factory=list)
