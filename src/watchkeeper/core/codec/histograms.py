"""Native histogram samples of one series to bytes and back, exactly.

Integers and floats stand in ragged columns of one codec group each; docs/formats/block.md names them.
"""

from __future__ import annotations

import itertools
import struct
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.codec.columns import BLOCK_LEVEL, ColumnGroup, encode_axes, encode_columns
from watchkeeper.core.model.histogram import Histogram, HistogramSamples, ResetHint

_HEADER: Final = struct.Struct("<I")
MAX_CELLS: Final = 1 << 24  # Of one series; a hostile constant column must not fill the memory.
_N_INTS: Final = 10
_N_FLOATS: Final = 7


def encode_histograms(samples: HistogramSamples, level: int = BLOCK_LEVEL) -> bytes:
    """The bytes of one series' histogram samples."""
    values = samples.values
    ints = [
        samples.times.tolist(),
        [h.schema for h in values],
        [int(h.reset_hint) | (4 if h.is_float else 0) for h in values],
        [len(h.positive_spans) for h in values],
        [len(h.negative_spans) for h in values],
        [len(h.positive) for h in values],
        [len(h.negative) for h in values],
        [len(h.custom_values) for h in values],
        [offset for h in values for offset, _ in h.positive_spans + h.negative_spans],
        [length for h in values for _, length in h.positive_spans + h.negative_spans],
    ]
    floats = [
        [h.count for h in values],
        [h.sum for h in values],
        [h.zero_threshold for h in values],
        [h.zero_count for h in values],
        [x for h in values for x in h.positive],
        [x for h in values for x in h.negative],
        [x for h in values for x in h.custom_values],
    ]
    head = encode_axes(np.array([x for part in ints for x in part], np.int64), _offsets(ints), level)
    tail = encode_columns(np.array([x for part in floats for x in part], np.float64), _offsets(floats), level)
    return _HEADER.pack(len(head)) + head + tail


def decode_histograms(data: bytes | memoryview) -> HistogramSamples:
    """The samples. Raises ValueError on bytes that `encode_histograms` did not write."""
    view = memoryview(data)
    if len(view) < _HEADER.size:
        raise ValueError("histograms are cut short")
    (size,) = _HEADER.unpack(view[: _HEADER.size])
    body = view[_HEADER.size :]
    if size > len(body):
        raise ValueError("histograms are cut short")
    ints, floats = ColumnGroup(body[:size]), ColumnGroup(body[size:])
    if len(ints) != _N_INTS or len(floats) != _N_FLOATS:
        raise ValueError("histograms have other columns")
    if int(ints.lengths.sum() + floats.lengths.sum()) > MAX_CELLS:
        raise ValueError("too many histograms")
    cells, at = ints.decode_ints()
    times = cells[: at[1]].copy()
    schema, flags, n_ps, n_ns, n_p, n_n, n_c, span_offset, span_length = (
        cells[lo:hi].tolist() for lo, hi in itertools.pairwise(at[1:].tolist())
    )
    numbers, at = floats.decode()
    counts, sums, thresholds, zeros, positive, negative, custom = (
        numbers[lo:hi].tolist() for lo, hi in itertools.pairwise(at.tolist())
    )
    n = len(times)
    if any(len(column) != n for column in (schema, flags, n_ps, n_ns, n_p, n_n, n_c, counts, sums, thresholds, zeros)):
        raise ValueError("histogram columns differ in length")
    for counted, flat in ((n_p, positive), (n_n, negative), (n_c, custom)):
        if min(counted, default=0) < 0 or sum(counted) != len(flat):
            raise ValueError("histogram buckets do not add up")
    if min(n_ps + n_ns, default=0) < 0 or not sum(n_ps) + sum(n_ns) == len(span_offset) == len(span_length):
        raise ValueError("histogram spans do not add up")
    spans = zip(span_offset, span_length, strict=True)
    each_positive, each_negative, each_custom = iter(positive), iter(negative), iter(custom)
    # The iterators advance from one sample to the next, in the order of the arguments.
    values = [
        Histogram(
            schema[i],
            counts[i],
            sums[i],
            thresholds[i],
            zeros[i],
            tuple(itertools.islice(spans, n_ps[i])),
            tuple(itertools.islice(each_positive, n_p[i])),
            tuple(itertools.islice(spans, n_ns[i])),
            tuple(itertools.islice(each_negative, n_n[i])),
            tuple(itertools.islice(each_custom, n_c[i])),
            ResetHint(flags[i] & 3),
            bool(flags[i] & 4),
        )
        for i in range(n)
    ]
    return HistogramSamples(times, values)


def _offsets(parts: list[list[int]] | list[list[float]]) -> npt.NDArray[np.int64]:
    offsets = np.zeros(len(parts) + 1, np.int64)
    np.cumsum([len(part) for part in parts], out=offsets[1:])
    return offsets
