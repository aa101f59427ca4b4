"""What every stage is, and how parser stages give rows their labels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol, TypeAlias

import numpy as np

from watchkeeper.core.kernels.texts import Coded
from watchkeeper.core.model.errors import LimitExceeded
from watchkeeper.logs.lines.names import EXTRACTED
from watchkeeper.logs.logql.columns import Column, joined, without
from watchkeeper.logs.logql.rows import ERROR, ERROR_DETAILS, BlockRows, Label, Lazy, Places

Needed: TypeAlias = frozenset[str] | None
"""Labels that are looked at later; None for all."""

JSON_ERROR: Final = "JSONParserErr"
LOGFMT_ERROR: Final = "LogfmtParserErr"
SAMPLE_ERROR: Final = "SampleExtractionErr"
FILTER_ERROR: Final = "LabelFilterErr"
TEMPLATE_ERROR: Final = "TemplateFormatErr"
MALFORMED_OBJECT: Final = "Value looks like object, but can't find closing '}' symbol"


class Stage(Protocol):
    """One step of a pipeline: it drops rows, adds labels, or changes lines."""

    def run(self, rows: BlockRows) -> None:
        """Work on these rows, in place."""
        ...


def too_many_names() -> LimitExceeded:
    """The error for lines with more different fields than can be columns at once."""
    return LimitExceeded(
        "the lines have too many different fields to extract all of them; name those that are wanted, as in "
        "`| json a, b`",
        "fields",
    )


def source_names(needed: Needed) -> tuple[str, ...] | None:
    """The fields of a line that may become a label that is needed; None for all."""
    if needed is None:
        return None
    names = set(needed) - {ERROR, ERROR_DETAILS}
    names.update(name.removesuffix(EXTRACTED) for name in needed if name.endswith(EXTRACTED))
    return tuple(sorted(names))


def add_field(
    rows: BlockRows, name: str, label: Label, needed: Needed, *, shared: bool, overwrite: bool = False
) -> None:
    """Give rows a field that a parser found; a name that the entry has already gets `_extracted` at its end.

    shared     several parsers follow each other: what an earlier one found stays
    overwrite  it does not
    """
    if name in (ERROR, ERROR_DETAILS):
        return
    if name in rows.of.labels:
        _add(rows, name + EXTRACTED, label, needed, shared=shared, overwrite=overwrite)
        return
    below = rows.resolved(rows.structured, name)
    if below is None:
        _add(rows, name, label, needed, shared=shared, overwrite=overwrite)
        return
    if isinstance(label, Lazy):
        label = label.resolve(rows)
    column = Column.constant(label, len(rows)) if isinstance(label, str) else label
    taken = below.present if isinstance(below, Column) else np.ones(len(rows), np.bool_)
    if not taken.all():
        _add(rows, name, without(column, taken), needed, shared=shared, overwrite=overwrite)
    if taken.any():
        _add(rows, name + EXTRACTED, without(column, ~taken), needed, shared=shared, overwrite=overwrite)


def _add(rows: BlockRows, name: str, label: Label, needed: Needed, *, shared: bool, overwrite: bool) -> None:
    if needed is not None and name not in needed:
        return
    if not shared:
        rows.set_parsed(name, label)
        return
    if isinstance(label, Lazy):
        label = label.resolve(rows)
    column = Column.constant(label, len(rows)) if isinstance(label, str) else label
    before = rows.extracted.get(name)
    if not overwrite:
        if before is not None:
            column = without(column, before)
        rows.extracted[name] = column.present if before is None else before | column.present
    rows.set_parsed(name, column)


def count_made(rows: BlockRows, columns: Iterable[Coded]) -> None:
    """A part of what a parser makes is there; when all of it is, it becomes labels, which count themselves.

    Raises LimitExceeded, QueryCanceled and QueryTimeout.
    """
    rows.budget.check()
    rows.budget.made(sum(len(coded.values.data) for coded in columns))


def scattered(parts: Iterable[tuple[Places, dict[str, Coded]]], n: int) -> dict[str, Column]:
    """Columns over parts of the rows as columns over all of them."""
    by_name: dict[str, list[tuple[Places, Coded]]] = {}
    for places, columns in parts:
        for name, coded in columns.items():
            by_name.setdefault(name, []).append((places, coded))
    return {name: joined(found, n) for name, found in by_name.items()}


def together(parts: list[Places], n: int) -> Places:
    """Places of several parts as one, ascending."""
    if len(parts) == 1:
        return parts[0]
    out = np.concatenate([part for part in parts if part is not None])
    return None if len(out) == n else np.sort(out)
