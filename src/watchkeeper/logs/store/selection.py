"""Some of a push's entries, as a push of their own."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels.line_block import Metadata
from watchkeeper.logs.interface import EntryBatch

Mask = npt.NDArray[np.bool_]


def selected(batch: EntryBatch, good: Mask) -> tuple[EntryBatch, list[int]]:
    """The good entries of a batch, and the numbers of the streams that have any. What the batch came from is gone."""
    upto = np.concatenate(([0], np.cumsum(good)))
    entry_lo = upto[batch.entry_lo]
    kept = np.flatnonzero(np.diff(entry_lo))
    streams: list[int] = kept.tolist()
    return (
        EntryBatch(
            streams=[batch.streams[i] for i in streams],
            entry_lo=np.concatenate((entry_lo[kept], entry_lo[-1:])),
            times_ns=batch.times_ns[good],
            data=batch.data,
            line_at=batch.line_at[good],
            line_end=batch.line_end[good],
            metadata=None if batch.metadata is None else _selected_metadata(batch.metadata, good),
        ),
        streams,
    )


def _selected_metadata(metadata: Metadata, good: Mask) -> Metadata:
    counts = np.diff(metadata.pair_lo)
    pairs = np.zeros(len(metadata.name_at), np.bool_)
    first, last = int(metadata.pair_lo[0]), int(metadata.pair_lo[-1])
    pairs[first:last] = np.repeat(good, counts)
    return Metadata(
        np.concatenate(([0], np.cumsum(counts[good]))),
        metadata.name_at[pairs],
        metadata.name_end[pairs],
        metadata.value_at[pairs],
        metadata.value_end[pairs],
    )
