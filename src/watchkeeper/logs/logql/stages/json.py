"""`| json`: fields of lines that are JSON objects."""

from __future__ import annotations

import numpy as np

from watchkeeper.core.kernels import line_fields
from watchkeeper.core.kernels.line_block import JSON, PLAIN, Skeleton
from watchkeeper.core.kernels.texts import Coded
from watchkeeper.logs.logql.ast import JsonExtraction
from watchkeeper.logs.logql.columns import Column, Mask, joined, without
from watchkeeper.logs.logql.rows import BlockRows, Places
from watchkeeper.logs.logql.skeletons import (
    JSON_FORMAT,
    FieldSources,
    path_values,
    paths_of,
    taken_apart,
)
from watchkeeper.logs.logql.stages.stage import (
    JSON_ERROR,
    MALFORMED_OBJECT,
    Needed,
    add_field,
    count_made,
    scattered,
    source_names,
    together,
    too_many_names,
)

_BLANKS = b" \t\r\n"


def surely_no_object(skeleton: Skeleton, openers: bytes = b"{") -> bool:
    """Whether no line of the skeleton begins with one of these bytes, blanks apart."""
    for part in skeleton.parts:
        if isinstance(part, int):
            return skeleton.kind == PLAIN  # A token of plain text begins with no bracket, quote or blank.
        rest = part.lstrip(_BLANKS)
        if rest:
            return rest[:1] not in openers
    return False


class Json:
    """All fields, of which those that are needed are made columns.

    makes   the fields that are looked for; None for all
    """

    def __init__(self, needed: Needed, *, shared: bool) -> None:
        self._needed = needed
        self.makes = source_names(needed)
        self._shared = shared
        self._together = self._parse  # One object, by which labels know that they belong together.

    def _parse(self, rows: BlockRows) -> dict[str, Coded]:
        lines = rows.lines if rows.own_lines else rows.block.lines(rows.rows)
        return line_fields.json(lines, self.makes)[0]

    def run(self, rows: BlockRows) -> None:
        """Adds labels; marks rows that are no object."""
        sources = FieldSources(JSON_FORMAT, self.makes)
        rest: list[Places] = []
        if rows.own_lines:
            skeletons = rows.block.skeletons()
            if all(skeleton.kind != JSON and surely_no_object(skeleton) for skeleton in skeletons):
                rows.fail(slice_of(None), JSON_ERROR, MALFORMED_OBJECT)
                return
        if rows.own_lines and not rows.is_scattered:
            for number, places in rows.skeletons():
                skeleton = skeletons[number]
                if skeleton.kind != JSON:
                    if surely_no_object(skeleton):
                        rows.fail(slice_of(places), JSON_ERROR, MALFORMED_OBJECT)
                    else:
                        rest.append(places)
                elif not sources.add(number, skeleton):
                    rest.append(places)
        elif len(rows):
            rest.append(None)
        base: dict[str, Column] = {}
        if rest:
            places = together(rest, len(rows))
            try:
                columns, failed = line_fields.json(rows.lines_at(places), self.makes)
            except ValueError:
                raise too_many_names() from None
            _mark(rows, places, failed)
            base = scattered([(places, columns)], len(rows))
        for name, label in sources.labels(base, self._together):
            add_field(rows, name, label, self._needed, shared=self._shared)


class JsonPaths:
    """`| json a="b.c[0]"`: what stands at given paths. `makes` is their names."""

    def __init__(self, extractions: tuple[JsonExtraction, ...], needed: Needed, *, shared: bool) -> None:
        self._needed = needed
        self.makes = tuple(extraction.name for extraction in extractions)
        self._paths = tuple(extraction.path for extraction in extractions)
        self._shared = shared

    def run(self, rows: BlockRows) -> None:
        """Adds a label for each path, empty where nothing is found; marks rows that are no object."""
        parts: list[list[tuple[Places, Coded]]] = [[] for _ in self._paths]
        before = rows.budget.size_bytes
        rest: list[Places] = []
        if rows.own_lines and not rows.is_scattered:
            skeletons = rows.block.skeletons()
            for number, places in rows.skeletons():
                skeleton = skeletons[number]
                if skeleton.kind != JSON:
                    if surely_no_object(skeleton, b'{["'):
                        rows.fail(slice_of(places), JSON_ERROR, "")
                    else:
                        rest.append(places)
                    continue
                common, slots = taken_apart(skeleton.parts)
                fields = paths_of(common, self._paths)
                if fields is None:
                    rest.append(places)
                    continue
                chosen = rows.rows if places is None else rows.rows[places]
                for out, field, path in zip(parts, fields, self._paths, strict=True):
                    coded = path_values(rows.block, field, slots, chosen, path)
                    count_made(rows, (coded,))
                    out.append((places, coded))
        elif len(rows):
            rest.append(None)
        if rest:
            for places in rows.portions(len(self._paths), together(rest, len(rows))):
                columns, failed = line_fields.json_paths(rows.lines_at(places), self._paths)
                count_made(rows, columns)
                _mark(rows, places, failed, "")
                for out, coded in zip(parts, columns, strict=True):
                    out.append((places, coded))
        rows.budget.keep(before)
        for name, found in zip(self.makes, parts, strict=True):
            column = joined(found, len(rows))
            add_field(rows, name, _unless_there(rows, name, column), self._needed, shared=self._shared, overwrite=True)


def _unless_there(rows: BlockRows, name: str, column: Column) -> Column:
    """Without the empty texts of rows that have the label already."""
    there = rows.column(name)
    if there is None:
        return column
    empty = np.append(np.diff(column.values.texts.offsets) == 0, False)[column.codes]
    return without(column, empty & there.present)


def slice_of(places: Places) -> Mask | np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Places as an index that numpy takes."""
    return np.asarray(True) if places is None else places


def _mark(
    rows: BlockRows, places: Places, failed: np.ndarray[tuple[int], np.dtype[np.uint8]], details: str = MALFORMED_OBJECT
) -> None:
    if failed.any():
        where = np.flatnonzero(failed)
        rows.fail(where if places is None else places[where], JSON_ERROR, details)
