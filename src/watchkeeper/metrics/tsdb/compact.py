"""Small blocks into large ones: which (`plan`, pure), and how (`compact`, streaming).

Source of the rules: Prometheus's leveled compactor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from watchkeeper.core.codec.columns import GROUP_COLUMNS
from watchkeeper.core.model.label_sets import unified
from watchkeeper.metrics.interface import Budget, Series
from watchkeeper.metrics.tsdb.block import Block
from watchkeeper.metrics.tsdb.block_meta import BlockMeta
from watchkeeper.metrics.tsdb.block_writer import write_block
from watchkeeper.metrics.tsdb.merge import merge_series, metric_major_order

BLOCK_RANGE_MS: Final = 2 * 3600 * 1000
LONGEST_RANGE_MS: Final = 31 * 24 * 3600 * 1000
RANGE_FACTOR: Final = 3
TOMBSTONE_RATIO: Final = 0.05
PART_CELLS: Final = 1 << 20  # 8 MiB of samples at a time, and as much again while they are merged.


def ranges_for(retention_ms: int, block_range_ms: int = BLOCK_RANGE_MS) -> list[int]:
    """The lengths of blocks, ascending: each three times the one before, up to a tenth of the retention or 31 days.

    Without a retention (0) the limit is 31 days.
    """
    longest = min(retention_ms // 10, LONGEST_RANGE_MS) if retention_ms else LONGEST_RANGE_MS
    ranges = [block_range_ms]
    while ranges[-1] * RANGE_FACTOR <= longest:
        ranges.append(ranges[-1] * RANGE_FACTOR)
    return ranges


def plan(metas: Sequence[BlockMeta], ranges_ms: Sequence[int], failed: frozenset[str] = frozenset()) -> list[BlockMeta]:
    """The blocks to be made one next, oldest first; empty where nothing is to do.

    metas   of all blocks
    failed  ulids of blocks whose compaction failed before: they are not tried with others again
    """
    blocks = sorted(metas, key=lambda meta: (meta.min_time_ms, meta.max_time_ms, meta.ulid))
    overlapping = [meta for meta in _first_overlap(blocks) if meta.ulid not in failed]
    if len(overlapping) > 1:
        return overlapping
    # The newest block is left alone, so that a backup can take it before it is merged.
    blocks = blocks[:-1]
    if not blocks:
        return []
    newest_start_ms = blocks[-1].min_time_ms
    for range_ms in ranges_ms[1:]:
        for together in _by_range(blocks, range_ms):
            if any(meta.ulid in failed for meta in together) or len(together) < 2:
                continue
            complete = together[-1].max_time_ms - together[0].min_time_ms == range_ms
            if complete or together[-1].max_time_ms <= newest_start_ms:
                return together
    middle_ms = ranges_ms[len(ranges_ms) // 2]
    for meta in reversed(blocks):
        tombstones, series = meta.stats.num_tombstones, meta.stats.num_series
        if tombstones and tombstones >= series:
            return [meta]
        if meta.max_time_ms - meta.min_time_ms < middle_ms:
            break
        if tombstones / (series + 1) > TOMBSTONE_RATIO:
            return [meta]
    return []


def compact(
    blocks: Sequence[Block], parent_dir: Path, *, now_ms: int, part_cells: int = PART_CELLS
) -> BlockMeta | None:
    """Writes one block of all samples that the blocks still have; its meta, or None where nothing is left.

    Where blocks overlap and differ, the later in the sequence wins. The old blocks stay as they are. Raises
    CorruptionError where one of them is damaged, and then nothing is written.
    """
    metas = [block.meta for block in blocks]
    return write_block(
        parent_dir,
        _merged_parts(blocks, part_cells),
        min_time_ms=min(meta.min_time_ms for meta in metas),
        max_time_ms=max(meta.max_time_ms for meta in metas),
        level=max(meta.level for meta in metas) + 1,
        sources=sorted({source for meta in metas for source in meta.sources}),
        parents=[meta.as_parent() for meta in metas],
        now_ms=now_ms,
    )


def _merged_parts(blocks: Sequence[Block], part_cells: int) -> Iterator[Series]:
    """All series of all blocks in metric-major order, so many at a time."""
    labels, places = unified([block.label_sets() for block in blocks])
    order = metric_major_order(labels)
    ordered = labels.codes[order]
    begins = np.ones(len(order), np.bool_)
    begins[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    firsts = np.flatnonzero(begins)
    del ordered, labels
    cells = sum(block.meta.stats.num_samples for block in blocks)
    part_series = max(1, part_cells * len(firsts) // max(cells, 1))
    # Whole groups of columns, so that only the last one of all is small.
    part_series = max(part_series // GROUP_COLUMNS * GROUP_COLUMNS, min(part_series, GROUP_COLUMNS))
    for lo in range(0, len(firsts), part_series):
        end = int(firsts[lo + part_series]) if lo + part_series < len(firsts) else len(order)
        chosen = np.sort(order[int(firsts[lo]) : end])
        parts = []
        for block, place in zip(blocks, places, strict=True):
            rows = chosen[np.searchsorted(chosen, place.start) : np.searchsorted(chosen, place.stop)] - place.start
            meta = block.meta
            parts.append(block.read_rows(rows, meta.min_time_ms, meta.max_time_ms - 1, Budget()))
        yield _sorted(merge_series(parts))


def _sorted(series: Series) -> Series:
    order = metric_major_order(series.labels)
    new_row = np.empty_like(order)
    new_row[order] = np.arange(len(order))
    return Series(
        series.labels.take(order),
        series.times,
        series.values,
        series.value_lo[order],
        series.value_hi[order],
        series.time_lo[order],
        {int(new_row[row]): samples for row, samples in series.histograms.items()},
        series.start_times,
    )


def _first_overlap(blocks: list[BlockMeta]) -> list[BlockMeta]:
    """The first run of blocks that overlap."""
    run: list[BlockMeta] = []
    for i, meta in enumerate(blocks[1:], 1):
        if meta.min_time_ms < max(before.max_time_ms for before in blocks[:i]):
            run = [*(run or [blocks[i - 1]]), meta]
        elif run:
            break
    return run


def _by_range(blocks: list[BlockMeta], range_ms: int) -> list[list[BlockMeta]]:
    """Blocks that lie within the same aligned range; a block that is longer, or crosses a bound, is left out."""
    by_start: dict[int, list[BlockMeta]] = {}
    for meta in blocks:
        start_ms = meta.min_time_ms // range_ms * range_ms
        if meta.max_time_ms <= start_ms + range_ms:
            by_start.setdefault(start_ms, []).append(meta)
    return list(by_start.values())
