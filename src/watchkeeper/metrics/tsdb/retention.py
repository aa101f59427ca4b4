"""Which blocks are to go, by age and by size; pure.

Source of the rules: Prometheus's BeyondTimeRetention and BeyondSizeRetention.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from watchkeeper.metrics.tsdb.block_meta import BlockMeta


def beyond_time(metas: Sequence[BlockMeta], retention_ms: int) -> list[BlockMeta]:
    """Blocks whose newest sample is a whole retention older than the newest block's end; oldest last.

    Age is counted from the newest block, not from the clock, so that a clock that jumps deletes nothing. Without a
    retention (0) nothing goes.
    """
    if not metas or retention_ms <= 0:
        return []
    newest_ms = max(meta.max_time_ms for meta in metas)
    return [meta for meta in _newest_first(metas) if newest_ms - meta.max_time_ms >= retention_ms]


def beyond_size(
    metas: Sequence[BlockMeta], sizes: Mapping[str, int], max_bytes: int, head_bytes: int
) -> list[BlockMeta]:
    """The oldest blocks that have no room; oldest last.

    sizes       bytes by ulid
    max_bytes   what all may use; 0 is without limit
    head_bytes  what WAL and head take: it counts, and only blocks can go
    """
    if max_bytes <= 0:
        return []
    used = head_bytes
    newest_first = _newest_first(metas)
    for i, meta in enumerate(newest_first):
        used += sizes[meta.ulid]
        if used > max_bytes:
            return newest_first[i:]
    return []


def _newest_first(metas: Sequence[BlockMeta]) -> list[BlockMeta]:
    return sorted(metas, key=lambda meta: (meta.max_time_ms, meta.ulid), reverse=True)
