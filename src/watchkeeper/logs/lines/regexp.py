"""Fields of lines by a regular expression with named groups: `(?P<status>\\d+)`."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import re2

from watchkeeper.core.kernels.line_fields import captures, code
from watchkeeper.core.kernels.line_regex import Automaton, Unsupported
from watchkeeper.core.kernels.texts import Coded, Texts
from watchkeeper.core.model.labels import is_legacy_name
from watchkeeper.core.model.regex import RegexError, compile_re2
from watchkeeper.logs.lines.regexp_program import compile_program

_UNANCHORED: Final = re2._Anchor.UNANCHORED
_NOWHERE: Final = (-1, -1)
_GIVEN_UP: Final = 2  # By the kernel, of a line on which it would take too long.


class RegexpError(ValueError):
    """An expression that can't be used to find fields."""


class Regexp:
    """An expression; what its named groups take in a line are the line's fields.

    names   of the groups, in order
    """

    __slots__ = ("_automaton", "_groups", "_match", "_program", "expression", "names")

    def __init__(self, expression: str) -> None:
        """Raises RegexpError with upstream's words."""
        self.expression = expression
        try:
            compiled: Any = compile_re2(expression)
        except RegexError as error:
            raise RegexpError(str(error)) from None
        groups: dict[str, int] = dict(sorted(compiled.groupindex.items(), key=lambda item: item[1]))
        if not groups:
            raise RegexpError("at least one named capture must be supplied")
        for name in groups:
            if not is_legacy_name(name):
                raise RegexpError(f"invalid extracted label name '{name}'")
        self.names = tuple(groups)
        self._groups = groups
        self._program = compile_program(expression)
        # The bare matcher gives places of groups; a match object for each line would take as long again.
        self._match = compiled._regexp.Match
        try:
            self._automaton: Automaton | None = Automaton.regex(expression)
        except Unsupported:
            self._automaton = None

    def fields(self, lines: Texts) -> dict[str, Coded]:
        """The columns of the groups; a line without a match has none, a group without a part in it the empty text.

        Bytes that are no UTF-8 are U+FFFD, which is what a dot then finds.
        """
        if not _is_utf8(lines.data):
            lines = Texts.of(text.encode() for text in lines.strings())
        program = self._program
        if program is not None:
            columns, found = captures(lines, program.anchored, program.kinds, program.args, program.sets, program.names)
            if not (found == _GIVEN_UP).any():
                return columns
        return self.fields_by_re2(lines)

    def fields_by_re2(self, lines: Texts) -> dict[str, Coded]:
        """The same for lines that are UTF-8, whatever the expression.

        RE2 is asked line by line, but only for lines that an automaton says it will find something in.
        """
        n = len(lines)
        rows = np.arange(n) if self._automaton is None else np.flatnonzero(self._automaton.search(lines))
        found: dict[str, list[bytes]] = {name: [] for name in self.names}
        takes = [(found[name].append, group) for name, group in self._groups.items()]
        matched: list[int] = []
        match, data, offsets = self._match, lines.data, lines.offsets.tolist()
        for row in rows.tolist():
            line = data[offsets[row] : offsets[row + 1]]
            spans = match(_UNANCHORED, line, 0, len(line))
            if spans[0] == _NOWHERE:
                continue
            matched.append(row)
            for take, group in takes:
                lo, hi = spans[group]
                take(line[lo:hi] if lo >= 0 else b"")
        out = {}
        for name, texts in found.items():
            coded = code(Texts.of(texts))
            codes = np.full(n, -1, np.int32)
            codes[matched] = coded.codes
            out[name] = Coded(codes, coded.values)
        return out if matched else {}


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
