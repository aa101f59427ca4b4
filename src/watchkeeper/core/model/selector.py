"""Text in braces → matchers, `{a="b", c=~"d.*"}`: no query, but what names series or streams."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.quoted import QuotedError, read_quoted
from watchkeeper.core.model.regex import RegexError

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_OPERATOR: Final = re.compile(r"=~|!~|!=|=")


class SelectorError(ValueError):
    """Text that is no selector; says where, in the form `1:7: parse error: …`."""

    def __init__(self, text: str, position: int, message: str) -> None:
        line = text.count("\n", 0, position) + 1
        column = position - text.rfind("\n", 0, position)
        super().__init__(f"{line}:{column}: parse error: {message}")


def parse_matchers(text: str) -> tuple[Matcher, ...]:
    """The matchers of `{a="b", c!~"d.*"}`. Raises SelectorError."""
    found: list[Matcher] = []
    for name, operator, value, at in _parts(text):
        try:
            found.append(Matcher(name, MatchType(operator), value))
        except RegexError as error:
            raise SelectorError(text, at, f"not a valid regular expression: {error}") from None
    return tuple(found)


def _parts(text: str) -> Iterator[tuple[str, str, str, int]]:
    """(name, operator, value, position of the operator) of each part."""
    position = _skip(text, 0)
    position = _expect(text, position, "{", "a selector starts with")
    while True:
        if text.startswith("}", position):
            break
        name, position = _name(text, position)
        operator = _OPERATOR.match(text, position)
        if operator is None:
            raise SelectorError(text, position, f"unexpected {_shown(text, position)}, expected one of =, !=, =~, !~")
        position = _skip(text, operator.end())
        if text[position : position + 1] not in ('"', "'", "`"):
            raise SelectorError(text, position, f"unexpected {_shown(text, position)}, expected a quoted string")
        position, value = _quoted(text, position)
        yield name, operator.group(), value, operator.start()
        if not text.startswith(",", position):
            break
        position = _skip(text, position + 1)
    position = _expect(text, position, "}", "expected , or")
    if position < len(text):
        raise SelectorError(text, position, f"unexpected {_shown(text, position)} after the selector")


def _name(text: str, position: int) -> tuple[str, int]:
    match = _NAME.match(text, position)
    if match is not None:
        return match.group(), _skip(text, match.end())
    if not text.startswith('"', position):
        raise SelectorError(text, position, f"unexpected {_shown(text, position)}, expected the name of a label")
    end, name = _quoted(text, position)
    return name, end


def _quoted(text: str, position: int) -> tuple[int, str]:
    try:
        end, value = read_quoted(text, position)
        return _skip(text, end), value.decode()
    except QuotedError as error:
        raise SelectorError(text, position, str(error)) from None
    except UnicodeDecodeError:
        raise SelectorError(text, position, "invalid UTF-8") from None


def _expect(text: str, position: int, char: str, words: str) -> int:
    if not text.startswith(char, position):
        raise SelectorError(text, position, f"unexpected {_shown(text, position)}, {words} {char}")
    return _skip(text, position + 1)


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    assert match is not None
    return match.end()


def _shown(text: str, position: int) -> str:
    return f'"{text[position]}"' if position < len(text) else "end of input"
