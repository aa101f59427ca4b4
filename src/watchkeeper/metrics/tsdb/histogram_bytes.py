"""One native histogram to bytes and back, exactly: how the log and the head keep it."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final
from zlib import crc32

import numpy as np
import numpy.typing as npt

from watchkeeper.core.model.histogram import Histogram, ResetHint, Spans
from watchkeeper.core.model.stale import missing_mask

_STAND_IN: Final = 0x7FF000A6 << 32  # A signalling NaN; its lower half is a checksum.
_HEADER: Final = struct.Struct("<bBddddHHIII")


def encode_histogram(histogram: Histogram) -> bytes:
    """The bytes of a histogram."""
    spans = [number for span in (*histogram.positive_spans, *histogram.negative_spans) for number in span]
    cells = (*histogram.positive, *histogram.negative, *histogram.custom_values)
    return _HEADER.pack(
        histogram.schema,
        int(histogram.reset_hint) | (4 if histogram.is_float else 0),
        histogram.count,
        histogram.sum,
        histogram.zero_threshold,
        histogram.zero_count,
        len(histogram.positive_spans),
        len(histogram.negative_spans),
        len(histogram.positive),
        len(histogram.negative),
        len(histogram.custom_values),
    ) + struct.pack(f"<{len(spans)}i{len(cells)}d", *spans, *cells)


def stand_ins(blobs: Sequence[bytes]) -> npt.NDArray[np.float64]:
    """A number for each histogram's bytes, by which the table of series tells equal newest samples from others.

    They are NaNs that stand for nothing else, so that none is ever taken for a value.
    """
    return np.array([_STAND_IN | crc32(blob) for blob in blobs], np.uint64).view(np.float64)


def is_stand_in(values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Where a series' newest sample is a histogram (of which a replay leaves MISSING)."""
    found: npt.NDArray[np.bool_] = np.equal(values.view(np.uint64) >> np.uint64(32), np.uint64(_STAND_IN >> 32))
    return found | missing_mask(values)


def decode_histogram(data: bytes) -> Histogram:
    """The histogram. Raises ValueError on bytes that `encode_histogram` did not write."""
    if len(data) < _HEADER.size:
        raise ValueError("a histogram is cut short")
    schema, flags, count, total, threshold, zeros, n_ps, n_ns, n_p, n_n, n_c = _HEADER.unpack_from(data)
    n_spans = 2 * (n_ps + n_ns)
    body = struct.Struct(f"<{n_spans}i{n_p + n_n + n_c}d") if n_p + n_n + n_c <= len(data) else None
    if body is None or len(data) != _HEADER.size + body.size:
        raise ValueError("a histogram is cut short")
    numbers = body.unpack_from(data, _HEADER.size)
    spans: Spans = tuple(zip(numbers[:n_spans:2], numbers[1:n_spans:2], strict=True))
    cells = numbers[n_spans:]
    return Histogram(
        schema,
        count,
        total,
        threshold,
        zeros,
        spans[:n_ps],
        cells[:n_p],
        spans[n_ps:],
        cells[n_p : n_p + n_n],
        cells[n_p + n_n :],
        ResetHint(flags & 3),
        bool(flags & 4),
    )
