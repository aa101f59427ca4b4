"""Levels: their words, fields and numbers."""

from __future__ import annotations

import pytest

from watchkeeper.core.kernels import line_fields
from watchkeeper.core.kernels.line_block import LEVELS
from watchkeeper.core.kernels.texts import Texts
from watchkeeper.logs.lines.levels import LEVEL_FIELDS, LEVEL_WORDS, level_of, level_of_severity


@pytest.mark.parametrize(
    ("line", "level"),
    [
        (b'{"level":"WRN","msg":"x"}', "warn"),
        (b'{"a":{"severity":"Critical"}}', "critical"),
        (b'{"a":{"b":{"level":"debug"}}}', "debug"),  # Too deep to be a field, and still the first level word.
        (b'{"a":{"b":{"level":"dbg"}}}', "unknown"),
        (b'{"level":7,"lvl":"trc"}', "trace"),
        (b"lvl=info severity=fatal", "fatal"),  # Of two fields the more trusted one counts.
        (b"LEVEL=err", "error"),
        (b'msg="level=debug" x=1', "debug"),
        (b"2026-11-28 ERROR [main] it failed", "error"),
        (b"informational: no errors", "unknown"),
        (b"panic (fatal), then info", "fatal"),
        (b"W1128 warning: x", "warn"),
        (b"\xff\xfe|Trace|", "trace"),
        (b"", "unknown"),
    ],
)
def test_lines_show_their_level(line: bytes, level: str) -> None:
    assert LEVELS[line_fields.levels(Texts.of([line]))[0]] == level


def test_other_fields_can_be_named() -> None:
    line = Texts.of([b'{"prio":"error","level":"info"}'])
    assert [
        LEVELS[line_fields.levels(line, tuple(map(str.encode, fields)))[0]]
        for fields in (("prio",), ("level",), LEVEL_FIELDS)
    ] == [
        "error",
        "info",
        "info",
    ]


def test_words_are_what_the_kernel_knows() -> None:
    lines = Texts.of(f"level={word}".encode() for word in LEVEL_WORDS)
    assert [LEVELS[code] for code in line_fields.levels(lines)] == list(LEVEL_WORDS.values())


def test_words_and_numbers_are_levels() -> None:
    assert [level_of(word) for word in ("WARNING", "Information", "crit", "")] == ["warn", "info", None, None]
    assert [level_of_severity(number) for number in (0, 1, 4, 5, 9, 13, 17, 21, 24, 25, -3)] == [
        *("unknown", "trace", "trace", "debug", "info", "warn", "error", "fatal", "fatal", "unknown", "trace"),
    ]
