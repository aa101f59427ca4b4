"""`logfmt`: values of keys in lines of `key=value` pairs."""

from __future__ import annotations

import re
from typing import Final

import orjson

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Nested, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.logs.agent.entries import Column, Entries
from watchkeeper.logs.agent.stages.names import SOURCES
from watchkeeper.logs.agent.stages.stage import Stage, StageContext


@section
class LogfmtConfig:
    """`logfmt`: the value of each key is extracted under its name; an empty key is the name itself."""

    mapping: dict[str, str] = setting(SOURCES)
    source: str = setting(Text(), default="")

    def checked(self, at: SectionPlace) -> LogfmtConfig:
        """Reports a stage that extracts nothing."""
        if not self.mapping and at.given("mapping"):
            at.report("mapping", "logfmt mapping is required")
        return self


KIND: Final = Nested(LogfmtConfig)

# Keys as they stand, not cleaned to names of labels as LogQL has them: the mapping gives the names.
_PAIR: Final = re.compile(rb'([^\s="\x00-\x20]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*)))?', re.DOTALL)


class LogfmtStage:
    """Extracts values."""

    def __init__(self, config: LogfmtConfig) -> None:
        self._names = {(key or name).encode(): name for name, key in config.mapping.items()}
        self._source = config.source

    def run(self, entries: Entries) -> Entries:
        """The entries with what was found."""
        texts: list[bytes | None] | list[bytes] = entries.source_bytes(self._source) if self._source else entries.lines
        columns: dict[str, Column] = {name: [None] * len(entries) for name in self._names.values()}
        names, find = self._names, _PAIR.findall
        for row, text in enumerate(texts):
            for key, quoted, plain in find(text) if text else ():
                name = names.get(key)
                if name is not None:
                    columns[name][row] = _unquoted(quoted) if quoted else plain
        for name, column in columns.items():
            entries.extract(name, [None if value is None else value.decode("utf-8", "replace") for value in column])
        return entries


def _unquoted(text: bytes) -> bytes:
    if b"\\" not in text:
        return text
    try:
        found: str = orjson.loads(b'"' + text + b'"')
        return found.encode()
    except orjson.JSONDecodeError:
        return text


def make(config: LogfmtConfig, context: StageContext) -> Stage:
    """The stage of a configuration."""
    return LogfmtStage(config)
