"""The push kernel reads and writes what the plain reader does, and survives any bytes."""

from __future__ import annotations

import itertools
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.oracle import log_push as oracle
from tests.oracle.log_push import PlainEntry, PlainStream
from watchkeeper.core.kernels import log_push
from watchkeeper.core.model.errors import WireError

texts = st.binary(max_size=8) | st.sampled_from([b"", b"level=info msg=hello", b"\xff\xfe", "grün".encode()])
times = st.integers(-62135596800 * 10**9, 253402300799 * 10**9) | st.integers(-(2**63), 2**63 - 1).map(
    lambda ns: max(min(ns, 2**63 - 10**9), -(2**63) + 10**9)
)
entries = st.builds(PlainEntry, times, texts, st.lists(st.tuples(texts, texts), max_size=3))
streams = st.lists(st.builds(PlainStream, texts, st.lists(entries, max_size=4)), max_size=3)


def plain(body: bytes) -> list[PlainStream]:
    """What the kernel makes of a body, put together again."""
    labels, entry_lo, times_ns, line_at, line_end, pairs = log_push.decode(body)
    found = []
    for i, (lo, hi) in enumerate(itertools.pairwise(entry_lo.tolist())):
        stream = PlainStream(labels[i])
        for row in range(lo, hi):
            entry = PlainEntry(int(times_ns[row]), body[line_at[row] : line_end[row]])
            if pairs is not None:
                pair_lo, name_at, name_end, value_at, value_end = pairs
                entry.pairs = [
                    (body[name_at[p] : name_end[p]], body[value_at[p] : value_end[p]])
                    for p in range(pair_lo[row], pair_lo[row + 1])
                ]
            stream.entries.append(entry)
        found.append(stream)
    assert len(labels) == len(entry_lo) - 1
    return found


def same(body: bytes) -> None:
    try:
        expected = oracle.decode(body)
    except WireError:
        with pytest.raises(ValueError, match=r"."):
            log_push.decode(body)
        return
    assert plain(body) == expected


@given(streams)
def test_decode_is_the_plain_reader(drawn: list[PlainStream]) -> None:
    same(oracle.encode(drawn))


@given(streams, st.data())
def test_damaged_bodies_are_refused_or_read_alike(drawn: list[PlainStream], data: st.DataObject) -> None:
    body = bytearray(oracle.encode(drawn))
    for _ in range(data.draw(st.integers(1, 3))):
        if body:
            body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    same(bytes(body)[: data.draw(st.integers(0, len(body)))])


@given(st.binary(max_size=40))
@example(b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")
@example(b"\x0a\x02\x0a\x7f")
@example(b"\x0a\x04\x12\x02\x0a\x00")
@example(b"\x0b\x0c")
def test_any_bytes(body: bytes) -> None:
    same(body)


@given(streams)
def test_encode_is_the_plain_writer(drawn: list[PlainStream]) -> None:
    for stream in drawn:
        for entry in stream.entries:
            entry.time_ns = max(min(entry.time_ns, 2**63 - 1), -(2**63))
    parts: list[bytes] = []
    size = 0

    def put(text: bytes) -> tuple[int, int]:
        nonlocal size
        parts.append(text)
        size += len(text)
        return size - len(text), size

    flat = [entry for stream in drawn for entry in stream.entries]
    lines = [put(entry.line) for entry in flat]
    pairs = [(put(name), put(value)) for entry in flat for name, value in entry.pairs]
    column = lambda values: np.array(list(values), np.int64)  # noqa: E731
    body = log_push.encode(
        [stream.labels for stream in drawn],
        column(itertools.accumulate((len(stream.entries) for stream in drawn), initial=0)),
        column(entry.time_ns for entry in flat),
        b"".join(parts),
        column(at for at, _ in lines),
        column(end for _, end in lines),
        (
            column(itertools.accumulate((len(entry.pairs) for entry in flat), initial=0)),
            column(name[0] for name, _ in pairs),
            column(name[1] for name, _ in pairs),
            column(value[0] for _, value in pairs),
            column(value[1] for _, value in pairs),
        ),
    )
    assert body == oracle.encode(drawn)


words = st.text(max_size=6) | st.sampled_from(["info", 'q"q', "\\", "\n\t", "\U0001f600", "é", "\x7f\x00"])
stamps = st.integers(-(2**63), 2**63 - 1).map(str) | st.sampled_from(
    ["", "-", "1.5", "9223372036854775808", "007", " 1"]
)
oddities = st.sampled_from([None, 5, True, [], {}, ["x"], {"a": 1}, 1.5])
metadata = st.dictionaries(words, words, max_size=2)
json_entries = st.builds(lambda time, line, more: [time, line, *more], stamps, words, st.lists(metadata, max_size=2))
json_streams = st.fixed_dictionaries(
    {},
    optional={
        "stream": st.dictionaries(words, words, max_size=2) | oddities,
        "values": st.lists(json_entries | st.lists(words | oddities, max_size=3), max_size=3) | oddities,
        "labels": words | oddities,
        "entries": st.lists(
            st.fixed_dictionaries(
                {
                    "ts": st.sampled_from(
                        ["2026-01-02T03:04:05Z", "0001-01-01T00:00:00.5-23:59", "2026-02-30T00:00:00Z", "x"]
                    )
                },
                optional={"line": words | oddities, "x": oddities},
            )
            | oddities,
            max_size=3,
        ),
        "other": oddities,
    },
)
json_requests = st.fixed_dictionaries(
    {}, optional={"streams": st.lists(json_streams, max_size=3) | oddities, "x": oddities}
)


def plain_json(body: bytes, legacy: bool) -> list[tuple[Any, list[PlainEntry]]]:
    """What the kernel makes of a body, put together again."""
    labels, entry_lo, times_ns, line_at, line_end, pairs, extra = log_push.decode_json(body, legacy)
    data = body + extra
    found = []
    for i, (lo, hi) in enumerate(itertools.pairwise(entry_lo.tolist())):
        given_entries = []
        for row in range(lo, hi):
            entry = PlainEntry(int(times_ns[row]), data[line_at[row] : line_end[row]])
            if pairs is not None:
                pair_lo, name_at, name_end, value_at, value_end = pairs
                entry.pairs = [
                    (data[name_at[p] : name_end[p]], data[value_at[p] : value_end[p]])
                    for p in range(pair_lo[row], pair_lo[row + 1])
                ]
            given_entries.append(entry)
        one = labels[i]
        named = one.decode() if isinstance(one, bytes) else {name.decode(): value.decode() for name, value in one}
        found.append((named, given_entries))
    return found


@given(json_requests, st.booleans(), st.booleans())
def test_json_is_the_plain_reader(drawn: dict[str, Any], ascii_only: bool, legacy: bool) -> None:
    body = json.dumps(drawn, ensure_ascii=ascii_only).encode("utf-8", "replace")
    try:
        expected = oracle.json_streams(body, legacy=legacy)
    except WireError:
        with pytest.raises(ValueError, match=r"."):
            log_push.decode_json(body, legacy)
        return
    assert plain_json(body, legacy) == expected


@given(
    json_requests,
    st.booleans(),
    st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from(b'"\\{}[],:1 n\xff')), max_size=3),
)
def test_damaged_json_never_crashes(drawn: dict[str, Any], legacy: bool, flips: list[tuple[int, int]]) -> None:
    body = bytearray(json.dumps(drawn).encode())
    for place, byte in flips:
        body[place % len(body)] = byte
    try:
        expected = oracle.json_streams(bytes(body), legacy=legacy)
    except WireError:
        expected = None
    try:
        found = plain_json(bytes(body), legacy)
    except UnicodeDecodeError:
        return
    except ValueError:
        assert expected is None
        return
    if expected is not None:
        assert found == expected


@given(st.binary(max_size=60), st.booleans())
def test_any_bytes_as_json(body: bytes, legacy: bool) -> None:
    try:
        log_push.decode_json(b'{"streams":[{"stream":{},"values":[["1","' + body, legacy)
        log_push.decode_json(body, legacy)
    except ValueError:
        return


@given(st.from_regex(oracle.RFC_3339, fullmatch=True) | st.datetimes().map(lambda moment: moment.isoformat() + "Z"))
@example("2024-02-29T23:59:59.999999999+14:00")
@example("1900-02-29T00:00:00Z")
@example("0000-01-01T00:00:00Z")
@example("9999-12-31T23:59:59-24:60")
def test_times_are_those_of_the_calendar(text: str) -> None:
    body = json.dumps({"streams": [{"entries": [{"ts": text, "line": ""}]}]}).encode()
    if text.startswith("0000-"):  # Python's calendar begins a year later.
        return
    try:
        expected = oracle.time_of(text)
    except WireError:
        with pytest.raises(ValueError, match="parsing time"):
            log_push.decode_json(body, True)
        return
    assert log_push.decode_json(body, True)[2].tolist() == [expected]


def test_bytes_that_are_not_utf_8_are_kept() -> None:
    body = b'{"streams":[{"stream":{},"values":[["1","\xff\xfe \\n\xff",{"a":"\xc3"}]]}]}'
    assert plain_json(body, False) == [({}, [PlainEntry(1, b"\xff\xfe \n\xff", [(b"a", b"\xc3")])])]


def test_of_what_stands_twice_the_last_counts() -> None:
    body = b"""{"streams":[{"values":[["9","x"]]}],"streams":[
        {"stream":{"a":"1"},"stream":{"b":"2"},"values":[["1","x",{"m":"1"}],["2","y"]],"values":[["3","z"]]}]}"""
    assert plain_json(body, False) == [({"b": "2"}, [PlainEntry(3, b"z")])]


def test_places_that_do_not_fit_are_refused() -> None:
    zero, one, two = (np.array(v, np.int64) for v in ([0], [1], [0, 1]))
    assert log_push.encode([b"{}"], two, zero, b"x", zero, one)
    for bad in (
        ([b"{}"], two, zero, b"x", zero, np.array([2], np.int64)),
        ([b"{}"], two, zero, b"x", one, zero),
        ([b"{}"], np.array([0, 2], np.int64), zero, b"x", zero, one),
        ([], two, zero, b"x", zero, one),
        ([b"{}"], two, zero, b"", np.array([], np.int64), np.array([], np.int64)),
    ):
        with pytest.raises(ValueError, match=r"."):
            log_push.encode(*bad)
