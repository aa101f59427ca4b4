"""`regex`: what the named groups of an expression capture."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Nested, Text
from watchkeeper.core.config.schema import Kind, section, setting
from watchkeeper.core.model.regex import RegexError, compile_re2
from watchkeeper.logs.agent.entries import Column, Entries
from watchkeeper.logs.agent.stages.stage import Stage, StageContext


def check_expression(text: str) -> None:
    """Raises ValueError for a text that is no RE2 expression."""
    try:
        compile_re2(text)
    except RegexError as error:
        raise ValueError(f"could not compile regular expression: {text}: {error}") from None


EXPRESSION: Final[Kind[str]] = Text(check_expression, filled=True)


@section
class RegexConfig:
    """`regex`: an RE2 expression with named groups, which give what they capture."""

    expression: str = setting(EXPRESSION)
    source: str = setting(Text(), default="")

    def checked(self, at: SectionPlace) -> RegexConfig:
        """Reports an empty source."""
        if at.given("source") and not self.source:
            at.report("source", "empty source")
        return self


KIND: Final = Nested(RegexConfig)


class RegexStage:
    """Extracts groups."""

    def __init__(self, config: RegexConfig) -> None:
        pattern = compile_re2(config.expression)
        self._search = pattern.search
        self._groups = [(name, number) for name, number in pattern.groupindex.items()]
        self._source = config.source

    def run(self, entries: Entries) -> Entries:
        """The entries with what was captured; where nothing matches, what was extracted before stays."""
        texts: list[bytes | None] | list[bytes] = entries.source_bytes(self._source) if self._source else entries.lines
        search = self._search
        matches = [None if text is None else search(text) for text in texts]
        for name, number in self._groups:
            column: Column = [
                None if match is None else (match.group(number) or b"").decode("utf-8", "surrogateescape")
                for match in matches
            ]
            entries.extract(name, column)
        return entries


def make(config: RegexConfig, context: StageContext) -> Stage:
    """The stage of a configuration."""
    return RegexStage(config)
