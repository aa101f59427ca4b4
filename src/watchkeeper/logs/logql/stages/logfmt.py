"""`| logfmt`: key=value pairs of lines."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels import line_fields
from watchkeeper.core.kernels.line_block import LOGFMT
from watchkeeper.core.kernels.line_regex import Automaton
from watchkeeper.core.kernels.texts import Coded
from watchkeeper.logs.lines.logfmt_fault import logfmt_fault
from watchkeeper.logs.logql.ast import LogfmtExtraction
from watchkeeper.logs.logql.columns import Column, merged, without
from watchkeeper.logs.logql.rows import BlockRows, Label, Lazy, Places
from watchkeeper.logs.logql.skeletons import FieldSources, Format
from watchkeeper.logs.logql.stages.stage import (
    LOGFMT_ERROR,
    Needed,
    add_field,
    scattered,
    source_names,
    together,
    too_many_names,
)

_NOWHERE: Final = np.zeros(0, np.intp)
_UNCLEAN: Final = re.compile(r"[^a-zA-Z0-9_]")


class Logfmt:
    """All pairs, or those that are asked for under names of their own.

    makes   the names that are looked for; None for all
    """

    def __init__(
        self,
        needed: Needed,
        *,
        shared: bool,
        strict: bool = False,
        keep_empty: bool = False,
        extractions: tuple[LogfmtExtraction, ...] = (),
    ) -> None:
        self._needed = needed
        self._shared = shared
        self._strict = strict
        self._format = Format(LOGFMT, keep_empty)
        self._extractions = extractions
        self._together = self._parse  # One object, by which labels know that they belong together.
        if extractions:
            self._wanted: tuple[str, ...] | None = tuple(sorted({_cleaned(each.key) for each in extractions}))
        else:
            self._wanted = source_names(needed)
        self.makes = tuple(each.name for each in extractions) if extractions else self._wanted
        self._keys: list[Automaton] | None = None
        if self._wanted is not None and not keep_empty and not any("_" in name for name in self._wanted):
            # Names without `_` are keys as they stand in the line; a pair with a value has `=` behind its key.
            self._keys = [Automaton.literal(name.encode() + b"=") for name in self._wanted]

    def _parse(self, rows: BlockRows) -> dict[str, Coded]:
        lines = rows.lines if rows.own_lines else rows.block.lines(rows.rows)
        return line_fields.logfmt(lines, self._wanted, keep_empty=self._format.keep_empty)[0]

    def run(self, rows: BlockRows) -> None:
        """Adds labels; with `--strict`, marks malformed rows."""
        found = self._found(rows)
        if not self._extractions:
            for name, label in found.items():
                add_field(rows, name, label, self._needed, shared=self._shared)
            return
        for each in self._extractions:
            got = found.get(_cleaned(each.key))
            column = got.resolve(rows) if isinstance(got, Lazy) else got
            if each.name not in rows.of.labels:
                empty = Column.constant("", len(rows))
                column = empty if not isinstance(column, Column) else merged(column, empty)
            if isinstance(column, Column):
                below = rows.resolved(rows.structured, each.name)
                if isinstance(below, Column):
                    blank = np.append(np.diff(column.values.texts.offsets) == 0, False)[column.codes]
                    column = without(column, blank & below.present)
                add_field(rows, each.name, column, self._needed, shared=self._shared, overwrite=True)

    def _worth_parsing(self, rows: BlockRows, places: Places) -> Places:
        """Of these rows, those whose lines may hold a pair that is wanted. Other lines are not restored."""
        if self._wanted is None or self._strict:
            return places
        if not self._wanted:
            return _NOWHERE
        if self._keys is None or not rows.own_lines:
            return places
        chosen = rows.rows if places is None else rows.rows[places]
        found = np.zeros(len(chosen), np.bool_)
        for key in self._keys:
            found |= rows.block.search(key, chosen).view(np.bool_)
        if found.all():
            return places
        return np.flatnonzero(found) if places is None else places[found]

    def _found(self, rows: BlockRows) -> dict[str, Label]:
        sources = FieldSources(self._format, self._wanted)
        rest: list[Places] = []
        if rows.own_lines and not self._strict and not rows.is_scattered:
            skeletons = rows.block.skeletons()
            for number, places in rows.skeletons():
                skeleton = skeletons[number]
                if skeleton.kind != LOGFMT or not sources.add(number, skeleton):
                    rest.append(places)
        elif len(rows):
            rest.append(None)
        base: dict[str, Column] = {}
        places = self._worth_parsing(rows, together(rest, len(rows))) if rest else _NOWHERE
        if places is None or len(places):
            try:
                columns, failed = line_fields.logfmt(
                    rows.lines_at(places), self._wanted, strict=self._strict, keep_empty=self._format.keep_empty
                )
            except ValueError:
                raise too_many_names() from None
            if failed.any():
                where = np.flatnonzero(failed)
                _mark(rows, where if places is None else places[where])
            base = scattered([(places, columns)], len(rows))
        return dict(sources.labels(base, self._together))


def _mark(rows: BlockRows, where: npt.NDArray[np.intp]) -> None:
    """Give malformed rows their errors; of lines that are malformed alike, at once."""
    by_fault: dict[str, list[int]] = {}
    for place, line in zip(where.tolist(), rows.lines_at(where), strict=True):
        by_fault.setdefault(logfmt_fault(line), []).append(place)
    for fault, places in by_fault.items():
        rows.fail(np.array(places, np.intp), LOGFMT_ERROR, fault)


def _cleaned(key: str) -> str:
    name = _UNCLEAN.sub("_", key)
    return "_" + name if name[:1].isdigit() else name
