"""Which rows a delete request's query leaves alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels.line_block import Block
from watchkeeper.core.kernels.texts import Rows
from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.interface import KeepRows, Stream
from watchkeeper.logs.logql.ast import LogQuery
from watchkeeper.logs.logql.lines import run_stages
from watchkeeper.logs.logql.plan import plan_lines
from watchkeeper.logs.logql.rows import BlockRows


def keep_rows(query: LogQuery) -> KeepRows:
    """Tells for rows of a stream that matches which of them stay: those that the query's stages drop.

    A row that a stage fails on stays too: it is not known to be meant.
    """
    pipeline = plan_lines(query)

    def keep(block: Block, rows: Rows, labels: Labels) -> npt.NDArray[np.bool_]:
        left = BlockRows(block, Stream(0, labels, str(labels)), np.ascontiguousarray(rows, np.int32))
        run_stages(pipeline, left)
        gone = left.rows if left.errors is None else left.rows[~left.failed]
        stays: npt.NDArray[np.bool_] = ~np.isin(rows, gone)
        return stays

    return keep
