"""PromQL's functions: one table from name to implementation.

In: the call's node and the grid. Out: a frame or a scalar over all steps. Never here: the check of argument types.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from watchkeeper.core.vector.frame import Frame, Values
from watchkeeper.core.vector.grid import Grid
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.functions import (
    absent,
    counters,
    histogram,
    info,
    labels,
    math,
    over_time,
    sorting,
    time,
)

if TYPE_CHECKING:
    from watchkeeper.metrics.promql.evaluate import Evaluation

Function: TypeAlias = "Callable[[Evaluation, ast.Call, Grid], Frame | Values]"

FUNCTIONS: Final[dict[str, Function]] = {
    **absent.FUNCTIONS,
    **counters.FUNCTIONS,
    **histogram.FUNCTIONS,
    **info.FUNCTIONS,
    **labels.FUNCTIONS,
    **math.FUNCTIONS,
    **over_time.FUNCTIONS,
    **sorting.FUNCTIONS,
    **time.FUNCTIONS,
}
