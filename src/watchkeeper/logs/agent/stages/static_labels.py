"""`static_labels`: the same labels for every line."""

from __future__ import annotations

from typing import Final

from watchkeeper.logs.agent.entries import Entries
from watchkeeper.logs.agent.stages.names import LABEL_SOURCES
from watchkeeper.logs.agent.stages.stage import Stage, StageContext

KIND: Final = LABEL_SOURCES


class StaticLabelsStage:
    """Sets labels; an empty value sets none."""

    def __init__(self, labels: dict[str, str]) -> None:
        self._labels = {name: value for name, value in labels.items() if value}

    def run(self, entries: Entries) -> Entries:
        """The entries with their labels."""
        entries.relabel(lambda labels: {**labels, **self._labels})
        return entries


def make(config: dict[str, str], context: StageContext) -> Stage:
    """The stage of a configuration."""
    return StaticLabelsStage(config)
