"""Prometheus's XOR chunk, bit by bit as text: the plain twin of the kernel's decoder."""

from __future__ import annotations

import struct


def decode(data: bytes) -> list[tuple[int, float]]:
    """(time_ms, value) pairs. Raises IndexError or ValueError where the chunk is cut off."""
    count = int.from_bytes(data[:2], "big")
    bits = "".join(f"{byte:08b}" for byte in data[2:])
    at = 0

    def take(n: int) -> int:
        nonlocal at
        if at + n > len(bits):
            raise IndexError("cut off")
        at += n
        return int(bits[at - n : at], 2) if n else 0

    def varint() -> int:
        value = shift = 0
        while True:
            byte = take(8)
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    out: list[tuple[int, float]] = []
    time = delta = value = leading = trailing = 0
    for i in range(count):
        if i == 0:
            raw = varint()
            time, value = (raw >> 1) ^ -(raw & 1), take(64)
        else:
            if i == 1:
                delta = varint()
            else:
                ones = 0
                while ones < 4 and take(1):
                    ones += 1
                width = (0, 14, 17, 20, 64)[ones]
                change = take(width)
                if width == 64:
                    change -= (change >> 63) << 64
                elif change > 1 << max(width - 1, 0):
                    change -= 1 << width
                delta += change
            time += delta
            if take(1):
                if take(1):
                    leading, significant = take(5), take(6) or 64
                    trailing = 64 - leading - significant
                value ^= take(64 - leading - trailing) << trailing
        out.append((time, struct.unpack(">d", value.to_bytes(8, "big"))[0]))
    return out
