"""Patterns: fields between literals, and tests of whole lines."""

from __future__ import annotations

import pytest

from tests.properties.test_line_fields import rows
from watchkeeper.core.kernels.texts import Texts
from watchkeeper.logs.lines.pattern import LinePattern, Pattern, PatternError

NGINX = b'10.0.0.1 - - [28/Nov/2026:09:00:00 +0000] "GET /x HTTP/1.1" 200'


def test_captures_stand_between_literals() -> None:
    pattern = Pattern('<ip> - <_> [<ts>] "<method> <path> <_>" <status>')
    lines = Texts.of([NGINX, b"10.0.0.2 - x", b"", b"nothing"])
    assert rows(pattern.fields(lines), 4) == [
        {"ip": b"10.0.0.1", "ts": b"28/Nov/2026:09:00:00 +0000", "method": b"GET", "path": b"/x", "status": b"200"},
        {"ip": b"10.0.0.2"},
        {},
        {"ip": b"nothing"},
    ]


def test_a_first_literal_must_begin_the_line() -> None:
    lines = Texts.of([b"[a] b", b"x [a] b", b"[a b"])
    assert rows(Pattern("[<a>] <b>").fields(lines), 3) == [{"a": b"a", "b": b"b"}, {}, {"a": b"a b"}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "at least one capture is required"),
        ("plain <1x> < >", "at least one capture is required"),
        ("<_> x", "at least one capture is required"),
        ("<a><b>", "found consecutive capture '<a><b>': invalid expression"),
        ("<a> <_><_>", "found consecutive capture '<_><_>': invalid expression"),
        ("<a> <b> <a>", "duplicate capture name (a): invalid expression"),
    ],
)
def test_other_patterns_are_refused(text: str, message: str) -> None:
    with pytest.raises(PatternError) as error:
        Pattern(text)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<_> bar", [False, True, False, False]),
        ("<_> bar <_>", [True, False, False, False]),
        ("foo <_>", [True, True, False, False]),
        ("foo bar", [False, True, False, False]),
        ("<_>", [True, True, True, False]),
    ],
)
def test_whole_lines_are_tested(text: str, expected: list[bool]) -> None:
    lines = Texts.of([b"foo bar baz", b"foo bar", b" bar ", b""])
    assert LinePattern(text).matches(lines).tolist() == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty pattern: invalid expression"),
        ("a <b>", "named captures are not allowed: found '<b>'"),
        ("a <_><_>", "found consecutive capture '<_><_>': invalid expression"),
    ],
)
def test_other_line_patterns_are_refused(text: str, message: str) -> None:
    with pytest.raises(PatternError) as error:
        LinePattern(text)
    assert str(error.value) == message
