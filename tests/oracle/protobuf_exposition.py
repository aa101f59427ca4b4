"""Protobuf expositions, slowly: a generic reader of messages, and a plain walk over what it read."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.exposition import format_float

Fields = dict[int, list[Any]]


class Refused(Exception):
    pass


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise Refused("truncated")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (1 << 64) - 1, at
    raise Refused("long varint")


def read(data: bytes) -> Fields:
    """Every field's values in order: int for a varint, bytes for the rest."""
    fields: Fields = {}
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        wire = tag & 7
        if tag >> 32 or not tag >> 3:
            raise Refused("bad field")
        if wire == 0:
            value, at = varint(data, at)
            fields.setdefault(tag >> 3, []).append(value)
            continue
        if wire == 2:
            size, at = varint(data, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise Refused("bad wire type")
        if at + size > len(data):
            raise Refused("truncated")
        fields.setdefault(tag >> 3, []).append(data[at : at + size])
        at += size
    return fields


def last(fields: Fields, number: int, default: Any) -> Any:
    return fields[number][-1] if number in fields else default


def double(raw: bytes) -> float:
    return struct.unpack("<d", raw)[0]


def zigzag(value: int) -> int:
    return (value >> 1) ^ -(value & 1)


def signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def timestamp(fields: Fields, number: int) -> int | None:
    if number not in fields:
        return None
    stamp = read(fields[number][-1])
    nanos = last(stamp, 2, 0) & 0xFFFFFFFF  # An int32, whatever the varint holds.
    return signed(last(stamp, 1, 0)) * 1000 + int((nanos - (nanos >> 31 << 32)) / 1_000_000)


def labels_of(fields: Fields) -> list[tuple[str, str]]:
    pairs = [read(raw) for raw in fields.get(1, [])]
    return [(last(pair, 1, b"").decode(), last(pair, 2, b"").decode()) for pair in pairs]


def repeated(values: list[Any], packed_varint: bool) -> list[Any]:
    out: list[Any] = []
    for value in values:
        if not packed_varint:
            out += [double(value[i : i + 8]) for i in range(0, len(value), 8)]
        elif isinstance(value, int):
            out.append(zigzag(value))
        else:
            at = 0
            while at < len(value):
                number, at = varint(value, at)
                out.append(zigzag(number))
    return out


@dataclass
class Sample:
    pairs: tuple[tuple[str, str], ...]
    value: Any
    time_ms: int | None
    created: int
    exemplars: list[tuple[list[tuple[str, str]], float, int | None]] = field(default_factory=list)
    is_native: bool = False


TYPES = ["counter", "gauge", "summary", "unknown", "histogram", "gaugehistogram"]
HOLDERS = [3, 2, 4, 5, 7, 7]


def exemplar_of(raw: bytes) -> tuple[list[tuple[str, str]], float, int | None]:
    fields = read(raw)
    return labels_of(fields), double(last(fields, 2, bytes(8))), timestamp(fields, 3)


def side(
    h: Fields, spans: int, deltas: int, counts: int, is_float: bool
) -> tuple[tuple[tuple[int, int], ...], tuple[float, ...]]:
    pairs = [(zigzag(last(s, 1, 0)), last(s, 2, 0)) for s in map(read, h.get(spans, []))]
    if any(offset < 0 for offset, _ in pairs[1:]):
        raise Refused("negative offset")
    kept: list[tuple[int, int]] = []
    carried = 0
    for offset, length in pairs:
        carried += offset
        if length:
            kept.append((carried, length))
            carried = 0
    if is_float:
        numbers = repeated(h.get(counts, []), False)
    else:
        numbers, total = [], 0
        for delta in repeated(h.get(deltas, []), True):
            total += delta
            numbers.append(float(total))
    if len(numbers) != sum(length for _, length in pairs) or any(not number >= 0 for number in numbers):
        raise Refused("buckets")
    return tuple(kept), tuple(numbers)


def samples(body: bytes, native: bool, always_classic: bool) -> tuple[list[Sample], dict[str, tuple[str, str, str]]]:
    out: list[Sample] = []
    metadata: dict[str, tuple[str, str, str]] = {}
    at = 0
    while at < len(body):
        size, at = varint(body, at)
        if at + size > len(body):
            raise Refused("truncated")
        family = read(body[at : at + size])
        at += size
        if 4 not in family:
            continue
        name = last(family, 1, b"").decode()
        if not name:
            raise Refused("no name")
        kind = last(family, 3, 0)
        metadata[name] = (TYPES[kind], last(family, 2, b"").decode(), last(family, 5, b"").decode())
        for raw in family[4]:
            metric = read(raw)
            content = read(last(metric, HOLDERS[kind], b""))
            pairs = labels_of(metric)
            if len({label for label, _ in pairs}) != len(pairs):
                raise Refused("label twice")
            time_ms = signed(last(metric, 6, 0)) or None

            def add(
                suffix: str, value: Any, created: int, *more: tuple[str, str], exemplars=(), is_native=False
            ) -> None:
                key = (("__name__", name + suffix), *pairs, *more)  # noqa: B023
                out.append(Sample(key, value, time_ms, created, list(exemplars), is_native))  # noqa: B023

            if kind in (0, 1, 3):
                exemplars = [exemplar_of(content[2][-1])] if kind == 0 and 2 in content else []
                created = (timestamp(content, 3) or 0) if kind == 0 else 0
                add("", double(last(content, 1, bytes(8))), created, exemplars=exemplars)
            elif kind == 2:
                created = timestamp(content, 4) or 0
                add("_count", float(last(content, 1, 0)), created)
                add("_sum", double(last(content, 2, bytes(8))), created)
                for quantile in map(read, content.get(3, [])):
                    bound = format_float(double(last(quantile, 1, bytes(8))))
                    add("", double(last(quantile, 2, bytes(8))), created, ("quantile", bound))
            else:
                histogram(content, kind, add, native, always_classic)
    return out, metadata


def histogram(h: Fields, kind: int, add: Any, native: bool, always_classic: bool) -> None:
    created = timestamp(h, 15) or 0
    count_float, zero_float = double(last(h, 4, bytes(8))), double(last(h, 8, bytes(8)))
    zero_count, zero_threshold = last(h, 7, 0), double(last(h, 6, bytes(8)))
    total = double(last(h, 2, bytes(8)))
    buckets = [read(raw) for raw in h.get(3, [])]
    if native and (9 in h or 12 in h or zero_threshold > 0 or zero_count > 0 or zero_float > 0):
        is_float = count_float > 0 or zero_float > 0
        schema = zigzag(last(h, 5, 0))
        if not -4 <= schema <= 8:
            raise Refused("schema")
        count = count_float if is_float else float(last(h, 1, 0))
        zero = zero_float if is_float else float(zero_count)
        positive, negative = side(h, 12, 13, 14, is_float), side(h, 9, 10, 11, is_float)
        raw = h.get(16) or [bucket[3][-1] for bucket in buckets if 3 in bucket]
        value = (schema, count, total, zero_threshold, zero, *positive, *negative, kind == 5, is_float)
        add("", value, created, exemplars=map(exemplar_of, raw), is_native=True)
        if not always_classic or not buckets:
            return
    count = count_float or float(last(h, 1, 0))
    add("_count", count, created)
    add("_sum", total, created)
    for bucket in buckets:
        bound = double(last(bucket, 2, bytes(8)))
        value = double(last(bucket, 4, bytes(8))) or float(last(bucket, 1, 0))
        exemplars = [exemplar_of(bucket[3][-1])] if 3 in bucket else []
        add("_bucket", value, created, ("le", format_float(bound)), exemplars=exemplars)
        if bound == math.inf:
            return
    add("_bucket", count, created, ("le", "+Inf"))
