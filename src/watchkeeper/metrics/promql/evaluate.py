"""One query being evaluated: the tree walked once, every node a whole matrix."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import TypeAlias, TypeVar, assert_never

import numpy as np

from watchkeeper.core.model.errors import ExecutionError
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import METRIC_NAME
from watchkeeper.core.vector.frame import Frame, Values
from watchkeeper.core.vector.grid import Grid
from watchkeeper.core.vector.group import RESERVED, are_distinct, distinct_without_names, merged, pick, without_names
from watchkeeper.metrics.interface import Querier, Series
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.annotations import Annotations
from watchkeeper.metrics.promql.functions import FUNCTIONS
from watchkeeper.metrics.promql.limits import Guard, Memory
from watchkeeper.metrics.promql.operators.aggregate import aggregate
from watchkeeper.metrics.promql.operators.binary import binary
from watchkeeper.metrics.promql.operators.histogram import negated
from watchkeeper.metrics.promql.operators.select import instant_vector
from watchkeeper.metrics.promql.plan import MatcherKey, Plan, Settings
from watchkeeper.metrics.promql.prepared import Derived

T = TypeVar("T")

Value: TypeAlias = Frame | Values | str
"""An instant vector over all steps; a scalar's float64 (n_steps,); a string."""


class Evaluation:
    """The state of one query. Its own thread alone uses it.

    delayed_names   metric names are dropped at the end, not where an operation asks for it
    start_times     counters' start times tell resets
    derived         of a query that is asked often: what its label sets gave the last time
    histogram_stats what is being evaluated is asked for the counts and sums of its histograms only
    """

    def __init__(
        self,
        plan: Plan,
        querier: Querier,
        settings: Settings,
        guard: Guard,
        memory: Memory,
        notes: Annotations,
        *,
        delayed_names: bool,
        is_range: bool,
        start_times: bool = False,
        derived: Derived | None = None,
    ) -> None:
        self.plan = plan
        self.settings = settings
        self.guard = guard
        self.memory = memory
        self.notes = notes
        self.delayed_names = delayed_names
        self.is_range = is_range
        self.start_times = start_times
        self.derived = derived
        self.histogram_stats = False
        self._querier = querier
        self._budget = memory.budget(guard)
        self._selected: dict[tuple[MatcherKey, int, bool], Series] = {}
        self.check: Callable[[], None] = guard.check

    # --- reading -------------------------------------------------------------------------------------------------

    def select(self, selector: ast.VectorSelector, start_ms: int, end_ms: int, *, newest: bool = False) -> Series:
        """The series of a selector with all samples of the range, maybe more; read once for the whole query.

        newest   only each series' newest sample is needed
        """
        key = frozenset(selector.matchers)
        asked = start_ms, end_ms
        for lo, hi in self.plan.reads.get(key, []):
            if lo <= start_ms and end_ms <= hi:
                start_ms, end_ms = lo, hi
                break
        newest = newest and asked == (start_ms, end_ms)
        found = self._selected.get((key, start_ms, False)) or self._selected.get((key, start_ms, newest))
        if found is None:
            self.check()
            found = self._querier.select(selector.matchers, start_ms, end_ms, self._budget, newest=newest)
            self._selected[key, start_ms, newest] = found
        return found

    # --- values --------------------------------------------------------------------------------------------------

    def value(self, expr: ast.Expr, grid: Grid) -> Value:
        """What an expression is at each step of the grid."""
        if grid.n_steps > 1 and id(expr) in self.plan.invariant:
            return self._repeated(self._leased(self._value(expr, Grid.instant(grid.start_ms))), grid)
        return self._leased(self._value(expr, grid))

    def vector(self, expr: ast.Expr, grid: Grid) -> Frame:
        """The value of an expression that passed the type check as an instant vector."""
        value = self.value(expr, grid)
        assert isinstance(value, Frame)
        return value

    def scalar(self, expr: ast.Expr, grid: Grid) -> Values:
        """Likewise a scalar: float64 (n_steps,)."""
        value = self.value(expr, grid)
        assert isinstance(value, np.ndarray)
        return value

    def string(self, expr: ast.Expr) -> str:
        """Likewise a string."""
        expr = ast.unwrap_parens(expr)
        assert isinstance(expr, ast.StringLiteral)
        return expr.value

    def _value(self, expr: ast.Expr, grid: Grid) -> Value:
        self.check()
        match expr:
            case ast.NumberLiteral(value=number):
                return np.full(grid.n_steps, number)
            case ast.StringLiteral(value=text):
                return text
            case ast.Paren(expr=inner):
                return self.value(inner, grid)
            case ast.Unary(op=op, expr=inner):
                value = self.value(inner, grid)
                return value if op is ast.UnaryOp.PLUS else self._negated(value)
            case ast.VectorSelector():
                return instant_vector(self, expr, grid)
            case ast.Call():
                function = FUNCTIONS.get(expr.name)
                if function is None:
                    raise ExecutionError(f"function {expr.name}() can not be evaluated yet")
                return function(self, expr, grid)
            case ast.Aggregation():
                return aggregate(self, expr, grid)
            case ast.Binary():
                return binary(self, expr, grid)
            case ast.MatrixSelector() | ast.Subquery():
                raise ExecutionError("a range vector has no value by itself")  # The type check lets none through.
            case _:
                assert_never(expr)

    def _negated(self, value: Value) -> Value:
        assert not isinstance(value, str)
        if isinstance(value, Frame):
            histograms = {row: negated(cells) for row, cells in value.histograms.items()}
            return self.renamed(replace(value, values=-value.values, histograms=histograms, lease=None))
        return -value

    def _repeated(self, value: Value, grid: Grid) -> Value:
        """One step's value at every step."""
        if isinstance(value, str):
            return value
        if isinstance(value, Frame):
            self.memory.reserve(value.n_series, grid.n_steps)
            histograms = {row: np.repeat(cells, grid.n_steps) for row, cells in value.histograms.items()}
            return self._leased(
                Frame(
                    value.labels,
                    np.repeat(value.values, grid.n_steps, axis=1),
                    np.repeat(value.present, grid.n_steps, axis=1),
                    histograms,
                    value.drop_name,
                )
            )
        return np.repeat(value, grid.n_steps)

    def _leased(self, value: Value) -> Value:
        if isinstance(value, Frame) and value.lease is None and value.values.size:
            samples = int(np.count_nonzero(value.present))
            value.lease = self.memory.lease(value.n_series, value.n_steps, samples)
        return value

    # --- names ---------------------------------------------------------------------------------------------------

    def renamed(self, frame: Frame) -> Frame:
        """The frame after an operation that drops the metric name: now, or marked so that it happens at the end."""
        if self.delayed_names:
            return replace(frame, drop_name=np.ones(frame.n_series, np.bool_), lease=None)
        if self.derived is None or frame.n_series < 2:
            return without_names(frame)
        labels = frame.labels
        # Rows that stay apart without names stay so as long as the labels are these.
        kept = self.derived.of((labels,), "without names", lambda: distinct_without_names(labels))
        return without_names(frame) if kept is None else frame.with_labels(kept)

    def of_labels(self, sources: tuple[LabelSets, ...], what: Hashable, make: Callable[[], T]) -> T:
        """What `make` works out of label sets; not again for the same ones where the query is asked often."""
        return make() if self.derived is None else self.derived.of(sources, what, make)

    def finished(self, frame: Frame) -> Frame:
        """The answer's frame: names dropped where that was delayed, equal rows made one."""
        drop = frame.drop_name
        if drop is None or not drop.any():
            labels = frame.labels
            is_distinct = self.derived is not None and self.derived.of(
                (labels,), "distinct", lambda: are_distinct(labels)
            )
            return frame if is_distinct else merged(frame)
        labels = frame.labels
        columns = [i for i, name in enumerate(labels.names) if name in RESERVED]
        if columns:
            codes = labels.codes.copy()
            for i in columns:
                codes[drop, i] = 0
            labels = replace(labels, codes=codes)
            used = [i for i in range(len(labels.names)) if i not in columns or codes[:, i].any()]
            labels = pick(labels, used)
        return merged(replace(frame, labels=labels, drop_name=None, lease=None))

    def metric_name(self, frame: Frame, row: int) -> str:
        """The metric name of one row, or nothing."""
        if METRIC_NAME not in frame.labels.names:
            return ""
        return frame.labels.strings[int(frame.labels.column(METRIC_NAME)[row])]
