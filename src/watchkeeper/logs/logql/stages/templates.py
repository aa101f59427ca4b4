"""Templates over rows: executed once for each combination of the labels that they read, not once for each row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from watchkeeper.core.kernels.texts import Rows
from watchkeeper.core.template.errors import TemplateError
from watchkeeper.logs.logql.columns import Column, Mask
from watchkeeper.logs.logql.rows import ERROR, ERROR_DETAILS, BlockRows
from watchkeeper.logs.logql.series import Named, distinct_rows, texts_at
from watchkeeper.logs.logql.template_fields import reads_line, template_fields


@dataclass(slots=True)
class Made:
    """What a template made: row i has `texts[codes[i]]`; -1 where it failed. `errors` has which rows failed how."""

    codes: Rows
    texts: list[str]
    errors: dict[str, Mask] = field(default_factory=dict)


def _parse(text: str, line: Callable[[], str], time_ns: Callable[[], int]) -> Any:
    from watchkeeper.core.template.template import Template
    from watchkeeper.logs.lines.template_functions import line_functions

    return Template.parse(text, line_functions(line, time_ns))


class Snapshot:
    """The labels of rows at one moment; a column is decoded when a template first reads it."""

    def __init__(self, rows: BlockRows) -> None:
        self._rows = rows
        self._names = rows.names()
        self._found: dict[str, Column | str | None] = {}
        self._errors = rows.errors is not None and bool(rows.failed.any())
        if self._errors:
            for name in (ERROR, ERROR_DETAILS):
                column = rows.column(name)
                self._found[name] = None if column is None else Column(column.codes.copy(), column.values)
        self._all = False

    def freeze(self) -> None:
        """Decode all labels before the first of them changes."""
        for name in self._names:
            self._get(name)

    def _get(self, name: str) -> Column | str | None:
        if name not in self._found:
            self._found[name] = self._rows.get(name) if name not in (ERROR, ERROR_DETAILS) else None
        return self._found[name]

    def labels(self, wanted: Iterable[str] | None) -> tuple[dict[str, str], Named]:
        """Labels that are the same in all rows, and columns; of these names, or all."""
        names = (*self._names, *((ERROR, ERROR_DETAILS) if self._errors else ())) if wanted is None else sorted(wanted)
        constant: dict[str, str] = {}
        columns: Named = []
        for name in names:
            found = self._get(name)
            if isinstance(found, str):
                constant[name] = found
            elif found is not None:
                columns.append((name, found))
        return constant, columns


class RowTemplate:
    """One template of a stage."""

    def __init__(self, text: str) -> None:
        """Raises TemplateError."""
        self._fields = template_fields(text)
        self._reads_line = reads_line(text)
        self._line = ""
        self._time_ns = 0
        self._text = text
        _parse(text, lambda: "", lambda: 0)

    def execute(self, rows: BlockRows, snapshot: Snapshot) -> Made:
        """The template's text for each row."""
        line, time_ns = "", 0
        # Functions of its own for each call: threads share the stage.
        template = _parse(self._text, lambda: line, lambda: time_ns)
        constant, columns = snapshot.labels(self._fields)
        if self._reads_line:
            group, firsts = np.arange(len(rows)), list(range(len(rows)))
            lines, times = rows.lines, rows.times
        else:
            group, firsts = distinct_rows([column for _, column in columns], len(rows))
        texts: dict[str, int] = {}
        codes: list[int] = []
        errors: dict[str, list[int]] = {}
        for number, row in enumerate(firsts):
            if self._reads_line:
                line, time_ns = lines[row].decode("utf-8", "surrogateescape"), int(times[row])
            try:
                made = template.execute(dict(constant) | dict(texts_at(columns, row)))
            except TemplateError as error:
                errors.setdefault(str(error), []).append(number)
                codes.append(-1)
                continue
            codes.append(texts.setdefault(made, len(texts)))
        table = np.array(codes, np.int32)
        return Made(
            table[group] if len(table) else np.zeros(0, np.int32),
            list(texts),
            {error: np.isin(group, numbers) for error, numbers in errors.items()},
        )
