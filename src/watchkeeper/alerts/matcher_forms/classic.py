"""The classic form: names of letters, digits, `_` and `:`; values with or without quotes, commas between matchers."""

from __future__ import annotations

import re
from typing import Final

from watchkeeper.alerts.matcher_forms.error import MatcherError, made_matcher
from watchkeeper.core.model.matcher import Matcher, MatchType

_FORM: Final = re.compile(r"[\t\n\f\r ]*([a-zA-Z_:][a-zA-Z0-9_:]*)[\t\n\f\r ]*(=~|=|!=|!~)[\t\n\f\r ]*(.*)", re.DOTALL)
_SPACES: Final = "\t\n\f\r "
_ESCAPES: Final = {"n": "\n", '"': '"', "\\": "\\"}


def parse_classic_matchers(text: str) -> tuple[Matcher, ...]:
    """All matchers of a list, in braces or not. Raises MatcherError.

    A comma may end the list; nothing may stand between two commas.
    """
    parts = _parts(text.removeprefix("{").removesuffix("}"))
    return tuple(parse_classic_matcher(part) for part in parts)


def _parts(text: str) -> list[str]:
    """What stands between the commas that are in no quotes."""
    parts: list[str] = []
    start, quoted, escaped = 0, False, False
    for i, char in enumerate(text):
        if char == "," and not quoted:
            parts.append(text[start:i])
            start = i + 1
        elif char == "\\":
            escaped = not escaped
        elif char == '"':
            quoted = quoted if escaped else not quoted
            escaped = False
        elif char != ",":
            escaped = False
    last = text[start:].strip()
    return [*parts, last] if last else parts


def parse_classic_matcher(text: str) -> Matcher:
    """One matcher. Raises MatcherError.

    In a value `\\n`, `\\"` and `\\\\` are escapes; a backslash before anything else is itself.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise MatcherError(f"bad matcher format: {text}")
    name, type_, raw = found[1], MatchType(found[2]), found[3].rstrip(_SPACES)
    return made_matcher(name, type_, _unescaped(raw))


def _unescaped(raw: str) -> str:
    quoted = raw.startswith('"')
    rest = raw[1:] if quoted else raw
    out: list[str] = []
    escaped, closed = False, not quoted
    for i, char in enumerate(rest):
        is_last = i == len(rest) - 1
        if escaped:
            out.append(_ESCAPES.get(char, f"\\{char}"))
            escaped = False
        elif char == "\\" and not is_last:
            escaped = True
        elif char == '"':
            if not quoted or not is_last:
                raise MatcherError(f"matcher value contains unescaped double quote: {raw}")
            closed = True
        else:
            out.append(char)
    if not closed:
        raise MatcherError(f"matcher value contains unescaped double quote: {raw}")
    return "".join(out)
