"""Fields by named groups."""

from __future__ import annotations

import pytest

from tests.properties.test_line_fields import rows
from watchkeeper.core.kernels.texts import Texts
from watchkeeper.logs.lines.regexp import Regexp, RegexpError


def test_named_groups_are_fields() -> None:
    regexp = Regexp(r"^(?P<method>\w+) (\S+) (?P<status>\d+)(?P<rest> .*)?$")
    assert regexp.names == ("method", "status", "rest")
    lines = Texts.of([b"GET /x 200", b"no", b"PUT /\xff 404 slow", b""])
    assert rows(regexp.fields(lines), 4) == [
        {"method": b"GET", "status": b"200", "rest": b""},
        {},
        {"method": b"PUT", "status": b"404", "rest": b" slow"},
        {},
    ]


def test_bytes_that_are_no_utf_8_are_shown_as_such() -> None:
    lines = Texts.of([b"user=\xff\xfe.", "user=ü".encode()])
    assert rows(Regexp("user=(?P<user>.*)").fields(lines), 2) == [
        {"user": "\ufffd\ufffd.".encode()},
        {"user": "ü".encode()},
    ]


def test_the_first_match_in_a_line_counts() -> None:
    lines = Texts.of([b"a=1 a=2", b"b=3"])
    assert rows(Regexp(r"a=(?P<a>\d)").fields(lines), 2) == [{"a": b"1"}, {}]
    assert Regexp("(?P<a>zzz)").fields(lines) == {}


def test_expressions_that_only_re2_can_run_work_too() -> None:
    lines = Texts.of([b"one two", b"tone"])
    assert rows(Regexp(r"\b(?P<word>one)\b").fields(lines), 2) == [{"word": b"one"}, {}]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("(", "missing ): ("),
        (r"(\d+)", "at least one named capture must be supplied"),
        (r"(?P<é>x)", "invalid extracted label name 'é'"),
    ],
)
def test_other_expressions_are_refused(expression: str, message: str) -> None:
    with pytest.raises(RegexpError) as error:
        Regexp(expression)
    assert str(error.value) == message
