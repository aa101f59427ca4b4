"""Lines that are too long, cut to size."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from watchkeeper.logs.interface import EntryBatch


def truncated(batch: EntryBatch, long: npt.NDArray[np.bool_], limit: int, identifier: bytes) -> EntryBatch:
    """A batch whose long lines end at `limit` bytes, the identifier included; the rest is the batch's own.

    long        bool (n,): lines of more than `limit` bytes
    identifier  stands at the end of a line that was cut; left out where it is longer than the limit itself
    """
    line_at, line_end = batch.line_at.copy(), batch.line_end.copy()
    keep = limit - len(identifier) if len(identifier) < limit else limit
    line_end[long] = line_at[long] + keep
    data = batch.data
    if identifier and keep < limit:
        # Few lines are so long: they are put behind the others, with their ending.
        rows = np.flatnonzero(long)
        parts = [
            data[lo:hi] + identifier for lo, hi in zip(line_at[rows].tolist(), line_end[rows].tolist(), strict=True)
        ]
        line_at[rows] = len(data) + np.arange(len(rows)) * limit
        line_end[rows] = line_at[rows] + limit
        data = b"".join([data, *parts])
    return dataclasses.replace(batch, data=data, line_at=line_at, line_end=line_end, body=None)
