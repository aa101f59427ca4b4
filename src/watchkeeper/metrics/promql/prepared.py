"""A query that is asked again and again, as a rule's: parsed and planned once; what its label sets gave is kept."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from watchkeeper.core.vector.grid import Grid
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.plan import Plan, Settings, plan
from watchkeeper.metrics.promql.signatures import ValueType

T = TypeVar("T")


class Derived:
    """What was worked out of label sets, for as long as each evaluation uses it again.

    Stores give the same list of label sets as the very same object while no series comes or goes. So groups, joins and
    names that were worked out of it hold as well.
    """

    __slots__ = ("_before", "_now")

    def __init__(self, before: Derived | None = None) -> None:
        self._before = {} if before is None else before._now
        self._now: dict[Hashable, tuple[tuple[object, ...], Any]] = {}

    def of(self, sources: tuple[object, ...], what: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, or gave in the last evaluation for the very same sources; `what` says which work it is."""
        # An entry holds its sources, so their ids stay theirs.
        key = (what, *map(id, sources))
        known = self._now.get(key) or self._before.get(key)
        if known is None:
            known = (sources, make())
        self._now[key] = known
        result: T = known[1]
        return result

    def settle(self) -> None:
        """The evaluation is over: forget what it did not use."""
        self._before = {}


class Prepared:
    """A parsed query, made by `Engine.prepare`. Several threads may evaluate it at one time.

    kind   what its value is
    """

    __slots__ = ("_is_movable", "_plan", "derived", "expr", "kind", "settings", "text")

    def __init__(self, text: str, expr: ast.Expr, settings: Settings) -> None:
        self.text = text
        self.expr = expr
        self.kind: ValueType = ast.value_type(expr)
        self.settings = settings
        self.derived = Derived()
        self._plan: Plan | None = None
        self._is_movable = not any(_is_fixed(node) for node in ast.walk(expr))

    def plan_at(self, time_ms: int) -> Plan:
        """The plan for one instant: that of another instant, moved, unless something in it does not move along."""
        grid = Grid.instant(time_ms)
        known = self._plan
        if known is None:
            made = plan(self.expr, grid, self.settings, self.text, is_range=False)
            if self._is_movable:
                self._plan = made
            return made
        moved_ms = time_ms - known.grid.start_ms
        reads = {
            key: [(start_ms + moved_ms, end_ms + moved_ms) for start_ms, end_ms in ranges]
            for key, ranges in known.reads.items()
        }
        return Plan(known.expr, grid, known.invariant, reads)


def _is_fixed(node: ast.Expr) -> bool:
    match node:
        case ast.VectorSelector():
            return node.at_ms is not None or node.at_anchor is not None
        case ast.Subquery():
            return True  # Its steps are multiples of its resolution.
        case _:
            return False
