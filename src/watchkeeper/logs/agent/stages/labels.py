"""`labels`: what was extracted becomes labels."""

from __future__ import annotations

from typing import Final

from watchkeeper.logs.agent.entries import Entries, label_text, text_of
from watchkeeper.logs.agent.stages.names import LABEL_SOURCES
from watchkeeper.logs.agent.stages.stage import Stage, StageContext

KIND: Final = LABEL_SOURCES


class LabelsStage:
    """Sets labels from extracted values; one that is missing sets nothing."""

    def __init__(self, sources: dict[str, str]) -> None:
        self._sources = [(name, source or name) for name, source in sources.items()]

    def run(self, entries: Entries) -> Entries:
        """The entries with their labels."""
        columns: dict[str, list[str | None]] = {}
        for name, source in self._sources:
            column = entries.column(source)
            if column is not None:
                # A label has few values: each is made text once.
                texts = {value: None if (text := text_of(value)) is None else label_text(text) for value in set(column)}
                columns[name] = [texts[value] for value in column]
        if columns:
            entries.set_labels(columns)
        return entries


def make(config: dict[str, str], context: StageContext) -> Stage:
    """The stage of a configuration."""
    return LabelsStage(config)
