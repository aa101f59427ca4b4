# distutils: language = c++
"""Series, symbols and postings of a head in flat arrays; see series_table.hpp."""

from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy
from libcpp.string cimport string
from libcpp.vector cimport vector

import numpy as np


cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(object text, Py_ssize_t* size) except NULL

cdef extern from "<string_view>" namespace "std" nogil:
    cdef cppclass string_view:
        string_view()
        string_view(const char*, size_t)
        const char* data()
        size_t size()

cdef extern from "series_table.hpp" namespace "watchkeeper" nogil:
    cdef cppclass CPostings "watchkeeper::Postings":
        size_t size()
        const uint32_t* sorted()

    cdef cppclass CPair "watchkeeper::Pair":
        uint32_t name
        uint32_t value
        CPostings postings

    cdef cppclass CUndo "watchkeeper::SeriesTable::Undo":
        uint32_t ref
        int64_t time
        double value

    cdef cppclass CTable "watchkeeper::SeriesTable":
        CTable() except +
        void reset()
        size_t n_slots()
        size_t n_live()
        size_t n_symbols()
        size_t n_pairs()
        size_t symbol_bytes()
        size_t memory()
        int64_t find(string_view)
        int64_t plan(const char*, const int64_t*, size_t, uint32_t*, string&) except +
        int64_t apply(const char*, size_t) except +
        string_view symbol(uint32_t)
        int64_t find_pair(string_view, string_view)
        const vector[uint32_t]* pairs_of(string_view)
        void all_names(vector[uint32_t]&) except +
        CPair& pair_at "pair"(uint32_t)
        bint is_live(uint32_t)
        void all(vector[uint32_t]&) except +
        void unite(const uint32_t*, size_t, vector[uint32_t]&) except +
        void names_of(const uint32_t*, size_t, vector[uint32_t]&) except +
        void codes_of(const uint32_t*, size_t, const vector[uint32_t]&, int32_t*, vector[uint32_t]&) except +
        int64_t* last_time()
        double* last_value()
        int64_t admit_row(const uint32_t*, double*, size_t, int64_t, int64_t&)
        void commit_row(const uint32_t*, const double*, size_t, int64_t)
        void admit_samples(const uint32_t*, const int64_t*, const double*, size_t, int64_t, int64_t, bint,
                           uint8_t*, uint8_t*, vector[CUndo]&) except +
        void restore(const vector[CUndo]&)
        size_t keep_only(const uint8_t*, size_t) except +
        void release_slots() except +
        void free_unused() except +
        void dump(string&) except +
        int64_t load(const char*, size_t) except +

    void c_intersect "watchkeeper::intersect"(const uint32_t*, size_t, const uint32_t*, size_t, vector[uint32_t]&) except +
    void c_subtract "watchkeeper::subtract"(const uint32_t*, size_t, const uint32_t*, size_t, vector[uint32_t]&) except +


cdef int64_t NO_TIME = np.iinfo(np.int64).min


cdef object _text(string_view view):
    return PyUnicode_DecodeUTF8(view.data(), view.size(), "replace")


cdef object _array(vector[uint32_t]& numbers):
    out = np.empty(numbers.size(), np.uint32)
    cdef uint32_t[::1] view = out
    if numbers.size():
        memcpy(&view[0], numbers.data(), numbers.size() * 4)
    return out


cdef string_view _view(object text) except *:
    cdef Py_ssize_t size = 0
    cdef const char* data = PyUnicode_AsUTF8AndSize(text, &size)
    return string_view(data, size)


cdef int _canonical(object labels, string& out) except -1:
    cdef Py_ssize_t size = 0
    cdef const char* data
    for name, value in labels.pairs:
        data = PyUnicode_AsUTF8AndSize(name, &size)
        out.append(data, size)
        out.push_back(<char>0xff)
        data = PyUnicode_AsUTF8AndSize(value, &size)
        out.append(data, size)
        out.push_back(<char>0xff)
    return 0


cdef class Undo:
    cdef vector[CUndo] changes


cdef class SeriesTable:
    cdef CTable* table

    def __cinit__(self):
        self.table = new CTable()

    def __dealloc__(self):
        del self.table

    @property
    def n_slots(self):
        return self.table.n_slots()

    @property
    def n_series(self):
        return self.table.n_live()

    @property
    def n_pairs(self):
        return self.table.n_pairs()

    @property
    def symbol_bytes(self):
        return self.table.symbol_bytes()

    @property
    def memory_bytes(self):
        return self.table.memory()

    def plan(self, label_sets):
        cdef string packed
        cdef vector[int64_t] offsets
        offsets.push_back(0)
        for labels in label_sets:
            _canonical(labels, packed)
            offsets.push_back(packed.size())
        return self._plan(packed.data(), offsets)

    def plan_packed(self, const uint8_t[::1] buffer, const int64_t[::1] offsets):
        cdef vector[int64_t] checked
        cdef int64_t last = 0
        cdef Py_ssize_t i
        for i in range(offsets.shape[0]):
            if offsets[i] < last or offsets[i] > buffer.shape[0]:
                raise ValueError("offsets leave the packed label sets")
            last = offsets[i]
            checked.push_back(last)
        if checked.empty():
            checked.push_back(0)
        return self._plan(<const char*>&buffer[0] if buffer.shape[0] else NULL, checked)

    cdef object _plan(self, const char* packed, vector[int64_t]& offsets):
        cdef string record
        cdef uint32_t[::1] view
        cdef size_t n = offsets.size() - 1
        refs = np.empty(n, np.uint32)
        if not n:
            return refs, b""
        view = refs
        if self.table.plan(packed, offsets.data(), n, &view[0], record) < 0:
            raise ValueError("label sets are not in canonical bytes")
        return refs, PyBytes_FromStringAndSize(record.data(), record.size())

    def apply(self, const uint8_t[::1] record):
        if not record.shape[0]:
            return 0
        cdef int64_t added = self.table.apply(<const char*>&record[0], record.shape[0])
        if added < 0:
            raise ValueError("not a record of series definitions")
        return added

    def find(self, labels):
        cdef string packed
        _canonical(labels, packed)
        return self.table.find(string_view(packed.data(), packed.size()))

    def all(self):
        cdef vector[uint32_t] out
        self.table.all(out)
        return _array(out)

    def values(self, name):
        cdef const vector[uint32_t]* pairs = self.table.pairs_of(_view(name))
        cdef vector[uint32_t] ids
        if pairs != NULL:
            ids = pairs[0]
        return [_text(self.table.symbol(self.table.pair_at(number).value)) for number in ids], _array(ids)

    def find_pairs(self, name, values):
        cdef vector[uint32_t] ids
        cdef int64_t number
        cdef string_view name_view = _view(name)
        for value in values:
            number = self.table.find_pair(name_view, _view(value))
            if number >= 0:
                ids.push_back(<uint32_t>number)
        return _array(ids)

    def unite(self, const uint32_t[::1] pairs):
        cdef vector[uint32_t] out
        cdef Py_ssize_t i
        for i in range(pairs.shape[0]):
            if pairs[i] >= self.table.n_pairs():
                raise IndexError("no such pair")
        if pairs.shape[0]:
            self.table.unite(&pairs[0], pairs.shape[0], out)
        return _array(out)

    def label_sets(self, const uint32_t[::1] refs):
        cdef vector[uint32_t] names, used
        cdef int32_t[:, ::1] codes
        cdef Py_ssize_t n = refs.shape[0]
        if n:
            self.table.names_of(&refs[0], n, names)
        out = np.zeros((n, names.size()), np.int32)
        codes = out
        if n and names.size():
            self.table.codes_of(&refs[0], n, names, &codes[0, 0], used)
        strings = [_text(self.table.symbol(number)) for number in used] if used.size() else [""]
        return tuple([_text(self.table.symbol(number)) for number in names]), out, strings

    def label_names(self, refs=None):
        cdef vector[uint32_t] names
        cdef const uint32_t[::1] view
        if refs is None:
            self.table.all_names(names)
            return sorted([_text(self.table.symbol(number)) for number in names])
        view = refs
        if view.shape[0]:
            self.table.names_of(&view[0], view.shape[0], names)
        return [_text(self.table.symbol(number)) for number in names]

    def label_values(self, name, refs=None):
        cdef vector[uint32_t] names, used
        cdef const uint32_t[::1] view
        cdef int32_t[::1] codes
        if refs is None:
            return sorted(self.values(name)[0])
        view = refs
        cdef vector[uint32_t] found
        if not view.shape[0]:
            return []
        self.table.names_of(&view[0], view.shape[0], found)
        for number in found:
            if _text(self.table.symbol(number)) == name:
                names.push_back(number)
        if not names.size():
            return []
        codes = np.empty(view.shape[0], np.int32)
        self.table.codes_of(&view[0], view.shape[0], names, &codes[0], used)
        return sorted([_text(self.table.symbol(used[k])) for k in range(1, used.size())])

    def admit_row(self, const uint32_t[::1] refs, double[::1] row, int64_t time_ms):
        cdef int64_t refused = 0, kept
        cdef Py_ssize_t n = row.shape[0]
        if refs.shape[0] < n:
            raise ValueError("fewer refs than cells")
        if not n:
            return 0, 0
        kept = self.table.admit_row(&refs[0], &row[0], n, time_ms, refused)
        return kept, refused

    def commit_row(self, const uint32_t[::1] refs, const double[::1] row, int64_t time_ms):
        cdef Py_ssize_t n = row.shape[0]
        if refs.shape[0] < n:
            raise ValueError("fewer refs than cells")
        if n:
            self.table.commit_row(&refs[0], &row[0], n, time_ms)

    def commit_samples(self, const uint32_t[::1] refs, const int64_t[::1] times, const double[::1] values):
        cdef Py_ssize_t i, n = refs.shape[0]
        cdef size_t slots = self.table.n_slots()
        cdef int64_t* last = self.table.last_time()
        cdef double* value = self.table.last_value()
        if times.shape[0] != n or values.shape[0] != n:
            raise ValueError("columns of different length")
        for i in range(n):
            if refs[i] < slots and times[i] > last[refs[i]]:
                last[refs[i]] = times[i]
                value[refs[i]] = values[i]

    def admit_samples(self, const uint32_t[::1] refs, const int64_t[::1] times, const double[::1] values,
                      int64_t min_valid_ms, int64_t ooo_min_ms, bint ooo):
        cdef Py_ssize_t n = refs.shape[0]
        cdef Undo undo = Undo()
        cdef uint8_t[::1] status_view, kind_view
        if times.shape[0] != n or values.shape[0] != n:
            raise ValueError("columns of different length")
        status = np.zeros(n, np.uint8)
        kind = np.zeros(n, np.uint8)
        if n:
            status_view = status
            kind_view = kind
            self.table.admit_samples(&refs[0], &times[0], &values[0], n, min_valid_ms, ooo_min_ms, ooo,
                                     &status_view[0], &kind_view[0], undo.changes)
        return status, kind, undo

    def restore(self, Undo undo):
        self.table.restore(undo.changes)

    def last_times(self, const uint32_t[::1] refs):
        cdef Py_ssize_t i
        cdef size_t slots = self.table.n_slots()
        cdef const int64_t* last = self.table.last_time()
        out = np.empty(refs.shape[0], np.int64)
        cdef int64_t[::1] view = out
        for i in range(refs.shape[0]):
            view[i] = last[refs[i]] if refs[i] < slots else NO_TIME
        return out

    def newest(self, const uint32_t[::1] refs):
        cdef Py_ssize_t i
        cdef size_t slots = self.table.n_slots()
        cdef const int64_t* last = self.table.last_time()
        cdef const double* value = self.table.last_value()
        times, values = np.full(refs.shape[0], NO_TIME, np.int64), np.zeros(refs.shape[0], np.float64)
        cdef int64_t[::1] times_view = times
        cdef double[::1] values_view = values
        for i in range(refs.shape[0]):
            if refs[i] < slots:
                times_view[i] = last[refs[i]]
                values_view[i] = value[refs[i]]
        return times, values

    def last(self, uint32_t ref):
        if ref >= self.table.n_slots():
            raise IndexError("no such series")
        return self.table.last_time()[ref], self.table.last_value()[ref]

    def keep_only(self, const uint8_t[::1] flags):
        return self.table.keep_only(&flags[0] if flags.shape[0] else NULL, flags.shape[0])

    def release_slots(self):
        self.table.release_slots()

    def free_unused(self):
        self.table.free_unused()

    def dump(self):
        cdef string out
        self.table.dump(out)
        return PyBytes_FromStringAndSize(out.data(), out.size())

    def load(self, const uint8_t[::1] data):
        cdef int64_t n = self.table.load(<const char*>&data[0], data.shape[0]) if data.shape[0] else -1
        if n < 0:
            self.table.reset()
            raise ValueError("not a dump of a series table")
        return n

    def reset(self):
        self.table.reset()

    def cardinality(self):
        """By label name: (name, distinct values, bytes of values over all series, [(value, series)])."""
        out = []
        cdef vector[uint32_t] names, numbers
        cdef uint32_t name_id, number
        cdef string_view name, value
        cdef uint64_t size
        self.table.all_names(names)
        for name_id in names:
            counts = []
            size = 0
            name = self.table.symbol(name_id)
            numbers = self.table.pairs_of(name)[0]
            for number in numbers:
                value = self.table.symbol(self.table.pair_at(number).value)
                counts.append((self.table.pair_at(number).postings.size(), number))
                size += value.size() * self.table.pair_at(number).postings.size()
            out.append((_text(name), len(counts), size, counts))
        return out

    def pair_value(self, uint32_t number):
        if number >= self.table.n_pairs():
            raise IndexError("no such pair")
        return _text(self.table.symbol(self.table.pair_at(number).value))


def intersect(const uint32_t[::1] a, const uint32_t[::1] b):
    cdef vector[uint32_t] out
    if a.shape[0] and b.shape[0]:
        c_intersect(&a[0], a.shape[0], &b[0], b.shape[0], out)
    return _array(out)


def subtract(const uint32_t[::1] a, const uint32_t[::1] b):
    cdef vector[uint32_t] out
    if not b.shape[0]:
        return np.array(a, np.uint32)
    if a.shape[0]:
        c_subtract(&a[0], a.shape[0], &b[0], b.shape[0], out)
    return _array(out)
