"""Native histograms as remote write and read carry them: the same message in both versions.

Source of field numbers: Prometheus prompb/types.proto and prompb/io/prometheus/write/v2/types.proto.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Any

from watchkeeper.core.model.errors import WireError
from watchkeeper.core.model.histogram import Histogram, ResetHint, Spans
from watchkeeper.core.wire import protobuf as pb


def decode_histogram(message: bytes) -> tuple[int, Histogram]:
    """Time in ms and value. Integer histograms come as deltas and are summed up."""
    parts: dict[str, Any] = {}
    spans: dict[str, list[tuple[int, int]]] = {"positive": [], "negative": []}
    deltas: dict[str, list[int]] = {"positive": [], "negative": []}
    counts: dict[str, list[float]] = {"positive": [], "negative": []}
    custom: list[float] = []
    time_ms = 0
    is_float = False
    for number, wire_type, value in pb.fields(message):
        match number:
            case 1:
                parts["count"] = float(pb.as_int(value))
            case 2:
                parts["count"], is_float = pb.double(value), True
            case 3:
                parts["sum"] = pb.double(value)
            case 4:
                parts["schema"] = pb.zigzag(value)
            case 5:
                parts["zero_threshold"] = pb.double(value)
            case 6:
                parts["zero_count"] = float(pb.as_int(value))
            case 7:
                parts["zero_count"], is_float = pb.double(value), True
            case 8 | 11:
                spans["negative" if number == 8 else "positive"].append(_span(pb.as_bytes(value)))
            case 9 | 12:
                deltas["negative" if number == 9 else "positive"] += [
                    pb.zigzag(raw) for raw in pb.packed_varints(wire_type, value)
                ]
            case 10 | 13:
                counts["negative" if number == 10 else "positive"] += pb.packed_doubles(wire_type, value)
            case 14:
                parts["reset_hint"] = ResetHint(hint if (hint := pb.as_int(value)) <= 3 else 0)
            case 15:
                time_ms = pb.signed(value)
            case 16:
                custom += pb.packed_doubles(wire_type, value)
            case _:
                pass
    for side in ("positive", "negative"):
        buckets = counts[side] if is_float else [float(total) for total in accumulate(deltas[side])]
        if sum(length for _, length in spans[side]) != len(buckets):
            raise WireError(f"histogram: {side} spans and {side} buckets differ in number")
        parts[f"{side}_spans"] = tuple(spans[side])
        parts[side] = tuple(buckets)
    return time_ms, Histogram(**parts, custom_values=tuple(custom), is_float=is_float)


def encode_histogram(time_ms: int, value: Histogram) -> bytes:
    """The message of one histogram sample."""
    out = [
        pb.put_double(2, value.count, always=True)
        if value.is_float
        else pb.varint(1 << 3) + pb.varint(int(value.count)),
        pb.put_double(3, value.sum),
        pb.put_int(4, pb.zigzagged(value.schema)),
        pb.put_double(5, value.zero_threshold),
        pb.put_double(7, value.zero_count, always=True)
        if value.is_float
        else pb.varint(6 << 3) + pb.varint(int(value.zero_count)),
    ]
    for spans, buckets, number in (
        (value.negative_spans, value.negative, 8),
        (value.positive_spans, value.positive, 11),
    ):
        out += _encode_side(spans, buckets, number, value.is_float)
    out += [pb.put_int(14, int(value.reset_hint)), pb.put_int(15, time_ms), pb.put_doubles(16, value.custom_values)]
    return b"".join(out)


def _encode_side(spans: Spans, buckets: tuple[float, ...], number: int, is_float: bool) -> list[bytes]:
    out = [
        pb.put_bytes(number, pb.put_int(1, pb.zigzagged(offset)) + pb.put_int(2, length)) for offset, length in spans
    ]
    if is_float:
        return [*out, pb.put_doubles(number + 2, buckets)]
    deltas = (int(after - before) for before, after in pairwise((0.0, *buckets)))
    return [*out, pb.put_varints(number + 1, (pb.zigzagged(delta) for delta in deltas))]


def _span(message: bytes) -> tuple[int, int]:
    offset = length = 0
    for number, _, value in pb.fields(message):
        if number == 1:
            offset = pb.zigzag(value)
        elif number == 2:
            length = pb.as_int(value)
    return offset, length
