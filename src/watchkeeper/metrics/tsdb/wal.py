"""The records of the write-ahead log: what a store was told, as bytes. docs/formats/wal.md draws them.

A segment can be read without the ones before it: the first row that a source writes to it comes with the source's
columns and is a key row.
"""

from __future__ import annotations

import enum
import struct
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

Refs = npt.NDArray[np.uint32]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
S = TypeVar("S", bound=np.generic)

COLUMNS_HEADER: Final = struct.Struct("<II")
ROW_HEADER: Final = struct.Struct("<Iq")
SAMPLES_HEADER: Final = struct.Struct("<IB")
HISTOGRAM_HEADER: Final = struct.Struct("<IqI")


class RecordType(enum.IntEnum):
    """The type byte of a record. Numbers stay as they are; new ones are added."""

    SERIES = 1  # Series log: definitions of series, as the series table plans them.
    TABLE = 2  # Series log: all series at once; what came before in the log counts no more.
    METADATA = 3  # Series log: type, help and unit of a metric family.
    COLUMNS = 4  # WAL: series of a source's columns, from one column on.
    ROW = 5  # WAL: one row of a source.
    SAMPLES = 6  # WAL: samples with their own times.
    HISTOGRAMS = 7  # WAL: native histograms.
    ROW_CHUNK = 8  # Chunk log: sealed rows of one source.
    SAMPLE_CHUNK = 9  # Chunk log: sealed samples with own times.
    HISTOGRAM_CHUNK = 10  # Chunk log: sealed histograms.
    EXEMPLARS = 11  # Exemplar log.


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples with their own times: equally long columns. `starts` is None where no start time is known."""

    refs: Refs
    times: Ints
    values: Floats
    starts: Ints | None = None

    def __len__(self) -> int:
        return len(self.refs)

    def take(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.intp] | slice) -> Samples:
        """The samples at these rows."""
        starts = None if self.starts is None else self.starts[rows]
        return Samples(self.refs[rows], self.times[rows], self.values[rows], starts)


def joined(parts: list[Samples]) -> Samples:
    """All samples of the parts, in their order."""
    if len(parts) == 1:
        return parts[0]
    starts = None
    if any(part.starts is not None for part in parts):
        starts = np.concatenate(
            [np.zeros(len(part), np.int64) if part.starts is None else part.starts for part in parts]
        )
    if not parts:
        return Samples(np.zeros(0, np.uint32), np.zeros(0, np.int64), np.zeros(0, np.float64))
    return Samples(
        np.concatenate([part.refs for part in parts]),
        np.concatenate([part.times for part in parts]),
        np.concatenate([part.values for part in parts]),
        starts,
    )


def encode_columns(source: int, first: int, refs: Refs) -> bytes:
    """A COLUMNS record: the series of columns `first` and following; 0 replaces all."""
    return COLUMNS_HEADER.pack(source, first) + refs.tobytes()


def decode_columns(payload: memoryview) -> tuple[int, int, Refs]:
    """source, first column, refs. Raises ValueError."""
    source, first = _unpack(COLUMNS_HEADER, payload)
    return source, first, _array(payload[COLUMNS_HEADER.size :], np.uint32)


def encode_samples(samples: Samples) -> bytes:
    """A SAMPLES record."""
    parts = [
        SAMPLES_HEADER.pack(len(samples), samples.starts is not None),
        samples.refs.tobytes(),
        samples.times.tobytes(),
        samples.values.tobytes(),
    ]
    if samples.starts is not None:
        parts.append(samples.starts.tobytes())
    return b"".join(parts)


def decode_samples(payload: memoryview) -> Samples:
    """The samples of a SAMPLES record. Raises ValueError."""
    n, has_starts = _unpack(SAMPLES_HEADER, payload)
    body = payload[SAMPLES_HEADER.size :]
    if len(body) != n * (28 if has_starts else 20):
        raise ValueError("samples are cut short")
    at = [0, 4 * n, 12 * n, 20 * n, 28 * n]
    starts = _array(body[at[3] : at[4]], np.int64) if has_starts else None
    return Samples(
        _array(body[: at[1]], np.uint32),
        _array(body[at[1] : at[2]], np.int64),
        _array(body[at[2] : at[3]], np.float64),
        starts,
    )


def encode_blobs(blobs: list[tuple[int, int, bytes]]) -> bytes:
    """A HISTOGRAMS record: (ref, time, encoded histogram) each."""
    return b"".join([HISTOGRAM_HEADER.pack(ref, time_ms, len(blob)) + blob for ref, time_ms, blob in blobs])


def decode_blobs(payload: memoryview) -> list[tuple[int, int, bytes]]:
    """What `encode_blobs` was given. Raises ValueError."""
    out = []
    while payload:
        ref, time_ms, size = _unpack(HISTOGRAM_HEADER, payload)
        payload = payload[HISTOGRAM_HEADER.size :]
        if len(payload) < size:
            raise ValueError("a histogram is cut short")
        out.append((ref, time_ms, bytes(payload[:size])))
        payload = payload[size:]
    return out


def _unpack(layout: struct.Struct, payload: memoryview) -> tuple[int, ...]:
    if len(payload) < layout.size:
        raise ValueError("a record is cut short")
    return layout.unpack_from(payload)


def _array(data: memoryview, dtype: type[S]) -> npt.NDArray[S]:
    if len(data) % np.dtype(dtype).itemsize:
        raise ValueError("a column is cut short")
    return np.frombuffer(data, dtype).copy()
