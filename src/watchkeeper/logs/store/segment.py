"""An immutable file of sealed blocks of many streams, sorted by stream and time."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from zlib_ng import zlib_ng

from watchkeeper.core.kernels.line_block import Block, may_contain
from watchkeeper.core.model.errors import CorruptionError
from watchkeeper.logs.store.segment_footer import TRAILER, Footer, decode_footer, footer_place
from watchkeeper.logs.store.segment_source import OpenSource, SegmentSource
from watchkeeper.logs.store.streams import Streams, unpack_key
from watchkeeper.logs.store.wal import segment_of

Indices = npt.NDArray[np.int64]

SUFFIX: Final = ".wkl"
_TAIL_BYTES: Final = 256 << 10  # One read of a segment's end mostly holds the footer too.


@dataclass(frozen=True, slots=True)
class SegmentInfo:
    """What is known of a segment without reading it; the manifest holds these.

    flushed_to   the newest place of the log `log_id` that the segment speaks of; -1 for none
    bad          numbers of blocks that were set aside
    """

    name: str
    size_bytes: int
    min_ns: int
    max_ns: int
    n_rows: int
    raw_bytes: int
    n_blocks: int
    n_streams: int
    tenants: tuple[str, ...]
    flushed_to: int
    log_id: int
    bad: tuple[int, ...] = field(default=())

    @classmethod
    def of(cls, name: str, size_bytes: int, footer: Footer, bad: Iterable[int] = ()) -> SegmentInfo:
        """What a footer says."""
        some = len(footer) > 0
        return cls(
            name,
            size_bytes,
            int(footer.min_ns.min()) if some else 0,
            int(footer.max_ns.max()) if some else 0,
            int(footer.n_rows.sum()),
            int(footer.raw_bytes.sum()),
            len(footer),
            len(footer.keys),
            tuple(sorted({unpack_key(key)[0] for key in footer.keys})),
            int(footer.flushed_to.max()) if len(footer.flushed_to) else -1,
            footer.log_id,
            tuple(bad),
        )

    def as_json(self) -> dict[str, Any]:
        """As the manifest holds it."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> SegmentInfo:
        """What `as_json` wrote. Raises ValueError, TypeError or KeyError."""
        return cls(**{**fields, "tenants": tuple(fields["tenants"]), "bad": tuple(fields["bad"])})

    def holds_log(self, log_id: int, first_segment: int) -> bool:
        """Whether entries that the log still has are in the segment: without it they would come back."""
        return self.log_id == log_id and segment_of(self.flushed_to) >= first_segment


def read_footer(source: SegmentSource, name: str) -> Footer:
    """The footer, mostly with one read. Raises CorruptionError, OSError or UnavailableError."""
    size = source.size_bytes
    start = max(0, size - _TAIL_BYTES)
    tail = source.read(start, size - start)
    trailer = tail[-TRAILER.size :]
    footer_at, footer_size = footer_place(trailer, size, name)
    if footer_at >= start:
        body = tail[footer_at - start : footer_at - start + footer_size]
    else:
        body = source.read(footer_at, footer_size)
    return decode_footer(body, trailer, name)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A segment's footer with its streams known: `ids[i]` is the stream of block i."""

    footer: Footer
    stream_ids: npt.NDArray[np.int64]
    ids: npt.NDArray[np.int64]
    good: npt.NDArray[np.bool_]


class Segment:
    """Reads a segment. Nothing is opened before it is asked for. Safe for several threads."""

    def __init__(self, info: SegmentInfo, open_source: OpenSource, streams: Streams) -> None:
        self.info = info
        self._open_source = open_source
        self._streams = streams
        self._lock = threading.Lock()
        self._source: SegmentSource | None = None
        self._loaded: Loaded | None = None
        self._checked: set[int] = set()

    @property
    def name(self) -> str:
        """Its file's name."""
        return self.info.name

    @property
    def source(self) -> SegmentSource:
        """Its bytes. Raises OSError or UnavailableError."""
        source = self._source
        if source is None:
            source = self._source = self._open_source(self.name)
        return source

    def load(self) -> Loaded:
        """The footer, read when first asked for. Raises CorruptionError, OSError or UnavailableError."""
        loaded = self._loaded
        if loaded is not None:
            return loaded
        with self._lock:
            if self._loaded is None:
                try:
                    footer = read_footer(self.source, self.name)
                except CorruptionError:
                    if not self.source.refresh():
                        raise
                    footer = read_footer(self.source, self.name)
                good = np.ones(len(footer), np.bool_)
                good[list(self.info.bad)] = False
                with self._streams.changes:
                    stream_ids = self._streams.ids_of(footer.keys)
                    self._loaded = Loaded(footer, stream_ids, stream_ids[footer.stream], good)
            return self._loaded

    def known_ids(self) -> set[int]:
        """The ids of its streams, as far as the footer was read."""
        return set() if self._loaded is None else set(self._loaded.stream_ids.tolist())

    def set_aside(self, number: int) -> bool:
        """Serve without a block from now on; False where that was so already."""
        loaded = self.load()
        with self._lock:
            was_good = bool(loaded.good[number])
            loaded.good[number] = False
            return was_good

    def data(self, number: int) -> bytes | memoryview:
        """A block's bytes, checked when they are first read. Raises CorruptionError, OSError or UnavailableError."""
        footer = self.load().footer
        offset = int(footer.offset[number])
        data = self.source.read(offset, int(footer.size[number]))
        if number not in self._checked:
            if zlib_ng.crc32(data) != int(footer.crc[number]) and self.source.refresh():
                data = self.source.read(offset, int(footer.size[number]))  # Only the local copy was damaged, perhaps.
            if zlib_ng.crc32(data) != int(footer.crc[number]):
                raise CorruptionError(self.name, offset, "checksum mismatch")
            self._checked.add(number)
        return data

    def block(self, number: int) -> Block:
        """A block over its bytes. Raises CorruptionError, OSError or UnavailableError."""
        try:
            return Block.open(self.data(number))
        except ValueError as error:
            raise CorruptionError(self.name, int(self.load().footer.offset[number]), str(error)) from None

    def filter(self, number: int) -> bytes | memoryview:
        """A block's filter. Raises as `data` does."""
        footer = self.load().footer
        lo, hi = int(footer.filter_at[number]), int(footer.filter_at[number + 1])
        return self.source.read(footer.filters_at + lo, hi - lo)

    def may_contain(self, numbers: Indices, hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
        """For each of these blocks (ascending), whether it may hold all words. Raises as `data` does."""
        footer = self.load().footer
        out = np.ones(len(numbers), np.bool_)
        at = footer.filter_at
        # Blocks of one stream are neighbours: few reads, each of filters that lie side by side.
        breaks = np.flatnonzero(np.diff(numbers) != 1) + 1
        for run in np.split(np.arange(len(numbers)), breaks) if len(numbers) else []:
            first, last = int(numbers[run[0]]), int(numbers[run[-1]])
            lo, hi = int(at[first]), int(at[last + 1])
            filters = self.source.read(footer.filters_at + lo, hi - lo)
            offsets = np.ascontiguousarray(at[first : last + 2] - lo)
            out[run] = may_contain(filters, offsets, hashes).view(np.bool_)
        return out

    def trim(self) -> None:
        """Give back the memory of what was read."""
        if self._source is not None:
            self._source.trim()
