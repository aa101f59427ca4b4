"""Quantiles of samples."""

from __future__ import annotations

import math

import numpy as np
import pytest

from watchkeeper.logs.logql.cells import Cells
from watchkeeper.logs.logql.quantiles import quantile, tiled_quantiles
from watchkeeper.logs.logql.windows import Steps, Windows


@pytest.mark.parametrize(
    ("samples", "phi", "wanted"),
    [
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([4.0, 1.0, 2.0, 3.0], 0.5, 2.5),
        ([1.0], 0.99, 1.0),
        ([1.0, 2.0], 1.5, math.inf),
        ([1.0, 2.0], -0.1, -math.inf),
        ([], 0.5, math.nan),
        ([1.0], math.nan, math.nan),
        ([math.nan, 1.0, 3.0], 1.0, 3.0),
        ([math.nan, 1.0, 3.0], 0.0, math.nan),
        ([math.nan, math.nan], 0.5, math.nan),
    ],
)
def test_quantile(samples: list[float], phi: float, wanted: float) -> None:
    found = quantile(np.array(samples), phi)
    assert found == wanted or (math.isnan(found) and math.isnan(wanted))


def cells_of(n: int, windows: Windows) -> Cells:
    rng = np.random.default_rng(1)
    times = rng.integers(windows.lo_ns + 1, windows.hi_ns + 1, n)
    series = rng.integers(0, 2, n).astype(np.int32)
    return Cells((), series, windows.intervals(times).astype(np.int32), rng.random(n), None, None)


def test_windows_that_do_not_overlap() -> None:
    windows = Windows(Steps(100, 10, 4), 10, 0)
    cells = cells_of(1000, windows)
    values = cells.values.copy()
    found = tiled_quantiles(windows, cells, 2, 0.9)
    assert found is not None
    for series in range(2):
        for step in range(4):
            mine = values[(cells.series == series) & (cells.interval == step + 1)]
            assert found[0][series, step] == pytest.approx(np.quantile(mine, 0.9))
    assert found[1].all()


def test_what_is_left_to_the_window_kernel() -> None:
    overlapping = Windows(Steps(100, 10, 4), 30, 0)
    assert tiled_quantiles(overlapping, cells_of(1000, overlapping), 2, 0.5) is None
    sparse = Windows(Steps(100, 10, 400), 10, 0)
    assert tiled_quantiles(sparse, cells_of(500, sparse), 2, 0.5) is None
