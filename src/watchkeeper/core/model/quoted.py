"""Quoted strings as Go writes them: `"with \\n escapes"` and, between backticks, raw."""

from __future__ import annotations

import re
from typing import Final

_PLAIN: Final = {
    '"': re.compile(r'"([^"\\\n]*)"'),
    "'": re.compile(r"'([^'\\\n]*)'"),
}
_SIMPLE_ESCAPES: Final = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92}
_NUMBERED: Final = {"x": (2, 16), "u": (4, 16), "U": (8, 16)}


class QuotedError(ValueError):
    """Text that is not a quoted string."""


def read_quoted(text: str, pos: int) -> tuple[int, bytes]:
    """The end of the quoted string that starts at `pos` with one of `"`, `'`, `` ` ``, and its value.

    Escapes may spell single bytes, so the value need not be UTF-8. Raises QuotedError.
    """
    delimiter = text[pos]
    if delimiter == "`":
        end = text.find("`", pos + 1)
        if end < 0:
            raise QuotedError("unterminated raw string")
        return end + 1, text[pos + 1 : end].encode(errors="replace")
    plain = _PLAIN[delimiter].match(text, pos)
    if plain:
        return plain.end(), plain.group(1).encode(errors="replace")
    out = bytearray()
    pos += 1
    while True:
        if pos >= len(text) or text[pos] == "\n":
            raise QuotedError("unterminated quoted string")
        char = text[pos]
        pos += 1
        if char == delimiter:
            return pos, bytes(out)
        if char != "\\":
            out += char.encode(errors="replace")
            continue
        pos = _read_escape(text, pos, delimiter, out)


def _read_escape(text: str, pos: int, delimiter: str, out: bytearray) -> int:
    """Append what the escape after a backslash stands for; returns where it ends."""
    if pos >= len(text):
        raise QuotedError("escape sequence not terminated")
    char = text[pos]
    if char == delimiter or char in _SIMPLE_ESCAPES:
        out.append(_SIMPLE_ESCAPES.get(char, ord(char)))
        return pos + 1
    if char in "01234567":
        n_digits, base = 3, 8
    elif char in _NUMBERED:
        n_digits, base = _NUMBERED[char]
        pos += 1
    else:
        raise QuotedError(f"unknown escape sequence U+{ord(char):04X} '{char}'")
    code = 0
    for offset in range(n_digits):
        if pos + offset >= len(text):
            raise QuotedError("escape sequence not terminated")
        digit = text[pos + offset]
        value = int(digit, 16) if digit in "0123456789abcdefABCDEF" else 16
        if value >= base:
            raise QuotedError(f"illegal character U+{ord(digit):04X} '{digit}' in escape sequence")
        code = code * base + value
    if code > (0x10FFFF if char in "uU" else 255) or 0xD800 <= code < 0xE000:
        raise QuotedError("escape sequence is an invalid Unicode code point")
    if char in "uU":
        out += chr(code).encode()
    else:
        out.append(code)
    return pos + n_digits
