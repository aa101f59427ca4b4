"""Prometheus's XOR chunks: float samples to bytes and back."""

from libc.stdint cimport int64_t, uint8_t
from libc.string cimport memcpy
from libcpp cimport bool as cbool
from libcpp.string cimport string
from libcpp.vector cimport vector

import numpy as np


cdef extern from "xor_chunk.hpp" namespace "xor_chunk" nogil:
    string c_encode "xor_chunk::encode"(const int64_t*, const double*, size_t)
    cbool c_decode "xor_chunk::decode"(const uint8_t*, size_t, vector[int64_t]&, vector[double]&)


def encode(const int64_t[::1] times, const double[::1] values):
    cdef size_t n = times.shape[0]
    if n != <size_t>values.shape[0] or n > 65535:
        raise ValueError("a chunk takes up to 65535 samples, with as many times as values")
    if n == 0:
        return b"\0\0"
    cdef string out
    with nogil:
        out = c_encode(&times[0], &values[0], n)
    return <bytes>out


def decode(const uint8_t[::1] data):
    cdef vector[int64_t] times
    cdef vector[double] values
    cdef cbool ok
    if data.shape[0] < 2:
        raise ValueError("not an XOR chunk")
    with nogil:
        ok = c_decode(&data[0], data.shape[0], times, values)
    if not ok:
        raise ValueError("not an XOR chunk")
    cdef size_t n = times.size()
    out_times = np.empty(n, np.int64)
    out_values = np.empty(n, np.float64)
    cdef int64_t[::1] times_view = out_times
    cdef double[::1] values_view = out_values
    if n:
        memcpy(&times_view[0], times.data(), n * 8)
        memcpy(&values_view[0], values.data(), n * 8)
    return out_times, out_values
