"""Which segments are to be merged; pure.

A merge joins segments of one UTC day and of about one size, so that a byte is merged once for each step in size.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Final

from watchkeeper.logs.store.options import DAY_NS, StoreOptions
from watchkeeper.logs.store.segment import SegmentInfo

_SMALLEST_TIER_BYTES: Final = 64 << 10
_LATECOMERS: Final = 4


def plan(infos: Sequence[SegmentInfo], options: StoreOptions, now_ns: int, without: Collection[str] = ()) -> list[str]:
    """Names of segments to merge next, oldest first; empty where nothing is to do.

    without   segments whose merge failed
    """
    days: dict[int, list[SegmentInfo]] = {}
    for info in infos:
        if info.n_blocks and info.name not in without:
            days.setdefault(day_of(info), []).append(info)
    for day in sorted(days, reverse=True):
        found = _of_day(days[day], options, is_over=(day + 1) * DAY_NS + options.settle_ns <= now_ns)
        if found:
            return [info.name for info in found]
    return []


def day_of(info: SegmentInfo) -> int:
    """The UTC day that a segment is of, from 1970 on: its name has it, so a few late entries do not make it old."""
    day = _day_of_name(info.name)
    return info.min_ns // DAY_NS if day is None else day


@functools.lru_cache(maxsize=10_000)
def _day_of_name(name: str) -> int | None:
    try:
        return (datetime.strptime(name.partition("-")[0], "%Y%m%d").date() - date(1970, 1, 1)).days
    except ValueError:
        return None


def _of_day(infos: Sequence[SegmentInfo], options: StoreOptions, *, is_over: bool) -> list[SegmentInfo]:
    tiers: dict[int, list[SegmentInfo]] = {}
    for info in infos:
        if info.size_bytes < options.max_segment_bytes:
            tiers.setdefault(tier_of(info.size_bytes, options), []).append(info)
    for tier in sorted(tiers):
        chosen = _fitting(tiers[tier], options.max_segment_bytes)
        if len(chosen) >= options.merge_segments:
            return chosen
    if is_over:
        # Nothing more is expected of this day: what is left becomes one.
        rest = sorted((info for mine in tiers.values() for info in mine), key=lambda info: info.size_bytes)
        while len(rest) > 1 and rest[-1].size_bytes > _LATECOMERS * sum(info.size_bytes for info in rest[:-1]):
            rest.pop()  # A few late entries are no reason to write it anew.
        chosen = _fitting(rest, options.max_segment_bytes)
        if len(chosen) > 1:
            return chosen
    return []


def _fitting(infos: Sequence[SegmentInfo], max_bytes: int) -> list[SegmentInfo]:
    """The oldest of the segments that together are not too large."""
    out: list[SegmentInfo] = []
    size = 0
    for info in sorted(infos, key=lambda info: (info.min_ns, info.name)):
        if size + info.size_bytes <= max_bytes:
            out.append(info)
            size += info.size_bytes
    return out


def tier_of(size_bytes: int, options: StoreOptions) -> int:
    """Segments of one tier are of about one size."""
    if size_bytes <= _SMALLEST_TIER_BYTES:
        return 0
    return 1 + int(math.log(size_bytes / _SMALLEST_TIER_BYTES, options.merge_segments))
