"""The protobuf wire format, field by field, for messages too rare to need a kernel."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Final

from watchkeeper.core.model.errors import WireError

VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
FIXED32: Final = 5

_MAX_NUMBER: Final = (1 << 29) - 1

Field = tuple[int, int, int | bytes]
"""Number, wire type, and the raw value: an int for VARINT, FIXED64 and FIXED32, bytes for BYTES."""


def fields(message: bytes) -> Iterator[Field]:
    """The fields of a message in their order. Raises WireError where the bytes are no message."""
    at, end = 0, len(message)
    while at < end:
        tag, at = read_varint(message, at)
        number, wire_type = tag >> 3, tag & 7
        if not 0 < number <= _MAX_NUMBER:
            raise WireError(f"protobuf: field number {number}")
        value: int | bytes
        if wire_type == VARINT:
            value, at = read_varint(message, at)
        elif wire_type == BYTES:
            size, at = read_varint(message, at)
            if size > end - at:
                raise WireError("protobuf: a field reaches past the end")
            value, at = message[at : at + size], at + size
        elif wire_type in (FIXED64, FIXED32):
            size = 8 if wire_type == FIXED64 else 4
            if size > end - at:
                raise WireError("protobuf: a field reaches past the end")
            value, at = int.from_bytes(message[at : at + size], "little"), at + size
        else:
            raise WireError(f"protobuf: wire type {wire_type} is not in use")
        yield number, wire_type, value


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned 64-bit varint and the offset behind it."""
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise WireError("protobuf: a varint does not end")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7


def as_bytes(value: int | bytes) -> bytes:
    """The value of a BYTES field. Raises WireError where it is a number."""
    if isinstance(value, int):
        raise WireError("protobuf: a number where bytes were expected")
    return value


def as_int(value: int | bytes) -> int:
    """The value of a numeric field. Raises WireError where it is bytes."""
    if isinstance(value, bytes):
        raise WireError("protobuf: bytes where a number was expected")
    return value


def as_text(value: int | bytes) -> str:
    """The text of a BYTES field. Raises WireError where it is not UTF-8."""
    try:
        return as_bytes(value).decode()
    except UnicodeDecodeError:
        raise WireError("protobuf: a string is not valid UTF-8") from None


def signed(value: int | bytes) -> int:
    """A varint read as int64."""
    number = as_int(value)
    return number - (1 << 64) if number >= 1 << 63 else number


def zigzag(value: int | bytes) -> int:
    """A varint read as sint64."""
    number = as_int(value)
    return (number >> 1) ^ -(number & 1)


def double(value: int | bytes) -> float:
    """A FIXED64 read as a double."""
    number: float = struct.unpack("<d", as_int(value).to_bytes(8, "little"))[0]
    return number


def packed_varints(wire_type: int, value: int | bytes) -> list[int]:
    """A repeated varint field, packed or single."""
    if wire_type == VARINT:
        return [as_int(value)]
    data, at, out = as_bytes(value), 0, []
    while at < len(data):
        number, at = read_varint(data, at)
        out.append(number)
    return out


def packed_doubles(wire_type: int, value: int | bytes) -> list[float]:
    """A repeated double field, packed or single."""
    if wire_type == FIXED64:
        return [double(value)]
    data = as_bytes(value)
    if len(data) % 8:
        raise WireError("protobuf: packed doubles are cut off")
    return list(struct.unpack(f"<{len(data) // 8}d", data))


def varint(number: int) -> bytes:
    """An unsigned (or two's complement 64-bit) varint."""
    number &= 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def zigzagged(number: int) -> int:
    """The unsigned number whose varint is a sint64."""
    return (number << 1) ^ (number >> 63)


def put_int(number: int, value: int) -> bytes:
    """A varint field; nothing for 0, the default."""
    return varint(number << 3) + varint(value) if value else b""


def put_double(number: int, value: float, *, always: bool = False) -> bytes:
    """A double field; nothing for +0, the default, unless `always` (a set member of a oneof)."""
    data = struct.pack("<d", value)
    return varint(number << 3 | FIXED64) + data if always or any(data) else b""


def put_bytes(number: int, value: bytes) -> bytes:
    """A field of bytes or a nested message, written even when empty."""
    return varint(number << 3 | BYTES) + varint(len(value)) + value


def put_text(number: int, value: str) -> bytes:
    """A string field; nothing for the empty string, the default."""
    return put_bytes(number, value.encode()) if value else b""


def put_varints(number: int, values: Iterable[int]) -> bytes:
    """A packed repeated varint field."""
    data = b"".join(varint(value) for value in values)
    return put_bytes(number, data) if data else b""


def put_doubles(number: int, values: Iterable[float]) -> bytes:
    """A packed repeated double field."""
    data = b"".join(struct.pack("<d", value) for value in values)
    return put_bytes(number, data) if data else b""
