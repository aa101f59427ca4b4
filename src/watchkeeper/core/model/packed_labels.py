"""Many label sets in one buffer: how a remote-write request carries its series to the store without an object each.

A set is `name 0xff value 0xff` for each label, sorted by name; 0xff stands in no UTF-8 text, so the bytes are the
set's identity.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

from watchkeeper.core.model.labels import Labels


class PackedLabels(Sequence[Labels]):
    """Set `i` is `buffer[offsets[i]:offsets[i + 1]]`; offsets are int64 (n + 1,)."""

    __slots__ = ("buffer", "offsets")

    def __init__(self, buffer: bytes, offsets: npt.NDArray[np.int64]) -> None:
        self.buffer = buffer
        self.offsets = offsets

    @classmethod
    def of(cls, label_sets: Iterable[Labels]) -> PackedLabels:
        """From single label sets."""
        packed = [pack(labels) for labels in label_sets]
        offsets = np.zeros(len(packed) + 1, np.int64)
        np.cumsum([len(key) for key in packed], out=offsets[1:])
        return cls(b"".join(packed), offsets)

    def key(self, i: int) -> bytes:
        """The canonical bytes of one set."""
        return self.buffer[int(self.offsets[i]) : int(self.offsets[i + 1])]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, i: int) -> Labels: ...
    @overload
    def __getitem__(self, i: slice) -> list[Labels]: ...
    def __getitem__(self, i: int | slice) -> Labels | list[Labels]:
        if isinstance(i, slice):
            return [unpack(self.key(row)) for row in range(*i.indices(len(self)))]
        if not -len(self) <= i < len(self):
            raise IndexError(i)
        return unpack(self.key(i % len(self)))


def pack(labels: Labels) -> bytes:
    """The canonical bytes of one label set."""
    return b"".join(b"%s\xff%s\xff" % (name.encode(), value.encode()) for name, value in labels)


def unpack(key: bytes) -> Labels:
    """The label set of canonical bytes."""
    texts = [text.decode() for text in key.split(b"\xff")]
    return Labels(zip(texts[:-1:2], texts[1::2], strict=True))
