"""Quantiles of samples where no two windows share any: each window's samples are sorted apart, and no others."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from watchkeeper.logs.logql.cells import Cells
from watchkeeper.logs.logql.windows import Windows

Floats: TypeAlias = npt.NDArray[np.float64]


def tiled_quantiles(
    windows: Windows, cells: Cells, n_series: int, phi: float
) -> tuple[Floats, npt.NDArray[np.bool_]] | None:
    """Values and presence (n_series, n_steps); None where windows overlap, or are too many for so few samples."""
    steps = windows.steps
    n_steps = steps.n_steps
    n = len(cells.series)
    if n_steps > 1 and steps.step_ns < windows.range_ns:
        return None
    values = np.zeros((n_series, n_steps))
    present = np.zeros((n_series, n_steps), np.bool_)
    if n_series == 1 and n_steps == 1:
        values[0, 0] = quantile(cells.values, phi)
        present[0, 0] = n > 0
        return values, present
    step = np.searchsorted(steps.times_ns, windows.edges)[cells.interval]
    group = cells.series * n_steps + step
    counts = np.bincount(group, minlength=n_series * n_steps)
    used = np.flatnonzero(counts)
    if len(used) > n // 64 + 64:
        return None
    order = np.argsort(group, kind="stable")
    ordered = cells.values[order]
    at = 0
    for cell in used.tolist():  # Few cells of many samples each.
        size = int(counts[cell])
        values[cell // n_steps, cell % n_steps] = quantile(ordered[at : at + size], phi)
        at += size
    present.ravel()[used] = True
    return values, present


def quantile(samples: Floats, phi: float) -> float:
    """The φ-quantile with linear interpolation; samples that are no number count as smallest. NaN of nothing. The
    samples are put in another order."""
    n = len(samples)
    if n == 0 or np.isnan(phi):
        return float("nan")
    if phi < 0:
        return float("-inf")
    if phi > 1:
        return float("inf")
    rank = phi * (n - 1)
    lower = max(0, int(np.floor(rank)))
    upper = min(n - 1, lower + 1)
    weight = rank - np.floor(rank)
    nans = np.isnan(samples)
    missing = int(np.count_nonzero(nans))
    numbers = samples[~nans] if missing else samples
    places = [k - missing for k in (lower, upper)]
    if places[1] >= 0:
        numbers.partition(sorted({k for k in places if k >= 0}))
    low, high = (float(numbers[k]) if k >= 0 else float("nan") for k in places)
    return float(low * (1 - weight) + high * weight)
