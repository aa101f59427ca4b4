"""What can be set about a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class TSDBOptions:
    """Settings of a `TSDB`, with upstream's defaults where upstream has the setting.

    retention_time_ms             0 keeps for ever
    retention_size_bytes          0 means no limit
    out_of_order_time_window_ms   how far behind the newest sample of the store a sample may come; 0: in order only
    fsync_interval_s              0 brings every write to the device before it is acknowledged
    block_ms                      time range of a block from the head
    max_block_ms                  of a compacted block; 0: a tenth of the retention, 31 days at most
    run_rows                      rows of a source that are sealed together
    max_open_samples              samples with own times that wait in memory before they are sealed
    wal_segment_bytes             size at which a segment of the log is full
    wal_max_segments              segments that unsealed rows may keep alive before they are sealed early
    max_exemplars                 size of the exemplar ring; 0 keeps none
    """

    retention_time_ms: int = 10 * DAY_MS
    retention_size_bytes: int = 0
    out_of_order_time_window_ms: int = 0
    fsync_interval_s: float = 1.0
    block_ms: int = 2 * HOUR_MS
    max_block_ms: int = 0
    run_rows: int = 128  # 0.19 bytes a sample; open rows wait as differences, so more rows cost little memory.
    max_open_samples: int = 500_000
    wal_segment_bytes: int = 16 << 20
    wal_max_segments: int = 8
    max_exemplars: int = 100_000
