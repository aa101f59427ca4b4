# distutils: language = c++
"""Groups of equal label rows, and reductions of a frame's rows into them."""

from libc.stdint cimport int32_t, int64_t, uint8_t

import numpy as np


cdef extern from "group.hpp" namespace "wk" nogil:
    int64_t c_group_rows "wk::group_rows"(const int32_t*, int64_t, int64_t, const int64_t*, int64_t, int64_t*, int64_t*)
    void c_fold "wk::fold"(int, const double*, const uint8_t*, int64_t, int64_t, const int64_t*, int64_t, int64_t, int64_t, double*, double*, double*)
    void c_group_quantile "wk::group_quantile"(const double*, const uint8_t*, int64_t, const int64_t*, const int64_t*, int64_t, const double*, double*, uint8_t*)
    void c_group_rank "wk::group_rank"(const double*, const uint8_t*, int64_t, const int64_t*, const int64_t*, int64_t, const int64_t*, bint, uint8_t*)


FOLDS = ("sum", "avg", "min", "max", "count", "stdvar", "stddev")


def group_rows(const int32_t[:, ::1] codes, const int64_t[::1] columns):
    cdef int64_t n = codes.shape[0], k = columns.shape[0], width = codes.shape[1], i, count
    for i in range(k):
        if columns[i] < 0 or columns[i] >= width:
            raise ValueError("no such column")
    first_array = np.empty(n, np.int64)
    group_array = np.empty(n, np.int64)
    if n == 0:
        return first_array, group_array
    cdef int64_t[::1] first = first_array
    cdef int64_t[::1] group = group_array
    cdef int32_t nothing = 0
    cdef int64_t no_column = 0
    cdef const int32_t* data = &codes[0, 0] if width else &nothing
    cdef const int64_t* column_data = &columns[0] if k else &no_column
    with nogil:
        count = c_group_rows(data, n, width, column_data, k, &first[0], &group[0])
    return first_array[:count].copy(), group_array


cdef _check(int64_t n, int64_t steps, const uint8_t[:, ::1] present, const int64_t[::1] rows, int64_t below):
    cdef int64_t i
    if present.shape[0] != n or present.shape[1] != steps:
        raise ValueError("values and present differ in shape")
    for i in range(rows.shape[0]):
        if rows[i] < 0 or rows[i] >= below:
            raise ValueError("row or group out of range")


def fold(str op, const double[:, ::1] values, const uint8_t[:, ::1] present, const int64_t[::1] group, int64_t n_groups,
         int64_t step_lo, int64_t step_hi, double[:, ::1] acc, double[:, ::1] extra, double[:, ::1] count):
    cdef int number = FOLDS.index(op)
    cdef int64_t n = values.shape[0], steps = values.shape[1]
    _check(n, steps, present, group, n_groups)
    if group.shape[0] != n or acc.shape[0] != n_groups or acc.shape[1] != steps or extra.shape[0] != n_groups \
            or extra.shape[1] != steps or count.shape[0] != n_groups or count.shape[1] != steps:
        raise ValueError("arrays differ in shape")
    if step_lo < 0 or step_hi > steps:
        raise ValueError("steps out of range")
    if n == 0 or steps == 0 or n_groups == 0:
        return
    with nogil:
        c_fold(number, &values[0, 0], &present[0, 0], n, steps, &group[0], n_groups, step_lo, step_hi, &acc[0, 0], &extra[0, 0], &count[0, 0])


cdef _check_order(int64_t n, const int64_t[::1] order, const int64_t[::1] bounds):
    cdef int64_t i
    if bounds.shape[0] < 1 or bounds[0] < 0 or bounds[bounds.shape[0] - 1] > order.shape[0]:
        raise ValueError("bounds out of range")
    for i in range(1, bounds.shape[0]):
        if bounds[i] < bounds[i - 1]:
            raise ValueError("bounds do not ascend")


def group_quantile(const double[:, ::1] values, const uint8_t[:, ::1] present, const int64_t[::1] order,
                   const int64_t[::1] bounds, const double[::1] phi):
    cdef int64_t n = values.shape[0], steps = values.shape[1], n_groups = bounds.shape[0] - 1
    _check(n, steps, present, order, n)
    _check_order(n, order, bounds)
    if phi.shape[0] != steps:
        raise ValueError("phi needs a value for each step")
    out_array = np.zeros((n_groups, steps), np.float64)
    here_array = np.zeros((n_groups, steps), np.bool_)
    if n == 0 or steps == 0 or n_groups == 0:
        return out_array, here_array
    cdef double[:, ::1] out = out_array
    cdef uint8_t[:, ::1] here = here_array.view(np.uint8)
    with nogil:
        c_group_quantile(&values[0, 0], &present[0, 0], steps, &order[0], &bounds[0], n_groups, &phi[0], &out[0, 0], &here[0, 0])
    return out_array, here_array


def group_rank(const double[:, ::1] values, const uint8_t[:, ::1] present, const int64_t[::1] order,
               const int64_t[::1] bounds, const int64_t[::1] limit, bint largest):
    cdef int64_t n = values.shape[0], steps = values.shape[1], n_groups = bounds.shape[0] - 1
    _check(n, steps, present, order, n)
    _check_order(n, order, bounds)
    if limit.shape[0] != steps:
        raise ValueError("limit needs a value for each step")
    keep_array = np.zeros((n, steps), np.bool_)
    if n == 0 or steps == 0 or n_groups == 0:
        return keep_array
    cdef uint8_t[:, ::1] keep = keep_array.view(np.uint8)
    with nogil:
        c_group_rank(&values[0, 0], &present[0, 0], steps, &order[0], &bounds[0], n_groups, &limit[0], largest, &keep[0, 0])
    return keep_array
