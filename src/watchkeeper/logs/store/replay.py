"""Reads the log back into the head: what the log has and no segment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from watchkeeper.core.disk.wal import Problem, Record, replay, segments
from watchkeeper.core.model.errors import WatchkeeperError
from watchkeeper.logs.store.head import Head
from watchkeeper.logs.store.segments import Segments
from watchkeeper.logs.store.stream import HeadStream
from watchkeeper.logs.store.streams import unpack_key
from watchkeeper.logs.store.wal import (
    Decoders,
    RecordType,
    position_of,
    read_push,
    read_streams,
    segment_of,
    streams_of,
)

Progress = Callable[[int, int, int], None]
"""Gets the first, the last and the present log segment."""

_NOT_FLUSHED: Final = -1


class Replay:
    """One pass over the log. `problems` holds what was wrong on disk."""

    def __init__(
        self, head: Head, segments: Segments, directory: Path, decoders: Decoders, progress: Progress | None = None
    ) -> None:
        self._head = head
        self._segments = segments
        self._directory = directory
        self._decoders = decoders
        self._progress = progress
        self._flushed: dict[int, int] = {}  # By stream id: the place in the log up to which segments have it.
        self._by_key: dict[bytes, HeadStream] = {}
        self._streams: dict[int, HeadStream] = {}  # By number in the present log segment.
        self.problems: list[Problem] = []
        self.n_entries = 0

    def run(self) -> int:
        """Fill the head; the number that the log's next segment must have at least. Raises OSError."""
        present = segments(self._directory)
        if present:
            self._read_flushed(present[0])
        with ThreadPoolExecutor(2, "logs-replay") as pool:
            self._read(present, pool)
        # Behind all places that segments speak of, also where the log itself is gone.
        mine = [one.info.flushed_to for one in self._segments.current if one.info.log_id == self._segments.log_id]
        return segment_of(max(mine, default=-1)) + 1

    def _read(self, present: list[int], pool: ThreadPoolExecutor) -> None:
        current = -1
        for record in replay(self._directory, self.problems, repair=True):
            if record.segment != current:
                current = record.segment
                self._streams.clear()
                if self._progress is not None:
                    self._progress(present[0], present[-1], current)
            try:
                self._add(record, pool)
            except (ValueError, WatchkeeperError) as error:
                self.problems.append(record.problem(error))

    def _read_flushed(self, first_segment: int) -> None:
        """Note what segments have of the log."""
        log_id = self._segments.log_id
        some = [one for one in self._segments.current if one.info.holds_log(log_id, first_segment)]
        for segment in self._segments.loaded(some):
            loaded = segment.load()
            ids, places = loaded.stream_ids.tolist(), loaded.footer.flushed_to.tolist()
            for id_, place in zip(ids, places, strict=True):
                self._flushed[id_] = max(self._flushed.get(id_, _NOT_FLUSHED), place)

    def _add(self, record: Record, pool: ThreadPoolExecutor) -> None:
        if record.type == RecordType.STREAMS:
            for number, key in read_streams(record.payload):
                known = self._by_key.get(key)
                if known is None:
                    known = self._by_key[key] = self._head.stream(*unpack_key(key))
                self._streams[number] = known
            return
        if record.type not in (RecordType.BODY, RecordType.ENTRIES):
            raise ValueError(f"a record of the unknown type {record.type}")
        position = position_of(record.segment, record.offset)
        streams: list[HeadStream | None] = []
        lost = 0
        for number in streams_of(record.type, record.payload):
            stream = self._streams.get(number)
            if stream is None:
                lost += 1
            elif position <= self._flushed.get(stream.stream.id, _NOT_FLUSHED):
                stream = None
            streams.append(stream)
        if any(stream is not None for stream in streams):  # Else segments have all of it.
            push = read_push(record.type, record.payload, self._decoders)
            self.n_entries += len(push.batch.times_ns)
            self._head.replay(streams, push.batch, push.levels, position, pool)
        if lost:
            raise ValueError(f"the definitions of {lost} streams are lost; their entries are left out")
