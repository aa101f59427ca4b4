"""rate, increase, delta (extrapolated to the window's edges) and irate, idelta (the last two samples)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import METRIC_NAME
from watchkeeper.core.model.stale import missing_mask, stale_mask
from watchkeeper.core.vector.frame import Frame, Present
from watchkeeper.core.vector.grid import Grid
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.operators.range_histogram import metric_of, rate_windows
from watchkeeper.metrics.promql.operators.window import RangeVector, range_vector, reduced

if TYPE_CHECKING:
    from watchkeeper.metrics.promql.evaluate import Evaluation

_COUNTER_SUFFIXES: Final = ("_total", "_sum", "_count", "_bucket")
_OF_COUNTERS: Final = ("rate", "increase", "irate")


def _counter(ev: Evaluation, call: ast.Call, grid: Grid) -> Frame:
    vector = range_vector(ev, call.args[0], grid)
    frame = reduced(ev, call.name, vector)
    rate_windows(ev, call, vector, frame, call.args[0].span)
    frame = frame.compacted()
    if call.name in _OF_COUNTERS:
        _note_non_counters(ev, call, frame)
        if ev.start_times:
            _note_overlaps(ev, call, vector)
    return ev.renamed(frame)


def _note_non_counters(ev: Evaluation, call: ast.Call, frame: Frame) -> None:
    """An info for each metric of floats that does not look like a counter."""
    labels = frame.labels
    if METRIC_NAME not in labels.names:
        return
    with_floats: Present = np.any(frame.present, axis=1)
    if with_floats.all():
        pairs = ev.of_labels((labels,), "names", lambda: _names_and_types(labels, with_floats))
    else:
        pairs = _names_and_types(labels, with_floats)
    for pair in pairs:
        name, type_ = labels.strings[pair >> 32], labels.strings[pair & 0xFFFFFFFF]
        span = call.args[0].span
        if not name:
            continue
        if type_:
            if type_ not in ("counter", "histogram"):
                ev.notes.possible_non_counter_type(name, type_, span)
        elif not name.endswith(_COUNTER_SUFFIXES):
            ev.notes.possible_non_counter(name, span)


def _names_and_types(labels: LabelSets, rows: npt.NDArray[np.bool_]) -> list[int]:
    """The distinct metric names of these rows with their types, as codes: the type's in the lower 32 bits."""
    names, types = labels.column(METRIC_NAME)[rows].astype(np.int64), labels.column("__type__")[rows].astype(np.int64)
    pairs: list[int] = np.unique(names << 32 | types).tolist()
    return pairs


def _note_overlaps(ev: Evaluation, call: ast.Call, vector: RangeVector) -> None:
    """A warning for each metric with a sample that began before the one before it was taken, but not with it."""
    series = vector.series
    if series.start_times is None:
        return
    first_ms = vector.grid.start_ms - vector.range_ms
    for row in range(len(vector.labels)):  # A loop over series, of stores that keep start times only.
        lo, hi, at = int(series.value_lo[row]), int(series.value_hi[row]), int(series.time_lo[row])
        kept = ~(missing_mask(series.values[lo:hi]) | stale_mask(series.values[lo:hi]))
        times = series.times[at : at + hi - lo][kept]
        starts = series.start_times[lo:hi][kept]
        late = (starts[1:] != 0) & (starts[1:] < times[:-1]) & (starts[1:] != starts[:-1])
        if (late & (times[:-1] > first_ms) & (times[1:] <= vector.grid.end_ms)).any():
            ev.notes.start_overlap(metric_of(vector, row), call.args[0].span)


FUNCTIONS: Final = dict.fromkeys(("rate", "increase", "delta", "irate", "idelta"), _counter)
