# distutils: language = c++
"""Protobuf expositions of one target. The stub (protobuf_exposition.pyi) is the documentation."""

import os

import numpy as np

cimport numpy as cnp
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memcpy
from libcpp cimport bool as cbool
from libcpp.string cimport string
from libcpp.string_view cimport string_view
from libcpp.vector cimport vector

cnp.import_array()


cdef extern from "protobuf_exposition.hpp" namespace "exposition" nogil:
    const int64_t NO_TIME

    cdef enum Part:
        WHOLE
        COUNT
        SUM
        BUCKET
        QUANTILE
        NATIVE

    cdef cppclass Pair:
        string_view name
        string_view value

    cdef cppclass Span:
        int32_t offset
        uint32_t length

    cdef cppclass Native:
        int32_t series
        int64_t time
        int64_t created
        int32_t schema
        double count, sum, zero_threshold, zero_count
        cbool is_float, is_gauge
        vector[Span] positive_spans
        vector[Span] negative_spans
        vector[double] positive
        vector[double] negative

    cdef cppclass Family:
        string_view name
        string_view help
        string_view unit
        int32_t type

    cdef cppclass ProtoExemplar:
        int32_t series
        string_view message

    cdef cppclass ProtoOutcome:
        vector[double] values
        vector[int64_t] times
        vector[int64_t] created
        vector[Native] natives
        vector[int32_t] new_series
        vector[int32_t] gone
        vector[ProtoExemplar] exemplars
        vector[Family] families
        size_t duplicates
        cbool has_times, has_created, families_changed, repeated
        string error

    cdef cppclass Key:
        string_view name
        string_view labels
        Part part
        double bound

    cdef cppclass CLayout "exposition::ProtoLayout":
        CLayout(uint64_t seed, cbool native_histograms, cbool always_classic)
        cbool scan(const char* body, size_t size, ProtoOutcome& out) except +
        cbool compact(uint32_t absent_for, vector[int32_t]& renumbered) except +
        void clear()
        size_t n_series()
        size_t n_gone()
        size_t size_bytes()
        string_view key(size_t number)
        const vector[int32_t]& index()

    cdef cppclass ExemplarMessage:
        double value
        int64_t time

    Key split_key(string_view text)
    cbool read_labels(string_view labels, vector[Pair]& pairs, const char*& error)
    ExemplarMessage read_exemplar(string_view message)
    string format_open_metrics(double value)
    ProtoOutcome& proto_outcome_of_thread()


TYPE_NAMES = ("counter", "gauge", "summary", "unknown", "histogram", "gaugehistogram")
SUFFIXES = ("", "_count", "_sum", "_bucket", "", "")


class ScanError(ValueError):
    """A body that does not parse."""


cdef str as_text(string_view text):
    return PyUnicode_DecodeUTF8(text.data(), <Py_ssize_t> text.size(), "replace")


cdef object as_int32(const vector[int32_t]& numbers):
    cdef cnp.ndarray array = np.empty(numbers.size(), np.int32)
    if numbers.size():
        memcpy(cnp.PyArray_DATA(array), numbers.data(), numbers.size() * 4)
    return array


cdef object as_int64(const vector[int64_t]& numbers):
    cdef cnp.ndarray array = np.empty(numbers.size(), np.int64)
    if numbers.size():
        memcpy(cnp.PyArray_DATA(array), numbers.data(), numbers.size() * 8)
    return array


cdef tuple spans_of(const vector[Span]& spans):
    return tuple([(spans[i].offset, spans[i].length) for i in range(spans.size())])


cdef tuple floats_of(const vector[double]& numbers):
    return tuple([numbers[i] for i in range(numbers.size())])


cdef class Layout:
    cdef CLayout* layout
    cdef object index

    def __cinit__(self, bint native_histograms=True, bint always_classic=False):
        cdef uint64_t seed = int.from_bytes(os.urandom(8), "little")
        self.layout = new CLayout(seed, native_histograms, always_classic)

    def __dealloc__(self):
        del self.layout

    @property
    def n_series(self):
        return self.layout.n_series()

    @property
    def n_gone(self):
        return self.layout.n_gone()

    @property
    def size_bytes(self):
        return self.layout.size_bytes() + (0 if self.index is None else self.index.nbytes)

    def clear(self):
        self.layout.clear()
        self.index = None

    def compact(self, uint32_t absent_for=0):
        cdef vector[int32_t] renumbered
        if not self.layout.compact(absent_for, renumbered):
            return None
        self.index = None
        return as_int32(renumbered)

    def scan(self, bytes body not None):
        cdef const char* data = PyBytes_AS_STRING(body)
        cdef size_t size = <size_t> PyBytes_GET_SIZE(body)
        cdef ProtoOutcome* out
        cdef cbool accepted
        with nogil:
            out = &proto_outcome_of_thread()
            accepted = self.layout.scan(data, size, out[0])
        if not accepted:
            raise ScanError(out.error.decode("utf-8", "replace"))
        cdef size_t n = out.values.size()
        cdef size_t i
        cdef cnp.ndarray values = np.empty(n, np.float64)
        if n:
            memcpy(cnp.PyArray_DATA(values), out.values.data(), n * 8)
        if not out.repeated:
            self.index = as_int32(self.layout.index())
            self.index.flags.writeable = False
        # A native histogram has a number too, so that all numbers may be here and yet not all among the floats.
        index = self.index
        if n == self.layout.n_series() and (n == 0 or bool((index == np.arange(n, dtype=np.int32)).all())):
            index = None
        families = None
        if out.families_changed:
            families = [
                (as_text(out.families[i].name), TYPE_NAMES[out.families[i].type], as_text(out.families[i].help),
                 as_text(out.families[i].unit))
                for i in range(out.families.size())
            ]
        return (
            index,
            out.repeated,
            values,
            as_int64(out.times) if out.has_times else None,
            as_int64(out.created) if out.has_created else None,
            [(out.new_series[i], self.labels(out.new_series[i])) for i in range(out.new_series.size())],
            as_int32(out.gone) if out.gone.size() else None,
            out.duplicates,
            self.exemplars(out) if out.exemplars.size() else [],
            families,
            [self.native(out.natives[i]) for i in range(out.natives.size())],
        )

    cdef list labels(self, int32_t number):
        cdef Key key = split_key(self.layout.key(number))
        cdef vector[Pair] pairs
        cdef const char* error = NULL
        cdef size_t i
        read_labels(key.labels, pairs, error)
        found = [("__name__", as_text(key.name) + SUFFIXES[<int> key.part])]
        for i in range(pairs.size()):
            found.append((as_text(pairs[i].name), as_text(pairs[i].value)))
        if key.part == BUCKET:
            found.append(("le", format_open_metrics(key.bound).decode()))
        elif key.part == QUANTILE:
            found.append(("quantile", format_open_metrics(key.bound).decode()))
        return found

    cdef list exemplars(self, ProtoOutcome* out):
        cdef vector[Pair] pairs
        cdef const char* error = NULL
        cdef ExemplarMessage exemplar
        cdef size_t i, j
        found = []
        for i in range(out.exemplars.size()):
            exemplar = read_exemplar(out.exemplars[i].message)
            if exemplar.time == NO_TIME and split_key(self.layout.key(out.exemplars[i].series)).part == NATIVE:
                continue
            read_labels(out.exemplars[i].message, pairs, error)
            labels = [(as_text(pairs[j].name), as_text(pairs[j].value)) for j in range(pairs.size())]
            time = None if exemplar.time == NO_TIME else exemplar.time
            found.append((out.exemplars[i].series, labels, exemplar.value, time))
        return found

    cdef tuple native(self, const Native& native):
        return (
            native.series,
            None if native.time == NO_TIME else native.time,
            native.created,
            native.schema,
            native.count,
            native.sum,
            native.zero_threshold,
            native.zero_count,
            spans_of(native.positive_spans),
            floats_of(native.positive),
            spans_of(native.negative_spans),
            floats_of(native.negative),
            native.is_gauge,
            native.is_float,
        )
