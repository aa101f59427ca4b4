"""Remote-write requests: bytes to columns, and columns to bytes."""

from libc.stdint cimport int32_t, int64_t, uint8_t
from libcpp cimport bool as cbool
from libcpp.string cimport string
from libcpp.utility cimport pair
from libcpp.vector cimport vector

import numpy as np


cdef extern from "<string_view>" namespace "std" nogil:
    cdef cppclass string_view:
        string_view(const char*, size_t)


cdef extern from "remote_write.hpp" namespace "remote_write" nogil:
    cdef struct Other:
        int32_t kind
        int32_t series
        int64_t lo
        int64_t hi

    cdef cppclass Decoded:
        string labels
        vector[int64_t] offsets
        vector[uint8_t] valid
        vector[int32_t] series
        vector[int64_t] times
        vector[int64_t] starts
        vector[double] values
        vector[Other] others
        vector[pair[int64_t, int64_t]] symbols
        cbool any_start

    cbool decode_v1(string_view, Decoded&)
    cbool decode_v2(string_view, Decoded&)
    void encode_v1(const char*, const int64_t*, int64_t, const int64_t*, const int64_t*, const double*, string&)


ctypedef fused Number:
    uint8_t
    int32_t
    int64_t
    double


cdef copied(vector[Number]& source, dtype):
    out = np.empty(source.size(), dtype)
    cdef Number[::1] view
    cdef size_t i
    if source.size():
        view = out
        for i in range(source.size()):
            view[i] = source[i]
    return out


def decode(bytes data not None, int version):
    cdef Decoded out
    cdef const char* start = data
    cdef size_t size = len(data)
    cdef cbool ok
    with nogil:
        if version == 1:
            ok = decode_v1(string_view(start, size), out)
        else:
            ok = decode_v2(string_view(start, size), out)
    if not ok:
        return None
    others = [(other.kind, other.series, other.lo, other.hi) for other in out.others]
    symbols = [(span.first, span.second) for span in out.symbols]
    return (
        out.labels,
        copied[int64_t](out.offsets, np.int64),
        copied[uint8_t](out.valid, np.uint8),
        copied[int32_t](out.series, np.int32),
        copied[int64_t](out.times, np.int64),
        copied[double](out.values, np.float64),
        copied[int64_t](out.starts, np.int64) if out.any_start else None,
        others,
        symbols,
    )


def encode(bytes labels not None, const int64_t[::1] offsets, const int64_t[::1] sample_lo,
           const int64_t[::1] times, const double[::1] values):
    cdef int64_t n_series = offsets.shape[0] - 1
    if n_series <= 0:
        return b""
    if sample_lo.shape[0] != n_series + 1 or sample_lo[0] < 0 or sample_lo[n_series] > times.shape[0]:
        raise ValueError("sample_lo does not fit the series and samples")
    if times.shape[0] != values.shape[0] or offsets[0] < 0 or offsets[n_series] > len(labels):
        raise ValueError("arrays of different lengths")
    cdef int64_t i
    for i in range(n_series):
        if offsets[i + 1] < offsets[i] or sample_lo[i + 1] < sample_lo[i]:
            raise ValueError("offsets must ascend")
    cdef string out
    cdef const char* start = labels
    cdef const int64_t* times_at = &times[0] if times.shape[0] else NULL
    cdef const double* values_at = &values[0] if values.shape[0] else NULL
    with nogil:
        encode_v1(start, &offsets[0], n_series, &sample_lo[0], times_at, values_at, out)
    return <bytes>out
