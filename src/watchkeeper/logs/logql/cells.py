"""Samples folded into cells, one for each series and interval; and samples that can't be folded, as they are."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from watchkeeper.logs.interface import Times
from watchkeeper.logs.logql.guard import Guard
from watchkeeper.logs.logql.series import Pairs

Ints: TypeAlias = npt.NDArray[np.int64] | npt.NDArray[np.int32]
Floats: TypeAlias = npt.NDArray[np.float64]

COMPACT_CELLS: Final = 2_000_000  # of one query, after which equal cells are put together
SERIES_BYTES: Final = 600  # about what a label set takes


class Fold(enum.Enum):
    """How the samples of one cell become one value."""

    SUM = "sum"
    MIN = "min"
    MAX = "max"
    FIRST = "first"
    LAST = "last"
    NONE = "none"  # All samples are kept.


@dataclass(frozen=True, slots=True)
class Cells:
    """What one block gives.

    labels    label sets by series number; some may be equal
    series    int64 (n,); int32 where samples are not folded
    interval  likewise, of each cell or sample
    values    float64 (n,)
    counts    float64 (n,), how many samples went into it; None where nobody asks
    times     int64 ns (n,), of the sample that was taken, or of each sample; None where nobody asks
    """

    labels: Sequence[Pairs]
    series: Ints
    interval: Ints
    values: Floats
    counts: Floats | None = None
    times: Times | None = None

    @property
    def size_bytes(self) -> int:
        """Memory of the arrays."""
        arrays = (self.series, self.interval, self.values, self.counts, self.times)
        return sum(array.nbytes for array in arrays if array is not None and array.strides != (0,))


def folded(
    fold: Fold, labels: Sequence[Pairs], series: Ints, interval: Ints, values: Floats | None, times: Times | None
) -> Cells:
    """Samples in order of their times, as cells. Values of None are ones; counts are always given for sums."""
    if fold is Fold.NONE:
        assert values is not None
        # So many rows that half of the bytes count.
        return Cells(labels, series, _narrow(interval), values, None, times)
    n = len(series)
    if n == 0:
        none = np.zeros(0, np.int64)
        return Cells(labels, none, none, np.zeros(0), np.zeros(0), none)
    if fold is Fold.SUM and len(labels) == 1 and interval.strides == (0,):
        # One cell: the samples of one series in one interval.
        total = np.array([float(n) if values is None else float(values.sum())])
        one = np.zeros(1, np.int64)
        return Cells(labels, one, one + int(interval[0]), total, np.array([float(n)]))
    low = int(interval.min())
    span = int(interval.max()) - low + 1
    key = series * span + (interval - low)
    size = len(labels) * span
    if size > 4 * n + 4096:
        used, key = np.unique(key, return_inverse=True)
        size = len(used)
    else:
        used = None
    counts = np.bincount(key, minlength=size).astype(np.float64)
    taken: Times | None = None
    match fold:
        case Fold.SUM:
            out: Floats = counts
            if values is not None:
                out = np.asarray(np.bincount(key, weights=values, minlength=size), np.float64)
        case Fold.MIN | Fold.MAX:
            assert values is not None
            out = np.full(size, np.nan)
            (np.fmin if fold is Fold.MIN else np.fmax).at(out, key, values)
        case _:
            assert values is not None
            assert times is not None
            which = np.zeros(size, np.int64)
            order = np.arange(n)
            # Of equal keys the last assignment stays.
            if fold is Fold.FIRST:
                which[key[::-1]] = order[::-1]
            else:
                which[key] = order
            out, taken = values[which], times[which]
    if used is None:
        used = np.flatnonzero(counts)
        out, counts = out[used], counts[used]
        taken = None if taken is None else taken[used]
    return Cells(labels, used // span, used % span + low, out, counts, taken)


class CellTable:
    """The cells of a whole query, gathered block by block. One thread alone adds to it."""

    def __init__(self, fold: Fold, n_intervals: int, guard: Guard, *, most_series: int = 0) -> None:
        self.fold = fold
        self.labels: list[Pairs] = []
        self._numbers: dict[Pairs, int] = {}
        self._n_intervals = n_intervals
        self._guard = guard
        self._most_series = most_series
        self._parts: list[Cells] = []
        self._n_cells = 0
        self._held = 0
        self._texts_bytes = 0
        self.truncated = False

    def add(self, cells: Cells) -> None:
        """Take what a block gave. Raises LimitExceeded for too many series or too much memory."""
        if not len(cells.series):
            return
        known, texts_bytes = len(self.labels), self._texts_bytes
        numbers: Ints = np.array([self._number(labels) for labels in cells.labels], np.int64)
        if self.fold is Fold.NONE:
            numbers = numbers.astype(np.int32)
        series = repeated(numbers[0], len(cells.series)) if len(numbers) == 1 else numbers[cells.series]
        new = len(self.labels) - known
        if new:
            self._guard.hold(new * SERIES_BYTES + self._texts_bytes - texts_bytes)
            if self._most_series and len(self.labels) > self._most_series and self._guard.series(len(self.labels)):
                self.truncated = True
        part = Cells((), series, cells.interval, cells.values, cells.counts, cells.times)
        self._parts.append(part)
        self._guard.hold(part.size_bytes)
        self._held += part.size_bytes
        self._n_cells += len(part.series)
        if self.fold is not Fold.NONE and self._n_cells > COMPACT_CELLS:
            before = self._held
            self._parts = [self._compacted()]
            self._n_cells = len(self._parts[0].series)
            self._held = self._parts[0].size_bytes
            self._guard.hold(self._held - before)

    def _number(self, labels: Pairs) -> int:
        number = self._numbers.get(labels)
        if number is None:
            number = self._numbers[labels] = len(self.labels)
            self.labels.append(labels)
            self._texts_bytes += sum(len(text) for _, text in labels)
        return number

    def finished(self) -> Cells:
        """All cells, numbered as `labels`, in order of series and interval, none twice. Samples that are not folded are
        in no order."""
        if not self._parts:
            none = np.zeros(0, np.int64)
            return Cells((), none, none, np.zeros(0), np.zeros(0), none)
        found = self._compacted() if self.fold is not Fold.NONE else _joined(self._parts)
        self._parts = []
        return Cells((), found.series, found.interval, found.values, found.counts, found.times)

    def _compacted(self) -> Cells:
        cells = _joined(self._parts)
        key = cells.series * self._n_intervals + cells.interval
        if self.fold in (Fold.FIRST, Fold.LAST):
            assert cells.times is not None
            order = np.lexsort((cells.times, key))
        else:
            order = np.argsort(key, kind="stable")
        key = key[order]
        starts = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
        values = cells.values[order]
        counts = None if cells.counts is None else np.add.reduceat(cells.counts[order], starts)
        times: Times | None = None
        match self.fold:
            case Fold.SUM:
                values = np.add.reduceat(values, starts)
            case Fold.MIN:
                values = np.fmin.reduceat(values, starts)
            case Fold.MAX:
                values = np.fmax.reduceat(values, starts)
            case _:
                assert cells.times is not None
                at = starts if self.fold is Fold.FIRST else np.append(starts[1:], len(key)) - 1
                values, times = values[at], cells.times[order][at]
        key = key[starts]
        return Cells((), key // self._n_intervals, key % self._n_intervals, values, counts, times)


def repeated(value: np.int64 | np.int32, n: int) -> Ints:
    """The same number so many times, in the memory of one."""
    return cast(Ints, np.broadcast_to(value, (n,)))


def _narrow(numbers: Ints) -> Ints:
    if len(numbers) and numbers.strides == (0,):
        return repeated(np.int32(numbers[0]), len(numbers))
    return numbers.astype(np.int32)


def _end_to_end(arrays: Sequence[Ints]) -> Ints:
    """All arrays in one; still in the memory of one number where all are the same."""
    first = arrays[0]
    if all(len(array) and array.strides == (0,) and array[0] == first[0] for array in arrays):
        return repeated(first[0], sum(map(len, arrays)))
    return cast(Ints, np.concatenate(arrays))


def _joined(parts: Sequence[Cells]) -> Cells:
    if len(parts) == 1:
        return parts[0]
    counts = [part.counts for part in parts if part.counts is not None]
    times = [part.times for part in parts if part.times is not None]
    return Cells(
        (),
        _end_to_end([part.series for part in parts]),
        _end_to_end([part.interval for part in parts]),
        np.concatenate([part.values for part in parts]),
        np.concatenate(counts) if len(counts) == len(parts) else None,
        np.concatenate(times) if len(times) == len(parts) else None,
    )
