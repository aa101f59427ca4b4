"""Samples in any order to blocks: collected up to a bound, written as small blocks, and these made one at the end.

Nothing is seen by a store before `finish` moves whole blocks to their place, so an import that dies leaves nothing but
a folder that the next one, or the server, removes.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.disk.atomic import sync_directory
from watchkeeper.core.model.histogram import Histogram, HistogramSamples
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.packed_labels import pack, unpack
from watchkeeper.metrics.interface import Series
from watchkeeper.metrics.tsdb import layout
from watchkeeper.metrics.tsdb.block import Block
from watchkeeper.metrics.tsdb.block_meta import BlockMeta
from watchkeeper.metrics.tsdb.block_writer import write_block
from watchkeeper.metrics.tsdb.compact import LONGEST_RANGE_MS, compact, ranges_for
from watchkeeper.metrics.tsdb.merge import metric_major_order

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

FLUSH_SAMPLES: Final = 2_000_000  # 48 MB, and about three times that while they are sorted.
FLUSH_BLOCKS: Final = 64  # A flush that would write more small blocks writes longer ones.
FOLDER: Final = "import" + layout.TEMPORARY_SUFFIX


class Staging:
    """Collects samples for the blocks of one directory. The caller holds the directory's lock."""

    def __init__(self, directory: Path, now_ms: Callable[[], int], *, flush_samples: int = FLUSH_SAMPLES) -> None:
        """Raises OSError."""
        self._directory = directory
        self._folder = directory / FOLDER
        self._now_ms = now_ms
        self._flush_samples = flush_samples
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        self._number: dict[bytes, int] = {}
        self._keys: list[bytes] = []
        self._parts: list[tuple[Ints, Ints, Floats]] = []
        self._histograms: dict[int, list[tuple[int, Histogram]]] = {}
        self._deleted: list[tuple[int, int, int]] = []
        self._n_waiting = 0

    @property
    def n_series(self) -> int:
        """How many series were named."""
        return len(self._keys)

    def series(self, labels: Labels) -> int:
        """The number of a series."""
        key = pack(labels)
        number = self._number.setdefault(key, len(self._keys))
        if number == len(self._keys):
            self._keys.append(key)
        return number

    def add(self, series: Ints, times: Ints, values: Floats) -> None:
        """Samples in any order; of two at one time the later given counts. Raises OSError."""
        self._parts.append((series, times, values))
        self._n_waiting += len(series)
        if self._n_waiting >= self._flush_samples:
            self.flush()

    def add_histogram(self, series: int, time_ms: int, value: Histogram) -> None:
        """One native histogram sample. Raises OSError."""
        self._histograms.setdefault(series, []).append((time_ms, value))
        self._n_waiting += 1 + len(value.positive) + len(value.negative)
        if self._n_waiting >= self._flush_samples:
            self.flush()

    def delete(self, series: int, start_ms: int, end_ms: int) -> None:
        """Leave out what one series has from start to end, both included."""
        self._deleted.append((series, start_ms, end_ms))

    # --- small blocks -----------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write what waits. Raises OSError."""
        if not self._n_waiting:
            return
        none = np.zeros(0, np.int64)
        series = np.concatenate([none, *(part[0] for part in self._parts)])
        times = np.concatenate([none, *(part[1] for part in self._parts)])
        values = np.concatenate([none.view(np.float64), *(part[2] for part in self._parts)])
        histograms = self._histograms
        self._parts, self._histograms, self._n_waiting = [], {}, 0
        numbers = np.unique(np.concatenate([series, np.array(list(histograms), np.int64)]))
        labels = LabelSets.of(unpack(self._keys[number]) for number in numbers.tolist())
        order = metric_major_order(labels)
        labels = labels.take(order)
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        rows = rank[np.searchsorted(numbers, series)]
        by_row = {int(rank[np.searchsorted(numbers, number)]): _in_order(found) for number, found in histograms.items()}
        sorting = np.lexsort((times, rows))
        rows, times, values = rows[sorting], times[sorting], values[sorting]
        keep = np.ones(len(rows), np.bool_)
        keep[:-1] = (rows[1:] != rows[:-1]) | (times[1:] != times[:-1])
        rows, times, values = rows[keep], times[keep], values[keep]
        bounds = np.searchsorted(rows, np.arange(len(labels) + 1)).astype(np.int64)
        part = Series(labels, times, values, bounds[:-1], bounds[1:], bounds[:-1], by_row)
        for start_ms, end_ms in _ranges(part):
            write_block(
                self._folder,
                iter([part]),
                min_time_ms=start_ms,
                max_time_ms=end_ms,
                level=1,
                sources=(),
                parents=(),
                now_ms=self._now_ms(),
            )

    # --- the end ----------------------------------------------------------------------------------------------------

    def finish(self, on_block: Callable[[BlockMeta], None] = lambda _: None) -> list[BlockMeta]:
        """Makes blocks that overlap one, moves all to their place and returns their metas. Raises OSError."""
        self.flush()
        blocks = [Block(path) for path in sorted(self._folder.iterdir()) if layout.is_block_name(path.name)]
        self._apply_deletes(blocks)
        metas = []
        for group in _overlapping(blocks):
            meta: BlockMeta | None = group[0].meta
            if len(group) > 1 or self._deleted:
                meta = compact(group, self._directory, now_ms=self._now_ms())
            elif meta is not None:
                (self._folder / meta.ulid).rename(self._directory / meta.ulid)
                sync_directory(self._directory)
            for block in group:
                block.close()
            if meta is not None:
                metas.append(meta)
                on_block(meta)
        self.abandon()
        return metas

    def _apply_deletes(self, blocks: Sequence[Block]) -> None:
        for series, start_ms, end_ms in self._deleted:
            labels = unpack(self._keys[series])
            for block in blocks:
                absent = set(block.label_names((), block.meta.min_time_ms, block.meta.max_time_ms)) - {
                    name for name, _ in labels
                }
                matchers = [Matcher(name, MatchType.EQUAL, value) for name, value in labels]
                matchers += [Matcher(name, MatchType.EQUAL, "") for name in sorted(absent)]
                block.delete(matchers, start_ms, end_ms)

    def abandon(self) -> None:
        """Removes what was not moved."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _in_order(found: list[tuple[int, Histogram]]) -> HistogramSamples:
    by_time = dict(found)
    times = sorted(by_time)
    return HistogramSamples(np.array(times, np.int64), [by_time[time] for time in times])


def _ranges(part: Series) -> list[tuple[int, int]]:
    """The aligned time ranges that have samples: as short as a block of the head, or longer where it were too many."""
    times = np.concatenate([part.times, *(found.times for found in part.histograms.values())])
    for range_ms in ranges_for(10 * LONGEST_RANGE_MS):
        starts = np.unique(times // range_ms)
        if len(starts) <= FLUSH_BLOCKS:
            break
    return [(start * range_ms, (start + 1) * range_ms) for start in starts.tolist()]


def _overlapping(blocks: Sequence[Block]) -> list[list[Block]]:
    """Blocks that overlap, directly or through others, together; in the order in which they were written."""
    groups: list[list[Block]] = []
    end_ms = 0
    for block in sorted(blocks, key=lambda block: (block.meta.min_time_ms, block.meta.max_time_ms)):
        if groups and block.meta.min_time_ms < end_ms:
            groups[-1].append(block)
            end_ms = max(end_ms, block.meta.max_time_ms)
        else:
            groups.append([block])
            end_ms = block.meta.max_time_ms
    return [sorted(group, key=lambda block: block.meta.ulid) for group in groups]
