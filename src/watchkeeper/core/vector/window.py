"""Samples onto a grid: the newest of a lookback (align), or a reduction of a window, for all series at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels import window as kernel
from watchkeeper.core.vector.frame import Present, Values
from watchkeeper.core.vector.grid import Grid
from watchkeeper.core.vector.parallel import over_rows

EXTENDED: Final = kernel.EXTENDED

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Samples:
    """The arrays of many series; their meaning stands at `metrics.interface.Series`."""

    times: Ints
    values: Values
    value_lo: Ints
    value_hi: Ints
    time_lo: Ints
    starts: Ints | None = None

    @property
    def n_series(self) -> int:
        """How many series."""
        return len(self.value_lo)

    @property
    def n_samples(self) -> int:
        """How many cells, missing ones too."""
        return int((self.value_hi - self.value_lo).sum())


def align(
    samples: Samples, grid: Grid, lookback_ms: int, check: Callable[[], None], *, stamps: bool = False
) -> tuple[Values, Present, int]:
    """The newest sample of (t - lookback, t] at each step, absent if it is a stale marker.

    With `stamps` the value is the sample's time in seconds. Returns values and present (n_series, n_steps), and how
    many cells have a sample.
    """
    shape = (samples.n_series, grid.n_steps)
    values = np.empty(shape)
    present = np.empty(shape, np.bool_)
    times = np.empty(shape) if stamps else None

    def work(lo: int, hi: int) -> int:
        return kernel.align(
            samples.times,
            samples.values,
            samples.value_lo,
            samples.value_hi,
            samples.time_lo,
            lo,
            hi,
            grid.start_ms,
            grid.step_ms,
            lookback_ms,
            values,
            present.view(np.uint8),
            times,
        )

    counted = over_rows(samples.n_series, samples.n_samples + values.size, work, check)
    return (values if times is None else times), present, counted


def reduce_extended(
    op: str,
    samples: Samples,
    grid: Grid,
    range_ms: int,
    lookback_ms: int,
    check: Callable[[], None],
    *,
    smoothed: bool,
) -> tuple[Values, Present, int]:
    """`op`, one of `core.kernels.window.EXTENDED`, over smoothed or anchored ranges. Returns as `reduce_windows`."""
    shape = (samples.n_series, grid.n_steps)
    values = np.empty(shape)
    present = np.empty(shape, np.bool_)

    def work(lo: int, hi: int) -> int:
        return kernel.extended(
            op,
            smoothed,
            lookback_ms,
            samples.times,
            samples.values,
            samples.value_lo,
            samples.value_hi,
            samples.time_lo,
            lo,
            hi,
            grid.start_ms,
            grid.step_ms,
            range_ms,
            values,
            present.view(np.uint8),
        )

    return values, present, over_rows(samples.n_series, samples.n_samples + values.size, work, check)


def reduce_windows(
    op: str,
    samples: Samples,
    grid: Grid,
    range_ms: int,
    check: Callable[[], None],
    *,
    evaluated: Grid | None = None,
    p1: Values | None = None,
    p2: Values | None = None,
) -> tuple[Values, Present, int]:
    """`op` over the samples of (t - range, t] at each step.

    op         one of `core.kernels.window.OPS`
    evaluated  the evaluation's own steps where an offset or `@` moved `grid`
    p1, p2     float64 (n_steps,), parameters of the op
    returns    values and present (n_series, n_steps), and how many samples all windows held together
    """
    shape = (samples.n_series, grid.n_steps)
    values = np.empty(shape)
    present = np.empty(shape, np.bool_)
    own = evaluated or grid

    def work(lo: int, hi: int) -> int:
        return kernel.window(
            op,
            samples.times,
            samples.values,
            samples.value_lo,
            samples.value_hi,
            samples.time_lo,
            lo,
            hi,
            grid.start_ms,
            grid.step_ms,
            range_ms,
            own.start_ms,
            own.step_ms,
            values,
            present.view(np.uint8),
            p1,
            p2,
            samples.starts,
        )

    per_window = min(samples.n_samples / max(samples.n_series, 1), range_ms / 1000)
    cells = int(samples.n_samples + values.size * max(per_window, 1) / 4)
    return values, present, over_rows(samples.n_series, cells, work, check)
