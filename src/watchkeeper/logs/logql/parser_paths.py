"""The small languages inside of a query's strings: paths into JSON, expressions and the names of their groups."""

from __future__ import annotations

import re
from typing import Any, Final

from watchkeeper.core.model.go_regex_error import regex_problem
from watchkeeper.core.model.labels import is_legacy_name, quote
from watchkeeper.core.model.regex import RegexError, compile_re2

_JSON_TOKEN: Final = re.compile(r'[ \t\n]*(?:(\[)|(\])|(\.)|([A-Za-z_][A-Za-z0-9_]*)|([0-9]+)|("(?:[^"\\]|\\.)*"))')
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
# The name of a group, or first of all what only looks like one: quoted text, an escape, a class of characters.
_GROUP_NAME: Final = re.compile(
    r"\\Q.*?(?:\\E|\Z)|\\.|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]])*\]|\(\?P?<([^>]*)>", re.DOTALL
)


class PathError(ValueError):
    """A string that is not in its little language; the text is upstream's where upstream has one."""


def parse_json_path(expression: str) -> tuple[str | int, ...]:
    """`a.b[0]["c d"]` taken apart: keys as str, places in arrays as int. Raises PathError."""
    path: list[str | int] = []
    end = len(expression.rstrip(" \t\n"))
    pos = 0
    while pos < end:
        start = pos
        token, pos = _json_token(expression, pos)
        if token == "[":
            key, pos = _json_token(expression, pos)
            closing, pos = _json_token(expression, pos)
            if closing != "]" or (isinstance(key, str) and key[:1] != '"'):
                raise PathError("syntax error: unexpected token, expecting RSB")
            path.append(key if isinstance(key, int) else _ESCAPE.sub(r"\1", key[1:-1]))
            continue
        if token == ".":
            if start == 0:
                raise PathError("syntax error: unexpected DOT, expecting LSB or FIELD")
            token, pos = _json_token(expression, pos)
        elif path:
            raise PathError("syntax error: unexpected token, expecting LSB or DOT")
        if not isinstance(token, str) or not is_legacy_name(token):
            raise PathError("syntax error: unexpected token, expecting FIELD")
        path.append(token)
    if not path:
        raise PathError("syntax error: unexpected $end, expecting LSB or FIELD")
    return tuple(path)


def _json_token(text: str, pos: int) -> tuple[str | int, int]:
    found = _JSON_TOKEN.match(text, pos)
    if found is None:
        rest = text[pos:].lstrip(" \t\n")
        raise PathError(f"unexpected char {rest[0]}" if rest else "syntax error: unexpected $end")
    number = found[5]
    if number is None:
        return found.group().lstrip(" \t\n"), found.end()
    if len(number) > 18:
        raise PathError(f"strconv.Atoi: parsing {quote(number)}: value out of range")
    return int(number), found.end()


def parse_group_names(expression: str) -> tuple[str, ...]:
    """The names of an expression's named groups, in order. Raises PathError."""
    compile_pattern(expression)
    # Of groups with the same name, RE2's own index has only the first.
    names = [found[1] for found in _GROUP_NAME.finditer(expression) if found[1]]
    if not names:
        raise PathError("at least one named capture must be supplied")
    for place, name in enumerate(names):
        if not is_legacy_name(name):
            raise PathError(f"invalid extracted label name '{name}'")
        if name in names[:place]:
            raise PathError(f"duplicate extracted label name '{name}'")
    return tuple(names)


def compile_pattern(expression: str) -> Any:
    """An expression compiled by RE2, not anchored. Raises PathError."""
    try:
        return compile_re2(expression)
    except (RegexError, UnicodeError):
        raise PathError(regex_problem(expression)) from None
