"""The UTF-8 form: names and values are any text, in double quotes where they hold reserved characters.

matchers  := [ "{" ] [ matcher { "," matcher } [ "," ] ] [ "}" ]     both braces or none
matcher   := text ( "=" | "!=" | "=~" | "!~" ) text
text      := a double-quoted string with Go's escapes, or characters of which none is reserved
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from watchkeeper.alerts.matcher_forms.error import MatcherError, made_matcher
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.quoted import QuotedError, read_quoted

_MARKS: Final = frozenset("{},")
_OPERATORS: Final = frozenset(item.value for item in MatchType)
_RESERVED: Final = frozenset("{}!=~,\\\"'`")
# Unicode's White_Space; Python's isspace() counts four separators (0x1c to 0x1f) that are none there.
_SPACES: Final = frozenset("\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000") | frozenset(
    map(chr, range(0x2000, 0x200B))
)
_QUOTED: Final = '"'
_UNQUOTED: Final = "text"


def is_reserved(char: str) -> bool:
    """Whether a character can stand in quotes only."""
    return char in _RESERVED or char in _SPACES


@dataclass(frozen=True, slots=True)
class _Token:
    """`kind` is the mark or the operator itself, `"` or `text`; columns count characters from 0."""

    kind: str
    text: str
    start: int
    end: int


def parse_utf8_matchers(text: str) -> tuple[Matcher, ...]:
    """All matchers of a list, in braces or not. Raises MatcherError with columns."""
    return _Parser(text).matchers()


class _Parser:
    """One token is looked at before it is taken; None is the end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._pos = 0
        self._end = 0  # Of the last token that was looked at.
        self._next: _Token | None = None
        self._is_read = False

    def matchers(self) -> tuple[Matcher, ...]:
        found: list[Matcher] = []
        in_braces = self._accept("{")
        token = self._peek()
        while token is not None and token.kind != "}":
            found.append(self._matcher())
            token = self._peek()
            if token is None or token.kind == "}":
                break
            if token.kind != ",":
                raise self._unexpected(token, "expected a comma or close brace")
            self._take()
            token = self._peek()
            if token is not None and token.kind not in ("}", _QUOTED, _UNQUOTED):
                raise self._unexpected(token, "expected a matcher or close brace after comma")
        self._close(in_braces, token)
        rest = self._peek()
        if rest is not None:
            raise MatcherError(f"{rest.start}:{rest.end}: {rest.text}: expected end of input", rest.start)
        return tuple(found)

    def _close(self, in_braces: bool, token: _Token | None) -> None:
        if in_braces:
            if token is None:
                raise MatcherError(f"0:{self._end}: end of input: expected close brace", self._end)
            self._take()
        elif token is not None:
            raise MatcherError(f"0:{token.end}: }}: expected opening brace", token.start)

    def _matcher(self) -> Matcher:
        name = self._expect((_QUOTED, _UNQUOTED), "expected label name")
        operator = self._expect(_OPERATORS, "expected an operator such as '=', '!=', '=~' or '!~'")
        value = self._expect((_UNQUOTED, _QUOTED), "expected label value")
        try:
            return made_matcher(_unquoted(name), MatchType(operator.kind), _unquoted(value))
        except MatcherError as error:
            if error.column is not None:
                raise
            raise MatcherError(f"failed to create matcher: {error}", value.start) from None

    def _accept(self, kind: str) -> bool:
        token = self._peek()
        if token is None or token.kind != kind:
            return False
        self._take()
        return True

    def _expect(self, kinds: tuple[str, ...] | frozenset[str], words: str) -> _Token:
        token = self._peek()
        if token is None:
            raise MatcherError(f"end of input: {words}", len(self._text))
        if token.kind not in kinds:
            raise self._unexpected(token, words)
        self._take()
        return token

    @staticmethod
    def _unexpected(token: _Token, words: str) -> MatcherError:
        return MatcherError(f"{token.start}:{token.end}: unexpected {token.text}: {words}", token.start)

    def _take(self) -> None:
        self._is_read = False

    def _peek(self) -> _Token | None:
        if not self._is_read:
            self._next = self._scan()
            self._is_read = True
            if self._next is not None:
                self._end = self._next.end
        return self._next

    def _scan(self) -> _Token | None:
        text, start = self._text, self._pos
        while start < len(text) and text[start] in _SPACES:
            start += 1
        if start == len(text):
            self._pos = start
            return None
        char = text[start]
        if char in _MARKS:
            end, kind = start + 1, char
        elif char in "=!":
            end = self._operator_end(start)
            kind = text[start:end]
        elif char == '"':
            end, kind = self._quoted_end(start), _QUOTED
        elif not is_reserved(char):
            end, kind = start + 1, _UNQUOTED
            while end < len(text) and not is_reserved(text[end]):
                end += 1
        else:
            raise MatcherError(f"{start}:{start + 1}: {char}: invalid input", start)
        self._pos = end
        return _Token(kind, text[start:end], start, end)

    def _operator_end(self, start: int) -> int:
        after = self._text[start + 1 : start + 2]
        if self._text[start] == "=":
            return start + 2 if after == "~" else start + 1
        if after and after in "=~":
            return start + 2
        if not after:
            raise MatcherError(f"{start}:{start + 1}: unexpected end of input, expected one of '=~'", start)
        raise MatcherError(f"{start}:{start + 1}: !: expected one of '=~'", start)

    def _quoted_end(self, start: int) -> int:
        text, end = self._text, start + 1
        while end < len(text) and text[end] != '"':
            end += 2 if text[end] == "\\" else 1
        if end >= len(text):
            raise MatcherError(f'{start}:{len(text)}: {text[start:]}: missing end "', start)
        return end + 1


def _unquoted(token: _Token) -> str:
    if token.kind == _UNQUOTED:
        return token.text
    try:
        end, value = read_quoted(token.text, 0)
        if end == len(token.text):
            return value.decode()
    except (QuotedError, UnicodeDecodeError):
        pass
    raise MatcherError(f"{token.start}:{token.end}: {token.text}: invalid input", token.start)
