"""Fields of lines and labels of streams, for those who choose from them."""

from __future__ import annotations

import numpy as np
import pytest

from watchkeeper.core.kernels.texts import Texts
from watchkeeper.core.model.labels import EMPTY, Labels
from watchkeeper.logs.interface import Stream
from watchkeeper.logs.logql.answer import LogStream, LogStreams
from watchkeeper.logs.logql.detected import detected_fields, detected_labels, detected_values, type_of


def streams(*lines: bytes, structured: Labels = EMPTY, parsed: Labels = EMPTY) -> LogStreams:
    times = np.arange(len(lines), dtype=np.int64)
    return LogStreams([LogStream(Labels.of(app="x"), structured, parsed, times, Texts.of(lines))])


def test_json_then_logfmt() -> None:
    found = detected_fields(
        streams(
            b'{"level":"info","took":"1.5s","http":{"status":200},"app":"y"}',
            b'{"level":"warn","http":{"status":404}}',
            b"level=error size=2KB ok=true",
            b'broken " size=3KB',
        ),
        100,
    )
    assert [(each.label, each.type, each.cardinality, each.parsers, each.json_path) for each in found] == [
        ("app_extracted", "string", 1, ["json"], ["app"]),
        ("http_status", "int", 2, ["json"], ["http", "status"]),
        ("level", "string", 3, ["json", "logfmt"], ["level"]),
        ("ok", "boolean", 1, ["logfmt"], []),
        ("size", "bytes", 2, ["logfmt"], []),
        ("took", "duration", 1, ["json"], ["took"]),
    ]


def test_structured_metadata_has_no_parser_and_errors_are_no_fields() -> None:
    found = detected_fields(
        streams(b"plain", structured=Labels.of(trace="1"), parsed=Labels.of(__error__="JSONParserErr", a="1")), 100
    )
    assert [(each.label, each.parsers) for each in found] == [("a", []), ("trace", [])]


def test_limits() -> None:
    lines = streams(b"a=1 b=2 c=3", b"a=2", b"a=3")
    assert len(detected_fields(lines, 2)) == 2
    assert detected_values(lines, "a", 10) == ["1", "2", "3"]
    assert len(detected_values(lines, "a", 2)) == 2
    assert detected_values(lines, "none", 10) == []


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("12", "int"),
        ("-3", "int"),
        ("1.5", "float"),
        ("true", "boolean"),
        ("3ms", "duration"),
        ("2KB", "bytes"),
        ("x", "string"),
    ],
)
def test_types(value: str, wanted: str) -> None:
    assert type_of(value) == wanted


def test_labels_of_ids_are_left_out_unless_they_name_a_place() -> None:
    found = detected_labels(
        [
            Stream(1, Labels.of(app="a", pod="1", id="7", uid="0b5f0a4e-4a4c-4a8e-9a52-2a0b8f9f0d11"), ""),
            Stream(2, Labels.of(app="b", pod="2", id="8"), ""),
        ]
    )
    assert [(each.label, each.cardinality) for each in found] == [("app", 2), ("pod", 2)]
