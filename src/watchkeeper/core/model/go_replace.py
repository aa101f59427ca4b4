"""Replacements by expressions, as Go's regexp does them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from watchkeeper.core.model.regex import compile_re2
from watchkeeper.core.model.replacement import Replacement


def find_all(expression: str, text: str) -> Iterator[Any]:
    """The matches in a text, from left to right; empty ones right behind another are left out. Raises RegexError."""
    end = -1
    for match in compile_re2(expression).finditer(text):
        if match.start() == match.end() == end:
            continue
        end = match.end()
        yield match


def replace_all(expression: str, text: str, replacement: str, *, literal: bool, most: int) -> str | None:
    """The text with all matches replaced; None where it would be longer than `most` characters. Raises RegexError.

    literal   the replacement is taken as it is; else `$1`, `${name}` and `$$` in it have a meaning
    """
    template = None if literal else Replacement(replacement, compile_re2(expression))
    out: list[str] = []
    size = pos = 0
    for match in find_all(expression, text):
        piece = replacement if template is None else template.expand(match)
        out += (text[pos : match.start()], piece)
        size += match.start() - pos + len(piece)
        pos = match.end()
        if size > most:
            return None
    if size + len(text) - pos > most:
        return None
    return "".join(out) + text[pos:]
