"""Expressions as programs over bytes, for the automaton of `line_automaton.hpp`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from watchkeeper.core.kernels.regex_syntax import (
    MAX_RUNE,
    Choice,
    Edge,
    Node,
    Ranges,
    Repeat,
    Runes,
    Sequence,
    Unsupported,
    parse,
)

MATCH: Final = 0
BYTES: Final = 1
SPLIT: Final = 2
ASSERT: Final = 3

MAX_INSTS: Final = 10_000

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
    start = 0
    cased = False
    for byte in reversed(needle):
        here = start
        insts.append((BYTES, byte, byte, here, 0))
        start = len(insts) - 1
        if ignore_case and byte < 0x80 and chr(byte).isalpha():
            cased = True
            insts.append((BYTES, byte ^ 0x20, byte ^ 0x20, here, 0))
            insts.append((SPLIT, 0, 0, start, start + 1))
            start += 2
    required = (needle,) if needle and not cased else ()
    return Program(insts, start, required, bool(required))


def compile_expression(expression: str) -> Program:
    """Texts in which RE2 finds the expression. Raises Unsupported, and ValueError where RE2 refuses it."""
    node = _without_ends(parse(expression))
    literal = _literal_of(node)
    if literal:
        return compile_literal(literal, False)
    compiler = _Compiler()
    start = compiler.add(node, 0)
    return Program(compiler.insts, start, _required(node), False)


def _without_ends(node: Node) -> Node:
    """A match may begin and end anywhere: what may be absent at an end of the expression says nothing."""
    if isinstance(node, Repeat) and node.least == 0:
        return Sequence(())
    if isinstance(node, Sequence):
        parts = list(node.parts)
        while parts and isinstance(parts[0], Repeat) and parts[0].least == 0:
            parts.pop(0)
        while parts and isinstance(parts[-1], Repeat) and parts[-1].least == 0:
            parts.pop()
        if len(parts) == 1:
            return _without_ends(parts[0])
        return Sequence(tuple(parts))
    return node


def _literal_of(node: Node) -> bytes | None:
    """The one text that the node matches, None where there are others."""
    if isinstance(node, Runes):
        if len(node.ranges) != 1 or node.ranges[0][0] != node.ranges[0][1] or 0xD800 <= node.ranges[0][0] < 0xE000:
            return None
        return chr(node.ranges[0][0]).encode()
    if isinstance(node, Sequence):
        parts = [_literal_of(part) for part in node.parts]
        known = [part for part in parts if part is not None]
        return b"".join(known) if len(known) == len(parts) else None
    if isinstance(node, Repeat) and node.least == node.most:
        part = _literal_of(node.part)
        return None if part is None or len(part) * node.least > 1000 else part * node.least
    return None


def _required(node: Node) -> tuple[bytes, ...]:
    found: set[bytes] = set()
    _collect(node, found)
    return tuple(sorted(text for text in found if not any(text != o and text in o for o in found)))


def _collect(node: Node, found: set[bytes]) -> None:
    """Adds literals that each match of the node holds."""
    if isinstance(node, Sequence):
        run = b""
        for part in node.parts:
            literal = _literal_of(part)
            if literal is not None:
                run += literal
                continue
            if not isinstance(part, Edge):
                found.add(run)
                run = b""
                _collect(part, found)
        found.add(run)
    elif isinstance(node, Repeat) and node.least > 0:
        _collect(node.part, found)
    else:
        found.add(_literal_of(node) or b"")
    found.discard(b"")


class _Compiler:
    """Builds from the end: each node is given what follows it."""

    def __init__(self) -> None:
        self.insts: list[Inst] = [(MATCH, 0, 0, 0, 0)]
        self.known: dict[Inst, int] = {}

    def put(self, inst: Inst) -> int:
        if len(self.insts) >= MAX_INSTS:
            raise Unsupported("an expression that large")
        self.insts.append(inst)
        return len(self.insts) - 1

    def shared(self, inst: Inst) -> int:
        at = self.known.get(inst)
        if at is None:
            at = self.known[inst] = self.put(inst)
        return at

    def add(self, node: Node, then: int) -> int:
        if isinstance(node, Runes):
            return self.runes(node.ranges, then)
        if isinstance(node, Edge):
            return self.put((ASSERT, node.place, 0, then, 0))
        if isinstance(node, Sequence):
            for part in reversed(node.parts):
                then = self.add(part, then)
            return then
        if isinstance(node, Choice):
            start = self.add(node.parts[-1], then)
            for part in reversed(node.parts[:-1]):
                start = self.put((SPLIT, 0, 0, self.add(part, then), start))
            return start
        return self.repeat(node, then)

    def repeat(self, node: Repeat, then: int) -> int:
        if node.most is None:
            loop = self.put((SPLIT, 0, 0, 0, then))
            first = self.add(node.part, loop)
            self.insts[loop] = (SPLIT, 0, 0, first, then)
            then = loop
        else:
            end = then
            for _ in range(node.most - node.least):
                then = self.put((SPLIT, 0, 0, self.add(node.part, then), end))
        for _ in range(node.least):
            then = self.add(node.part, then)
        return then

    def runes(self, ranges: Ranges, then: int) -> int:
        starts: list[int] = []
        for lo, hi in ranges:
            for sequence in _byte_ranges(lo, hi):
                at = then
                for first, last in reversed(sequence):
                    at = self.shared((BYTES, first, last, at, 0))
                starts.append(at)
        if not starts:
            return self.shared((BYTES, 1, 0, then, 0))  # no byte is in this range
        start = starts[-1]
        for other in reversed(starts[:-1]):
            start = self.put((SPLIT, 0, 0, other, start))
        return start


def _byte_ranges(lo: int, hi: int) -> list[list[tuple[int, int]]]:
    """UTF-8 of these characters: sequences of byte ranges, cut as RE2 cuts them.

    RE2 takes a shorter form for all characters outside of ASCII, which also holds bytes that are not UTF-8.
    """
    if (lo, hi) == (0x80, MAX_RUNE):
        tail = (0x80, 0xBF)
        return [[(0xC2, 0xDF), tail], [(0xE0, 0xEF), tail, tail], [(0xF0, 0xF4), tail, tail, tail]]
    for most in (0x7F, 0x7FF, 0xFFFF):
        if lo <= most < hi:
            return _byte_ranges(lo, most) + _byte_ranges(most + 1, hi)
    if hi < 0x80:
        return [[(lo, hi)]]
    for i in (1, 2, 3):
        mask = (1 << (6 * i)) - 1
        if lo & ~mask != hi & ~mask:
            if lo & mask:
                return _byte_ranges(lo, lo | mask) + _byte_ranges((lo | mask) + 1, hi)
            if hi & mask != mask:
                return _byte_ranges(lo, (hi & ~mask) - 1) + _byte_ranges(hi & ~mask, hi)
    return [list(pair) for pair in [zip(_utf8(lo), _utf8(hi), strict=True)]]


def _utf8(rune: int) -> bytes:
    return chr(rune).encode("utf-8", "surrogatepass")
