"""Merging of series that several parts hold; the work is in series_merge.hpp."""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint64_t
from libcpp cimport bool as cbool
from libcpp.vector cimport vector


cdef extern from "series_merge.hpp" namespace "series_merge" nogil:
    cdef cppclass Part:
        const int64_t* times
        const int64_t* value_lo
        const int64_t* value_hi
        const int64_t* time_lo
        const int64_t* starts
        const uint64_t* values
        int64_t n_times, n_values, n_rows

    cdef cppclass Merger:
        vector[Part] parts
        int64_t n_times, n_values
        cbool plan(const int32_t* part, const int64_t* row, int64_t n_members, const int64_t* offsets, int64_t n) except +
        void fill(int64_t* times, uint64_t* values, int64_t* starts, int64_t* value_lo, int64_t* value_hi,
                  int64_t* time_lo) except +


cdef const int64_t* _ints(const int64_t[::1] array) noexcept:
    return &array[0] if array.shape[0] else NULL


def merge(list parts not None, const int32_t[::1] part not None, const int64_t[::1] row not None,
          const int64_t[::1] offsets not None):
    cdef Merger merger
    cdef Part item
    cdef const uint64_t[::1] cells
    cdef const int64_t[::1] times, value_lo, value_hi, time_lo, starts
    cdef int64_t n = offsets.shape[0] - 1, n_members = part.shape[0]
    cdef cbool good, with_starts = False
    if n < 0 or row.shape[0] != n_members:
        raise ValueError("part, row and offsets do not fit")
    for fields in parts:
        # The caller's tuples keep the arrays alive.
        times, cells, value_lo, value_hi, time_lo, starts_or_none = fields
        item.times = _ints(times)
        item.values = &cells[0] if cells.shape[0] else NULL
        item.value_lo = _ints(value_lo)
        item.value_hi = _ints(value_hi)
        item.time_lo = _ints(time_lo)
        item.n_times = times.shape[0]
        item.n_values = cells.shape[0]
        item.n_rows = value_lo.shape[0]
        if value_hi.shape[0] != item.n_rows or time_lo.shape[0] != item.n_rows:
            raise ValueError("a part's ranges differ in length")
        item.starts = NULL
        if starts_or_none is not None:
            starts = starts_or_none
            if starts.shape[0] != item.n_values:
                raise ValueError("a part's start times differ from its values in length")
            item.starts = _ints(starts)
            with_starts = True
        merger.parts.push_back(item)
    cdef const int32_t* part_at = &part[0] if n_members else NULL
    cdef const int64_t* row_at = _ints(row)
    with nogil:
        good = merger.plan(part_at, row_at, n_members, &offsets[0], n)
    if not good:
        raise ValueError("a series lies outside of its part")
    out_times = np.empty(max(merger.n_times, 1), np.int64)
    out_values = np.empty(max(merger.n_values, 1), np.uint64)
    out_starts = np.empty(max(merger.n_values, 1) if with_starts else 1, np.int64)
    out_places = np.empty((3, max(n, 1)), np.int64)
    cdef int64_t[::1] times_view = out_times, starts_view = out_starts
    cdef uint64_t[::1] values_view = out_values
    cdef int64_t[:, ::1] places_view = out_places
    with nogil:
        merger.fill(&times_view[0], &values_view[0], &starts_view[0] if with_starts else NULL, &places_view[0, 0],
                    &places_view[1, 0], &places_view[2, 0])
    return (out_times[:merger.n_times], out_values[:merger.n_values], out_places[0, :n], out_places[1, :n],
            out_places[2, :n], out_starts[:merger.n_values] if with_starts else None)
