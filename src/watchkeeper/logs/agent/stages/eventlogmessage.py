"""`eventlogmessage`: the `key: value` lines of a Windows event."""

from __future__ import annotations

import re
from typing import Final

from watchkeeper.core.config.kinds import Boolean, Nested, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.model.labels import is_legacy_name
from watchkeeper.logs.agent.entries import Column, Entries
from watchkeeper.logs.agent.stages.stage import Stage, StageContext


@section
class EventLogMessageConfig:
    """`eventlogmessage`: extracts each `key: value` of a message; keys that are no names are made such, or left out."""

    source: str = setting(Text(filled=True), default="message")
    drop_invalid_labels: bool = setting(Boolean(), default=False)
    overwrite_existing: bool = setting(Boolean(), default=False)


KIND: Final = Nested(EventLogMessageConfig)
_ODD: Final = re.compile(r"[^a-zA-Z0-9_]")


class EventLogMessageStage:
    """Takes messages apart."""

    def __init__(self, config: EventLogMessageConfig) -> None:
        self._config = config

    def run(self, entries: Entries) -> Entries:
        """The entries with what their messages hold."""
        config = self._config
        columns: dict[str, Column] = {}
        known = {*entries.initial, *entries.extracted}
        for row, text in enumerate(entries.source(config.source)):
            for line in (text or "").replace("\r\n", "\n").split("\n"):
                key, colon, value = line.partition(":")
                if not colon:
                    continue
                key = key.strip()
                if not is_legacy_name(key):
                    if config.drop_invalid_labels or not key:
                        continue
                    key = _ODD.sub("_", key)
                    key = f"_{key}" if key[:1].isdigit() else key
                if key in known and not config.overwrite_existing:
                    key += "_extracted"
                columns.setdefault(key, [None] * len(entries))[row] = value.strip()
        for name, column in columns.items():
            entries.extract(name, column)
        return entries


def make(config: EventLogMessageConfig, context: StageContext) -> Stage:
    """The stage of a configuration."""
    return EventLogMessageStage(config)
