"""The records of a spool: what waits on the disk to be sent to one remote.

A segment can be read without the ones before it: what it says of series, and the row that a row differs from, stand in
it. Payloads, little endian:

COLUMNS     source (u32), then packed label sets (see core/model/packed_labels), each with its length (u32) before it:
            the next columns of a source, numbered on from those the segment has for it
ROW         source (u32), time (i64), how many cells (u32), then compressed: the cells' bits XORed with the source's
            row before, byte by byte of all cells
SAMPLES     source (u32), how many (u32), then compressed: columns (u32 each), times (i64 each), values (f64 each)
HISTOGRAM   source (u32), column (u32), time (i64), the protobuf message
EXEMPLAR    source (u32), column (u32), time (i64), the protobuf message of protocol 1.0
"""

from __future__ import annotations

import enum
import struct
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.codec.columns import HEAD_LEVEL, compress, decompress

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bits = npt.NDArray[np.uint64]
Columns = npt.NDArray[np.uint32]

_SOURCE: Final = struct.Struct("<I")
_ROW: Final = struct.Struct("<IqI")
_SAMPLES: Final = struct.Struct("<II")
_SINGLE: Final = struct.Struct("<IIq")


class SpoolRecord(enum.IntEnum):
    """The type byte of a record."""

    COLUMNS = 1
    ROW = 2
    SAMPLES = 3
    HISTOGRAM = 4
    EXEMPLAR = 5


def encode_columns(source: int, packed: list[bytes]) -> bytes:
    """A COLUMNS record."""
    return _SOURCE.pack(source) + b"".join([_SOURCE.pack(len(key)) + key for key in packed])


def decode_columns(payload: bytes) -> tuple[int, list[bytes]]:
    """Source and packed label sets. Raises ValueError."""
    (source,) = _unpack(_SOURCE, payload)
    keys, at = [], _SOURCE.size
    while at < len(payload):
        size = int.from_bytes(payload[at : at + 4], "little")
        if at + 4 + size > len(payload):
            raise ValueError("a label set is cut short")
        keys.append(payload[at + 4 : at + 4 + size])
        at += 4 + size
    return source, keys


def encode_row(source: int, time_ms: int, cells: Bits, before: Bits) -> bytes:
    """A ROW record; `before` is as long as `cells`."""
    planes = np.ascontiguousarray((cells ^ before).view(np.uint8).reshape(-1, 8).T)
    return _ROW.pack(source, time_ms, len(cells)) + compress(planes.tobytes(), HEAD_LEVEL)


def decode_row(payload: bytes, before: Bits) -> tuple[int, Bits]:
    """Time and cells; `before` is filled up with zeros where it is shorter. Raises ValueError."""
    _, time_ms, n = _unpack(_ROW, payload)
    planes = np.frombuffer(decompress(payload[_ROW.size :]), np.uint8)
    if len(planes) != 8 * n:
        raise ValueError("a row is cut short")
    cells = np.ascontiguousarray(planes.reshape(8, n).T).reshape(-1).view(np.uint64)
    known = min(n, len(before))
    cells[:known] ^= before[:known]
    return time_ms, cells


def encode_samples(source: int, columns: Columns, times: Ints, values: Floats) -> bytes:
    """A SAMPLES record."""
    body = columns.tobytes() + times.tobytes() + values.tobytes()
    return _SAMPLES.pack(source, len(columns)) + compress(body, HEAD_LEVEL)


def decode_samples(payload: bytes) -> tuple[Columns, Ints, Floats]:
    """Columns, times and values. Raises ValueError."""
    _, n = _unpack(_SAMPLES, payload)
    body = decompress(payload[_SAMPLES.size :])
    if len(body) != 20 * n:
        raise ValueError("samples are cut short")
    return (
        np.frombuffer(body, np.uint32, n),
        np.frombuffer(body, np.int64, n, 4 * n) if n else np.zeros(0, np.int64),
        np.frombuffer(body, np.float64, n, 12 * n) if n else np.zeros(0),
    )


def encode_single(source: int, column: int, time_ms: int, message: bytes) -> bytes:
    """A HISTOGRAM or EXEMPLAR record."""
    return _SINGLE.pack(source, column, time_ms) + message


def decode_single(payload: bytes) -> tuple[int, int, bytes]:
    """Column, time and message. Raises ValueError."""
    _, column, time_ms = _unpack(_SINGLE, payload)
    return column, time_ms, payload[_SINGLE.size :]


def source_of(payload: bytes) -> int:
    """The source of any record. Raises ValueError."""
    return _unpack(_SOURCE, payload)[0]


def _unpack(layout: struct.Struct, payload: bytes) -> tuple[int, ...]:
    if len(payload) < layout.size:
        raise ValueError("a record is cut short")
    return layout.unpack_from(payload)
