"""XOR chunks: what is written is read back exactly, by the kernel and by the plain reader."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import xor_chunk as oracle
from watchkeeper.core.kernels import xor_chunk
from watchkeeper.core.kernels.crc32c import crc32c

steps = st.integers(1, 30) | st.integers(1, 2**17) | st.integers(1, 2**40)
numbers = st.floats(width=64) | st.integers(0, 5).map(float) | st.just(3.0)
points = st.lists(st.tuples(steps, numbers), min_size=1, max_size=40)


@given(st.integers(-(2**50), 2**50), points)
@settings(max_examples=150, deadline=None)
def test_round_trip(start: int, drawn: list[tuple[int, float]]) -> None:
    times = (start + np.cumsum([step for step, _ in drawn])).astype(np.int64)
    values = np.array([value for _, value in drawn], np.float64)
    data = xor_chunk.encode(times, values)
    read_times, read_values = xor_chunk.decode(data)
    assert read_times.tolist() == times.tolist()
    assert read_values.tobytes() == values.tobytes()
    plain = oracle.decode(data)
    assert [time for time, _ in plain] == times.tolist()
    assert b"".join(struct.pack("<d", value) for _, value in plain) == values.tobytes()


@given(st.binary(max_size=80))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        times, values = xor_chunk.decode(data)
    except ValueError:
        return
    assert len(times) == len(values) == int.from_bytes(data[:2], "big")


def test_a_chunk_takes_no_more_than_its_counter_can_say() -> None:
    with pytest.raises(ValueError, match="65535"):
        xor_chunk.encode(np.arange(70_000, dtype=np.int64), np.zeros(70_000))


@given(st.binary(max_size=100), st.integers(0, 100))
@settings(max_examples=100, deadline=None)
def test_crc32c_as_bit_by_bit(data: bytes, cut: int) -> None:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    assert crc32c(data) == crc ^ 0xFFFFFFFF
    assert crc32c(data[cut:], crc32c(data[:cut])) == crc32c(data)
