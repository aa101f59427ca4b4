# distutils: language = c++
"""Numbers as Go's strconv prints them, and query results as JSON."""

from libc.stdint cimport int32_t, int64_t, uint8_t
from libcpp cimport bool as cbool
from libcpp.string cimport string
from libcpp.vector cimport vector
import numpy as np

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE, PyBytes_FromStringAndSize


cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(object, Py_ssize_t*) except NULL

cdef extern from "<string_view>" namespace "std" nogil:
    cdef cppclass string_view:
        string_view()
        string_view(const char*, size_t)

cdef extern from "number_text.hpp" namespace "wk" nogil:
    void put_float(string&, double)
    void put_plain(string&, double)
    void put_general(string&, double, int)
    void put_time(string&, int64_t)
    void put_quoted(string&, const char*, size_t)

    struct ResultView:
        const int32_t* codes
        int64_t n_labels
        const char* texts
        const int64_t* text_at
        const double* values
        const uint8_t* present
        const int64_t* times
        int64_t n_series
        int64_t n_steps
        cbool single

    void put_result(string&, const ResultView&, const vector[string_view]&, const vector[string_view]&)


def format_float(double x):
    cdef string out
    put_float(out, x)
    return out.decode("ascii")


def format_plain(double x):
    cdef string out
    put_plain(out, x)
    return out.decode("ascii")


def format_general(double x, int precision=-1):
    cdef string out
    if precision > 30 or precision == 0:
        raise ValueError("precision out of range")
    put_general(out, x, precision)
    return out.decode("ascii")


def format_time(int64_t time_ms):
    cdef string out
    put_time(out, time_ms)
    return out.decode("ascii")


def quoted_texts(texts):
    cdef string out
    cdef int64_t i = 1
    cdef bytes raw
    cdef const char* data
    cdef Py_ssize_t size
    text_at_array = np.zeros(len(texts) + 2, np.int64)
    cdef int64_t[::1] text_at = text_at_array
    for text in texts:
        try:
            data = PyUnicode_AsUTF8AndSize(text, &size)
        except UnicodeEncodeError:
            raw = text.encode("utf-8", "replace")
            data, size = PyBytes_AS_STRING(raw), PyBytes_GET_SIZE(raw)
        put_quoted(out, data, size)
        i += 1
        text_at[i] = out.size()
    return PyBytes_FromStringAndSize(out.data(), out.size()), text_at_array


def result_json(list names, const int32_t[:, ::1] codes, bytes texts, const int64_t[::1] text_at,
                const double[:, ::1] values, const uint8_t[:, ::1] present, const int64_t[::1] times_ms, bint single,
                dict more):
    cdef ResultView view
    cdef vector[string_view] name_views
    cdef vector[string_view] more_views
    cdef string out
    cdef int64_t i, j, n = values.shape[0], steps = values.shape[1], width = codes.shape[1]
    cdef int64_t n_texts = text_at.shape[0] - 1
    cdef bytes piece
    if (codes.shape[0] != n or present.shape[0] != n or present.shape[1] != steps or times_ms.shape[0] != steps
            or len(names) != width):
        raise ValueError("arrays differ in shape")
    if n_texts < 1 or text_at[0] != 0 or text_at[n_texts] > len(texts):
        raise ValueError("text offsets out of range")
    for i in range(n_texts):
        if text_at[i + 1] < text_at[i]:
            raise ValueError("text offsets do not ascend")
    for i in range(n):
        for j in range(width):
            if codes[i, j] < 0 or codes[i, j] >= n_texts:
                raise ValueError("code out of range")
    if n == 0:
        return b"[]"
    for piece in names:
        name_views.push_back(string_view(PyBytes_AS_STRING(piece), PyBytes_GET_SIZE(piece)))
    if more:
        more_views.resize(n)
        for i, piece in more.items():
            if i < 0 or i >= n:
                raise ValueError("row out of range")
            more_views[i] = string_view(PyBytes_AS_STRING(piece), PyBytes_GET_SIZE(piece))
    view.codes = &codes[0, 0] if width else NULL
    view.n_labels = width
    view.texts = PyBytes_AS_STRING(texts)
    view.text_at = &text_at[0]
    view.values = &values[0, 0] if steps else NULL
    view.present = &present[0, 0] if steps else NULL
    view.times = &times_ms[0] if steps else NULL
    view.n_series = n
    view.n_steps = steps
    view.single = single
    with nogil:
        put_result(out, view, name_views, more_views)
    return PyBytes_FromStringAndSize(out.data(), out.size())
