"""`labelallow`: the only labels that entries are to have."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.config.kinds import ListOf, Text
from watchkeeper.logs.agent.entries import Entries
from watchkeeper.logs.agent.stages.stage import Stage, StageContext

KIND: Final = ListOf(Text(filled=True), filled=True)


class LabelAllowStage:
    """Removes all labels but these."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = frozenset(names)

    def run(self, entries: Entries) -> Entries:
        """The entries with these labels alone."""
        entries.relabel(lambda labels: {name: value for name, value in labels.items() if name in self._names})
        return entries


def make(config: tuple[str, ...], context: StageContext) -> Stage:
    """The stage of a configuration."""
    return LabelAllowStage(config)
