"""One query being evaluated: the tree walked once, every metric expression a whole matrix."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TypeAlias, assert_never

import numpy as np

from watchkeeper.core.vector.frame import Frame
from watchkeeper.logs.interface import LogQuerier, Slice
from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.answer import Stats
from watchkeeper.logs.logql.guard import Guard
from watchkeeper.logs.logql.operators.aggregate import aggregate
from watchkeeper.logs.logql.operators.binary import binary
from watchkeeper.logs.logql.operators.label_replace import label_replace
from watchkeeper.logs.logql.parallel import Workers
from watchkeeper.logs.logql.plan import Pipeline, pushed_grouping
from watchkeeper.logs.logql.recorder import Recorder
from watchkeeper.logs.logql.samples import range_aggregate
from watchkeeper.logs.logql.windows import Steps

Value: TypeAlias = Frame | float
"""A vector over all steps, or a number."""


class Evaluation:
    """The state of one query. Its own thread alone uses it; workers get what they need handed in.

    instant    one step, and the answer is a vector
    truncated  there were more series than the query may have, and a part of them is the answer
    """

    def __init__(
        self, root: ast.Expr, querier: LogQuerier, guard: Guard, workers: Workers, *, instant: bool, stats: Stats
    ) -> None:
        self.guard = guard
        self.workers = workers
        self.instant = instant
        self.stats = Recorder(stats)
        self.truncated = False
        self._root = root
        self._querier = querier

    def select(self, pipeline: Pipeline, start_ns: int, end_ns: int) -> Sequence[Slice]:
        """Blocks with rows of the range. Raises LimitExceeded where they hold too many bytes."""
        self.guard.check()
        began = time.perf_counter()
        parts = self._querier.select(pipeline.matchers, start_ns, end_ns, pipeline.needles)
        self.guard.read(sum(part.raw_bytes for part in parts))
        self.stats.found(parts)
        self.stats.stats.index_s += time.perf_counter() - began
        return parts

    def is_answer(self, node: ast.RangeAggregation) -> bool:
        """Whether the series of a range aggregation, grouped as they are taken, all are series of the answer."""
        root = self._root
        return node is root or (
            isinstance(root, ast.VectorAggregation) and node is root.expr and pushed_grouping(root) is not None
        )

    def value(self, expr: ast.MetricExpr, steps: Steps) -> Value:
        """What an expression is at each step."""
        self.guard.check()
        match expr:
            case ast.Number(value=number):
                return number
            case ast.Vector(value=number):
                return Frame.single(np.full(steps.n_steps, number))
            case ast.RangeAggregation():
                return range_aggregate(self, expr, None, steps)
            case ast.VectorAggregation():
                return aggregate(self, expr, steps)
            case ast.Binary():
                return binary(self, expr, steps)
            case ast.LabelReplace():
                return label_replace(expr, self.vector(expr.expr, steps), self.guard)
            case _:
                assert_never(expr)

    def vector(self, expr: ast.MetricExpr, steps: Steps) -> Frame:
        """An expression as a vector; a number stands as one series without labels."""
        value = self.value(expr, steps)
        return value if isinstance(value, Frame) else Frame.single(np.full(steps.n_steps, value))

    def aggregated(self, node: ast.VectorAggregation, steps: Steps) -> Frame:
        """What an aggregation aggregates. A sum over a range takes its samples under the sum's own labels already."""
        inner = node.expr
        grouping = pushed_grouping(node)
        if grouping is not None:
            assert isinstance(inner, ast.RangeAggregation)
            return range_aggregate(self, inner, grouping, steps)
        return self.vector(inner, steps)
