"""Rows as bytes and joined pieces agree with their slow twins; hostile bytes are refused."""

from __future__ import annotations

import contextlib
import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import head_rows as oracle
from watchkeeper.core.kernels.head_rows import apply_row, encode_row, gather_runs, join_pieces, last_row, row_header
from watchkeeper.core.model.stale import MISSING, STALE, bits_of

floats = (
    st.floats()
    | st.integers(-(2**54), 2**54).map(float)
    | st.sampled_from([MISSING, STALE, 0.0, -0.0, math.nan, 2.0**53, -(2.0**53)])
)
rows = st.lists(floats, max_size=40) | st.tuples(st.lists(floats, max_size=5), st.integers(1, 40)).map(
    lambda drawn: drawn[0] * drawn[1]
)


def bits(row: np.ndarray) -> list[int]:
    return row.view(np.uint64).tolist()


@given(st.lists(rows, min_size=1, max_size=12), st.data())
@settings(max_examples=100, deadline=None)
def test_rows_come_back(table: list[list[float]], data: st.DataObject) -> None:
    table.sort(key=len)
    prev: list[float] = []
    bodies = []
    sequence = 0
    for i, row in enumerate(table):
        key = i == 0 or data.draw(st.booleans())
        sequence = 0 if key else sequence + 1
        body = encode_row(np.array(prev), np.array(row), key, sequence)
        assert body == oracle.encode_row(prev, row, key, sequence)
        assert row_header(body) == (key, len(row), sequence)
        held = np.array([*prev, *[MISSING] * (len(row) - len(prev))])
        apply_row(body, held)
        assert bits(held) == bits(np.array(row))
        prev = row
        bodies.append(body)
    assert bits(last_row(bodies, len(bodies))) == bits(np.array(prev))
    skip = data.draw(st.integers(0, len(table)))
    # Two runs at once, of the same rows, each with columns of its own.
    chosen = [sorted(data.draw(st.sets(st.integers(0, 200), max_size=8))) for _ in range(2)]
    lengths = [len(columns) for columns in chosen]
    flat = np.array([column for columns in chosen for column in columns], np.int32)
    n = len(table) - skip
    out = np.zeros(len(flat) * n)
    gather_runs(
        [bodies, bodies],
        np.full(2, len(table), np.int64),
        np.full(2, skip, np.int64),
        np.cumsum([0, *lengths]).astype(np.int64),
        flat,
        out,
        np.arange(len(flat), dtype=np.int64) * n,
    )
    for r, column in enumerate(flat.tolist()):
        for t in range(skip, len(table)):
            expected = table[t][column] if column < len(table[t]) else MISSING
            assert bits_of(float(out[r * n + t - skip])) == bits_of(expected)


def test_a_row_of_many_bytes_has_wide_places() -> None:
    row = np.random.default_rng(1).normal(size=9000)
    body = encode_row(np.zeros(0), row, True, 0)
    assert body[0] == 3
    assert body == oracle.encode_row([], row.tolist(), True, 0)
    out = np.zeros(2)
    columns = np.array([5, 8999], np.int32)
    one, zero = np.ones(1, np.int64), np.zeros(1, np.int64)
    gather_runs([[body]], one, zero, np.array([0, 2]), columns, out, np.array([0, 1]))
    assert out.tolist() == row[columns].tolist()


@given(st.binary(max_size=60), st.integers(0, 40))
@settings(deadline=None)
def test_hostile_bytes_are_refused(body: bytes, room: int) -> None:
    with contextlib.suppress(ValueError):
        apply_row(body, np.zeros(room))
    with contextlib.suppress(ValueError):
        last_row([body], 1)
    with contextlib.suppress(ValueError):
        one, zero = np.ones(1, np.int64), np.zeros(1, np.int64)
        gather_runs([[body]], one, zero, np.array([0, 2]), np.array([0, 70], np.int32), np.zeros(2), np.array([0, 1]))
    with contextlib.suppress(ValueError):
        row_header(body)


@given(rows, rows, st.data())
@settings(deadline=None)
def test_a_flipped_bit_is_no_crash(prev: list[float], row: list[float], data: st.DataObject) -> None:
    body = bytearray(encode_row(np.array(prev), np.array(row), False, 1))
    body[data.draw(st.integers(0, len(body) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with contextlib.suppress(ValueError):
        apply_row(bytes(body), np.full(len(row), MISSING))


piece = st.tuples(
    st.integers(0, 3), st.sets(st.integers(0, 30), max_size=6).map(sorted), st.lists(floats, min_size=6, max_size=6)
)


@given(st.lists(piece, max_size=8), st.booleans())
@settings(max_examples=100, deadline=None)
def test_pieces_are_joined(pieces: list[tuple[int, list[int], list[float]]], with_starts: bool) -> None:
    pieces = sorted([(s, times, values[: len(times)]) for s, times, values in pieces], key=lambda item: item[0])
    lengths = np.array([len(times) for _, times, _ in pieces], np.int64)
    lo = np.cumsum(lengths) - lengths
    times = np.array([t for _, held, _ in pieces for t in held], np.int64)
    values = np.array([v for _, _, held in pieces for v in held], np.float64)
    starts = times * 7 if with_starts else None
    numbers = np.array([s for s, _, _ in pieces], np.int32)
    all_times, all_values, all_starts, bounds = join_pieces(numbers, lo, lo, lengths, 4, times, values, starts)
    expected = oracle.join(pieces, 4)
    for s in range(4):
        n = int(bounds[2, s] - bounds[1, s])
        axis = all_times[bounds[0, s] : bounds[0, s] + n]
        cells = all_values[bounds[1, s] : bounds[2, s]]
        assert (np.diff(axis) > 0).all()
        found = {
            int(t): bits_of(float(v)) for t, v in zip(axis, cells, strict=True) if bits_of(float(v)) != bits_of(MISSING)
        }
        assert found == expected[s]
        if all_starts is not None:
            assert (all_starts[bounds[1, s] : bounds[2, s]] == axis * 7).all()
