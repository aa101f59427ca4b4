"""Samples records of Prometheus's log, written and read the slow and obvious way."""

from __future__ import annotations

MASK = (1 << 64) - 1


def varint(number: int) -> bytes:
    """A zigzag varint of an int64."""
    raw = ((number << 1) ^ (number >> 63)) & MASK
    out = bytearray()
    while raw > 0x7F:
        out.append(raw & 0x7F | 0x80)
        raw >>= 7
    out.append(raw)
    return bytes(out)


def signed(number: int) -> int:
    """The low 64 bits as an int64."""
    number &= MASK
    return number - (1 << 64) if number >> 63 else number


def encode(samples: list[tuple[int, int, int]]) -> bytes:
    """(ref, time, bits of the value) each."""
    if not samples:
        return b""
    base_ref, base_time, _ = samples[0]
    out = [base_ref.to_bytes(8, "big"), (base_time & MASK).to_bytes(8, "big")]
    for ref, time, bits in samples:
        out += [varint(signed(ref - base_ref)), varint(signed(time - base_time)), bits.to_bytes(8, "big")]
    return b"".join(out)


def decode(data: bytes) -> list[tuple[int, int, int]] | None:
    """What `encode` was given; None where the bytes are no record."""
    if not data:
        return []
    if len(data) < 16:
        return None
    base_ref, base_time = int.from_bytes(data[:8], "big"), int.from_bytes(data[8:16], "big")
    at, out = 16, []
    while at < len(data):
        steps = []
        for _ in range(2):
            raw = shift = 0
            while True:
                if at >= len(data) or shift > 63:
                    return None
                byte = data[at]
                at += 1
                raw |= (byte & 0x7F) << shift
                shift += 7
                if byte < 0x80:
                    break
            raw &= MASK
            steps.append((raw >> 1) ^ -(raw & 1))
        if at + 8 > len(data):
            return None
        bits = int.from_bytes(data[at : at + 8], "big")
        out.append(((base_ref + steps[0]) & MASK, signed(base_time + steps[1]), bits))
        at += 8
    return out
