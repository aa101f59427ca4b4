"""The 64-bit hash of a label set, the same whichever form the set is in.

It depends on the canonical bytes alone: `name 0xff value 0xff` for each label, in name order. Two sets of one hash may
still differ: whoever groups by it compares the labels too.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels.label_hash import hash_canonical, hash_codes, hash_texts
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import Labels

Hashes = npt.NDArray[np.uint64]


def hash_labels(labels: Labels) -> int:
    """The hash of one label set."""
    key = b"".join(b"%s\xff%s\xff" % (_utf8(name), _utf8(value)) for name, value in labels)
    return int(hash_canonical(key, np.array([0, len(key)]))[0])


def hash_packed(buffer: bytes, offsets: npt.NDArray[np.int64]) -> Hashes:
    """uint64 (n,): the hashes of label sets in canonical bytes, set i being `buffer[offsets[i]:offsets[i + 1]]`."""
    return hash_canonical(buffer, np.ascontiguousarray(offsets, np.int64))


def hash_label_sets(label_sets: LabelSets) -> Hashes:
    """uint64 (n,): the hash of each set; only strings in use are looked at."""
    codes = np.ascontiguousarray(label_sets.codes)
    strings = label_sets.strings
    used = np.zeros(max(len(strings), 1), np.bool_)
    used[codes.ravel()] = True
    used[0] = False
    rows = np.flatnonzero(used)
    values = np.zeros(len(used), np.uint64)
    values[rows] = hash_texts([strings[code] for code in rows.tolist()])
    return hash_codes(codes, hash_texts(list(label_sets.names)), values)


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
