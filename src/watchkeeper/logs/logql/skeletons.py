"""Which field of a JSON or logfmt line is which slot of its skeleton: found out once, for all lines that share it.

The parser kernel itself tells: it is given one line in which each slot holds a number of its own, and where these
numbers come out, there the slots' values would. So names are cleaned and repeated keys are settled as in any line.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels import line_fields
from watchkeeper.core.kernels.line_block import JSON, LOGFMT, Block, Skeleton
from watchkeeper.core.kernels.texts import Coded, Rows, Texts
from watchkeeper.logs.logql.columns import NO_TEXTS, Column, Mask, concatenated, equal_to, joined
from watchkeeper.logs.logql.rows import BlockRows, Label, Lazy

Parts: TypeAlias = tuple[bytes | None, ...]
"""A skeleton's parts; None stands for any slot."""
Path: TypeAlias = tuple[str | int, ...]

CONSTANT: Final = -1
COMPOSITE: Final = -2
_FIRST: Final = 710_000_000_000_000_000  # Texts of so many digits are in no skeleton by accident.
_MARK: Final = str(_FIRST)[:12].encode()


@dataclass(frozen=True, slots=True)
class Field:
    """Where a field's text comes from.

    slot     number among the skeleton's slots, in order; CONSTANT for a text that all lines have, COMPOSITE for one
             that several slots and texts make up
    text     that text
    quoted   the slot stands in quotes
    sole     no other slot gives the field where this one gives none
    """

    slot: int
    text: bytes = b""
    quoted: bool = False
    sole: bool = True


@dataclass(frozen=True, slots=True)
class Format:
    """How the lines of one kind of skeleton are parsed. `keep_empty` is of logfmt."""

    kind: int
    keep_empty: bool = False

    def parse(self, lines: Texts, names: tuple[str, ...] | None) -> dict[str, Coded]:
        """The kernel's columns of whole lines."""
        if self.kind == JSON:
            return line_fields.json(lines, names)[0]
        return line_fields.logfmt(lines, names, keep_empty=self.keep_empty)[0]

    def line(self, value: bytes, *, quoted: bool) -> bytes:
        """A line with nothing but the field `k`."""
        if quoted:
            value = b'"' + value + b'"'
        return b'{"k":' + value + b"}" if self.kind == JSON else b"k=" + value


JSON_FORMAT: Final = Format(JSON)


@functools.lru_cache(maxsize=2048)
def taken_apart(parts: tuple[bytes | int, ...]) -> tuple[Parts, list[int]]:
    """What two skeletons of the same shape have in common, and the block's numbers of the slots, in order."""
    common = tuple(part if isinstance(part, bytes) else None for part in parts)
    return common, [part for part in parts if isinstance(part, int)]


def _numbered(parts: Parts) -> tuple[bytes, dict[bytes, int], list[bool]]:
    """A line with a number in each slot, the slot of each number, and which slots stand in quotes."""
    out: list[bytes] = []
    slots: dict[bytes, int] = {}
    quoted: list[bool] = []
    for part in parts:
        if part is None:
            quoted.append(bool(out) and out[-1].endswith(b'"'))
            number = str(_FIRST + len(slots)).encode()
            slots[number] = len(slots)
            out.append(number)
        else:
            out.append(part)
    return b"".join(out), slots, quoted


def _field(text: bytes, slots: dict[bytes, int], quoted: list[bool]) -> Field:
    """The field that came out as this text."""
    slot = slots.get(text)
    if slot is not None:
        return Field(slot, quoted=quoted[slot])
    return Field(COMPOSITE) if _MARK in text else Field(CONSTANT, text)


@functools.lru_cache(maxsize=2048)
def fields_of(form: Format, parts: Parts) -> dict[str, Field] | None:
    """Every field by its cleaned name; None where the skeleton has to be parsed line by line."""
    line, slots, quoted = _numbered(parts)
    texts = Texts.of([line])
    if form.kind == JSON:
        columns, failed = line_fields.json(texts, None)
    else:
        columns, failed = line_fields.logfmt(texts, None, strict=True, keep_empty=form.keep_empty)
    if failed[0]:
        return None
    out: dict[str, Field] = {}
    for name, coded in columns.items():
        if coded.codes[0] < 0:
            continue
        out[name] = _field(coded.values[int(coded.codes[0])], slots, quoted)
    if sum(field.slot >= 0 for field in out.values()) < len(slots):
        # Some slots gave nothing: in arrays, or of a key that stands twice.
        out = {name: Field(field.slot, field.text, field.quoted, sole=False) for name, field in out.items()}
    return out


@functools.lru_cache(maxsize=1024)
def paths_of(parts: Parts, paths: tuple[Path, ...]) -> list[Field] | None:
    """What stands at each path of a JSON skeleton; None where it has to be parsed line by line."""
    line, slots, quoted = _numbered(parts)
    columns, failed = line_fields.json_paths(Texts.of([line]), paths)
    if failed[0]:
        return None
    out: list[Field] = []
    for coded in columns:
        text = coded.values[int(coded.codes[0])] if coded.codes[0] >= 0 else b""
        out.append(_field(text, slots, quoted))
    return out


def constant(text: bytes, n: int) -> Coded:
    """The same text in all rows."""
    return Coded(np.zeros(n, np.int32), Texts.of([text]))


def missing(n: int) -> Coded:
    """No text in any row."""
    return Coded(np.full(n, -1, np.int32), NO_TEXTS)


def field_values(block: Block, form: Format, field: Field, slots: list[int], rows: Rows, name: str) -> Coded:
    """The field's text in each of these rows, which all have the field's skeleton; -1 where a row lacks it."""
    if field.slot == CONSTANT:
        return constant(field.text, len(rows))
    if field.slot == COMPOSITE:
        return form.parse(block.lines(rows), (name,)).get(name) or missing(len(rows))
    coded = block.values(slots[field.slot], rows)
    texts = coded.values
    if form.kind == JSON and not field.quoted:
        special = equal_to(texts, b"null") if b"null" in texts.data else None
    else:
        special = _special(texts, form, quoted=field.quoted)
    if special is None:
        return coded
    if not field.sole:
        # Where this slot gives nothing another may: the lines tell.
        touched = np.append(special, False)[coded.codes]
        if touched.any():
            rest = Coded(np.where(touched, np.int32(-1), coded.codes).astype(np.int32), texts)
            found = form.parse(block.lines(rows[touched]), (name,)).get(name)
            parts: list[tuple[npt.NDArray[np.intp] | None, Coded]] = [(np.flatnonzero(~touched), rest)]
            parts[0] = (np.flatnonzero(~touched), Coded(rest.codes[~touched], texts))
            if found is not None:
                parts.append((np.flatnonzero(touched), found))
            column = joined(parts, len(rows))
            return Coded(column.codes, column.values.texts)
        return coded
    return _reread(coded, special, lambda values: form.parse(values, ("k",)).get("k"), form, quoted=field.quoted)


def path_values(block: Block, field: Field, slots: list[int], rows: Rows, path: Path) -> Coded:
    """What stands at a path in each of these rows; empty where nothing does."""
    if field.slot == CONSTANT:
        return constant(field.text, len(rows))
    if field.slot == COMPOSITE:
        return line_fields.json_paths(block.lines(rows), (path,))[0][0]
    coded = block.values(slots[field.slot], rows)
    texts = coded.values
    if field.quoted:
        special = _special(texts, JSON_FORMAT, quoted=True)
    else:
        special = equal_to(texts, b"null") if b"null" in texts.data else None
    if special is None:
        return coded
    return _reread(
        coded,
        special,
        lambda values: line_fields.json_paths(values, (("k",),))[0][0],
        JSON_FORMAT,
        quoted=field.quoted,
    )


def _special(texts: Texts, form: Format, *, quoted: bool) -> Mask | None:
    """Which values are not what they look like: with escapes, beyond ASCII, or empty; None for no value."""
    ascii_only = texts.data.isascii()
    escapes = quoted and b"\\" in texts.data
    empty = None
    if form.kind == LOGFMT and not form.keep_empty:
        empty = np.diff(texts.offsets) == 0
        if not empty.any():
            empty = None
    if ascii_only and not escapes:
        return empty
    data = np.frombuffer(texts.data, np.uint8)
    odd = data >= 0x80
    if escapes:
        odd |= data == 0x5C
    out = np.zeros(len(texts), np.bool_)
    out[np.searchsorted(texts.offsets, np.flatnonzero(odd), "right") - 1] = True
    return out if empty is None else out | empty


def _reread(
    coded: Coded, special: Mask, parse: Callable[[Texts], Coded | None], form: Format, *, quoted: bool
) -> Coded:
    """The special values replaced by what the parser makes of them."""
    places = np.flatnonzero(special)
    lines = Texts.of(form.line(coded.values[int(place)], quoted=quoted) for place in places)
    found = parse(lines) or missing(len(places))
    texts, (_, start) = concatenated([coded.values, found.values])
    table = np.arange(len(coded.values) + 1, dtype=np.int32)
    table[-1] = -1
    table[places] = np.where(found.codes >= 0, found.codes + np.int32(start), np.int32(-1))
    return Coded(table[coded.codes], texts)


def _slot_decoder(
    form: Format, name: str, sources: dict[int, tuple[Field, list[int]]]
) -> Callable[[BlockRows], Column]:
    """Decodes one field for rows of several skeletons: by skeleton the field and its slots."""

    def decode(rows: BlockRows) -> Column:
        parts = []
        for skeleton, places in rows.skeletons():
            source = sources.get(skeleton)
            if source is not None:
                chosen = rows.rows if places is None else rows.rows[places]
                parts.append((places, field_values(rows.block, form, *source, chosen, name)))
        return joined(parts, len(rows))

    return decode


def _slot_numbers(
    sources: dict[int, tuple[Field, list[int]]],
) -> Callable[[BlockRows], tuple[npt.NDArray[np.float64], Mask] | None]:
    """Likewise as numbers: float64 and which rows have the field; None where a column is not known to be numbers."""

    def decode(rows: BlockRows) -> tuple[npt.NDArray[np.float64], Mask] | None:
        out: npt.NDArray[np.float64] | None = None
        has: Mask | None = None
        for skeleton, places in rows.skeletons():
            source = sources.get(skeleton)
            if source is None:
                continue
            field, slots = source
            if field.slot < 0:
                return None
            chosen = rows.rows if places is None else rows.rows[places]
            numbers = rows.block.numbers(slots[field.slot], chosen)
            if numbers is None:
                return None
            if places is None:
                return numbers, np.ones(len(rows), np.bool_)
            if out is None or has is None:
                out, has = np.zeros(len(rows)), np.zeros(len(rows), np.bool_)
            out[places] = numbers
            has[places] = True
        if out is None or has is None:
            return np.zeros(len(rows)), np.zeros(len(rows), np.bool_)
        return out, has

    return decode


class FieldSources:
    """Which slots the fields of a block's lines are in, by name and by number of the skeleton.

    wanted   the only fields that count; None for all
    """

    __slots__ = ("_form", "_sources", "_wanted")

    def __init__(self, form: Format, wanted: Sequence[str] | None) -> None:
        self._form = form
        self._wanted = None if wanted is None else set(wanted)
        self._sources: dict[str, dict[int, tuple[Field, list[int]]]] = {}

    def add(self, number: int, skeleton: Skeleton) -> bool:
        """Take in the fields of a skeleton; False where its lines have to be parsed."""
        common, slots = taken_apart(skeleton.parts)
        fields = fields_of(self._form, common)
        if fields is None:
            return False
        for name, field in fields.items():
            if self._wanted is None or name in self._wanted:
                self._sources.setdefault(name, {})[number] = field, slots
        return True

    def labels(
        self, base: Mapping[str, Column], together: Callable[[BlockRows], dict[str, Coded]]
    ) -> Iterator[tuple[str, Label]]:
        """Each field by its name. `base` holds those of lines that were parsed; `together` is as of `Lazy`."""
        for name in dict.fromkeys((*self._sources, *base)):
            source = self._sources.get(name)
            if source is None:
                yield name, base[name]
            else:
                numbers = _slot_numbers(source) if name not in base else None
                decode = _slot_decoder(self._form, name, source)
                yield name, Lazy(decode, base.get(name), numbers, name, together)
