"""`| regexp "(?P<name>…)"`: named groups of an expression."""

from __future__ import annotations

from watchkeeper.logs.lines.regexp import Regexp as Expression
from watchkeeper.logs.logql.ast import RegexpStage
from watchkeeper.logs.logql.rows import BlockRows
from watchkeeper.logs.logql.stages.stage import Needed, add_field, count_made, scattered, source_names


class Regexp:
    """Groups of the first match; a line without a match gets no labels.

    makes   the groups that are looked at; none of them: the expression is not searched at all
    """

    def __init__(self, node: RegexpStage, needed: Needed, *, shared: bool) -> None:
        wanted = source_names(needed)
        self._expression = Expression(node.expression)
        self.makes = tuple(name for name in self._expression.names if wanted is None or name in wanted)
        self._needed = needed
        self._shared = shared

    def run(self, rows: BlockRows) -> None:
        """Adds labels."""
        if not self.makes:
            return
        # Groups may stand in each other: together they are many times as large as the lines.
        parts, before = [], rows.budget.size_bytes
        for places in rows.portions(len(self._expression.names)):
            parts.append((places, self._expression.fields(rows.lines_at(places))))
            count_made(rows, parts[-1][1].values())
        rows.budget.keep(before)
        for name, column in scattered(parts, len(rows)).items():
            add_field(rows, name, column, self._needed, shared=self._shared)
