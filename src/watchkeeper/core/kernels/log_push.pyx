"""Pushes of log entries, as Loki's protobuf has them: bytes to places in them, and arrays to bytes."""

from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.string cimport memcpy
from libcpp cimport bool as cbool
from libcpp.string cimport string
from libcpp.utility cimport pair
from libcpp.vector cimport vector

import numpy as np


cdef extern from "<string_view>" namespace "std" nogil:
    cdef cppclass string_view:
        string_view(const char*, size_t)


cdef extern from "log_push.hpp" namespace "log_push" nogil:
    cdef struct Span:
        int64_t at
        int64_t end

    cdef cppclass Decoded:
        vector[Span] labels
        vector[int64_t] entry_lo
        vector[int64_t] times
        vector[int64_t] line_at
        vector[int64_t] line_end
        vector[int64_t] pair_lo
        vector[int64_t] name_at
        vector[int64_t] name_end
        vector[int64_t] value_at
        vector[int64_t] value_end
        const char* error

    cdef struct Pairs:
        const int64_t* lo
        const int64_t* name_at
        const int64_t* name_end
        const int64_t* value_at
        const int64_t* value_end

    cdef struct Entries:
        const char* data
        const int64_t* times
        const int64_t* line_at
        const int64_t* line_end
        Pairs pairs

    void decode_message "log_push::decode"(string_view, Decoded&) except +
    void put_stream(string&, string_view, const Entries&, int64_t, int64_t) except +


cdef extern from "log_json.hpp" namespace "log_json" nogil:
    cdef cppclass JsonDecoded "log_json::Decoded":
        vector[vector[pair[string, string]]] labels
        vector[string] texts
        string extra
        Decoded entries
        int error
        string what

    void decode_json_body "log_json::decode"(string_view, cbool, JsonDecoded&) except +


cdef extern from "line_values.hpp" namespace "line_fields" nogil:
    cdef cppclass Values:
        string data
        vector[int64_t] offsets
        size_t size()


cdef extern from "otlp_logs.hpp" namespace "otlp_logs" nogil:
    cdef cppclass OtlpDecoded "otlp_logs::Decoded":
        Values keys
        string extra
        vector[int32_t] key
        vector[uint8_t] section
        vector[uint8_t] nested
        vector[int64_t] value_at
        vector[int64_t] value_end
        vector[int64_t] resource_lo
        vector[int64_t] resource_hi
        vector[int64_t] scope_lo
        vector[int64_t] scope_hi
        vector[int64_t] record_lo
        vector[int64_t] record_hi
        vector[int64_t] scope_resource
        vector[int64_t] record_scope
        vector[int64_t] times
        vector[int64_t] line_at
        vector[int64_t] line_end
        vector[uint8_t] line_nested
        const char* error

    void decode_otlp_message "otlp_logs::decode"(string_view, OtlpDecoded&) except +


cdef copied(vector[int64_t]& source):
    out = np.empty(source.size(), np.int64)
    cdef int64_t[::1] view
    if source.size():
        view = out
        memcpy(&view[0], source.data(), source.size() * sizeof(int64_t))
    return out


cdef tuple entries_of(Decoded& out):
    pairs = None
    if out.name_at.size():
        pairs = (
            copied(out.pair_lo),
            copied(out.name_at),
            copied(out.name_end),
            copied(out.value_at),
            copied(out.value_end),
        )
    return copied(out.entry_lo), copied(out.times), copied(out.line_at), copied(out.line_end), pairs


def decode(bytes body not None):
    cdef Decoded out
    cdef const char* start = body
    cdef size_t size = len(body)
    with nogil:
        decode_message(string_view(start, size), out)
    if out.error != NULL:
        raise ValueError((<bytes>out.error).decode())
    labels = [body[span.at : span.end] for span in out.labels]
    return labels, *entries_of(out)


# Texts of the library that Loki reads JSON with, by log_json.hpp's Error.
JSON_ERRORS = (
    "",
    "Malformed JSON error",
    "Value is string, but can't find closing '\"' symbol",
    "Value looks like object, but can't find closing '}' symbol",
    "Value is array, but can't find closing ']' symbol",
    "Value looks like Number/Boolean/None, but can't find its end: ',' or '}' symbol",
    "Value is number, but overflowed while parsing",
    "Encountered an invalid escape sequence in a string",
)


def decode_json(bytes body not None, bint legacy):
    cdef JsonDecoded out
    cdef const char* start = body
    cdef size_t size = len(body)
    with nogil:
        decode_json_body(string_view(start, size), legacy, out)
    if out.error:
        if out.error < len(JSON_ERRORS):
            raise ValueError(JSON_ERRORS[out.error])
        what = (<bytes>out.what).decode("utf-8", "replace")
        raise ValueError(f'parsing time "{what}" as "2006-01-02T15:04:05Z07:00": cannot parse "{what}"')
    if legacy:
        labels = list(out.texts)
    else:
        labels = [[(one.first, one.second) for one in pairs] for pairs in out.labels]
    return labels, *entries_of(out.entries), <bytes>out.extra


cdef copied_bytes(vector[uint8_t]& source):
    return np.frombuffer(bytearray((<const char*>source.data())[: source.size()]), np.uint8)


cdef copied_codes(vector[int32_t]& source):
    out = np.empty(source.size(), np.int32)
    cdef int32_t[::1] view
    if source.size():
        view = out
        memcpy(&view[0], source.data(), source.size() * sizeof(int32_t))
    return out


RESOURCE, SCOPE, RECORD, FIXED = range(4)


class OtlpLogs:
    """What `decode_otlp` returns; see `log_push.pyi`."""

    __slots__ = (
        "extra", "keys", "line_at", "line_end", "line_nested", "pair_key", "pair_nested", "pair_section", "record_hi",
        "record_lo", "record_scope", "resource_hi", "resource_lo", "scope_hi", "scope_lo", "scope_resource", "times_ns",
        "value_at", "value_end",
    )


def decode_otlp(bytes body not None):
    cdef OtlpDecoded out
    cdef const char* start = body
    cdef size_t size = len(body)
    with nogil:
        decode_otlp_message(string_view(start, size), out)
    if out.error != NULL:
        raise ValueError((<bytes>out.error).decode())
    made = OtlpLogs()
    cdef size_t i
    made.keys = [
        out.keys.data.data()[out.keys.offsets[i] : out.keys.offsets[i + 1]] for i in range(out.keys.size())
    ]
    made.extra = <bytes>out.extra
    made.pair_key = copied_codes(out.key)
    made.pair_section = copied_bytes(out.section)
    made.pair_nested = copied_bytes(out.nested)
    made.value_at = copied(out.value_at)
    made.value_end = copied(out.value_end)
    made.resource_lo = copied(out.resource_lo)
    made.resource_hi = copied(out.resource_hi)
    made.scope_lo = copied(out.scope_lo)
    made.scope_hi = copied(out.scope_hi)
    made.record_lo = copied(out.record_lo)
    made.record_hi = copied(out.record_hi)
    made.scope_resource = copied(out.scope_resource)
    made.record_scope = copied(out.record_scope)
    made.times_ns = copied(out.times)
    made.line_at = copied(out.line_at)
    made.line_end = copied(out.line_end)
    made.line_nested = copied_bytes(out.line_nested)
    return made


cdef const int64_t* checked_places(const int64_t[::1] at, const int64_t[::1] end, int64_t n, int64_t size) except? NULL:
    """The start of `at`, once every pair is known to be a place in `size` bytes."""
    cdef int64_t i
    if at.shape[0] != n or end.shape[0] != n:
        raise ValueError("arrays of different lengths")
    for i in range(n):
        if at[i] < 0 or end[i] < at[i] or end[i] > size:
            raise ValueError("a place outside of the data")
    return &at[0] if n else NULL


cdef int check_bounds(const int64_t[::1] lo, int64_t n, int64_t n_inner) except -1:
    """Whether `lo` parts `n_inner` things among `n`."""
    cdef int64_t i
    if lo.shape[0] != n + 1 or lo[0] != 0 or lo[n] != n_inner:
        raise ValueError("bounds do not fit the arrays")
    for i in range(n):
        if lo[i + 1] < lo[i]:
            raise ValueError("bounds must ascend")
    return 0


def encode(list labels not None, const int64_t[::1] entry_lo, const int64_t[::1] times_ns, bytes data not None,
           const int64_t[::1] line_at, const int64_t[::1] line_end, pairs=None):
    cdef int64_t n_streams = len(labels), n = times_ns.shape[0], size = len(data), i
    cdef Entries entries
    cdef const int64_t[::1] lo, name_at, name_end, value_at, value_end
    check_bounds(entry_lo, n_streams, n)
    entries.data = data
    entries.line_at = checked_places(line_at, line_end, n, size)
    entries.line_end = &line_end[0] if n else NULL
    entries.times = &times_ns[0] if n else NULL
    entries.pairs.lo = NULL
    cdef int64_t n_pairs
    if pairs is not None:
        lo, name_at, name_end, value_at, value_end = pairs
        n_pairs = name_at.shape[0]
        check_bounds(lo, n, n_pairs)
        entries.pairs.name_at = checked_places(name_at, name_end, n_pairs, size)
        entries.pairs.value_at = checked_places(value_at, value_end, n_pairs, size)
        if n_pairs:
            entries.pairs.lo = &lo[0]
            entries.pairs.name_end = &name_end[0]
            entries.pairs.value_end = &value_end[0]
    cdef string out
    cdef bytes text
    cdef const char* start
    cdef size_t text_size
    cdef int64_t first, last
    for i in range(n_streams):
        text = labels[i]
        start = text
        text_size = len(text)
        first = entry_lo[i]
        last = entry_lo[i + 1]
        with nogil:
            put_stream(out, string_view(start, text_size), entries, first, last)
    return <bytes>out
