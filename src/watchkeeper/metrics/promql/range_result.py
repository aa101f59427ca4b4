"""The answer to an instant query for a range vector: the raw samples of its window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from watchkeeper.core.vector.frame import Frame
from watchkeeper.core.vector.group import sort_order
from watchkeeper.metrics.promql.operators.select import float_points
from watchkeeper.metrics.promql.operators.window import RangeVector
from watchkeeper.metrics.promql.result import Matrix

if TYPE_CHECKING:
    from watchkeeper.metrics.promql.evaluate import Evaluation


def matrix_of(ev: Evaluation, vector: RangeVector) -> Matrix:
    """All samples in the window of the only step, on the union of the series' times."""
    end_ms = vector.grid.start_ms
    start_ms = end_ms - vector.range_ms
    rows = []
    axis = np.zeros(0, np.int64)
    for row in range(len(vector.labels)):  # A loop over series: this form is for looking at raw samples.
        times, values = float_points(vector.series, row)
        inside = (times > start_ms) & (times <= end_ms)
        rows.append((times[inside], values[inside]))
        axis = np.union1d(axis, times[inside])
    for samples in vector.series.histograms.values():
        axis = np.union1d(axis, samples.times[(samples.times > start_ms) & (samples.times <= end_ms)])
    ev.memory.reserve(len(rows), len(axis))
    frame = Frame(
        vector.labels,
        np.zeros((len(rows), len(axis))),
        np.zeros((len(rows), len(axis)), np.bool_),
        {},
        vector.drop_name,
    )
    for row, (times, values) in enumerate(rows):
        at = np.searchsorted(axis, times)
        frame.values[row, at] = values
        frame.present[row, at] = True
    for row, samples in vector.series.histograms.items():
        cells = np.full(len(axis), None, np.object_)
        for time_ms, value in zip(samples.times.tolist(), samples.values, strict=True):
            if start_ms < time_ms <= end_ms and not value.is_stale:
                cells[np.searchsorted(axis, time_ms)] = value
        frame.histograms[row] = cells
    frame = ev.finished(frame).compacted()
    return Matrix(axis, frame.take(sort_order(frame.labels)))
