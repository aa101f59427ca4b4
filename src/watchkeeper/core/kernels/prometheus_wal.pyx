"""Float samples of Prometheus's write-ahead log."""

from libc.stdint cimport int64_t, uint8_t, uint64_t

import numpy as np


cdef uint64_t big_endian(const uint8_t* at) noexcept nogil:
    cdef uint64_t value = 0
    cdef int i
    for i in range(8):
        value = value << 8 | at[i]
    return value


cdef Py_ssize_t varint(const uint8_t* data, Py_ssize_t at, Py_ssize_t end, int64_t* out) noexcept nogil:
    """The offset behind a zigzag varint; -1 where there is none."""
    cdef uint64_t value = 0
    cdef int shift = 0
    while at < end and shift < 64:
        value |= <uint64_t>(data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            out[0] = <int64_t>(value >> 1) ^ -<int64_t>(value & 1)
            return at
        shift += 7
    return -1


def decode_samples(const uint8_t[::1] data not None):
    cdef Py_ssize_t size = data.shape[0], at = 16, n = 0
    if size == 0:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0, np.float64)
    if size < 16:
        raise ValueError("samples are cut short")
    # An entry has at least 10 bytes.
    cdef Py_ssize_t room = (size - 16) // 10
    refs = np.empty(room, np.uint64)
    times = np.empty(room, np.int64)
    bits = np.empty(room, np.uint64)
    cdef uint64_t[::1] refs_view = refs, bits_view = bits
    cdef int64_t[::1] times_view = times
    cdef const uint8_t* start = &data[0]
    cdef uint64_t base_ref = big_endian(start), base_time = big_endian(start + 8)
    cdef int64_t ref_step = 0, time_step = 0
    with nogil:
        while at < size:
            at = varint(start, at, size, &ref_step)
            if at < 0:
                break
            at = varint(start, at, size, &time_step)
            if at < 0 or at + 8 > size:
                at = -1
                break
            refs_view[n] = base_ref + <uint64_t>ref_step
            times_view[n] = <int64_t>(base_time + <uint64_t>time_step)
            bits_view[n] = big_endian(start + at)
            at += 8
            n += 1
    if at < 0:
        raise ValueError("samples are cut short")
    return refs[:n], times[:n], bits[:n].view(np.float64)
