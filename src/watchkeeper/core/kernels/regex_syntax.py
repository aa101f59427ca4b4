"""RE2's syntax as a tree: only what decides whether there is a match. Groups, names and greed leave no trace.

RE2 itself says first whether an expression is valid, so that this parser may trust what it reads.
"""

from __future__ import annotations

from collections.abc import Sequence as ReadOnly
from dataclasses import dataclass, replace
from typing import Final

import re2

MAX_RUNE: Final = 0x10FFFF
Ranges = tuple[tuple[int, int], ...]

# Places between bytes, as `Place` of line_automaton.hpp.
BEGIN_TEXT: Final = 1
END_TEXT: Final = 2
BEGIN_LINE: Final = 4
END_LINE: Final = 8
WORD_EDGE: Final = 16
NO_WORD_EDGE: Final = 32

_DIGITS: Final[Ranges] = ((0x30, 0x39),)
_LETTERS: Final[Ranges] = ((0x41, 0x5A), (0x61, 0x7A))
_WORD: Final[Ranges] = (*_DIGITS, *_LETTERS, (0x5F, 0x5F))
_PERL: Final[dict[str, Ranges]] = {
    "d": _DIGITS,
    "w": _WORD,
    "s": ((0x09, 0x0A), (0x0C, 0x0D), (0x20, 0x20)),
}
_POSIX: Final[dict[str, Ranges]] = {
    "alnum": (*_DIGITS, *_LETTERS),
    "alpha": _LETTERS,
    "ascii": ((0, 0x7F),),
    "blank": ((0x09, 0x09), (0x20, 0x20)),
    "cntrl": ((0, 0x1F), (0x7F, 0x7F)),
    "digit": _DIGITS,
    "graph": ((0x21, 0x7E),),
    "lower": (_LETTERS[1],),
    "print": ((0x20, 0x7E),),
    "punct": ((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)),
    "space": ((0x09, 0x0D), (0x20, 0x20)),
    "upper": (_LETTERS[0],),
    "word": _WORD,
    "xdigit": (*_DIGITS, (0x41, 0x46), (0x61, 0x66)),
}
_CONTROLS: Final = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
_EDGES: Final = {"A": BEGIN_TEXT, "z": END_TEXT, "b": WORD_EDGE, "B": NO_WORD_EDGE}


class Unsupported(ValueError):
    """A valid expression that the automaton can't run: use RE2."""


@dataclass(frozen=True, slots=True)
class Runes:
    """One character of these ranges: ascending, without overlap."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Edge:
    """A place between two bytes."""

    place: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other; none is the empty text."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Any of these."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """`least` to `most` times, without limit for None."""

    part: Node
    least: int
    most: int | None


Node = Runes | Edge | Sequence | Choice | Repeat


@dataclass(frozen=True, slots=True)
class _Flags:
    fold: bool = False
    lines: bool = False
    dot_all: bool = False


def parse(expression: str) -> Node:
    """The expression's tree. Raises ValueError in RE2's words where it is none, Unsupported where only RE2 runs it."""
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(expression, options)
    except re2.error as error:
        reason = error.args[0]
        raise ValueError(reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)) from None
    parser = _Parser(expression)
    node = parser.choice(_Flags())
    if parser.at < len(expression):
        raise Unsupported(f"what is at {parser.at}")
    return node


def joined(ranges: ReadOnly[tuple[int, int]]) -> Ranges:
    """Ranges in order, those that touch as one."""
    out: list[tuple[int, int]] = []
    for lo, hi in sorted(ranges):
        if out and lo <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(hi, out[-1][1]))
        else:
            out.append((lo, hi))
    return tuple(out)


def negated(ranges: Ranges) -> Ranges:
    """All other characters."""
    out = []
    at = 0
    for lo, hi in joined(ranges):
        if at < lo:
            out.append((at, lo - 1))
        at = hi + 1
    if at <= MAX_RUNE:
        out.append((at, MAX_RUNE))
    return tuple(out)


def folded(ranges: Ranges) -> Ranges:
    """With the other case of each letter. Only ASCII's letters are known here."""
    out = list(ranges)
    for lo, hi in ranges:
        if hi >= 0x80:
            raise Unsupported("case of letters outside of ASCII")
        for rune in range(lo, hi + 1):
            if chr(rune).isalpha():
                out.append((rune ^ 0x20, rune ^ 0x20))
            if chr(rune) in "kK":
                out.append((0x212A, 0x212A))  # the sign for kelvin
            if chr(rune) in "sS":
                out.append((0x17F, 0x17F))  # the long s
    return joined(out)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def peek(self, n: int = 1) -> str:
        return self.text[self.at : self.at + n]

    def take(self, n: int = 1) -> str:
        out = self.peek(n)
        if len(out) < n:
            raise Unsupported("an expression that ends too soon")
        self.at += n
        return out

    def skip(self, text: str) -> bool:
        if not self.text.startswith(text, self.at):
            return False
        self.at += len(text)
        return True

    def choice(self, flags: _Flags) -> Node:
        """Up to a closing bracket or the end. Flags set on the way hold until there."""
        parts: list[Node] = []
        sequence: list[Node] = []
        while (c := self.peek()) and c != ")":
            if self.skip("|"):
                parts.append(_sequence(sequence))
                sequence = []
            elif self.skip("(?"):
                group, flags = self.group(flags)
                if group is not None:
                    sequence.append(self.repeated(group))
            elif self.skip(r"\Q"):
                end = self.text.find(r"\E", self.at)
                quoted = self.text[self.at : end if end >= 0 else None]
                self.at = end + 2 if end >= 0 else len(self.text)
                sequence += [_literal(c, flags) for c in quoted]
                if sequence and quoted:
                    sequence[-1] = self.repeated(sequence[-1])
            elif self.skip(r"\E"):
                raise Unsupported(r"\E without \Q")
            else:
                sequence.append(self.repeated(self.single(flags)))
        parts.append(_sequence(sequence))
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def group(self, flags: _Flags) -> tuple[Node | None, _Flags]:
        """What follows `(?`: a group and the flags from before, or None and flags from here on."""
        if self.skip("P<") or self.skip("<"):
            self.at = self.text.index(">", self.at) + 1
            return self.closed(flags), flags
        inner = flags
        value = True
        while True:
            c = self.take()
            if c == "-":
                value = False
            elif c == "i":
                inner = replace(inner, fold=value)
            elif c == "m":
                inner = replace(inner, lines=value)
            elif c == "s":
                inner = replace(inner, dot_all=value)
            elif c == ":":
                return self.closed(inner), flags
            elif c == ")":
                return None, inner
            elif c != "U":
                raise Unsupported(f"flag {c}")

    def closed(self, flags: _Flags) -> Node:
        node = self.choice(flags)
        if self.take() != ")":
            raise Unsupported("a group without end")
        return node

    def single(self, flags: _Flags) -> Node:
        c = self.take()
        if c == "(":
            return self.closed(flags)
        if c == "[":
            return Runes(self.bracket(flags))
        if c == ".":
            return Runes(((0, MAX_RUNE),) if flags.dot_all else negated(((10, 10),)))
        if c == "^":
            return Edge(BEGIN_LINE if flags.lines else BEGIN_TEXT)
        if c == "$":
            return Edge(END_LINE if flags.lines else END_TEXT)
        if c != "\\":
            return _literal(c, flags)
        kind = self.peek()
        if kind in _EDGES:
            self.at += 1
            return Edge(_EDGES[kind])
        if kind.lower() in _PERL:
            self.at += 1
            return Runes(_perl(kind, flags))
        return _literal(chr(self.escaped()), flags)

    def escaped(self) -> int:
        """The character behind a backslash."""
        c = self.take()
        if c in _CONTROLS:
            return _CONTROLS[c]
        if c == "x":
            if self.skip("{"):
                end = self.text.index("}", self.at)
                digits = self.text[self.at : end]
                self.at = end + 1
            else:
                digits = self.take(2)
            return int(digits, 16)
        if c in "01234567":
            while self.peek() and self.peek() in "01234567" and len(c) < 3:
                c += self.take()
            return int(c, 8)
        if ord(c) < 0x80 and not c.isalnum():
            return ord(c)
        raise Unsupported(f"\\{c}")

    def bracket(self, flags: _Flags) -> Ranges:
        negate = self.skip("^")
        ranges: list[tuple[int, int]] = []
        first = True
        while first or self.peek() != "]":
            first = False
            if self.skip("[:"):
                end = self.text.index(":]", self.at)
                name = self.text[self.at : end].removeprefix("^")
                found = folded(_POSIX[name]) if flags.fold and name != "ascii" else _POSIX[name]
                if flags.fold and name == "ascii":
                    raise Unsupported("[:ascii:] without case")
                ranges += negated(found) if end - self.at != len(name) else found
                self.at = end + 2
                continue
            if self.peek() == "\\" and self.peek(2)[1:].lower() in _PERL:
                self.at += 1
                ranges += _perl(self.peek(), flags)
                self.at += 1
                continue
            lo = hi = self.bracket_rune()
            if self.peek() == "-" and self.peek(2) != "-]":
                self.at += 1
                hi = self.bracket_rune()
            ranges += folded(((lo, hi),)) if flags.fold else ((lo, hi),)
        self.at += 1
        return negated(tuple(ranges)) if negate else joined(ranges)

    def bracket_rune(self) -> int:
        c = self.take()
        return self.escaped() if c == "\\" else ord(c)

    def repeated(self, node: Node) -> Node:
        """The node with the repetition that follows it."""
        while True:
            start = self.at
            if self.skip("*"):
                node = Repeat(node, 0, None)
            elif self.skip("+"):
                node = Repeat(node, 1, None)
            elif self.skip("?"):
                node = Repeat(node, 0, 1)
            elif self.skip("{"):
                times = self.times()
                if times is None:
                    self.at = start  # a brace that stands for itself
                    return node
                node = Repeat(node, *times)
            else:
                return node
            self.skip("?")

    def times(self) -> tuple[int, int | None] | None:
        end = self.text.find("}", self.at)
        if end < 0:
            return None
        least, comma, most = self.text[self.at : end].partition(",")
        if not (least.isascii() and least.isdigit()) or (most and not (most.isascii() and most.isdigit())):
            return None
        self.at = end + 1
        if comma and not most:
            return int(least), None
        return int(least), int(most if comma else least)


def _sequence(parts: list[Node]) -> Node:
    return parts[0] if len(parts) == 1 else Sequence(tuple(parts))


def _literal(c: str, flags: _Flags) -> Node:
    ranges = ((ord(c), ord(c)),)
    if flags.fold and not (c.isascii() and not c.isalpha()):
        return Runes(folded(ranges))
    return Runes(ranges)


def _perl(kind: str, flags: _Flags) -> Ranges:
    ranges = _PERL[kind.lower()]
    if flags.fold:
        ranges = folded(ranges)
    return joined(ranges) if kind.islower() else negated(ranges)
