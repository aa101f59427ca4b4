"""Snappy's block format, with a bound on what a few bytes may unpack to."""

from __future__ import annotations

import cramjam

from watchkeeper.core.model.errors import WireError
from watchkeeper.core.wire.protobuf import read_varint


def decompress(data: bytes, max_bytes: int) -> bytes:
    """The bytes that `data` holds. Raises WireError where they are no snappy block or more than `max_bytes`."""
    try:
        size, _ = read_varint(data, 0)
    except WireError:
        raise WireError("snappy: corrupt input") from None
    if size > max_bytes:
        raise WireError(f"snappy: decoded size {size} exceeds the limit of {max_bytes} bytes")
    try:
        return bytes(cramjam.snappy.decompress_raw(data))
    except cramjam.DecompressionError:
        raise WireError("snappy: corrupt input") from None


def compress(data: bytes) -> bytes:
    """`data` as one snappy block."""
    return bytes(cramjam.snappy.compress_raw(data))
