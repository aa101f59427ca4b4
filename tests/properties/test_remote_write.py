"""The remote-write kernel reads and writes what the plain reader does, and survives any bytes."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.oracle import remote_write as oracle
from watchkeeper.core.kernels import remote_write
from watchkeeper.core.model.errors import WireError
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.packed_labels import PackedLabels
from watchkeeper.core.wire import protobuf as pb
from watchkeeper.core.wire.remote import encode_write_v1

names = st.sampled_from([b"__name__", b"job", b"a", b"", b"\xff", "é".encode()])
values = st.binary(max_size=5) | st.sampled_from([b"up", b"", b"node", "ü".encode(), b"\xed\xa0\x80"])
pairs = st.lists(st.tuples(names, values), max_size=4).map(
    lambda drawn: [(b"__name__", b"x"), *drawn][: len(drawn) + 1]
)
samples = st.lists(st.tuples(st.floats(width=64), st.integers(-(2**62), 2**62), st.integers(0, 2**40)), max_size=4)


def sample(value: float, time: int, start: int) -> bytes:
    return pb.put_double(1, value) + pb.put_int(2, time) + pb.put_int(3, start)


def request_v1(rows: list[tuple[list[tuple[bytes, bytes]], list[tuple[float, int, int]]]]) -> bytes:
    return b"".join(
        pb.put_bytes(
            1,
            b"".join(pb.put_bytes(1, pb.put_bytes(1, name) + pb.put_bytes(2, value)) for name, value in labels)
            + b"".join(pb.put_bytes(2, sample(*one)) for one in drawn)
            + pb.put_bytes(3, b"exemplar"),
        )
        for labels, drawn in rows
    )


def request_v2(rows: list[tuple[list[tuple[bytes, bytes]], list[tuple[float, int, int]]]], created: int) -> bytes:
    symbols = [b""]
    out = []
    for labels, drawn in rows:
        refs = []
        for text in (part for pair in labels for part in pair):
            symbols.append(text)
            refs.append(len(symbols) - 1)
        out.append(
            pb.put_bytes(
                5,
                pb.put_varints(1, refs)
                + b"".join(pb.put_bytes(2, sample(*one)) for one in drawn)
                + pb.put_bytes(5, b"metadata")
                + pb.put_int(6, created),
            )
        )
    return b"".join(out) + b"".join(pb.put_bytes(4, symbol) for symbol in symbols)


def agree(data: bytes, version: int) -> None:
    decoded = remote_write.decode(data, version)
    try:
        plain = oracle.decode(data, version)
    except WireError:
        assert decoded is None
        return
    assert decoded is not None
    buffer, offsets, valid, series, times, numbers, starts, others, _ = decoded
    packed = PackedLabels(buffer, offsets)
    assert [packed[i].as_dict() if valid[i] else None for i in range(len(valid))] == [
        None if labels is None else dict(sorted(labels.items())) for labels in plain.series
    ]
    assert list(zip(series.tolist(), times.tolist(), strict=True)) == [(row, time) for row, time, _, _ in plain.samples]
    expected = np.array([value for _, _, value, _ in plain.samples], np.float64)
    assert numbers.tobytes() == expected.tobytes()
    assert (starts.tolist() if starts is not None else [0] * len(times)) == [start for *_, start in plain.samples]
    assert [(kind, row, data[lo:hi]) for kind, row, lo, hi in others] == plain.others


@given(st.lists(st.tuples(pairs, samples), max_size=4))
@settings(max_examples=100, deadline=None)
def test_version_1_as_the_plain_reader(
    rows: list[tuple[list[tuple[bytes, bytes]], list[tuple[float, int, int]]]],
) -> None:
    agree(request_v1(rows), 1)


@given(st.lists(st.tuples(pairs, samples), max_size=4), st.integers(0, 2**40))
@settings(max_examples=100, deadline=None)
def test_version_2_as_the_plain_reader(
    rows: list[tuple[list[tuple[bytes, bytes]], list[tuple[float, int, int]]]], created: int
) -> None:
    agree(request_v2(rows, created), 2)


@given(st.binary(max_size=60), st.integers(0, 200), st.integers(0, 255), st.sampled_from([1, 2]))
@example(b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 0, 0, 1)
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_refused(noise: bytes, at: int, byte: int, version: int) -> None:
    remote_write.decode(noise, version)
    rows = [([(b"__name__", b"up"), (b"job", b"node")], [(1.5, 1000, 5), (2.5, 2000, 0)])]
    whole = bytearray(request_v1(rows) if version == 1 else request_v2(rows, 7))
    whole[at % len(whole)] = byte
    remote_write.decode(bytes(whole), version)
    remote_write.decode(bytes(whole[: at % len(whole)]), version)


@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.sampled_from(["job", "a", "é"]), st.text(min_size=1, max_size=300), max_size=3),
            st.lists(st.tuples(st.integers(-(2**62), 2**62), st.floats(width=64)), max_size=4),
        ),
        max_size=5,
    )
)
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_back(rows: list[tuple[dict[str, str], list[tuple[int, float]]]]) -> None:
    sets = [Labels.of({"__name__": "m", **labels}) for labels, _ in rows]
    counts = [len(drawn) for _, drawn in rows]
    times = np.array([time for _, drawn in rows for time, _ in drawn], np.int64)
    numbers = np.array([value for _, drawn in rows for _, value in drawn], np.float64)
    data = encode_write_v1(PackedLabels.of(sets), np.cumsum([0, *counts]).astype(np.int64), times, numbers)
    plain = oracle.decode(data, 1)
    assert plain.series == [labels.as_dict() for labels in sets]
    assert [time for _, time, _, _ in plain.samples] == times.tolist()
    assert np.array([value for _, _, value, _ in plain.samples]).tobytes() == numbers.tobytes()
