"""Which segments are to go, or to be rewritten, for their age or for their size; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.logs.store.limits import Limits
from watchkeeper.logs.store.options import DAY_NS
from watchkeeper.logs.store.segment import SegmentInfo

FOREVER_NS: Final = 1 << 62
_WORTH: Final = 0.2  # A segment is rewritten when this share of it is to go.


def shortest_period(limits: Limits) -> int:
    """No stream of these limits is kept for less, in ns; 0 where all are kept for ever."""
    periods = [limits.retention_period_ns, *(entry.period_ns for entry in limits.retention_stream)]
    return min((period for period in periods if period), default=0)


def expired(max_ns: npt.NDArray[np.int64], period_ns: npt.NDArray[np.int64], now_ns: int) -> npt.NDArray[np.bool_]:
    """bool (n,): which blocks have nothing left that is kept. `period_ns` of each block's stream; 0 for ever."""
    return (period_ns > 0) & (max_ns < now_ns - period_ns)


def is_worth(
    gone: npt.NDArray[np.bool_],
    size: npt.NDArray[np.int64],
    max_ns: npt.NDArray[np.int64],
    period_ns: npt.NDArray[np.int64],
    now_ns: int,
) -> bool:
    """Whether a segment is rewritten without the blocks that are gone: not where the rest follows within a day."""
    if not gone.any():
        return False
    if gone.all():
        return True
    lasting = np.where(period_ns > 0, period_ns, FOREVER_NS)
    if int((max_ns[~gone] + np.minimum(lasting[~gone], FOREVER_NS // 2)).max()) <= now_ns + DAY_NS:
        return False
    overdue_ns = now_ns - int((max_ns[gone] + period_ns[gone]).min())
    return overdue_ns >= DAY_NS or int(size[gone].sum()) >= _WORTH * int(size.sum())


def beyond_size(infos: Sequence[SegmentInfo], max_bytes: int) -> list[str]:
    """Names of the segments that have no room, oldest first; 0 is no bound."""
    if max_bytes <= 0:
        return []
    used = sum(info.size_bytes for info in infos)
    gone = []
    for info in sorted(infos, key=lambda info: (info.max_ns, info.name)):
        if used <= max_bytes:
            break
        gone.append(info.name)
        used -= info.size_bytes
    return gone
