"""One native histogram to bytes and back, exactly: how the log and the head keep it."""

from __future__ import annotations

import struct
from typing import Final

from watchkeeper.core.model.histogram import Histogram, ResetHint, Spans

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
