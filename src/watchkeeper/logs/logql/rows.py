"""Rows of one block on their way through a query's stages.

Labels have three origins: the stream, structured metadata, and the pipeline itself. A name may stand in more than one;
the pipeline's value then hides the others, and structured metadata hides the stream's. A column whose values nobody
asked for yet is a `Lazy`: it is decoded for the rows that are left when somebody does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels.line_block import Block
from watchkeeper.core.kernels.texts import Coded, Rows, Texts
from watchkeeper.logs.interface import Stream, Times
from watchkeeper.logs.logql.columns import Column, Mask, Values, gathered, joined, merged, without
from watchkeeper.logs.logql.guard import Budget

ERROR: Final = "__error__"
ERROR_DETAILS: Final = "__error_details__"

ROWS_AT_ONCE: Final = 12  # So many lines are parsed in the time that one column of one skeleton takes.
MANY_SKELETONS: Final = 32  # Up to so many, looking at each costs less than unpacking all columns of a block.
PIECE_ROWS: Final = 8192
"""Rows that go through a pipeline together: enough for arrays to pay, few enough for lines of a thousand fields."""

FEW_COLUMNS: Final = 16
PORTION_BYTES: Final = 16 << 20  # Of columns that a parser makes at once.

Places: TypeAlias = npt.NDArray[np.intp] | None
"""Places in the rows; None is all of them."""


class Lazy:
    """A column that is made when it is asked for.

    base      what is known already of some rows, or None; the rest comes from `decode`
    decode    the column for the rows as they are then
    numbers   the same as numbers, or None where a text must be looked at: float64 and the rows that have the label
    field     its name among the fields of its lines
    together  all fields of its lines at once, by name: less work where there are few rows
    """

    __slots__ = ("base", "decode", "field", "numbers", "together")

    def __init__(
        self,
        decode: Callable[[BlockRows], Column],
        base: Column | None = None,
        numbers: Callable[[BlockRows], tuple[npt.NDArray[np.float64], Mask] | None] | None = None,
        field: str = "",
        together: Callable[[BlockRows], dict[str, Coded]] | None = None,
    ) -> None:
        self.decode = decode
        self.base = base
        self.numbers = numbers
        self.field = field
        self.together = together

    def take(self, mask: Mask | npt.NDArray[np.intp]) -> Lazy:
        """For some of the rows."""
        base = None if self.base is None else self.base.take(mask)
        return Lazy(self.decode, base, self.numbers, self.field, self.together)

    def resolve(self, rows: BlockRows) -> Column:
        """The column."""
        found = self.decode(rows)
        return found if self.base is None else merged(self.base, found)


Label: TypeAlias = str | Column | Lazy
"""A label over all rows: one text for all, or a column."""


class BlockRows:
    """Rows of a block that are still wanted, and their labels.

    rows        int32 (n,), ascending in time
    stream      labels of the stream, as stages have left them; likewise `structured` and `parsed`
    extracted   by name, the rows that a parser already took the name from; kept where several parsers follow each other
    errors      int32 (n,) into `error_texts`, -1 for none; None where no row has any
    budget      what stages may make
    """

    __slots__ = (
        "_error_codes",
        "_lines",
        "_own_lines",
        "_partition",
        "_times",
        "block",
        "budget",
        "error_texts",
        "errors",
        "extracted",
        "of",
        "parsed",
        "rows",
        "stream",
        "structured",
    )

    def __init__(
        self, block: Block, of: Stream, rows: Rows, times: Times | None = None, budget: Budget | None = None
    ) -> None:
        self.block = block
        self.budget = budget or Budget()
        self.of = of
        self.rows = rows
        self.stream: dict[str, Label] = dict(of.labels.pairs)
        self.structured: dict[str, Label] = {}
        self.parsed: dict[str, Label] = {}
        self.extracted: dict[str, Mask] = {}
        self.errors: Rows | None = None
        self.error_texts: list[tuple[str, str]] = []
        self._error_codes: dict[tuple[str, str], int] = {}
        self._lines: Texts | None = None
        self._own_lines = True
        self._partition: list[tuple[int, Places]] | None = None
        self._times = times

    def __len__(self) -> int:
        return len(self.rows)

    # --- rows ------------------------------------------------------------------------------------------------------

    def keep(self, mask: Mask | npt.NDArray[np.intp]) -> None:
        """Only these rows from now on: a mask, or places in ascending order."""
        if mask.dtype == np.bool_ and bool(mask.all()):
            return
        self.rows = self.rows[mask]
        for labels in (self.stream, self.structured, self.parsed):
            for name, label in labels.items():
                if not isinstance(label, str):
                    labels[name] = label.take(mask)
        self.extracted = {name: rows[mask] for name, rows in self.extracted.items()}
        if self.errors is not None:
            self.errors = self.errors[mask]
        if self._times is not None:
            self._times = self._times[mask]
        if self._lines is not None:
            self._lines = gathered(self._lines, mask)
        self._partition = None

    @property
    def times(self) -> Times:
        """int64 ns (n,)."""
        if self._times is None:
            self._times = self.block.times[self.rows]
        return self._times

    def skeletons(self) -> list[tuple[int, Places]]:
        """The skeletons that rows have, and which rows."""
        if self._partition is None:
            self._partition = partition(self.block.skeleton_of(self.rows))
        return self._partition

    @property
    def is_scattered(self) -> bool:
        """Whether there are so many skeletons for so few rows that it is less work to restore and parse their lines."""
        n_skeletons = len(self.skeletons())
        return n_skeletons > MANY_SKELETONS and n_skeletons * ROWS_AT_ONCE > len(self)

    # --- lines -----------------------------------------------------------------------------------------------------

    @property
    def own_lines(self) -> bool:
        """Whether the lines still are those of the block."""
        return self._own_lines

    @property
    def lines(self) -> Texts:
        """The line of each row, as stages have left it."""
        if self._lines is None:
            self._lines = self.block.lines(self.rows)
        return self._lines

    @lines.setter
    def lines(self, lines: Texts) -> None:
        self._lines = lines
        self._own_lines = False

    def lines_at(self, places: Places) -> Texts:
        """The lines of some rows."""
        if places is None:
            return self.lines
        if self._lines is None:
            return self.block.lines(self.rows[places])
        return gathered(self._lines, places)

    def portions(self, n_columns: int, places: Places = None) -> list[Places]:
        """Some rows in parts, ascending; of each so few that so many columns, each as large as the lines, are bearable
        before somebody counts them."""
        if n_columns <= FEW_COLUMNS:
            return [places]
        lengths = self.line_lengths() if places is None else self.line_lengths()[places]
        ends = np.cumsum(lengths) * n_columns
        if not len(ends) or ends[-1] <= PORTION_BYTES:
            return [places]
        cuts = np.searchsorted(ends, np.arange(PORTION_BYTES, int(ends[-1]), PORTION_BYTES)) + 1
        all_places = np.arange(len(self)) if places is None else places
        return [part for part in np.split(all_places, np.unique(cuts)) if len(part)]

    def line_lengths(self) -> npt.NDArray[np.int64]:
        """Their sizes in bytes."""
        if self._lines is not None:
            return np.diff(self._lines.offsets)
        return self.block.line_lengths(self.rows)

    # --- labels ----------------------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """Every label that some row may have, without errors; sorted."""
        return sorted({*self.stream, *self.structured, *self.parsed})

    def resolved(self, labels: dict[str, Label], name: str) -> Column | str | None:
        """A label of one origin, decoded if it was not."""
        label = labels.get(name)
        if isinstance(label, Lazy):
            label = labels[name] = label.resolve(self)
        return label

    def resolve_all(self) -> None:
        """Decode all labels that the pipeline made, for somebody who is going to look at each of them."""
        groups: dict[int, list[tuple[str, Lazy]]] = {}
        for name, label in self.parsed.items():
            if isinstance(label, Lazy) and label.together is not None:
                groups.setdefault(id(label.together), []).append((name, label))
        for members in groups.values():
            if len(self) >= ROWS_AT_ONCE * len(members) * len(self.skeletons()):
                continue  # Column by column is less work.
            together = members[0][1].together
            assert together is not None
            found = together(self)
            for name, label in members:
                coded = found.get(label.field)
                self.parsed[name] = joined([], len(self)) if coded is None else Column.of(coded)

    def get(self, name: str) -> Column | str | None:
        """A label's value in each row as filters see it; None where no row has it."""
        if name in (ERROR, ERROR_DETAILS):
            return self._error_column(name)
        out: Column | str | None = None
        for labels in (self.parsed, self.structured, self.stream):
            found = self.resolved(labels, name)
            if found is None:
                continue
            if out is None:
                out = found
                continue
            assert isinstance(out, Column)
            out = merged(out, found if isinstance(found, Column) else Column.constant(found, len(self)))
            if bool(out.present.all()):
                break
        return out

    def column(self, name: str) -> Column | None:
        """The same, as a column also where all rows have one value."""
        found = self.get(name)
        return Column.constant(found, len(self)) if isinstance(found, str) else found

    def _error_column(self, name: str) -> Column | None:
        if self.errors is None:
            return None
        which = 0 if name == ERROR else 1
        # Details may be empty where the error is not: then there is no such label.
        codes = self.errors
        if which == 1:
            empty = np.array([not texts[1] for texts in self.error_texts], np.bool_)
            codes = np.where((codes >= 0) & empty[codes], np.int32(-1), codes)
        return Column(codes, Values.of_strings([texts[which] for texts in self.error_texts]))

    def set_parsed(self, name: str, label: Label) -> None:
        """Give rows a label of the pipeline's own, in place of structured metadata; rows that the column lacks keep
        theirs. Raises LimitExceeded."""
        if isinstance(label, Column):
            self.budget.made(label.size_bytes)
        if name in self.structured:
            if isinstance(label, Lazy):
                label = label.resolve(self)
            below = self.resolved(self.structured, name)
            if isinstance(label, str):
                del self.structured[name]
            elif below is not None:
                column = below if isinstance(below, Column) else Column.constant(below, len(self))
                self.structured[name] = without(column, label.present)
        old = self.parsed.get(name)
        if old is None or isinstance(label, str):
            self.parsed[name] = label
            return
        below = self.resolved(self.parsed, name)
        if isinstance(label, Lazy):
            label = label.resolve(self)
        if below is not None:
            label = merged(label, below if isinstance(below, Column) else Column.constant(below, len(self)))
        self.parsed[name] = label

    def delete(self, name: str, rows: Mask | None = None) -> None:
        """Take a label from all rows, or from some."""
        for labels in (self.stream, self.structured, self.parsed):
            if name not in labels:
                continue
            if rows is None:
                del labels[name]
                continue
            found = self.resolved(labels, name)
            column = Column.constant(found, len(self)) if isinstance(found, str) else found
            assert column is not None
            labels[name] = without(column, rows)

    # --- errors ----------------------------------------------------------------------------------------------------

    @property
    def failed(self) -> Mask:
        """Which rows have an error."""
        if self.errors is None:
            return np.zeros(len(self), np.bool_)
        return self.errors >= 0

    def fail(self, rows: Mask | npt.NDArray[np.intp], kind: str, details: str) -> None:
        """Give rows an error, in place of the one that they may have."""
        if self.errors is None:
            self.errors = np.full(len(self), -1, np.int32)
        texts = kind, details
        code = self._error_codes.setdefault(texts, len(self.error_texts))
        if code == len(self.error_texts):
            self.error_texts.append(texts)
        self.errors[rows] = code

    def forgive(self, name: str, rows: Mask | None = None) -> None:
        """Take the error from all rows or from some; of ERROR_DETAILS, its details alone."""
        if self.errors is None:
            return
        if name == ERROR_DETAILS:
            chosen = self.failed if rows is None else rows & self.failed
            for code in np.unique(self.errors[chosen]).tolist():
                self.fail(chosen & (self.errors == code), self.error_texts[code][0], "")
        elif rows is None:
            self.errors = None
        else:
            self.errors[rows] = -1


def partition(ids: npt.NDArray[np.int32]) -> list[tuple[int, Places]]:
    """Distinct ids, ascending, and the places of each, ascending; None where all are equal."""
    if not len(ids):
        return []
    first = int(ids[0])
    if bool((ids == first).all()):
        return [(first, None)]
    # Small numbers in two bytes are sorted by counting.
    order = np.argsort(ids.astype(np.uint16) if ids.min() >= 0 and ids.max() < 1 << 16 else ids, kind="stable")
    ordered = ids[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    ends = np.append(starts[1:], len(ids))
    return [(int(ordered[lo]), order[lo:hi]) for lo, hi in zip(starts.tolist(), ends.tolist(), strict=True)]
