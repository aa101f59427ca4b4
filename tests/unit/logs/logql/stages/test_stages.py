"""What each stage makes of single lines: labels by origin, and the line."""

from __future__ import annotations

import pytest

from tests.oracle.log_memory import Entry, MemoryLogs
from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.logql.answer import LogStreams, QueryLimits, Request
from watchkeeper.logs.logql.engine import Engine
from watchkeeper.logs.logql.parser import parse

ENGINE = Engine(1)
STREAM = Labels.of(app="x", env="p")
OBJECT = b'{"app":"json","level":"error","status":503,"took":"1.5s","n":{"a-b":1,"ok":true},"list":[1],"none":null}'
NOTHING = "Value looks like object, but can't find closing '}' symbol"


def one(
    line: bytes, pipeline: str, metadata: tuple[tuple[str, str], ...] = (), copies: int = 1
) -> list[dict[str, str]]:
    """Stream labels, structured metadata, parsed labels and line (as `_`) of the entry, if it passes."""
    entries = [Entry(STREAM, n + 1, line, metadata) for n in range(copies)]
    text = f'{{app="x"}} {pipeline}'
    answer = ENGINE.run(Request(parse(text), text, 0, 100), MemoryLogs(entries), QueryLimits()).data
    assert isinstance(answer, LogStreams)
    assert len(answer.streams) <= 1
    if not answer.streams:
        return []
    found = answer.streams[0]
    assert list(found.lines) == [found.lines[0]] * copies
    return [found.labels.as_dict(), found.structured.as_dict(), found.parsed.as_dict() | {"_": found.lines[0].decode()}]


def parsed(line: bytes, pipeline: str, metadata: tuple[tuple[str, str], ...] = ()) -> dict[str, str]:
    """The parsed labels alone; the same whether the line stands once or often, so has a skeleton of its own or not."""
    out = one(line, pipeline, metadata)[2]
    assert one(line, pipeline, metadata, copies=20)[2] == out
    del out["_"]
    return out


def test_json_flattens_and_renames_what_the_stream_has() -> None:
    assert parsed(OBJECT, "| json") == {
        "app_extracted": "json",
        "level": "error",
        "status": "503",
        "took": "1.5s",
        "n_a_b": "1",
        "n_ok": "true",
    }


def test_json_of_what_is_no_object_marks_the_line() -> None:
    error = {"__error__": "JSONParserErr", "__error_details__": NOTHING}
    assert parsed(b"plain", "| json") == error
    assert parsed(b"", "| json") == error
    assert parsed(b"7 plain", "| json") == error
    assert parsed(b"[1]", "| json") == error


def test_json_paths() -> None:
    found = parsed(OBJECT, '| json a="n[\\"a-b\\"]", first="list[0]", n, gone="x.y", app')
    assert found == {"a": "1", "first": "1", "n": '{"a-b":1,"ok":true}', "app_extracted": "json"}
    # What is missing is there, but empty: a comparison fails on it.
    assert parsed(OBJECT, '| json gone="x.y" | gone > 1')["__error__"] == "LabelFilterErr"


def test_a_null_lets_a_later_value_of_the_key_in() -> None:
    assert parsed(b'{"a":null,"a":"x"}', "| json") == {"a": "x"}
    assert parsed(b'{"a":"y","a":"x"}', "| json") == {"a": "y"}


def test_escapes_are_read() -> None:
    assert parsed(b'{"a":"x\\n\\u00e9\\"","b":"\xc3\xa9"}', "| json") == {"a": 'x\né"', "b": "é"}
    assert parsed(b'a="x\\"y" b=\xc3\xa9', "| logfmt") == {"a": 'x"y', "b": "é"}


def test_logfmt() -> None:
    line = b'level=warn msg="a b" empty= bare app=y 9x=1'
    assert parsed(line, "| logfmt") == {"level": "warn", "msg": "a b", "app_extracted": "y", "_9x": "1"}
    assert one(line, '| logfmt --keep-empty | empty="" | label_format e="[{{.empty}}]"')[2]["e"] == "[]"
    assert parsed(line, '| logfmt m="msg", gone="x"') == {"m": "a b"}
    assert "__error__" not in parsed(b'a=1 b="', "| logfmt")
    assert parsed(b'a=1 b="', "| logfmt --strict")["__error__"] == "LogfmtParserErr"


def test_structured_metadata_is_seen_and_keeps_its_name() -> None:
    metadata = (("level", "info"), ("app", "meta"))
    stream, structured, found = one(OBJECT, '| level="info" | json | level_extracted="error"', metadata)
    assert stream == {"app": "x", "env": "p"}
    assert structured == {"level": "info"}  # The line's own `app` hides the one of the metadata.
    assert found["level_extracted"] == "error"
    assert "level" not in found


def test_the_first_of_two_parsers_wins() -> None:
    assert parsed(b'{"a":"1 a=2 b=3 "}', "| json | logfmt") == {"a": "1 a=2 b=3 ", "b": "3"}


def test_regexp_and_pattern() -> None:
    assert parsed(b"GET /x 200", '| regexp "(?P<verb>[A-Z]+) (?P<path>[^ ]+)( (?P<gone>z))?"') == {
        "verb": "GET",
        "path": "/x",
    }
    assert parsed(b"nothing", '| regexp "(?P<verb>[A-Z]+) "') == {}
    assert parsed(b"GET /x 200", '| pattern "<verb> <_> <status>"') == {"verb": "GET", "status": "200"}
    assert parsed(b"GET /x", '| pattern "<verb> <path> <status>"') == {"verb": "GET", "path": "/x"}


def test_unpack() -> None:
    stream, _, found = one(b'{"pod":"a","app":"b","n":1,"_entry":"the line"}', "| unpack")
    assert stream == {"app": "x", "env": "p"}
    assert found == {"pod": "a", "app_extracted": "b", "_": "the line"}
    assert one(b'{"pod":"a"}', "| unpack")[2] == {"_": '{"pod":"a"}'}
    assert one(b"x", "| unpack")[2]["__error__"] == "JSONParserErr"


@pytest.mark.parametrize(
    ("condition", "passes"),
    [
        ("status >= 500", True),
        ("status = 503", True),
        ("status < 500", False),
        ("took > 1s", True),
        ("took > 2s", False),
        ('level="error"', True),
        ('level=~"err.*"', True),
        ('level=~"err"', False),
        ('gone=""', True),
        ('gone!="x"', True),
        ("gone > 1", False),
        ("gone != 1", False),
        ("status >= 500 and took < 1s", False),
        ("status >= 500 or gone > 1", True),
        ('(level="info" or status > 500), took > 1s', True),
        ('gone=ip("10.0.0.0/8")', False),
    ],
)
def test_label_filters(condition: str, passes: bool) -> None:
    assert bool(one(OBJECT, f"| json | {condition}")) is passes
    assert bool(one(OBJECT, f"| json | {condition}", copies=20)) is passes


def test_a_label_that_is_no_number_marks_the_line() -> None:
    assert parsed(OBJECT, "| json | level > 1") == parsed(OBJECT, "| json") | {
        "__error__": "LabelFilterErr",
        "__error_details__": 'strconv.ParseFloat: parsing "error": invalid syntax',
    }
    assert parsed(OBJECT, "| json | level > 1s")["__error_details__"] == 'time: invalid duration "error"'
    # A line with an error is looked at by further conditions, but for those on addresses; its first error stays.
    assert not one(OBJECT, "| json | level > 1 | status < 0")
    assert not one(OBJECT, "| json | level > 1 | missing < 0")
    assert one(OBJECT, '| json | level > 1 | app = ip("10.0.0.1")')
    assert parsed(OBJECT, "| json | level > 1 | status > 0 | app > 1s")["__error_details__"].endswith(
        '"error": invalid syntax'
    )
    assert not one(OBJECT, '| json | level > 1 | __error__=""')
    assert (
        one(OBJECT, '| json | level > 1 | __error__="LabelFilterErr" | drop __error__, __error_details__')[2]
        == one(OBJECT, "| json")[2]
    )


def test_addresses_in_labels() -> None:
    assert one(b"a=10.1.2.3", '| logfmt | a=ip("10.0.0.0/8")')
    assert not one(b"a=10.1.2.3", '| logfmt | a!=ip("10.1.2.0-10.1.2.9")')


def test_formats() -> None:
    stream, structured, found = one(
        OBJECT, '| json | label_format lvl=level, where=env, both="{{.lvl}}/{{.app}}"', (("t", "1"),)
    )
    assert stream == {"app": "x", "where": "p"}
    assert structured == {"t": "1"}
    assert found["lvl"] == "error"
    assert found["both"] == "error/x"
    assert "level" not in found
    assert one(OBJECT, '| json | line_format "{{.status}} {{.gone}}{{__line__ | len}}"')[2]["_"] == f"503 {len(OBJECT)}"
    failed = one(OBJECT, '| line_format "{{ .app | fromJson }}{{ divf 1 0 }}"')[2]
    assert failed["__error__"] == "TemplateFormatErr"
    assert failed["_"] == OBJECT.decode()


def test_a_label_that_is_made_hides_the_streams() -> None:
    stream, _, found = one(b"x", '| label_format app="made"')
    assert stream == {"env": "p"}
    assert found == {"app": "made", "_": "x"}


def test_drop_and_keep() -> None:
    assert one(OBJECT, '| json | drop status, took, app, level="error", n_ok="no"')[::2] == [
        {"env": "p"},
        {"app_extracted": "json", "n_a_b": "1", "n_ok": "true", "_": OBJECT.decode()},
    ]
    assert one(OBJECT, '| json | keep app, level=~"e.*", status="1"')[::2] == [
        {"app": "x"},
        {"level": "error", "_": OBJECT.decode()},
    ]


def test_decolorize() -> None:
    assert one(b"\x1b[31mred\x1b[0m", "| decolorize")[2]["_"] == "red"


@pytest.mark.parametrize(
    ("filter", "passes"),
    [
        ('|= "error"', True),
        ('|= ""', True),
        ('!= ""', False),
        ('|= "no" or "status"', True),
        ('!= "no" or "status"', False),
        ('|~ "stat.s"', True),
        ('|~ "(?i)LEVEL"', True),
        ('!~ "^x"', True),
        ('|~ "\\\\bstatus\\\\b"', True),
        ('|> "<_>status<_>503<_>"', True),
        ('|> "<_>status"', False),
        ('!> "<_>nothing<_>"', True),
        ('|= ip("10.0.0.0/8")', False),
        ('!= ip("10.0.0.0/8")', True),
        ('|= "error" | json != "nothing"', True),
        ('| line_format "{{.app}}" |= "error"', False),
        ('| line_format "{{.app}}" |= "x"', True),
    ],
)
def test_line_filters(filter: str, passes: bool) -> None:
    assert bool(one(OBJECT, filter)) is passes
    assert bool(one(OBJECT, filter, copies=20)) is passes
