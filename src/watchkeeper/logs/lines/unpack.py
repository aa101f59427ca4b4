"""Lines that the agent's `pack` stage wrote: labels of the entry, and under `_entry` the line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import orjson

from watchkeeper.core.kernels import line_fields
from watchkeeper.core.kernels.texts import Coded, Texts

ENTRY: Final = "_entry"


def unpack(lines: Texts) -> tuple[dict[str, Coded], Texts, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """The labels that were packed into each line, the lines that were, and which are no JSON objects.

    Only strings count. A line without `_entry` is left as it is, and has no labels.
    """
    columns, entries, failed = line_fields.unpack(lines)
    return columns, entries, failed.view(np.bool_)


def pack(labels: Mapping[str, str], line: str) -> bytes:
    """One line that `unpack` takes apart; the labels are sorted by name."""
    return orjson.dumps({**dict(sorted(labels.items())), ENTRY: line})
