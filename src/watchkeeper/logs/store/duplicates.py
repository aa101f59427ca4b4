"""Rows that stand in two blocks of one stream, as after a sender repeated a push: they count once.

Blocks of a stream mostly follow each other; only where their times overlap are rows compared, and for sealed blocks
the outcome is kept.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels.line_block import Block
from watchkeeper.core.kernels.texts import Rows
from watchkeeper.core.model.errors import CorruptionError

if TYPE_CHECKING:
    from watchkeeper.logs.store.slices import BlockSlice

_Pair = tuple[tuple[str, int], tuple[str, int]]
_MAX_KEPT: Final = 10_000
_NONE: Final[Rows] = np.zeros(0, np.int32)


def twin_rows(block: Block, times: npt.NDArray[np.int64], other: Block, other_times: npt.NDArray[np.int64]) -> Rows:
    """int32: the rows of `block` whose time, line and metadata a row of `other` has.

    times, other_times   of the rows looked at, in the order of their rows; they need not ascend
    """
    if not len(times) or not len(other_times):
        return _NONE
    # Mostly only the ends overlap.
    rows = _inside(times, other_times)
    others = _inside(other_times, times)
    rows = rows[np.isin(times[rows], other_times[others])]
    if not len(rows):
        return _NONE
    others = others[np.isin(other_times[others], times[rows])]
    known = set(contents(other, others, other_times))
    return rows[[content in known for content in contents(block, rows, times)]]


def _inside(times: npt.NDArray[np.int64], others: npt.NDArray[np.int64]) -> Rows:
    """int32: where times are from the first to the last of others."""
    return np.flatnonzero((times >= others.min()) & (times <= others.max())).astype(np.int32)


def contents(
    block: Block, rows: Rows, times: npt.NDArray[np.int64]
) -> list[tuple[int, bytes, tuple[tuple[str, bytes], ...]]]:
    """Time, line and metadata of rows. Row by row: for few rows only."""
    metadata: list[tuple[tuple[str, bytes], ...]] = [()] * len(rows)
    shapes = block.shapes()
    shape_of = block.shape_of(rows)
    for number in np.unique(shape_of).tolist():
        names = shapes[number]
        if not names:
            continue
        at = np.flatnonzero(shape_of == number)
        columns = [block.metadata_values(number, i, rows[at]) for i in range(len(names))]
        for j, row in enumerate(at.tolist()):
            metadata[row] = tuple(
                (name, column.values[int(column.codes[j])]) for name, column in zip(names, columns, strict=True)
            )
    return list(zip(times[rows].tolist(), block.lines(rows), metadata, strict=True))


class Twins:
    """Which rows of a block its older neighbours have; kept for sealed blocks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[_Pair, Rows] = OrderedDict()

    def of(self, slice_: BlockSlice, block: Block, times: npt.NDArray[np.int64]) -> Rows:
        """int32: rows of the slice's block that one of its rivals has."""
        found = [self._of_pair(slice_, rival, block, times) for rival in slice_.rivals]
        return np.unique(np.concatenate(found)) if len(found) > 1 else found[0]

    def _of_pair(self, slice_: BlockSlice, rival: BlockSlice, block: Block, times: npt.NDArray[np.int64]) -> Rows:
        key = _pair(slice_, rival)
        if key is not None:
            with self._lock:
                known = self._known.get(key)
                if known is not None:
                    self._known.move_to_end(key)
                    return known
        try:
            other = rival.fetch()
        except CorruptionError:  # Set aside by now: what it had counts here.
            return _NONE
        rows = twin_rows(block, times, other, other.times[: rival.n_rows])
        if key is not None:
            with self._lock:
                self._known[key] = rows
                while len(self._known) > _MAX_KEPT:
                    self._known.popitem(last=False)
        return rows

    def are_none(self, slice_: BlockSlice, rival: BlockSlice) -> bool:
        """Whether it is known already that the two share no row."""
        key = _pair(slice_, rival)
        if key is None:
            return False
        with self._lock:
            known = self._known.get(key)
        return known is not None and not len(known)


def _pair(slice_: BlockSlice, rival: BlockSlice) -> _Pair | None:
    return None if slice_.key is None or rival.key is None else (slice_.key, rival.key)
