"""The LogQL engine: a tree and a querier go in, an answer as arrays comes out. Synchronous; a query has its thread."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from watchkeeper.core.model.errors import ExecutionError
from watchkeeper.core.vector.frame import Frame
from watchkeeper.core.vector.group import sort_order
from watchkeeper.logs.interface import LogQuerier
from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.answer import Answer, Data, Matrix, QueryLimits, Request, Scalar, Stats, Vector
from watchkeeper.logs.logql.evaluate import Evaluation, Value
from watchkeeper.logs.logql.guard import Guard, too_many_series
from watchkeeper.logs.logql.lines import log_lines
from watchkeeper.logs.logql.parallel import Workers
from watchkeeper.logs.logql.windows import Steps

INSTANT_LINES: Final = (
    "log queries are not supported as an instant query type, please change your query to a range query type"
)
NO_STEP: Final = "zero or negative query resolution step widths are not accepted. Try a positive integer"
_SORTS: Final = (
    ast.VectorOp.SORT,
    ast.VectorOp.SORT_DESC,
    ast.VectorOp.TOPK,
    ast.VectorOp.BOTTOMK,
    ast.VectorOp.APPROX_TOPK,
)


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """The engine's settings. `clock` measures how long queries take."""

    clock: Callable[[], float] = field(default=time.perf_counter)


class Engine:
    """Runs queries; safe to call from many threads.

    threads   that read blocks, shared by all queries; 0 for one for each core
    """

    def __init__(self, threads: int = 0, options: EngineOptions = EngineOptions()) -> None:
        self.options = options
        self._workers = Workers(threads or os.cpu_count() or 1)

    def run(
        self,
        request: Request,
        querier: LogQuerier,
        limits: QueryLimits,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Answer:
        """The answer. Raises QueryError: ExecutionError, LimitExceeded, QueryTimeout, QueryCanceled."""
        clock = self.options.clock
        began = clock()
        stats = Stats()
        guard = Guard(limits, cancelled)
        expr = request.expr
        evaluation = Evaluation(expr, querier, guard, self._workers, instant=request.instant, stats=stats)
        warnings: list[str] = []
        if isinstance(expr, ast.LogQuery):
            if request.instant:
                raise ExecutionError(INSTANT_LINES)
            lines = log_lines(evaluation, expr, request)
            stats.entries_returned = lines.n_lines
            data: Data = lines
        else:
            if request.instant:
                steps = Steps(request.end_ns, 1, 1)
            else:
                if request.step_ns <= 0:
                    raise ExecutionError(NO_STEP)
                steps = Steps.of(request.start_ns, request.end_ns, request.step_ns)
            # Division by zero and the like are values here, not accidents.
            with np.errstate(all="ignore"):
                value = evaluation.value(expr, steps) if steps.n_steps else Frame.empty(0)
                data = _shaped(evaluation, expr, value, steps)
            if evaluation.truncated:
                warnings.append(too_many_series(limits.max_query_series))
        if evaluation.stats.damaged:
            warnings.append(f"{evaluation.stats.damaged} damaged blocks were left out")
        stats.exec_s = clock() - began
        return Answer(data, stats, warnings)

    def close(self) -> None:
        """End the threads."""
        self._workers.close()


def _shaped(evaluation: Evaluation, expr: ast.MetricExpr, value: Value, steps: Steps) -> Data:
    """The value in the form of its kind of query."""
    if not isinstance(value, Frame):
        if evaluation.instant:
            return Scalar(steps.start_ns, value)
        value = Frame.single(np.full(steps.n_steps, value))
    frame = value.compacted()
    ordered = evaluation.instant and any(
        isinstance(node, ast.VectorAggregation) and node.op in _SORTS for node in ast.walk(expr)
    )
    if not ordered:
        frame = frame.take(sort_order(frame.labels))
    limit = evaluation.guard.limits.max_query_series
    if evaluation.guard.series(frame.n_series):
        evaluation.truncated = True
        frame = frame.take(np.arange(limit))
    if evaluation.instant:
        return Vector(list(frame.labels), steps.start_ns, frame.values[:, 0])
    return Matrix(list(frame.labels), steps.times_ns, frame.values, frame.present)
