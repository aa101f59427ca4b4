"""`replace`: other text in the place of what an expression captures."""

from __future__ import annotations

from typing import Any, Final

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Nested, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.model.regex import compile_re2
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.template.errors import TemplateError
from watchkeeper.logs.agent.entries import Column, Entries, text_of
from watchkeeper.logs.agent.stages.regex import EXPRESSION
from watchkeeper.logs.agent.stages.stage import Stage, StageContext
from watchkeeper.logs.agent.stages.template import check_template
from watchkeeper.logs.agent.stages.template_functions import compiled

log = get_logger("agent")


@section
class ReplaceConfig:
    """`replace`: each group of each match is replaced by a template, in which it is `.Value`."""

    expression: str = setting(EXPRESSION)
    source: str = setting(Text(), default="")
    replace: str = setting(Text(check_template), default="")

    def checked(self, at: SectionPlace) -> ReplaceConfig:
        """Reports an empty source."""
        if at.given("source") and not self.source:
            at.report("source", "empty source in replace stage")
        return self


KIND: Final = Nested(ReplaceConfig)


class ReplaceStage:
    """Replaces groups."""

    def __init__(self, config: ReplaceConfig) -> None:
        self._pattern: Any = compile_re2(config.expression)
        self._groups = [(name, number) for name, number in self._pattern.groupindex.items()]
        self._source = config.source
        self._constant = None if "{{" in config.replace else config.replace.encode()
        self._template = compiled(config.replace)

    def run(self, entries: Entries) -> Entries:
        """The entries with their new lines, or the source's new value; named groups give what took their place."""
        texts: list[bytes | None] | list[bytes] = entries.source_bytes(self._source) if self._source else entries.lines
        results: list[bytes | None] = list(texts)
        captured: dict[str, Column] = {name: [None] * len(entries) for name, _ in self._groups}
        for row, text in enumerate(texts):
            if text is None:
                continue
            matches = list(self._pattern.finditer(text))
            if not matches:
                continue
            data = self._data(entries, row) if self._constant is None else {}
            results[row], replaced = self._replaced(text, matches, data)
            for name, number in self._groups:
                new = replaced.get(matches[0].group(number))
                if new is not None:
                    captured[name][row] = new.decode("utf-8", "surrogateescape")
        if self._source:
            column: Column = [None if text is None else text.decode("utf-8", "surrogateescape") for text in results]
            entries.extract(self._source, column)
        else:
            entries.lines = [line if new is None else new for line, new in zip(entries.lines, results, strict=True)]
        for name, found in captured.items():
            entries.extract(name, found)
        return entries

    def _data(self, entries: Entries, row: int) -> dict[str, str]:
        names = dict.fromkeys([*entries.initial, *entries.extracted])
        texts = {name: text_of((entries.column(name) or [None])[row]) for name in names}
        return {name: text for name, text in texts.items() if text is not None}

    def _replaced(
        self, text: bytes, matches: list[Any], data: dict[str, str]
    ) -> tuple[bytes, dict[bytes | None, bytes]]:
        """The new text, and what each captured text became."""
        out: list[bytes] = []
        end = 0
        replaced: dict[bytes | None, bytes] = {}
        for match in matches:
            for number in range(1, self._pattern.groups + 1):
                lo, hi = match.span(number)
                if lo < 0:
                    continue
                old = text[lo:hi]
                new = self._new(old, data)
                # A group inside of one that is replaced already is gone with it.
                if lo >= end:
                    out += (text[end:lo], new)
                    end = hi
                replaced[old] = new
        return b"".join((*out, text[end:])), replaced

    def _new(self, old: bytes, data: dict[str, str]) -> bytes:
        if self._constant is not None:
            return self._constant
        try:
            made = self._template.execute({**data, "Value": old.decode("utf-8", "surrogateescape")})
        except TemplateError as error:
            log.debug("a template could not be executed", error=error)
            return old
        return made.encode("utf-8", "surrogateescape")


def make(config: ReplaceConfig, context: StageContext) -> Stage:
    """The stage of a configuration."""
    return ReplaceStage(config)
