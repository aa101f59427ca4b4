"""Many label sets at once, as columns of codes: what selects return and what operators work on.

A group-by, a join or a label_replace over 100,000 series is then a few array operations over the columns it names,
and no `Labels` object is made for a series that no answer shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from watchkeeper.core.model.labels import Labels

Codes = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class LabelSets:
    """`n` label sets over the names that any of them has.

    names     label names, sorted, without repetition
    codes     int32 (n, len(names)); `strings[code]` is the value; code 0 means that the set lacks the label
    strings   values by code; `strings[0]` is the empty string; no string stands twice among the codes in use
    """

    names: tuple[str, ...]
    codes: Codes
    strings: Sequence[str]

    @classmethod
    def of(cls, label_sets: Iterable[Labels]) -> LabelSets:
        """From single label sets, in their order."""
        rows = list(label_sets)
        names = tuple(sorted({name for row in rows for name, _ in row}))
        column = {name: i for i, name in enumerate(names)}
        code_of: dict[str, int] = {"": 0}
        codes = np.zeros((len(rows), len(names)), np.int32)
        for i, row in enumerate(rows):
            for name, value in row:
                codes[i, column[name]] = code_of.setdefault(value, len(code_of))
        return cls(names, codes, list(code_of))

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, i: int) -> Labels:
        """One label set as a value."""
        strings = self.strings
        return Labels(
            (name, strings[code]) for name, code in zip(self.names, self.codes[i].tolist(), strict=True) if code
        )

    def __iter__(self) -> Iterator[Labels]:
        return (self[i] for i in range(len(self)))

    def take(self, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_] | Sequence[int]) -> LabelSets:
        """The label sets at these rows, in their order; columns that became empty are dropped."""
        codes = self.codes[np.asarray(rows)]
        return LabelSets(self.names, codes, self.strings)._without_empty_columns()

    def column(self, name: str) -> Codes:
        """The codes of one label, zeros where no set has it."""
        if name in self.names:
            return self.codes[:, self.names.index(name)]
        return np.zeros(len(self), np.int32)

    def keep(self, names: Iterable[str]) -> LabelSets:
        """Only the named labels; sets may now repeat."""
        wanted = set(names)
        kept = [i for i, name in enumerate(self.names) if name in wanted]
        return LabelSets(tuple(self.names[i] for i in kept), self.codes[:, kept], self.strings)

    def drop(self, names: Iterable[str]) -> LabelSets:
        """All but the named labels; sets may now repeat."""
        unwanted = set(names)
        return self.keep(name for name in self.names if name not in unwanted)

    def distinct(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Groups of equal sets: the first row of each group (in order of first appearance), and each row's group."""
        key = np.zeros(len(self), np.int64)
        for i in range(len(self.names)):
            column = self.codes[:, i]
            # Renumbered after each column, so that the product can't leave 64 bits.
            _, key = np.unique(key * (int(column.max(initial=0)) + 1) + column, return_inverse=True)
        _, first, group = np.unique(key, return_index=True, return_inverse=True)
        order = np.argsort(first, kind="stable")
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        return first[order], rank[group]

    def sort_order(self) -> npt.NDArray[np.intp]:
        """Row numbers in ascending order of the label sets, compared as `Labels` are."""
        return np.array(sorted(range(len(self)), key=[labels.pairs for labels in self].__getitem__), np.intp)

    def _without_empty_columns(self) -> LabelSets:
        used = np.flatnonzero(np.maximum.reduce(self.codes, axis=0, initial=0)).tolist()
        return self if len(used) == len(self.names) else self.keep(self.names[i] for i in used)


def unified(parts: Sequence[LabelSets]) -> tuple[LabelSets, list[slice]]:
    """All parts below each other over one list of strings, and where each part's rows went."""
    names = tuple(sorted({name for part in parts for name in part.names}))
    column = {name: i for i, name in enumerate(names)}
    total = sum(len(part) for part in parts)
    codes = np.zeros((total, len(names)), np.int32)
    code_of: dict[str, int] = {"": 0}
    places: list[slice] = []
    lo = 0
    for part in parts:
        place = slice(lo, lo + len(part))
        # Marking the codes in use is linear, where sorting them would cost more than all the rest.
        marked = np.zeros(max(len(part.strings), 1), np.bool_)
        marked[part.codes.ravel()] = True
        marked[0] = False
        translated = np.zeros(len(marked), np.int32)
        for code in np.flatnonzero(marked).tolist():
            translated[code] = code_of.setdefault(part.strings[code], len(code_of))
        if len(part.names):
            codes[place, [column[name] for name in part.names]] = translated[part.codes]
        places.append(place)
        lo = place.stop
    return LabelSets(names, codes, list(code_of)), places
