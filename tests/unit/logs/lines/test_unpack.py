"""Packed lines, taken apart."""

from __future__ import annotations

from tests.properties.test_line_fields import rows
from watchkeeper.core.kernels.texts import Texts
from watchkeeper.logs.lines.unpack import pack, unpack


def test_what_was_packed_is_unpacked() -> None:
    line = pack({"pod": "a-1", "app": 'x"y'}, "the line\n")
    assert line == b'{"app":"x\\"y","pod":"a-1","_entry":"the line\\n"}'
    columns, entries, failed = unpack(Texts.of([line]))
    assert rows(columns, 1) == [{"app": b'x"y', "pod": b"a-1"}]
    assert list(entries) == [b"the line\n"]
    assert failed.tolist() == [False]


def test_other_lines_stay_as_they_are() -> None:
    lines = [b'{"app":"x"}', b"plain", b"", b'{"a":1,"_entry":"e","b":{"c":"d"}}']
    columns, entries, failed = unpack(Texts.of(lines))
    assert columns == {}
    assert list(entries) == [*lines[:3], b"e"]
    assert failed.tolist() == [False, True, False, False]
