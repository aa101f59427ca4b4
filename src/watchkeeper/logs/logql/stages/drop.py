"""`| drop a, b="x"`: labels taken away."""

from __future__ import annotations

import numpy as np

from watchkeeper.logs.logql.ast import LabelPick
from watchkeeper.logs.logql.columns import Column
from watchkeeper.logs.logql.rows import ERROR, ERROR_DETAILS, BlockRows


class Drop:
    """Labels by name, or where their value matches."""

    def __init__(self, picks: tuple[LabelPick, ...]) -> None:
        self._picks = picks

    def run(self, rows: BlockRows) -> None:
        """Removes labels; of `__error__`, the error itself with its details, as upstream's manual shows it."""
        for pick in self._picks:
            if pick.matcher is None:
                if pick.name in (ERROR, ERROR_DETAILS):
                    rows.forgive(pick.name)
                else:
                    rows.delete(pick.name)
                continue
            found = rows.get(pick.name)
            if found is None:
                continue
            if isinstance(found, Column):
                chosen = found.passes(pick.matcher) & found.present
            else:
                chosen = np.full(len(rows), pick.matcher.matches(found), np.bool_)
            if not chosen.any():
                continue
            if pick.name in (ERROR, ERROR_DETAILS):
                rows.forgive(pick.name, chosen)
            else:
                rows.delete(pick.name, None if chosen.all() else chosen)
