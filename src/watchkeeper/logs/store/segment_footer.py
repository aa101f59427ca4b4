"""The end of a segment file: which streams and blocks it holds. docs/formats/log-segment.md draws it."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import zstandard
from zlib_ng import zlib_ng

from watchkeeper.core.model.errors import CorruptionError

Ints = npt.NDArray[np.int64]

MAGIC: Final = b"WKLOGSG1"
TRAILER: Final = struct.Struct("<QQIQQI8s")  # filters at, footer at, footer bytes, raw footer bytes, log id, crc, magic
_COUNTS: Final = struct.Struct("<IIIII")  # streams, blocks, bytes of keys, parents, bytes of parents
_MAX_FOOTER_BYTES: Final = 1 << 30
COLUMNS: Final = ("stream", "min_ns", "max_ns", "n_rows", "raw_bytes", "offset", "size", "crc")


@dataclass(frozen=True, slots=True)
class Footer:
    """Streams and blocks of a segment. Blocks are sorted by stream, then by their first time.

    keys           of each stream (`streams.pack_key`)
    flushed_to     int64 (n_streams,): the entries of the log up to this place are in this segment or in older ones
    stream         int64 (n_blocks,): number of the block's stream among the keys
    min_ns, max_ns times of the first and the last row
    offset, size   of the block's bytes in the file, with their CRC-32
    filter_at      int64 (n_blocks + 1,): filter i is at `filters_at + filter_at[i]` up to the next
    parents        names of the segments that this one replaces
    log_id         of the log that `flushed_to` speaks of
    """

    keys: list[bytes]
    flushed_to: Ints
    stream: Ints
    min_ns: Ints
    max_ns: Ints
    n_rows: Ints
    raw_bytes: Ints
    offset: Ints
    size: Ints
    crc: Ints
    filter_at: Ints
    filters_at: int
    log_id: int
    parents: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.stream)


def encode_footer(footer: Footer, footer_at: int) -> bytes:
    """Footer and trailer, as they follow the filters at `footer_at`."""
    sizes = np.array([len(key) for key in footer.keys], np.uint32)
    keys = b"".join(footer.keys)
    parents = "\n".join(footer.parents).encode()
    parts = [
        _COUNTS.pack(len(footer.keys), len(footer), len(keys), len(footer.parents), len(parents)),
        sizes.tobytes(),
        footer.flushed_to.astype(np.int64).tobytes(),
        *(getattr(footer, name).astype(np.int64).tobytes() for name in COLUMNS),
        footer.filter_at.astype(np.int64).tobytes(),
        keys,
        parents,
    ]
    raw = b"".join(parts)
    body = zstandard.ZstdCompressor(level=3).compress(raw)
    start = struct.pack("<QQIQQ", footer.filters_at, footer_at, len(body), len(raw), footer.log_id)
    crc = zlib_ng.crc32(start, zlib_ng.crc32(body))
    return body + start + struct.pack("<I8s", crc, MAGIC)


def footer_place(trailer: bytes | memoryview, file_size: int, name: str) -> tuple[int, int]:
    """Where the footer is, (offset, size), from the last `TRAILER.size` bytes of a file. Raises CorruptionError."""
    if len(trailer) != TRAILER.size:
        raise CorruptionError(name, 0, "the file is cut short")
    filters_at, footer_at, size, _, _, _, magic = TRAILER.unpack(trailer)
    if magic != MAGIC:
        raise CorruptionError(name, file_size - TRAILER.size, "not a log segment, or of an unknown version")
    if not len(MAGIC) <= filters_at <= footer_at or footer_at + size + TRAILER.size != file_size:
        raise CorruptionError(name, file_size - TRAILER.size, "the trailer is damaged")
    return footer_at, size


def decode_footer(body: bytes | memoryview, trailer: bytes | memoryview, name: str) -> Footer:
    """The footer of its bytes and the trailer's. Raises CorruptionError."""
    filters_at, footer_at, _, raw_size, log_id, crc, _ = TRAILER.unpack(trailer)
    if zlib_ng.crc32(bytes(trailer[: TRAILER.size - 12]), zlib_ng.crc32(body)) != crc:
        raise CorruptionError(name, footer_at, "the footer's checksum is wrong")
    try:
        if raw_size > _MAX_FOOTER_BYTES:
            raise ValueError("the footer is too large")
        raw = memoryview(zstandard.ZstdDecompressor().decompress(bytes(body), max_output_size=raw_size))
        return _decode(raw, filters_at, footer_at, log_id)
    except (ValueError, struct.error, zstandard.ZstdError, IndexError) as error:
        raise CorruptionError(name, footer_at, f"the footer makes no sense: {error}") from None


def _decode(raw: memoryview, filters_at: int, footer_at: int, log_id: int) -> Footer:
    n_streams, n_blocks, n_key_bytes, n_parents, n_parent_bytes = _COUNTS.unpack_from(raw)
    at = _COUNTS.size
    sizes = np.frombuffer(raw, np.uint32, n_streams, at).astype(np.int64)
    at += 4 * n_streams
    flushed_to = np.frombuffer(raw, np.int64, n_streams, at).copy()
    at += 8 * n_streams
    columns: dict[str, Ints] = {}
    for column in COLUMNS:
        columns[column] = np.frombuffer(raw, np.int64, n_blocks, at).copy()
        at += 8 * n_blocks
    filter_at = np.frombuffer(raw, np.int64, n_blocks + 1, at).copy()
    at += 8 * (n_blocks + 1)
    if int(sizes.sum()) != n_key_bytes or at + n_key_bytes + n_parent_bytes != len(raw):
        raise ValueError("sizes that do not fit")
    ends = np.cumsum(sizes).tolist()
    keys = [bytes(raw[at + end - size : at + end]) for end, size in zip(ends, sizes.tolist(), strict=True)]
    at += n_key_bytes
    parents = bytes(raw[at:]).decode().split("\n") if n_parents else []
    footer = Footer(keys, flushed_to, **columns, filter_at=filter_at, filters_at=filters_at, log_id=log_id,
                    parents=parents)  # fmt: skip
    _check(footer, footer_at)
    return footer


def _check(footer: Footer, footer_at: int) -> None:
    """Raises ValueError where numbers lead out of the file."""
    if not len(footer):
        return
    if footer.stream.min() < 0 or footer.stream.max() >= len(footer.keys):
        raise ValueError("a block of no stream")
    if footer.offset.min() < len(MAGIC) or footer.size.min() < 0 or footer.n_rows.min() < 1:
        raise ValueError("a block outside of the file")
    if (footer.offset + footer.size).max() > footer.filters_at or (footer.max_ns < footer.min_ns).any():
        raise ValueError("a block outside of the file")
    steps = np.diff(footer.filter_at)
    if footer.filter_at[0] != 0 or steps.min() < 0 or footer.filters_at + footer.filter_at[-1] > footer_at:
        raise ValueError("a filter outside of the file")
