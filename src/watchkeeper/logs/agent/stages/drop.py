"""`drop`: lines that nobody wants."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Nested, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.model.regex import compile_re2
from watchkeeper.logs.agent.config.kinds import ByteSize, GoDuration, TextOrMore
from watchkeeper.logs.agent.entries import Entries
from watchkeeper.logs.agent.stages.regex import EXPRESSION
from watchkeeper.logs.agent.stages.stage import Stage, StageContext


@section
class DropConfig:
    """`drop`: drops lines for which all that is configured holds.

    source, value, expression   all sources have a value; joined, they are the value, or match the expression. Without a
                                source the line is what is looked at
    older_than, longer_than     the entry is older; the line is longer
    """

    source: tuple[str, ...] = setting(TextOrMore(), default=())
    separator: str = setting(Text(), default=";")
    value: str = setting(Text(), default="")
    expression: str = setting(EXPRESSION, default="")
    older_than_ns: int = setting(GoDuration(), key="older_than", default=0)
    longer_than: int = setting(ByteSize(), default=0)
    drop_counter_reason: str = setting(Text(), default="drop_stage")

    def checked(self, at: SectionPlace) -> DropConfig:
        """Reports what can't be together, and a stage that would drop everything."""
        if not (self.source or self.expression or self.older_than_ns or self.longer_than or self.value):
            keys = "`source`, `expression`, `older_than` or `longer_than`"
            at.report("", f"drop stage config must contain at least one of {keys}")
        if self.value and self.expression:
            at.report("value", "value and expression are mutually exclusive", involves=("expression",))
        if self.value and not self.source:
            at.report("value", "drop stage config cannot have a `value` without a `source`", involves=("source",))
        return self


KIND: Final = Nested(DropConfig)


class DropStage:
    """Drops lines."""

    def __init__(self, config: DropConfig, context: StageContext) -> None:
        self._config = config
        self._context = context
        self._search = compile_re2(config.expression).search if config.expression else None

    def run(self, entries: Entries) -> Entries:
        """The entries that stay."""
        config = self._config
        dropped = [True] * len(entries)
        if config.longer_than:
            dropped = [len(line) > config.longer_than for line in entries.lines]
        if config.older_than_ns:
            oldest_ns = self._context.clock_ns() - config.older_than_ns
            dropped = [drop and time_ns < oldest_ns for drop, time_ns in zip(dropped, entries.times_ns, strict=True)]
        if config.source or self._search is not None:
            texts = self._texts(entries)
            search, value = self._search, config.value.encode()
            for row, text in enumerate(texts):
                if dropped[row]:
                    if text is None:
                        dropped[row] = False
                    elif search is not None:
                        dropped[row] = search(text) is not None
                    elif value:
                        dropped[row] = text == value
        if not any(dropped):
            return entries
        self._context.drop(config.drop_counter_reason, sum(dropped))
        return entries.take([row for row, drop in enumerate(dropped) if not drop])

    def _texts(self, entries: Entries) -> list[bytes | None] | list[bytes]:
        names = self._config.source
        if not names:
            return entries.lines
        columns = [entries.source_bytes(name) for name in names]
        if len(columns) == 1:
            return columns[0]
        glue = self._config.separator.encode()
        return [None if None in values else glue.join(values) for values in zip(*columns, strict=True)]


def make(config: DropConfig, context: StageContext) -> Stage:
    """The stage of a configuration."""
    return DropStage(config, context)
