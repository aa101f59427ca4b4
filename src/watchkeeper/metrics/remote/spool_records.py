"""The records of a spool: what waits on the disk to be sent to one remote.

A segment can be read without the ones before it: what it says of series, and the row that a row differs from, stand in
it. A record that is lost is noticed by those that build on it. docs/formats/spool.md draws them.
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
_COLUMNS: Final = struct.Struct("<II")
_ROW: Final = struct.Struct("<IqII")
_SAMPLES: Final = struct.Struct("<II")
_SINGLE: Final = struct.Struct("<IIq")


class SpoolRecord(enum.IntEnum):
    """The type byte of a record."""

    COLUMNS = 1
    ROW = 2
    SAMPLES = 3
    HISTOGRAM = 4
    EXEMPLAR = 5


def encode_labels(packed: list[bytes]) -> bytes:
    """Label sets as they stand in a COLUMNS record; several such pieces may follow each other."""
    return b"".join([_SOURCE.pack(len(key)) + key for key in packed])


def encode_columns(source: int, first: int, labels: bytes) -> bytes:
    """A COLUMNS record; `labels` is of `encode_labels`."""
    return _COLUMNS.pack(source, first) + labels


def decode_columns(payload: bytes) -> tuple[int, list[bytes]]:
    """Number of the first column, and packed label sets. Raises ValueError."""
    _, first = _unpack(_COLUMNS, payload)
    keys, at = [], _COLUMNS.size
    while at < len(payload):
        size = int.from_bytes(payload[at : at + 4], "little")
        if at + 4 + size > len(payload):
            raise ValueError("a label set is cut short")
        keys.append(payload[at + 4 : at + 4 + size])
        at += 4 + size
    return first, keys


def encode_row(source: int, time_ms: int, place: int, cells: Bits, before: Bits) -> bytes:
    """A ROW record; `before` is as long as `cells`, and all zeros at place 0."""
    planes = np.ascontiguousarray((cells ^ before).view(np.uint8).reshape(-1, 8).T)
    return _ROW.pack(source, time_ms, place, len(cells)) + compress(planes.tobytes(), HEAD_LEVEL)


def decode_row(payload: bytes, place: int, before: Bits) -> tuple[int, int, Bits]:
    """Time, place and cells. Raises ValueError, also where the row does not follow the one at `place`."""
    _, time_ms, own_place, n = _unpack(_ROW, payload)
    if own_place not in (0, place + 1):
        raise ValueError("the row before is missing")
    planes = np.frombuffer(decompress(payload[_ROW.size :]), np.uint8)
    if len(planes) != 8 * n:
        raise ValueError("a row is cut short")
    cells = np.ascontiguousarray(planes.reshape(8, n).T).reshape(-1).view(np.uint64)
    if own_place:
        known = min(n, len(before))
        cells[:known] ^= before[:known]
    return time_ms, own_place, cells


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


def count_of(type_: int, payload: memoryview) -> int:
    """About how many samples a record holds, absent cells included."""
    if type_ == SpoolRecord.ROW and len(payload) >= _ROW.size:
        return int(_ROW.unpack_from(payload)[3])
    if type_ == SpoolRecord.SAMPLES and len(payload) >= _SAMPLES.size:
        return int(_SAMPLES.unpack_from(payload)[1])
    return int(type_ == SpoolRecord.HISTOGRAM)


def source_of(payload: bytes) -> int:
    """The source of any record. Raises ValueError."""
    return _unpack(_SOURCE, payload)[0]


def _unpack(layout: struct.Struct, payload: bytes) -> tuple[int, ...]:
    if len(payload) < layout.size:
        raise ValueError("a record is cut short")
    return layout.unpack_from(payload)
