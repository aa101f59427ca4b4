"""The read side of a spool: records behind a position, as pieces that go to shards."""

from __future__ import annotations

import contextlib
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.disk.wal import HEADER, MAGIC, checksum, segment_path, segments
from watchkeeper.core.model.stale import MISSING_BITS
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.metrics.remote.spool import Position, Spool
from watchkeeper.metrics.remote.spool_records import (
    Bits,
    Columns,
    SpoolRecord,
    decode_columns,
    decode_row,
    decode_samples,
    decode_single,
    source_of,
)

READ_BYTES: Final = 256 << 10
MAX_COLUMNS: Final = 1 << 26
_SLOT: Final = struct.Struct("<QQQII")

log = get_logger("remote")


class Table:
    """The columns of one source in one segment: packed labels, and a hash of each."""

    __slots__ = ("before", "hashes", "keys", "lacks_labels", "place")

    def __init__(self) -> None:
        self.keys: list[bytes] = []
        self.hashes: npt.NDArray[np.uint32] = np.zeros(0, np.uint32)
        self.lacks_labels = False
        self.place = -1
        self.before: Bits = np.zeros(0, np.uint64)

    def add(self, first: int, keys: list[bytes]) -> None:
        """The columns from number `first` on; those that a damaged record should have told stay without labels."""
        if first > MAX_COLUMNS or first < len(self.keys):
            raise ValueError("columns that can't be")
        self.lacks_labels = self.lacks_labels or first > len(self.keys)
        keys = [b""] * (first - len(self.keys)) + keys
        self.keys += keys
        new = np.fromiter((zlib.crc32(key) for key in keys), np.uint32, len(keys))
        self.hashes = np.concatenate([self.hashes, new])


@dataclass(slots=True)
class Piece:
    """Samples of one record, or of a part of it, in the order they were stored.

    kind       samples, histograms or exemplars
    messages   the protobuf messages of histograms and exemplars
    end        where the record ends in the spool
    """

    table: Table
    kind: str
    columns: Columns
    times: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    end: Position
    messages: tuple[bytes, ...] = ()

    def __len__(self) -> int:
        return len(self.columns)

    def take(self, rows: npt.NDArray[np.bool_] | slice) -> Piece:
        """The samples at these rows. A piece of messages has one row and is taken whole or not at all."""
        columns = self.columns[rows]
        messages = self.messages if len(columns) else ()
        return Piece(self.table, self.kind, columns, self.times[rows], self.values[rows], self.end, messages)


class SpoolReader:
    """Reads a spool from a position on. One thread at a time."""

    def __init__(self, spool: Spool, start: Position) -> None:
        self._spool = spool
        self._start = start
        self._segment = -1
        self._file: int = -1
        self._at = 0
        self._data = b""
        self._data_at = 0
        self._tables: dict[int, Table] = {}
        self.position: Position = start

    def read(self, max_samples: int) -> list[Piece]:
        """The next pieces, up to so many samples and about READ_BYTES; empty where nothing is there yet."""
        pieces: list[Piece] = []
        n_samples = 0
        while n_samples < max_samples:
            record = self._next()
            if record is None:
                break
            type_, payload, end = record
            self.position = end
            try:
                piece = self._piece(type_, payload, end)
            except (ValueError, IndexError) as error:
                log.error("a record of the spool can't be read", segment=end[0], offset=end[1], error=error)
                continue
            if piece is not None and len(piece) and end > self._start:
                pieces.append(piece)
                n_samples += len(piece)
        return pieces

    def _piece(self, type_: int, payload: bytes, end: Position) -> Piece | None:
        table = self._tables.setdefault(source_of(payload), Table())
        if type_ == SpoolRecord.COLUMNS:
            table.add(*decode_columns(payload))
            return None
        if type_ == SpoolRecord.ROW:
            time_ms, table.place, table.before = decode_row(payload, table.place, table.before)
            cells = table.before
            columns = np.flatnonzero(cells != np.uint64(MISSING_BITS)).astype(np.uint32)
            times = np.full(len(columns), time_ms, np.int64)
            piece = Piece(table, "samples", columns, times, cells.view(np.float64)[columns], end)
        elif type_ == SpoolRecord.SAMPLES:
            piece = Piece(table, "samples", *decode_samples(payload), end)
        elif type_ in (SpoolRecord.HISTOGRAM, SpoolRecord.EXEMPLAR):
            column, time_ms, message = decode_single(payload)
            kind = "histograms" if type_ == SpoolRecord.HISTOGRAM else "exemplars"
            one = np.array([column], np.uint32)
            piece = Piece(table, kind, one, np.array([time_ms], np.int64), np.zeros(1), end, (message,))
        else:
            return None
        return self._labelled(piece)

    @staticmethod
    def _labelled(piece: Piece) -> Piece:
        """Without what belongs to series whose labels are lost."""
        keys = piece.table.keys
        if len(piece) and int(piece.columns.max()) >= len(keys):
            piece = piece.take(piece.columns < len(keys))
        if piece.table.lacks_labels:
            is_known = np.fromiter(map(bool, keys), np.bool_, len(keys))
            piece = piece.take(is_known[piece.columns])
        return piece

    def _next(self) -> tuple[int, bytes, Position] | None:
        while True:
            if self._file < 0 and not self._open_next():
                return None
            end_segment, end_offset = self._spool.end
            is_last = self._segment >= end_segment
            limit = end_offset if is_last else os.fstat(self._file).st_size
            header = self._bytes(HEADER.size, limit)
            if header is not None:
                size, crc, type_ = HEADER.unpack(header)
                record = self._bytes(HEADER.size + size, limit)
                if record is not None:
                    self._at += len(record)
                    if type_ and checksum(type_, record[HEADER.size :]) == crc:
                        return type_, record[HEADER.size :], (self._segment, self._at)
                    log.error("the spool is damaged; a record is not sent", segment=self._segment, offset=self._at)
                    continue
            if is_last:
                return None
            if self._at < limit:
                log.error("the spool is damaged; the end of a segment is not sent", segment=self._segment)
            self._close()

    def _bytes(self, size: int, limit: int) -> bytes | None:
        """So many bytes from the present place on; None where the segment has not as many."""
        if self._at + size > limit:
            return None
        lo = self._at - self._data_at
        if lo < 0 or lo + size > len(self._data):
            want = min(max(size, READ_BYTES), limit - self._at)
            self._data, self._data_at, lo = os.pread(self._file, want, self._at), self._at, 0
        found = self._data[lo : lo + size]
        return found if len(found) == size else None

    def _open_next(self) -> bool:
        wanted = self._segment + 1 if self._segment >= 0 else self._start[0]
        for number in segments(self._spool.directory):
            if number < wanted or number > self._spool.end[0]:
                continue
            try:
                self._file = os.open(segment_path(self._spool.directory, number), os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            self._segment = self._spool.reading_segment = number
            self._at, self._data, self._data_at = len(MAGIC), b"", 0
            self._tables = {}
            return True
        return False

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def close(self) -> None:
        """Gives back the file."""
        self._close()


@dataclass(frozen=True, slots=True)
class Progress:
    """Up to where all is acknowledged, and with how many shards it was sent."""

    position: Position = (0, 0)
    n_shards: int = 0


class ProgressFile:
    """Keeps a `Progress` on the disk: two slots in turn, each with a checksum, so that one is always whole.

    A write is one small `pwrite`: it is there after a kill -9, and after a power loss an older one may be.
    """

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._sequence = 0
        self.value = Progress()
        for slot in (0, 1):
            data = os.pread(self._fd, _SLOT.size, slot * _SLOT.size)
            if len(data) != _SLOT.size:
                continue
            sequence, segment, offset, n_shards, crc = _SLOT.unpack(data)
            if crc == zlib.crc32(data[:-4]) and sequence > self._sequence:
                self._sequence = sequence
                self.value = Progress((segment, offset), n_shards)

    def write(self, value: Progress) -> None:
        """Keeps `value`. A disk that is full is no harm: the slots are there, and more is sent again at worst."""
        if value == self.value:
            return
        self.value = value
        self._sequence += 1
        data = _SLOT.pack(self._sequence, *value.position, value.n_shards, 0)[:-4]
        with contextlib.suppress(OSError):
            os.pwrite(self._fd, data + zlib.crc32(data).to_bytes(4, "little"), (self._sequence & 1) * _SLOT.size)

    def close(self) -> None:
        """Gives back the file."""
        os.close(self._fd)
