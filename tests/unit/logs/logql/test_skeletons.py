"""Which field is which slot, and what is read of the slots' values."""

from __future__ import annotations

import numpy as np
import pytest

from tests.oracle.log_memory import Entry, block_of
from watchkeeper.core.kernels.line_block import JSON, LOGFMT, Block
from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.logql.skeletons import (
    COMPOSITE,
    CONSTANT,
    JSON_FORMAT,
    Field,
    Format,
    field_values,
    fields_of,
    path_values,
    paths_of,
    taken_apart,
)

LOGFMT_FORMAT = Format(LOGFMT)


def test_fields_of_a_json_skeleton() -> None:
    parts = (b'{"level":"', None, b'","n":', None, b',"in":{"a-b":', None, b'},"fixed":"x","path":"/u/', None, b'"}')
    assert fields_of(JSON_FORMAT, parts) == {
        "level": Field(0, quoted=True, sole=False),
        "n": Field(1, sole=False),
        "in_a_b": Field(2, sole=False),
        "fixed": Field(CONSTANT, b"x", sole=False),
        "path": Field(COMPOSITE, sole=False),
    }


def test_slots_in_arrays_and_of_repeated_keys_give_nothing() -> None:
    assert fields_of(JSON_FORMAT, (b'{"a":[', None, b'],"b":', None, b',"b":', None, b"}")) == {
        "b": Field(1, sole=False)
    }
    assert fields_of(JSON_FORMAT, (b'{"a":', None, b"}")) == {"a": Field(0)}
    assert fields_of(JSON_FORMAT, (b"plain ", None)) is None


def test_fields_of_a_logfmt_skeleton() -> None:
    assert fields_of(LOGFMT_FORMAT, (b"a=", None, b' msg="', None, b'" b.c=', None)) == {
        "a": Field(0),
        "msg": Field(1, quoted=True),
        "b_c": Field(2),
    }


def test_paths() -> None:
    parts = (b'{"a":{"b":[1,', None, b']},"c":"', None, b'"}')
    assert paths_of(parts, (("a", "b", 1), ("c",), ("x",), ("a",))) == [
        Field(0),
        Field(1, quoted=True),
        Field(CONSTANT),
        Field(COMPOSITE),
    ]


def block(lines: list[bytes]) -> Block:
    return block_of([Entry(Labels.of(app="x"), i, line) for i, line in enumerate(lines)], sealed=True)


def column(lines: list[bytes], name: str, form: Format = JSON_FORMAT) -> list[str | None]:
    """A field of lines that share a skeleton, by its slots."""
    found = block(lines)
    skeletons = found.skeletons()
    rows = np.arange(len(lines), dtype=np.int32)
    numbers = set(found.skeleton_of(rows).tolist())
    assert len(numbers) == 1
    skeleton = skeletons[numbers.pop()]
    assert skeleton.kind == form.kind
    common, slots = taken_apart(skeleton.parts)
    fields = fields_of(form, common)
    assert fields is not None
    coded = field_values(found, form, fields[name], slots, rows, name)
    return [None if code < 0 else coded.values[code].decode() for code in coded.codes.tolist()]


@pytest.mark.parametrize("copies", [1, 30])
def test_values_are_read_as_the_parser_reads_them(copies: int) -> None:
    lines = [b'{"a":null,"b":"x"}', b'{"a":7,"b":"\\u00e9\\n"}', b'{"a":true,"b":"\xc3\xa9"}'] * copies
    assert column(lines, "a") == [None, "7", "true"] * copies
    assert column(lines, "b") == ["x", "é\n", "é"] * copies


def test_a_repeated_key_stands_in_for_a_null() -> None:
    lines = [b'{"a":null,"a":1}', b'{"a":2,"a":3}', b'{"a":null,"a":null}'] * 20
    assert column(lines, "a") == ["1", "2", None] * 20


def test_empty_values_of_logfmt() -> None:
    lines = [b'a= b="x\\"y"', b'a=1 b=""', b'a=2 b="z"'] * 20
    assert column(lines, "a", LOGFMT_FORMAT) == [None, "1", "2"] * 20
    assert column(lines, "b", LOGFMT_FORMAT) == ['x"y', None, "z"] * 20
    assert column(lines, "a", Format(LOGFMT, keep_empty=True)) == ["", "1", "2"] * 20


def test_paths_of_nulls_are_empty() -> None:
    found = block([b'{"a":{"b":null}}', b'{"a":{"b":5}}'] * 20)
    skeleton = found.skeletons()[0]
    assert skeleton.kind == JSON
    common, slots = taken_apart(skeleton.parts)
    fields = paths_of(common, (("a", "b"),))
    assert fields is not None
    rows = np.arange(4, dtype=np.int32)
    coded = path_values(found, fields[0], slots, rows, ("a", "b"))
    assert [coded.values[code] for code in coded.codes.tolist()] == [b"", b"5", b"", b"5"]
