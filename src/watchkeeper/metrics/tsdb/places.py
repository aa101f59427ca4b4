"""Where each series is: which columns of which sources hold it, found for many series at once.

All parts of a source with the same array of refs are a *unit*. Units are laid over each other in layers, so that in one
layer a series is in one unit at most; a series that moved between sources, or whose source gave up dead columns, is in
several layers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.metrics.tsdb.source import Layout
from watchkeeper.metrics.tsdb.wal import Refs

Columns = npt.NDArray[np.int32]

MAX_FOUND: Final = 1 << 14  # Answers that are kept ...
MAX_FOUND_REFS: Final = 1 << 8  # ... of so many series each, so that all take some tens of megabytes at most.
MAX_LAYERS: Final = 6  # Units beyond are asked one by one: churn that deep is rare, and a layer takes 8 bytes a series.


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The chosen series of one unit: ascending columns, and the row that each has in the answer."""

    columns: Columns
    rows: Columns


@dataclass(slots=True, eq=False)
class _Layer:
    unit: Columns  # int32 (n_slots,), -1 where no unit has the series
    column: Columns


class Places:
    """The units of a list of layouts. Made anew when a refs array comes or goes; arrays and parts never change."""

    def __init__(self, layouts: Sequence[Layout], n_slots: int) -> None:
        self.n_slots = n_slots
        self._seen = [_Seen(layout, list(_distinct(layout))) for layout in layouts]
        units = [(refs, source) for source, seen in enumerate(self._seen) for refs in seen.units]
        # The arrays are held here, so their ids stay theirs.
        self._units = [refs for refs, _ in units]
        self._number = {id(refs): number for number, refs in enumerate(self._units)}
        self._source = [source for _, source in units]
        self._layers: list[_Layer] = []
        self._deep: list[int] = []
        self._found: dict[int, tuple[Refs, dict[int, Found]]] = {}
        for number, refs in enumerate(self._units):
            self._place(number, refs)

    def fits(self, layouts: Sequence[Layout], n_slots: int) -> bool:
        """Whether these layouts have the same units."""
        return (
            n_slots == self.n_slots
            and len(layouts) == len(self._seen)
            and all(seen.has_units_of(layout) for seen, layout in zip(self._seen, layouts, strict=True))
        )

    def sources_of(self, found: Iterable[int]) -> list[int]:
        """The places in the list of layouts of the sources that have these units, ascending."""
        return sorted({self._source[number] for number in found})

    def number_of(self, refs: Refs) -> int | None:
        """The unit of a refs array; None where it is newer than this."""
        return self._number.get(id(refs))

    def find(self, refs: Refs) -> dict[int, Found]:
        """By unit: which of these series it has. Known at once for an array that was asked before."""
        known = self._found.get(id(refs))
        if known is not None and known[0] is refs:
            return known[1]
        found = self._find(refs)
        if len(self._found) >= MAX_FOUND:
            self._found.clear()
        if len(refs) <= MAX_FOUND_REFS:
            self._found[id(refs)] = refs, found  # It holds the array, so the id stays its own.
        return found

    def _find(self, refs: Refs) -> dict[int, Found]:
        found: dict[int, Found] = {}
        for layer in self._layers:
            unit = layer.unit[refs]
            rows = np.flatnonzero(unit >= 0).astype(np.int32)
            if not len(rows):
                continue
            unit, column = unit[rows], layer.column[refs[rows]]
            order = np.lexsort((column, unit))
            unit, column, rows = unit[order], column[order], rows[order]
            firsts = np.flatnonzero(np.concatenate(([True], unit[1:] != unit[:-1])))
            bounds = [*firsts.tolist(), len(unit)]
            for number, lo, hi in zip(unit[firsts].tolist(), bounds, bounds[1:], strict=False):
                found[number] = Found(column[lo:hi], rows[lo:hi])
        for number in self._deep:
            one = self.look_up(self._units[number], refs)
            if len(one.columns):
                found[number] = one
        return found

    def look_up(self, part_refs: Refs, refs: Refs) -> Found:
        """Which of these series a single part has."""
        row_of = np.full(self.n_slots + 1, -1, np.int32)
        row_of[refs] = np.arange(len(refs), dtype=np.int32)
        rows = row_of[np.minimum(part_refs, self.n_slots)]
        columns = np.flatnonzero(rows >= 0).astype(np.int32)
        return Found(columns, rows[columns])

    def _place(self, number: int, refs: Refs) -> None:
        if not len(refs):
            return
        known = int(refs.max()) < self.n_slots  # Otherwise it has series that came after the snapshot.
        layer = next((one for one in self._layers if not (one.unit[refs] >= 0).any()), None) if known else None
        if layer is None:
            if not known or len(self._layers) == MAX_LAYERS:
                self._deep.append(number)
                return
            layer = _Layer(np.full(self.n_slots, -1, np.int32), np.zeros(self.n_slots, np.int32))
            self._layers.append(layer)
        layer.unit[refs] = number
        layer.column[refs] = np.arange(len(refs), dtype=np.int32)


@dataclass(slots=True, eq=False)
class _Seen:
    """A layout as it was looked at, and its units."""

    layout: Layout
    units: list[Refs]

    def has_units_of(self, layout: Layout) -> bool:
        if layout is self.layout:
            # Only the last run's refs may have changed.
            return not layout.runs or layout.runs[-1].refs is self.units[-1]
        units = list(_distinct(layout))
        if len(units) != len(self.units) or any(a is not b for a, b in zip(units, self.units, strict=True)):
            return False
        self.layout = layout
        return True


def _distinct(layout: Layout) -> Iterator[Refs]:
    seen: Refs | None = None
    for parts in layout:
        for part in parts:
            if part.refs is not seen:
                seen = part.refs
                yield seen
