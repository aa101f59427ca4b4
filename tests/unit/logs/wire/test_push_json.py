"""Pushes as JSON, old and new."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.logs.wire.test_push_protobuf import rows
from watchkeeper.logs.interface import PushError
from watchkeeper.logs.wire.kinds import DECODERS
from watchkeeper.logs.wire.labels import LabelsError, parse_labels
from watchkeeper.logs.wire.push_json import decode_json


def body(*streams: Any) -> bytes:
    return json.dumps({"streams": streams}, ensure_ascii=False).encode()


def test_entries_labels_and_metadata_are_read() -> None:
    batch = decode_json(
        body(
            {
                "stream": {"b": 'x"y', "a": "1"},
                "values": [["5", "one", {"trace": "ü\n"}], ["-7", 'two \\ "quoted"'], ["9", "", {}]],
            },
            {"values": [["1", "x"]], "stream": {}},
            {"stream": {"c": "1"}, "values": None},
            {"stream": {"d": "1"}},
        ),
        legacy=False,
    )
    assert rows(batch) == [
        (r'{a="1", b="x\"y"}', [(5, b"one", [("trace", "ü\n")]), (-7, b'two \\ "quoted"', []), (9, b"", [])]),
        ("{}", [(1, b"x", [])]),
        ('{c="1"}', []),
        ('{d="1"}', []),
    ]
    assert batch.body is not None
    assert rows(DECODERS[batch.body[0]](batch.body[1])) == rows(batch)


def test_the_older_form_is_read() -> None:
    batch = decode_json(
        body(
            {
                "labels": '{app="shop"}',
                "entries": [
                    {"ts": "2026-01-02T03:04:05.678901234Z", "line": "one"},
                    {"ts": "2026-01-02T03:04:05+01:00", "line": "two"},
                ],
            }
        ),
        legacy=True,
    )
    assert rows(batch) == [
        ('{app="shop"}', [(1767323045678901234, b"one", []), (1767319445000000000, b"two", [])]),
    ]
    assert batch.metadata is None
    assert batch.body is not None
    assert rows(DECODERS[batch.body[0]](batch.body[1])) == rows(batch)


NUMBER = "Value looks like Number/Boolean/None, but can't find its end: ',' or '}' symbol"
OBJECT = "Value looks like object, but can't find closing '}' symbol"
OVERFLOW = "Value is number, but overflowed while parsing"
STRING = "Value is string, but can't find closing '\"' symbol"


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        ({"stream": {"a": 1}, "values": []}, STRING),
        ({"stream": {"a": "1"}, "values": [[5, "x"]]}, STRING),
        ({"stream": {"a": "1"}, "values": [["5", 7]]}, STRING),
        ({"stream": {"a": "1"}, "values": [["5", "x", {"a": 1}]]}, STRING),
        ({"stream": {"a": "1"}, "values": [["5", "x", "a"]]}, OBJECT),
        ({"stream": {"a": "1"}, "values": [["", "x"]]}, NUMBER),
        ({"stream": {"a": "1"}, "values": [["1.5", "x"]]}, NUMBER),
        ({"stream": {"a": "1"}, "values": [["9223372036854775808", "x"]]}, OVERFLOW),
        ({"stream": {"a": "1"}, "values": {}}, "Value is array, but can't find closing ']' symbol"),
    ],
)
def test_other_types_are_refused(stream: Any, message: str) -> None:
    with pytest.raises(PushError) as error:
        decode_json(body(stream), legacy=False)
    assert error.value.status == 400
    assert str(error.value).startswith("loghttp.PushRequest.Streams: []loghttp.LogProtoStream: unmarshalerDecoder: ")
    assert message in str(error.value)


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b'{"streams": 5}', b'{"streams": [7]}', b"\x00", b'{"streams": [{]}']
)
@pytest.mark.parametrize("legacy", [False, True])
def test_other_bodies_are_refused(text: bytes, legacy: bool) -> None:
    with pytest.raises(PushError) as error:
        decode_json(text, legacy=legacy)
    assert error.value.status == 400


@pytest.mark.parametrize(
    ("text", "time_ns"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1969-12-31T23:59:59.9Z", -100_000_000),
        ("1970-01-01T01:30:00+01:30", 0),
        ("1969-12-31T23:00:00.5-01:00", 500_000_000),
        ("9999-01-01T00:00:00Z", 2**63 - 1),
    ],
)
def test_times_are_nanoseconds(text: str, time_ns: int) -> None:
    batch = decode_json(body({"labels": "{}", "entries": [{"ts": text, "line": ""}]}), legacy=True)
    assert batch.times_ns.tolist() == [time_ns]


@pytest.mark.parametrize(
    "text", ["", "5", "2026-01-02", "2026-13-02T03:04:05Z", "2026-01-02T03:04:05", "2026-01-02T25:04:05Z"]
)
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(PushError, match=f'parsing time "{text}" as "2006-01-02T15:04:05Z07:00"'):
        decode_json(body({"labels": "{}", "entries": [{"ts": text, "line": ""}]}), legacy=True)


def test_a_line_without_escapes_is_not_copied() -> None:
    text = body({"stream": {"a": "1"}, "values": [["1", "plain"]]})
    assert decode_json(text, legacy=False).data is text


def test_bytes_that_are_not_utf_8_make_no_label() -> None:
    batch = decode_json(b'{"streams":[{"stream":{"a":"\xff"},"values":[["1","\xff"]]}]}', legacy=False)
    assert batch.data[batch.line_at[0] : batch.line_end[0]] == b"\xff"
    with pytest.raises(LabelsError):
        parse_labels(str(batch.streams[0]))
