"""What waits on the disk to be sent, and what is done: so that a kill repeats one batch and an outage loses none.

A log of records (see `core/disk/wal`): a batch with the positions that it brings, positions alone (their batch was sent
from memory), and how far batches were sent from here. Positions count from the moment their record is written; the
positions file follows when it is due, and then the segments before may go.
"""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from watchkeeper.core.disk.lock import DirectoryLock
from watchkeeper.core.disk.wal import HEADER, MAGIC, Problem, Wal, WriteFailed, checksum, replay, segment_path
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.agent.positions import Mark, Marks

log = get_logger("agent")

SEGMENT_BYTES: Final = 4 << 20
LIMIT_BYTES: Final = 1 << 30  # Some ten GB of lines; beyond it nothing is read any more, so nothing is lost.
BATCH: Final = 1
MARKS: Final = 2
SENT: Final = 3


@dataclass(frozen=True, slots=True)
class Waiting:
    """A batch in the spool."""

    segment: int
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Spooled:
    """A batch read back: the body of its push, packed, and what to count."""

    tenant: str
    n_entries: int
    n_bytes: int
    newest_ns: int
    body: bytes


class Spool:
    """The spool of one client. One thread at a time writes; reading may be in another."""

    def __init__(self, directory: Path, *, limit_bytes: int = LIMIT_BYTES) -> None:
        """Reads back what an earlier process left. Raises OSError, DirectoryLocked and other WatchkeeperErrors."""
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._directory_lock = DirectoryLock(directory)
        self.limit_bytes = limit_bytes
        self.recovered: dict[str, Mark] = {}  # Positions that the positions file may not have yet.
        self._beginnings: dict[str, str] = {}  # What the present segment says of files.
        self._noted_segment = -1
        self._waiting: deque[Waiting] = deque()
        self._lock = threading.Lock()
        problems: list[Problem] = []
        sent = (-1, -1)
        for record in replay(directory, problems, repair=True):
            try:
                if record.type == SENT:
                    segment, offset = json.loads(bytes(record.payload))
                    sent = (segment, offset)
                    continue
                head, _, _ = bytes(record.payload).partition(b"\n")
                self._recover(json.loads(head))
            except (ValueError, KeyError, TypeError):
                problems.append(record.problem(ValueError("not a record of a spool")))
                continue
            if record.type == BATCH:
                size = HEADER.size + len(record.payload)
                self._waiting.append(Waiting(record.segment, record.offset, size))
        for problem in problems:
            log.warn("what waited to be sent is damaged", problem=problem)
        self._waiting = deque(one for one in self._waiting if (one.segment, one.offset) > sent)
        self._size = sum(one.size for one in self._waiting)
        self._wal = Wal(directory, segment_bytes=SEGMENT_BYTES)

    @property
    def n_batches(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def size_bytes(self) -> int:
        """Of those that wait."""
        return self._size

    @property
    def is_full(self) -> bool:
        """Whether no more is taken."""
        return self._size >= self.limit_bytes

    def _recover(self, said: dict[str, Any]) -> None:
        heads = said.get("beginnings", {})
        for key, value in said["marks"].items():
            before = self.recovered.get(key)
            beginning = heads.get(key, before.beginning if before is not None else None)
            self.recovered[key] = Mark(0, str(value), beginning)

    def _said(self, marks: Marks) -> dict[str, Any]:
        """Marks as a record has them; a file's beginning stands in a segment once, until it changes."""
        segment = self._wal.segment
        if segment != self._noted_segment:
            self._noted_segment = segment
            self._beginnings = {}
        said: dict[str, Any] = {"marks": {key: mark.value for key, mark in marks.items()}}
        new = {
            key: mark.beginning
            for key, mark in marks.items()
            if mark.beginning is not None and self._beginnings.get(key) != mark.beginning
        }
        if new:
            said["beginnings"] = new
            self._beginnings.update(new)
        return said

    def add(self, batch: Spooled, marks: Marks) -> None:
        """Keep a batch. Raises WriteFailed, and then nothing is kept."""
        head = {
            "tenant": batch.tenant,
            "entries": batch.n_entries,
            "bytes": batch.n_bytes,
            "newest": batch.newest_ns,
        }
        with self._lock:
            segment = self._wal.ready()
            offset = self._wal.offset
            payload = json.dumps({**head, **self._said(marks)}, separators=(",", ":")).encode() + b"\n" + batch.body
            self._wal.append([(BATCH, payload)])
            # After a failure the log may have begun another segment.
            if self._wal.segment != segment:
                segment, offset = self._wal.segment, self._wal.offset - HEADER.size - len(payload)
            one = Waiting(segment, offset, HEADER.size + len(payload))
            self._waiting.append(one)
            self._size += one.size

    def note(self, marks: Marks) -> None:
        """These positions are done. Raises WriteFailed."""
        if marks:
            with self._lock:
                self._wal.ready()
                self._wal.append([(MARKS, json.dumps(self._said(marks), separators=(",", ":")).encode())])

    def first(self) -> Spooled | None:
        """The batch that has waited longest; None where none does. One that is damaged is passed over."""
        while self._waiting:
            one = self._waiting[0]
            try:
                return self._read(one)
            except (OSError, ValueError, KeyError) as error:
                log.error("a batch that waited to be sent can't be read; it is lost", error=error)
                self.drop_first()
        return None

    def _read(self, one: Waiting) -> Spooled:
        path = segment_path(self.directory, one.segment)
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = os.pread(fd, one.size, one.offset)
        finally:
            os.close(fd)
        if len(data) < one.size:
            raise ValueError(f"{path}, offset {one.offset}: cut off")
        _, crc, type_ = HEADER.unpack_from(data)
        payload = data[HEADER.size :]
        if checksum(type_, payload) != crc:
            raise ValueError(f"{path}, offset {one.offset}: checksum mismatch")
        head, _, body = payload.partition(b"\n")
        said = json.loads(head)
        return Spooled(said["tenant"], said["entries"], said["bytes"], said["newest"], body)

    def drop_first(self) -> None:
        """The first batch is sent, or given up."""
        with self._lock:
            one = self._waiting.popleft()
            self._size -= one.size
            try:
                self._wal.ready()
                self._wal.append([(SENT, json.dumps([one.segment, one.offset]).encode())])
            except (OSError, WriteFailed) as error:  # A full disk: the batch is sent all the same.
                log.warn("what was sent could not be noted; a kill would send it again", error=error)

    def cut(self) -> int:
        """Begin a segment where the present one holds something; the number of the present one then."""
        with self._lock:
            if self._wal.offset > len(MAGIC):
                self._wal.rotate()
            return self._wal.segment

    def release(self, segment: int) -> None:
        """The positions of all records before this segment are in the positions file: what is sent may go.

        How far batches were sent is written again, as the record that told it may go too.
        """
        with self._lock:
            oldest = self._waiting[0] if self._waiting else None
            if oldest is not None:
                segment = min(segment, oldest.segment)
                before = (oldest.segment, oldest.offset - 1)
                self._wal.append([(SENT, json.dumps(before).encode())])
            self._wal.drop_before(segment)

    def sync(self) -> None:
        """Bring it to the device. Raises OSError."""
        self._wal.sync()

    def close(self) -> None:
        """Sync and close. Raises OSError."""
        try:
            self._wal.close()
        finally:
            self._directory_lock.release()
