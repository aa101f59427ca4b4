"""rate, increase, delta (extrapolated to the window's edges) and irate, idelta (the last two samples)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from watchkeeper.core.model.labels import METRIC_NAME
from watchkeeper.core.vector.frame import Frame
from watchkeeper.core.vector.grid import Grid
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.operators.range_histogram import rate_windows
from watchkeeper.metrics.promql.operators.window import range_vector, reduced

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
    return ev.renamed(frame)


def _note_non_counters(ev: Evaluation, call: ast.Call, frame: Frame) -> None:
    """An info for each metric of floats that does not look like a counter."""
    labels = frame.labels
    if METRIC_NAME not in labels.names:
        return
    names = labels.column(METRIC_NAME)
    types = labels.column("__type__")
    with_floats = frame.present.any(axis=1)
    pairs = np.unique(names[with_floats].astype(np.int64) << 32 | types[with_floats].astype(np.int64))
    for pair in pairs.tolist():
        name, type_ = labels.strings[pair >> 32], labels.strings[pair & 0xFFFFFFFF]
        span = call.args[0].span
        if not name:
            continue
        if type_:
            if type_ not in ("counter", "histogram"):
                ev.notes.possible_non_counter_type(name, type_, span)
        elif not name.endswith(_COUNTER_SUFFIXES):
            ev.notes.possible_non_counter(name, span)


FUNCTIONS: Final = dict.fromkeys(("rate", "increase", "delta", "irate", "idelta"), _counter)
