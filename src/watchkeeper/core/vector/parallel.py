"""Work on many rows, cut into pieces: for the cores, and so that a query can be stopped between two pieces."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

PIECE_CELLS: Final = 2_000_000  # some 10 ms of a kernel: the longest that a canceled query goes on
SPLIT_CELLS: Final = 200_000  # below this a second thread costs more than it saves


@functools.cache
def _cores() -> int:
    return os.cpu_count() or 1  # Asking costs more than a small kernel.


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_cores(), thread_name_prefix="kernel")


def over_rows(n_rows: int, cells: int, work: Callable[[int, int], int], check: Callable[[], None]) -> int:
    """Run `work(lo, hi)` over all rows and return the sum of what it returned.

    cells   the size of the whole work, whatever is counted
    work    releases the GIL, and writes to its own rows only
    check   called between pieces; what it raises ends the work
    """
    if n_rows == 0:
        return 0
    cores = _cores()
    pieces = max(cells // PIECE_CELLS + 1, cores if cells >= SPLIT_CELLS else 1)
    size = -(-n_rows // min(pieces, n_rows))
    spans = [(lo, min(lo + size, n_rows)) for lo in range(0, n_rows, size)]
    total = 0
    if len(spans) == 1 or cores == 1:
        for lo, hi in spans:
            check()
            total += work(lo, hi)
        return total
    # A few pieces at a time, so that a canceled query leaves none behind in the pool.
    for at in range(0, len(spans), cores):
        check()
        futures = [_pool().submit(work, lo, hi) for lo, hi in spans[at + 1 : at + cores]]
        try:
            total += work(*spans[at])
        finally:
            total += sum(future.result() for future in futures)
    return total
