"""A log of records in numbered segment files, which survives being cut off anywhere.

A segment starts with `MAGIC`, which tells the version; a record is its payload's length (u32), the CRC-32 of type and
payload (u32), the type (u8) and the payload, little endian. See docs/formats/wal.md.
"""

from __future__ import annotations

import contextlib
import errno
import os
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from zlib_ng import zlib_ng

from watchkeeper.core.disk.atomic import sync_directory
from watchkeeper.core.model.errors import UnavailableError, WatchkeeperError

if TYPE_CHECKING:
    import numpy as np

VERSION: Final = 2  # Of segments and of all records in them: +1 whenever bytes get another meaning.
_KIND: Final = b"wklog\x00"
MAGIC: Final = _KIND + bytes((VERSION, VERSION))  # Twice: a flipped bit makes no other version.
HEADER: Final = struct.Struct("<IIB")
SEGMENT_BYTES: Final = 16 << 20  # Small, so that truncation follows soon; each segment costs a key row per source.
FULL: Final = frozenset((errno.ENOSPC, errno.EDQUOT))  # What a write fails with where no room is left.
MAX_RECORD_BYTES: Final = 1 << 30
MAX_TYPE: Final = 31  # Types of records are from 1 to this.
_SUFFIX: Final = ".corrupt"
_SHORT_BYTES: Final = 4096
_SEARCH_WINDOW_BYTES: Final = 1 << 18
_MAX_SEARCHED_BYTES: Final = 4 << 30  # Checksummed in search of the next record: half a second at most.


class OtherVersion(WatchkeeperError):
    """A log that another version of this program wrote; nothing of it was read or changed."""


class WriteFailed(UnavailableError):
    """A record could not be written; nothing of it is in the log."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Bytes of a log that are not records: where, how many, and what was done with them.

    segment   None where the log is one file
    """

    segment: int | None
    offset: int
    size_bytes: int
    message: str
    log: str = ""

    def __str__(self) -> str:
        place = self.log or "segment"
        if self.segment is not None:
            place += f"/{self.segment:08d}"
        return f"{place}, offset {self.offset}: {self.message}"


@dataclass(frozen=True, slots=True)
class Record:
    """One record; `payload` is a view into its segment's bytes."""

    segment: int
    offset: int
    type: int
    payload: memoryview
    log: str = ""

    def problem(self, error: Exception) -> Problem:
        """What to report where the record's bytes are whole and yet make no sense."""
        return Problem(self.segment, self.offset, len(self.payload), str(error), self.log)


def checksum(type_: int, payload: bytes | memoryview) -> int:
    """The CRC-32 of a record."""
    crc: int = zlib_ng.crc32(payload, zlib_ng.crc32(bytes((type_,))))
    return crc


def frame(type_: int, payload: bytes) -> bytes:
    """A record as it stands in the file."""
    return HEADER.pack(len(payload), checksum(type_, payload), type_) + payload


def segments(directory: Path) -> list[int]:
    """The numbers of the segments there are, ascending."""
    if not directory.is_dir():
        return []
    return sorted(int(entry.name) for entry in os.scandir(directory) if entry.name.isdigit() and len(entry.name) == 8)


def segment_path(directory: Path, number: int) -> Path:
    """The file of a segment."""
    return directory / f"{number:08d}"


def scan(number: int, data: memoryview, log: str = "") -> tuple[list[Record], list[Problem], int]:
    """The good records of a segment's bytes, what else there is, and where the last good record ends.

    Damage costs the records that it hits: behind them, the next whole record is searched for. Raises OtherVersion.
    """
    version = _version_of(data)
    if version not in (None, VERSION):
        where = f"{log or 'segment'}/{number:08d}"
        raise OtherVersion(f"{where} is of log format {version}; this program reads and writes format {VERSION}")
    records: list[Record] = []
    problems: list[Problem] = []
    size = len(data)
    at = good_end = len(MAGIC)
    if bytes(data[: len(MAGIC)]) != MAGIC:
        if not size:
            return records, problems, 0
        if _next_good(data, at) is None:
            problems.append(Problem(number, 0, size, "not a segment of this log", log))
            return records, problems, 0
        problems.append(Problem(number, 0, len(MAGIC), "the file's first bytes are damaged", log))
    while at < size:
        end = _record_end(data, at)
        if end is not None and _is_good(data, at, end):
            records.append(Record(number, at, data[at + 8], data[at + HEADER.size : end], log))
            at = good_end = end
            continue
        # Not where the record says that it ends: its length may be what is damaged.
        found = _next_good(data, at + 1)
        if found is None:
            problems.append(Problem(number, at, size - at, f"{size - at} bytes are not whole records", log))
            break
        left_out = (
            "checksum mismatch; record left out" if found == end else f"{found - at} bytes are not records; left out"
        )
        problems.append(Problem(number, at, found - at, left_out, log))
        at = found
    return records, problems, good_end


def _version_of(data: memoryview) -> int | None:
    """The format of a segment, None where its first bytes are cut short or damaged."""
    start = bytes(data[: len(MAGIC)])
    if len(start) < len(MAGIC) or not start.startswith(_KIND):
        return None
    first, second = start[len(_KIND) :]
    # Format 1 alone had its number once, behind a zero. There is no format 0: zeros are what a lost write leaves.
    return second if second and first in (second, 0 if second == 1 else second) else None


def _next_good(data: memoryview, at: int) -> int | None:
    """Where the next good record from `at` on starts."""
    import numpy as np  # Only damage needs it, and a small process that keeps a log may have no other use for it.

    searched_bytes = 0
    octets = np.frombuffer(data, np.uint8)
    last = len(data) - HEADER.size
    for lo in range(at, last + 1, _SEARCH_WINDOW_BYTES):
        starts = np.arange(lo, min(lo + _SEARCH_WINDOW_BYTES, last + 1))
        starts = starts[_is_type(octets[starts + 8])]
        lengths = sum(octets[starts + i].astype(np.int64) << 8 * i for i in range(4))
        ends = starts + HEADER.size + lengths
        # What follows a record is another, or the end; a torn one has its header or less.
        fits = ends <= len(data)
        starts, ends = starts[fits], ends[fits]
        followed = ends + HEADER.size <= len(data)
        # Unless what follows is damaged too; a short one costs little to check.
        likely = ~followed | (ends - starts <= _SHORT_BYTES)
        likely[followed] |= _is_type(octets[ends[followed] + 8])
        for start, end in zip(starts[likely].tolist(), ends[likely].tolist(), strict=True):
            if _is_good(data, start, end):
                return int(start)
            searched_bytes += end - start
            if searched_bytes > _MAX_SEARCHED_BYTES:
                return None
    return None


def _is_type(octets: np.typing.NDArray[np.uint8]) -> np.typing.NDArray[np.bool_]:
    return (octets >= 1) & (octets <= MAX_TYPE)


def _record_end(data: memoryview, at: int) -> int | None:
    if at + HEADER.size > len(data):
        return None
    end = at + HEADER.size + int.from_bytes(data[at : at + 4], "little")
    return end if end <= len(data) else None


def _is_good(data: memoryview, at: int, end: int) -> bool:
    _, crc, type_ = HEADER.unpack_from(data, at)
    # A type of 0 is never written: a run of zero bytes, as a lost write leaves it, is no record.
    return 0 < type_ <= MAX_TYPE and checksum(type_, data[at + HEADER.size : end]) == int(crc)


def replay(directory: Path, problems: list[Problem], *, repair: bool) -> Iterator[Record]:
    """All good records of a log, oldest first; what is wrong with it is added to `problems`.

    With `repair` a segment's bad end is moved to a file beside it, so that nothing is ever written behind it. Raises
    OtherVersion before it touches a segment of another version.
    """
    for number in segments(directory):
        path = segment_path(directory, number)
        data = memoryview(path.read_bytes())
        records, found, good_end = scan(number, data, directory.name)
        problems += found
        yield from records
        if repair and found:
            _repair(path, data, good_end)


def _repair(path: Path, data: memoryview, good_end: int) -> None:
    if good_end < len(data):
        with contextlib.suppress(OSError):  # The copy is for people; a full disk must not stop the replay.
            path.with_name(path.name + _SUFFIX).write_bytes(data[good_end:])
    with open(path, "r+b") as file:
        file.write(MAGIC)
        file.truncate(max(good_end, len(MAGIC)))


class Wal:
    """The write side. Appends come from one thread at a time; `sync` may come from another."""

    def __init__(
        self, directory: Path, *, segment_bytes: int = SEGMENT_BYTES, sync_writes: bool = False, first: int = 0
    ) -> None:
        """Starts a new segment behind those that exist (number `first` at least). Raises OSError.

        On a full disk the log opens all the same, and appends fail until there is room.

        sync_writes   every append is on the device when it returns
        """
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._segment_bytes = segment_bytes
        self._sync_writes = sync_writes
        self._lock = threading.Lock()
        self._retired: list[int] = []  # Descriptors of full segments that are not synced yet.
        self._dirty = False
        self._unnamed = False  # The present segment's name may not be on the device yet.
        self._broken = False
        present = segments(directory)
        # A segment that holds nothing is taken over, so that restarts leave no trail of empty files.
        if present and segment_path(directory, present[-1]).stat().st_size <= len(MAGIC) and present[-1] >= first:
            present.pop()
        self._number = max(first - 1, present[-1] if present else -1)
        self._fd = -1
        self._size = 0
        try:
            self._open_next()
        except OSError as error:
            if error.errno not in FULL:
                raise
            self._broken = True

    @property
    def segment(self) -> int:
        """The number of the segment that the next append goes to."""
        return self._number

    @property
    def first_segment(self) -> int:
        """The number of the oldest segment there is."""
        present = segments(self._directory)
        return present[0] if present else self._number

    @property
    def offset(self) -> int:
        """Where in the segment the next append goes."""
        return self._size

    def size_bytes(self) -> int:
        """The size of all segments."""
        total = 0
        for number in segments(self._directory):
            with contextlib.suppress(FileNotFoundError):
                total += segment_path(self._directory, number).stat().st_size
        return total

    def ready(self) -> int:
        """Start a new segment where the present one is full; the number of the one that appends go to now."""
        if self._size >= self._segment_bytes or self._broken:
            try:
                self.rotate()
            except OSError as error:
                if self._broken:
                    raise WriteFailed(f"{self._directory}: {error.strerror or error}") from error
        return self._number

    def rotate(self) -> int:
        """Start a new segment and return its number. Raises OSError; then the old one is used further."""
        self._open_next()
        return self._number

    def append(self, records: Sequence[tuple[int, bytes]]) -> None:
        """Write records with one call. Raises WriteFailed, and then none of them is in the log."""
        self.append_framed(b"".join([frame(type_, payload) for type_, payload in records]))

    def append_framed(self, data: bytes) -> None:
        """As `append`, for records that are framed already."""
        if self._broken:
            self.ready()
        start = self._size
        view = memoryview(data)
        try:
            while view:
                written = os.write(self._fd, view)
                view = view[written:]
            if self._sync_writes:
                self._sync_name()
                os.fdatasync(self._fd)
        except OSError as error:
            try:
                os.ftruncate(self._fd, start)
            except OSError:
                self._broken = True  # What was half written stays; the next append starts a new segment.
            raise WriteFailed(f"{segment_path(self._directory, self._number)}: {error.strerror or error}") from error
        self._size = start + len(data)
        self._dirty = not self._sync_writes

    def sync(self) -> float | None:
        """Bring what was appended to the device; the seconds it took, None where nothing was to do. Raises OSError."""
        with self._lock:
            if self._fd < 0 or not (self._dirty or self._retired):
                return None
            retired, self._retired = self._retired, []
            self._dirty = False
            began = time.perf_counter()
            try:
                self._sync_name()
                for fd in retired:
                    os.fdatasync(fd)
                os.fdatasync(self._fd)
            except OSError:
                self._dirty = True
                raise
            finally:
                for fd in retired:
                    os.close(fd)
            return time.perf_counter() - began

    def drop_before(self, number: int) -> int:
        """Remove the segments before this one (never the present one); how many went."""
        gone = [old for old in segments(self._directory) if old < min(number, self._number)]
        for old in gone:
            path = segment_path(self._directory, old)
            path.unlink(missing_ok=True)
            path.with_name(path.name + _SUFFIX).unlink(missing_ok=True)
        return len(gone)

    def close(self) -> None:
        """Sync and close. Raises OSError where the sync fails; closed is it anyway."""
        try:
            self.sync()
        finally:
            with self._lock:
                for fd in (*self._retired, self._fd):
                    if fd >= 0:
                        os.close(fd)
                self._retired = []
                self._fd = -1

    def _open_next(self) -> None:
        number = self._number + 1
        path = segment_path(self._directory, number)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o644)
        try:
            if os.write(fd, MAGIC) != len(MAGIC):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            sync_directory(self._directory)
        except OSError:
            os.close(fd)
            with contextlib.suppress(OSError):
                path.unlink()
            raise
        with self._lock:
            if self._fd >= 0:
                self._retired.append(self._fd)
            self._fd = fd
            self._number = number
            self._size = len(MAGIC)
            self._broken = False
            self._dirty = True
            self._unnamed = True

    def _sync_name(self) -> None:
        # Not where the segment is made: an append must not wait for the device unless it is asked to.
        if self._unnamed:
            self._unnamed = False  # Before: a segment that is made meanwhile sets it again.
            try:
                sync_directory(self._directory)
            except OSError:
                self._unnamed = True
                raise
