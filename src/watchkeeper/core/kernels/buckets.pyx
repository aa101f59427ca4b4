# distutils: language = c++
"""Quantiles and fractions of classic histograms."""

from libc.stdint cimport int64_t, uint8_t

import numpy as np


cdef extern from "buckets.hpp" namespace "wk" nogil:
    struct Forced:
        pass

    struct BucketGroups:
        const double* values
        const uint8_t* present
        const double* bounds
        const int64_t* order
        const int64_t* at
        int64_t steps

    void reduce_buckets(const BucketGroups&, int64_t, const double*, const double*, double*, uint8_t*, Forced*)


def histogram(const double[:, ::1] values, const uint8_t[:, ::1] present, const double[::1] bounds,
              const int64_t[::1] order, const int64_t[::1] at, const double[::1] lower, upper=None):
    cdef int64_t n = values.shape[0], steps = values.shape[1], n_groups = at.shape[0] - 1, i
    cdef BucketGroups groups
    cdef const double[::1] upper_view
    cdef const double* upper_data = NULL
    if present.shape[0] != n or present.shape[1] != steps or bounds.shape[0] != n or lower.shape[0] != steps:
        raise ValueError("arrays differ in shape")
    if n_groups < 0 or at[0] < 0 or at[n_groups] > order.shape[0]:
        raise ValueError("groups out of range")
    for i in range(n_groups):
        if at[i + 1] < at[i]:
            raise ValueError("groups do not ascend")
    for i in range(order.shape[0]):
        if order[i] < 0 or order[i] >= n:
            raise ValueError("row out of range")
    out_array = np.zeros((n_groups, steps), np.float64)
    here_array = np.zeros((n_groups, steps), np.bool_)
    forced_array = np.zeros((n_groups, 6), np.float64)
    if n_groups == 0 or steps == 0 or n == 0:
        return out_array, here_array, forced_array
    if upper is not None:
        upper_view = upper
        if upper_view.shape[0] != steps:
            raise ValueError("upper needs a value for each step")
        upper_data = &upper_view[0]
    cdef double[:, ::1] out = out_array
    cdef uint8_t[:, ::1] here = here_array.view(np.uint8)
    cdef double[:, ::1] forced = forced_array
    groups.values, groups.present, groups.bounds = &values[0, 0], &present[0, 0], &bounds[0]
    groups.order, groups.at, groups.steps = &order[0], &at[0], steps
    with nogil:
        reduce_buckets(groups, n_groups, &lower[0], upper_data, &out[0, 0], &here[0, 0], <Forced*>&forced[0, 0])
    return out_array, here_array, forced_array
