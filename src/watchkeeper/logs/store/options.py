"""What can be set about a store beyond upstream's configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MINUTE_NS: Final = 60 * 1_000_000_000
HOUR_NS: Final = 60 * MINUTE_NS
DAY_NS: Final = 24 * HOUR_NS
MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """Sizes in bytes, times in ns unless said.

    cut_raw_bytes      an open block is cut at this size of its lines
    max_open_bytes     memory of open blocks and of those that wait to be sealed; the largest are cut beyond it
    max_waiting_bytes  memory of blocks that wait to be sealed, beyond which pushes wait
    max_pending_bytes  sealed blocks that wait while segments can't be written, beyond which pushes are refused
    flush_bytes        sealed blocks of this size together become a segment
    max_pending_ns     how long a sealed block waits for others before it is written to a segment
    max_wal_bytes      beyond it, the streams that hold the oldest part of the log are cut
    fsync_interval_s   how often the log is brought to the device; 0: before every push is acknowledged
    cache_bytes        memory of sealed blocks kept for queries
    mapped_bytes       bytes of segments that queries may hold mapped before they are let go of
    merge_segments     segments of one size of one day that are merged together
    settle_ns          after the end of a day, before what is left of it is merged
    merge_raw_bytes    blocks of one stream are joined up to this size of their lines
    max_segment_bytes  a segment of this size is not merged further
    reserve_bytes      room on the disk that pushes leave to segments, without which the log could not be cut short
    seal_level         zstd level of blocks as they are cut
    merge_level        zstd level of joined blocks
    """

    cut_raw_bytes: int = MIB
    max_open_bytes: int = 32 * MIB
    max_waiting_bytes: int = 16 * MIB
    max_pending_bytes: int = 64 * MIB
    flush_bytes: int = 8 * MIB
    max_pending_ns: int = 10 * MINUTE_NS
    max_wal_bytes: int = 128 * MIB
    wal_segment_bytes: int = 16 * MIB
    fsync_interval_s: float = 1.0
    cache_bytes: int = 32 * MIB
    mapped_bytes: int = 16 * MIB
    merge_segments: int = 8
    settle_ns: int = HOUR_NS
    merge_raw_bytes: int = 4 * MIB
    max_segment_bytes: int = 512 * MIB
    reserve_bytes: int = 64 * MIB
    seal_level: int = 3
    merge_level: int = 3
