"""Replacements with `$1`, `${1}`, `${name}`, `$name`, `$$`, as Go's regexp.Expand has them."""

from __future__ import annotations

import re
from typing import Any, Final

_REFERENCE: Final = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))")


class Replacement:
    """A replacement for the matches of one expression.

    A reference takes the longest run of letters, digits and underscores: `$1x` is the group "1x". One to a group that
    does not exist is empty; a dollar sign before anything else stays.

    constant     the text, where no group takes part
    whole_group  the number of the group that is all there is; None where there is more, or none
    """

    __slots__ = ("constant", "parts", "whole_group")

    def __init__(self, text: str, pattern: Any) -> None:
        """`pattern` is the compiled expression, of which the groups are known."""
        self.parts: list[str | int] = []
        position = 0
        for match in _REFERENCE.finditer(text):
            self._add(text[position : match.start()])
            position = match.end()
            name = match[2] or match[3]
            if match[1]:
                self._add("$")
            elif name.isascii() and name.isdigit():
                # A number with a leading zero is a name to Go, and no group can have it.
                if len(name) < 9 and (name == "0" or name[0] != "0") and int(name) <= pattern.groups:
                    self.parts.append(int(name))
            elif name in pattern.groupindex:
                self.parts.append(pattern.groupindex[name])
        self._add(text[position:])
        is_constant = not any(isinstance(part, int) for part in self.parts)
        self.constant = "".join(str(part) for part in self.parts) if is_constant else None
        only = self.parts[0] if len(self.parts) == 1 else None
        self.whole_group = only if isinstance(only, int) else None

    def _add(self, text: str) -> None:
        if text:
            self.parts.append(text)

    def expand(self, match: Any) -> str:
        """The text for a match in a text or in its UTF-8 bytes; groups that took no part are empty."""
        if self.constant is not None:
            return self.constant
        return "".join([part if isinstance(part, str) else _text(match.group(part)) for part in self.parts])


def _text(group: str | bytes | None) -> str:
    # An expression of single bytes (`\C`) may cut a character.
    return group.decode(errors="replace") if isinstance(group, bytes) else group or ""
