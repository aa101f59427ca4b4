"""`| unpack`: lines that the agent's `pack` stage wrote."""

from __future__ import annotations

import numpy as np

from watchkeeper.logs.lines.unpack import unpack
from watchkeeper.logs.logql.columns import Column
from watchkeeper.logs.logql.rows import BlockRows
from watchkeeper.logs.logql.stages.stage import JSON_ERROR, Needed, add_field, source_names

NO_OBJECT = "expecting json object(6), but it is not"


class Unpack:
    """The packed labels, and the packed line in place of the line.

    makes   the labels that are looked at; None for all
    """

    def __init__(self, needed: Needed, *, shared: bool) -> None:
        self._needed = needed
        self.makes = source_names(needed)
        self._shared = shared

    def run(self, rows: BlockRows) -> None:
        """Adds labels and changes lines; marks rows that are no object, empty lines apart."""
        before = rows.lines
        columns, lines, failed = unpack(before)
        failed = failed & (np.diff(before.offsets) > 0)
        if failed.any():
            rows.fail(failed, JSON_ERROR, NO_OBJECT)
        rows.lines = lines
        for name, coded in columns.items():
            add_field(rows, name, Column.of(coded), self._needed, shared=self._shared)
