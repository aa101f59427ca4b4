"""One target's series numbers, as its parser gives them out, to columns and labels of the store.

The labels of a new series are worked out once, and then only its column is remembered: a four-byte number. Labels are
kept for the few series that need them at each scrape, those with their own timestamps, native histograms or exemplars.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.model.labels import Labels
from watchkeeper.metrics.interface import SourceWriter

Numbers = npt.NDArray[np.int32]

DROPPED: Final = -1  # Metric relabelling does not let the series pass.
UNPLACED: Final = -2  # The series has no column yet: it never had a sample without its own time.


class LabelsForgotten(Exception):
    """Labels are needed of a series whose labels were not kept: `forget` has been called, parse the body again."""


class SeriesCache:
    """Series number → column, and → labels where they are kept."""

    __slots__ = ("_columns", "_keep_all", "_labels", "_n_series", "_pending")

    def __init__(self) -> None:
        self._columns: Numbers = np.empty(0, np.int32)
        self._labels: dict[int, Labels] = {}
        self._pending: dict[int, Labels] = {}
        self._keep_all = False
        self._n_series = 0

    @property
    def n_series(self) -> int:
        """How many series numbers are known, dropped ones included."""
        return self._n_series

    def clear(self) -> None:
        """Forget all series: their numbers or columns have changed."""
        self._columns = np.empty(0, np.int32)
        self._labels.clear()
        self._pending.clear()
        self._n_series = 0

    def keep_all_labels(self) -> None:
        """From now on keep the labels of every series; known series are forgotten, so that they come as new."""
        self._keep_all = True
        self.clear()

    def learn(
        self,
        n_series: int,
        new: Iterable[tuple[int, Sequence[tuple[str, str]]]],
        rewrite: Callable[[Sequence[tuple[str, str]]], Labels | None],
    ) -> None:
        """Work out the labels of new series; what `rewrite` raises leaves the cache in need of `clear`.

        This is the one loop over series in Python, and a series passes it once.
        """
        if n_series > len(self._columns):
            grown = np.full(max(n_series, len(self._columns) * 5 // 4), UNPLACED, np.int32)
            grown[: len(self._columns)] = self._columns
            self._columns = grown
        self._n_series = n_series
        for number, exposed in new:
            labels = rewrite(exposed)
            if labels is None:
                self._columns[number] = DROPPED
            else:
                self._pending[number] = labels

    def kept(self, numbers: Numbers) -> npt.NDArray[np.bool_]:
        """Which of these series relabelling lets pass."""
        return np.not_equal(self._columns[numbers], DROPPED)

    def is_kept(self, number: int) -> bool:
        """Whether relabelling lets one series pass."""
        return bool(self._columns[number] != DROPPED)

    def place(self, numbers: Numbers | None, writer: SourceWriter) -> Numbers:
        """The column of each series, DROPPED where it has none; columns are made where they are missing.

        numbers  None stands for all series in the order of their numbers
        raises   LabelsForgotten
        """
        columns = self._columns[: self._n_series] if numbers is None else self._columns[numbers]
        unplaced = np.flatnonzero(columns == UNPLACED)
        if not len(unplaced):
            return columns.copy() if numbers is None else columns
        missing = unplaced.tolist() if numbers is None else list(dict.fromkeys(numbers[unplaced].tolist()))
        label_sets = [self._labels_of(number) for number in missing]
        self._columns[missing] = writer.columns(label_sets)
        if not self._keep_all:
            for number in missing:
                self._pending.pop(number, None)
        return self._columns[: self._n_series].copy() if numbers is None else self._columns[numbers]

    def labels(self, number: int) -> Labels:
        """The labels of a series, kept from now on; raises LabelsForgotten."""
        labels = self._labels_of(number)
        self._labels[number] = labels
        return labels

    def settle(self) -> None:
        """The scrape is over: keep the labels that were asked for, give up the others that have a column."""
        if self._keep_all:
            self._labels.update(self._pending)
            self._pending.clear()

    def _labels_of(self, number: int) -> Labels:
        labels = self._labels.get(number) or self._pending.get(number)
        if labels is None:
            raise LabelsForgotten
        return labels

    def renumber(self, new_numbers: Numbers) -> None:
        """Follow a parser's `compact`: old number → new number, -1 where given up."""
        old = np.flatnonzero(new_numbers >= 0)
        columns = np.full(len(old), UNPLACED, np.int32)
        columns[new_numbers[old]] = self._columns[old]
        self._columns = columns
        self._n_series = len(old)
        for kept in (self._labels, self._pending):
            moved = {int(new_numbers[number]): labels for number, labels in kept.items() if new_numbers[number] >= 0}
            kept.clear()
            kept.update(moved)
