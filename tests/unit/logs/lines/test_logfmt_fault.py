"""Where a line is no logfmt: the words agree with the parser on what is malformed."""

from __future__ import annotations

import random
import re

import pytest

from watchkeeper.core.kernels import line_fields
from watchkeeper.core.kernels.texts import Texts
from watchkeeper.logs.lines.logfmt_fault import logfmt_fault

PARTS = (b"a", b"key", b"=", b"=", b" ", b"\t", b'"', b"\\", b'\\"', b"\\u00e9", b"\\q", b"\\ud800", b"\xff",
         "é".encode(), "\ufffd".encode(), b"1", b"\x01", b'="x y"', b"k=v ")  # fmt: skip


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"", ""),
        (b'a=1 b="x y"c d= =', "pos 17 : unexpected '='"),
        (b'msg="one \\" two', "pos 16 : unterminated quoted value"),
        (b'a="\\x"', "pos 7 : invalid quoted value"),
        (b"ok \xff", "pos 5 : invalid key"),
        (b'{"a":1}', "pos 2 : unexpected '\"'"),
    ],
)
def test_the_words(line: bytes, fault: str) -> None:
    assert logfmt_fault(line) == (f"logfmt syntax error at {fault}" if fault else "")


def test_what_the_parser_refuses_has_a_place_and_nothing_else_has() -> None:
    chance = random.Random(7)
    lines = [b"".join(chance.choices(PARTS, k=chance.randrange(1, 14))) for _ in range(20_000)]
    _, failed = line_fields.logfmt(Texts.of(lines), None, strict=True)
    assert 0.2 < failed.mean() < 0.95
    for line, refused in zip(lines, failed.tolist(), strict=True):
        fault = logfmt_fault(line)
        assert bool(fault) == bool(refused), line
        if fault:
            found = re.match(r"logfmt syntax error at pos (\d+) : ", fault)
            assert found is not None
            assert 1 <= int(found[1]) <= len(line) + 1


def test_long_lines_are_read_in_time() -> None:
    assert logfmt_fault(b'a="' + b'\\"' * 200_000).endswith("unterminated quoted value")
    assert logfmt_fault(b'a="' + b"\\\\" * 200_000 + b'"') == ""
