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
from watchkeeper.metrics.promql.prepared import Derived, Prepared
from watchkeeper.metrics.promql.range_result import matrix_of
from watchkeeper.metrics.promql.result import Matrix, Result, ResultValue, Scalar, Stats, String, Vector
from watchkeeper.metrics.promql.signatures import ValueType

MAX_BYTES: Final = 1 << 30  # of intermediate matrices of one query
_SLICES: Final = ("queue_time", "prepare_time", "inner_eval", "result_sort")


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
        durations = registry.summary("prometheus_engine_query_duration_seconds", "Query timings.", labels=("slice",))
        self._slices = [durations.labels(name) for name in _SLICES]
        self._samples = registry.counter(
            "prometheus_engine_query_samples_total", "The total number of samples loaded by all queries."
        )

    def instant(self, querier: Querier, query: str, time_ms: int, *, params: QueryParams | None = None) -> Result:
        """The value at one time. Raises QueryError (ParseError, ExecutionError, LimitExceeded, …)."""
        return self._run(querier, query, Grid.instant(time_ms), params or QueryParams(), is_range=False)

    def prepare(self, query: str, tree: ast.Expr | None = None) -> Prepared:
        """A query that will be asked often, parsed once, or with the tree that it was parsed to. Raises ParseError."""
        return Prepared(query, tree or parse(query, self.options.parser), self._settings(None))

    def evaluate(
        self, querier: Querier, prepared: Prepared, time_ms: int, *, cancel: CancelToken | None = None
    ) -> Result:
        """The value of a prepared query at one time, as `instant` gives it. Raises QueryError."""
        params = QueryParams() if cancel is None else QueryParams(cancel=cancel)
        return self._run(querier, prepared.text, Grid.instant(time_ms), params, is_range=False, prepared=prepared)

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

    def _settings(self, lookback_ms: int | None) -> Settings:
        options = self.options
        return Settings(options.lookback_ms if lookback_ms is None else lookback_ms, options.default_step_ms)

    def _run(
        self,
        querier: Querier,
        query: str,
        grid: Grid,
        params: QueryParams,
        *,
        is_range: bool,
        prepared: Prepared | None = None,
    ) -> Result:
        began = self._clock()
        options = self.options
        expr = parse(query, options.parser) if prepared is None else prepared.expr
        kind = ast.value_type(expr) if prepared is None else prepared.kind
        if is_range and kind not in (ValueType.VECTOR, ValueType.SCALAR):
            message = f'invalid expression type "{kind.description}" for range query, must be Scalar or instant Vector'
            raise ParseError(message, Span(0, len(query)), query)
        settings = self._settings(params.lookback_ms) if prepared is None else prepared.settings
        timeout_s = options.timeout_s if params.timeout_s is None else min(params.timeout_s, options.timeout_s)
        guard = Guard(timeout_s, params.cancel)
        memory = Memory(options.max_samples, options.max_bytes)
        notes = Annotations(query)
        stats = Stats()
        with self._active.slot(guard):
            admitted = self._clock()
            if prepared is None:
                planned = plan(expr, grid, settings, query, is_range=is_range)
            else:
                planned = prepared.plan_at(grid.start_ms)
            evaluation = Evaluation(
                planned,
                querier,
                settings,
                guard,
                memory,
                notes,
                delayed_names=options.delayed_name_removal,
                is_range=is_range,
                start_times=options.use_start_timestamps,
                derived=None if prepared is None else Derived(prepared.derived),
            )
            ready = self._clock()
            # Division by zero and the like are values here, not accidents.
            with np.errstate(all="ignore"):
                if kind is ValueType.MATRIX:
                    value: ResultValue = matrix_of(evaluation, range_vector(evaluation, planned.expr, grid))
                    evaluated = self._clock()
                else:
                    raw = evaluation.value(planned.expr, grid)
                    evaluated = self._clock()
                    value = self._shaped(evaluation, raw, grid, is_range=is_range)
            done = self._clock()
            if prepared is not None and evaluation.derived is not None:
                evaluation.derived.settle()
                prepared.derived = evaluation.derived
        stats.total_queryable_samples = memory.queryable
        stats.samples_read = memory.loaded
        stats.peak_samples = memory.peak_samples
        stats.queue_s, stats.preparation_s = admitted - began, ready - admitted
        stats.inner_eval_s, stats.result_sort_s = evaluated - ready, done - evaluated
        stats.eval_total_s, stats.exec_total_s = done - admitted, done - began
        self._samples.inc(memory.queryable)
        for duration, seconds in zip(
            self._slices,
            (stats.queue_s, stats.preparation_s, stats.inner_eval_s, stats.result_sort_s),
            strict=True,
        ):
            duration.observe(seconds)
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
