"""Histogram samples come back exactly, and other bytes are refused."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle.series_model import comparable, histogram
from watchkeeper.core.codec.histograms import decode_histograms, encode_histograms
from watchkeeper.core.model.histogram import Histogram, HistogramSamples


def samples(values: list[Histogram]) -> HistogramSamples:
    return HistogramSamples(np.cumsum(np.arange(len(values), dtype=np.int64)) * 15_000, values)


@settings(max_examples=60, deadline=None)
@given(st.lists(histogram(), max_size=5))
def test_round_trip(values: list[Histogram]) -> None:
    given_samples = samples(values)
    found = decode_histograms(encode_histograms(given_samples))
    assert found.times.tolist() == given_samples.times.tolist()
    assert list(map(comparable, found.values)) == list(map(comparable, values))


@settings(max_examples=60, deadline=None)
@given(st.lists(histogram(), min_size=1, max_size=3), st.data())
def test_changed_bytes_never_crash(values: list[Histogram], data: st.DataObject) -> None:
    encoded = bytearray(encode_histograms(samples(values)))
    for _ in range(data.draw(st.integers(1, 3))):
        encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    for hostile in (bytes(encoded), bytes(encoded[: data.draw(st.integers(0, len(encoded)))])):
        try:
            found = decode_histograms(hostile)
        except ValueError:
            continue
        assert len(found.times) == len(found.values)
