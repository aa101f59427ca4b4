"""Rows as a plain list: what a block of shredded lines must give back, and which words a line holds."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import zstandard

Pairs = tuple[tuple[bytes, bytes], ...]


@dataclass
class PlainBlock:
    """Rows in order of arrival: (time, line, metadata)."""

    rows: list[tuple[int, bytes, Pairs]] = field(default_factory=list)

    def append(self, time_ns: int, line: bytes, pairs: Pairs, *, dedupe: bool) -> bool:
        """Whether the row was added."""
        row = (time_ns, line, pairs)
        if dedupe and row in self.rows:
            return False
        self.rows.append(row)
        return True

    def sealed(self) -> PlainBlock:
        """In order of time, equal times in order of arrival."""
        return PlainBlock(sorted(self.rows, key=lambda row: row[0]))

    @property
    def raw_bytes(self) -> int:
        return sum(len(line) + sum(len(n) + len(v) for n, v in pairs) for _, line, pairs in self.rows)


_MASK = 2**64 - 1
HEADER = "<8sIIIQqqQI"


def _mix(a: int, b: int) -> int:
    product = (a & _MASK) * (b & _MASK)
    return (product ^ product >> 64) & _MASK


def hash_bytes(text: bytes, seed: int = 0) -> int:
    """The hash of words in filters, and of a block's header."""
    k0, k1 = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F
    h = seed ^ (len(text) * k0 & _MASK)
    while len(text) > 8:
        h = _mix(h ^ int.from_bytes(text[:8], "little"), k1)
        text = text[8:]
    return _mix(_mix(h ^ int.from_bytes(text, "little"), k1) ^ k0, k1)


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def unpack(data: bytes) -> tuple[list[int], bytes, list[bytes]]:
    """A sealed block's figures (rows, raw bytes, first and last time), structure and packs."""
    fields = struct.unpack_from(HEADER, data)
    at = struct.calcsize(HEADER)
    structure = zstandard.decompress(data[at : at + fields[2]])
    at += fields[2]
    n_packs, here = _number(structure, 0)
    packs = []
    for _ in range(n_packs):
        size, here = _number(structure, here)
        _, here = _number(structure, here)
        packs.append(zstandard.decompress(data[at : at + size]) if size else b"")
        at += size
    return [fields[1], *fields[4:7]], structure[here:], packs


def pack(figures: list[int], structure: bytes, packs: list[bytes]) -> bytes:
    """What `unpack` takes apart, with sizes and checksums that are right whatever the contents."""
    frames = [zstandard.compress(pack) if pack else b"" for pack in packs]
    sizes = _varint(len(packs))
    for frame, raw in zip(frames, packs, strict=True):
        sizes += _varint(len(frame)) + _varint(len(raw))
    structure = sizes + structure
    packed = zstandard.compress(structure)
    size = struct.calcsize(HEADER) + len(packed) + sum(map(len, frames))
    header = struct.pack(HEADER, b"WKLINES\x01", figures[0], len(packed), len(structure), *figures[1:], size, 0)[:-4]
    return header + struct.pack("<I", hash_bytes(header) & 0xFFFFFFFF) + packed + b"".join(frames)
