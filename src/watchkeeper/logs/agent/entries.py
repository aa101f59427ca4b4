"""Entries on their way through a pipeline, as columns: a stage works on the lines of one read at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

Value = Any
"""What a stage extracted: text (also as bytes), a number, a boolean; None where there is nothing."""

Column = list[Value]
LabelSet = dict[str, str]
Metadata = tuple[tuple[str, str], ...]

TENANT: Final = "__tenant_id__"


@dataclass(slots=True, eq=False)
class Entries:
    """`n` entries of one origin, in order.

    lines      as they came, without the newline
    times_ns   of each
    sets       the distinct label sets; a stage makes new ones, and changes none
    set_of     which of them each entry has
    initial    the labels that all had at first: what is extracted starts as these
    extracted  columns by name; an entry without a value has None
    metadata   structured metadata of each; None where no entry has any
    origin     the file or connection they come from
    at         where each line starts in the origin, where a stage wants to know
    """

    lines: list[bytes]
    times_ns: list[int]
    sets: list[LabelSet]
    set_of: list[int]
    initial: LabelSet
    extracted: dict[str, Column] = field(default_factory=dict)
    metadata: list[Metadata] | None = None
    origin: str = ""
    at: list[int] | None = None

    @classmethod
    def of(
        cls,
        labels: LabelSet,
        lines: list[bytes],
        times_ns: list[int],
        *,
        metadata: list[Metadata] | None = None,
        origin: str = "",
        at: list[int] | None = None,
    ) -> Entries:
        """Entries that all have the same labels."""
        return cls(lines, times_ns, [labels], [0] * len(lines), labels, {}, metadata, origin, at)

    def __len__(self) -> int:
        return len(self.lines)

    def column(self, name: str) -> Column | None:
        """What was extracted under a name; None where no entry has it."""
        found = self.extracted.get(name)
        if found is None and name in self.initial:
            found = [self.initial[name]] * len(self.lines)
        return found

    def extract(self, name: str, column: Column, *, keep: bool = True) -> None:
        """Sets a column; with `keep`, an entry without a new value keeps the old one."""
        if keep and None in column:
            old = self.column(name)
            if old is not None:
                column = [before if now is None else now for now, before in zip(column, old, strict=True)]
        self.extracted[name] = column

    def source(self, name: str | None) -> list[str | None]:
        """The text that a stage reads: the line, or what was extracted under a name."""
        if not name:
            return [line.decode("utf-8", "surrogateescape") for line in self.lines]
        return [text_of(value) for value in self.column(name) or [None] * len(self.lines)]

    def source_bytes(self, name: str | None) -> list[bytes | None]:
        """As `source`, as bytes."""
        if not name:
            return list(self.lines)
        column = self.column(name) or [None] * len(self.lines)
        return [bytes_of(value) for value in column]

    def take(self, rows: Sequence[int]) -> Entries:
        """These entries, in the order in which they are."""
        return self if len(rows) == len(self.lines) else self.picked(rows)

    def single(self, row: int) -> Entries:
        """One entry, with its labels alone."""
        found = self.picked((row,))
        found.sets, found.set_of = [self.sets[self.set_of[row]]], [0]
        return found

    def copied(self) -> Entries:
        """The same entries; what becomes of one does not touch the other."""
        return self.picked(range(len(self.lines)))

    def picked(self, rows: Sequence[int]) -> Entries:
        """These entries, in this order."""
        return Entries(
            [self.lines[row] for row in rows],
            [self.times_ns[row] for row in rows],
            self.sets,
            [self.set_of[row] for row in rows],
            self.initial,
            {name: [column[row] for row in rows] for name, column in self.extracted.items()},
            None if self.metadata is None else [self.metadata[row] for row in rows],
            self.origin,
            None if self.at is None else [self.at[row] for row in rows],
        )

    def relabel(self, change: Callable[[LabelSet], LabelSet]) -> None:
        """Puts another label set in the place of each that there is."""
        self.sets = [change(labels) for labels in self.sets]

    def set_labels(self, columns: dict[str, list[str | None]]) -> None:
        """Gives each entry these labels; None leaves a label as it is."""
        names = tuple(columns)
        known: dict[tuple[Any, ...], int] = {}
        sets: list[LabelSet] = []
        set_of: list[int] = []
        old = self.sets
        for key in zip(self.set_of, *columns.values(), strict=True):
            code = known.get(key)
            if code is None:
                given = {name: value for name, value in zip(names, key[1:], strict=True) if value is not None}
                labels = {**old[key[0]], **given}
                code = known[key] = len(sets)
                sets.append(labels)
            set_of.append(code)
        self.sets, self.set_of = sets, set_of


def text_of(value: Value) -> str | None:
    """An extracted value as text: `true`, `200`, `0.25`; None for nothing."""
    if value is None or type(value) is str:
        return value
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        # Upstream's JSON knows floats alone: a whole number keeps as many digits as these have.
        return str(value) if -(2**53) <= value <= 2**53 else format(float(value), ".0f")
    if isinstance(value, float):
        return plain_number(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return str(value)


def bytes_of(value: Value) -> bytes | None:
    """An extracted value as the bytes of its text."""
    if value is None or type(value) is bytes:
        return value
    text = text_of(value)
    return None if text is None else text.encode("utf-8", "surrogateescape")


def plain_number(value: float) -> str:
    """The shortest digits that give the number again, without an exponent."""
    text = repr(value)
    if "e" in text or "n" in text:
        from decimal import Decimal

        text = format(Decimal(text), "f") if value - value == 0 else {"inf": "+Inf", "-inf": "-Inf"}.get(text, "NaN")
    return text.removesuffix(".0")


def label_text(text: str) -> str:
    """A text as the value of a label: bytes that were no UTF-8 are U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def concatenated(parts: Sequence[Entries]) -> Entries:
    """Entries of the same initial labels, one after the other."""
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    out = Entries([], [], [], [], first.initial, {}, None, first.origin, None)
    names = dict.fromkeys(name for part in parts for name in part.extracted)
    for name in names:
        out.extracted[name] = [value for part in parts for value in (part.column(name) or [None] * len(part.lines))]
    if any(part.metadata is not None for part in parts):
        out.metadata = [one for part in parts for one in (part.metadata or [()] * len(part.lines))]
    if all(part.at is not None for part in parts):
        out.at = [at for part in parts for at in part.at or ()]
    for part in parts:
        base = len(out.sets)
        out.sets += part.sets
        out.set_of += [base + code for code in part.set_of]
        out.lines += part.lines
        out.times_ns += part.times_ns
    return out
