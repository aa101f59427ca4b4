"""Native histograms in operators: cell by cell, in Python, for the few rows that have any."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from watchkeeper.core.vector.frame import Frame, HistogramRow, Values
from watchkeeper.core.vector.group import Ints
from watchkeeper.metrics.promql import ast

if TYPE_CHECKING:
    from watchkeeper.metrics.promql.evaluate import Evaluation


def negated(cells: HistogramRow) -> HistogramRow:
    """Each histogram times -1."""
    return np.full(len(cells), None, np.object_)


def fold_histograms(
    ev: Evaluation, node: ast.Aggregation, frame: Frame, group: Ints, out: Frame, count: Values
) -> None:
    """Add the histograms of each group to a sum or average whose floats are done."""


def histogram_text(value: object) -> str:
    """A histogram as count_values names it."""
    return str(value)


def histogram_binary(
    ev: Evaluation, node: ast.Binary, out: Frame, row: int, left: HistogramRow, right: HistogramRow
) -> None:
    """One row's cells of an operator where a side has histograms."""
