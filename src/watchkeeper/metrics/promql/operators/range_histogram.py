"""Native histograms in range vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from watchkeeper.core.model.span import Span
from watchkeeper.core.vector.frame import Frame, Present
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.operators.window import RangeVector

if TYPE_CHECKING:
    from watchkeeper.metrics.promql.evaluate import Evaluation


def fold_windows(ev: Evaluation, call: ast.Call, vector: RangeVector, frame: Frame, span: Span) -> None:
    """Put into `frame` what a function makes of the windows that hold histograms."""


def rate_windows(ev: Evaluation, call: ast.Call, vector: RangeVector, frame: Frame, span: Span) -> None:
    """Likewise for rate and its kin."""


def windows_with_histograms(vector: RangeVector, row: int) -> Present:
    """bool (n_steps,): which windows of a series hold a histogram."""
    return np.zeros(vector.grid.n_steps, np.bool_)
