"""How large the regular expressions of one request are together."""

from __future__ import annotations

from typing import Any, Final

from watchkeeper.core.model.regex import RegexError, program_size

MAX_INSTRUCTIONS: Final = 500_000  # As RE2 compiles them; a microsecond and a hundred bytes for each.


class RegexWeight:
    """A short text may take long to compile, and much memory: `\\pL{90}` is 36,000 instructions. A request with many of
    these is refused before it keeps others waiting."""

    __slots__ = ("_seen", "_total")

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._total = 0

    def add(self, compiled: Any) -> None:
        """Counts an expression of `compile_re2`, the same one once. Raises RegexError."""
        if compiled.pattern in self._seen:
            return
        self._seen.add(compiled.pattern)
        self._total += program_size(compiled)
        if self._total > MAX_INSTRUCTIONS:
            raise RegexError(
                f"the regular expressions are too large together, the limit is {MAX_INSTRUCTIONS} instructions"
            )
