"""Samples with their own times in a head: columns in arrival order while open, sorted by series when sealed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.model.errors import CorruptionError
from watchkeeper.metrics.tsdb.chunk import HistogramChunk, SampleChunk
from watchkeeper.metrics.tsdb.wal import Samples, joined

MERGE_SIZE: Final = 4096  # Parts below this are joined at once, larger ones with neighbours of their size.

_NO_SAMPLES: Final = Samples(np.empty(0, np.uint32), np.empty(0, np.int64), np.empty(0))
_NO_ROWS: Final = np.empty(0, np.int32)

Blob = tuple[int, int, bytes]
"""Ref, time, encoded histogram."""


@dataclass(frozen=True, slots=True, eq=False)
class Ragged:
    """An immutable state: sealed chunks, parts that are being sealed, and open parts, in arrival order.

    first_segment      of the WAL that an open or sealing sample is in; None without such samples
    """

    chunks: tuple[SampleChunk, ...] = ()
    sealing: tuple[Samples, ...] = ()
    open: tuple[Samples, ...] = ()
    histogram_chunks: tuple[HistogramChunk, ...] = ()
    sealing_histograms: tuple[Blob, ...] = ()
    histograms: tuple[tuple[Blob, ...], ...] = ()
    sealing_segment: int | None = None
    open_segment: int | None = None

    @property
    def first_segment(self) -> int | None:
        """The oldest WAL segment that holds something unsealed."""
        return self.sealing_segment if self.sealing_segment is not None else self.open_segment

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing at all."""
        return not (
            self.chunks
            or self.sealing
            or self.open
            or self.histogram_chunks
            or self.sealing_histograms
            or self.histograms
        )

    @property
    def sealed(self) -> list[SampleChunk | HistogramChunk]:
        """All sealed chunks."""
        return [*self.chunks, *self.histogram_chunks]

    @property
    def n_open(self) -> int:
        """How many samples are open."""
        return sum(map(len, self.open)) + 50 * sum(map(len, self.histograms))


def add_part(parts: tuple[Samples, ...], part: Samples) -> tuple[Samples, ...]:
    """The parts and one more; parts of like size are joined, so that there are few and each sample moves rarely."""
    out = [*parts, part]
    while len(out) > 1 and (len(out[-2]) <= 2 * len(out[-1]) or len(out[-2]) + len(out[-1]) <= MERGE_SIZE):
        last = out.pop()
        out[-1] = joined([out[-1], last])
    return tuple(out)


def sorted_by_series(samples: Samples) -> Samples:
    """Sorted by ref, then time; of several samples of one time the one that came first."""
    order = np.lexsort((samples.times, samples.refs))
    out = samples.take(order)
    again = np.zeros(len(out), np.bool_)
    again[1:] = (out.refs[1:] == out.refs[:-1]) & (out.times[1:] == out.times[:-1])
    return out.take(~again) if again.any() else out


def pick(
    state: Ragged,
    row_of: npt.NDArray[np.int32],
    start_ms: int,
    end_ms: int,
    on_corrupt: Callable[[CorruptionError], None],
) -> tuple[Samples, npt.NDArray[np.int32]]:
    """The samples from start to end of the series with `row_of[ref] >= 0`, and the rows, sorted by row, then time.

    row_of      int32 (n_slots + 1,), the last -1
    on_corrupt  told of a chunk that can't be read, and is passed over
    """
    limit = len(row_of) - 1
    parts: list[Samples] = []
    for chunk in state.chunks:
        if chunk.max_time_ms < start_ms or chunk.min_time_ms > end_ms:
            continue
        rows = np.flatnonzero(row_of[np.minimum(chunk.refs, limit)] >= 0)
        if len(rows):
            try:
                parts.append(_in_range(chunk.read(rows), start_ms, end_ms))
            except CorruptionError as error:
                on_corrupt(error)
    for part in (*state.sealing, *state.open):
        keep = (row_of[np.minimum(part.refs, limit)] >= 0) & (part.times >= start_ms) & (part.times <= end_ms)
        if keep.any():
            parts.append(part.take(keep))
    if not parts:
        return _NO_SAMPLES, _NO_ROWS
    found = sorted_by_series(joined(parts))
    return found, row_of[np.minimum(found.refs, limit)]


def _in_range(samples: Samples, start_ms: int, end_ms: int) -> Samples:
    keep = (samples.times >= start_ms) & (samples.times <= end_ms)
    return samples if keep.all() else samples.take(keep)


def pick_histograms(
    state: Ragged,
    row_of: npt.NDArray[np.int32],
    start_ms: int,
    end_ms: int,
    on_corrupt: Callable[[CorruptionError], None],
) -> dict[int, dict[int, bytes]]:
    """Encoded histograms by row and time. A loop over histograms: they are few beside floats."""
    limit = len(row_of) - 1
    out: dict[int, dict[int, bytes]] = {}
    sources: list[tuple[Blob, ...] | list[Blob]] = []
    for chunk in state.histogram_chunks:
        inside = chunk.max_time_ms >= start_ms and chunk.min_time_ms <= end_ms
        if inside and (row_of[np.minimum(chunk.refs, limit)] >= 0).any():
            try:
                sources.append(chunk.read())
            except CorruptionError as error:
                on_corrupt(error)
    sources.append(state.sealing_histograms)
    sources += state.histograms
    for blobs in sources:
        for ref, time_ms, blob in blobs:
            row = int(row_of[min(ref, limit)])
            if row >= 0 and start_ms <= time_ms <= end_ms:
                out.setdefault(row, {}).setdefault(time_ms, blob)
    return out
