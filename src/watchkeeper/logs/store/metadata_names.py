"""Names of structured metadata, made such that LogQL can ask for them: `trace.id` → `trace_id`, as upstream does."""

from __future__ import annotations

import dataclasses
import re
from typing import Final

import numpy as np

from watchkeeper.core.kernels import pair_names
from watchkeeper.core.kernels.line_block import Metadata
from watchkeeper.logs.interface import EntryBatch

_OTHER: Final = re.compile(r"[^a-zA-Z0-9_]")


def sanitized_name(name: bytes) -> bytes:
    """`a.b` → `a_b`, `1a` → `key_1a`, `_a` → `key_a`; each character that no name may hold is an underscore."""
    text = _OTHER.sub("_", name.decode("utf-8", "replace"))
    if text[:1].isdigit():
        text = f"key_{text}"
    elif text.startswith("_") and not text.startswith("__"):
        text = f"key{text}"
    return text.encode()


def with_sanitized_names(batch: EntryBatch) -> tuple[EntryBatch, int]:
    """A batch whose metadata has proper names, and how many were changed; the batch itself where none was.

    Names without a character stay.
    """
    metadata = batch.metadata
    if metadata is None or not len(metadata.name_at):
        return batch, 0
    at, end = metadata.name_at, metadata.name_end
    changed = np.flatnonzero(pair_names.improper(batch.data, at, end).view(np.bool_) & (end > at))
    if not len(changed):
        return batch, 0
    name_at, name_end = at.copy(), end.copy()
    data = np.frombuffer(batch.data, np.uint8)
    parts = [batch.data]
    size = len(batch.data)
    sizes = end[changed] - at[changed]
    for length in np.unique(sizes).tolist():
        pairs = changed[sizes == length]
        texts = data[at[pairs][:, None] + np.arange(length)]
        # Few names differ: each is written once, behind everything else.
        distinct, codes = np.unique(texts, axis=0, return_inverse=True)
        for code, name in enumerate(distinct):
            new = sanitized_name(name.tobytes())
            rows = pairs[codes.reshape(-1) == code]
            name_at[rows], name_end[rows] = size, size + len(new)
            parts.append(new)
            size += len(new)
    clean = Metadata(metadata.pair_lo, name_at, name_end, metadata.value_at, metadata.value_end)
    return dataclasses.replace(batch, data=b"".join(parts), metadata=clean, body=None), len(changed)
