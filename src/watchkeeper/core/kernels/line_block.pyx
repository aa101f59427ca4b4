# distutils: language = c++
"""Blocks of shredded lines; see line_block.hpp for open ones and line_sealed.hpp for sealed ones."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libcpp cimport bool as cbool
from libcpp.memory cimport unique_ptr
from libcpp.string cimport string
from libcpp.vector cimport vector

import threading

import numpy as np
import zstandard

from watchkeeper.core.kernels.line_regex cimport Automaton, CAutomaton
from watchkeeper.core.kernels.texts import Coded, Texts


cdef extern from "<mutex>" namespace "std" nogil:
    cdef cppclass mutex:
        pass
    cdef cppclass unique_lock "std::unique_lock<std::mutex>":
        unique_lock()
        unique_lock(mutex&)
        void unlock()

cdef extern from "<string_view>" namespace "std" nogil:
    cdef cppclass string_view:
        const char* data()
        size_t size()

cdef extern from "line_automaton.hpp" namespace "line_regex" nogil:
    cdef cppclass Runner:
        pass
    cdef cppclass Borrowed:
        Borrowed(CAutomaton&) except +
        Runner& get "operator*"()

cdef extern from "line_readers.hpp" namespace "line_block" nogil:
    const uint32_t NONE "line_block::kNone"
    const size_t HEADER_BYTES "line_block::kHeaderBytes"
    size_t N_LEVELS "line_block::kNLevels"
    const char* LEVEL_NAMES "line_block::kLevels"[]

    cdef cppclass Span:
        const char* at
        size_t size
    cdef cppclass Times "line_block::Array<int64_t>":
        const int64_t* data()
    cdef cppclass Numbers "line_block::Array<uint32_t>":
        uint32_t& operator[](size_t)
        cbool empty()
    cdef cppclass Part:
        Span text
        uint32_t column
    cdef cppclass CColumn "line_block::Column":
        uint32_t n
    cdef cppclass CGroup "line_block::Group":
        uint8_t kind
    cdef cppclass CSkeleton "line_block::Skeleton":
        uint32_t group
        uint32_t n_rows
        vector[Part] parts
        vector[uint32_t] slots
    cdef cppclass CShape "line_block::Shape":
        vector[string] names
        vector[uint32_t] columns
    cdef cppclass Slot:
        uint32_t skeleton
        uint32_t column
        cbool of_group

    cdef cppclass CBlock "line_block::Block":
        CBlock() except +
        mutex mutex
        Times times
        Numbers skeleton_of
        Numbers in_group
        Numbers in_skeleton
        vector[unique_ptr[CGroup]] groups
        vector[unique_ptr[CSkeleton]] skeletons
        vector[CShape] shapes
        vector[unique_ptr[CColumn]] columns
        vector[Slot] slots
        uint64_t raw_bytes
        uint32_t n_rows
        uint32_t shape_at(size_t)
        uint32_t in_shape_at(size_t)
        size_t size_bytes()

    cdef cppclass Batch:
        const char* data
        const int64_t* line_at
        const int64_t* line_end
        const int64_t* times
        const int64_t* pair_lo
        const int64_t* name_at
        const int64_t* name_end
        const int64_t* value_at
        const int64_t* value_end
        const uint8_t* levels
        size_t n
    size_t c_append "line_block::append"(CBlock&, const Batch&, cbool) except +

    cdef cppclass Header:
        uint32_t n_rows
        uint64_t raw_bytes
        int64_t first_time
        int64_t last_time
        uint32_t structure_bytes
        uint32_t structure_raw
        uint64_t size
        string save() except +
    cdef cppclass Draft:
        Header header
        string structure
        vector[string] packs
        string filter
    void c_draft "line_block::draft"(const CBlock&, Draft&) except +
    string c_pack_sizes "line_block::pack_sizes"(const Draft&, const vector[uint64_t]&) except +
    void c_join "line_block::join"(CBlock&, const CBlock&) except +

    cdef cppclass Pack "line_block::Sealed::Pack":
        uint64_t at
        uint64_t size
        uint64_t raw
    cdef cppclass Sealed:
        Sealed(const char*, size_t) except +
        Header header
        CBlock block
        cbool has_structure()
        void load_structure(const char*, size_t) except +
        const Pack& pack(size_t)
        cbool is_loaded(size_t)
        cbool has_rows()
        void missing(uint32_t, vector[uint32_t]&) except +
        void missing_rows(vector[uint32_t]&) except +
        void load_pack(uint32_t, const char*, size_t) except +
        size_t size_bytes()

    cbool are_rows(const CBlock&, const int32_t*, size_t)
    void c_lines "line_block::lines"(const CBlock&, const int32_t*, size_t, string&, int64_t*) except +
    void c_line_lengths "line_block::line_lengths"(const CBlock&, const int32_t*, size_t, int64_t*) except +
    void missing_for_lines(const Sealed&, const int32_t*, size_t, vector[uint32_t]&) except +
    void missing_for_all(const Sealed&, vector[uint32_t]&) except +

    cdef cppclass Pending:
        pass
    cbool c_search "line_block::search"(const CBlock&, const Sealed*, Runner&, const int32_t*, size_t, uint8_t*,
                                        Pending&, vector[uint32_t]&) except +

    cdef cppclass Answer:
        string text
        vector[int64_t] ends
    cbool are_numbers(const CColumn&)
    cbool c_slot_rows "line_block::slot_rows"(const CBlock&, uint32_t, const int32_t*, size_t, uint32_t*)
    cbool c_shape_rows "line_block::shape_rows"(const CBlock&, uint32_t, const int32_t*, size_t, uint32_t*)
    void c_coded "line_block::coded_at"(const CColumn&, const uint32_t*, size_t, int32_t*, Answer&) except +
    void c_numbers "line_block::numbers_at"(const CColumn&, const uint32_t*, size_t, double*) except +

    void c_tokens "line_block::tokens"(const char*, size_t, vector[uint64_t]&) except +
    cbool may_hold(const char*, size_t, uint64_t)


PLAIN, JSON, LOGFMT, WHOLE = 0, 1, 2, 3
LEVELS = tuple([(<bytes>LEVEL_NAMES[i]).decode() for i in range(N_LEVELS)])

cdef object _local = threading.local()


cdef object _compressor(int level):
    # Contexts are large and not for two threads at a time.
    kept = getattr(_local, "compressors", None)
    if kept is None:
        kept = _local.compressors = {}
    if level not in kept:
        kept[level] = zstandard.ZstdCompressor(level=level, write_checksum=True, write_content_size=True)
    return kept[level]


cdef object _decompress(const uint8_t[::1] data, uint64_t at, uint64_t size, uint64_t raw):
    """A frame whose content has this size; ValueError where it is another or damaged."""
    kept = getattr(_local, "decompressor", None)
    if kept is None:
        kept = _local.decompressor = zstandard.ZstdDecompressor()
    frame = memoryview(data)[at:at + size]
    try:
        if zstandard.frame_content_size(frame) != raw:
            raise ValueError("not a block of log lines, or a damaged one: a part has another size than it should")
        return kept.decompress(frame, max_output_size=raw, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise ValueError(f"not a block of log lines, or a damaged one: {error}") from None


cdef object _bytes(const string& text):
    return PyBytes_FromStringAndSize(text.data(), text.size())


cdef object _texts(const Answer& answer):
    offsets = np.zeros(answer.ends.size() + 1, np.int64)
    cdef int64_t[::1] view = offsets
    cdef size_t i
    for i in range(answer.ends.size()):
        view[i + 1] = answer.ends[i]
    return Texts(_bytes(answer.text), offsets)


class Metadata:
    __slots__ = ("name_at", "name_end", "pair_lo", "value_at", "value_end")

    def __init__(self, pair_lo, name_at, name_end, value_at, value_end):
        self.pair_lo = pair_lo
        self.name_at = name_at
        self.name_end = name_end
        self.value_at = value_at
        self.value_end = value_end


class Skeleton:
    __slots__ = ("kind", "n_rows", "parts")

    def __init__(self, kind, parts, n_rows):
        self.kind = kind
        self.parts = parts
        self.n_rows = n_rows

    def __repr__(self):
        return f"Skeleton({self.kind}, {self.parts}, {self.n_rows})"


cdef int _check_places(const int64_t[::1] lo, const int64_t[::1] hi, int64_t size, Py_ssize_t n) except -1:
    cdef Py_ssize_t i
    if lo.shape[0] != n or hi.shape[0] != n:
        raise ValueError("arrays differ in length")
    for i in range(n):
        if lo[i] < 0 or hi[i] < lo[i] or hi[i] > size:
            raise ValueError("a place lies outside of the data")
    return 0


cdef class Block:
    cdef CBlock* block  # of `sealed`, if there is one
    cdef Sealed* sealed
    cdef const uint8_t[::1] data  # keeps the bytes of a sealed block

    def __cinit__(self):
        self.block = NULL
        self.sealed = NULL

    def __init__(self):
        if self.block == NULL:
            self.block = new CBlock()

    def __dealloc__(self):
        if self.sealed != NULL:
            del self.sealed
        elif self.block != NULL:
            del self.block

    # --- writing

    def append(self, bytes data not None, const int64_t[::1] line_at not None, const int64_t[::1] line_end not None,
               const int64_t[::1] times_ns not None, metadata=None, const uint8_t[::1] levels=None, bint dedupe=True):
        cdef Batch batch
        cdef Py_ssize_t i, n = times_ns.shape[0]
        cdef int64_t size = len(data)
        cdef const int64_t[::1] pair_lo, name_at, name_end, value_at, value_end
        cdef unique_lock lock
        cdef size_t added
        if self.sealed != NULL:
            raise ValueError("a sealed block takes no rows")
        _check_places(line_at, line_end, size, n)
        batch.data = PyBytes_AS_STRING(data)
        batch.n = n
        batch.pair_lo = batch.name_at = batch.name_end = batch.value_at = batch.value_end = NULL
        batch.levels = NULL
        if not n:
            return 0
        batch.line_at, batch.line_end, batch.times = &line_at[0], &line_end[0], &times_ns[0]
        if metadata is not None:
            pair_lo, name_at, name_end = metadata.pair_lo, metadata.name_at, metadata.name_end
            value_at, value_end = metadata.value_at, metadata.value_end
            _check_places(name_at, name_end, size, name_at.shape[0])
            _check_places(value_at, value_end, size, name_at.shape[0])
            if pair_lo.shape[0] != n + 1:
                raise ValueError("arrays differ in length")
            for i in range(n):
                if pair_lo[i] < 0 or pair_lo[i + 1] < pair_lo[i] or pair_lo[i + 1] > name_at.shape[0]:
                    raise ValueError("pairs lie outside of the metadata")
            if name_at.shape[0]:
                batch.pair_lo, batch.name_at, batch.name_end = &pair_lo[0], &name_at[0], &name_end[0]
                batch.value_at, batch.value_end = &value_at[0], &value_end[0]
        if levels is not None:
            if levels.shape[0] != n:
                raise ValueError("arrays differ in length")
            for i in range(n):
                if levels[i] >= N_LEVELS:
                    raise ValueError("no such level")
            batch.levels = &levels[0]
        with nogil:
            lock = unique_lock(self.block.mutex)
            added = c_append(self.block[0], batch, dedupe)
        return added

    def seal(self, int level=3):
        cdef Draft draft
        cdef unique_lock lock
        self._load_all()
        with nogil:
            if self.sealed == NULL:
                lock = unique_lock(self.block.mutex)
            c_draft(self.block[0], draft)
        return _finish(draft, level)

    @staticmethod
    def merge(blocks, int level=3):
        cdef Block block
        cdef unique_ptr[CBlock] joined
        cdef Draft draft
        cdef unique_lock lock
        joined.reset(new CBlock())
        for block in blocks:
            block._load_all()
            with nogil:
                if block.sealed == NULL:
                    lock = unique_lock(block.block.mutex)
                c_join(joined.get()[0], block.block[0])
                if block.sealed == NULL:
                    lock.unlock()
        with nogil:
            c_draft(joined.get()[0], draft)
        return _finish(draft, level)

    @staticmethod
    def open(data):
        cdef Block out = Block.__new__(Block)
        out.data = data
        if not out.data.shape[0]:
            raise ValueError("not a block of log lines: no bytes")
        out.sealed = new Sealed(<const char*>&out.data[0], out.data.shape[0])
        out.block = &out.sealed.block
        return out

    # --- loading parts of a sealed block

    cdef int _load_structure(self) except -1:
        if self.sealed == NULL or self.sealed.has_structure():
            return 0
        raw = _decompress(self.data, HEADER_BYTES, self.sealed.header.structure_bytes, self.sealed.header.structure_raw)
        cdef const char* at = PyBytes_AS_STRING(raw)
        cdef size_t size = len(raw)
        with nogil:
            self.sealed.load_structure(at, size)
        return 0

    cdef int _load_packs(self, vector[uint32_t]& packs) except -1:
        cdef uint32_t number
        cdef const char* at
        cdef size_t i, size
        for i in range(packs.size()):
            number = packs[i]
            raw = b""
            if self.sealed.pack(number).size:
                raw = _decompress(self.data, self.sealed.pack(number).at, self.sealed.pack(number).size,
                                  self.sealed.pack(number).raw)
            at, size = PyBytes_AS_STRING(raw), len(raw)
            with nogil:
                self.sealed.load_pack(number, at, size)
        return 0

    cdef int _load_rows(self) except -1:
        cdef vector[uint32_t] packs
        if self.sealed != NULL:
            self._load_structure()
            self.sealed.missing_rows(packs)
            self._load_packs(packs)
        return 0

    cdef int _load_column(self, uint32_t column) except -1:
        cdef vector[uint32_t] packs
        if self.sealed != NULL:
            self.sealed.missing(column, packs)
            self._load_packs(packs)
        return 0

    cdef int _load_all(self) except -1:
        cdef vector[uint32_t] packs
        if self.sealed != NULL:
            self._load_structure()
            missing_for_all(self.sealed[0], packs)
            self._load_packs(packs)
        return 0

    cdef int _load_lines(self, const int32_t* rows, size_t n) except -1:
        cdef vector[uint32_t] packs
        if self.sealed != NULL:
            missing_for_lines(self.sealed[0], rows, n, packs)
            self._load_packs(packs)
        return 0

    cdef int _check(self, const int32_t* rows, size_t n) except -1:
        self._load_rows()
        if not are_rows(self.block[0], rows, n):
            raise ValueError("the block has no such row")
        return 0

    # --- figures

    @property
    def n_rows(self):
        return self.block.n_rows

    @property
    def raw_bytes(self):
        return self.block.raw_bytes

    @property
    def size_bytes(self):
        cdef size_t size
        cdef unique_lock lock
        with nogil:
            if self.sealed != NULL:
                size = self.sealed.size_bytes()
            else:
                lock = unique_lock(self.block.mutex)
                size = self.block.size_bytes()
        return size

    @property
    def times(self):
        cdef unique_lock lock
        cdef size_t n
        self._load_rows()
        with nogil:
            if self.sealed == NULL:
                lock = unique_lock(self.block.mutex)
        n = self.block.n_rows
        out = np.empty(n, np.int64)
        if n:
            out[:] = <const int64_t[:n]>self.block.times.data()
        return out

    # --- reading

    def lines(self, const int32_t[::1] rows not None):
        cdef size_t n = rows.shape[0]
        cdef string text
        cdef unique_lock lock
        offsets = np.zeros(n + 1, np.int64)
        cdef int64_t[::1] view = offsets
        cdef const int32_t* at = &rows[0] if n else NULL
        self._check(at, n)
        self._load_lines(at, n)
        with nogil:
            if self.sealed == NULL:
                lock = unique_lock(self.block.mutex)
            c_lines(self.block[0], at, n, text, &view[0])
        return Texts(_bytes(text), offsets)

    def line_lengths(self, const int32_t[::1] rows not None):
        cdef size_t n = rows.shape[0]
        cdef unique_lock lock
        out = np.zeros(n, np.int64)
        if not n:
            return out
        cdef int64_t[::1] view = out
        cdef const int32_t* at = &rows[0]
        self._check(at, n)
        self._load_lines(at, n)
        with nogil:
            if self.sealed == NULL:
                lock = unique_lock(self.block.mutex)
            c_line_lengths(self.block[0], at, n, &view[0])
        return out

    def search(self, Automaton automaton not None, const int32_t[::1] rows not None):
        cdef size_t i, n = rows.shape[0]
        cdef Pending pending
        cdef vector[uint32_t] missing, packs
        cdef unique_ptr[Borrowed] runner
        cdef unique_lock lock
        cdef cbool done = False
        out = np.zeros(n, np.uint8)
        if not n:
            return out
        cdef uint8_t[::1] view = out
        cdef const int32_t* at = &rows[0]
        self._check(at, n)
        with nogil:
            runner.reset(new Borrowed(automaton.it[0]))
            if self.sealed == NULL:
                lock = unique_lock(self.block.mutex)
                c_search(self.block[0], NULL, runner.get().get(), at, n, &view[0], pending, missing)
                done = True
        while not done:
            with nogil:
                done = c_search(self.block[0], self.sealed, runner.get().get(), at, n, &view[0], pending, missing)
            packs.clear()
            for i in range(missing.size()):
                self.sealed.missing(missing[i], packs)
            self._load_packs(packs)
        return out

    def skeletons(self):
        cdef unique_lock lock
        cdef size_t i, k, slot
        cdef const CSkeleton* s
        self._load_structure()
        with nogil:
            if self.sealed == NULL:
                lock = unique_lock(self.block.mutex)
        out = []
        for i in range(self.block.skeletons.size()):
            s = self.block.skeletons[i].get()
            parts = []
            slot = 0
            for k in range(s.parts.size()):
                if s.parts[k].column == NONE:
                    parts.append(PyBytes_FromStringAndSize(s.parts[k].text.at, s.parts[k].text.size))
                else:
                    parts.append(s.slots[slot])
                    slot += 1
            out.append(Skeleton(self.block.groups[s.group].get().kind, tuple(parts), s.n_rows))
        return out

    def skeleton_of(self, const int32_t[::1] rows not None):
        cdef size_t i, n = rows.shape[0]
        cdef unique_lock lock
        out = np.zeros(n, np.int32)
        if not n:
            return out
        cdef int32_t[::1] view = out
        self._check(&rows[0], n)
        with nogil:
            if self.sealed == NULL:
                lock = unique_lock(self.block.mutex)
            for i in range(n):
                view[i] = self.block.skeleton_of[rows[i]]
        return out

    def values(self, uint32_t slot, const int32_t[::1] rows not None):
        cdef vector[uint32_t] places
        cdef uint32_t column = self._slot(slot, rows, places)
        return self._coded(column, places)

    def numbers(self, uint32_t slot, const int32_t[::1] rows not None):
        cdef vector[uint32_t] places
        cdef uint32_t column = self._slot(slot, rows, places)
        cdef size_t n = rows.shape[0]
        cdef unique_lock lock
        cdef cbool good
        cdef const CColumn* it
        out = np.zeros(n, np.float64)
        cdef double[::1] view = out
        with nogil:
            if self.sealed == NULL:
                lock = unique_lock(self.block.mutex)
            it = self.block.columns[column].get()
            good = are_numbers(it[0])
            if self.sealed == NULL:
                if good and n:
                    c_numbers(it[0], places.data(), n, &view[0])
                lock.unlock()
        if not good:
            return None
        if self.sealed != NULL:
            self._load_column(column)
            if n:
                with nogil:
                    c_numbers(it[0], places.data(), n, &view[0])
        return out

    def shapes(self):
        cdef unique_lock lock
        cdef size_t i, k
        self._load_structure()
        with nogil:
            if self.sealed == NULL:
                lock = unique_lock(self.block.mutex)
        out = []
        for i in range(self.block.shapes.size()):
            names = []
            for k in range(self.block.shapes[i].names.size()):
                names.append(_bytes(self.block.shapes[i].names[k]).decode("utf-8", "replace"))
            out.append(tuple(names))
        return out

    def shape_of(self, const int32_t[::1] rows not None):
        cdef size_t i, n = rows.shape[0]
        cdef unique_lock lock
        out = np.zeros(n, np.int32)
        if not n:
            return out
        cdef int32_t[::1] view = out
        self._check(&rows[0], n)
        with nogil:
            if self.sealed == NULL:
                lock = unique_lock(self.block.mutex)
            for i in range(n):
                view[i] = self.block.shape_at(rows[i])
        return out

    def metadata_values(self, uint32_t shape, uint32_t position, const int32_t[::1] rows not None):
        cdef size_t n = rows.shape[0]
        cdef vector[uint32_t] places
        cdef unique_lock lock
        cdef uint32_t column = 0
        cdef cbool good = False
        cdef const int32_t* at = &rows[0] if n else NULL
        self._check(at, n)
        places.resize(n)
        with nogil:
            if self.sealed == NULL:
                lock = unique_lock(self.block.mutex)
            if shape < self.block.shapes.size() and position < self.block.shapes[shape].columns.size():
                column = self.block.shapes[shape].columns[position]
                good = c_shape_rows(self.block[0], shape, at, n, places.data())
            if self.sealed == NULL:
                lock.unlock()
        if not good:
            raise ValueError("no such shape or position, or rows that do not have it")
        return self._coded(column, places)

    cdef uint32_t _slot(self, uint32_t slot, const int32_t[::1] rows, vector[uint32_t]& places) except? 0xFFFFFFFE:
        """The slot's column, and where in it the values of rows are."""
        cdef size_t n = rows.shape[0]
        cdef const int32_t* at = &rows[0] if n else NULL
        cdef unique_lock lock
        cdef uint32_t column = 0
        cdef cbool good = False
        self._check(at, n)
        places.resize(n)
        with nogil:
            if self.sealed == NULL:
                lock = unique_lock(self.block.mutex)
            if slot < self.block.slots.size():
                column = self.block.slots[slot].column
                good = c_slot_rows(self.block[0], slot, at, n, places.data())
        if not good:
            raise ValueError("no such slot, or rows of another skeleton")
        return column

    cdef object _coded(self, uint32_t column, vector[uint32_t]& places):
        cdef size_t n = places.size()
        cdef unique_lock lock
        cdef Answer answer
        codes = np.zeros(n, np.int32)
        cdef int32_t[::1] view = codes
        self._load_column(column)
        with nogil:
            if self.sealed == NULL:
                lock = unique_lock(self.block.mutex)
            c_coded(self.block.columns[column].get()[0], places.data(), n, &view[0] if n else NULL, answer)
        return Coded(codes, _texts(answer))


cdef object _finish(Draft& draft, int level):
    """The bytes of a draft, and its filter."""
    cdef vector[uint64_t] packed
    cdef size_t i
    cdef object view
    compress = _compressor(level).compress
    frames = []
    for i in range(draft.packs.size()):
        if draft.packs[i].size():
            view = <const uint8_t[:draft.packs[i].size()]><const uint8_t*>draft.packs[i].data()
            frames.append(compress(memoryview(view)))
        else:
            frames.append(b"")
        packed.push_back(len(frames[len(frames) - 1]))
    structure = _bytes(c_pack_sizes(draft, packed)) + _bytes(draft.structure)
    packed_structure = compress(structure)
    draft.header.structure_bytes = len(packed_structure)
    draft.header.structure_raw = len(structure)
    draft.header.size = HEADER_BYTES + len(packed_structure) + sum(map(len, frames))
    return b"".join([_bytes(draft.header.save()), packed_structure, *frames]), _bytes(draft.filter)


def tokens(bytes needle not None):
    cdef vector[uint64_t] hashes
    c_tokens(PyBytes_AS_STRING(needle), len(needle), hashes)
    out = np.empty(hashes.size(), np.uint64)
    cdef size_t i
    for i in range(hashes.size()):
        out[i] = hashes[i]
    return out


def may_contain(const uint8_t[::1] filters not None, const int64_t[::1] offsets not None,
                const uint64_t[::1] hashes not None):
    cdef Py_ssize_t i, k, n = offsets.shape[0] - 1
    if n < 0:
        raise ValueError("offsets are n + 1 numbers")
    out = np.ones(n, np.uint8)
    if not n:
        return out
    cdef uint8_t[::1] view = out
    cdef const char* at = NULL
    if filters.shape[0]:
        at = <const char*>&filters[0]
    for i in range(n):
        if offsets[i] < 0 or offsets[i + 1] < offsets[i] or offsets[i + 1] > filters.shape[0]:
            raise ValueError("a filter lies outside of the bytes")
    with nogil:
        for i in range(n):
            for k in range(hashes.shape[0]):
                if not may_hold(at + offsets[i], offsets[i + 1] - offsets[i], hashes[k]):
                    view[i] = 0
                    break
    return out
