"""Which blocks are dropped."""

from __future__ import annotations

from watchkeeper.metrics.tsdb.block_meta import BlockMeta
from watchkeeper.metrics.tsdb.retention import beyond_size, beyond_time

METAS = [BlockMeta(name, start, start + 10) for name, start in [("c", 20), ("a", 0), ("d", 30), ("b", 10)]]
SIZES = dict.fromkeys("abcd", 100)


def test_by_time_whole_blocks_go() -> None:
    def gone(retention_ms: int) -> list[str]:
        return [meta.ulid for meta in beyond_time(METAS, retention_ms)]

    assert gone(0) == []
    assert gone(31) == []
    assert gone(30) == ["a"]
    assert gone(20) == ["b", "a"]
    assert gone(1) == ["c", "b", "a"]
    assert beyond_time([], 5) == []


def test_by_size_the_oldest_go_and_the_head_counts() -> None:
    def gone(max_bytes: int, head_bytes: int = 0) -> list[str]:
        return [meta.ulid for meta in beyond_size(METAS, SIZES, max_bytes, head_bytes)]

    assert gone(0) == []
    assert gone(400) == []
    assert gone(399) == ["a"]
    assert gone(400, 1) == ["a"]
    assert gone(250) == ["b", "a"]
    assert gone(1) == ["d", "c", "b", "a"]
