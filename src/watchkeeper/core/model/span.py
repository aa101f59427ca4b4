"""A stretch of a text, for errors that point."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `lo` to `hi` of a text, half open, counted from 0."""

    lo: int
    hi: int

    def place(self, text: str) -> tuple[int, int]:
        """Line and column of `lo`, both counted from 1; the column counts bytes, as upstream's positions do."""
        before = text[: self.lo]
        line = before.count("\n") + 1
        return line, len(before[before.rfind("\n") + 1 :].encode()) + 1

    def join(self, other: Span) -> Span:
        """The stretch that covers both."""
        return Span(min(self.lo, other.lo), max(self.hi, other.hi))


def caret(text: str, span: Span) -> str:
    """The line that `span` starts in, and below it a caret under its first character."""
    start = text.rfind("\n", 0, span.lo) + 1
    end = text.find("\n", span.lo)
    line = text[start : len(text) if end < 0 else end]
    return f"{line}\n{' ' * (span.lo - start)}^"
