"""Whether two lists of label sets are the same, without making any label set."""

from __future__ import annotations

import numpy as np

from watchkeeper.core.model.label_sets import LabelSets


def are_same(a: LabelSets, b: LabelSets) -> bool:
    """Whether both have the same sets in the same order and code them alike; lists that don't may yet be equal."""
    if a is b:
        return True
    if a.names != b.names or a.codes.shape != b.codes.shape:
        return False
    if a.codes is not b.codes and not np.array_equal(a.codes, b.codes):
        return False
    if a.strings is b.strings or not a.codes.size:
        return True
    n = int(a.codes.max()) + 1
    if n <= 4 * a.codes.size:
        return a.strings[:n] == b.strings[:n]
    # Few of many strings are in use: a group-by keeps those of the series that it grouped.
    used = a.codes.ravel().tolist()
    return all(a.strings[code] == b.strings[code] for code in used)
