"""Prometheus's write-ahead log, and its log of out-of-order samples: pages to records.

Source of the format: Prometheus tsdb/docs/format/wal.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import cramjam
import zstandard

from watchkeeper.core.kernels.crc32c import crc32c
from watchkeeper.metrics.tsdb.import_bytes import Cursor

PAGE_BYTES: Final = 32 << 10
MAX_RECORD_BYTES: Final = 256 << 20
_HEADER_BYTES: Final = 7
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_SNAPPY: Final = 0x08
_ZSTD: Final = 0x10
_CHECKPOINT: Final = re.compile(r"checkpoint\.(\d+)")

SERIES, SAMPLES, TOMBSTONES, EXEMPLARS, MMAP_MARKERS, METADATA = 1, 2, 3, 4, 5, 6
HISTOGRAMS, FLOAT_HISTOGRAMS, CUSTOM_HISTOGRAMS, CUSTOM_FLOAT_HISTOGRAMS = 7, 8, 9, 10

Skip = Callable[[str], None]
"""Told of what can't be read."""


def log_files(directory: Path) -> list[Path]:
    """The segments of a log in order: the last checkpoint's, then those behind it, then the out-of-order log's."""
    wal = directory / "wal"
    checkpoints = sorted(
        (int(match[1]), path)
        for path in (wal.iterdir() if wal.is_dir() else ())
        if (match := _CHECKPOINT.fullmatch(path.name))
    )
    files: list[Path] = []
    after = -1
    if checkpoints:
        after, path = checkpoints[-1]
        files += [path for _, path in _segments(path)]
    files += [path for number, path in _segments(wal) if number > after]
    return files + [path for _, path in _segments(directory / "wbl")]


def _segments(directory: Path) -> list[tuple[int, Path]]:
    if not directory.is_dir():
        return []
    return sorted((int(path.name), path) for path in directory.iterdir() if path.name.isdigit() and path.is_file())


def read_records(path: Path, skip: Skip) -> Iterator[bytes]:
    """The records of one segment; where a page is damaged, the rest of that page is left out."""
    parts: list[bytes] = []
    packing = 0
    with path.open("rb") as file:
        number = 0
        while page := file.read(PAGE_BYTES):
            at = 0
            while at + _HEADER_BYTES <= len(page):
                flags = page[at]
                if flags & 7 == 0:
                    break
                size = int.from_bytes(page[at + 1 : at + 3], "big")
                stored = int.from_bytes(page[at + 3 : at + 7], "big")
                data = page[at + _HEADER_BYTES : at + _HEADER_BYTES + size]
                if len(data) != size or crc32c(data) != stored:
                    is_end = len(page) < PAGE_BYTES and len(data) != size
                    what = "the log ends in the middle of a record" if is_end else "damaged page, its rest is left out"
                    skip(f"{path}, offset {number * PAGE_BYTES + at}: {what}")
                    parts = []
                    break
                at += _HEADER_BYTES + size
                kind = flags & 7
                if kind in (_FULL, _FIRST):
                    parts, packing = [data], flags
                elif parts and kind in (_MIDDLE, _LAST):
                    parts.append(data)
                if parts and kind in (_FULL, _LAST):
                    record = _unpacked(b"".join(parts), packing)
                    parts = []
                    if record is None:
                        skip(f"{path}, offset {number * PAGE_BYTES + at}: a record can't be decompressed")
                    elif record:
                        yield record
            number += 1


def _unpacked(data: bytes, flags: int) -> bytes | None:
    try:
        if flags & _SNAPPY:
            if Cursor(data).uvarint() > MAX_RECORD_BYTES:
                return None
            return bytes(cramjam.snappy.decompress_raw(data))
        if flags & _ZSTD:
            # The frame need not say its size.
            with zstandard.ZstdDecompressor().stream_reader(data) as reader:
                out = reader.read(MAX_RECORD_BYTES + 1)
            return out if len(out) <= MAX_RECORD_BYTES else None
    except (ValueError, cramjam.DecompressionError, zstandard.ZstdError):
        return None
    return data


def decode_series(payload: bytes) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """(ref, label pairs) of a series record's bytes behind its type. Raises ValueError."""
    cursor = Cursor(payload)
    while cursor:
        ref = cursor.number(8)
        yield ref, [(cursor.text(), cursor.text()) for _ in range(cursor.uvarint())]


def decode_tombstones(payload: bytes) -> Iterator[tuple[int, int, int]]:
    """(ref, first, last time) of a tombstones record. Raises ValueError."""
    cursor = Cursor(payload)
    while cursor:
        yield cursor.number(8), cursor.varint(), cursor.varint()
