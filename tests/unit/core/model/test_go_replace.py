"""Replacements by expressions, and what is wrong with an expression, as Go has them."""

from __future__ import annotations

import pytest

from watchkeeper.core.model.go_regex_error import regex_problem
from watchkeeper.core.model.go_replace import find_all, replace_all


@pytest.mark.parametrize(
    ("expression", "text", "replacement", "expected"),
    [
        ("l+", "hello", "L", "heLo"),
        ("(h)(e)", "hehe", "$2$1", "eheh"),
        ("(?P<first>h)e", "hello", "<${first}>", "<h>llo"),
        ("h(x)?", "hello", "[$1]", "[]ello"),
        ("e", "hello", "$0$0", "heello"),
        ("e", "hello", "$1x", "hllo"),
        ("e", "hello", "$9999999", "hllo"),
        ("e", "hello", "$$", "h$llo"),
        ("e", "hello", "$-", "h$-llo"),
        ("x*", "abc", "-", "-a-b-c-"),
        ("b*", "abc", "-", "-a-c-"),
        ("", "ü", "-", "-ü-"),
        ("$", "a", "!", "a!"),
    ],
)
def test_replace(expression: str, text: str, replacement: str, expected: str) -> None:
    assert replace_all(expression, text, replacement, literal=False, most=100) == expected


def test_a_literal_replacement_has_no_references() -> None:
    assert replace_all("e", "hello", "$0", literal=True, most=100) == "h$0llo"


def test_texts_that_would_be_too_long() -> None:
    assert replace_all("a", "aaaa", "x" * 30, literal=True, most=100) is None
    assert replace_all("b", "a" * 101, "", literal=True, most=100) is None


def test_matches() -> None:
    assert [match.group() for match in find_all("b*", "abba")] == ["", "bb", ""]


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("[a", "missing closing ]: `[a`"),
        ("(a", "missing closing ): `(a`"),
        ("a)", "unexpected ): `a)`"),
        ("*", "missing argument to repetition operator: `*`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("a{2,1}", "invalid repeat count: `{2,1}`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?P<n", "invalid named capture: `(?P<n`"),
        ("\\q", "invalid escape sequence: `\\q`"),
        ("[z-a]", "invalid character class range: `z-a`"),
        ("a\\", "trailing backslash at end of expression: ``"),
    ],
)
def test_problems(expression: str, problem: str) -> None:
    assert regex_problem(expression) == f"error parsing regexp: {problem}"


def test_other_problems() -> None:
    assert regex_problem("\udcff").startswith("error parsing regexp: invalid UTF-8")
    assert regex_problem("(a{1000}){1000}").startswith("error parsing regexp: ")
