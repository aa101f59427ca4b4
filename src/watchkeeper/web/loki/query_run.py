"""How a query runs: it waits for its turn, within its time, its tenants' limits and its client's patience."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

import numpy as np

from watchkeeper.core.model.errors import CorruptionError, LimitExceeded, QueryCanceled, QueryTimeout
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.answer import Answer, LogStreams, Matrix, QueryLimits, Request, Stats, Vector
from watchkeeper.logs.store.limits import Limits
from watchkeeper.web.gate import GateTimeout
from watchkeeper.web.loki.backend import Backend
from watchkeeper.web.loki.query_checks import check_entries, check_query, engine_limits, timeout_s, window
from watchkeeper.web.loki.tenancy import querier_of

T = TypeVar("T")
Check = Callable[[], None]

MAX_DAMAGED: Final = 100
MIN_POINT_BYTES: Final = len('[1700000000,"0"],')

log = get_logger("query")


class Cancel:
    """Whether a query is still wanted."""

    __slots__ = ("_is_cancelled",)

    def __init__(self) -> None:
        self._is_cancelled = False

    def cancel(self) -> None:
        """Nobody waits any more."""
        self._is_cancelled = True

    def is_cancelled(self) -> bool:
        """Asked by the engine from its threads."""
        return self._is_cancelled


async def run_query(backend: Backend, tenants: Sequence[str], made: Request, *, partial_series: bool) -> Answer:
    """The answer of a query. Raises ApiError and QueryError."""
    return await run_written(backend, tenants, made, lambda answer: answer, partial_series=partial_series)


async def run_written(
    backend: Backend, tenants: Sequence[str], made: Request, write: Callable[[Answer], T], *, partial_series: bool
) -> T:
    """What `write` makes of the answer, on the query's own thread. Raises ApiError and QueryError."""
    limits = [backend.limits(tenant) for tenant in tenants]
    check_entries(made.expr, made.limit, limits)
    check_query(made.expr, made.query, limits)
    made, splits = planned(made, backend.now_ns(), limits, align=backend.settings.align_queries_with_step)
    began_s = time.monotonic()
    cancel = Cancel()
    allowed = engine_limits(limits, backend.settings.max_memory_bytes, partial_series=partial_series)

    def work(left_s: float) -> T:
        queue_s = time.monotonic() - began_s
        if left_s <= 0:
            raise QueryTimeout("the query waited for as long as it may take")
        if made.start_ns > made.end_ns:
            return write(nothing(made))
        answer = _evaluated(backend, tenants, made, replace(allowed, timeout_s=left_s), cancel)
        answer.stats.queue_s = queue_s
        answer.stats.splits = splits
        if isinstance(answer.data, Matrix | Vector):
            answer.stats.entries_returned = len(answer.data.labels)
        return write(answer)

    try:
        return await backend.queries.run(work, timeout_s(limits), cancel.cancel)
    except GateTimeout:
        raise QueryTimeout("query timed out while it waited for others") from None
    finally:
        took_s = time.monotonic() - began_s
        if 0 < backend.settings.log_queries_longer_than_s < took_s:
            log.info("slow query", query=made.query, took_s=round(took_s, 3), tenant="|".join(tenants))


async def gated(backend: Backend, limits: Sequence[Limits], work: Callable[[Check], T]) -> T:
    """What `work` returns, run on a query thread when it is its turn; it calls its check now and then, which raises
    QueryCanceled or QueryTimeout when the time of these tenants' queries is over or the client has gone."""
    cancel = Cancel()

    def run(left_s: float) -> T:
        deadline_s = time.monotonic() + left_s

        def check() -> None:
            if cancel.is_cancelled():
                raise QueryCanceled("nobody waits for the answer")
            if time.monotonic() > deadline_s:
                raise QueryTimeout("the query took too long")

        return work(check)

    try:
        return await backend.queries.run(run, timeout_s(limits), cancel.cancel)
    except GateTimeout:
        raise QueryTimeout("the query waited too long for others") from None


def _evaluated(backend: Backend, tenants: Sequence[str], made: Request, allowed: QueryLimits, cancel: Cancel) -> Answer:
    """The engine's answer. The store sets a damaged block aside when it meets one: without it, the query is run again.

    Raises QueryError, and CorruptionError where there is no end of damage.
    """
    damaged: list[str] = []
    while True:
        try:
            answer = backend.engine.run(made, querier_of(backend, tenants), allowed, cancel.is_cancelled)
        except CorruptionError as error:
            log.error("a block is damaged; the query goes on without it", error=error)
            damaged.append(f"a damaged block was left out: {error}")
            if len(damaged) > MAX_DAMAGED:
                raise
            continue
        answer.warnings += damaged
        return answer


def planned(made: Request, now_ns: int, limits: Sequence[Limits], *, align: bool) -> tuple[Request, int]:
    """The request as it runs, and into how many parts upstream would split it.

    Steps lie on multiples of the step where queries are split, which is the default: the start goes down, the end up.
    With `align` both go down. What lies before the lookback is left out.
    """
    allowed = window(made.start_ns, made.end_ns, now_ns, limits)
    made = replace(made, start_ns=allowed.start_ns, end_ns=allowed.end_ns)
    if allowed.is_empty or made.instant:
        return made, 0
    split_ns = min((one.split_queries_by_interval_ns for one in limits if one.split_queries_by_interval_ns), default=0)
    if not isinstance(made.expr, ast.LogQuery):
        step_ns = made.step_ns
        if align:
            made = replace(made, start_ns=made.start_ns // step_ns * step_ns, end_ns=made.end_ns // step_ns * step_ns)
        if split_ns:
            made = replace(
                made, start_ns=made.start_ns // step_ns * step_ns, end_ns=-(-made.end_ns // step_ns) * step_ns
            )
    if not split_ns:
        return made, 0
    return made, max(1, -(-(made.end_ns - made.start_ns) // split_ns))


def check_size(answer: Answer, max_bytes: int) -> None:
    """Raises LimitExceeded where the text of the answer would be larger than what a query may use."""
    match answer.data:
        case Matrix(present=present):
            least_bytes = int(np.count_nonzero(present)) * MIN_POINT_BYTES
        case LogStreams(streams=streams):
            least_bytes = sum(int(stream.lines.offsets[-1] - stream.lines.offsets[0]) for stream in streams)
        case _:
            return
    if least_bytes > max_bytes:
        raise LimitExceeded(
            f"the answer would have more than {least_bytes} bytes, over the limit of {max_bytes} bytes of "
            "query.max-bytes; ask for fewer series, a longer step or fewer lines",
            "query.max-bytes",
        )


def nothing(made: Request) -> Answer:
    """The answer of a query that may look at no time at all."""
    if isinstance(made.expr, ast.LogQuery):
        return Answer(LogStreams([]), Stats())
    none = np.zeros((0, 0))
    return Answer(Matrix([], np.zeros(0, np.int64), none, none.astype(bool)), Stats())
