"""`| label_format a=b, c="template"`: labels renamed and made."""

from __future__ import annotations

import numpy as np

from watchkeeper.logs.logql.ast import LabelFormatStage, LabelRename
from watchkeeper.logs.logql.columns import Column, Values, merged, without
from watchkeeper.logs.logql.rows import BlockRows, Label
from watchkeeper.logs.logql.stages.stage import TEMPLATE_ERROR
from watchkeeper.logs.logql.stages.templates import RowTemplate, Snapshot


class LabelFormat:
    """Formats from left to right. All templates of the stage see the labels as they were before the first of them."""

    def __init__(self, node: LabelFormatStage) -> None:
        self._formats: list[tuple[str, str | RowTemplate]] = [
            (each.name, each.source if isinstance(each, LabelRename) else RowTemplate(each.template, "label"))
            for each in node.formats
        ]
        fields = [source.fields for _, source in self._formats if isinstance(source, RowTemplate)]
        self._wanted = None if None in fields else {name for names in fields for name in names or ()}

    def run(self, rows: BlockRows) -> None:
        """Sets labels; marks rows whose template fails."""
        snapshot: Snapshot | None = None
        for name, source in self._formats:
            if isinstance(source, str):
                rename(rows, source, name)
                continue
            if snapshot is None:
                snapshot = Snapshot(rows, self._wanted)
            made = source.execute(rows, snapshot)
            column = Column(made.codes, Values.of_strings(made.texts))
            for error, where in made.errors.items():
                rows.fail(where, TEMPLATE_ERROR, error)
            rows.set_parsed(name, column)


def rename(rows: BlockRows, source: str, name: str) -> None:
    """Move a label; its origin stays what it was. Rows without it keep what they have."""
    moved: list[tuple[dict[str, Label], Column | str]] = []
    taken = np.zeros(len(rows), np.bool_)
    for labels in (rows.parsed, rows.structured, rows.stream):
        found = rows.resolved(labels, source)
        if found is None:
            continue
        if isinstance(found, str) and not taken.any():
            moved.append((labels, found))
            break
        column = Column.constant(found, len(rows)) if isinstance(found, str) else found
        if taken.any():
            column = without(column, taken)
        moved.append((labels, column))
        taken |= column.present
    rows.delete(source)
    if source == name:
        return
    for labels, value in moved:
        old = rows.resolved(labels, name)
        if old is not None and isinstance(value, Column):
            value = merged(value, old if isinstance(old, Column) else Column.constant(old, len(rows)))
        labels[name] = value
