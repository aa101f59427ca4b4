"""Label texts of pushed streams."""

from __future__ import annotations

import pytest

from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.wire.labels import DuplicateLabel, LabelsError, parse_labels


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ('{app="shop"}', {"app": "shop"}),
        ('{b="2",a="1"}', {"a": "1", "b": "2"}),
        (' { a = "1" , b = "" , } ', {"a": "1"}),
        ("{}", {}),
        (r'{a="x\n\"y\"\\", b=`raw\n`, c=' + r"'s'}", {"a": 'x\n"y"\\', "b": "raw\\n", "c": "s"}),
        ('up{a="}"}', {"__name__": "up", "a": "}"}),
        ("up", {"__name__": "up"}),
        ('{"with.dots"="1", "up"}', {"with.dots": "1", "__name__": "up"}),
        ('{a="grün, \U0001f600"}', {"a": "grün, \U0001f600"}),
    ],
)
def test_labels_are_read_and_sorted(text: str, pairs: dict[str, str]) -> None:
    assert parse_labels(text) == Labels.of(pairs)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1:1: parse error: unexpected end of input"),
        ("{", '1:2: parse error: unexpected end of input in label set, expected identifier or "}"'),
        ("{a=b}", '1:4: parse error: unexpected identifier "b" in label set, expected string'),
        ('{a=~"b"}', '1:3: parse error: unexpected "=~" in label set, expected "="'),
        ('{a="b" c="d"}', '1:8: parse error: unexpected identifier "c" in label set, expected "," or "}"'),
        ('{a.b="c"}', "1:3: parse error: unexpected character: '.' in label set, expected \"=\""),
        ('{a="b', "1:4: parse error: unterminated quoted string"),
        ('{a="b"} x', '1:9: parse error: unexpected identifier "x"'),
        ('[a="b"]', "1:1: parse error: unexpected character: '['"),
        ('{1="b"}', "1:2: parse error: unexpected character: '1' in label set, expected identifier or \"}\""),
    ],
)
def test_errors_say_where_and_what(text: str, message: str) -> None:
    with pytest.raises(LabelsError) as error:
        parse_labels(text)
    assert error.value.message == message
    assert str(error.value) == f"Error parsing labels '{text}' with error: {message}"


def test_bytes_that_are_not_utf_8_are_refused() -> None:
    text = b'{a="\xff"}'.decode("utf-8", "surrogateescape")
    with pytest.raises(LabelsError) as error:
        parse_labels(text)
    assert error.value.message == "1:7: parse error: invalid UTF-8 rune"
    assert str(error.value).encode()


def test_a_name_that_stands_twice_is_told() -> None:
    with pytest.raises(DuplicateLabel) as error:
        parse_labels('{b="1", a="2", b="3"}')
    assert error.value.name == "b"


def test_a_text_is_read_once() -> None:
    assert parse_labels('{once="1"}') is parse_labels('{once="1"}')
