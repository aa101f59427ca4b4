"""Prometheus's native histograms, as its blocks' chunks and its log hold them.

Source of the formats: Prometheus tsdb/docs/format/chunks.md and wal.md.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from itertools import accumulate
from math import ldexp
from typing import Final

from watchkeeper.core.model.histogram import CUSTOM_BUCKETS_SCHEMA, Histogram, ResetHint, Spans
from watchkeeper.core.model.stale import is_stale
from watchkeeper.metrics.tsdb.import_bytes import Cursor

MAX_BUCKETS: Final = 1 << 20  # A hostile chunk must not make us reserve more.
_WIDTHS: Final = (0, 3, 6, 9, 12, 18, 25, 56, 64)  # Bits of a varbit number, by how many ones stand before it.
_HINTS: Final = {0: ResetHint.UNKNOWN, 1: ResetHint.NOT_RESET, 2: ResetHint.RESET, 3: ResetHint.GAUGE}


def decode_record(payload: bytes, *, is_float: bool, is_custom: bool) -> list[tuple[int, int, Histogram]]:
    """(series ref, time, value) of a histogram record of the log. Raises ValueError."""
    cursor = Cursor(payload)
    if not cursor:
        return []
    base_ref, base_time = cursor.number(8), _signed(cursor.number(8))
    found = []
    while cursor:
        ref = base_ref + cursor.varint()
        time_ms = base_time + cursor.varint()
        found.append((ref, time_ms, _from_log(cursor, is_float=is_float, is_custom=is_custom)))
    return found


def _from_log(cursor: Cursor, *, is_float: bool, is_custom: bool) -> Histogram:
    hint = cursor.number(1)
    schema = cursor.varint()
    zero_threshold = cursor.double()
    if is_float:
        zero_count, count = cursor.double(), cursor.double()
    else:
        zero_count, count = float(cursor.uvarint()), float(cursor.uvarint())
    total = cursor.double()
    positive_spans, negative_spans = _log_spans(cursor), _log_spans(cursor)
    positive, negative = _log_buckets(cursor, is_float), _log_buckets(cursor, is_float)
    custom = tuple(cursor.double() for _ in range(_bounded(cursor.uvarint()))) if is_custom else ()
    _check(positive_spans, positive, negative_spans, negative)
    return Histogram(
        schema,
        count,
        total,
        zero_threshold,
        zero_count,
        positive_spans,
        positive,
        negative_spans,
        negative,
        custom,
        ResetHint(hint) if hint <= 3 else ResetHint.UNKNOWN,
        is_float,
    )


def _log_spans(cursor: Cursor) -> Spans:
    return tuple((cursor.varint(), cursor.uvarint()) for _ in range(_bounded(cursor.uvarint())))


def _log_buckets(cursor: Cursor, is_float: bool) -> tuple[float, ...]:
    n = _bounded(cursor.uvarint())
    if is_float:
        return tuple(cursor.double() for _ in range(n))
    return tuple(float(count) for count in accumulate(cursor.varint() for _ in range(n)))


def _check(
    positive_spans: Spans, positive: tuple[float, ...], negative_spans: Spans, negative: tuple[float, ...]
) -> None:
    for spans, buckets in ((positive_spans, positive), (negative_spans, negative)):
        if sum(length for _, length in spans) != len(buckets):
            raise ValueError("a histogram's spans and buckets differ in number")


def _bounded(n: int) -> int:
    if n > MAX_BUCKETS:
        raise ValueError("a histogram has too many buckets")
    return n


def _signed(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number


class _Bits:
    """A place in a chunk's bits."""

    __slots__ = ("_at", "_number", "_size")

    def __init__(self, data: bytes) -> None:
        self._number = int.from_bytes(data, "big")
        self._size = 8 * len(data)
        self._at = 0

    def take(self, n: int) -> int:
        end = self._at + n
        if end > self._size:
            raise ValueError("a chunk is cut short")
        self._at = end
        return self._number >> (self._size - end) & ((1 << n) - 1)

    def uvarbit(self) -> int:
        ones = 0
        while ones < 8 and self.take(1):
            ones += 1
        return self.take(_WIDTHS[ones])

    def varbit(self) -> int:
        ones = 0
        while ones < 8 and self.take(1):
            ones += 1
        width = _WIDTHS[ones]
        value = self.take(width)
        if ones == 8:
            return _signed(value)
        # The range of n bits is -2**(n-1)+1 to 2**(n-1).
        return value - (1 << width) if width and value > 1 << (width - 1) else value

    def double(self) -> float:
        return _double(self.take(64))


def _double(bits: int) -> float:
    value: float = struct.unpack(">d", bits.to_bytes(8, "big"))[0]
    return value


class _Xor:
    """A float that is stored as what it differs by from the one before."""

    __slots__ = ("bits", "leading", "trailing")

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self.leading = self.trailing = 0

    def next(self, source: _Bits) -> float:
        if source.take(1):
            if source.take(1):
                self.leading = source.take(5)
                width = source.take(6) or 64
                self.trailing = 64 - self.leading - width
                if self.trailing < 0:
                    raise ValueError("a chunk holds an impossible float")
            width = 64 - self.leading - self.trailing
            self.bits ^= source.take(width) << self.trailing
        return _double(self.bits)


class _Dod:
    """An integer that is stored as the delta of its deltas."""

    __slots__ = ("delta", "value")

    def __init__(self, value: int) -> None:
        self.value = value
        self.delta = 0

    def next(self, source: _Bits) -> int:
        self.delta += source.varbit()
        self.value += self.delta
        return self.value


def decode_chunk(data: bytes, *, is_float: bool) -> list[tuple[int, Histogram]]:
    """(time, value) of each sample of a histogram or float histogram chunk. Raises ValueError."""
    source = _Bits(data)
    n = source.take(16)
    if not n:
        return []
    hint = _HINTS[source.take(8) >> 6]
    zero_threshold = _zero_threshold(source)
    schema = source.varbit()
    positive_spans, negative_spans = _chunk_spans(source), _chunk_spans(source)
    custom: tuple[float, ...] = ()
    if schema == CUSTOM_BUCKETS_SCHEMA:
        custom = tuple(_custom_value(source) for _ in range(_bounded(source.uvarbit())))
    sizes = [_bounded(sum(length for _, length in spans)) for spans in (positive_spans, negative_spans)]
    shape = Histogram(
        schema,
        zero_threshold=zero_threshold,
        positive_spans=positive_spans,
        negative_spans=negative_spans,
        custom_values=custom,
        is_float=is_float,
    )
    samples = _float_samples(source, n, shape, sizes) if is_float else _integer_samples(source, n, shape, sizes)
    # What is known of a reset is known of the chunk's first sample; a gauge is one throughout.
    later = ResetHint.GAUGE if hint is ResetHint.GAUGE else ResetHint.NOT_RESET
    return [
        (time_ms, value if value.is_stale else replace(value, reset_hint=later if i else hint))
        for i, (time_ms, value) in enumerate(samples)
    ]


def _integer_samples(source: _Bits, n: int, shape: Histogram, sizes: list[int]) -> list[tuple[int, Histogram]]:
    time = _Dod(source.varbit())
    count, zero = _Dod(source.uvarbit()), _Dod(source.uvarbit())
    total = _Xor(source.take(64))
    sides = [[_Dod(source.varbit()) for _ in range(size)] for size in sizes]
    samples = [(time.value, _integer(shape, count, zero, total, sides))]
    for _ in range(n - 1):
        for number in (time, count, zero):
            number.next(source)
        if is_stale(total.next(source)):
            samples.append((time.value, Histogram(sum=_double(total.bits), is_float=False)))
            continue
        for side in sides:
            for bucket in side:
                bucket.next(source)
        samples.append((time.value, _integer(shape, count, zero, total, sides)))
    return samples


def _integer(shape: Histogram, count: _Dod, zero: _Dod, total: _Xor, sides: list[list[_Dod]]) -> Histogram:
    positive, negative = (
        tuple(float(number) for number in accumulate(bucket.value for bucket in side)) for side in sides
    )
    return replace(
        shape,
        count=float(count.value),
        zero_count=float(zero.value),
        sum=_double(total.bits),
        positive=positive,
        negative=negative,
    )


def _float_samples(source: _Bits, n: int, shape: Histogram, sizes: list[int]) -> list[tuple[int, Histogram]]:
    time = _Dod(source.varbit())
    count, zero, total = (_Xor(source.take(64)) for _ in range(3))
    sides = [[_Xor(source.take(64)) for _ in range(size)] for size in sizes]
    samples = [(time.value, _float(shape, count, zero, total, sides))]
    for _ in range(n - 1):
        time.next(source)
        count.next(source)
        zero.next(source)
        if is_stale(total.next(source)):
            samples.append((time.value, Histogram(sum=_double(total.bits))))
            continue
        for side in sides:
            for bucket in side:
                bucket.next(source)
        samples.append((time.value, _float(shape, count, zero, total, sides)))
    return samples


def _float(shape: Histogram, count: _Xor, zero: _Xor, total: _Xor, sides: list[list[_Xor]]) -> Histogram:
    positive, negative = (tuple(_double(bucket.bits) for bucket in side) for side in sides)
    return replace(
        shape,
        count=_double(count.bits),
        zero_count=_double(zero.bits),
        sum=_double(total.bits),
        positive=positive,
        negative=negative,
    )


def _zero_threshold(source: _Bits) -> float:
    code = source.take(8)
    if code == 0:
        return 0.0
    return source.double() if code == 255 else ldexp(0.5, code - 243)


def _chunk_spans(source: _Bits) -> Spans:
    spans = []
    for _ in range(_bounded(source.uvarbit())):
        length = source.uvarbit()
        spans.append((source.varbit(), length))
    return tuple(spans)


def _custom_value(source: _Bits) -> float:
    number = source.uvarbit()
    return (number - 1) / 1000 if number else source.double()
