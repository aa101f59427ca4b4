"""Patterns of literals and captures: `<ip> - <_> [<ts>]` finds fields, `<_> failed: <_>` tests whole lines."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels import line_fields
from watchkeeper.core.kernels.texts import Coded, Texts

_CAPTURE: Final = re.compile(r"<([a-zA-Z_][a-zA-Z0-9_]*)>")
_UNNAMED: Final = "_"


class PatternError(ValueError):
    """Text that is no pattern, in upstream's words."""


class Pattern:
    """Finds fields between literals.

    literals   one more than `names`; only the first and the last may be empty
    names      of the captures; None captures nothing (`<_>`)
    """

    __slots__ = ("literals", "names")

    def __init__(self, text: str) -> None:
        """Raises PatternError where no capture has a name, two have the same, or no text stands between two."""
        self.literals, self.names = _split(text)
        named = [name for name in self.names if name is not None]
        if not named:
            raise PatternError("at least one capture is required")
        _refuse_neighbours(self.literals, self.names)
        for name in named:
            if named.count(name) > 1:
                raise PatternError(f"duplicate capture name ({name}): invalid expression")

    def fields(self, lines: Texts) -> dict[str, Coded]:
        """The columns of the captures. A capture reaches to the first place of the literal behind it; where that is
        missing it takes the rest of the line, and the captures behind it nothing."""
        return line_fields.pattern(lines, self.literals, self.names)


class LinePattern:
    """Tests whole lines against literals with wildcards between them."""

    __slots__ = ("parts",)

    def __init__(self, text: str) -> None:
        """Raises PatternError for an empty pattern and one with names or neighbouring wildcards."""
        if not text:
            raise PatternError("empty pattern: invalid expression")
        self.parts, names = _split(text)
        for name in names:
            if name is not None:
                raise PatternError(f"named captures are not allowed: found '<{name}>'")
        _refuse_neighbours(self.parts, names)

    def matches(self, lines: Texts) -> npt.NDArray[np.bool_]:
        """Which lines the pattern describes, as `line_fields.like` has it."""
        return line_fields.like(lines, self.parts).view(np.bool_)


def _split(text: str) -> tuple[tuple[bytes, ...], tuple[str | None, ...]]:
    parts = _CAPTURE.split(text)
    literals = tuple(part.encode("utf-8", "surrogateescape") for part in parts[::2])
    return literals, tuple(None if name == _UNNAMED else name for name in parts[1::2])


def _refuse_neighbours(literals: tuple[bytes, ...], names: tuple[str | None, ...]) -> None:
    for i, literal in enumerate(literals[1:-1]):
        if not literal:
            pair = "".join(f"<{name or _UNNAMED}>" for name in names[i : i + 2])
            raise PatternError(f"found consecutive capture '{pair}': invalid expression")
