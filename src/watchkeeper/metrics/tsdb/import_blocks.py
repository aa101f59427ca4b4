"""The blocks of a Prometheus data directory, as parts that a block of ours is written from."""

from __future__ import annotations

import json
import mmap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels import xor_chunk
from watchkeeper.core.model.errors import CorruptionError
from watchkeeper.core.model.histogram import Histogram, HistogramSamples
from watchkeeper.metrics.interface import Series
from watchkeeper.metrics.tsdb.compact import PART_CELLS
from watchkeeper.metrics.tsdb.import_bytes import Cursor, check_crc
from watchkeeper.metrics.tsdb.import_histograms import decode_chunk
from watchkeeper.metrics.tsdb.import_index import IndexedSeries, read_index, read_tombstones
from watchkeeper.metrics.tsdb.layout import is_block_name
from watchkeeper.metrics.tsdb.merge import metric_major_order

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_CHUNKS_MAGIC: Final = 0x85BD40DD
_CHUNKS_HEADER_BYTES: Final = 8
_XOR, _HISTOGRAM, _FLOAT_HISTOGRAM = 1, 2, 3
CHUNK_SAMPLES: Final = 120  # As Prometheus fills a chunk; only a guess of what a part will hold.


@dataclass(frozen=True, slots=True)
class ForeignBlock:
    """One block of a Prometheus: what its meta.json says."""

    directory: Path
    ulid: str
    min_time_ms: int
    max_time_ms: int
    level: int

    @property
    def chunk_bytes(self) -> int:
        """The size of its chunk files."""
        folder = self.directory / "chunks"
        return sum(path.stat().st_size for path in folder.iterdir()) if folder.is_dir() else 0


def find_blocks(directory: Path, skip: Callable[[str], None]) -> list[ForeignBlock]:
    """The blocks of a data directory, oldest first; those that were merged into others are left out."""
    found: list[ForeignBlock] = []
    replaced: set[str] = set()
    for path in sorted(directory.iterdir()):
        if not is_block_name(path.name) or not path.is_dir():
            continue
        try:
            meta = json.loads((path / "meta.json").read_bytes())
            compaction = meta.get("compaction", {})
            found.append(
                ForeignBlock(
                    path, meta["ulid"], int(meta["minTime"]), int(meta["maxTime"]), int(compaction.get("level", 1))
                )
            )
            replaced.update(parent["ulid"] for parent in compaction.get("parents") or ())
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            skip(f"{path}: meta.json can't be read: {error}")
    kept = [block for block in found if block.ulid not in replaced]
    return sorted(kept, key=lambda block: (block.min_time_ms, block.ulid))


class BlockReader:
    """Reads one block. Use it in a `with`. Raises CorruptionError where the index is damaged, and OSError."""

    def __init__(self, block: ForeignBlock, skip: Callable[[str], None]) -> None:
        self._block = block
        self._skip = skip
        self._index: IndexedSeries = read_index(block.directory / "index")
        self._deleted = read_tombstones(block.directory / "tombstones")
        self._files: list[tuple[Path, memoryview]] = []

    def __enter__(self) -> BlockReader:
        folder = self._block.directory / "chunks"
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if not path.name.isdigit():
                continue
            if path.stat().st_size < _CHUNKS_HEADER_BYTES:
                raise CorruptionError(str(path), 0, "the file is too short for chunks")
            with path.open("rb") as file:
                # Unmapped when the last view of it goes.
                view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            if int.from_bytes(view[:4], "big") != _CHUNKS_MAGIC:
                raise CorruptionError(str(path), 0, "not a file of chunks")
            self._files.append((path, view))
        return self

    def __exit__(self, *_: object) -> None:
        self._files = []

    @property
    def n_series(self) -> int:
        """How many series the block has."""
        return len(self._index.ids)

    def parts(self, on_part: Callable[[int, int, int], None], part_cells: int = PART_CELLS) -> Iterator[Series]:
        """All series in metric-major order, so many samples at a time.

        on_part   is told the series, samples and chunk bytes of each part
        """
        index = self._index
        order = metric_major_order(index.labels)
        n_chunks = np.diff(index.chunk_lo)[order]
        ends = np.cumsum(n_chunks) * CHUNK_SAMPLES
        lo = 0
        while lo < len(order):
            before = int(ends[lo - 1]) if lo else 0
            hi = max(lo + 1, int(np.searchsorted(ends, before + part_cells, "right")))
            part, n_samples, n_bytes = self._part(order[lo:hi])
            on_part(hi - lo, n_samples, n_bytes)
            yield part
            lo = hi

    def _part(self, rows: Ints) -> tuple[Series, int, int]:
        index = self._index
        times: list[Ints] = []
        values: list[Floats] = []
        bounds = np.zeros(len(rows) + 1, np.int64)
        histograms: dict[int, HistogramSamples] = {}
        n_bytes = n_samples = 0
        # A loop over series and chunks; a chunk's samples are decoded at once.
        for i, row in enumerate(rows.tolist()):
            floats: list[tuple[Ints, Floats]] = []
            found: list[tuple[int, Histogram]] = []
            for place in index.chunks[index.chunk_lo[row] : index.chunk_lo[row + 1]].tolist():
                try:
                    n_bytes += self._chunk(place, floats, found)
                except ValueError as error:
                    self._skip(f"{self._block.directory}: chunk of {index.labels[row]}: {error}")
            deleted = self._deleted.get(int(index.ids[row]), [])
            row_times, row_values = _in_order(floats, deleted)
            times.append(row_times)
            values.append(row_values)
            bounds[i + 1] = bounds[i] + len(row_times)
            if found:
                histograms[i] = _histograms(found, deleted)
                n_samples += len(histograms[i].values)
        n_samples += int(bounds[-1])
        none = np.zeros(0, np.int64)
        part = Series(
            index.labels.take(rows),
            np.concatenate([none, *times]),
            np.concatenate([none.view(np.float64), *values]),
            bounds[:-1],
            bounds[1:],
            bounds[:-1],
            histograms,
        )
        return part, n_samples, n_bytes

    def _chunk(self, place: int, floats: list[tuple[Ints, Floats]], found: list[tuple[int, Histogram]]) -> int:
        number, offset = place >> 32, place & 0xFFFFFFFF
        if not 0 <= number < len(self._files):
            raise ValueError(f"file {number + 1} is missing")
        view = self._files[number][1]
        cursor = Cursor(view, offset)
        size = cursor.uvarint()
        start = cursor.at
        if start + 1 + size + 4 > len(view):
            raise ValueError("it reaches past the end of its file")
        body = view[start : start + 1 + size]
        check_crc(body, int.from_bytes(view[start + 1 + size : start + 5 + size], "big"), f"offset {offset}")
        encoding = body[0]
        if encoding == _XOR:
            floats.append(xor_chunk.decode(body[1:]))
        elif encoding in (_HISTOGRAM, _FLOAT_HISTOGRAM):
            found += decode_chunk(bytes(body[1:]), is_float=encoding == _FLOAT_HISTOGRAM)
        else:
            raise ValueError(f"encoding {encoding} is not known")
        return cursor.at - offset + 5 + size


def _in_order(floats: list[tuple[Ints, Floats]], deleted: list[tuple[int, int]]) -> tuple[Ints, Floats]:
    if not floats:
        return np.zeros(0, np.int64), np.zeros(0)
    times = np.concatenate([one for one, _ in floats])
    values = np.concatenate([one for _, one in floats])
    if bool((np.diff(times) <= 0).any()):
        order = np.argsort(times, kind="stable")
        times, values = times[order], values[order]
        last = np.append(times[1:] != times[:-1], True)
        times, values = times[last], values[last]
    for start_ms, end_ms in deleted:
        keep = (times < start_ms) | (times > end_ms)
        times, values = times[keep], values[keep]
    return times, values


def _histograms(found: list[tuple[int, Histogram]], deleted: list[tuple[int, int]]) -> HistogramSamples:
    by_time = dict(found)
    times = [time for time in sorted(by_time) if not any(start_ms <= time <= end_ms for start_ms, end_ms in deleted)]
    return HistogramSamples(np.array(times, np.int64), [by_time[time] for time in times])
