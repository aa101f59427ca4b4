"""For kernels that walk an automaton themselves: `automaton.it` may be used without the GIL."""

from libc.stdint cimport int64_t, uint8_t, uint32_t
from libcpp cimport bool as cbool
from libcpp.string cimport string
from libcpp.vector cimport vector


cdef extern from "line_automaton.hpp" namespace "line_regex" nogil:
    cdef cppclass Inst:
        uint8_t op
        uint8_t lo
        uint8_t hi
        uint32_t next
        uint32_t other

    cdef cppclass CAutomaton "line_regex::Automaton":
        CAutomaton(vector[Inst], uint32_t, vector[string], cbool) except +
        const vector[string]& required()
        cbool is_literal()
        void search(const uint8_t*, const int64_t*, size_t, uint8_t*) except +


cdef class Automaton:
    cdef CAutomaton* it
