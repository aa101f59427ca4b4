"""The slow twin of core/kernels/column_codec: the raw format of docs/formats/block.md, read cell by cell."""

from __future__ import annotations

import itertools
import struct

KNOWN = (
    0x7FF00000000000A5,
    0x7FF0000000000002,
    0x7FF8000000000001,
    0x7FF0000000000000,
    0xFFF0000000000000,
    0x8000000000000000,
)
MASK = (1 << 64) - 1
CONSTANT, DELTA, DELTA2, LINEAR, XOR = range(5)


class Reader:
    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.at = 0

    def take(self, n: int) -> bytes:
        if self.at + n > len(self.raw):
            raise ValueError("cut short")
        self.at += n
        return self.raw[self.at - n : self.at]

    def byte(self) -> int:
        return self.take(1)[0]

    def fixed(self) -> int:
        return int.from_bytes(self.take(8), "little")

    def varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
        if value > MASK:
            raise ValueError("varint is too large")
        return value

    def signed(self) -> int:
        value = self.varint()
        return value >> 1 if not value & 1 else -(value >> 1) - 1


def signed64(value: int) -> int:
    value &= MASK
    return value - (1 << 64) if value >> 63 else value


def decode(raw: bytes) -> list[list[int]]:
    """The cells of every column, as unsigned 64-bit patterns."""
    reader = Reader(raw)
    if reader.byte() != 1:
        raise ValueError("version")
    n = reader.varint()
    predictors, scales, widths, shifts = (reader.take(n) for _ in range(4))
    lengths = []
    length = 0
    for _ in range(n):
        length += reader.signed()
        lengths.append(length)
    firsts, seconds = [], []
    for i in range(n):
        firsts.append(reader.fixed() if scales[i] == 255 else reader.signed())
        seconds.append(reader.signed() if predictors[i] & 7 in (DELTA2, LINEAR) else 0)
    runs: list[list[tuple[int, int, int]]] = []
    for i in range(n):
        runs.append([])
        if predictors[i] & 8:
            end = 0
            for _ in range(reader.varint()):
                lo = end + reader.varint()
                end = lo + reader.varint()
                code = reader.byte()
                runs[i].append((lo, end, KNOWN[code] if code < len(KNOWN) else reader.fixed()))
    counts = [max(0, lengths[i] - (2 if predictors[i] & 7 == DELTA2 else 1)) for i in range(n)]
    residuals = [[0] * count for count in counts]
    for plane in range(8):
        for i in range(n):
            if widths[i] > plane:
                for j, byte in enumerate(reader.take(counts[i])):
                    residuals[i][j] |= byte << (8 * plane)
    if reader.at != len(raw):
        raise ValueError("bytes left over")
    columns = []
    for i in range(n):
        column = cells(predictors[i] & 7, scales[i], shifts[i], lengths[i], firsts[i], seconds[i], residuals[i])
        for lo, hi, bits in runs[i]:
            column[lo:hi] = [bits] * (hi - lo)
        columns.append(column)
    return columns


def cells(
    predictor: int, scale: int, shift: int, length: int, first: int, second: int, residuals: list[int]
) -> list[int]:
    """One column from its model and its residuals."""
    ints = [first][:length]
    if predictor == CONSTANT:
        ints = [first] * length
    elif predictor == DELTA2:
        ints = [first, first + second][:length]
    for j, residual in enumerate(residuals if predictor != CONSTANT else []):
        if predictor == XOR:
            ints.append((ints[-1] & MASK) ^ (residual << shift))
            continue
        step = (residual >> 1 if not residual & 1 else -(residual >> 1) - 1) << shift
        if predictor == DELTA:
            ints.append(ints[-1] + step)
        elif predictor == DELTA2:
            ints.append(2 * ints[-1] - ints[-2] + step)
        else:
            ints.append(first + (j + 1) * second + step)
    if scale >= 254:
        return [value & MASK for value in ints]
    return [struct.unpack("<Q", struct.pack("<d", signed64(value) / 10**scale))[0] for value in ints]


def encode(columns: list[list[int]]) -> bytes:
    """A valid encoding of float64 bits that the kernel would never choose: every column XORed, all eight planes."""
    n = len(columns)
    out = bytearray([1]) + varint(n)
    out += bytes([XOR]) * n + bytes([255]) * n + bytes([8]) * n + bytes(n)
    last = 0
    for column in columns:
        step = len(column) - last
        out += varint(2 * step if step >= 0 else -2 * step - 1)
        last = len(column)
    for column in columns:
        out += struct.pack("<Q", column[0] if column else 0)
    for plane in range(8):
        for column in columns:
            for before, after in itertools.pairwise(column):
                out.append((before ^ after) >> (8 * plane) & 255)
    return bytes(out)


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
