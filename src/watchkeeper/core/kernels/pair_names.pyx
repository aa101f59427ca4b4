"""Names of name-value pairs, looked at where they stand."""

import numpy as np

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int16_t, int64_t, uint8_t
from libc.string cimport memcmp


cdef int check(const int64_t[::1] at, const int64_t[::1] end, int64_t size) except -1:
    cdef Py_ssize_t i
    if at.shape[0] != end.shape[0]:
        raise ValueError("as many ends as beginnings are needed")
    for i in range(at.shape[0]):
        if at[i] < 0 or end[i] < at[i] or end[i] > size:
            raise ValueError("a name is outside of the buffer")
    return 0


def find(bytes data not None, const int64_t[::1] name_at not None, const int64_t[::1] name_end not None, wanted):
    names = list(wanted)
    if len(names) > 32767:
        raise ValueError("too many names")
    check(name_at, name_end, PyBytes_GET_SIZE(data))
    found = np.full(name_at.shape[0], -1, np.int16)
    cdef int16_t[::1] out = found
    cdef const char* text = PyBytes_AS_STRING(data)
    cdef const char* name
    cdef int64_t size
    cdef int16_t k
    cdef Py_ssize_t i
    cdef bytes one
    # Few names are wanted, and most pairs differ in size: a pass for each is quicker than a table.
    for k in range(<int16_t> len(names)):
        one = names[k]
        name, size = PyBytes_AS_STRING(one), PyBytes_GET_SIZE(one)
        with nogil:
            for i in range(name_at.shape[0]):
                if name_end[i] - name_at[i] == size and out[i] < 0 and memcmp(text + name_at[i], name, size) == 0:
                    out[i] = k
    return found


cdef inline bint is_word(char c) noexcept nogil:
    return (97 <= c <= 122) or (65 <= c <= 90) or (48 <= c <= 57) or c == 95


def improper(bytes data not None, const int64_t[::1] name_at not None, const int64_t[::1] name_end not None):
    check(name_at, name_end, PyBytes_GET_SIZE(data))
    found = np.zeros(name_at.shape[0], np.uint8)
    cdef uint8_t[::1] out = found
    cdef const char* text = PyBytes_AS_STRING(data)
    cdef int64_t lo, hi, j
    cdef Py_ssize_t i
    with nogil:
        for i in range(name_at.shape[0]):
            lo, hi = name_at[i], name_end[i]
            if lo == hi or 48 <= text[lo] <= 57 or (text[lo] == 95 and (hi - lo == 1 or text[lo + 1] != 95)):
                out[i] = 1
                continue
            for j in range(lo, hi):
                if not is_word(text[j]):
                    out[i] = 1
                    break
    return found
