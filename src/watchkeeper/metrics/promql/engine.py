"""The PromQL engine: text and a querier go in, a result as arrays comes out. Synchronous; a query has its thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from watchkeeper.core.model.errors import ParseError
from watchkeeper.core.model.span import Span
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.core.vector.frame import Frame
from watchkeeper.core.vector.grid import Grid
from watchkeeper.core.vector.group import sort_order
from watchkeeper.metrics.interface import Querier
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.annotations import Annotations
from watchkeeper.metrics.promql.evaluate import Evaluation, Value
from watchkeeper.metrics.promql.limits import ActiveQueries, CancelToken, Guard, Memory
from watchkeeper.metrics.promql.operators.window import range_vector
from watchkeeper.metrics.promql.parser import ParserOptions, parse
from watchkeeper.metrics.promql.plan import Settings, plan
from watchkeeper.metrics.promql.range_result import matrix_of
from watchkeeper.metrics.promql.result import Matrix, Result, ResultValue, Scalar, Stats, String, Vector
from watchkeeper.metrics.promql.signatures import ValueType

MAX_BYTES: Final = 1 << 30  # of intermediate matrices of one query


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """The engine's settings; the defaults are upstream's.

    lookback_ms           how old the newest sample of an instant selector may be
    max_samples           that one query may hold at once, and read from the store
    max_bytes             of intermediate matrices that one query may hold
    default_step_ms       the resolution of subqueries that name none (the global evaluation interval)
    delayed_name_removal  drop metric names from the answer, not from every intermediate value
    use_start_timestamps  let counters' start times tell resets that their values don't show
    """

    lookback_ms: int = 300_000
    max_samples: int = 50_000_000
    max_bytes: int = MAX_BYTES
    timeout_s: float = 120.0
    max_concurrency: int = 20
    default_step_ms: int = 60_000
    delayed_name_removal: bool = False
    use_start_timestamps: bool = False
    parser: ParserOptions = field(default_factory=ParserOptions)


@dataclass(frozen=True, slots=True)
class QueryParams:
    """What a request may say beside the query; None leaves the engine's own setting."""

    lookback_ms: int | None = None
    timeout_s: float | None = None
    cancel: CancelToken = field(default_factory=CancelToken)


class Engine:
    """Runs queries; safe to call from many threads."""

    def __init__(
        self, options: EngineOptions, registry: Registry, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.options = options
        self._clock = clock
        self._active = ActiveQueries(options.max_concurrency, registry)
        self._durations = registry.summary(
            "prometheus_engine_query_duration_seconds", "Query timings.", labels=("slice",)
        )
        self._samples = registry.counter(
            "prometheus_engine_query_samples_total", "The total number of samples loaded by all queries."
        )

    def instant(self, querier: Querier, query: str, time_ms: int, *, params: QueryParams | None = None) -> Result:
        """The value at one time. Raises QueryError (ParseError, ExecutionError, LimitExceeded, …)."""
        return self._run(querier, query, Grid.instant(time_ms), params or QueryParams(), is_range=False)

    def range(
        self,
        querier: Querier,
        query: str,
        start_ms: int,
        end_ms: int,
        step_ms: int,
        *,
        params: QueryParams | None = None,
    ) -> Result:
        """A matrix over the steps from start to end, both included. Raises QueryError."""
        return self._run(querier, query, Grid.of(start_ms, end_ms, step_ms), params or QueryParams(), is_range=True)

    def _run(self, querier: Querier, query: str, grid: Grid, params: QueryParams, *, is_range: bool) -> Result:
        began = self._clock()
        options = self.options
        expr = parse(query, options.parser)
        kind = ast.value_type(expr)
        if is_range and kind not in (ValueType.VECTOR, ValueType.SCALAR):
            message = f'invalid expression type "{kind.description}" for range query, must be Scalar or instant Vector'
            raise ParseError(message, Span(0, len(query)), query)
        settings = Settings(
            options.lookback_ms if params.lookback_ms is None else params.lookback_ms, options.default_step_ms
        )
        timeout_s = options.timeout_s if params.timeout_s is None else min(params.timeout_s, options.timeout_s)
        guard = Guard(timeout_s, params.cancel)
        memory = Memory(options.max_samples, options.max_bytes)
        notes = Annotations(query)
        stats = Stats()
        with self._active.slot(guard):
            admitted = self._clock()
            prepared = plan(expr, grid, settings, query, is_range=is_range)
            evaluation = Evaluation(
                prepared,
                querier,
                settings,
                guard,
                memory,
                notes,
                delayed_names=options.delayed_name_removal,
                is_range=is_range,
                start_times=options.use_start_timestamps,
            )
            ready = self._clock()
            # Division by zero and the like are values here, not accidents.
            with np.errstate(all="ignore"):
                if kind is ValueType.MATRIX:
                    value: ResultValue = matrix_of(evaluation, range_vector(evaluation, prepared.expr, grid))
                    evaluated = self._clock()
                else:
                    raw = evaluation.value(prepared.expr, grid)
                    evaluated = self._clock()
                    value = self._shaped(evaluation, raw, grid, is_range=is_range)
            done = self._clock()
        stats.total_queryable_samples = memory.queryable
        stats.samples_read = memory.loaded
        stats.peak_samples = memory.peak_samples
        stats.queue_s, stats.preparation_s = admitted - began, ready - admitted
        stats.inner_eval_s, stats.result_sort_s = evaluated - ready, done - evaluated
        stats.eval_total_s, stats.exec_total_s = done - admitted, done - began
        self._samples.inc(memory.queryable)
        for slice_, seconds in (
            ("queue_time", stats.queue_s),
            ("prepare_time", stats.preparation_s),
            ("inner_eval", stats.inner_eval_s),
            ("result_sort", stats.result_sort_s),
        ):
            self._durations.labels(slice_).observe(seconds)
        return Result(value, notes.warnings(), notes.infos(), stats)

    @staticmethod
    def _shaped(evaluation: Evaluation, raw: Value, grid: Grid, *, is_range: bool) -> ResultValue:
        """The evaluated value in the form of its kind of query."""
        if isinstance(raw, str):
            return String(grid.start_ms, raw)
        if not isinstance(raw, Frame):
            return Matrix(grid.times, Frame.single(raw)) if is_range else Scalar(grid.start_ms, float(raw[0]))
        frame = evaluation.finished(raw).compacted()
        if not is_range:
            return Vector(grid.start_ms, frame)
        return Matrix(grid.times, frame.take(sort_order(frame.labels)))
