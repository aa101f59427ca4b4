"""Fields of many lines at once: what LogQL's and the agent's parser stages find in text that was never shredded."""

from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.string cimport memcpy
from libcpp cimport bool as cbool
from libcpp.memory cimport unique_ptr
from libcpp.string cimport string
from libcpp.vector cimport vector

import numpy as np

from watchkeeper.core.kernels.texts import Coded, Texts


cdef extern from "line_fields.hpp" namespace "line_fields" nogil:
    cdef cppclass Values:
        string data
        vector[int64_t] offsets
        size_t size()

    cdef cppclass Column:
        string name
        vector[int32_t] codes
        Values values
        cbool used

    cdef cppclass Columns:
        Columns(int64_t, const vector[string]*) except +
        vector[unique_ptr[Column]] all

    cdef cppclass Lines:
        const char* data
        const int64_t* offsets
        int64_t n

    cdef cppclass Step:
        Step()
        Step(string)
        Step(int64_t)

    cdef cppclass JsonPaths:
        JsonPaths(const vector[vector[Step]]&, int64_t) except +
        vector[unique_ptr[Column]] columns

    cdef cppclass Written:
        string data
        vector[int64_t] offsets

    cdef struct AddressRange:
        uint8_t low[16]
        uint8_t high[16]
        size_t size

    cdef enum CaptureKind "line_fields::CaptureProgram::Kind":
        pass

    cdef cppclass CaptureOp "line_fields::CaptureProgram::Op":
        CaptureKind kind
        uint8_t arg

    cdef cppclass CaptureProgram:
        vector[CaptureOp] ops
        const uint8_t* sets
        cbool anchored
        size_t n_groups

    cdef cppclass LevelFields:
        LevelFields(vector[string], int) except +

    void json_of "line_fields::json"(const Lines&, Columns&, uint8_t*) except +
    void logfmt_of "line_fields::logfmt"(const Lines&, Columns&, cbool, cbool, uint8_t*) except +
    void json_paths_of "line_fields::json_paths"(const Lines&, JsonPaths&, uint8_t*) except +
    void levels_of "line_fields::levels"(const Lines&, LevelFields&, uint8_t*) except +
    void levels_at_of "line_fields::levels_at"(const char*, const int64_t*, const int64_t*, int64_t, LevelFields&, uint8_t*) except +
    void code_of "line_fields::code"(const Lines&, Values&, int32_t*) except +
    void addresses_of "line_fields::addresses"(const Lines&, const AddressRange&, uint8_t*) except +
    void unpack_of "line_fields::unpack"(const Lines&, Columns&, Written&, uint8_t*) except +
    void decolorize_of "line_fields::decolorize"(const Lines&, Written&) except +
    void floats_of "line_fields::floats"(const Lines&, double*, uint8_t*)
    void sizes_of "line_fields::sizes"(const Lines&, double*, uint8_t*)
    void durations_of "line_fields::durations"(const Lines&, int64_t*, uint8_t*)
    void like_of "line_fields::like"(const Lines&, const vector[string]&, uint8_t*) except +
    void captures_of "line_fields::captures"(const Lines&, const CaptureProgram&, const vector[Column*]&, uint8_t*) except +
    void pattern_of "line_fields::pattern"(const Lines&, const vector[string]&, const vector[Column*]&) except +


# Loki's `log_level_fields` where none are set.
LEVEL_FIELDS = (
    b"level", b"LEVEL", b"Level", b"log.level", b"severity", b"SEVERITY", b"Severity", b"SeverityText",
    b"lvl", b"LVL", b"Lvl", b"severity_text", b"Severity_Text", b"SEVERITY_TEXT",
)


cdef class Given:
    """Texts whose offsets are known to be good, kept alive while a kernel works on them."""

    cdef bytes data
    cdef const int64_t[::1] offsets
    cdef Lines lines

    def __cinit__(self, texts):
        self.data = texts.data
        self.offsets = np.ascontiguousarray(texts.offsets, np.int64)
        cdef int64_t n = self.offsets.shape[0] - 1, i
        if n < 0 or self.offsets[0] < 0 or self.offsets[n] > len(self.data):
            raise ValueError("offsets do not fit the texts")
        for i in range(n):
            if self.offsets[i + 1] < self.offsets[i]:
                raise ValueError("offsets must ascend")
        self.lines.data = self.data
        self.lines.offsets = &self.offsets[0]
        self.lines.n = n


cdef texts_of(string& data, vector[int64_t]& ends):
    cdef size_t n = ends.size()
    offsets = np.empty(n, np.int64)
    cdef int64_t[::1] view = offsets
    memcpy(&view[0], ends.data(), n * sizeof(int64_t))
    return Texts(data.data()[: data.size()], offsets)


cdef coded(Column* column):
    cdef size_t n = column.codes.size()
    codes = np.empty(n, np.int32)
    cdef int32_t[::1] view
    if n:
        view = codes
        memcpy(&view[0], column.codes.data(), n * sizeof(int32_t))
    return Coded(codes, texts_of(column.values.data, column.values.offsets))


cdef dict taken(Columns* columns):
    """The columns that hold anything, by name."""
    found = {}
    cdef size_t i
    for i in range(columns.all.size()):
        if columns.all[i].get().used:
            found[columns.all[i].get().name.decode("utf-8", "replace")] = coded(columns.all[i].get())
    return found


cdef unique_ptr[Columns] open_columns(int64_t n, wanted) except *:
    cdef vector[string] names
    if wanted is None:
        return unique_ptr[Columns](new Columns(n, NULL))
    for name in wanted:
        names.push_back(name.encode("utf-8", "surrogateescape"))
    return unique_ptr[Columns](new Columns(n, &names))


cdef tuple empty_mask(int64_t n):
    """A mask to fill, and room behind it, so that it has a place even without rows."""
    room = np.zeros(n + 1, np.uint8)
    return room[:n], room


def json(lines, wanted):
    cdef Given given = Given(lines)
    mask, room = empty_mask(given.lines.n)
    cdef uint8_t[::1] out = room
    cdef unique_ptr[Columns] columns = open_columns(given.lines.n, wanted)
    with nogil:
        json_of(given.lines, columns.get()[0], &out[0])
    return taken(columns.get()), mask


def logfmt(lines, wanted, *, bint strict=False, bint keep_empty=False):
    cdef Given given = Given(lines)
    mask, room = empty_mask(given.lines.n)
    cdef uint8_t[::1] out = room
    cdef unique_ptr[Columns] columns = open_columns(given.lines.n, wanted)
    with nogil:
        logfmt_of(given.lines, columns.get()[0], strict, keep_empty, &out[0])
    return taken(columns.get()), mask


def json_paths(lines, paths):
    cdef Given given = Given(lines)
    mask, room = empty_mask(given.lines.n)
    cdef uint8_t[::1] out = room
    cdef vector[vector[Step]] steps
    cdef vector[Step] path
    for wanted in paths:
        path.clear()
        for step in wanted:
            if isinstance(step, int):
                path.push_back(Step(<int64_t>step))
            else:
                path.push_back(Step(<string>step.encode("utf-8", "surrogateescape")))
        steps.push_back(path)
    cdef unique_ptr[JsonPaths] found = unique_ptr[JsonPaths](new JsonPaths(steps, given.lines.n))
    with nogil:
        json_paths_of(given.lines, found.get()[0], &out[0])
    cdef size_t i
    return [coded(found.get().columns[i].get()) for i in range(found.get().columns.size())], mask


cdef vector[Column*] columns_of(Columns* columns, names) except *:
    """The column of each name; null for None."""
    cdef vector[Column*] found
    cdef size_t i
    for name in names:
        found.push_back(NULL)
        if name is not None:
            for i in range(columns.all.size()):
                if columns.all[i].get().name == <string>name.encode("utf-8", "surrogateescape"):
                    found[found.size() - 1] = columns.all[i].get()
    return found


def captures(lines, bint anchored, bytes kinds not None, bytes args not None, bytes sets not None, names):
    cdef Given given = Given(lines)
    cdef CaptureProgram program
    cdef size_t i, n_sets = len(sets) // 256
    cdef CaptureOp op
    if len(kinds) != len(args):
        raise ValueError("an operation needs a kind and an argument")
    for kind, arg in zip(kinds, args):
        if kind > 7 or (kind < 5 and arg >= n_sets) or (5 <= kind < 7 and arg >= len(names)):
            raise ValueError("no such operation")
        op.kind = <CaptureKind><int>kind
        op.arg = arg
        program.ops.push_back(op)
    for number in range(len(names)):
        opens = [k for k in range(len(kinds)) if kinds[k] == 5 and args[k] == number]
        closes = [k for k in range(len(kinds)) if kinds[k] == 6 and args[k] == number]
        if len(opens) != 1 or len(closes) != 1 or closes[0] < opens[0]:
            raise ValueError("a group is opened once, and closed once behind that")
    program.sets = <const uint8_t*><const char*>sets
    program.anchored = anchored
    program.n_groups = len(names)
    mask, room = empty_mask(given.lines.n)
    cdef uint8_t[::1] out = room
    cdef unique_ptr[Columns] columns = open_columns(given.lines.n, [name for name in names if name is not None])
    cdef vector[Column*] groups = columns_of(columns.get(), names)
    with nogil:
        captures_of(given.lines, program, groups, &out[0])
    return taken(columns.get()), mask


def pattern(lines, literals, names):
    cdef Given given = Given(lines)
    if len(literals) != len(names) + 1:
        raise ValueError("there must be one literal more than captures")
    if any(not literal for literal in literals[1:len(names)]):
        raise ValueError("captures must have a literal between them")
    cdef vector[string] texts = literals
    cdef unique_ptr[Columns] columns = open_columns(given.lines.n, [name for name in names if name is not None])
    cdef vector[Column*] wanted = columns_of(columns.get(), names)
    with nogil:
        pattern_of(given.lines, texts, wanted)
    return taken(columns.get())


def like(lines, parts):
    cdef Given given = Given(lines)
    if not parts or any(not part for part in parts[1 : len(parts) - 1]):
        raise ValueError("wildcards must have a text between them")
    mask, room = empty_mask(given.lines.n)
    cdef uint8_t[::1] out = room
    cdef vector[string] texts = parts
    with nogil:
        like_of(given.lines, texts, &out[0])
    return mask


def unpack(lines):
    cdef Given given = Given(lines)
    mask, room = empty_mask(given.lines.n)
    cdef uint8_t[::1] out = room
    cdef unique_ptr[Columns] columns = open_columns(given.lines.n, None)
    cdef Written written
    with nogil:
        unpack_of(given.lines, columns.get()[0], written, &out[0])
    return taken(columns.get()), texts_of(written.data, written.offsets), mask


def decolorize(lines):
    if b"\x1b" not in lines.data and b"\xc2\x9b" not in lines.data:
        return lines
    cdef Given given = Given(lines)
    cdef Written written
    with nogil:
        decolorize_of(given.lines, written)
    return texts_of(written.data, written.offsets)


def addresses(lines, bytes low not None, bytes high not None):
    cdef Given given = Given(lines)
    if len(low) != len(high) or len(low) not in (4, 16):
        raise ValueError("addresses are 4 or 16 bytes, both alike")
    mask, room = empty_mask(given.lines.n)
    cdef uint8_t[::1] out = room
    cdef AddressRange wanted
    wanted.size = len(low)
    memcpy(&wanted.low[0], <const char*>low, wanted.size)
    memcpy(&wanted.high[0], <const char*>high, wanted.size)
    with nogil:
        addresses_of(given.lines, wanted, &out[0])
    return mask


def levels(lines, fields=None, int json_depth=2):
    cdef Given given = Given(lines)
    mask, room = empty_mask(given.lines.n)
    cdef uint8_t[::1] out = room
    cdef vector[string] names = LEVEL_FIELDS if fields is None else fields
    cdef unique_ptr[LevelFields] wanted = unique_ptr[LevelFields](new LevelFields(names, json_depth))
    with nogil:
        levels_of(given.lines, wanted.get()[0], &out[0])
    return mask


def levels_at(bytes data not None, const int64_t[::1] line_at, const int64_t[::1] line_end, fields=None,
              int json_depth=2):
    cdef int64_t n = line_at.shape[0], size = len(data), i
    if line_end.shape[0] != n:
        raise ValueError("arrays of different lengths")
    for i in range(n):
        if line_at[i] < 0 or line_end[i] < line_at[i] or line_end[i] > size:
            raise ValueError("a place outside of the data")
    mask, room = empty_mask(n)
    cdef uint8_t[::1] out = room
    cdef vector[string] names = LEVEL_FIELDS if fields is None else fields
    cdef unique_ptr[LevelFields] wanted = unique_ptr[LevelFields](new LevelFields(names, json_depth))
    cdef const char* start = data
    if n:
        with nogil:
            levels_at_of(start, &line_at[0], &line_end[0], n, wanted.get()[0], &out[0])
    return mask


def code(texts):
    cdef Given given = Given(texts)
    room = np.empty(given.lines.n + 1, np.int32)
    cdef int32_t[::1] out = room
    cdef Values values
    with nogil:
        code_of(given.lines, values, &out[0])
    return Coded(room[: given.lines.n], texts_of(values.data, values.offsets))


def floats(texts):
    cdef Given given = Given(texts)
    mask, room = empty_mask(given.lines.n)
    cdef uint8_t[::1] read = room
    numbers = np.zeros(given.lines.n + 1)
    cdef double[::1] out = numbers
    with nogil:
        floats_of(given.lines, &out[0], &read[0])
    return numbers[: given.lines.n], mask


def sizes(texts):
    cdef Given given = Given(texts)
    mask, room = empty_mask(given.lines.n)
    cdef uint8_t[::1] read = room
    numbers = np.zeros(given.lines.n + 1)
    cdef double[::1] out = numbers
    with nogil:
        sizes_of(given.lines, &out[0], &read[0])
    return numbers[: given.lines.n], mask


def durations(texts):
    cdef Given given = Given(texts)
    mask, room = empty_mask(given.lines.n)
    cdef uint8_t[::1] read = room
    numbers = np.zeros(given.lines.n + 1, np.int64)
    cdef int64_t[::1] out = numbers
    with nogil:
        durations_of(given.lines, &out[0], &read[0])
    return numbers[: given.lines.n], mask
