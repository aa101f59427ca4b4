"""The index of a Prometheus block: which series it has, and where their chunks are.

Source of the format: Prometheus tsdb/docs/format/index.md and tombstones.md.
"""

from __future__ import annotations

import mmap
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.model.errors import CorruptionError
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.metrics.tsdb.import_bytes import Cursor, check_crc

Ints = npt.NDArray[np.int64]

_MAGIC: Final = 0xBAAAD700
_TOMBSTONES_MAGIC: Final = 0x0130BA30
_TOC_BYTES: Final = 6 * 8 + 4
_ALIGNMENT: Final = 16


@dataclass(frozen=True, slots=True)
class IndexedSeries:
    """All series of a block, in its order.

    labels     n label sets
    ids        the number that tombstones call a series by, int64 (n,)
    chunk_lo   int64 (n + 1,): series i has chunks chunk_lo[i] to chunk_lo[i + 1] ...
    chunks     ... at these places (file number << 32 | offset), in time order
    """

    labels: LabelSets
    ids: Ints
    chunk_lo: Ints
    chunks: Ints


def read_index(path: Path) -> IndexedSeries:
    """Raises CorruptionError, and OSError."""
    with path.open("rb") as file:
        size = path.stat().st_size
        if size < 5 + _TOC_BYTES:
            raise CorruptionError(str(path), 0, "the file is too short for an index")
        # Unmapped when the last view of it goes, which an error's traceback may hold a while.
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        return _read(memoryview(data))
    except ValueError as error:
        raise CorruptionError(str(path), 0, str(error)) from None


def _read(data: memoryview) -> IndexedSeries:
    head = Cursor(data)
    if head.number(4) != _MAGIC:
        raise ValueError("not an index")
    version = head.number(1)
    if version != 2:
        raise ValueError(f"index version {version} is not supported; Prometheus 2.3 and later write version 2")
    toc_at = len(data) - _TOC_BYTES
    toc = Cursor(data, toc_at)
    places = [toc.number(8) for _ in range(6)]
    check_crc(data[toc_at : len(data) - 4], toc.number(4), "table of contents")
    symbols = _symbols(data, places[0])
    series_at = places[1]
    series_end = min([place for place in places[2:] if place > series_at], default=toc_at)
    return _series(data, series_at, min(series_end, toc_at), symbols)


def _symbols(data: memoryview, at: int) -> list[str]:
    cursor = Cursor(data, at)
    size = cursor.number(4)
    start = cursor.at
    body = Cursor(data, start, start + size)
    check_crc(data[start : start + size], Cursor(data, start + size).number(4), "symbols")
    return [body.text() for _ in range(body.number(4))]


def _series(data: memoryview, at: int, end: int, symbols: list[str]) -> IndexedSeries:
    ids, chunk_counts, chunks = array("q"), array("q", [0]), array("q")
    rows, names, values = array("q"), array("q"), array("q")
    n_symbols = len(symbols)
    at = -(-at // _ALIGNMENT) * _ALIGNMENT
    # A loop over series and chunks, each some microseconds: the format leaves no other way.
    while at + 5 <= end:
        cursor = Cursor(data, at, end)
        size = cursor.uvarint()
        if not size:
            break  # Padding before the next section.
        start = cursor.at
        body = Cursor(data, start, start + size)
        check_crc(data[start : start + size], Cursor(data, start + size).number(4), f"series at {at}")
        for _ in range(body.uvarint()):
            name, value = body.uvarint(), body.uvarint()
            if name >= n_symbols or value >= n_symbols:
                raise ValueError(f"series at {at}: a symbol is not in the table")
            rows.append(len(ids))
            names.append(name)
            values.append(value)
        n_chunks = body.uvarint()
        ref = 0
        for i in range(n_chunks):
            if i:
                body.uvarint()
            else:
                body.varint()
            body.uvarint()
            ref = ref + body.varint() if i else body.uvarint()
            chunks.append(ref)
        ids.append(at // _ALIGNMENT)
        chunk_counts.append(n_chunks)
        at = -(-(start + size + 4) // _ALIGNMENT) * _ALIGNMENT
    chunk_lo = np.cumsum(np.array(chunk_counts, np.int64))
    triples = [np.array(part, np.int64) for part in (rows, names, values)]
    labels = _label_sets(len(ids), triples[0], triples[1], triples[2], symbols)
    return IndexedSeries(labels, np.array(ids, np.int64), chunk_lo, np.array(chunks, np.int64))


def _label_sets(n: int, rows: Ints, names: Ints, values: Ints, symbols: list[str]) -> LabelSets:
    used, column = np.unique(names, return_inverse=True)
    texts = [symbols[number] for number in used.tolist()]
    order = sorted(range(len(texts)), key=texts.__getitem__)
    place = np.empty(len(texts), np.int64)
    place[order] = np.arange(len(texts))
    codes = np.zeros((n, len(texts)), np.int32)
    is_set = np.array([bool(text) for text in symbols], np.bool_)[values]
    codes[rows, place[column]] = np.where(is_set, values + 1, 0)
    return LabelSets(tuple(texts[i] for i in order), codes, ["", *symbols])


def read_tombstones(path: Path) -> dict[int, list[tuple[int, int]]]:
    """Deleted intervals (both ends included) by a series' id; empty where there is no file. Raises CorruptionError."""
    if not path.exists():
        return {}
    data = path.read_bytes()
    try:
        cursor = Cursor(data, 0, len(data) - 4)
        if cursor.number(4) != _TOMBSTONES_MAGIC or cursor.number(1) != 1:
            raise ValueError("not a tombstones file")
        check_crc(data[5:-4], int.from_bytes(data[-4:], "big"), "tombstones")
        deleted: dict[int, list[tuple[int, int]]] = {}
        while cursor:
            ref = cursor.uvarint()
            deleted.setdefault(ref, []).append((cursor.varint(), cursor.varint()))
    except ValueError as error:
        raise CorruptionError(str(path), 0, str(error)) from None
    return deleted
