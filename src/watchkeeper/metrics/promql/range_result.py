"""The answer to an instant query for a range vector: the raw samples of its window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from watchkeeper.core.model.stale import missing_mask, stale_mask
from watchkeeper.core.vector.frame import Frame
from watchkeeper.core.vector.group import sort_order
from watchkeeper.metrics.promql.operators.window import RangeVector
from watchkeeper.metrics.promql.result import Matrix

if TYPE_CHECKING:
    from watchkeeper.metrics.promql.evaluate import Evaluation


def matrix_of(ev: Evaluation, vector: RangeVector) -> Matrix:
    """All samples in the window of the only step, on the union of the series' times."""
    end_ms = vector.grid.start_ms
    start_ms = end_ms - vector.range_ms
    series = vector.series
    n = len(vector.labels)
    # Every cell of every series as a triple of arrays, so that no series has a loop of its own.
    lengths = series.value_hi - series.value_lo
    rows = np.repeat(np.arange(n), lengths)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    values = series.values[np.repeat(series.value_lo, lengths) + within]
    times = series.times[np.repeat(series.time_lo, lengths) + within]
    kept = (times > start_ms) & (times <= end_ms) & ~missing_mask(values) & ~stale_mask(values)
    rows, times, values = rows[kept], times[kept], values[kept]
    axis = np.unique(times)
    for samples in series.histograms.values():
        axis = np.union1d(axis, samples.times[(samples.times > start_ms) & (samples.times <= end_ms)])
    ev.memory.queryable += len(rows)
    ev.memory.reserve(n, len(axis))
    frame = Frame(vector.labels, np.zeros((n, len(axis))), np.zeros((n, len(axis)), np.bool_), {}, vector.drop_name)
    at = np.searchsorted(axis, times)
    frame.values[rows, at] = values
    frame.present[rows, at] = True
    for row, samples in vector.series.histograms.items():
        cells = np.full(len(axis), None, np.object_)
        for time_ms, value in zip(samples.times.tolist(), samples.values, strict=True):
            if start_ms < time_ms <= end_ms and not value.is_stale:
                cells[np.searchsorted(axis, time_ms)] = value
        frame.histograms[row] = cells
    frame = ev.finished(frame).compacted()
    return Matrix(axis, frame.take(sort_order(frame.labels)))
