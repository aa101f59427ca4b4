"""The field kernels find what the plain readers find, in any bytes."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.oracle import line_fields as oracle
from watchkeeper.core.kernels import line_fields
from watchkeeper.core.kernels.texts import Coded, Texts
from watchkeeper.logs.lines import units

names = st.sampled_from(
    ["level", "a", "b", "a.b", "a_b", "", "9", " x ", "ü", "msg", "Level", "severity", 'q"q', "\u2003k"]
)
words = st.sampled_from(["info", "WARN", "error", "x", "", "err", "Information", "crit"]) | st.text(max_size=20)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words
trees = st.recursive(
    st.dictionaries(names, scalars, max_size=4),
    lambda inner: st.dictionaries(names, inner | scalars | st.lists(inner | scalars, max_size=2), max_size=4),
    max_leaves=8,
)
json_lines = st.builds(
    lambda tree, ascii_only, spaces: json.dumps(
        tree, ensure_ascii=ascii_only, separators=(", ", ": ") if spaces else (",", ":")
    ).encode("utf-8", "replace"),
    trees,
    st.booleans(),
    st.booleans(),
)
PIECES = (
    *(
        b'"',
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b",",
        b" ",
        b"=",
        b"\t",
        b"\n",
        b"\\u",
        b"\\ud83d",
        b"\\ude00",
        b"00e9",
    ),
    *(b"null", b"true", b"-1", b'"a"', b'"level"', b"level", b"info", b"Error", b"err", b"warn", b"\xff", b"\xc3\xa9"),
    *(b'"a":', b'{"a":', b'"x"', b'="', b"a=", b"\xef\xbf\xbd", b"1", b"|", b"'", b"(", b")", b"!", b"trace", b"fatal"),
)
pieces = st.sampled_from(PIECES)
soup = st.lists(pieces, max_size=14).map(b"".join)


def damaged(line: bytes, cuts: list[tuple[int, bytes]]) -> bytes:
    for place, piece in cuts:
        place %= len(line) + 1
        line = line[:place] + piece + line[place + 1 :]
    return line


broken_json = st.builds(damaged, json_lines, st.lists(st.tuples(st.integers(0, 300), pieces), min_size=1, max_size=2))
logfmt_lines = st.lists(
    st.builds(
        lambda key, value, quoted: key + b"=" + (json.dumps(value).encode() if quoted else value.encode()),
        st.sampled_from([b"level", b"a", b"a.b", b"a_b", b"9", b"\xc3\xbc", b"\xff", b"SEVERITY", b"Lvl", b""]),
        words,
        st.booleans(),
    )
    | pieces,
    max_size=6,
).map(b" ".join)
lines = json_lines | broken_json | logfmt_lines | soup | st.binary(max_size=40)
many = st.lists(lines, max_size=8)
few = st.none() | st.lists(st.sampled_from(["level", "a", "a_b", "b", "_9", "x", "missing"]), max_size=3).map(tuple)


def rows(columns: dict[str, Coded], n: int) -> list[dict[str, bytes]]:
    """Columns as a dict for each row."""
    found: list[dict[str, bytes]] = [{} for _ in range(n)]
    for name, column in columns.items():
        assert len(column) == n
        texts = list(column.values)
        assert len(set(texts)) == len(texts)
        for row, code in zip(found, column.codes.tolist(), strict=True):
            if code >= 0:
                row[name] = texts[code]
    return found


def only(row: dict[str, bytes], wanted: tuple[str, ...] | None) -> dict[str, bytes]:
    return row if wanted is None else {name: value for name, value in row.items() if name in wanted}


@given(many, few)
@example([b'{"a":{"b":1', b'{"a":{"b":1}}', b'{"a":{"b":1}'], None)
@example([b'{"x":1,"a":{"b":1{},"c":2}}', b'{"a":{"b":[}{],"c":1}}', b'{"a":{"b":1"}","c":2}}'], None)
@example([b'{"a":1} tail', b'{"a":1,}', b"{,}", b"{}", b"{", b"", b" ", b"[]"], None)
@example([b'{"a":1,"a":2}', b'{"a.b":1,"a_b":2,"a":{"b":3}}'], None)
@example([b'{"' + b'a":{"' * 130 + b'b":1' + b"}" * 131], None)
@example([b'{"' + b'a":{"' * 126 + b'b":1' + b"}" * 127], None)
@example([rb'{"a":"\ud83d\ude00","b":"\ud83d","c":"\x","d":"\u00e9"}'], None)
def test_json_is_the_plain_reader(given_lines: list[bytes], wanted: tuple[str, ...] | None) -> None:
    columns, mask = line_fields.json(Texts.of(given_lines), wanted)
    expected = [oracle.json_row(line) for line in given_lines]
    assert mask.tolist() == [broken for _, broken in expected]
    assert rows(columns, len(given_lines)) == [only(row, wanted) for row, _ in expected]


@given(many, few, st.booleans(), st.booleans())
@example([b'a="x', b"a=b=c d=1", b'="x" b=2', b"a", b'"', b'a="\\"" b="\t\\n"'], None, False, True)
def test_logfmt_is_the_plain_reader(
    given_lines: list[bytes], wanted: tuple[str, ...] | None, strict: bool, keep_empty: bool
) -> None:
    columns, mask = line_fields.logfmt(Texts.of(given_lines), wanted, strict=strict, keep_empty=keep_empty)
    expected = [oracle.logfmt_row(line, strict=strict, keep_empty=keep_empty) for line in given_lines]
    assert mask.tolist() == [malformed for _, malformed in expected]
    assert rows(columns, len(given_lines)) == [only(row, wanted) for row, _ in expected]


steps = st.sampled_from(["a", "b", "level", "9", 0, 1, "ü"])
all_paths = st.lists(st.lists(steps, min_size=1, max_size=3).map(tuple), max_size=4).map(tuple)


@given(many, all_paths)
@example(
    [b'{"a":[1,{"b":"x"},[2]]}', b'[{"a":1}]', b'"a"', b"7", b"", b'{"a":{"b":null}}'],
    (("a", 1, "b"), ("a",), (0, "a")),
)
@example([b'{"a":{"b":1},"a":2}'], (("a", "b"), ("a",), ("a",)))
def test_json_paths_are_the_plain_walk(given_lines: list[bytes], paths: tuple[tuple[str | int, ...], ...]) -> None:
    columns, mask = line_fields.json_paths(Texts.of(given_lines), paths)
    assert len(columns) == len(paths)
    for i, line in enumerate(given_lines):
        expected, broken = oracle.json_path_row(line, paths)
        found = [None if column.codes[i] < 0 else column.values[int(column.codes[i])] for column in columns]
        assert found == (expected if expected is not None else [None] * len(paths))
        assert bool(mask[i]) == broken


@given(
    many,
    st.none() | st.lists(st.sampled_from([b"a", b"level", b"9", b"Severity"]), max_size=2).map(tuple),
    st.sampled_from([0, 1, 2, 3]),
)
@example([b"an error: one", b"Info", b"[WARN] x", b"informed", b"(fatal)", b"err.", b"x|debug|", b"warning!"], None, 2)
@example(
    [
        b'level="err" lvl=info',
        b"severity=warn level=fatal",
        b'{"x":{"level":"debug"}}',
        b'{"x":{"y":{"level":"debug"}}}',
    ],
    None,
    2,
)
@example(
    [b" " * 15 + b"info", b"x" * 15 + b" info", b"x" * 14 + b" error " + b"y" * 20, b"\x0b{}", b'\x0b{"level":"x"}'],
    None,
    2,
)
@example([b'{"level":5,"lvl":"what","msg":"[error]"}', b'{"l\\u0065vel":"trc"}', b'{"level":"info" broken}'], None, 2)
def test_levels_are_the_plain_rules(
    given_lines: list[bytes], fields: tuple[bytes, ...] | None, json_depth: int
) -> None:
    found = line_fields.levels(Texts.of(given_lines), fields, json_depth)
    names = oracle.FIELDS if fields is None else fields
    assert found.tolist() == [oracle.level(line, names, json_depth) for line in given_lines]


def test_levels_of_places_are_those_of_texts() -> None:
    data = b"xx level=warn yy error {}"
    at, end = np.array([17, 3, 0, 25], np.int64), np.array([22, 13, 2, 25], np.int64)
    assert line_fields.levels_at(data, at, end).tolist() == [6, 5, 1, 1]
    assert line_fields.levels_at(data, at[:0], end[:0]).tolist() == []
    for bad_at, bad_end in (([-1], [2]), ([3], [2]), ([0], [26]), ([0], [1, 2])):
        with pytest.raises(ValueError, match=r"."):
            line_fields.levels_at(data, np.array(bad_at, np.int64), np.array(bad_end, np.int64))


captures = st.sampled_from([None, "a", "b"])
literals = st.sampled_from([b" ", b"[", b"] ", b"xy", b"="])


@given(
    st.lists(soup | st.sampled_from([b"a [b] c", b"x=y z", b"xyxyx", b"[1] [2] 3"]), max_size=5),
    st.lists(st.tuples(captures, literals), min_size=1, max_size=4),
    st.sampled_from([b"", b"[", b"x"]),
    st.booleans(),
)
def test_patterns_are_the_plain_captures(
    given_lines: list[bytes], parts: list[tuple[str | None, bytes]], first: bytes, open_end: bool
) -> None:
    wanted = tuple(name for name, _ in parts)
    between = (first, *(literal for _, literal in parts))
    if open_end:
        between = (*between[:-1], b"")
    found = rows(line_fields.pattern(Texts.of(given_lines), between, wanted), len(given_lines))
    assert found == [oracle.pattern_row(line, between, wanted) for line in given_lines]


wild = st.lists(soup | st.sampled_from([b"a failed: b", b" bar ", b"foo bar baz", b"xxyxx"]), max_size=5)


@given(
    wild,
    st.lists(literals | st.sampled_from([b"bar", b"x", b"failed: "]), min_size=1, max_size=3),
    st.booleans(),
    st.booleans(),
)
@example([b" bar ", b"foo bar", b"bar"], [b" bar "], True, True)
@example([b"foo bar baz", b""], [b" bar"], True, False)
def test_line_patterns_are_the_plain_test(
    given_lines: list[bytes], texts: list[bytes], before: bool, behind: bool
) -> None:
    parts = (*([b""] if before else []), *texts, *([b""] if behind else []))
    found = line_fields.like(Texts.of(given_lines), parts)
    assert found.tolist() == [oracle.is_like(line, parts) for line in given_lines]


def test_the_empty_pattern_is_the_empty_line() -> None:
    assert line_fields.like(Texts.of([b"", b"x"]), (b"",)).tolist() == [1, 0]
    assert line_fields.like(Texts.of([b"", b"x"]), (b"", b"")).tolist() == [0, 1]
    with pytest.raises(ValueError, match="between"):
        line_fields.like(Texts.of([b"x"]), (b"", b"", b""))


packed_lines = st.builds(
    lambda tree, entry: json.dumps({**tree, "_entry": entry}).encode(),
    st.dictionaries(names, scalars, max_size=3),
    words,
)


@given(st.lists(packed_lines | lines, max_size=6))
@example([b'{"_entry":"a","_entry":"b","x":"1","x":"2"}', b'{"_entry":5}', b'{"a":"1"}', b'{"_entry":"a"', b""])
def test_unpack_is_the_plain_reader(given_lines: list[bytes]) -> None:
    columns, entries, mask = line_fields.unpack(Texts.of(given_lines))
    expected = [oracle.unpacked(line) for line in given_lines]
    assert rows(columns, len(given_lines)) == [row for row, _, _ in expected]
    assert list(entries) == [entry for _, entry, _ in expected]
    assert mask.tolist() == [broken for _, _, broken in expected]


ESCAPES = (
    b"\x1b",
    b"[",
    b"\xc2\x9b",
    b"31",
    b";",
    b"m",
    b"0",
    b"12345",
    b"]",
    b"\x07",
    b"x",
    b"K",
    b"?",
    b"(",
    b" ",
    b"\x00",
)


@given(st.lists(st.lists(st.sampled_from(ESCAPES), max_size=12).map(b"".join), max_size=5))
@example([b"\x1b[1;31mred\x1b[0m plain", b"\x1b]0;title\x07x", b"\x1b[1; x", b"\x1b[;", b"\xc2\x9b31mx", b"\x1b"])
def test_decolorize_is_the_expression(given_lines: list[bytes]) -> None:
    assert list(line_fields.decolorize(Texts.of(given_lines))) == [oracle.decolorized(line) for line in given_lines]


def test_texts_without_colours_are_handed_back() -> None:
    texts = Texts.of([b"plain", b"\xc2"])
    assert line_fields.decolorize(texts) is texts


ADDRESSES = ("10.0.0.1", "10.0.0.255", "192.168.1.7", "::1", "2001:db8::1", "2001:db8::ffff", "::ffff:10.0.0.1")
address_pieces = st.sampled_from(
    [
        *(text.encode() for text in ADDRESSES),
        b".",
        b":",
        b" ",
        b"1",
        b"a",
        b"/",
        b"01",
        b"::",
        b"10.0.0.",
        b"300",
        b"f",
        b"x",
    ]
)


@given(
    st.lists(st.lists(address_pieces, max_size=6).map(b"".join), max_size=4),
    st.sampled_from(
        [
            ("10.0.0.0", "10.0.0.255"),
            ("10.0.0.1", "10.0.0.1"),
            ("::", "2001:db8::ff"),
            ("::1", "::1"),
            ("0.0.0.0", "255.255.255.255"),
        ]
    ),
)
@example(
    [b"from 10.0.0.1:80", b"10.0.0.1.", b"010.0.0.1", b"x10.0.0.1x", b"::1", b"[::1] x", b"1:2:3:4:5:6:7::"],
    ("::", "ff::"),
)
def test_addresses_are_the_plain_search(given_lines: list[bytes], bounds: tuple[str, str]) -> None:
    low, high = (ipaddress.ip_address(text).packed for text in bounds)
    found = line_fields.addresses(Texts.of(given_lines), low, high)
    assert found.tolist() == [oracle.has_address(line, *bounds) for line in given_lines]


def test_addresses_of_other_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="4 or 16"):
        line_fields.addresses(Texts.of([b"x"]), b"abc", b"abc")


NUMBERS = (
    "1",
    "0",
    "23",
    "999999999999999999999",
    ".",
    "-",
    "+",
    "e",
    "h",
    "m",
    "s",
    "ms",
    "us",
    "µs",
    "μs",
    "ns",
    "k",
    "KiB",
    "MB",
)
number_texts = st.lists(
    st.sampled_from([*NUMBERS, "b", " ", ",", "E", "i", "0x1p3", "inf", "nan", "1e400", "1.5", "_"]), max_size=6
).map("".join) | st.floats().map(repr)


@given(st.lists(number_texts, max_size=6))
@example(
    [
        "1h2m3.5s",
        "1.5MB",
        "2 KiB",
        "1,000b",
        "-0.5s",
        "1e3",
        "5.",
        ".5",
        "+1",
        "1d",
        "",
        "0",
        "+0",
        "1.5",
        "16EiB",
        "15.9EiB",
    ]
)
@example(
    [
        "9223372036854775807ns",
        "-9223372036854775808ns",
        "9223372036854775808ns",
        "2562047h47m16.854775807s",
        "0.000000001s",
    ]
)
def test_numbers_are_those_of_the_complete_reader(texts: list[str]) -> None:
    given_texts = Texts.of(text.encode() for text in texts)
    for fast, slow in (
        (line_fields.floats, units.parse_float),
        (line_fields.sizes, units.parse_bytes),
        (line_fields.durations, units.parse_go_duration_ns),
    ):
        numbers, read = fast(given_texts)
        for text, number, known in zip(texts, numbers.tolist(), read.tolist(), strict=True):
            if known:
                assert repr(type(number)(slow(text))) == repr(number)
            else:
                assert number == 0


@given(st.integers(-(2**62), 2**62), st.floats(-1e15, 1e15), st.integers(0, 10**6))
def test_common_numbers_need_no_complete_reader(nanos: int, number: float, size: int) -> None:
    seconds, rest = divmod(abs(nanos), 10**9)
    forms = [f"{seconds}s{rest}ns", f"{seconds // 3600}h{seconds}.{rest % 1000:03d}ms" if seconds < 10**9 else "5s"]
    assert line_fields.durations(Texts.of(form.encode() for form in forms))[1].all()
    assert line_fields.floats(Texts.of([repr(number).encode(), b"%d" % nanos]))[1].all()
    assert line_fields.sizes(Texts.of(f"{size}{unit}".encode() for unit in ("", "B", "kB", "MiB", " GB", "Ti")))[
        1
    ].all()


@given(st.lists(st.binary(max_size=3) | st.binary(max_size=40), max_size=60))
def test_codes_are_of_distinct_texts(given_texts: list[bytes]) -> None:
    coded = line_fields.code(Texts.of(given_texts))
    assert [coded.values[code] for code in coded.codes.tolist()] == given_texts
    assert list(coded.values) == list(dict.fromkeys(given_texts))


@given(st.lists(st.integers(0, 500), max_size=400))
def test_codes_survive_growth(numbers: list[int]) -> None:
    texts = [b"value %d" % number for number in numbers]
    coded = line_fields.code(Texts.of(texts))
    assert [coded.values[code] for code in coded.codes.tolist()] == texts


@pytest.mark.parametrize(
    "call",
    [
        lambda texts: line_fields.json(texts, None),
        lambda texts: line_fields.logfmt(texts, None),
        lambda texts: line_fields.levels(texts),
        lambda texts: line_fields.code(texts),
        lambda texts: line_fields.json_paths(texts, (("a",),)),
        lambda texts: line_fields.pattern(texts, (b"", b" "), ("a",)),
    ],
)
@pytest.mark.parametrize("offsets", [[0, 5], [-1, 2], [2, 1], []])
def test_offsets_outside_of_the_bytes_are_refused(call: Callable[[Texts], object], offsets: list[int]) -> None:
    with pytest.raises(ValueError, match="offsets"):
        call(Texts(b"abc", np.array(offsets, np.int64)))


def test_patterns_need_literals_between_captures() -> None:
    texts = Texts.of([b"x"])
    with pytest.raises(ValueError, match="literal between"):
        line_fields.pattern(texts, (b"", b"", b""), ("a", "b"))
    with pytest.raises(ValueError, match="one literal more"):
        line_fields.pattern(texts, (b"",), ("a", "b"))


def test_a_slice_of_texts_is_read_from_where_it_begins() -> None:
    texts = Texts(b'xx{"a":1}{"a":2}yy', np.array([2, 9, 16], np.int64))
    columns, mask = line_fields.json(texts, None)
    assert rows(columns, 2) == [{"a": b"1"}, {"a": b"2"}]
    assert mask.tolist() == [0, 0]
