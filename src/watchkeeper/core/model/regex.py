"""Regular expressions as upstream has them: RE2, anchored at both ends, the dot matching newlines too."""

from __future__ import annotations

from typing import Any, Final

import re2

from watchkeeper.core.model.kept_expressions import KeptExpressions
from watchkeeper.core.model.replacement import Replacement

MAX_PROGRAM_BYTES: Final = 8 << 20  # RE2's memory for one compiled expression; larger ones are refused, not run.
# Of states that a yes-or-no test may keep; where they are too many it forgets them, and begins again. A large program
# has large states, and without room for some of them there is no test.
TEST_BYTES: Final = 2 << 20
TEST_BYTES_OF_INSTRUCTION: Final = 400
MAX_TEST_BYTES: Final = 64 << 20


class RegexError(ValueError):
    """Text that is not an expression in RE2's syntax."""


class Regex:
    """An anchored expression. Time is linear in the text, whatever the expression."""

    __slots__ = ("_compiled", "_test", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._compiled = compile_re2(anchored(text))
        # A set of one expression answers yes or no without a match object, in a seventh of the time.
        options = _options()
        options.max_mem = min(MAX_TEST_BYTES, TEST_BYTES + self.size * TEST_BYTES_OF_INSTRUCTION)
        test = re2.Set.SearchSet(options)
        try:
            test.Add(anchored(text))
            test.Compile()
        except re2.error:
            raise RegexError("expression is too large") from None
        self._test = test.Match

    @property
    def size(self) -> int:
        """How many instructions it has."""
        return program_size(self._compiled)

    def matches(self, value: str) -> bool:
        """Whether the whole of `value` matches."""
        return self._test(value) is not None

    def search(self, value: str) -> Any | None:
        """The match of the whole value, in its UTF-8 bytes; None without one."""
        # The wrapper counts characters for each match of a str, which takes longer than the search; bytes it leaves.
        return self._compiled.search(value.encode())

    def replacement(self, text: str) -> Replacement:
        """What `$1` and `${name}` in a text stand for in matches of this expression."""
        return Replacement(text, self._compiled)


def anchored(text: str) -> str:
    """The expression that the whole of a value must match."""
    return f"^(?s:{text})$"


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_PROGRAM_BYTES
    return options


def _compiled(text: str) -> Any:
    try:
        return re2.compile(text, _options())
    except re2.error as error:
        reason = error.args[0]
        raise RegexError(reason.decode() if isinstance(reason, bytes) else str(reason)) from None


def program_size(compiled: Any) -> int:
    """How many instructions an expression of `compile_re2` has."""
    size: int = compiled._regexp.ProgramSize()
    return size


_COMPILED: Final = KeptExpressions[Any](_compiled, program_size)
_ANCHORED: Final = KeptExpressions[Regex](Regex, lambda made: made.size)


def compile_re2(text: str) -> Any:
    """A compiled RE2 expression, not anchored, kept for the next caller. Raises RegexError with RE2's own words."""
    return _COMPILED.get(text)


def regex(text: str) -> Regex:
    """The anchored expression for `text`, kept for the next caller. Raises RegexError with RE2's own words."""
    return _ANCHORED.get(text)
