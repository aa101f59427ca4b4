"""Templates over rows: executed once for each combination of the labels that they read, not once for each row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from watchkeeper.core.kernels.texts import Rows
from watchkeeper.core.model.gotime import GoTime
from watchkeeper.core.template.columns import FieldRef
from watchkeeper.core.template.errors import TemplateError
from watchkeeper.core.template.values import StringMap
from watchkeeper.logs.lines.template_functions import LINE, TIMESTAMP
from watchkeeper.logs.logql.columns import Column, Mask
from watchkeeper.logs.logql.rows import ERROR, ERROR_DETAILS, BlockRows
from watchkeeper.logs.logql.series import Named, distinct_rows, texts_at
from watchkeeper.logs.logql.templates import compiled

TELL_BYTES: Final = 1 << 20  # So much that a template makes is told at once.


@dataclass(slots=True)
class Made:
    """What a template made: row i has `texts[codes[i]]`; -1 where it failed. `errors` has which rows failed how."""

    codes: Rows
    texts: list[str]
    errors: dict[str, Mask] = field(default_factory=dict)


class Snapshot:
    """The labels of rows as they are now, whatever becomes of them later."""

    def __init__(self, rows: BlockRows, wanted: Iterable[str] | None) -> None:
        """Of the labels that are wanted, or of all."""
        names = (*rows.names(), ERROR, ERROR_DETAILS) if wanted is None else sorted(wanted)
        self.constant: dict[str, str] = {}
        self.columns: Named = []
        for name in names:
            found = rows.get(name)
            if isinstance(found, str):
                self.constant[name] = found
            elif found is not None:
                # Errors are changed in place.
                self.columns.append((name, Column(found.codes.copy(), found.values)))

    def of(self, wanted: frozenset[str] | None) -> tuple[dict[str, str], Named]:
        """Labels that are the same in all rows, and columns; of these names, or all."""
        if wanted is None:
            return self.constant, self.columns
        constant = {name: text for name, text in self.constant.items() if name in wanted}
        return constant, [(name, column) for name, column in self.columns if name in wanted]


class RowTemplate:
    """One template of a stage."""

    def __init__(self, text: str, name: str) -> None:
        """`name` is how errors call it. Raises TemplateError."""
        self._compiled = compiled(text, name)

    @property
    def fields(self) -> frozenset[str] | None:
        """The labels that it reads; None for all."""
        return self._compiled.fields

    def execute(self, rows: BlockRows, snapshot: Snapshot) -> Made:
        """The template's text for each row. Raises LimitExceeded, QueryCanceled and QueryTimeout."""
        constant, columns = snapshot.of(self._compiled.fields)
        if self._compiled.reads_line:
            group, firsts = np.arange(len(rows)), list(range(len(rows)))
        else:
            group, firsts = distinct_rows([column for _, column in columns], len(rows))
        texts: dict[str, int] = {}
        errors: dict[str, list[int]] = {}
        codes = np.full(len(firsts), -1, np.int32)
        budget, size, told = rows.budget, 0, 0
        look_every = 64 if self._compiled.parts is not None else 8
        for number, row in enumerate(firsts):  # A loop over what differs.
            try:
                made = self._one(StringMap(constant | dict(texts_at(columns, row))), rows, row)
            except TemplateError as error:
                errors.setdefault(str(error), []).append(number)
                continue
            codes[number] = texts.setdefault(made, len(texts))
            size += len(made)
            if not number % look_every or size - told > TELL_BYTES:
                budget.check()
                budget.made(size - told)
                told = size
        budget.made(size - told)
        found = {error: np.isin(group, numbers) for error, numbers in errors.items()}
        return Made(codes[group], list(texts), found)

    def _one(self, data: StringMap, rows: BlockRows, row: int) -> str:
        if not self._compiled.reads_line:
            parts = self._compiled.parts
            if parts is not None and all(isinstance(part, str | FieldRef) for part in parts):
                return "".join(data.get(part.name, "") if isinstance(part, FieldRef) else str(part) for part in parts)
            return self._compiled.template.execute(data)
        line = rows.lines[row].decode("utf-8", "surrogateescape")
        moment = GoTime(int(rows.times[row]))

        def line_of_row() -> str:
            return line

        def time_of_row() -> GoTime:
            return moment

        return self._compiled.template.execute(data, {LINE: line_of_row, TIMESTAMP: time_of_row})
