"""`output`: what was extracted becomes the line."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.config.kinds import Nested, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.logs.agent.entries import Entries
from watchkeeper.logs.agent.stages.stage import Stage, StageContext


@section
class OutputConfig:
    """`output`: its `source` becomes the line; a line without it stays."""

    source: str = setting(Text(filled=True))


KIND: Final = Nested(OutputConfig)


class OutputStage:
    """Replaces lines."""

    def __init__(self, source: str) -> None:
        self._source = source

    def run(self, entries: Entries) -> Entries:
        """The entries with their new lines."""
        texts = entries.source_bytes(self._source)
        entries.lines = [line if text is None else text for line, text in zip(entries.lines, texts, strict=True)]
        return entries


def make(config: OutputConfig, context: StageContext) -> Stage:
    """The stage of a configuration."""
    return OutputStage(config.source)
