# distutils: language = c++
"""Expressions as automata over the bytes of lines; see line_automaton.hpp."""

from libc.stdint cimport int64_t, uint8_t, uint32_t
from libcpp.string cimport string
from libcpp.vector cimport vector

import numpy as np

from watchkeeper.core.kernels.regex_program import Program, compile_expression, compile_literal
from watchkeeper.core.kernels.regex_syntax import Unsupported


cdef class Automaton:
    def __cinit__(self):
        self.it = NULL

    def __init__(self):
        raise TypeError("made by Automaton.literal or Automaton.regex")

    def __dealloc__(self):
        del self.it

    @staticmethod
    def literal(bytes needle not None, *, bint ignore_case=False):
        return _automaton(compile_literal(needle, ignore_case))

    @staticmethod
    def regex(str expression not None):
        return _automaton(compile_expression(expression))

    @property
    def required(self):
        cdef vector[string] literals = self.it.required()
        cdef size_t i
        return tuple([literals[i].data()[:literals[i].size()] for i in range(literals.size())])

    def search(self, texts):
        cdef const uint8_t[::1] data = texts.data
        cdef const int64_t[::1] offsets = texts.offsets
        cdef Py_ssize_t i, n = offsets.shape[0] - 1
        if n < 0 or offsets[0] < 0 or offsets[n] > data.shape[0]:
            raise ValueError("offsets lie outside of the data")
        for i in range(n):
            if offsets[i] > offsets[i + 1]:
                raise ValueError("offsets descend")
        out_array = np.zeros(n, np.uint8)
        cdef uint8_t[::1] out = out_array
        cdef const uint8_t* bytes_at = &data[0] if data.shape[0] else <const uint8_t*> b""
        if n:
            with nogil:
                self.it.search(bytes_at, &offsets[0], n, &out[0])
        return out_array


cdef Automaton _automaton(program):
    cdef vector[Inst] insts
    cdef vector[string] required
    cdef Inst inst
    for op, lo, hi, next_at, other in program.insts:
        inst.op, inst.lo, inst.hi, inst.next, inst.other = op, lo, hi, next_at, other
        insts.push_back(inst)
    for text in program.required:
        required.push_back(text)
    cdef Automaton out = Automaton.__new__(Automaton)
    out.it = new CAutomaton(insts, program.start, required, program.is_literal)
    return out
