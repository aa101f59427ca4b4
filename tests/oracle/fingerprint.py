"""The slow twin of fnv1a_pairs in core/kernels/label_hash."""

from __future__ import annotations


def of_labels(pairs: list[tuple[str, str]]) -> int:
    value = 0xCBF29CE484222325
    for text in [text for pair in sorted(pairs) for text in pair]:
        for byte in text.encode() + b"\xff":
            value = (value ^ byte) * 0x100000001B3 % 2**64
    return value
