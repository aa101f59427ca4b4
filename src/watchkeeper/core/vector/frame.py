"""The value of every vector expression: labels by steps, with absence apart from NaN."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from watchkeeper.core.model.label_sets import LabelSets

Values = npt.NDArray[np.float64]
Present = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp] | npt.NDArray[np.int64]
HistogramRow = npt.NDArray[np.object_]

NO_LABELS = LabelSets((), np.zeros((0, 0), np.int32), [""])


@dataclass(slots=True)
class Frame:
    """`n_series` label sets by `n_steps` cells.

    labels      a row each; a finished operator's rows are all different, except while names wait to be dropped
    values      float64 (n_series, n_steps), C order; NaN is a value
    present     bool (n_series, n_steps): where there is a float; the value of another cell means nothing
    histograms  native histograms: row number → object (n_steps,), a Histogram or None; a cell that has one is not
                present. Few rows have any.
    drop_name   bool (n_series,): rows whose metric name is to be dropped at the end; None for none
    lease       what accounts for the memory as long as the frame lives
    """

    labels: LabelSets
    values: Values
    present: Present
    histograms: dict[int, HistogramRow] = field(default_factory=dict)
    drop_name: Present | None = None
    lease: Any = None

    @classmethod
    def empty(cls, n_steps: int) -> Frame:
        """No series."""
        return cls(NO_LABELS, np.zeros((0, n_steps)), np.zeros((0, n_steps), np.bool_))

    @classmethod
    def single(cls, values: Values, labels: LabelSets | None = None) -> Frame:
        """One series that is present at every step."""
        one = labels if labels is not None else LabelSets((), np.zeros((1, 0), np.int32), [""])
        return cls(one, values.reshape(1, -1).copy(), np.ones((1, len(values)), np.bool_))

    @property
    def n_series(self) -> int:
        """How many rows."""
        return len(self.values)

    @property
    def n_steps(self) -> int:
        """How many columns."""
        return int(self.values.shape[1])

    def occupied(self) -> Present:
        """bool (n_series, n_steps): where there is a float or a histogram. A view of `present` if it can be."""
        if not self.histograms:
            return self.present
        out = self.present.copy()
        for row, cells in self.histograms.items():
            out[row] |= has_histogram(cells)
        return out

    def take(self, rows: Rows) -> Frame:
        """These rows, in this order."""
        histograms: dict[int, HistogramRow] = {}
        if self.histograms:
            for new, old in enumerate(rows.tolist()):
                if old in self.histograms:
                    histograms[new] = self.histograms[old]
        return Frame(
            self.labels.take(rows),
            self.values[rows],
            self.present[rows],
            histograms,
            None if self.drop_name is None else self.drop_name[rows],
        )

    def where(self, mask: Present) -> Frame:
        """The same rows, with only the cells that `mask` (n_series, n_steps) lets pass."""
        histograms = {row: _masked(cells, mask[row]) for row, cells in self.histograms.items()}
        return replace(self, present=self.present & mask, histograms=histograms, lease=None)

    def compacted(self) -> Frame:
        """Without the rows that are absent at every step; itself if there are none."""
        used: Present = self.present[:, 0] if self.n_steps == 1 else np.any(self.present, axis=1)
        if self.histograms:
            used = used.copy()
            for row, cells in self.histograms.items():
                used[row] |= bool(has_histogram(cells).any())
        n_used = int(np.count_nonzero(used))
        if n_used == self.n_series:
            return self
        return self.take(np.flatnonzero(used)) if n_used else Frame.empty(self.n_steps)

    def with_labels(self, labels: LabelSets) -> Frame:
        """The same cells under other labels."""
        return replace(self, labels=labels, lease=None)

    def floats_only(self) -> Frame:
        """Without the histograms."""
        return replace(self, histograms={}, lease=None) if self.histograms else self


def has_histogram(cells: HistogramRow) -> Present:
    """bool: which of these cells hold one."""
    return np.fromiter((cell is not None for cell in cells), np.bool_, len(cells))


def _masked(cells: HistogramRow, mask: Present) -> HistogramRow:
    out = cells.copy()
    out[~mask] = None
    return out
