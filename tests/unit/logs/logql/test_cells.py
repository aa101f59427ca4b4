"""Samples of blocks folded into cells, and cells of several blocks put together."""

from __future__ import annotations

import math

import numpy as np
import pytest

from watchkeeper.core.model.errors import LimitExceeded
from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.logql import cells as module
from watchkeeper.logs.logql.answer import QueryLimits
from watchkeeper.logs.logql.cells import CellTable, Fold, folded, repeated
from watchkeeper.logs.logql.guard import Guard

A, B = Labels.of(x="a").pairs, Labels.of(x="b").pairs


def guard(**limits: object) -> Guard:
    return Guard(QueryLimits(**limits), lambda: False)  # type: ignore[arg-type]


def ints(*numbers: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(numbers, np.int64)


def table_of(fold: Fold) -> list[tuple[str, int, float]]:
    """Two blocks in reverse order of time, with series in different order."""
    table = CellTable(fold, 10, guard())
    table.add(folded(fold, [A, B], ints(0, 1, 0), ints(5, 5, 6), np.array([1.0, math.nan, 4.0]), ints(50, 51, 60)))
    table.add(folded(fold, [B, A], ints(0, 1, 1), ints(5, 5, 5), np.array([7.0, 3.0, -2.0]), ints(41, 42, 43)))
    found = table.finished()
    return [
        (dict(table.labels[series])["x"], interval, value)
        for series, interval, value in zip(
            found.series.tolist(), found.interval.tolist(), found.values.tolist(), strict=True
        )
    ]


@pytest.mark.parametrize(
    ("fold", "wanted"),
    [
        (Fold.MIN, [("a", 5, -2.0), ("a", 6, 4.0), ("b", 5, 7.0)]),
        (Fold.MAX, [("a", 5, 3.0), ("a", 6, 4.0), ("b", 5, 7.0)]),
        (Fold.FIRST, [("a", 5, 3.0), ("a", 6, 4.0), ("b", 5, 7.0)]),
        (Fold.LAST, [("a", 5, 1.0), ("a", 6, 4.0), ("b", 5, math.nan)]),
        (Fold.SUM, [("a", 5, 2.0), ("a", 6, 4.0), ("b", 5, math.nan)]),
    ],
)
@pytest.mark.parametrize("compacting", [False, True])
def test_folds(
    fold: Fold, wanted: list[tuple[str, int, float]], compacting: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if compacting:
        monkeypatch.setattr(module, "COMPACT_CELLS", 1)
    assert repr(table_of(fold)) == repr(wanted)


def test_sparse_cells_are_the_same_as_dense_ones() -> None:
    labels = [Labels.of(n=str(n)).pairs for n in range(5000)]
    found = folded(Fold.SUM, labels, ints(4999, 3, 4999), ints(9, 1, 9), None, None)
    assert (found.series.tolist(), found.interval.tolist(), found.values.tolist()) == ([3, 4999], [1, 9], [1.0, 2.0])


def test_samples_that_stay_apart_take_no_room_for_what_they_share() -> None:
    table = CellTable(Fold.NONE, 10, guard())
    for _ in range(3):
        table.add(folded(Fold.NONE, [A], repeated(np.int64(0), 4), repeated(np.int64(7), 4), np.arange(4.0), None))
    found = table.finished()
    assert found.size_bytes == 12 * 8
    assert found.series.tolist() == [0] * 12
    assert found.interval.tolist() == [7] * 12


def test_limits() -> None:
    table = CellTable(Fold.SUM, 10, guard(max_query_series=1), most_series=1)
    with pytest.raises(LimitExceeded, match=r"maximum number of series \(1\)"):
        table.add(folded(Fold.SUM, [A, B], ints(0, 1), ints(1, 1), None, None))
    table = CellTable(Fold.SUM, 10, guard(max_memory_bytes=1000))
    with pytest.raises(LimitExceeded, match="intermediate results"):
        table.add(folded(Fold.SUM, [A, B], ints(0, 1), ints(1, 1), None, None))
