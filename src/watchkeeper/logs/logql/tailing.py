"""A log query over entries as they are stored."""

from __future__ import annotations

from typing import Final

import numpy as np

from watchkeeper.logs.interface import TailBatch
from watchkeeper.logs.logql.answer import LogStreams, QueryLimits
from watchkeeper.logs.logql.ast import LogQuery
from watchkeeper.logs.logql.guard import Budget, Guard
from watchkeeper.logs.logql.lines import run_stages
from watchkeeper.logs.logql.log_streams import streams_of
from watchkeeper.logs.logql.plan import plan_lines
from watchkeeper.logs.logql.rows import BlockRows

LIMITS: Final = QueryLimits(timeout_s=20.0, max_memory_bytes=128 << 20)
"""Of the work on one batch: what is stored at once is little, and others wait to be told of theirs."""


class Tail:
    """One tail's query. The batches it is given are of streams that match already."""

    def __init__(self, query: LogQuery) -> None:
        """Raises TemplateError."""
        self._pipeline = plan_lines(query)

    def rows(self, batch: TailBatch) -> LogStreams:
        """The batch's lines that pass, oldest first in each stream. Raises LimitExceeded and QueryTimeout."""
        times = batch.block.times[batch.rows]
        chosen = batch.rows
        if len(times) > 1 and bool((np.diff(times) < 0).any()):
            order = np.argsort(times, kind="stable")
            chosen, times = chosen[order], times[order]
        budget = Budget(Guard(LIMITS, lambda: False))
        rows = BlockRows(batch.block, batch.stream, np.ascontiguousarray(chosen, np.int32), times, budget)
        run_stages(self._pipeline, rows)
        if not len(rows):
            return LogStreams([])
        return streams_of(rows)
