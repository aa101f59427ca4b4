"""A log query over entries as they are stored."""

from __future__ import annotations

import numpy as np

from watchkeeper.logs.interface import TailBatch
from watchkeeper.logs.logql.answer import LogStreams
from watchkeeper.logs.logql.ast import LogQuery
from watchkeeper.logs.logql.lines import run_stages
from watchkeeper.logs.logql.log_streams import streams_of
from watchkeeper.logs.logql.plan import plan_lines
from watchkeeper.logs.logql.rows import BlockRows


class Tail:
    """One tail's query. The batches it is given are of streams that match already."""

    def __init__(self, query: LogQuery) -> None:
        """Raises TemplateError."""
        self._pipeline = plan_lines(query)

    def rows(self, batch: TailBatch) -> LogStreams:
        """The batch's lines that pass, oldest first in each stream."""
        times = batch.block.times[batch.rows]
        chosen = batch.rows
        if len(times) > 1 and bool((np.diff(times) < 0).any()):
            order = np.argsort(times, kind="stable")
            chosen, times = chosen[order], times[order]
        rows = BlockRows(batch.block, batch.stream, np.ascontiguousarray(chosen, np.int32), times)
        run_stages(self._pipeline, rows)
        if not len(rows):
            return LogStreams([])
        return streams_of(rows)
