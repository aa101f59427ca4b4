"""The place in a text that is being parsed: tokens one after the other, and errors that point at them."""

from __future__ import annotations

from typing import Any, Final, NoReturn

from watchkeeper.core.model.go_regex_error import regex_problem
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.regex import RegexError, anchored, compile_re2
from watchkeeper.core.model.regex_weight import RegexWeight
from watchkeeper.core.model.span import Span
from watchkeeper.logs.lines.units import UnitError, parse_float
from watchkeeper.logs.logql.errors import LogQLParseError
from watchkeeper.logs.logql.lexer import Kind, Token, string_value, tokenize
from watchkeeper.logs.logql.units import parse_query_duration_ns

MAX_BYTES: Final = 131_072  # A query's length.
MAX_DEPTH: Final = 200  # Levels of a tree; every walk over it may recurse a few calls for each.

MAX_STAGES: Final = 500  # Of one selector; line filters, which make nothing, do not count.
MAX_EXTRACTED: Final = 1000  # Labels that the parsers of one selector are asked for by name.

MAX_EXPECTED: Final = 4  # Where more could stand, an error names none, as upstream's.

_ORDER_TEXT: Final = (
    "IDENTIFIER STRING NUMBER PARSER_FLAG RANGE = =~ !~ !> { } , |~ |= |> ( ) by without bool | ip "
    "offset on ignoring or and unless == != < <= > >= + - * / % ^ BYTES DURATION DURATION_SECONDS"
)
_ORDER: Final = {name: place for place, name in enumerate(_ORDER_TEXT.split())}
_MATCH_TYPES: Final = {kind.value: kind for kind in MatchType}


class Cursor:
    """One text being parsed."""

    __slots__ = ("_depth", "_index", "_text", "_tokens", "_weight")

    def __init__(self, text: str, weight: RegexWeight | None = None) -> None:
        self._text = text
        self._index = 0
        self._depth = 0
        self._weight = RegexWeight() if weight is None else weight
        size = len(text.encode(errors="replace"))
        if size > MAX_BYTES:
            self._refuse(f"input size too long ({size} > {MAX_BYTES})", Span(0, 0))
        self._tokens = tokenize(text)

    # --- tokens ---

    def _peek(self) -> Token:
        return self._tokens[self._index]

    def _following(self) -> Token:
        return self._tokens[min(self._index + 1, len(self._tokens) - 1)]

    def _take(self) -> Token:
        token = self._tokens[self._index]
        if self._index < len(self._tokens) - 1:
            self._index += 1
        return token

    def _at(self, *signs: str) -> bool:
        """Whether the next token is one of these signs."""
        token = self._tokens[self._index]
        return token.kind is Kind.SIGN and token.text in signs

    def _accept(self, sign: str) -> bool:
        """Take the next token if it is this sign."""
        if self._at(sign):
            self._take()
            return True
        return False

    def _at_word(self, *words: str) -> bool:
        """Whether the next token is one of these words."""
        return self._tokens[self._index].word in words

    def _accept_word(self, word: str) -> bool:
        if self._at_word(word):
            self._take()
            return True
        return False

    def _expect(self, sign: str) -> Token:
        if not self._at(sign):
            self._unexpected(sign)
        return self._take()

    def _expect_kind(self, kind: Kind) -> Token:
        if self._peek().kind is not kind:
            self._unexpected(kind.value)
        return self._take()

    def _since(self, lo: int) -> Span:
        """From `lo` to the end of what was taken last."""
        return Span(lo, self._tokens[self._index - 1].hi if self._index else lo)

    # --- errors ---

    def _fail(self, message: str, span: Span) -> NoReturn:
        """The text is not in the grammar."""
        raise LogQLParseError(message, span, self._text)

    def _refuse(self, message: str, span: Span) -> NoReturn:
        """The text is in the grammar, and still no query."""
        raise LogQLParseError(message, span, self._text, is_syntax=False)

    def _unexpected(self, *expected: str) -> NoReturn:
        raise self._surprise(*expected)

    def _surprise(self, *expected: str) -> LogQLParseError:
        """The error that the next token can't stand where it does; `expected` is what could."""
        token = self._peek()
        if token.kind is Kind.ERROR:
            return LogQLParseError(token.text, token.span, self._text)
        message = f"syntax error: unexpected {token.describe()}"
        if 0 < len(expected) <= MAX_EXPECTED:
            message += f", expecting {' or '.join(sorted(expected, key=_token_order))}"
        return LogQLParseError(message, token.span, self._text)

    def _deeper(self) -> None:
        """One level down; the caller goes up again by `self._depth -= 1`."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._too_deep(self._peek().span)

    def _too_deep(self, span: Span) -> NoReturn:
        self._refuse(f"query is nested too deeply, the limit is {MAX_DEPTH} levels", span)

    # --- values ---

    def _name(self) -> str:
        """A label's name; keywords are names too where no keyword can stand."""
        return self._expect_kind(Kind.WORD).text

    def _names(self) -> tuple[str, ...]:
        """Label names in parentheses."""
        self._expect("(")
        names: list[str] = []
        while not self._accept(")"):
            if self._peek().kind is not Kind.WORD:
                self._unexpected("IDENTIFIER", *(() if names else (")",)))
            names.append(self._name())
            if not self._accept(",") and not self._at(")"):
                self._unexpected(",", ")")
        return tuple(names)

    def _string(self) -> str:
        return string_value(self._expect_kind(Kind.STRING))

    def _number(self) -> float:
        """A number with or without a sign."""
        negative = False
        if self._at("+", "-"):
            negative = self._take().text == "-"
        token = self._expect_kind(Kind.NUMBER)
        value = self._number_of(token)
        return -value if negative else value

    def _number_of(self, token: Token) -> float:
        try:
            if token.text[:2] in ("0x", "0X"):
                return float(int(token.text, 16))
            return parse_float(token.text)
        except (UnitError, OverflowError) as error:
            self._refuse(str(error), token.span)

    def _duration_ns(self, text: str, span: Span) -> int:
        try:
            return parse_query_duration_ns(text)
        except UnitError as error:
            self._fail(str(error), span)

    def _matcher(self) -> Matcher:
        """`name="value"`, with any of the four operators."""
        token = self._peek()
        name = self._name()
        match_type = _MATCH_TYPES.get(self._peek().text) if self._peek().kind is Kind.SIGN else None
        if match_type is None:
            self._unexpected(*_MATCH_TYPES)
        self._take()
        value = self._string()
        return self._checked_matcher(name, match_type, value, self._since(token.lo))

    def _checked_matcher(self, name: str, match_type: MatchType, value: str, span: Span) -> Matcher:
        try:
            matcher = Matcher(name, match_type, value)
        except (RegexError, UnicodeError):
            self._refuse(regex_problem(value), span)
        if match_type in (MatchType.REGEX, MatchType.NOT_REGEX):
            self._weigh(compile_re2(anchored(value)), span)  # As the matcher has it: it is not compiled again.
        return matcher

    def _weigh(self, compiled: Any, span: Span) -> None:
        """Counts a compiled regular expression."""
        try:
            self._weight.add(compiled)
        except RegexError as error:
            self._refuse(str(error), span)


def _token_order(name: str) -> int:
    """Where upstream's list of tokens has a name; errors name what they expect in that order."""
    return _ORDER.get(name, len(_ORDER))
