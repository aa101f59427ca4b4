"""Replacements by expressions, as Go's regexp does them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from watchkeeper.core.model.regex import compile_re2

_REFERENCE: Final = re.compile(r"\$(?:\$|\{(\w+)\}|(\w+))", re.ASCII)


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
    out: list[str] = []
    size = pos = 0
    for match in find_all(expression, text):
        piece = replacement if literal else expand(replacement, match)
        out += (text[pos : match.start()], piece)
        size += match.start() - pos + len(piece)
        pos = match.end()
        if size > most:
            return None
    if size + len(text) - pos > most:
        return None
    return "".join(out) + text[pos:]


def expand(replacement: str, match: Any) -> str:
    """`$1`, `${name}` as the groups of a match; an unknown group is empty, `$$` is a dollar sign."""
    groups: tuple[str | None, ...] = match.groups()
    named: dict[str, str | None] = match.groupdict()

    def value(reference: re.Match[str]) -> str:
        name = reference[1] or reference[2]
        if name is None:
            return "$"
        if not name.isdigit():
            return named.get(name) or ""
        number = int(name) if len(name) < 6 else len(groups) + 1
        if number == 0:
            return str(match.group(0))
        return groups[number - 1] or "" if number <= len(groups) else ""

    return _REFERENCE.sub(value, replacement)
