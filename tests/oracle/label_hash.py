"""The slow twin of core/kernels/label_hash."""

from __future__ import annotations

MASK = (1 << 64) - 1
K1, K2, EMPTY = 0x9E3779B97F4A7C15, 0xC6A4A7935BD1E995, 0x8445D61A4E774912


def spread(value: int) -> int:
    value = value * K2 & MASK
    value ^= value >> 47
    return value * K1 & MASK


def of_text(text: str) -> int:
    raw = text.encode()
    value = spread((len(raw) + K1) & MASK)
    for at in range(0, len(raw), 8):
        value = (value ^ spread(int.from_bytes(raw[at : at + 8], "little"))) * K2 & MASK
    return spread(value ^ (value >> 29))


def of_labels(pairs: list[tuple[str, str]]) -> int:
    result = EMPTY
    for name, value in sorted(pairs):
        text = of_text(value)
        result = (result ^ spread((of_text(name) + K1 * (text ^ (text >> 31))) & MASK)) * K2 & MASK
        result ^= result >> 32
    return result
