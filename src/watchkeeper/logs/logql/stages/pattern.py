"""`| pattern "<ip> - <_>"`: captures between texts."""

from __future__ import annotations

from watchkeeper.core.kernels import line_fields
from watchkeeper.logs.logql.ast import PatternStage
from watchkeeper.logs.logql.columns import Column
from watchkeeper.logs.logql.rows import BlockRows
from watchkeeper.logs.logql.stages.stage import Needed, add_field, source_names


class Pattern:
    """Only captures that are needed are made labels: `makes`."""

    def __init__(self, node: PatternStage, needed: Needed, *, shared: bool) -> None:
        wanted = source_names(needed)
        self._literals = node.literals
        self._names = tuple(name if wanted is None or name in wanted else None for name in node.names)
        self.makes = tuple(name for name in self._names if name)
        self._needed = needed
        self._shared = shared

    def run(self, rows: BlockRows) -> None:
        """Adds labels; a line that does not match gets those up to where it differs."""
        if not len(rows) or not self.makes:
            return
        for name, coded in line_fields.pattern(rows.lines, self._literals, self._names).items():
            add_field(rows, name, Column.of(coded), self._needed, shared=self._shared)
