"""The slow twin of core/kernels/head_rows: rows as bytes, and the joining of pieces."""

from __future__ import annotations

import struct

from watchkeeper.core.model.stale import MISSING, MISSING_BITS, bits_of


def whole(value: float) -> int | None:
    if not abs(value) < 2**53:
        return None
    number = int(value)
    return number if bits_of(float(number)) == bits_of(value) else None


def encode_row(prev: list[float], row: list[float], key: bool, sequence: int) -> bytes:
    bitmap = bytearray((len(row) + 7) // 8)
    cells = b""
    places = []
    for i, value in enumerate(row):
        if i and i % 64 == 0:
            places.append(len(cells))
        old = 0.0 if key else prev[i] if i < len(prev) else MISSING
        if bits_of(old) == bits_of(value):
            continue
        bitmap[i // 8] |= 1 << i % 8
        now, before = whole(value), whole(old) or 0
        if now is None or now == before:
            cells += b"\0" + struct.pack("<d", value)
            continue
        difference = now - before
        zigzag = 2 * difference if difference >= 0 else -2 * difference - 1
        while zigzag >= 0x80:
            cells += bytes([zigzag & 0x7F | 0x80])
            zigzag >>= 7
        cells += bytes([zigzag])
    wide = len(cells) > 0xFFFF
    table = struct.pack(f"<{len(places)}{'I' if wide else 'H'}", *places)
    return struct.pack("<BII", key | wide << 1, len(row), sequence) + bytes(bitmap) + table + cells


def join(pieces: list[tuple[int, list[int], list[float]]], n_series: int) -> list[dict[int, int]]:
    """Bits by time for each series; the earlier piece's cell counts, MISSING ones aside."""
    out: list[dict[int, int]] = [{} for _ in range(n_series)]
    for series, times, values in pieces:
        for time, value in zip(times, values, strict=True):
            if bits_of(value) != MISSING_BITS:
                out[series].setdefault(time, bits_of(value))
    return out
