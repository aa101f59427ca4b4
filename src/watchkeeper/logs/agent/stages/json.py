"""`json`: values that JMESPath expressions find in lines of JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import orjson

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Boolean, Nested, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.logs.agent.entries import Entries, Value
from watchkeeper.logs.agent.jmespath import JmesPathError, compile_path
from watchkeeper.logs.agent.stages.names import SOURCES
from watchkeeper.logs.agent.stages.stage import Stage, StageContext


@section
class JsonConfig:
    """`json`: each expression's result is extracted under its name; an empty expression is the name itself."""

    expressions: dict[str, str] = setting(SOURCES)
    source: str = setting(Text(), default="")
    drop_malformed: bool = setting(Boolean(), default=False)

    def checked(self, at: SectionPlace) -> JsonConfig:
        """Reports expressions that are none."""
        if not self.expressions and at.given("expressions"):
            at.report("expressions", "JMES expression is required")
        if at.is_broken("expressions"):
            return self
        for name, expression in self.expressions.items():
            try:
                compile_path(expression or name)
            except JmesPathError as error:
                at.report("expressions", f"could not compile JMES expression: {name}: {error}")
        return self


KIND: Final = Nested(JsonConfig)


class JsonStage:
    """Extracts fields of JSON."""

    def __init__(self, config: JsonConfig, context: StageContext) -> None:
        # The plain name of a field, which is most of them, needs no path.
        self._fields = {
            name: text or name for name, text in config.expressions.items() if (text or name).isidentifier()
        }
        self._paths = {
            name: compile_path(text or name) for name, text in config.expressions.items() if name not in self._fields
        }
        self._source = config.source
        self._drops = config.drop_malformed
        self._context = context

    def run(self, entries: Entries) -> Entries:
        """The entries with what was found; JSON that is none extracts nothing."""
        texts: list[bytes | None] | list[bytes] = entries.source_bytes(self._source) if self._source else entries.lines
        try:
            objects: list[Any] = [orjson.loads(text) for text in texts]  # type: ignore[arg-type]
        except (orjson.JSONDecodeError, TypeError):
            objects = [_loaded(text) for text in texts]
        if self._drops and _BROKEN in objects:
            keep = [row for row, found in enumerate(objects) if found is not _BROKEN]
            self._context.drop("malformed_json", len(entries) - len(keep))
            entries, objects = entries.take(keep), [objects[row] for row in keep]
        for name, key in self._fields.items():
            column = [found.get(key) if type(found) is dict else None for found in objects]
            _extract(entries, name, column)
        for name, path in self._paths.items():
            _extract(entries, name, [_found(path, found) for found in objects])
        return entries


class _Broken:
    """What a text that is no JSON object reads as."""


_BROKEN: Final = _Broken()


def _loaded(text: bytes | None) -> Any:
    if text is None:
        return None
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        try:
            # Bytes that are no UTF-8 do not make a line unreadable.
            found = orjson.loads(text.decode("utf-8", "replace"))
        except orjson.JSONDecodeError:
            return _BROKEN
    return found if type(found) is dict else _BROKEN


def _found(path: Callable[[Any], Any], value: Any) -> Value:
    try:
        return path(value) if type(value) is dict else None
    except (JmesPathError, TypeError):
        return None


_SCALARS: Final = frozenset((str, int, float, bool, type(None)))


def _extract(entries: Entries, name: str, column: list[Any]) -> None:
    if not {type(value) for value in column} <= _SCALARS:
        column = [value if type(value) in _SCALARS else orjson.dumps(value).decode() for value in column]
    entries.extract(name, column)


def make(config: JsonConfig, context: StageContext) -> Stage:
    """The stage of a configuration."""
    return JsonStage(config, context)
