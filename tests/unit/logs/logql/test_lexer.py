"""Tokens of LogQL."""

from __future__ import annotations

import pytest

from watchkeeper.logs.logql.lexer import Kind, string_value, tokenize


def kinds(text: str) -> list[tuple[Kind, str]]:
    return [(token.kind, token.text) for token in tokenize(text)[:-1]]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("5", Kind.NUMBER),
        ("5.", Kind.NUMBER),
        (".5", Kind.NUMBER),
        ("1e-3", Kind.NUMBER),
        ("0x1F", Kind.NUMBER),
        ("5m", Kind.DURATION),
        ("1h30m", Kind.DURATION),
        ("1.5s", Kind.DURATION),
        ("10µs", Kind.DURATION),
        ("2d", Kind.DURATION),
        ("1w", Kind.DURATION),
        ("1y", Kind.DURATION),
        ("5B", Kind.BYTES),
        ("5M", Kind.BYTES),
        ("5k", Kind.BYTES),
        ("1.5MB", Kind.BYTES),
        ("2KiB", Kind.BYTES),
        ("3gb", Kind.BYTES),
        ("7PiB", Kind.BYTES),
        ("app", Kind.WORD),
        ("_x1", Kind.WORD),
        ('"a b"', Kind.STRING),
        ("`a\\`", Kind.STRING),
        ("[5m]", Kind.RANGE),
        ("--strict", Kind.FLAG),
        ("--keep-empty", Kind.FLAG),
    ],
)
def test_one_token(text: str, kind: Kind) -> None:
    assert kinds(text) == [(kind, text)]


def test_signs_are_cut_at_their_longest() -> None:
    signs = ["|=", "|~", "|>", "|", "!=", "!~", "!>", "=~", "==", "=", "<=", ">=", "<", ">", "-", "+", "*", "/", "%"]
    assert kinds(" ".join(signs)) == [(Kind.SIGN, sign) for sign in signs]


def test_spaces_and_comments_stand_between_tokens() -> None:
    assert kinds("a # all of this\n\t,#and this\nb#end") == [(Kind.WORD, "a"), (Kind.SIGN, ","), (Kind.WORD, "b")]


@pytest.mark.parametrize(
    ("text", "is_call"),
    [
        ("sum", False),
        ("sum(", True),
        ("sum (", True),
        ("sum\n\t(", True),
        ("sum by (a)", True),
        ("sum BY(a)", True),
        ("sum without (a)", True),
        ("sum by", False),
        ("sum byte (", False),
        ("sum,(", False),
    ],
)
def test_a_call_has_a_parenthesis_behind_it(text: str, is_call: bool) -> None:
    assert tokenize(text)[0].is_call is is_call


def test_words_keep_their_case_and_have_a_lower_one() -> None:
    token = tokenize("Sum")[0]
    assert (token.text, token.word) == ("Sum", "sum")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", "$end"),
        ("foo", "IDENTIFIER"),
        ("json", "json"),
        ("by", "by"),
        ("rate(", "RATE"),
        ("rate", "IDENTIFIER"),
        ("label_replace(", "label_replace"),
        ("ip(", "ip"),
        ("vector(", "VECTOR"),
        ('"x"', "STRING"),
        ("[5m]", "RANGE"),
        ("|=", "|="),
        ("5KB", "BYTES"),
    ],
)
def test_how_errors_name_a_token(text: str, shown: str) -> None:
    assert tokenize(text)[0].describe() == shown


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"a\\nb"', "a\nb"),
        ('"\\u00e9\\x41"', "éA"),
        ("`a\\nb`", "a\\nb"),
        ('"\\xff"', "\udcff"),
        ('"\\""', '"'),
    ],
)
def test_values_of_strings(text: str, value: str) -> None:
    assert string_value(tokenize(text)[0]) == value


@pytest.mark.parametrize(
    ("text", "reason", "at"),
    [
        ('a "b', "unterminated quoted string", 2),
        ("a `b", "unterminated raw string", 2),
        ("a [5m", "missing closing ']' in duration", 2),
        ("a ;", "unexpected character ';'", 2),
        ("5x", "bad number, duration or size: 5x", 0),
        ("a \ud800", "invalid UTF-8 encoding", 2),
    ],
)
def test_what_is_no_token_ends_the_list(text: str, reason: str, at: int) -> None:
    token = tokenize(text)[-1]
    assert (token.kind, token.text, token.lo) == (Kind.ERROR, reason, at)
