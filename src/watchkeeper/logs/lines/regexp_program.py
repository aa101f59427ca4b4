"""Regular expressions that a kernel can run in one walk: those in which no part competes with what follows it.

`^(?P<ip>\\S+) \\[(?P<ts>[^\\]]+)\\]` is such: a space is never in `\\S`, a bracket never in `[^\\]]`, so wherever a
loop could end it must. All other expressions, and all rarities of the syntax, are left to RE2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

BYTE, RUNE, OPTIONAL, PLUS, STAR, OPEN, CLOSE, END = range(8)  # Operations, as the kernel numbers them.
_LOOPS: Final = (OPTIONAL, PLUS, STAR)
MAX_SETS: Final = 250
MAX_COPIES: Final = 32  # Of a counted part, as in `\d{4}`.

_HIGH: Final = frozenset(range(0x80, 0x100))
_ALL: Final = frozenset(range(0x100))
_DIGITS: Final = frozenset(b"0123456789")
_WORD: Final = _DIGITS | frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_")
_SPACE: Final = frozenset(b"\t\n\f\r ")
_CLASSES: Final = {
    "d": _DIGITS, "D": _ALL - _DIGITS, "w": _WORD, "W": _ALL - _WORD, "s": _SPACE, "S": _ALL - _SPACE,
}  # fmt: skip
_ESCAPES: Final = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13, "a": 7}
_COUNT: Final = re.compile(r"\{([0-9]+)(,?)([0-9]*)\}")
_GROUP: Final = re.compile(r"\((?:\?P?<([a-zA-Z_][a-zA-Z0-9_]*)>|\?:)?(?!\?)")


@dataclass(slots=True)
class RegexpProgram:
    """What the kernel runs.

    kinds, args   an operation each; the argument is a set's or a group's number
    sets          256 bytes each: 1 for the bytes that are in it
    names         of the groups by number; None captures nothing
    """

    anchored: bool
    kinds: bytes
    args: bytes
    sets: bytes
    names: tuple[str | None, ...]


class _Rare(Exception):
    """Something that is left to RE2."""


def compile_program(expression: str) -> RegexpProgram | None:
    """The program of a valid expression; None where it has to be run by RE2."""
    try:
        parser = _Parser(expression)
        parser.parse()
        _refuse_competition(parser.ops)
    except (_Rare, IndexError):
        return None
    numbers: dict[frozenset[int], int] = {}
    args = [numbers.setdefault(op.bytes, len(numbers)) if op.kind < OPEN else op.group for op in parser.ops]
    if len(numbers) > MAX_SETS or len(parser.names) > MAX_SETS:
        return None
    sets = b"".join(bytes(byte in members for byte in range(256)) for members in numbers)
    kinds = bytes(op.kind for op in parser.ops)
    return RegexpProgram(parser.anchored, kinds, bytes(args), sets, tuple(parser.names))


@dataclass(slots=True)
class _Op:
    kind: int
    bytes: frozenset[int] = frozenset()
    group: int = 0
    lazy: bool = False


@dataclass(slots=True)
class _Parser:
    text: str
    at: int = 0
    anchored: bool = False
    ops: list[_Op] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)

    def parse(self) -> None:
        """Read the whole expression. Raises _Rare."""
        if self.text.startswith("^"):
            self.anchored = True
            self.at = 1
        open_groups: list[int | None] = []
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "(":
                open_groups.append(self._open())
            elif char == ")":
                self.at += 1
                group = open_groups.pop()
                if group is not None:
                    self.ops.append(_Op(CLOSE, group=group))
                if self.text[self.at : self.at + 1] in tuple("*+?{"):
                    raise _Rare
            elif char == "$" and self.at == len(self.text) - 1:
                self.at += 1
                self.ops.append(_Op(END))
            else:
                self._quantified(self._atom(char))

    def _open(self) -> int | None:
        match = _GROUP.match(self.text, self.at)
        if match is None:
            raise _Rare
        self.at = match.end()
        if match[0].endswith("?:"):
            return None
        self.names.append(match[1])
        self.ops.append(_Op(OPEN, group=len(self.names) - 1))
        return len(self.names) - 1

    def _atom(self, char: str) -> list[frozenset[int]]:
        """The sets of bytes that one character of the expression stands for, one after the other."""
        self.at += 1
        if char == ".":
            return [_ALL - {10}]
        if char == "[":
            return [self._class()]
        if char == "\\":
            return [self._escape()]
        if char in "^$|*+?{":
            raise _Rare
        return [frozenset((byte,)) for byte in char.encode("utf-8", "replace")]

    def _escape(self) -> frozenset[int]:
        char = self.text[self.at : self.at + 1]
        self.at += 1
        if char in _CLASSES:
            return _CLASSES[char]
        if char in _ESCAPES:
            return frozenset((_ESCAPES[char],))
        if not char or not char.isascii() or char.isalnum():
            raise _Rare
        return frozenset((ord(char),))

    def _class(self) -> frozenset[int]:
        negated = self.text.startswith("^", self.at)
        self.at += negated
        members: frozenset[int] = frozenset()
        first = True
        while first or not self.text.startswith("]", self.at):
            first = False
            low = self._member()
            if self.text.startswith("-", self.at) and self.text[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                high = self._member()
                if len(low) != 1 or len(high) != 1:
                    raise _Rare
                low = frozenset(range(min(low), max(high) + 1))
            members |= low
        self.at += 1
        return _ALL - members if negated else members

    def _member(self) -> frozenset[int]:
        char = self.text[self.at : self.at + 1]
        self.at += 1
        if char == "\\":
            return self._escape()
        if not char or not char.isascii() or (char == "[" and self.text.startswith(":", self.at)):
            raise _Rare
        return frozenset((ord(char),))

    def _quantified(self, sets: list[frozenset[int]]) -> None:
        """Append the operations of an atom and the quantifier behind it."""
        rest = self.text[self.at : self.at + 1]
        count = _COUNT.match(self.text, self.at)
        one = [_Op(RUNE if members >= _HIGH else BYTE, members) for members in sets]
        if count is None and rest not in ("*", "+", "?"):
            if rest == "{":
                raise _Rare
            self.ops += one
            return
        if len(sets) != 1:
            raise _Rare
        members = sets[0]
        self.at = count.end() if count else self.at + 1
        lazy = self.text.startswith("?", self.at)
        self.at += lazy
        if self.text[self.at : self.at + 1] in tuple("*+?{"):
            raise _Rare
        if count is None:
            self.ops.append(_Op({"*": STAR, "+": PLUS, "?": OPTIONAL}[rest], members, lazy=lazy))
            return
        least, open_end, most = int(count[1]), bool(count[2]), count[3]
        if least > MAX_COPIES or (open_end and (most or not least)) or (not open_end and not least):
            raise _Rare
        self.ops += one * (least - open_end)
        if open_end:
            self.ops.append(_Op(PLUS, members, lazy=lazy))


def _refuse_competition(ops: list[_Op]) -> None:
    """Raises _Rare where a part that may end early shares a byte with what can follow it."""
    following: frozenset[int] = frozenset()  # What the operations behind can begin with.
    may_end = True  # Whether all behind can be nothing.
    at_end = False  # Whether the line must end there.
    for op in reversed(ops):
        if op.kind == END:
            at_end = True
        elif op.kind < OPEN:
            if op.kind in _LOOPS:
                # A lazy part at the very end takes as little as it can, which is not what a walk does.
                if op.bytes & following or (op.lazy and may_end and not at_end):
                    raise _Rare
                if _HIGH & op.bytes and not op.bytes >= _HIGH:
                    raise _Rare
            if op.kind in (OPTIONAL, STAR):
                following |= op.bytes
            else:
                following, may_end = op.bytes, False
