"""A label of many rows: codes into texts, made text or number only once for each that differs."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels.texts import Coded, Rows, Texts
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.logs.lines.units import floats

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

FEW_TEXTS: Final = 400
GATHER_BYTES: Final = 4 << 20
NO_TEXTS: Final = Texts(b"", np.zeros(1, np.int64))


class Values:
    """Texts that a column's codes point into; a text may stand twice. What is made of them is kept."""

    __slots__ = ("_floats", "_strings", "texts")

    def __init__(self, texts: Texts) -> None:
        self.texts = texts
        self._strings: list[str] | None = None
        self._floats: tuple[Floats, dict[int, str]] | None = None

    @classmethod
    def of_strings(cls, strings: Sequence[str]) -> Values:
        """From text, which is kept."""
        out = cls(Texts.of(text.encode("utf-8", "surrogateescape") for text in strings))
        out._strings = list(strings)
        return out

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def strings(self) -> list[str]:
        """Each as text; bytes that are not UTF-8 become U+FFFD."""
        if self._strings is None:
            self._strings = _strings(self.texts)
        return self._strings

    def string(self, code: int) -> str:
        """One of them, without making the others."""
        if self._strings is not None:
            return self._strings[code]
        return self.texts[code].decode("utf-8", "replace")

    def floats(self) -> tuple[Floats, dict[int, str]]:
        """Each as plain number, and the error's text of those that are none (their number is 0)."""
        if self._floats is None:
            self._floats = floats(self.texts)
        return self._floats


def _strings(texts: Texts) -> list[str]:
    if texts.data.isascii():
        whole = texts.data.decode("ascii")
        offsets = texts.offsets.tolist()
        return [whole[lo:hi] for lo, hi in itertools.pairwise(offsets)]
    return texts.strings()


class Column:
    """One label over the rows of a block.

    codes   int32 (n,); `values` has the text, -1 means that the row lacks the label (an empty text is not that)
    """

    __slots__ = ("codes", "values")

    def __init__(self, codes: Rows, values: Values) -> None:
        self.codes = codes
        self.values = values

    @classmethod
    def of(cls, coded: Coded) -> Column:
        """From a kernel's answer."""
        return cls(coded.codes, Values(coded.values))

    @classmethod
    def constant(cls, text: str, n: int) -> Column:
        """The same text in every row."""
        return cls(np.zeros(n, np.int32), Values.of_strings([text]))

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def size_bytes(self) -> int:
        """Of its texts and codes."""
        return len(self.values.texts.data) + self.codes.nbytes

    def take(self, rows: Mask | npt.NDArray[np.intp]) -> Column:
        """These rows, over the same values."""
        return Column(self.codes[rows], self.values)

    @property
    def present(self) -> Mask:
        """Which rows have the label."""
        return self.codes >= 0

    def used(self) -> npt.NDArray[np.intp]:
        """The codes that stand in some row, ascending, without -1."""
        if len(self.values) > 4 * len(self.codes) + 64:
            found = np.unique(self.codes)
            return found[found >= 0].astype(np.intp)
        seen = np.zeros(len(self.values) + 1, np.bool_)
        seen[self.codes] = True  # -1 marks the last place, which no value has
        return np.flatnonzero(seen[:-1])

    def passes(self, matcher: Matcher) -> Mask:
        """Which rows' text passes; a row without the label counts as empty."""
        texts = self.values.texts
        by_value = np.zeros(len(texts) + 1, np.bool_)
        if matcher.type in (MatchType.EQUAL, MatchType.NOT_EQUAL):
            by_value[:-1] = equal_to(texts, matcher.value.encode("utf-8", "surrogateescape"))
            by_value[-1] = matcher.value == ""
            if matcher.type is MatchType.NOT_EQUAL:
                np.logical_not(by_value, out=by_value)
        else:
            predicate = matcher.predicate()
            used = self.used()
            strings = self.values.strings if len(used) == len(texts) else None
            for code in used.tolist():
                by_value[code] = predicate(strings[code] if strings is not None else self.values.string(code))
            by_value[-1] = predicate("")
        return by_value[self.codes]

    def strings(self) -> list[str]:
        """Each row's text, empty where it lacks the label."""
        table = {code: self.values.string(code) for code in self.used().tolist()}
        table[-1] = ""
        return [table[code] for code in self.codes.tolist()]


def equal_to(texts: Texts, wanted: bytes) -> Mask:
    """Which texts are these bytes."""
    lengths = np.diff(texts.offsets)
    out = np.asarray(lengths == len(wanted))
    if not wanted or not out.any():
        return out
    places = np.flatnonzero(out)
    data = np.frombuffer(texts.data, np.uint8)
    target = np.frombuffer(wanted, np.uint8)
    # Byte by byte over those that are left: few are left after the first ones.
    at = texts.offsets[:-1][places]
    for k in range(len(wanted)):
        keep = data[at + k] == target[k]
        if not keep.all():
            at, places = at[keep], places[keep]
            if not len(places):
                break
    out[:] = False
    out[places] = True
    return out


def concatenated(parts: Sequence[Texts]) -> tuple[Texts, list[int]]:
    """All texts end to end, and how many texts stand before each part's."""
    parts_bytes = [part.data for part in parts]
    starts: list[int] = []
    offsets = [np.zeros(1, np.int64)]
    n = size = 0
    for part, data in zip(parts, parts_bytes, strict=True):
        starts.append(n)
        offsets.append(part.offsets[1:] + size)
        n += len(part)
        size += len(data)
    return Texts(b"".join(parts_bytes), np.concatenate(offsets)), starts


def merged(upper: Column, lower: Column) -> Column:
    """`upper` where it has a text, else `lower`."""
    if upper.values is lower.values:
        return Column(np.where(upper.codes >= 0, upper.codes, lower.codes), upper.values)
    texts, (_, start) = concatenated([upper.values.texts, lower.values.texts])
    below = np.where(lower.codes >= 0, lower.codes + np.int32(start), np.int32(-1))
    return Column(np.where(upper.codes >= 0, upper.codes, below).astype(np.int32), Values(texts))


def without(column: Column, mask: Mask) -> Column:
    """The column with its label taken from some rows."""
    return Column(np.where(mask, np.int32(-1), column.codes).astype(np.int32), column.values)


def joined(parts: Sequence[tuple[npt.NDArray[np.intp] | None, Coded]], n: int) -> Column:
    """A column over `n` rows from columns over parts of them; None is all rows, rows of no part lack the label."""
    if not parts:
        return Column(np.full(n, -1, np.int32), Values(NO_TEXTS))
    if len(parts) == 1:
        places, coded = parts[0]
        if places is None:
            return Column.of(coded)
        codes = np.full(n, -1, np.int32)
        codes[places] = coded.codes
        return Column(codes, Values(coded.values))
    codes = np.full(n, -1, np.int32)
    if sum(len(coded.values) for _, coded in parts) <= FEW_TEXTS:
        # Few texts are made different ones: what is done for each is done once, and groups are not told apart twice.
        known: dict[bytes, int] = {}
        for places, coded in parts:
            table = [known.setdefault(text, len(known)) for text in coded.values]
            codes[slice(None) if places is None else places] = np.array([*table, -1], np.int32)[coded.codes]
        return Column(codes, Values(Texts.of(known)))
    texts, starts = concatenated([coded.values for _, coded in parts])
    for (places, coded), start in zip(parts, starts, strict=True):
        shifted = np.where(coded.codes >= 0, coded.codes + np.int32(start), np.int32(-1)).astype(np.int32)
        codes[slice(None) if places is None else places] = shifted
    return Column(codes, Values(texts))


def gathered(texts: Texts, rows: Mask | npt.NDArray[np.intp]) -> Texts:
    """The texts at these rows, copied by numpy."""
    places = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
    lengths = np.diff(texts.offsets)[places]
    offsets = np.zeros(len(places) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    data = np.frombuffer(texts.data, np.uint8)
    starts = texts.offsets[:-1][places]
    size = int(offsets[-1])
    if size <= GATHER_BYTES:
        return Texts(data[np.arange(size) + np.repeat(starts - offsets[:-1], lengths)].tobytes(), offsets)
    # Some at a time: the places take many times the memory of the texts.
    bounds = np.unique(np.append(np.searchsorted(offsets, np.arange(0, size, GATHER_BYTES)), len(places))).tolist()
    parts = []
    for lo, hi in itertools.pairwise(bounds):
        if hi - lo == 1:
            parts.append(texts[int(places[lo])])
            continue
        at = np.arange(offsets[lo], offsets[hi]) + np.repeat(starts[lo:hi] - offsets[lo:hi], lengths[lo:hi])
        parts.append(data[at].tobytes())
    return Texts(b"".join(parts), offsets)
