"""PromQL's text to tokens.

A text that can't be cut further ends in one ERROR token whose `text` is the reason, so that the parser reports it only
when it gets there. What counts as a token depends on the place: inside braces all words are label names, inside
brackets only numbers, durations and a few words are known. Source of the forms and texts: Prometheus
promql/parser/lex.go.
"""

from __future__ import annotations

import enum
import math
import re
from dataclasses import dataclass
from typing import Final

from watchkeeper.core.model.labels import quote
from watchkeeper.core.model.quoted import QuotedError, read_quoted
from watchkeeper.core.model.span import Span


class Kind(enum.Enum):
    """What a token is; the value is the word of error texts where the kind has one."""

    END = "end of input"
    ERROR = "error"
    IDENTIFIER = "identifier"
    METRIC_IDENTIFIER = "metric identifier"  # A name with a colon.
    STRING = "string"
    NUMBER = "number"
    DURATION = "duration"
    AGGREGATOR = "aggregator"
    KEYWORD = "keyword"
    PREPROCESSOR = "preprocessor"  # start, end, step, range, min_of, max_of
    OPERATOR = "operator"
    PUNCTUATION = "punctuation"


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `word` is `text` in lower case for keywords and operators, so that `SUM` is `sum`."""

    kind: Kind
    text: str
    word: str
    lo: int
    hi: int

    @property
    def span(self) -> Span:
        """Where it stands."""
        return Span(self.lo, self.hi)

    def describe(self) -> str:
        """As error texts name it."""
        match self.kind:
            case Kind.END:
                return "end of input"
            case Kind.KEYWORD:
                return f"<{self.text}>"
            case Kind.OPERATOR:
                return f"<op:{self.text}>"
            case Kind.AGGREGATOR:
                return f"<aggr:{self.text}>"
            case Kind.PREPROCESSOR | Kind.PUNCTUATION:
                return quote(self.text)
            case Kind.IDENTIFIER | Kind.METRIC_IDENTIFIER:
                return f"{self.kind.value} {quote(self.text)}"
            case _:
                shown = quote(self.text) if len(self.text) <= 10 else f"{quote(self.text[:10])}..."
                return f"{self.kind.value} {shown}"


AGGREGATORS: Final = frozenset(
    [
        "sum",
        "avg",
        "count",
        "min",
        "max",
        "group",
        "stddev",
        "stdvar",
        "topk",
        "bottomk",
        "count_values",
        "quantile",
        "limitk",
        "limit_ratio",
    ]
)
KEYWORDS: Final = frozenset(
    [
        "offset",
        "smoothed",
        "anchored",
        "by",
        "without",
        "on",
        "ignoring",
        "group_left",
        "group_right",
        "fill",
        "fill_left",
        "fill_right",
        "bool",
    ]
)
PREPROCESSORS: Final = frozenset(["start", "end", "step", "range", "min_of", "max_of"])
WORD_OPERATORS: Final = frozenset(["and", "or", "unless", "atan2"])
_SHOWN: Final = 60  # Characters of a bad token that an error repeats.
_FILLS: Final = frozenset(("fill", "fill_left", "fill_right"))
_DURATION_WORDS: Final = frozenset(("step", "range", "min_of", "max_of"))

_SPACE: Final = re.compile(r"(?:[ \t\r\n]+|#[^\r\n]*)+")
_SPACE_IN_BRACKETS: Final = re.compile(r"[ \t\r\n]+")
_NAME: Final = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_LABEL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DIGITS: Final = r"[0-9]+(?:_[0-9]+)*"
_EXPONENT: Final = rf"(?:[eE][+-]?{_DIGITS})?"
_NUMBER: Final = re.compile(
    rf"(?:0[xX]_?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*|{_DIGITS}(?:\.(?:{_DIGITS})?)?{_EXPONENT}|\.{_DIGITS}{_EXPONENT})"
    r"(?![A-Za-z0-9_.])"
)
_DURATION: Final = re.compile(r"[0-9.]+[smhdwy]s?(?:[0-9]+[smhdw]s?)*(?![A-Za-z0-9_])")
_BAD_NUMBER: Final = re.compile(r"[0-9._]+(?:[smhdwy]s?(?:[0-9]+[smhdw]s?)*[0-9A-Za-z_]?)?|[0-9A-Za-z_.]+")
_OPERATORS: Final = re.compile(r"</|>/|<=|>=|==|!=|[-+*/%^<>@]")
_IN_BRACES: Final = re.compile(r"=~|!~|!=|=|,")
_IN_BRACKETS: Final = re.compile(r"[-+*/%^]")


class LexError(Exception):
    """Raised inside this module and by `scan_string` for text that is no token."""


def tokenize(text: str) -> list[Token]:
    """All tokens of a query; the last is END or ERROR."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return [Token(Kind.ERROR, "invalid UTF-8 rune", "", error.start, len(text))]
    return _Lexer(text).run()


class _Lexer:
    __slots__ = ("bracket_open", "got_colon", "paren_depth", "pos", "text", "tokens")

    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0
        self.tokens: list[Token] = []
        self.paren_depth = 0
        self.bracket_open = False
        self.got_colon = False

    def run(self) -> list[Token]:
        brace_open = False
        while True:
            space = (_SPACE_IN_BRACKETS if self.bracket_open else _SPACE).match(self.text, self.pos)
            if space:
                self.pos = space.end()
            try:
                if brace_open:
                    self.inside_braces()
                elif self.bracket_open:
                    self.inside_brackets()
                else:
                    self.statement()
            except LexError as error:
                self.tokens.append(Token(Kind.ERROR, str(error), "", self.pos, len(self.text)))
                return self.tokens
            last = self.tokens[-1]
            if last.kind is Kind.PUNCTUATION and last.text in "{}":
                brace_open = last.text == "{"
            if last.kind is Kind.END:
                return self.tokens

    def emit(self, kind: Kind, hi: int) -> None:
        text = self.text[self.pos : hi]
        self.tokens.append(Token(kind, text, text.lower(), self.pos, hi))
        self.pos = hi

    def statement(self) -> None:
        text, pos = self.text, self.pos
        if pos >= len(text):
            if self.paren_depth:
                raise LexError("unclosed left parenthesis")
            self.emit(Kind.END, pos)
            return
        char = text[pos]
        if name := _NAME.match(text, pos):
            self.name(name.end())
        elif char in "0123456789" or (char == "." and text[pos + 1 : pos + 2].isdecimal() and text[pos + 1].isascii()):
            self.number()
        elif char in "\"'`":
            self.emit(Kind.STRING, scan_string(text, pos))
        elif char in "()":
            self.parenthesis(char)
        elif operator := _OPERATORS.match(text, pos):
            self.emit(Kind.OPERATOR, operator.end())
        elif char == "[":
            self.emit(Kind.PUNCTUATION, pos + 1)
            self.bracket_open, self.got_colon = True, False
        elif char in "{,":
            self.emit(Kind.PUNCTUATION, pos + 1)
        elif char == "=":
            if text[pos + 1 : pos + 2] == "~":
                raise LexError("unexpected character after '=': '~'")
            self.emit(Kind.PUNCTUATION, pos + 1)
        elif char == "!":
            raise LexError(f"unexpected character after '!': {_rune(text, pos + 1)}")
        elif char == "]":
            raise LexError("unexpected right bracket ']'")
        else:
            raise LexError(f"unexpected character: {_rune(text, pos)}")

    def parenthesis(self, char: str) -> None:
        self.emit(Kind.PUNCTUATION, self.pos + 1)
        self.paren_depth += 1 if char == "(" else -1
        if self.paren_depth < 0:
            self.tokens.pop()
            raise LexError("unexpected right parenthesis ')'")

    def name(self, hi: int) -> None:
        word = self.text[self.pos : hi].lower()
        if word in ("inf", "nan"):
            self.emit(Kind.NUMBER, hi)
        elif word in AGGREGATORS:
            self.emit(Kind.AGGREGATOR, hi)
        elif word in WORD_OPERATORS:
            self.emit(Kind.OPERATOR, hi)
        elif word in KEYWORDS and not (word in _FILLS and not self.parenthesis_follows(hi)):
            self.emit(Kind.KEYWORD, hi)
        elif word in PREPROCESSORS:
            self.emit(Kind.PREPROCESSOR, hi)
        elif ":" in word:
            self.emit(Kind.METRIC_IDENTIFIER, hi)
        else:
            self.emit(Kind.IDENTIFIER, hi)

    def parenthesis_follows(self, pos: int) -> bool:
        """Whether `fill` is the modifier and not a metric of that name."""
        space = _SPACE_IN_BRACKETS.match(self.text, pos)
        pos = space.end() if space else pos
        return self.text[pos : pos + 1] == "("

    def number(self) -> None:
        if number := _NUMBER.match(self.text, self.pos):
            self.emit(Kind.NUMBER, number.end())
        elif duration := _DURATION.match(self.text, self.pos):
            self.emit(Kind.DURATION, duration.end())
        else:
            bad = _BAD_NUMBER.match(self.text, self.pos)
            shown = bad.group()[:_SHOWN] if bad else ""
            raise LexError(f"bad number or duration syntax: {quote(shown)}")

    def inside_braces(self) -> None:
        text, pos = self.text, self.pos
        if pos >= len(text):
            raise LexError("unexpected end of input inside braces")
        char = text[pos]
        if label := _LABEL.match(text, pos):
            self.emit(Kind.IDENTIFIER, label.end())
        elif char in "\"'`":
            self.emit(Kind.STRING, scan_string(text, pos))
        elif punctuation := _IN_BRACES.match(text, pos):
            kind = Kind.PUNCTUATION if punctuation.group() in ("=", ",") else Kind.OPERATOR
            self.emit(kind, punctuation.end())
        elif char == "}":
            self.emit(Kind.PUNCTUATION, pos + 1)
        elif char == "!":
            raise LexError(f"unexpected character after '!' inside braces: {_rune(text, pos + 1)}")
        elif char == "{":
            raise LexError("unexpected left brace '{'")
        else:
            raise LexError(f"unexpected character inside braces: {_rune(text, pos)}")

    def inside_brackets(self) -> None:
        text, pos = self.text, self.pos
        after_number = self.tokens[-1].kind in (Kind.NUMBER, Kind.DURATION)
        if pos >= len(text):
            if self.paren_depth:
                raise LexError("unclosed left parenthesis")
            raise LexError(
                "unclosed left bracket" if after_number else "unexpected end of input in duration expression"
            )
        char = text[pos]
        if char in "0123456789" or (char == "." and text[pos + 1 : pos + 2].isdecimal()):
            self.number()
        elif operator := _IN_BRACKETS.match(text, pos):
            self.emit(Kind.OPERATOR, operator.end())
        elif char in "()":
            self.parenthesis(char)
        elif char == ",":
            self.emit(Kind.PUNCTUATION, pos + 1)
        elif char == "]":
            self.emit(Kind.PUNCTUATION, pos + 1)
            self.bracket_open = False
        elif char == ":":
            if self.tokens[-1].text == "[":
                raise LexError("unexpected colon before duration in duration expression")
            if self.got_colon:
                raise LexError("unexpected repeated colon in duration expression")
            self.got_colon = True
            self.emit(Kind.PUNCTUATION, pos + 1)
        elif (word := _LABEL.match(text, pos)) and word.group().lower() in _DURATION_WORDS:
            self.emit(Kind.PREPROCESSOR, word.end())
        elif after_number:
            raise LexError(f"unexpected character: {_rune(text, pos)}, expected ':'")
        else:
            raise LexError(f"unexpected character in duration expression: {_rune(text, pos)}")


def _rune(text: str, pos: int) -> str:
    """The character at `pos` as Go's %q shows a rune; the end of the text is Go's -1."""
    if pos >= len(text):
        return "'�'"
    char = text[pos]
    if char in "'\\":
        return f"'\\{char}'"
    return "'" + quote(char)[1:-1].replace('\\"', '"') + "'"


# --- strings -------------------------------------------------------------------------------------------------------


def scan_string(text: str, pos: int) -> int:
    """The end of the quoted string that starts at `pos`. Raises LexError where it is not one."""
    try:
        return read_quoted(text, pos)[0]
    except QuotedError as error:
        raise LexError(str(error)) from None


def unquote(text: str) -> str:
    """The value of a token that `scan_string` accepted; bytes that are not UTF-8 become U+FFFD."""
    return read_quoted(text, 0)[1].decode(errors="replace")


# --- numbers -------------------------------------------------------------------------------------------------------


def parse_number(text: str) -> float:
    """The value of a NUMBER token: Go's integer forms (`0x1F`, `017` is octal, `1_000`), else a float.

    Raises LexError.
    """
    lower = text.replace("_", "").lower()
    if lower.startswith("0x"):
        value = int(lower, 16)
        if value >= 1 << 63:
            raise LexError(f'error parsing number: strconv.ParseFloat: parsing "{text[:_SHOWN]}": invalid syntax')
        return float(value)
    if lower.isdecimal() and lower[0] == "0" and not set(lower) & {"8", "9"}:
        value = int(lower, 8)
        if value < 1 << 63:
            return float(value)
    number = float(lower)
    if math.isinf(number) and "inf" not in lower:
        raise LexError(f'error parsing number: strconv.ParseFloat: parsing "{text[:_SHOWN]}": value out of range')
    return number
