"""Which blocks are compacted next."""

from __future__ import annotations

import pytest

from watchkeeper.metrics.tsdb.block_meta import BlockMeta, BlockStats
from watchkeeper.metrics.tsdb.compact import plan, ranges_for

HOUR = 3600 * 1000
RANGES = [2 * HOUR, 6 * HOUR, 18 * HOUR]


def block(start_h: int, end_h: int, *, tombstones: int = 0, name: str = "") -> BlockMeta:
    stats = BlockStats(1000, 100, 100, tombstones)
    return BlockMeta(name or f"{start_h}-{end_h}", start_h * HOUR, end_h * HOUR, stats)


def names(metas: list[BlockMeta]) -> list[str]:
    return [meta.ulid for meta in metas]


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        ([], []),
        ([(0, 2)], []),
        ([(0, 2), (2, 4)], []),
        ([(0, 2), (2, 4), (4, 6)], []),  # The newest stays out, and two of three do not fill the range.
        ([(0, 2), (2, 4), (4, 6), (6, 8)], ["0-2", "2-4", "4-6"]),
        ([(0, 2), (4, 6), (6, 8)], ["0-2", "4-6"]),  # A hole in the middle.
        ([(0, 2), (2, 4), (8, 10)], []),  # Nothing newer than the range among those that may be merged.
        ([(0, 2), (2, 4), (8, 10), (10, 12)], ["0-2", "2-4"]),
        ([(2, 4), (4, 6), (6, 8)], []),  # It could still be joined by an older one: not full, nothing after it.
        ([(0, 6), (6, 12), (12, 18), (18, 20)], ["0-6", "6-12", "12-18"]),
        ([(0, 18), (18, 20), (20, 22), (22, 24), (24, 26)], ["18-20", "20-22", "22-24"]),
        ([(-6, -4), (-4, -2), (-2, 0), (0, 2)], ["-6--4", "-4--2", "-2-0"]),
        ([(0, 2), (1, 3), (5, 7), (6, 8)], ["0-2", "1-3"]),  # Overlaps come first, one run at a time.
        ([(0, 6), (2, 4), (5, 7)], ["0-6", "2-4", "5-7"]),
    ],
)
def test_plan(blocks: list[tuple[int, int]], expected: list[str]) -> None:
    metas = [block(*hours) for hours in blocks]
    assert names(plan(metas, RANGES)) == expected
    assert names(plan(metas[::-1], RANGES)) == expected


def test_blocks_that_failed_are_left_alone() -> None:
    metas = [block(0, 2), block(2, 4), block(4, 6), block(6, 8)]
    assert plan(metas, RANGES, frozenset({"2-4"})) == []


def test_many_tombstones_rewrite_a_large_block() -> None:
    newest = block(20, 22)
    assert names(plan([block(0, 6, tombstones=6), newest], RANGES)) == ["0-6"]
    assert plan([block(0, 6, tombstones=5), newest], RANGES) == []
    assert plan([block(0, 2, tombstones=50), newest], RANGES) == []
    assert names(plan([block(0, 2, tombstones=100), newest], RANGES)) == ["0-2"]


def test_ranges_grow_to_a_tenth_of_the_retention() -> None:
    day = 24 * HOUR
    assert ranges_for(10 * day) == [2 * HOUR, 6 * HOUR, 18 * HOUR]
    assert ranges_for(2 * HOUR) == [2 * HOUR]
    assert ranges_for(0)[-1] == 486 * HOUR
    assert ranges_for(10_000 * day) == ranges_for(0)
