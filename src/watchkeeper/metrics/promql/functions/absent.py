"""absent and absent_over_time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import METRIC_NAME, Labels
from watchkeeper.core.model.matcher import MatchType
from watchkeeper.core.vector.frame import Frame, Present
from watchkeeper.core.vector.grid import Grid
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.operators.range_histogram import windows_with_histograms
from watchkeeper.metrics.promql.operators.window import range_vector, reduced

if TYPE_CHECKING:
    from watchkeeper.metrics.promql.evaluate import Evaluation


def _absent(ev: Evaluation, call: ast.Call, grid: Grid) -> Frame:
    frame = ev.vector(call.args[0], grid)
    return _inverse(call.args[0], np.any(frame.occupied(), axis=0), grid)


def _absent_over_time(ev: Evaluation, call: ast.Call, grid: Grid) -> Frame:
    vector = range_vector(ev, call.args[0], grid)
    frame = reduced(ev, "present", vector)
    there: Present = np.any(frame.present, axis=0)
    for row in vector.series.histograms:
        there |= windows_with_histograms(vector, row)
    return _inverse(call.args[0], there, grid)


def _inverse(argument: ast.Expr, there: Present, grid: Grid) -> Frame:
    """1 where nothing is there, under the labels that the selector asked for."""
    frame = Frame.single(np.ones(grid.n_steps), LabelSets.of([_labels(argument)]))
    frame.present[0] = ~there
    return frame.compacted()


def _labels(argument: ast.Expr) -> Labels:
    argument = ast.unwrap_parens(argument)
    if isinstance(argument, ast.MatrixSelector):
        argument = argument.selector
    if not isinstance(argument, ast.VectorSelector):
        return Labels()
    wanted: dict[str, str] = {}
    seen: set[str] = set()
    for matcher in argument.matchers:
        if matcher.name == METRIC_NAME:
            continue
        if matcher.type is MatchType.EQUAL and matcher.name not in seen:
            wanted[matcher.name] = matcher.value
            seen.add(matcher.name)
        else:
            # Two conditions on one label: no single value describes what is absent.
            wanted.pop(matcher.name, None)
    return Labels(wanted.items())


FUNCTIONS: Final = {"absent": _absent, "absent_over_time": _absent_over_time}
