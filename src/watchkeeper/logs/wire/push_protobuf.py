"""Pushes as protobuf: Loki's `PushRequest`, already unpacked from snappy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from watchkeeper.core.kernels import log_push
from watchkeeper.core.kernels.line_block import Metadata
from watchkeeper.logs.interface import EntryBatch, PushError

RAW_PROTOBUF: Final = 1  # The kind of a body: a PushRequest, not packed.

PushEntry = tuple[int, bytes, Sequence[tuple[str, str]]]
"""Time in ns, line, structured metadata."""


def decode_protobuf(body: bytes) -> EntryBatch:
    """The entries of a PushRequest, as places in `body`. Raises PushError (400) where the bytes are none."""
    try:
        labels, entry_lo, times, line_at, line_end, pairs = log_push.decode(body)
    except ValueError as error:
        raise PushError(400, f"proto: {error}" if "truncated" not in str(error) else "unexpected EOF") from None
    return EntryBatch(
        streams=[text.decode("utf-8", "surrogateescape") for text in labels],
        entry_lo=entry_lo,
        times_ns=times,
        data=body,
        line_at=line_at,
        line_end=line_end,
        metadata=None if pairs is None else Metadata(*pairs),
        body=(RAW_PROTOBUF, body),
    )


def encode_batch(batch: EntryBatch) -> bytes:
    """The PushRequest of a batch, not packed."""
    labels = [str(stream).encode("utf-8", "surrogateescape") for stream in batch.streams]
    found = batch.metadata
    pairs = found and (found.pair_lo, found.name_at, found.name_end, found.value_at, found.value_end)
    return log_push.encode(
        labels, batch.entry_lo, batch.times_ns, batch.data, batch.line_at, batch.line_end, pairs or None
    )


def encode_push(streams: Iterable[tuple[str, Sequence[PushEntry]]]) -> bytes:
    """The PushRequest of a few streams, each its label text and its entries, not packed.

    For entries that are in arrays already `encode_batch` is much faster.
    """
    labels: list[bytes] = []
    entry_lo, pair_lo = [0], [0]
    times: list[int] = []
    lines: list[bytes] = []
    texts: list[bytes] = []
    for text, entries in streams:
        labels.append(text.encode("utf-8", "surrogateescape"))
        for time_ns, line, pairs in entries:
            times.append(time_ns)
            lines.append(line)
            texts += [part.encode("utf-8", "surrogateescape") for pair in pairs for part in pair]
            pair_lo.append(len(texts) // 2)
        entry_lo.append(len(times))
    bounds = np.cumsum([0, *map(len, lines), *map(len, texts)], dtype=np.int64)
    at, end = bounds[len(lines) : -1], bounds[len(lines) + 1 :]
    metadata = (
        np.array(pair_lo, np.int64),
        at[0::2].copy(),
        end[0::2].copy(),
        at[1::2].copy(),
        end[1::2].copy(),
    )
    return log_push.encode(
        labels,
        np.array(entry_lo, np.int64),
        np.array(times, np.int64),
        b"".join(lines) + b"".join(texts),
        bounds[: len(lines)].copy(),
        bounds[1 : len(lines) + 1].copy(),
        metadata if texts else None,
    )
