# distutils: language = c++
"""Samples onto a grid: the newest within a lookback, or a reduction of a window, for each series and step."""

from libc.stdint cimport int64_t, uint8_t

import numpy as np


cdef extern from "window.hpp" namespace "wk" nogil:
    struct SeriesView:
        const int64_t* times
        const double* values
        const int64_t* value_lo
        const int64_t* value_hi
        const int64_t* time_lo
        const int64_t* starts

    struct GridView:
        int64_t start
        int64_t step
        int64_t n_steps
        int64_t reach
        int64_t now
        int64_t pace

    void align_series "wk::align"(const SeriesView&, int64_t, int64_t, const GridView&, double*, uint8_t*, double*, int64_t*)
    void c_extended "wk::extended"(int, bint, int64_t, const SeriesView&, int64_t, int64_t, const GridView&, double*, uint8_t*, int64_t*)
    void dispatch(int, const SeriesView&, int64_t, int64_t, const GridView&, const double*, const double*, double*, uint8_t*, int64_t*)


OPS = (
    "rate", "increase", "delta", "irate", "idelta", "resets", "changes",
    "sum", "avg", "min", "max", "count", "last", "first", "present", "stddev", "stdvar", "quantile", "mad",
    "deriv", "predict_linear", "smoothing", "ts_first", "ts_last", "ts_min", "ts_max",
)


EXTENDED = ("rate", "increase", "delta", "changes", "resets", "value")


cdef SeriesView _series(const int64_t[::1] times, const double[::1] values, const int64_t[::1] value_lo,
                        const int64_t[::1] value_hi, const int64_t[::1] time_lo) except *:
    cdef SeriesView view
    cdef int64_t i, n
    if value_lo.shape[0] != value_hi.shape[0] or value_lo.shape[0] != time_lo.shape[0]:
        raise ValueError("value_lo, value_hi and time_lo differ in length")
    for i in range(value_lo.shape[0]):
        n = value_hi[i] - value_lo[i]
        if n < 0 or value_lo[i] < 0 or value_hi[i] > values.shape[0] or time_lo[i] < 0 or time_lo[i] + n > times.shape[0]:
            raise ValueError(f"series {i} is outside of its arrays")
    view.starts = NULL
    view.times = &times[0] if times.shape[0] else NULL
    view.values = &values[0] if values.shape[0] else NULL
    view.value_lo = &value_lo[0] if value_lo.shape[0] else NULL
    view.value_hi = &value_hi[0] if value_hi.shape[0] else NULL
    view.time_lo = &time_lo[0] if time_lo.shape[0] else NULL
    return view


def align(const int64_t[::1] times, const double[::1] values, const int64_t[::1] value_lo, const int64_t[::1] value_hi,
          const int64_t[::1] time_lo, int64_t lo, int64_t hi, int64_t start_ms, int64_t step_ms, int64_t lookback_ms,
          double[:, ::1] out, uint8_t[:, ::1] present, stamps=None):
    cdef SeriesView series = _series(times, values, value_lo, value_hi, time_lo)
    cdef GridView grid
    cdef int64_t counted = 0
    cdef double[:, ::1] stamp_view
    cdef double* stamp_data = NULL
    if (lo < 0 or hi > value_lo.shape[0] or out.shape[0] != value_lo.shape[0] or present.shape[0] != out.shape[0]
            or present.shape[1] != out.shape[1]):
        raise ValueError("out does not fit the series")
    grid.start, grid.step, grid.n_steps, grid.reach, grid.now, grid.pace = start_ms, step_ms, out.shape[1], lookback_ms, 0, 0
    if hi <= lo or grid.n_steps == 0:
        return 0
    if stamps is not None:
        stamp_view = stamps
        if stamp_view.shape[0] != out.shape[0] or stamp_view.shape[1] != out.shape[1]:
            raise ValueError("stamps do not fit the series")
        stamp_data = &stamp_view[0, 0]
    with nogil:
        align_series(series, lo, hi, grid, &out[0, 0], &present[0, 0], stamp_data, &counted)
    return counted


def window(str op, const int64_t[::1] times, const double[::1] values, const int64_t[::1] value_lo,
           const int64_t[::1] value_hi, const int64_t[::1] time_lo, int64_t lo, int64_t hi, int64_t start_ms,
           int64_t step_ms, int64_t range_ms, int64_t now_ms, int64_t pace_ms, double[:, ::1] out, uint8_t[:, ::1] present,
           p1=None, p2=None, starts=None):
    cdef SeriesView series = _series(times, values, value_lo, value_hi, time_lo)
    cdef GridView grid
    cdef int64_t counted = 0
    cdef int number = OPS.index(op)
    cdef const double[::1] p1_view
    cdef const double[::1] p2_view
    cdef const double* p1_data = NULL
    cdef const double* p2_data = NULL
    if (lo < 0 or hi > value_lo.shape[0] or out.shape[0] != value_lo.shape[0] or present.shape[0] != out.shape[0]
            or present.shape[1] != out.shape[1]):
        raise ValueError("out does not fit the series")
    grid.start, grid.step, grid.n_steps, grid.reach, grid.now, grid.pace = start_ms, step_ms, out.shape[1], range_ms, now_ms, pace_ms
    if hi <= lo or grid.n_steps == 0:
        return 0
    cdef const int64_t[::1] starts_view
    if starts is not None:
        starts_view = starts
        if starts_view.shape[0] != values.shape[0]:
            raise ValueError("starts needs one for each value")
        series.starts = &starts_view[0] if values.shape[0] else NULL
    if p1 is not None:
        p1_view = np.ascontiguousarray(p1, np.float64)
        if p1_view.shape[0] != grid.n_steps:
            raise ValueError("p1 needs a value for each step")
        p1_data = &p1_view[0]
    if p2 is not None:
        p2_view = np.ascontiguousarray(p2, np.float64)
        if p2_view.shape[0] != grid.n_steps:
            raise ValueError("p2 needs a value for each step")
        p2_data = &p2_view[0]
    with nogil:
        dispatch(number, series, lo, hi, grid, p1_data, p2_data, &out[0, 0], &present[0, 0], &counted)
    return counted


def extended(str op, bint smoothed, int64_t lookback_ms, const int64_t[::1] times, const double[::1] values,
             const int64_t[::1] value_lo, const int64_t[::1] value_hi, const int64_t[::1] time_lo, int64_t lo, int64_t hi,
             int64_t start_ms, int64_t step_ms, int64_t range_ms, double[:, ::1] out, uint8_t[:, ::1] present):
    cdef SeriesView series = _series(times, values, value_lo, value_hi, time_lo)
    cdef GridView grid
    cdef int64_t counted = 0
    cdef int number = EXTENDED.index(op)
    if (lo < 0 or hi > value_lo.shape[0] or out.shape[0] != value_lo.shape[0] or present.shape[0] != out.shape[0]
            or present.shape[1] != out.shape[1]):
        raise ValueError("out does not fit the series")
    grid.start, grid.step, grid.n_steps, grid.reach, grid.now, grid.pace = start_ms, step_ms, out.shape[1], range_ms, 0, 0
    if hi <= lo or grid.n_steps == 0:
        return 0
    with nogil:
        c_extended(number, smoothed, lookback_ms, series, lo, hi, grid, &out[0, 0], &present[0, 0], &counted)
    return counted
