"""A template to its tokens.

Source: Go text/template/parse/lex.go. Spaces inside of actions are tokens too: `$x -1` and `$x-1` differ.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Final

from watchkeeper.core.model.labels import quote

LEFT: Final = "{{"
RIGHT: Final = "}}"


class Kind(enum.Enum):
    """What a token is."""

    ERROR = "error"
    END = "EOF"
    TEXT = "text"
    LEFT_DELIM = "left"
    RIGHT_DELIM = "right"
    SPACE = "space"
    PIPE = "|"
    ASSIGN = "="
    DECLARE = ":="
    LEFT_PAREN = "("
    RIGHT_PAREN = ")"
    CHAR = "char"
    STRING = "string"
    RAW_STRING = "raw string"
    CHAR_CONSTANT = "character"
    NUMBER = "number"
    BOOL = "bool"
    IDENTIFIER = "identifier"
    FIELD = "field"
    VARIABLE = "variable"
    DOT = "."
    NIL = "nil"
    KEYWORD = "keyword"


KEYWORDS: Final = frozenset(("block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"))

_SPACES: Final = re.compile(r"[ \t\r\n]+")
_WORD: Final = re.compile(r"\w+")
_TRIM_RIGHT: Final = re.compile(r"[ \t\r\n]+-}}")
_STRING: Final = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"')
_CHAR: Final = re.compile(r"'(?:[^'\\\n]|\\[^\n])*'")
_RAW: Final = re.compile(r"`[^`]*`")
_NUMBER: Final = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F_]+(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]+)?|0[oO][0-7_]+|0[bB][01_]+"
    r"|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9_]+)?)(?!\w)"
)
_NUMBER_RUN: Final = re.compile(r"[+-]?[\w.]*")
_SIGNS: Final = {"|": Kind.PIPE, "=": Kind.ASSIGN}
_BLANKS: Final = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `lo` is where it starts in the template."""

    kind: Kind
    text: str
    lo: int

    def __str__(self) -> str:
        """As Go's errors show it."""
        if self.kind is Kind.END:
            return "EOF"
        if self.kind is Kind.ERROR:
            return self.text
        if self.kind in (Kind.KEYWORD, Kind.NIL, Kind.DOT):
            return f"<{self.text}>"
        return f"{quote(self.text[:10])}..." if len(self.text) > 10 else quote(self.text)


def tokenize(text: str) -> list[Token]:
    """All tokens; the last is END or ERROR."""
    return _Lexer(text).run()


class _Lexer:
    """One template being cut."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0
        self.tokens: list[Token] = []

    def run(self) -> list[Token]:
        trim_left = False
        while True:
            start = self.pos
            left = self.text.find(LEFT, start)
            if left < 0:
                self._text(start, len(self.text), trim_left, False)
                self._emit(Kind.END, len(self.text), len(self.text))
                return self.tokens
            trims = self._trims_at(left + len(LEFT))
            self._text(start, left, trim_left, trims)
            after = left + len(LEFT) + (2 if trims else 0)
            if self.text.startswith("/*", after):
                outcome = self._comment(after)
            else:
                self._emit(Kind.LEFT_DELIM, left, left + len(LEFT))
                self.pos = after
                outcome = self._inside()
            if outcome is None:
                return self.tokens
            trim_left = outcome

    def _trims_at(self, pos: int) -> bool:
        """Whether a trim marker, `- `, stands here."""
        return self.text[pos : pos + 1] == "-" and self.text[pos + 1 : pos + 2] in tuple(_BLANKS)

    def _text(self, lo: int, hi: int, trim_left: bool, trim_right: bool) -> None:
        while trim_left and lo < hi and self.text[lo] in _BLANKS:
            lo += 1
        while trim_right and lo < hi and self.text[hi - 1] in _BLANKS:
            hi -= 1
        if lo < hi:
            self._emit(Kind.TEXT, lo, hi)

    def _comment(self, pos: int) -> bool | None:
        """Past a comment; whether the text behind it is trimmed, or None for an error."""
        end = self.text.find("*/", pos)
        if end < 0:
            self._fail("unclosed comment", pos)
            return None
        end += 2
        trims = self._trim_right_at(end)
        self.pos = trims or end
        if not self.text.startswith(RIGHT, self.pos):
            self._fail("comment ends before closing delimiter", pos)
            return None
        self.pos += len(RIGHT)
        return trims > 0

    def _trim_right_at(self, pos: int) -> int:
        """Where the right delimiter stands if a trim marker, ` -`, stands here; else 0."""
        found = _TRIM_RIGHT.match(self.text, pos)
        return found.end() - len(RIGHT) if found else 0

    def _inside(self) -> bool | None:
        """Past an action; whether the text behind it is trimmed, or None for an error."""
        depth = 0
        text = self.text
        while True:
            pos = self.pos
            trimmed = self._trim_right_at(pos)
            if trimmed or text.startswith(RIGHT, pos):
                if depth:
                    self._fail("unclosed left paren", pos)
                    return None
                self.pos = trimmed or pos
                self._emit(Kind.RIGHT_DELIM, self.pos, self.pos + len(RIGHT))
                return trimmed > 0
            if pos >= len(text):
                self._fail("unclosed action", pos)
                return None
            char = text[pos]
            if char == "(":
                depth += 1
                self._emit(Kind.LEFT_PAREN, pos, pos + 1)
            elif char == ")":
                depth -= 1
                if depth < 0:
                    self._fail("unexpected right paren", pos)
                    return None
                self._emit(Kind.RIGHT_PAREN, pos, pos + 1)
            elif not self._token(char, pos):
                return None

    def _token(self, char: str, pos: int) -> bool:
        """Emit the token at `pos`; False after an error."""
        text = self.text
        following = text[pos + 1 : pos + 2]
        if char in _BLANKS:
            found = _SPACES.match(text, pos)
            assert found is not None
            return self._emit(Kind.SPACE, pos, found.end())
        if char in _SIGNS:
            return self._emit(_SIGNS[char], pos, pos + 1)
        if char == ":":
            if following != "=":
                return self._fail_false("expected :=", pos)
            return self._emit(Kind.DECLARE, pos, pos + 2)
        if char in "\"`'":
            return self._quoted(char, pos)
        if char == "$" or (char == "." and not ("0" <= following <= "9")):
            return self._field_or_variable(char, pos)
        if char in "+-." or "0" <= char <= "9":
            return self._number(pos)
        if char == "_" or char.isalpha() or char.isdigit():
            return self._word(pos)
        if char.isascii() and char.isprintable():
            return self._emit(Kind.CHAR, pos, pos + 1)
        return self._fail_false(f"unrecognized character in action: {_show(char)}", pos)

    def _quoted(self, char: str, pos: int) -> bool:
        form, kind, problem = {
            '"': (_STRING, Kind.STRING, "unterminated quoted string"),
            "`": (_RAW, Kind.RAW_STRING, "unterminated raw quoted string"),
            "'": (_CHAR, Kind.CHAR_CONSTANT, "unterminated character constant"),
        }[char]
        found = form.match(self.text, pos)
        if found is None:
            return self._fail_false(problem, pos)
        return self._emit(kind, pos, found.end())

    def _field_or_variable(self, char: str, pos: int) -> bool:
        if self._ends_at(pos + 1):
            return self._emit(Kind.VARIABLE if char == "$" else Kind.DOT, pos, pos + 1)
        found = _WORD.match(self.text, pos + 1)
        end = found.end() if found else pos + 1
        if not self._ends_at(end):
            return self._fail_false(f"bad character {_show(self.text[end])}", end)
        return self._emit(Kind.VARIABLE if char == "$" else Kind.FIELD, pos, end)

    def _word(self, pos: int) -> bool:
        found = _WORD.match(self.text, pos)
        assert found is not None
        if not self._ends_at(found.end()):
            return self._fail_false(f"bad character {_show(self.text[found.end()])}", found.end())
        word = found.group()
        kind = Kind.IDENTIFIER
        if word in KEYWORDS:
            kind = Kind.KEYWORD
        elif word in ("true", "false"):
            kind = Kind.BOOL
        elif word == "nil":
            kind = Kind.NIL
        return self._emit(kind, pos, found.end())

    def _number(self, pos: int) -> bool:
        found = _NUMBER.match(self.text, pos)
        if found is None:
            run = _NUMBER_RUN.match(self.text, pos)
            assert run is not None
            return self._fail_false(f"bad number syntax: {quote(run.group())}", pos)
        return self._emit(Kind.NUMBER, pos, found.end())

    def _ends_at(self, pos: int) -> bool:
        """Whether a word, field or variable may end here."""
        text = self.text
        return pos >= len(text) or text[pos] in " \t\r\n.,|:()" or text.startswith(RIGHT, pos)

    def _emit(self, kind: Kind, lo: int, hi: int) -> bool:
        self.tokens.append(Token(kind, self.text[lo:hi], lo))
        self.pos = hi
        return True

    def _fail(self, problem: str, pos: int) -> None:
        self.tokens.append(Token(Kind.ERROR, problem, pos))

    def _fail_false(self, problem: str, pos: int) -> bool:
        self._fail(problem, pos)
        return False


def _show(char: str) -> str:
    """Go's `%#U`."""
    shown = f" '{char}'" if char.isprintable() else ""
    return f"U+{ord(char):04X}{shown}"
