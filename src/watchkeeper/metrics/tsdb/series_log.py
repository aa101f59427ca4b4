"""The log of series definitions and metadata, apart from the samples: it is short, and the samples' log can be cut.

A checkpoint writes the whole table as one record and drops what came before. Its segment starts with a TABLE record,
which makes a replay forget the definitions before it, so a crash at any point of a checkpoint is harmless.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from watchkeeper.core.disk.atomic import write_atomically
from watchkeeper.core.disk.wal import MAGIC, Problem, Record, Wal, frame, replay, segment_path
from watchkeeper.core.kernels.series_table import SeriesTable
from watchkeeper.core.model.metadata import Metadata
from watchkeeper.metrics.tsdb.wal import RecordType

SEGMENT_BYTES: Final = 64 << 20
_TABLE_HEADER: Final = struct.Struct("<qIQ")
Position = tuple[int, int]


def encode_metadata(family: str, metadata: Metadata) -> bytes:
    """A METADATA record."""
    return b"\xff".join(
        text.encode("utf-8", "replace") for text in (family, metadata.type, metadata.unit, metadata.help)
    )


def decode_metadata(payload: bytes) -> tuple[str, Metadata]:
    """Family and metadata. Raises ValueError."""
    family, type_, unit, help_ = (part.decode("utf-8", "replace") for part in payload.split(b"\xff", 3))
    return family, Metadata(type_, help_, unit)


def replay_series(
    directory: Path, table: SeriesTable, metadata: dict[str, Metadata], problems: list[Problem], *, repair: bool
) -> tuple[int, Position]:
    """Fill the table and the metadata. Of the last checkpoint: the first time that rows may have, and the place in the
    chunk log before which a chunk of samples counts only where all of it is after that time."""
    state: tuple[int, Position] = (-(1 << 63), (0, 0))
    for record in replay(directory, problems, repair=repair):
        try:
            state = _apply(record, table, metadata, state)
        except ValueError as error:
            problems.append(record.problem(error))
    table.free_unused()
    return state


def _apply(
    record: Record, table: SeriesTable, metadata: dict[str, Metadata], state: tuple[int, Position]
) -> tuple[int, Position]:
    if record.type == RecordType.SERIES:
        table.apply(record.payload)
    elif record.type == RecordType.TABLE:
        if len(record.payload) < _TABLE_HEADER.size:
            raise ValueError("a table is cut short")
        table.load(record.payload[_TABLE_HEADER.size :])
        min_time_ms, segment, offset = _TABLE_HEADER.unpack_from(record.payload)
        return min_time_ms, (segment, offset)
    elif record.type == RecordType.METADATA:
        family, value = decode_metadata(bytes(record.payload))
        metadata[family] = value
    return state


class SeriesLog:
    """The write side."""

    def __init__(self, directory: Path, *, sync_writes: bool) -> None:
        self._directory = directory
        self.wal = Wal(directory, segment_bytes=SEGMENT_BYTES, sync_writes=sync_writes)

    def define(self, record: bytes) -> None:
        """Write definitions that `SeriesTable.plan` made. Raises WriteFailed."""
        self.wal.ready()
        self.wal.append([(RecordType.SERIES, record)])

    def describe(self, metadata: Mapping[str, Metadata]) -> None:
        """Write metadata by family. Raises WriteFailed."""
        self.wal.append([(RecordType.METADATA, encode_metadata(*item)) for item in metadata.items()])

    def start_checkpoint(self) -> int:
        """Leave room for a checkpoint before all that is written from now on; its segment number. Raises OSError."""
        number = self.wal.rotate()
        self.wal.rotate()
        return number

    def write_checkpoint(
        self, number: int, dump: bytes, metadata: Mapping[str, Metadata], min_time_ms: int, chunks_from: Position
    ) -> None:
        """Put the table as it was at `start_checkpoint` there, and drop what came before. Raises OSError."""
        records = [frame(RecordType.TABLE, _TABLE_HEADER.pack(min_time_ms, *chunks_from) + dump)]
        records += [frame(RecordType.METADATA, encode_metadata(*item)) for item in metadata.items()]
        write_atomically(segment_path(self._directory, number), MAGIC + b"".join(records))
        self.wal.drop_before(number)
