"""Many byte strings end to end in one buffer: the currency of log lines and field values."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Offsets = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """`n` byte strings. They need not be UTF-8: a log line is kept as it came.

    data      all of them, one after the other
    offsets   int64 (n + 1,), ascending: text i is `data[offsets[i]:offsets[i + 1]]`
    """

    data: bytes
    offsets: Offsets

    @classmethod
    def of(cls, texts: Iterable[bytes]) -> Texts:
        """From single byte strings."""
        parts = list(texts)
        offsets = np.zeros(len(parts) + 1, np.int64)
        np.cumsum([len(part) for part in parts], out=offsets[1:])
        return cls(b"".join(parts), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, i: int) -> bytes:
        if i < 0:
            i += len(self)
        return self.data[self.offsets[i] : self.offsets[i + 1]]

    def __iter__(self) -> Iterator[bytes]:
        data, offsets = self.data, self.offsets.tolist()
        return (data[lo:hi] for lo, hi in itertools.pairwise(offsets))

    @property
    def lengths(self) -> Offsets:
        """int64 (n,): the size of each in bytes."""
        return np.diff(self.offsets)

    def strings(self) -> list[str]:
        """Each as text; bytes that are not UTF-8 become U+FFFD."""
        return [text.decode("utf-8", "replace") for text in self]

    def take(self, rows: Rows | Sequence[int]) -> Texts:
        """The texts at these rows, in their order."""
        return Texts.of(self[int(row)] for row in rows)


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """`n` texts as codes into distinct ones, so that work on a text is done once for each that differs.

    codes    int32 (n,); `values[code]` is the text, -1 means that the row has none
    values   distinct texts; some may be in no row
    """

    codes: Rows
    values: Texts

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: Rows) -> Coded:
        """These rows, over the same values."""
        return Coded(self.codes[rows], self.values)
