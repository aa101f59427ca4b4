"""LogQL's text to tokens.

All words are of one kind: whether `json` is a stage or a label's name depends on the place, which only the parser
knows. A text that can't be cut further ends in one ERROR token whose `text` is the reason, so that the parser reports
it only when it gets there.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Final

from watchkeeper.core.model.quoted import QuotedError, read_quoted
from watchkeeper.core.model.span import Span
from watchkeeper.logs.logql.ast import RangeOp, VectorOp


class Kind(enum.Enum):
    """What a token is; the value is its name in error texts."""

    END = "$end"
    ERROR = "error"
    WORD = "IDENTIFIER"
    STRING = "STRING"
    NUMBER = "NUMBER"
    DURATION = "DURATION"
    BYTES = "BYTES"
    RANGE = "RANGE"  # `[5m]`, with its brackets.
    FLAG = "PARSER_FLAG"  # `--strict`
    SIGN = "sign"  # Operators and punctuation.


@dataclass(frozen=True, slots=True)
class Token:
    """One token. `word` is `text` in lower case, or empty for what is no word."""

    kind: Kind
    text: str
    lo: int
    hi: int
    word: str = ""
    is_call: bool = False  # A word with a parenthesis behind it, or with `by (` or `without (`.

    @property
    def span(self) -> Span:
        """Where it stands."""
        return Span(self.lo, self.hi)

    def describe(self) -> str:
        """As error texts name it: keywords and signs as they are written, functions in upper case, else the kind."""
        if self.kind is Kind.SIGN:
            return self.text
        if self.kind is Kind.WORD:
            if self.word in KEYWORDS:
                return self.word
            if self.is_call and self.word in ("ip", "label_replace"):
                return self.word
            if self.is_call and self.word in FUNCTIONS:
                return self.word.upper()
        return str(self.kind.value)


STAGE_WORDS: Final = (
    "json",
    "logfmt",
    "regexp",
    "pattern",
    "unpack",
    "line_format",
    "label_format",
    "decolorize",
    "drop",
    "keep",
    "unwrap",
)
"""The words that a stage may begin with."""

_CONNECTIVES: Final = "by without and or unless bool on ignoring group_left group_right offset"
KEYWORDS: Final = frozenset((*STAGE_WORDS, *_CONNECTIVES.split()))
AGGREGATIONS: Final = frozenset(op.value for op in (*RangeOp, *VectorOp))
CONVERSIONS: Final = frozenset(("bytes", "duration", "duration_seconds"))
FUNCTIONS: Final = AGGREGATIONS | CONVERSIONS | {"ip", "label_replace", "vector"}

_SPACE: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CALL: Final = re.compile(r"\s*(?:(?:by|without)\s*)?\(", re.IGNORECASE)
_SIGN: Final = re.compile(r"\|=|\|~|\|>|\||!=|!~|!>|=~|==|=|>=|<=|>|<|[-+*/%^(){},]")
_FLAG: Final = re.compile(r"--[A-Za-z][A-Za-z-]*")
_NUMBER: Final = re.compile(r"(?:0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(?![\w.])")
_DURATION: Final = re.compile(r"(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|[smhdwy]))+(?![\w.])")
_BYTES: Final = re.compile(
    r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[kmgtpe]i?b|b|[kgtp]i?|[me]i|(?-i:M))(?![\w.])", re.IGNORECASE
)
_RUN: Final = re.compile(r"[\w.]+")
_SHOWN: Final = 60  # Characters of a bad token that an error repeats.


def tokenize(text: str) -> list[Token]:
    """All tokens of a query; the last is END or ERROR."""
    tokens: list[Token] = []
    pos = 0
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return [Token(Kind.ERROR, "invalid UTF-8 encoding", error.start, len(text))]
    while True:
        space = _SPACE.match(text, pos)
        assert space is not None
        pos = space.end()
        token = _token(text, pos)
        tokens.append(token)
        if token.kind in (Kind.END, Kind.ERROR):
            return tokens
        pos = token.hi


def _token(text: str, pos: int) -> Token:
    if pos >= len(text):
        return Token(Kind.END, "", pos, pos)
    char = text[pos]
    if word := _WORD.match(text, pos):
        is_call = _CALL.match(text, word.end()) is not None
        return Token(Kind.WORD, word.group(), pos, word.end(), word.group().lower(), is_call)
    if char in "0123456789" or (char == "." and text[pos + 1 : pos + 2] in tuple("0123456789")):
        return _number(text, pos)
    if char in '"`':
        try:
            return Token(Kind.STRING, text[pos : (end := read_quoted(text, pos)[0])], pos, end)
        except QuotedError as error:
            return Token(Kind.ERROR, str(error), pos, len(text))
    if char == "[":
        end = text.find("]", pos)
        if end < 0:
            return Token(Kind.ERROR, "missing closing ']' in duration", pos, len(text))
        return Token(Kind.RANGE, text[pos : end + 1], pos, end + 1)
    if flag := _FLAG.match(text, pos):
        return Token(Kind.FLAG, flag.group(), pos, flag.end())
    if sign := _SIGN.match(text, pos):
        return Token(Kind.SIGN, sign.group(), pos, sign.end())
    return Token(Kind.ERROR, f"unexpected character {char!r}", pos, pos + 1)


def _number(text: str, pos: int) -> Token:
    for kind, form in ((Kind.NUMBER, _NUMBER), (Kind.DURATION, _DURATION), (Kind.BYTES, _BYTES)):
        if found := form.match(text, pos):
            return Token(kind, found.group(), pos, found.end())
    run = _RUN.match(text, pos)
    assert run is not None
    return Token(Kind.ERROR, f"bad number, duration or size: {run.group()[:_SHOWN]}", pos, run.end())


def string_value(token: Token) -> str:
    """The value of a STRING token; bytes that are not UTF-8 as surrogate escapes."""
    return read_quoted(token.text, 0)[1].decode(errors="surrogateescape")
