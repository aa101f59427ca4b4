"""Columns of float64 or int64 to raw bytes and back; the work is in column_codec.hpp."""

import numpy as np

from libc.stdint cimport int64_t, uint8_t, uint64_t
from libcpp cimport bool as cbool
from libcpp.string cimport string
from libcpp.vector cimport vector


cdef extern from "column_codec.hpp" namespace "column_codec" nogil:
    cdef cppclass Column:
        uint64_t length
        uint8_t scale

    cdef cppclass Encoder:
        void add(const uint64_t* cells, uint64_t n, cbool ints) except +
        string finish() except +

    cdef cppclass Decoder:
        vector[Column] columns
        const char* error
        cbool open(const uint8_t* data, uint64_t size) except +
        void decode(const Column& column, uint64_t lo, uint64_t hi, uint64_t* out) except +

    const uint8_t SCALE_INT64
    const uint64_t MAX_COLUMNS
    const uint64_t MAX_LENGTH


def encode(const uint64_t[::1] cells not None, const int64_t[::1] offsets not None, bint ints):
    cdef Encoder encoder
    cdef string out
    cdef int64_t n = offsets.shape[0] - 1
    cdef int64_t i, total = cells.shape[0]
    if n < 0:
        raise ValueError("offsets need at least one entry")
    if <uint64_t> n > MAX_COLUMNS:
        raise ValueError(f"{n} columns are more than one group holds")
    for i in range(n):
        if offsets[i] < 0 or offsets[i] > offsets[i + 1] or offsets[i + 1] > total:
            raise ValueError(f"offsets of column {i} are outside of the cells")
        if <uint64_t> (offsets[i + 1] - offsets[i]) > MAX_LENGTH:
            raise ValueError(f"column {i} is longer than a column may be")
    with nogil:
        for i in range(n):
            if offsets[i] < total:
                encoder.add(&cells[offsets[i]], offsets[i + 1] - offsets[i], ints)
            else:
                encoder.add(NULL, 0, ints)
        out = encoder.finish()
    return out.data()[:out.size()]


cdef class Group:
    """Raw bytes whose directory has been read."""

    cdef Decoder decoder
    cdef object raw  # Keeps the bytes alive that the decoder points into.

    def __init__(self, bytes raw not None):
        self.raw = raw
        cdef const uint8_t* data = raw
        cdef uint64_t size = len(raw)
        cdef cbool good
        with nogil:
            good = self.decoder.open(data, size)
        if not good:
            self.decoder.columns.clear()
            raise ValueError(self.decoder.error.decode())

    def __len__(self):
        return self.decoder.columns.size()

    @property
    def lengths(self):
        cdef size_t i, n = self.decoder.columns.size()
        lengths = np.empty(n, np.int64)
        cdef int64_t[::1] view = lengths
        for i in range(n):
            view[i] = self.decoder.columns[i].length
        return lengths

    def decode_into(self, const int64_t[::1] columns not None, const int64_t[::1] lo not None,
                    const int64_t[::1] hi not None, const int64_t[::1] out_at not None,
                    uint64_t[::1] out not None, bint ints):
        cdef int64_t n = columns.shape[0]
        cdef int64_t i, width
        cdef int64_t n_columns = self.decoder.columns.size()
        cdef int64_t total = out.shape[0]
        if lo.shape[0] != n or hi.shape[0] != n or out_at.shape[0] != n:
            raise ValueError("columns, lo, hi and out_at differ in length")
        for i in range(n):
            if columns[i] < 0 or columns[i] >= n_columns:
                raise ValueError(f"the group has no column {columns[i]}")
            if lo[i] < 0 or hi[i] < lo[i] or <uint64_t> hi[i] > self.decoder.columns[columns[i]].length:
                raise ValueError(f"column {columns[i]} has no cells {lo[i]} to {hi[i]}")
            width = hi[i] - lo[i]
            if out_at[i] < 0 or out_at[i] > total - width:
                raise ValueError("the result does not fit")
            if (self.decoder.columns[columns[i]].scale == SCALE_INT64) != ints:
                raise ValueError(f"column {columns[i]} holds the other type")
        # The decoder's scratch is its own: two threads need two groups.
        with nogil:
            for i in range(n):
                if hi[i] > lo[i]:
                    self.decoder.decode(self.decoder.columns[columns[i]], lo[i], hi[i], &out[out_at[i]])


def decode_few(list groups not None, const int64_t[::1] columns not None, const int64_t[::1] lo not None,
               const int64_t[::1] hi not None, const int64_t[::1] out_at not None, uint64_t[::1] out not None):
    cdef int64_t n = len(groups)
    cdef int64_t i, width, total = out.shape[0]
    cdef Group group
    if columns.shape[0] != n or lo.shape[0] != n or hi.shape[0] != n or out_at.shape[0] != n:
        raise ValueError("groups, columns, lo, hi and out_at differ in length")
    for i in range(n):
        group = groups[i]
        if columns[i] < 0 or <uint64_t> columns[i] >= group.decoder.columns.size():
            raise ValueError(f"the group has no column {columns[i]}")
        if lo[i] < 0 or hi[i] < lo[i] or <uint64_t> hi[i] > group.decoder.columns[columns[i]].length:
            raise ValueError(f"column {columns[i]} has no cells {lo[i]} to {hi[i]}")
        width = hi[i] - lo[i]
        if out_at[i] < 0 or out_at[i] > total - width:
            raise ValueError("the result does not fit")
        if group.decoder.columns[columns[i]].scale == SCALE_INT64:
            raise ValueError(f"column {columns[i]} holds the other type")
        # The GIL stays held: it keeps other threads from the scratch of groups that are shared.
        if width:
            group.decoder.decode(group.decoder.columns[columns[i]], lo[i], hi[i], &out[out_at[i]])
