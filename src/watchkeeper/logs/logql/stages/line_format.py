"""`| line_format "template"`: lines made anew from their labels."""

from __future__ import annotations

import numpy as np

from watchkeeper.core.kernels.texts import Texts
from watchkeeper.logs.logql.columns import concatenated, gathered
from watchkeeper.logs.logql.rows import BlockRows
from watchkeeper.logs.logql.stages.stage import TEMPLATE_ERROR
from watchkeeper.logs.logql.stages.templates import RowTemplate, Snapshot


class LineFormat:
    """What the template makes of each row's labels is its line."""

    def __init__(self, template: str) -> None:
        self._template = RowTemplate(template, "line")

    def run(self, rows: BlockRows) -> None:
        """Changes lines; a row whose template fails is marked, and keeps its line."""
        made = self._template.execute(rows, Snapshot(rows, self._template.fields))
        texts = Texts.of(text.encode("utf-8", "surrogateescape") for text in made.texts)
        if made.errors:
            texts, _ = concatenated([rows.lines, texts])
            places = np.where(made.codes >= 0, made.codes + len(rows), np.arange(len(rows)))
        else:
            places = made.codes.astype(np.intp)
        rows.budget.made(int(texts.lengths[places].sum()))
        rows.lines = gathered(texts, places)
        for error, where in made.errors.items():
            rows.fail(where, TEMPLATE_ERROR, error)
