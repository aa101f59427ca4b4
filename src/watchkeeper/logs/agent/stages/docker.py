"""`docker`: lines as Docker's json-file driver writes them."""

from __future__ import annotations

from typing import Any, Final

import orjson

from watchkeeper.core.config.kinds import Nested
from watchkeeper.core.config.schema import section
from watchkeeper.logs.agent.entries import Entries, text_of
from watchkeeper.logs.agent.stages.rfc3339 import TimeReader
from watchkeeper.logs.agent.stages.stage import Stage, StageContext


@section
class DockerConfig:
    """`docker`: `log` becomes the line, `stream` a label, `time` the time. It has no settings."""


KIND: Final = Nested(DockerConfig)
_NAMES: Final = (("output", "log"), ("stream", "stream"), ("timestamp", "time"))


class DockerStage:
    """Takes Docker's JSON apart."""

    def __init__(self) -> None:
        self._times = TimeReader()

    def run(self, entries: Entries) -> Entries:
        """The entries as the container wrote them; a line that is not Docker's stays as it is."""
        objects = [_object(line) for line in entries.lines]
        columns = {name: [found.get(key) for found in objects] for name, key in _NAMES}
        for name, column in columns.items():
            entries.extract(name, column)
        streams = [text_of(value) for value in columns["stream"]]
        entries.set_labels({"stream": streams})
        read = self._times.read
        entries.times_ns = [
            now if type(text) is not str or (then := read(text)) is None else then
            for now, text in zip(entries.times_ns, columns["timestamp"], strict=True)
        ]
        entries.lines = [
            line if type(log) is not str else log.encode("utf-8", "surrogateescape")
            for line, log in zip(entries.lines, columns["output"], strict=True)
        ]
        return entries


_NOTHING: Final[dict[str, Any]] = {}


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return _NOTHING
    return found if type(found) is dict else _NOTHING


def make(config: DockerConfig, context: StageContext) -> Stage:
    """The stage of a configuration."""
    return DockerStage()
