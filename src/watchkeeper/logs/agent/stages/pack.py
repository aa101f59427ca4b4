"""`pack`: labels move into the line."""

from __future__ import annotations

import json
from typing import Final

from watchkeeper.core.config.kinds import Boolean, ListOf, Nested, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.logs.agent.entries import Entries, text_of
from watchkeeper.logs.agent.stages.stage import Stage, StageContext


@section
class PackConfig:
    """`pack`: the line becomes a JSON object of these labels and extracted values, and of the line as `_entry`."""

    labels: tuple[str, ...] = setting(ListOf(Text(filled=True)), default=())
    ingest_timestamp: bool = setting(Boolean(), default=True)


KIND: Final = Nested(PackConfig)


class PackStage:
    """Packs entries."""

    def __init__(self, config: PackConfig, context: StageContext) -> None:
        self._names = tuple(sorted(config.labels))
        self._now = config.ingest_timestamp
        self._context = context

    def run(self, entries: Entries) -> Entries:
        """The entries, packed; LogQL's `unpack` reverses it."""
        columns = {name: entries.column(name) for name in self._names}
        lines: list[bytes] = []
        for row, line in enumerate(entries.lines):
            labels = entries.sets[entries.set_of[row]]
            packed: dict[str, str] = {}
            for name, column in columns.items():
                text = text_of(column[row]) if column is not None else None
                text = labels.get(name, text) if name in labels else text
                if text is not None:
                    packed[name] = text
            packed["_entry"] = line.decode("utf-8", "replace")
            lines.append(json.dumps(packed, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))
        entries.lines = lines
        gone = frozenset(self._names)
        entries.relabel(lambda labels: {name: value for name, value in labels.items() if name not in gone})
        if self._now:
            now_ns = self._context.clock_ns()
            entries.times_ns = list(range(now_ns, now_ns + len(lines)))
        return entries


def make(config: PackConfig, context: StageContext) -> Stage:
    """The stage of a configuration."""
    return PackStage(config, context)
