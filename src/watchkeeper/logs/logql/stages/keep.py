"""`| keep a, b="x"`: all other labels taken away."""

from __future__ import annotations

import numpy as np

from watchkeeper.logs.logql.ast import LabelPick
from watchkeeper.logs.logql.columns import Column
from watchkeeper.logs.logql.rows import BlockRows


class Keep:
    """Labels by name, or where their value matches. Errors stay."""

    def __init__(self, picks: tuple[LabelPick, ...]) -> None:
        self._always = {pick.name for pick in picks if pick.matcher is None}
        self._matched = [pick for pick in picks if pick.matcher is not None]

    def run(self, rows: BlockRows) -> None:
        """Removes labels."""
        for name in rows.names():
            if name in self._always:
                continue
            matchers = [pick.matcher for pick in self._matched if pick.name == name and pick.matcher is not None]
            found = rows.get(name) if matchers else None
            if found is None:
                rows.delete(name)
                continue
            stays = np.zeros(len(rows), np.bool_)
            for matcher in matchers:
                if isinstance(found, Column):
                    stays |= found.passes(matcher) & found.present
                else:
                    stays |= matcher.matches(found)
            if not stays.all():
                rows.delete(name, ~stays)
