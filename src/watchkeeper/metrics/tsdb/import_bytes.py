"""Reading Go's varints and big-endian numbers, and the CRCs of Prometheus's files."""

from __future__ import annotations

import struct

from watchkeeper.core.kernels.crc32c import crc32c

_DOUBLE = struct.Struct(">d")


class Cursor:
    """A place in bytes. Every read moves it on, and raises ValueError where the bytes end."""

    __slots__ = ("at", "data", "end")

    def __init__(self, data: bytes | memoryview, at: int = 0, end: int | None = None) -> None:
        self.data = data
        self.at = at
        self.end = len(data) if end is None else min(end, len(data))

    def __bool__(self) -> bool:
        return self.at < self.end

    def uvarint(self) -> int:
        """An unsigned 64-bit varint."""
        data, at, end = self.data, self.at, self.end
        value = shift = 0
        while at < end and shift < 64:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                self.at = at
                return value & 0xFFFFFFFFFFFFFFFF
            shift += 7
        raise ValueError("a number is cut short")

    def varint(self) -> int:
        """A zigzag varint."""
        raw = self.uvarint()
        return (raw >> 1) ^ -(raw & 1)

    def number(self, size: int) -> int:
        """A big-endian unsigned number of so many bytes."""
        return int.from_bytes(self.take(size), "big")

    def double(self) -> float:
        """A big-endian float64."""
        value: float = _DOUBLE.unpack(self.take(8))[0]
        return value

    def take(self, size: int) -> bytes:
        """So many bytes."""
        at = self.at
        if size < 0 or at + size > self.end:
            raise ValueError("bytes are cut short")
        self.at = at + size
        return bytes(self.data[at : at + size])

    def text(self) -> str:
        """A string behind its length; bytes that are not UTF-8 become U+FFFD."""
        return self.take(self.uvarint()).decode("utf-8", "replace")


def check_crc(data: bytes | memoryview, stored: int, what: str) -> None:
    """Raises ValueError where the checksum is another."""
    if crc32c(data) != stored:
        raise ValueError(f"{what}: checksum mismatch")
