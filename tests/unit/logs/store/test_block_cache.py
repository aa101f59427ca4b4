"""Blocks lately used, within a bound of memory, whose sizes change while they are used."""

from __future__ import annotations

from watchkeeper.logs.store.block_cache import IN_USE, BlockCache


class Growing:
    """Stands for a block."""

    def __init__(self, size_bytes):
        self.size_bytes = size_bytes


def filled(cache, n, size_bytes=10):
    return [cache.get(("s", i), lambda: Growing(size_bytes)) for i in range(n)]


def test_those_not_used_for_longest_go_first():
    cache = BlockCache(100)
    blocks = filled(cache, 10)
    assert cache.get(("s", 0), lambda: Growing(10)) is blocks[0]
    cache.get(("s", 10), lambda: Growing(10))
    assert len(cache) == 10
    assert cache.get(("s", 0), lambda: Growing(10)) is blocks[0]
    assert cache.get(("s", 1), lambda: Growing(10)) is not blocks[1]


def test_blocks_that_grew_make_room_for_none():
    cache = BlockCache(100)
    for block in filled(cache, 10):
        block.size_bytes = 60
    cache.get(("s", 10), lambda: Growing(10))
    assert cache.size_bytes <= 100


def test_all_are_measured_when_there_is_time():
    cache = BlockCache(1000)
    blocks = filled(cache, 96, 1)
    assert len(blocks) > IN_USE
    for block in blocks:
        block.size_bytes = 20
    cache.shrink()
    assert cache.size_bytes <= 1000
    assert len(cache) == 50


def test_the_last_one_stays_however_large_it_is():
    cache = BlockCache(100)
    cache.get(("s", 1), lambda: Growing(1000))
    assert len(cache) == 1


def test_a_segments_blocks_are_forgotten():
    cache = BlockCache(100)
    filled(cache, 5)
    cache.get(("t", 1), lambda: Growing(10))
    cache.drop("s")
    assert len(cache) == 1
    assert cache.size_bytes == 10
    filled(cache, 9)
    assert len(cache) == 10
