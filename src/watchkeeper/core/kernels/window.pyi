"""Samples onto a grid, for each series and step; the samples come as the arrays of `metrics.interface.Series`."""

import numpy as np
import numpy.typing as npt

OPS: tuple[str, ...]
"""The reductions that `window` knows."""

EXTENDED: tuple[str, ...]
"""The reductions that `extended` knows."""

def align(
    times: npt.NDArray[np.int64],
    values: npt.NDArray[np.float64],
    value_lo: npt.NDArray[np.int64],
    value_hi: npt.NDArray[np.int64],
    time_lo: npt.NDArray[np.int64],
    lo: int,
    hi: int,
    start_ms: int,
    step_ms: int,
    lookback_ms: int,
    out: npt.NDArray[np.float64],
    present: npt.NDArray[np.uint8],
    stamps: npt.NDArray[np.float64] | None = None,
) -> int:
    """Fill rows lo to hi with the newest sample of (t - lookback, t] at each step t; returns how many cells have one.

    times … time_lo   the series, see metrics.interface.Series; missing cells are skipped, a stale one means absent
    out, present      float64 and uint8 (n_series, n_steps), C order; absent cells get 0 and 0
    stamps            float64 (n_series, n_steps) seconds, or None: the time of the sample that was taken
    Releases the GIL. Raises ValueError where the arrays do not fit each other.
    """

def window(
    op: str,
    times: npt.NDArray[np.int64],
    values: npt.NDArray[np.float64],
    value_lo: npt.NDArray[np.int64],
    value_hi: npt.NDArray[np.int64],
    time_lo: npt.NDArray[np.int64],
    lo: int,
    hi: int,
    start_ms: int,
    step_ms: int,
    range_ms: int,
    now_ms: int,
    pace_ms: int,
    out: npt.NDArray[np.float64],
    present: npt.NDArray[np.uint8],
    p1: npt.NDArray[np.float64] | None = None,
    p2: npt.NDArray[np.float64] | None = None,
    starts: npt.NDArray[np.int64] | None = None,
) -> int:
    """Fill rows lo to hi with `op` over the samples of (t - range, t] at each step t; returns the samples in windows.

    op        one of OPS; missing and stale cells are no samples
    step_ms   0 where all steps look at the same window (`@`)
    now_ms, pace_ms   the evaluation's own time at the first step and from step to step; predict_linear needs it
    p1, p2    float64 (n_steps,): quantile's φ, predict_linear's seconds, the two factors of smoothing
    starts    int64 ms like `values`, or None: when each sample's counter began, 0 unknown; tells resets that no value
              shows, and where a counter began inside of a window
    Releases the GIL. Raises ValueError where the arrays do not fit each other or `op` is unknown.
    """

def extended(
    op: str,
    smoothed: bool,
    lookback_ms: int,
    times: npt.NDArray[np.int64],
    values: npt.NDArray[np.float64],
    value_lo: npt.NDArray[np.int64],
    value_hi: npt.NDArray[np.int64],
    time_lo: npt.NDArray[np.int64],
    lo: int,
    hi: int,
    start_ms: int,
    step_ms: int,
    range_ms: int,
    out: npt.NDArray[np.float64],
    present: npt.NDArray[np.uint8],
) -> int:
    """Likewise for `anchored` and `smoothed` ranges, which look at the neighbouring samples instead of extrapolating.

    op        one of EXTENDED; `value` is a smoothed instant selector, with a range of 0
    smoothed  interpolate at the range's edges; else take the last sample before the range as its beginning
    """
