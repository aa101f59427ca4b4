"""The kernel for Prometheus's samples records reads what the plain reader does, and survives any bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.oracle import prometheus_wal as oracle
from watchkeeper.core.kernels.prometheus_wal import decode_samples

unsigned = st.integers(0, 2**64 - 1)
samples = st.lists(st.tuples(unsigned, st.integers(-(2**63), 2**63 - 1), unsigned), max_size=6)


def agree(data: bytes) -> None:
    expected = oracle.decode(data)
    if expected is None:
        with pytest.raises(ValueError):
            decode_samples(data)
        return
    refs, times, values = decode_samples(data)
    assert list(zip(refs.tolist(), times.tolist(), values.view(np.uint64).tolist(), strict=True)) == expected


@settings(max_examples=100)
@given(samples)
def test_round_trip(drawn):
    assert oracle.decode(oracle.encode(drawn)) == drawn
    agree(oracle.encode(drawn))


@settings(max_examples=100)
@given(samples, st.binary(max_size=12), st.integers(0, 80))
@example([(1, 2, 3)], b"\xff" * 11, 16)
def test_any_bytes(drawn, noise, at):
    data = oracle.encode(drawn)
    agree(data[:at] + noise + data[at:])
    agree(data[:at])
