"""The column codec gives back every bit, agrees with its slow twin, and refuses bytes that are not its own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import column_codec as oracle
from watchkeeper.core.codec.columns import ColumnGroup, compress, decompress, encode_axes, encode_columns
from watchkeeper.core.kernels.column_codec import Group, decode_few, encode
from watchkeeper.core.model.stale import MISSING_BITS, STALE_BITS

BITS = st.one_of(
    st.sampled_from([MISSING_BITS, STALE_BITS, 0x7FF8000000000001, 1 << 63, 0, 0x7FF0000000000000, 0xFFF0000000000000]),
    st.integers(0, (1 << 64) - 1),
    st.floats(allow_nan=False).map(lambda v: int(np.float64(v).view(np.uint64))),
)


@st.composite
def columns(draw: st.DrawFn) -> list[list[int]]:
    """Columns of every class: constants, counters, decimals, arbitrary bits, holes."""
    out = []
    for _ in range(draw(st.integers(0, 6))):
        n = draw(st.integers(0, 40))
        rng = np.random.default_rng(draw(st.integers(0, 1 << 32)))
        kind = draw(st.integers(0, 5))
        if kind == 0:
            values = np.full(n, rng.normal())
        elif kind == 1:
            values = np.cumsum(rng.integers(-5, 1 << draw(st.integers(3, 50)), n)).astype(np.float64)
        elif kind == 2:
            values = rng.integers(-(10**6), 10**6, n) / 10 ** draw(st.integers(0, 9))
        elif kind == 3:
            values = np.cumsum(rng.random(n))
        elif kind == 4:
            values = 1e9 + 4096.0 * rng.integers(0, 9, n)
        else:
            values = np.array(draw(st.lists(BITS, min_size=n, max_size=n)), np.uint64).view(np.float64)
        bits = values.view(np.uint64).copy()
        for _ in range(draw(st.integers(0, 3))):
            lo = draw(st.integers(0, n))
            bits[lo : lo + draw(st.integers(0, 9))] = draw(BITS)
        out.append(bits.tolist())
    return out


def arrays(cells: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    offsets = np.cumsum([0, *map(len, cells)]).astype(np.int64)
    return np.array([bits for column in cells for bits in column], np.uint64), offsets


@settings(max_examples=100, deadline=None)
@given(columns())
def test_floats_come_back_with_every_bit(cells: list[list[int]]) -> None:
    flat, offsets = arrays(cells)
    group = ColumnGroup(encode_columns(flat.view(np.float64), offsets))
    values, back = group.decode()
    assert back.tolist() == offsets.tolist()
    assert values.view(np.uint64).tolist() == flat.tolist()
    assert oracle.decode(encode(flat, offsets, False)) == cells
    assert ColumnGroup(compress(oracle.encode(cells), 1)).decode()[0].view(np.uint64).tolist() == flat.tolist()


@settings(max_examples=100, deadline=None)
@given(columns())
def test_integers_come_back(cells: list[list[int]]) -> None:
    flat, offsets = arrays(cells)
    group = ColumnGroup(encode_axes(flat.view(np.int64), offsets))
    assert group.decode_ints()[0].tolist() == flat.view(np.int64).tolist()
    assert oracle.decode(encode(flat, offsets, True)) == cells


@settings(max_examples=50, deadline=None)
@given(columns(), st.data())
def test_parts_of_single_columns(cells: list[list[int]], data: st.DataObject) -> None:
    flat, offsets = arrays(cells)
    group = ColumnGroup(encode_columns(flat.view(np.float64), offsets))
    for i, column in enumerate(cells):
        lo = data.draw(st.integers(0, len(column)))
        hi = data.draw(st.integers(lo, len(column)))
        out = np.zeros(hi - lo + 2)
        group.decode_into(*(np.array([x]) for x in (i, lo, hi)), out, np.array([1]))
        assert out[1:-1].view(np.uint64).tolist() == column[lo:hi]
        assert out[0] == out[-1] == 0


@settings(max_examples=50, deadline=None)
@given(columns(), columns(), st.data())
def test_a_few_columns_of_many_groups(one: list[list[int]], two: list[list[int]], data: st.DataObject) -> None:
    groups, expected = [], []
    picks: list[tuple[int, int, int, int]] = []
    for cells in (one, two):
        group = Group(encode(*arrays(cells), False))
        for column in data.draw(st.lists(st.integers(0, len(cells) - 1), max_size=3)) if cells else []:
            lo = data.draw(st.integers(0, len(cells[column])))
            hi = data.draw(st.integers(lo, len(cells[column])))
            picks.append((column, lo, hi, len(expected)))
            groups.append(group)
            expected += cells[column][lo:hi]
    rows = np.array(picks, np.int64).reshape(-1, 4).T.copy()
    out = np.zeros(len(expected), np.uint64)
    decode_few(groups, *rows, out)
    assert out.tolist() == expected
    if picks:
        with pytest.raises(ValueError, match="no cells"):
            decode_few(groups[:1], rows[0, :1], rows[1, :1], rows[2, :1] + 1000, rows[3, :1], out)
        with pytest.raises(ValueError, match="fit"):
            decode_few(groups[:1], rows[0, :1], rows[1, :1], rows[2, :1], rows[3, :1] + len(out) + 1, out)


@settings(max_examples=100, deadline=None)
@given(columns(), st.data())
def test_changed_bytes_never_crash(cells: list[list[int]], data: st.DataObject) -> None:
    raw = bytearray(encode(*arrays(cells), False))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    for hostile in (bytes(raw), bytes(raw[:cut])):
        try:
            got = ColumnGroup(b"\x00" + hostile).decode()[0].view(np.uint64).tolist()
        except ValueError:
            continue
        assert got == [bits for column in oracle.decode(hostile) for bits in column]


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=80))
def test_arbitrary_bytes_never_crash(data: bytes) -> None:
    for hostile in (data, b"\x01" + data):
        try:
            group = Group(hostile)
        except ValueError:
            continue
        for i, length in enumerate(group.lengths.tolist()):
            if length < 1 << 16:
                group.decode_into(*(np.array([x]) for x in (i, 0, length, 0)), np.zeros(length, np.uint64), False)


@given(st.binary(max_size=60))
def test_arbitrary_compressed_bytes_are_refused(data: bytes) -> None:
    assert decompress(compress(data, 1)) == data
    try:
        decompress(data)
    except ValueError:
        return


def test_out_of_range_requests_are_refused() -> None:
    group = ColumnGroup(encode_columns(np.arange(10.0), np.array([0, 4, 10])))

    def ask(column: int, lo: int, hi: int, at: int, out: np.ndarray) -> None:
        group.decode_into(np.array([column]), np.array([lo]), np.array([hi]), out, np.array([at]))

    room = np.zeros(4)
    for column, lo, hi, at in [(2, 0, 1, 0), (-1, 0, 1, 0), (0, 0, 5, 0), (0, -1, 2, 0), (0, 3, 2, 0), (0, 0, 4, 1)]:
        with pytest.raises(ValueError):
            ask(column, lo, hi, at, room)
    with pytest.raises(ValueError, match="other type"):
        ask(0, 0, 1, 0, np.zeros(1, np.int64))
    with pytest.raises(ValueError, match="no such column"):
        group.decode(np.array([2]))
    with pytest.raises(ValueError, match="outside"):
        encode(np.zeros(2, np.uint64), np.array([0, 3]), False)


def test_a_regular_axis_is_tiny() -> None:
    rng = np.random.default_rng(1)
    exact = 1_700_000_000_123 + 15_000 * np.arange(480)
    jitter = exact + rng.integers(-2, 3, 480)
    assert len(encode_axes(exact, np.array([0, 480]))) < 40
    assert len(encode_axes(jitter, np.array([0, 480]))) < 0.6 * 480
