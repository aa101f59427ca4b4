# distutils: language = c++
"""Rows of a source as bytes, and the joining of pieces of series; see head_rows.hpp."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.string cimport memcpy
from libcpp.string cimport string
from libcpp.vector cimport vector

import numpy as np


cdef extern from "head_rows.hpp" namespace "watchkeeper::rows" nogil:
    cdef cppclass Header:
        bint key
        uint32_t columns
        uint32_t sequence
    void c_encode "watchkeeper::rows::encode"(const double*, size_t, const double*, size_t, bint, uint32_t, string&) except +
    bint c_apply "watchkeeper::rows::apply"(const uint8_t*, size_t, double*, size_t)
    bint c_gather "watchkeeper::rows::gather"(const uint8_t* const*, const size_t*, size_t, const int32_t*, size_t,
                                              double*, const int64_t*, size_t) except +
    bint read_header(const uint8_t*, size_t, Header&)
    double from_bits(unsigned long long)
    cdef cppclass Join:
        vector[int64_t] times
        vector[int64_t] starts
        vector[double] values
        void run(const int32_t*, const int64_t*, const int64_t*, const int64_t*, size_t, const int64_t*, const double*,
                 const int64_t*, int64_t, int64_t, int64_t*, int64_t*, int64_t*) except +

cdef double MISSING = from_bits(0x7FF00000000000A5)


def encode_row(const double[::1] prev, const double[::1] row, bint key, uint32_t sequence):
    cdef string out
    c_encode(&prev[0] if prev.shape[0] else NULL, prev.shape[0], &row[0] if row.shape[0] else NULL, row.shape[0],
             key, sequence, out)
    return PyBytes_FromStringAndSize(out.data(), out.size())


def row_header(const uint8_t[::1] body):
    cdef Header head
    if not body.shape[0] or not read_header(&body[0], body.shape[0], head):
        raise ValueError("not a row")
    return head.key, head.columns, head.sequence


def apply_row(const uint8_t[::1] body, double[::1] row):
    if not body.shape[0] or not c_apply(&body[0], body.shape[0], &row[0] if row.shape[0] else NULL, row.shape[0]):
        raise ValueError("not a row, or wider than the room for it")


def gather_runs(list runs, const int64_t[::1] n_rows, const int64_t[::1] skip, const int64_t[::1] column_lo,
                const int32_t[::1] columns, double[::1] out, const int64_t[::1] out_at):
    cdef Py_ssize_t n_runs = len(runs), r, t, c, lo, hi
    cdef vector[const uint8_t*] data
    cdef vector[size_t] sizes
    cdef bint ok
    cdef list bodies
    if (n_rows.shape[0] != n_runs or skip.shape[0] != n_runs or column_lo.shape[0] != n_runs + 1
            or out_at.shape[0] != columns.shape[0]):
        raise ValueError("arrays of different length")
    for r in range(n_runs):
        bodies = runs[r]
        lo, hi = column_lo[r], column_lo[r + 1]
        if not 0 <= lo <= hi <= columns.shape[0] or not 0 <= skip[r] or not 0 <= n_rows[r] <= len(bodies):
            raise ValueError("the rows do not fit")
        for c in range(lo, hi):
            if (columns[c] < 0 or (c > lo and columns[c] <= columns[c - 1]) or out_at[c] < 0
                    or out_at[c] + max(n_rows[r] - skip[r], 0) > out.shape[0]):
                raise IndexError("columns must ascend, and fit")
        if lo == hi:
            continue
        data.clear()
        sizes.clear()
        for t in range(n_rows[r]):
            body = bodies[t]
            if not isinstance(body, bytes):
                raise TypeError("a row is bytes")
            data.push_back(<const uint8_t*>PyBytes_AS_STRING(body))
            sizes.push_back(PyBytes_GET_SIZE(body))
        ok = c_gather(data.data(), sizes.data(), n_rows[r], &columns[lo], hi - lo, &out[0] if out.shape[0] else NULL,
                      &out_at[lo], skip[r])
        if not ok:
            raise ValueError("not a row")


def last_row(list bodies, Py_ssize_t n_rows):
    cdef Py_ssize_t t
    cdef Header head
    cdef vector[double] row
    cdef const uint8_t* data
    cdef size_t size
    cdef double[::1] view
    if n_rows > len(bodies):
        raise ValueError("fewer rows than that")
    for t in range(n_rows):
        body = bodies[t]
        if not isinstance(body, bytes):
            raise TypeError("a row is bytes")
        data = <const uint8_t*>PyBytes_AS_STRING(body)
        size = PyBytes_GET_SIZE(body)
        if not read_header(data, size, head) or (t == 0 and not head.key):
            raise ValueError("not a row")
        row.resize(head.columns, MISSING)
        if not c_apply(data, size, row.data(), row.size()):
            raise ValueError("not a row")
    out = np.empty(row.size(), np.float64)
    if row.size():
        view = out
        memcpy(&view[0], row.data(), row.size() * 8)
    return out


def join_pieces(const int32_t[::1] piece_series, const int64_t[::1] time_lo, const int64_t[::1] value_lo,
                const int64_t[::1] lengths, Py_ssize_t n_series, times, values, starts):
    """See the stub."""
    cdef Join join
    cdef Py_ssize_t n = piece_series.shape[0], k
    cdef const int64_t[::1] times_view = times
    cdef const double[::1] values_view = values
    cdef const int64_t[::1] starts_view
    cdef const int64_t* starts_data = NULL
    if time_lo.shape[0] != n or value_lo.shape[0] != n or lengths.shape[0] != n:
        raise ValueError("columns of different length")
    if starts is not None:
        starts_view = starts
        if starts_view.shape[0] != values_view.shape[0]:
            raise ValueError("columns of different length")
        if starts_view.shape[0]:
            starts_data = &starts_view[0]
    for k in range(n):
        if (lengths[k] < 0 or time_lo[k] < 0 or value_lo[k] < 0 or time_lo[k] > times_view.shape[0] - lengths[k]
                or value_lo[k] > values_view.shape[0] - lengths[k] or not 0 <= piece_series[k] < n_series
                or (k and piece_series[k] < piece_series[k - 1])):
            raise IndexError("a piece leaves the arrays")
    bounds = np.zeros((3, n_series), np.int64)
    cdef int64_t[:, ::1] view = bounds
    if n and times_view.shape[0] and values_view.shape[0]:
        with nogil:
            join.run(&piece_series[0], &time_lo[0], &value_lo[0], &lengths[0], n, &times_view[0], &values_view[0],
                     starts_data, times_view.shape[0], values_view.shape[0], &view[0, 0], &view[1, 0], &view[2, 0])
    if join.values.empty():
        return times, values, starts, bounds
    more_times = np.empty(join.times.size(), np.int64)
    more_values = np.empty(join.values.size(), np.float64)
    cdef int64_t[::1] ints
    cdef double[::1] floats = more_values
    memcpy(&floats[0], join.values.data(), join.values.size() * 8)
    if join.times.size():
        ints = more_times
        memcpy(&ints[0], join.times.data(), join.times.size() * 8)
    if starts is not None:
        more_starts = np.zeros(join.values.size(), np.int64)
        if join.starts.size() == join.values.size():
            ints = more_starts
            memcpy(&ints[0], join.starts.data(), join.starts.size() * 8)
        starts = np.concatenate((starts, more_starts))
    return np.concatenate((times, more_times)), np.concatenate((values, more_values)), starts, bounds
