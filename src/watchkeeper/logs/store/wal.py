"""The records of the log: what a store was told, as bytes. docs/formats/log-wal.md draws them.

A log segment can be read without those before it: a stream's definition comes with its first entries in each segment.
"""

from __future__ import annotations

import enum
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt
from zlib_ng import zlib_ng

from watchkeeper.core.disk.wal import HEADER
from watchkeeper.core.kernels.line_block import Metadata
from watchkeeper.logs.interface import EntryBatch

Decoders = Mapping[int, Callable[[bytes], EntryBatch]]
Levels = npt.NDArray[np.uint8]
S = TypeVar("S", bound=np.generic)

BODY_HEADER: Final = struct.Struct("<BBII")  # kind, flags, streams, entries
ENTRIES_HEADER: Final = struct.Struct("<BIQQQ")  # flags, streams, entries, pairs, bytes of data
STREAM_HEADER: Final = struct.Struct("<II")
HAS_LEVELS: Final = 1
HAS_METADATA: Final = 2
OFFSET_BITS: Final = 36  # A position is segment << 36 | offset: ascending over the life of a log.
MAX_WASTE: Final = 2  # A batch whose buffer is larger than this times its lines is packed before it is logged.


class RecordType(enum.IntEnum):
    """The type byte of a record. Numbers stay as they are; new ones are added."""

    STREAMS = 1
    BODY = 2
    ENTRIES = 3


def position_of(segment: int, offset: int) -> int:
    """A record's place as one number."""
    return segment << OFFSET_BITS | offset


def segment_of(position: int) -> int:
    """The log segment of a place."""
    return position >> OFFSET_BITS


@dataclass(frozen=True, slots=True)
class Push:
    """One record of entries: the batch, the number of each of its streams in the record, and levels if they count."""

    batch: EntryBatch
    refs: Sequence[int]
    levels: Levels | None


def framed(type_: int, parts: Sequence[bytes]) -> list[bytes]:
    """A record as it stands in the file, in parts: nothing is copied."""
    size = sum(map(len, parts))
    crc = zlib_ng.crc32(bytes((type_,)))
    for part in parts:
        crc = zlib_ng.crc32(part, crc)
    return [HEADER.pack(size, crc, type_), *parts]


def streams_record(streams: Sequence[tuple[int, bytes]]) -> list[bytes]:
    """A STREAMS record: number and key of each."""
    return framed(RecordType.STREAMS, [STREAM_HEADER.pack(ref, len(key)) + key for ref, key in streams])


def read_streams(payload: memoryview) -> Iterator[tuple[int, bytes]]:
    """Number and key of each stream of a STREAMS record. Raises ValueError."""
    while payload:
        if len(payload) < STREAM_HEADER.size:
            raise ValueError("a stream is cut short")
        ref, size = STREAM_HEADER.unpack_from(payload)
        key = bytes(payload[STREAM_HEADER.size : STREAM_HEADER.size + size])
        if len(key) != size:
            raise ValueError("a stream is cut short")
        yield ref, key
        payload = payload[STREAM_HEADER.size + size :]


def push_record(batch: EntryBatch, refs: Sequence[int], levels: Levels | None) -> list[bytes]:
    """A BODY record where the batch has its body, else an ENTRIES record."""
    numbers = np.array(refs, np.uint32).tobytes()
    level_bytes = b"" if levels is None else levels.tobytes()
    flags = 0 if levels is None else HAS_LEVELS
    n = len(batch.times_ns)
    if batch.body is not None:
        kind, body = batch.body
        return framed(RecordType.BODY, [BODY_HEADER.pack(kind, flags, len(refs), n), numbers, level_bytes, body])
    batch = packed(batch)
    metadata = batch.metadata
    columns: list[npt.NDArray[np.int64]] = [batch.entry_lo, batch.times_ns, batch.line_at, batch.line_end]
    n_pairs = 0
    if metadata is not None:
        flags |= HAS_METADATA
        n_pairs = len(metadata.name_at)
        columns += [
            metadata.pair_lo, metadata.name_at, metadata.name_end, metadata.value_at, metadata.value_end,
        ]  # fmt: skip
    header = ENTRIES_HEADER.pack(flags, len(refs), n, n_pairs, len(batch.data))
    cells = [np.ascontiguousarray(column, np.int64).tobytes() for column in columns]
    return framed(RecordType.ENTRIES, [header, numbers, *cells, level_bytes, batch.data])


def streams_of(type_: int, payload: memoryview) -> list[int]:
    """The numbers of a push's streams, without decoding it. Raises ValueError."""
    header = BODY_HEADER if type_ == RecordType.BODY else ENTRIES_HEADER
    if len(payload) < header.size:
        raise ValueError("a record is cut short")
    n_streams = header.unpack_from(payload)[2 if type_ == RecordType.BODY else 1]
    refs, _ = _array(payload, header.size, n_streams, np.uint32)
    numbers: list[int] = refs.tolist()
    return numbers


def read_push(type_: int, payload: memoryview, decoders: Decoders) -> Push:
    """What `push_record` was given. Raises ValueError, or what a decoder raises."""
    if type_ == RecordType.BODY:
        return _read_body(payload, decoders)
    return _read_entries(payload)


def _read_body(payload: memoryview, decoders: Decoders) -> Push:
    if len(payload) < BODY_HEADER.size:
        raise ValueError("a record is cut short")
    kind, flags, n_streams, n = BODY_HEADER.unpack_from(payload)
    at = BODY_HEADER.size
    refs, at = _array(payload, at, n_streams, np.uint32)
    levels = None
    if flags & HAS_LEVELS:
        levels, at = _array(payload, at, n, np.uint8)
    decode = decoders.get(kind)
    if decode is None:
        raise ValueError(f"a body of the unknown kind {kind}")
    batch = decode(bytes(payload[at:]))
    if len(batch.streams) != n_streams or len(batch.times_ns) != n:
        raise ValueError("a body with other entries than it had")
    return Push(batch, refs.tolist(), levels)


def _read_entries(payload: memoryview) -> Push:
    if len(payload) < ENTRIES_HEADER.size:
        raise ValueError("a record is cut short")
    flags, n_streams, n, n_pairs, n_bytes = ENTRIES_HEADER.unpack_from(payload)
    at = ENTRIES_HEADER.size
    refs, at = _array(payload, at, n_streams, np.uint32)
    entry_lo, at = _array(payload, at, n_streams + 1, np.int64)
    times_ns, at = _array(payload, at, n, np.int64)
    line_at, at = _array(payload, at, n, np.int64)
    line_end, at = _array(payload, at, n, np.int64)
    metadata = None
    if flags & HAS_METADATA:
        pair_lo, at = _array(payload, at, n + 1, np.int64)
        places = []
        for _ in range(4):
            column, at = _array(payload, at, n_pairs, np.int64)
            places.append(column)
        metadata = Metadata(pair_lo, *places)
    levels = None
    if flags & HAS_LEVELS:
        levels, at = _array(payload, at, n, np.uint8)
    data = bytes(payload[at:])
    if len(data) != n_bytes:
        raise ValueError("a record is cut short")
    return Push(EntryBatch(refs.tolist(), entry_lo, times_ns, data, line_at, line_end, metadata), refs.tolist(), levels)


def packed(batch: EntryBatch) -> EntryBatch:
    """The batch over a buffer of its own lines and metadata alone, where its buffer holds much else."""
    metadata = batch.metadata
    starts, ends = [batch.line_at], [batch.line_end]
    if metadata is not None:
        pairs = pairs_of(metadata)
        starts += [metadata.name_at[pairs], metadata.value_at[pairs]]
        ends += [metadata.name_end[pairs], metadata.value_end[pairs]]
    lo, hi = np.concatenate(starts), np.concatenate(ends)
    sizes = hi - lo
    used = int(sizes.sum())
    if len(batch.data) <= MAX_WASTE * used + 4096:
        return batch
    to = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=to[1:])
    source = np.repeat(lo - to[:-1], sizes) + np.arange(used)
    data = np.frombuffer(batch.data, np.uint8)[source].tobytes()
    n = len(batch.line_at)
    if metadata is not None:
        counts = np.diff(metadata.pair_lo)
        pair_lo = np.zeros(n + 1, np.int64)
        np.cumsum(counts, out=pair_lo[1:])
        m = n + len(pairs)
        metadata = Metadata(pair_lo, to[n:m], to[n + 1 : m + 1], to[m:-1], to[m + 1 :])
    return EntryBatch(batch.streams, batch.entry_lo, batch.times_ns, data, to[:n], to[1 : n + 1], metadata)


def pairs_of(metadata: Metadata) -> npt.NDArray[np.int64]:
    """The numbers of the pairs that the rows have: a part of a larger batch has others beside them."""
    first, last = int(metadata.pair_lo[0]), int(metadata.pair_lo[-1])
    return np.arange(first, last, dtype=np.int64)


def _array(payload: memoryview, at: int, n: int, dtype: type[S]) -> tuple[npt.NDArray[S], int]:
    """`n` numbers from `at` on, and where they end. Raises ValueError."""
    end = at + n * np.dtype(dtype).itemsize
    if end > len(payload):
        raise ValueError("a record is cut short")
    return np.frombuffer(payload[at:end], dtype).copy(), end
