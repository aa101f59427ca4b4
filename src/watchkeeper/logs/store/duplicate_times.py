"""Entries of one push and stream with the same time, moved apart by a nanosecond each, where that is asked for."""

from __future__ import annotations

import dataclasses

import numpy as np

from watchkeeper.logs.interface import EntryBatch, Times


def increment_duplicates(batch: EntryBatch) -> EntryBatch:
    """A batch in which an entry has a nanosecond more than the one before it, where their times are equal and their
    lines are not. Lines that are equal too keep their time, so that they are still known as duplicates."""
    times = batch.times_ns
    same = np.flatnonzero(times[1:] == times[:-1]) + 1
    starts = np.isin(same, batch.entry_lo)
    same = same[~starts]
    if not len(same):
        return batch
    out = times.copy()
    entry_lo = batch.entry_lo.tolist()
    # Off unless it is asked for: a loop over the streams that have such times.
    for i in np.unique(np.searchsorted(batch.entry_lo, same, "right") - 1).tolist():
        _move(batch, out, entry_lo[i], entry_lo[i + 1])
    return dataclasses.replace(batch, times_ns=out, body=None)


def _move(batch: EntryBatch, out: Times, lo: int, hi: int) -> None:
    times = batch.times_ns[lo:hi].tolist()
    lines = [
        batch.data[at:end]
        for at, end in zip(batch.line_at[lo:hi].tolist(), batch.line_end[lo:hi].tolist(), strict=True)
    ]
    previous = times[0]
    for i in range(1, len(times)):
        if lines[i] != lines[i - 1] and times[i] in (previous, times[i - 1]):
            times[i] = times[i - 1] + 1
        else:
            previous = times[i]
    out[lo:hi] = times
