"""Expressions as programs over bytes, for the automaton of `line_automaton.hpp`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MATCH: Final = 0
BYTES: Final = 1
SPLIT: Final = 2
ASSERT: Final = 3

Inst = tuple[int, int, int, int, int]  # op, lo, hi, next, other: see `Inst` of line_automaton.hpp


@dataclass(frozen=True, slots=True)
class Program:
    """Instructions, the first of them to run, and what is known of every match.

    required    literals that every match holds
    is_literal  the expression is its one required literal
    """

    insts: list[Inst]
    start: int
    required: tuple[bytes, ...]
    is_literal: bool


def compile_literal(needle: bytes, ignore_case: bool) -> Program:
    """Texts that hold these bytes; `ignore_case` folds the ASCII letters."""
    insts: list[Inst] = [(MATCH, 0, 0, 0, 0)]
    cased = False
    for byte in reversed(needle):
        here = len(insts) - 1
        other = ord(chr(byte).swapcase()) if ignore_case and byte < 0x80 else byte
        if other == byte:
            insts.append((BYTES, byte, byte, here, 0))
            continue
        cased = True
        insts.append((BYTES, byte, byte, here, 0))
        insts.append((BYTES, other, other, here, 0))
        insts.append((SPLIT, 0, 0, here + 1, here + 2))
    required = (needle,) if needle and not cased else ()
    return Program(insts, len(insts) - 1, required, bool(required))


def compile_expression(expression: str) -> Program:
    from watchkeeper.core.kernels.regex_syntax import Unsupported

    raise Unsupported("not yet")
