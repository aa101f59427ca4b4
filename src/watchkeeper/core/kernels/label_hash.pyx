"""64-bit hashes of label sets; the arithmetic is in label_hash.hpp."""

import numpy as np

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int32_t, int64_t, uint64_t


cdef extern from "label_hash.hpp" namespace "label_hash" nogil:
    const uint64_t EMPTY
    uint64_t of_text(const unsigned char* text, size_t size)
    uint64_t with_pair(uint64_t hash, uint64_t name, uint64_t value)
    uint64_t of_canonical(const unsigned char* data, size_t size)


def hash_texts(list texts not None):
    hashes = np.empty(len(texts), np.uint64)
    cdef uint64_t[::1] out = hashes
    cdef Py_ssize_t i
    cdef bytes raw
    for i in range(len(texts)):
        raw = (<str?> texts[i]).encode("utf-8", "surrogatepass")
        out[i] = of_text(<const unsigned char*> PyBytes_AS_STRING(raw), PyBytes_GET_SIZE(raw))
    return hashes


def hash_canonical(const unsigned char[::1] buffer not None, const int64_t[::1] offsets not None):
    cdef int64_t i, n = offsets.shape[0] - 1, total = buffer.shape[0]
    cdef const unsigned char* data = &buffer[0] if total else NULL
    for i in range(n):
        if offsets[i] < 0 or offsets[i + 1] < offsets[i] or offsets[i + 1] > total:
            raise ValueError(f"offsets of set {i} are outside of the buffer")
    hashes = np.empty(max(n, 0), np.uint64)
    cdef uint64_t[::1] out = hashes
    with nogil:
        for i in range(n):
            out[i] = of_canonical(data + offsets[i], offsets[i + 1] - offsets[i])
    return hashes


def hash_codes(const int32_t[:, ::1] codes not None, const uint64_t[::1] names not None,
               const uint64_t[::1] values not None):
    cdef Py_ssize_t i, j, n = codes.shape[0], m = codes.shape[1]
    cdef Py_ssize_t n_values = values.shape[0]
    cdef int32_t code
    cdef uint64_t hash
    cdef bint good = True
    if names.shape[0] != m:
        raise ValueError("a column needs a name")
    hashes = np.empty(n, np.uint64)
    cdef uint64_t[::1] out = hashes
    with nogil:
        for i in range(n):
            hash = EMPTY
            for j in range(m):
                code = codes[i, j]
                if code == 0:
                    continue
                if code < 0 or code >= n_values:
                    good = False
                    break
                hash = with_pair(hash, names[j], values[code])
            out[i] = hash
    if not good:
        raise ValueError("a code has no value")
    return hashes


def fnv1a_pairs(tuple pairs not None):
    cdef uint64_t hash = 14695981039346656037u
    cdef Py_ssize_t size, i
    cdef const char* text
    cdef tuple pair
    cdef bytes raw
    for pair in pairs:
        for part in pair:
            raw = (<str?> part).encode("utf-8", "surrogatepass")
            text = PyBytes_AS_STRING(raw)
            size = PyBytes_GET_SIZE(raw)
            for i in range(size):
                hash = (hash ^ <unsigned char> text[i]) * 1099511628211u
            hash = (hash ^ 0xFF) * 1099511628211u
    return hash
