# distutils: language = c++
"""Text expositions of one target, with layout prediction. The stub (exposition.pyi) is the documentation."""

import os

import numpy as np

cimport cython
cimport numpy as cnp
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF, Py_XDECREF
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memchr, memcpy
from libcpp cimport bool as cbool
from libcpp.string cimport string
from libcpp.string_view cimport string_view
from libcpp.unordered_map cimport unordered_map
from libcpp.vector cimport vector

cnp.import_array()


cdef extern from "exposition_layout.hpp" namespace "exposition" nogil:
    const int64_t NO_TIME
    const int HISTOGRAM
    const int SUMMARY
    const int32_t HELP
    const int32_t UNIT
    const int32_t TYPE

    cdef enum class Number:
        OK

    cdef cppclass Error:
        string message
        size_t offset

    cdef cppclass Line:
        uint32_t offset
        uint32_t length
        uint32_t value
        int32_t series

    cdef cppclass Pair:
        string_view name
        string_view value

    cdef cppclass Series:
        string_view text
        string_view metric
        vector[Pair] pairs

    cdef cppclass Comment "exposition::Grammar::Comment":
        Comment()
        int32_t kind
        string_view metric
        string_view text

    cdef cppclass Grammar:
        Grammar(const char* body, size_t size, cbool open_metrics)
        Error error
        const char* skip_blanks(const char* p)
        cbool parse_series(const char* line, const char* p, Series& series)
        cbool parse_comment(const char* line, const char* p, Comment& comment)
        cbool parse_exemplar(const char* line, const char* p, vector[Pair]& pairs, double& value, int64_t& time,
                             const char*& next)

    cdef cppclass Found:
        int32_t series
        uint32_t line
        int32_t type

    cdef cppclass FoundExemplar:
        int32_t series
        uint32_t offset

    cdef cppclass Outcome:
        vector[double] values
        vector[int64_t] times
        vector[int32_t] gone
        vector[Found] created
        vector[FoundExemplar] exemplars
        size_t duplicates
        cbool comments_changed
        cbool repeated
        cbool has_times
        Error error
        void trim()

    cdef cppclass CLayout "exposition::Layout":
        CLayout(cbool open_metrics, uint64_t seed)
        cbool scan(const char* body, size_t size, Outcome& out) except +
        cbool compact(uint32_t absent_for, vector[int32_t]& renumbered) except +
        void clear()
        size_t n_series()
        size_t n_gone()
        size_t size_bytes()
        const vector[int32_t]& index()
        const vector[Line]& lines()

    Number parse_number_slow(string_view text, double& out)
    string format_open_metrics(double value)
    string unescape(string_view text, cbool quotes) except +
    size_t count_lines(const char* body, size_t offset)
    Outcome& outcome_of_thread()


TYPE_NAMES = ("unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset")


class ScanError(ValueError):
    """A body that does not parse: its text and the line."""

    def __init__(self, message, line):
        super().__init__(message)
        self.message = message
        self.line = line


cdef str as_text(string_view text):
    return PyUnicode_DecodeUTF8(text.data(), <Py_ssize_t> text.size(), "replace")


cdef str unescaped(string_view text, bint quotes):
    cdef string plain
    if text.size() == 0 or memchr(text.data(), 0x5C, text.size()) == NULL:
        return as_text(text)
    plain = unescape(text, quotes)
    return PyUnicode_DecodeUTF8(plain.data(), <Py_ssize_t> plain.size(), "replace")


cdef class Interned:
    """One str for each text that occurs among the labels of one body."""

    cdef unordered_map[string_view, PyObject*] known

    cdef str get(self, string_view text):
        cdef unordered_map[string_view, PyObject*].iterator at = self.known.find(text)
        cdef str made
        if at != self.known.end():
            return <str> <object> cython.operator.dereference(at).second
        made = unescaped(text, True)
        Py_INCREF(made)
        self.known[text] = <PyObject*> made
        return made

    def __dealloc__(self):
        for pair in self.known:
            Py_XDECREF(pair.second)


cdef str normalized(string_view text, str value):
    """A bucket's bound or a quantile as OpenMetrics writes floats, or as it is where it is not a number."""
    cdef double number = 0
    if parse_number_slow(text, number) != Number.OK:
        return value
    return format_open_metrics(number).decode()


def format_float(double value):
    return format_open_metrics(value).decode()


def parse_float(bytes text):
    cdef double number = 0
    if parse_number_slow(string_view(PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text)), number) != Number.OK:
        return None
    return number


cdef class Layout:
    cdef CLayout* layout
    cdef bytes body
    cdef bint open_metrics
    cdef object index

    def __cinit__(self, bint open_metrics=False):
        self.open_metrics = open_metrics
        self.layout = new CLayout(open_metrics, <uint64_t> int.from_bytes(os.urandom(8), "little"))
        self.body = b""

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
        self.body = b""
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
        cdef Outcome* out
        cdef cbool accepted
        with nogil:
            out = &outcome_of_thread()
            accepted = self.layout.scan(data, size, out[0])
        if not accepted:
            message = out.error.message.decode("utf-8", "replace")
            line = count_lines(data, out.error.offset)
            out.trim()
            raise ScanError(message, line)
        # Now the layout points into this body.
        self.body = body
        cdef size_t n = out.values.size()
        cdef cnp.ndarray values = np.empty(n, np.float64)
        if n:
            memcpy(cnp.PyArray_DATA(values), out.values.data(), n * 8)
        times = None
        if out.has_times:
            times = np.empty(n, np.int64)
            memcpy(cnp.PyArray_DATA(times), out.times.data(), n * 8)
        if not out.repeated:
            self.index = self.index_array()
        new = self.new_series(out) if out.created.size() else []
        exemplars = self.new_exemplars(out) if out.exemplars.size() else []
        comments = self.comments() if out.comments_changed else None
        gone = as_int32(out.gone) if out.gone.size() else None
        repeated, duplicates = out.repeated, out.duplicates
        out.trim()
        return self.index, repeated, values, times, new, gone, duplicates, exemplars, comments

    cdef object index_array(self):
        """The series numbers of the last body's samples, read-only; None where they are 0, 1, … to the last one."""
        cdef const vector[int32_t]* index = &self.layout.index()
        cdef size_t i
        cdef cbool plain = index.size() == self.layout.n_series()
        for i in range(index.size()):
            if not plain:
                break
            plain = index[0][i] == <int32_t> i
        if plain:
            return None
        array = as_int32(index[0])
        array.flags.writeable = False
        return array

    cdef list new_series(self, Outcome* out):
        cdef const char* data = PyBytes_AS_STRING(self.body)
        cdef Grammar* grammar = new Grammar(data, <size_t> PyBytes_GET_SIZE(self.body), self.open_metrics)
        cdef Series series
        cdef Interned interned = Interned()
        cdef const char* line
        cdef size_t i, j
        cdef int32_t type
        cdef list found = [], pairs
        cdef str name, value
        try:
            for i in range(out.created.size()):
                line = data + self.layout.lines()[out.created[i].line].offset
                type = out.created[i].type
                grammar.parse_series(line, grammar.skip_blanks(line), series)
                pairs = [("__name__", interned.get(series.metric))]
                for j in range(series.pairs.size()):
                    name = interned.get(series.pairs[j].name)
                    value = interned.get(series.pairs[j].value)
                    if (type == HISTOGRAM and name == "le") or (type == SUMMARY and name == "quantile"):
                        value = normalized(series.pairs[j].value, value)
                    pairs.append((name, value))
                found.append((out.created[i].series, pairs, TYPE_NAMES[type]))
        finally:
            del grammar
        return found

    cdef list new_exemplars(self, Outcome* out):
        cdef const char* data = PyBytes_AS_STRING(self.body)
        cdef Grammar* grammar = new Grammar(data, <size_t> PyBytes_GET_SIZE(self.body), self.open_metrics)
        cdef vector[Pair] pairs
        cdef double value = 0
        cdef int64_t time = 0
        cdef const char* next = NULL
        cdef const char* at
        cdef size_t i, j
        found = []
        try:
            for i in range(out.exemplars.size()):
                at = data + out.exemplars[i].offset
                pairs.clear()
                grammar.parse_exemplar(at, at, pairs, value, time, next)
                labels = [(unescaped(pairs[j].name, True), unescaped(pairs[j].value, True)) for j in range(pairs.size())]
                found.append((out.exemplars[i].series, labels, value, None if time == NO_TIME else time))
        finally:
            del grammar
        return found

    cdef list comments(self):
        cdef const char* data = PyBytes_AS_STRING(self.body)
        cdef Grammar* grammar = new Grammar(data, <size_t> PyBytes_GET_SIZE(self.body), self.open_metrics)
        cdef Comment comment
        cdef const char* line
        cdef size_t i
        found = []
        try:
            for i in range(self.layout.lines().size()):
                if self.layout.lines()[i].series > HELP:
                    continue
                line = data + self.layout.lines()[i].offset
                comment = Comment()
                grammar.parse_comment(line, grammar.skip_blanks(line), comment)
                if comment.kind == HELP:
                    found.append(("HELP", unescaped(comment.metric, True), unescaped(comment.text, self.open_metrics)))
                elif comment.kind == UNIT:
                    found.append(("UNIT", unescaped(comment.metric, True), as_text(comment.text)))
                elif comment.kind <= TYPE:
                    found.append(("TYPE", unescaped(comment.metric, True), TYPE_NAMES[TYPE - comment.kind]))
        finally:
            del grammar
        return found


cdef object as_int32(const vector[int32_t]& numbers):
    cdef cnp.ndarray array = np.empty(numbers.size(), np.int32)
    if numbers.size():
        memcpy(cnp.PyArray_DATA(array), numbers.data(), numbers.size() * 4)
    return array
