"""Where a line is no logfmt, in the words of upstream's decoder.

Places count bytes from 1. Source of the words: Loki's fork of go-logfmt, decode.go.
"""

from __future__ import annotations

import re
from typing import Final

_BLANKS: Final = re.compile(rb"[\x00-\x20]*")
_WORD: Final = re.compile(rb'[^\x00-\x20="]*')
_QUOTED: Final = re.compile(rb'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_ESCAPED: Final = re.compile(rb"(?:[^\\\x00-\x1f]|\\[\"\\/'bfnrt]|\\u[0-9a-fA-F]{4})*+")


def logfmt_fault(line: bytes) -> str:
    """The error of the first pair that is malformed; an empty text for a line that is logfmt."""
    at, end = 0, len(line)
    while True:
        at = _end(_BLANKS, line, at)
        if at == end:
            return ""
        start, at = at, _end(_WORD, line, at)
        sign = line[at : at + 1]
        if sign == b'"':
            return _unexpected(at, sign)
        key = line[start:at]
        if not _is_readable(key):
            return _at(at, "invalid key")
        if sign != b"=":
            continue
        if not key:
            return _unexpected(at, sign)
        at += 1
        if line[at : at + 1] == b'"':
            quoted = _QUOTED.match(line, at)
            if quoted is None:
                return _at(end, "unterminated quoted value")
            at = quoted.end()
            if b"\\" in quoted[1] and not _ESCAPED.fullmatch(quoted[1]):
                return _at(at, "invalid quoted value")
            continue
        at = _end(_WORD, line, at)
        if line[at : at + 1] in (b"=", b'"'):
            return _unexpected(at, line[at : at + 1])


def _end(expression: re.Pattern[bytes], line: bytes, at: int) -> int:
    found = expression.match(line, at)
    assert found is not None  # Both match the empty text.
    return found.end()


def _is_readable(key: bytes) -> bool:
    """A key is UTF-8 without U+FFFD."""
    return key.isascii() or "\ufffd" not in key.decode(errors="replace")


def _unexpected(at: int, sign: bytes) -> str:
    return _at(at, f"unexpected '{sign.decode()}'")


def _at(at: int, problem: str) -> str:
    return f"logfmt syntax error at pos {at + 1} : {problem}"
