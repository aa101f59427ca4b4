"""Log queries: the newest, or the oldest, lines that pass, and no more blocks read than it takes to know them.

Blocks are looked at in order of time. A row is settled once no block that is left can hold one that comes before it;
when enough rows are settled, the rest is not read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from watchkeeper.logs.interface import Slice, Times
from watchkeeper.logs.logql.answer import LogStreams, Request
from watchkeeper.logs.logql.ast import LogQuery
from watchkeeper.logs.logql.guard import Budget
from watchkeeper.logs.logql.line_pool import FoundRows, LinePool
from watchkeeper.logs.logql.plan import Pipeline, plan_lines
from watchkeeper.logs.logql.rows import PIECE_ROWS, BlockRows
from watchkeeper.logs.logql.structured_metadata import with_metadata

if TYPE_CHECKING:
    from watchkeeper.logs.logql.evaluate import Evaluation

END: Final = (1 << 63) - 1  # Behind all times.


def run_stages(pipeline: Pipeline, rows: BlockRows) -> None:
    """Put rows through a pipeline. Raises LimitExceeded, QueryCanceled and QueryTimeout as their budget does."""
    for stage in pipeline.first:
        stage.run(rows)
        if not len(rows):
            return
    with_metadata(rows, pipeline.metadata)
    for stage in pipeline.stages:
        stage.run(rows)
        if not len(rows):
            return
        rows.budget.check()


def log_lines(ev: Evaluation, query: LogQuery, request: Request) -> LogStreams:
    """The lines of a log query."""
    pipeline = plan_lines(query)
    if request.limit <= 0 or request.end_ns <= request.start_ns:
        return LogStreams([])
    parts = ev.select(pipeline, request.start_ns, request.end_ns)
    sign = 1 if request.forward else -1
    first = [part.min_ns if request.forward else -part.max_ns for part in parts]
    order = sorted(range(len(parts)), key=first.__getitem__)
    pool = LinePool(request)
    # Written by this thread, read by workers: an old value only lets them do more than they need.
    bound: int | None = None

    def work(number: int) -> list[FoundRows]:
        if bound is not None and first[number] > bound:
            return []
        return _passed(ev, pipeline, parts[number], request, bound, sign, number)

    results = ev.workers.map(work, order, ev.guard.check, soon=True)
    for at, several in enumerate(results):
        next_key = first[order[at + 1]] if at + 1 < len(order) else END
        if several:
            for found in several:
                pool.add(found)
            pool.prune(next_key)
            bound = pool.bound
        if pool.is_full(next_key):
            break
    results.close()
    return pool.answer()


def _passed(
    ev: Evaluation, pipeline: Pipeline, part: Slice, request: Request, bound: int | None, sign: int, number: int
) -> list[FoundRows]:
    block, chosen = ev.stats.load(part)
    times: Times | None = None
    if bound is not None and (part.max_ns if sign > 0 else -part.min_ns) > bound:
        times = block.times[chosen]
        wanted = times * sign <= bound
        chosen, times = chosen[wanted], times[wanted]
    if not pipeline.drops_rows and not request.interval_ns and len(chosen) > request.limit:
        # No stage drops any: only the first rows in the query's direction can be in the answer.
        where = slice(0, request.limit) if request.forward else slice(-request.limit, None)
        chosen = chosen[where]
        times = times[where] if times is not None else None
    out: list[FoundRows] = []
    left = request.limit
    pieces = range(0, len(chosen), PIECE_ROWS)
    for lo in pieces if request.forward else reversed(pieces):
        piece = slice(lo, lo + PIECE_ROWS)
        budget = Budget(ev.guard)
        rows = BlockRows(block, part.stream, chosen[piece], times[piece] if times is not None else None, budget)
        run_stages(pipeline, rows)
        ev.stats.passed(part, len(rows))
        if not len(rows):
            budget.keep()
            continue
        if not request.interval_ns:
            if len(rows) > left:
                keep = np.zeros(len(rows), np.bool_)
                keep[slice(0, left) if request.forward else slice(-left, None)] = True
                rows.keep(keep)
            left -= len(rows)
        out.append(FoundRows(rows, number, lo))
        if left == 0:
            break
    return out
