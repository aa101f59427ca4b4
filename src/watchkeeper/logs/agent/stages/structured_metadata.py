"""`structured_metadata`: what was extracted goes with the entry, and makes no stream of its own."""

from __future__ import annotations

from typing import Final

from watchkeeper.logs.agent.entries import Entries, Metadata, label_text, text_of
from watchkeeper.logs.agent.stages.names import LABEL_SOURCES
from watchkeeper.logs.agent.stages.stage import Stage, StageContext

KIND: Final = LABEL_SOURCES


class StructuredMetadataStage:
    """Adds structured metadata from extracted values."""

    def __init__(self, sources: dict[str, str]) -> None:
        self._sources = [(name, source or name) for name, source in sources.items()]

    def run(self, entries: Entries) -> Entries:
        """The entries with their metadata; a value that is missing adds nothing."""
        added: list[dict[str, str]] = [{} for _ in entries.lines]
        for name, source in self._sources:
            for row, value in enumerate(entries.column(source) or ()):
                text = text_of(value)
                if text is not None:
                    added[row][name] = label_text(text)
        if any(added):
            before: list[Metadata] = entries.metadata or [()] * len(entries)
            entries.metadata = [tuple({**dict(old), **new}.items()) for old, new in zip(before, added, strict=True)]
        return entries


def make(config: dict[str, str], context: StageContext) -> Stage:
    """The stage of a configuration."""
    return StructuredMetadataStage(config)
