"""All that scrape, tsdb, promql and remote share: how samples are written and how they are read.

Times are int64 milliseconds since the epoch, values float64. `start` and `end` are inclusive.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from watchkeeper.core.model.histogram import Histogram, HistogramSamples
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.core.model.metadata import Exemplar, Metadata

Times = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
Columns = npt.NDArray[np.int32]

# --- writing -------------------------------------------------------------------------------------------------------


class Status(enum.IntEnum):
    """What became of one sample."""

    STORED = 0
    OUT_OF_ORDER = 1  # older than its series' newest sample, and out-of-order samples are not taken
    DUPLICATE = 2  # same time, other value
    TOO_OLD = 3  # older than the out-of-order window
    OUT_OF_BOUNDS = 4  # outside of what the head can hold


class SourceWriter(Protocol):
    """The writer of one source: one scrape target, one rule group. A row is all its samples of one time.

    One thread at a time may use a writer. Columns are numbered from 0 in order of first appearance and keep their
    number until `columns` returns with `renumbered` set.
    """

    def columns(self, label_sets: Sequence[Labels]) -> Columns:
        """The column of each label set, made where it is new. int32, as long as `label_sets`."""
        ...

    @property
    def n_columns(self) -> int:
        """How many columns a row has now."""
        ...

    @property
    def generation(self) -> int:
        """Changes whenever the store renumbered this source's columns: then ask `columns` for all of them again."""
        ...

    def append(self, time_ms: int, row: Values) -> Status:
        """Store one row; on return its WAL record is written.

        row      float64 (n_columns,); MISSING where a series has no sample, STALE to end a series; copied, not kept
        returns  STORED, or why the whole row was refused (a row not after the source's last is OUT_OF_ORDER unless
                 the out-of-order window takes it)
        """
        ...

    def close(self) -> None:
        """The source has gone: its columns may be given up. Write a row of STALE first where markers are wanted."""
        ...


@dataclass(slots=True)
class SampleBatch:
    """Samples with their own times.

    labels       the series that occur, each once
    series       int32 (n,): which of `labels` a float sample belongs to
    times        int64 ms (n,)
    values       float64 (n,); STALE is a marker
    histograms   (series, time_ms, value), likewise
    start_times  int64 ms (n,) or None: when the counter began (0 unknown)
    exemplars    (series, exemplar)
    metadata     by metric family name
    """

    labels: Sequence[Labels]
    series: Columns
    times: Times
    values: Values
    histograms: Sequence[tuple[int, int, Histogram]] = ()
    start_times: Times | None = None
    exemplars: Sequence[tuple[int, Exemplar]] = ()
    metadata: dict[str, Metadata] = field(default_factory=dict)


@dataclass(slots=True)
class AppendResult:
    """What became of a batch: a `Status` for each float sample (uint8), and for each histogram and exemplar."""

    samples: npt.NDArray[np.uint8]
    histograms: npt.NDArray[np.uint8]
    exemplars: npt.NDArray[np.uint8]

    @property
    def stored_all(self) -> bool:
        """Whether nothing was refused."""
        return not (self.samples.any() or self.histograms.any() or self.exemplars.any())


class Appender(Protocol):
    """The write side of a store."""

    def source(self, name: str) -> SourceWriter:
        """A writer for a source; `name` says which in logs. Every call makes a new one."""
        ...

    def append(self, batch: SampleBatch, *, all_or_nothing: bool = False) -> AppendResult:
        """Store a batch; on return its WAL record is written.

        With `all_or_nothing` (remote write 1.0) one refused sample refuses the whole batch and nothing is stored.
        """
        ...


# --- reading -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Series:
    """What a select returns: label sets, and their samples in time order.

    labels        n label sets, all different
    times         int64 ms: time axes, one after the other; several series may share one
    values        float64: the series' values, one after the other; may hold MISSING (no sample at that time of the
                  axis, skip it) and STALE (a marker)
    value_lo/_hi  int64 (n,): series i has values[value_lo[i]:value_hi[i]] ...
    time_lo       int64 (n,): ... at times[time_lo[i]: time_lo[i] + value_hi[i] - value_lo[i]], strictly ascending
    histograms    by series number, for the few series that have them
    start_times   like `values`, int64 ms, 0 unknown; or None
    """

    labels: LabelSets
    times: Times
    values: Values
    value_lo: Times
    value_hi: Times
    time_lo: Times
    histograms: dict[int, HistogramSamples] = field(default_factory=dict)
    start_times: Times | None = None


@dataclass(slots=True)
class Budget:
    """What one query may use; shared by all its selects.

    check          called often while a select works; raises QueryTimeout or QueryCanceled
    charge         called with a number of samples before they are decoded; raises LimitExceeded
    """

    check: Callable[[], None] = lambda: None
    charge: Callable[[int], None] = lambda _: None


class Querier(Protocol):
    """The read side of a store, or of several. Safe to call from many threads."""

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, budget: Budget, *, newest: bool = False
    ) -> Series:
        """All samples from start to end (both included) of the series that pass all matchers; order unspecified.

        With `newest` the caller looks at each series' newest sample alone, so older ones may be left out.
        """
        ...

    def series(self, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> LabelSets:
        """The series that pass any of the sets and may have samples in the time range, each once."""
        ...

    def label_names(self, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> list[str]:
        """Sorted; without matcher sets, of all series."""
        ...

    def label_values(
        self, name: str, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int
    ) -> list[str]:
        """Sorted values of one label; without matcher sets, of all series."""
        ...


class ExemplarQuerier(Protocol):
    """The ring of recent exemplars."""

    def exemplars(
        self, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int
    ) -> list[tuple[Labels, list[Exemplar]]]:
        """By series, in label order; oldest first."""
        ...
