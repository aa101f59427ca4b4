"""Which segments are merged next."""

from __future__ import annotations

import random

from watchkeeper.logs.store.merge import day_of, plan, tier_of
from watchkeeper.logs.store.options import DAY_NS, HOUR_NS, MIB, StoreOptions
from watchkeeper.logs.store.segment import SegmentInfo

OPTIONS = StoreOptions(merge_segments=4, max_segment_bytes=100 * MIB)
DAY = 20_000 * DAY_NS
NOON = DAY + DAY_NS // 2


def info(name: str, size: int, min_ns: int = DAY, n_blocks: int = 1) -> SegmentInfo:
    return SegmentInfo(name, size, min_ns, min_ns + 1, 1, 1, n_blocks, 1, ("t",), -1, 1)


def test_enough_of_about_one_size_are_merged() -> None:
    infos = [info(f"{i}", 8 * MIB + i) for i in range(3)]
    assert plan(infos, OPTIONS, NOON) == []
    infos.append(info("3", 9 * MIB))
    assert plan(infos, OPTIONS, NOON) == ["0", "1", "2", "3"]
    assert plan(infos, OPTIONS, NOON, without=["2"]) == []


def test_small_ones_are_not_merged_with_large_ones() -> None:
    infos = [info("large", 60 * MIB), *(info(f"{i}", 1000 + i) for i in range(3))]
    assert plan(infos, OPTIONS, NOON) == []


def test_days_stay_apart() -> None:
    infos = [info(f"{i}", 8 * MIB, DAY + (i % 2) * DAY_NS) for i in range(6)]
    assert plan(infos, OPTIONS, NOON + DAY_NS // 8) == []


def test_a_few_late_entries_do_not_make_a_segment_old() -> None:
    infos = [info(f"20241004-{i:016x}.wkl", 8 * MIB, DAY - i * DAY_NS) for i in range(4)]
    assert {day_of(one) for one in infos} == {20_000}
    assert len(plan(infos, OPTIONS, NOON)) == 4


def test_what_is_left_of_a_day_becomes_one_when_it_is_over() -> None:
    infos = [info("a", 30 * MIB), info("b", 9 * MIB), info("c", 2 * MIB), info("d", 100)]
    assert plan(infos, OPTIONS, DAY + DAY_NS) == []
    assert plan(infos, OPTIONS, DAY + DAY_NS + HOUR_NS) == ["a", "b", "c", "d"]
    assert plan(infos[:1], OPTIONS, DAY + 2 * DAY_NS) == []


def test_a_few_latecomers_do_not_rewrite_a_day() -> None:
    infos = [info("a", 30 * MIB), info("b", 1000), info("c", 1000)]
    assert plan(infos, OPTIONS, DAY + 9 * DAY_NS) == ["b", "c"]
    assert plan(infos[:2], OPTIONS, DAY + 9 * DAY_NS) == []


def test_nothing_becomes_too_large() -> None:
    infos = [info(f"{i}", 40 * MIB) for i in range(4)]
    assert plan(infos, OPTIONS, NOON) == []
    assert plan(infos, OPTIONS, DAY + 9 * DAY_NS) == ["0", "1"]
    assert plan([info(f"{i}", 200 * MIB) for i in range(9)], OPTIONS, DAY + 9 * DAY_NS) == []


def test_segments_without_blocks_are_left_alone() -> None:
    assert plan([info(f"{i}", 100, n_blocks=0) for i in range(9)], OPTIONS, NOON) == []


def test_tiers_grow_with_the_size() -> None:
    sizes = [1, 64 << 10, (64 << 10) + 1, 1 * MIB, 8 * MIB, 40 * MIB]
    tiers = [tier_of(size, OPTIONS) for size in sizes]
    assert tiers == sorted(tiers)
    assert tiers[0] == tiers[1] == 0


def test_a_byte_is_merged_a_few_times_at_most() -> None:
    rng = random.Random(3)
    options = StoreOptions()
    sizes: dict[str, int] = {}
    written = merged = 0
    for i in range(400):
        size = rng.randrange(100, 9 * MIB)
        written += size
        sizes[f"{i:05d}"] = size
        while names := plan([info(name, size) for name, size in sizes.items()], options, NOON):
            total = sum(sizes.pop(name) for name in names)
            merged += total
            sizes["m" + names[0]] = total
    assert merged < 2.2 * written
    assert len(sizes) < 40
