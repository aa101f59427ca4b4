"""`match`: stages for some of the lines, or their end."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Choice, ListOf, Nested, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.logs.agent.entries import Entries, concatenated
from watchkeeper.logs.agent.stages.chain import StageChain
from watchkeeper.logs.agent.stages.stage import Stage, StageContext
from watchkeeper.logs.agent.stages.table import StageKind, StageSetting


@section
class MatchConfig:
    """`match`: lines that a LogQL selector with line filters takes go through stages of their own, or are dropped."""

    selector: str = setting(Text(filled=True))
    pipeline_name: str = setting(Text(), default="")
    stages: tuple[StageSetting, ...] = setting(ListOf(StageKind()), default=())
    action: str = setting(Choice("keep", "drop"), default="keep")
    drop_counter_reason: str = setting(Text(), default="match_stage")

    def checked(self, at: SectionPlace) -> MatchConfig:
        """Reports stages that would never run, and a stage that does nothing."""
        if self.action == "drop" and self.stages:
            at.report("stages", "match stage configured to drop entries cannot contains stages", involves=("action",))
        elif self.action == "keep" and not self.stages and not at.is_broken("stages", "action"):
            at.report("stages", "match stage requires at least one additional stage to be defined in `stages`")
        return self


KIND: Final = Nested(MatchConfig)


class MatchStage:
    """Sends some entries another way and puts all together again."""

    def __init__(self, config: MatchConfig, context: StageContext) -> None:
        """Raises ValueError where the selector is none."""
        self._test = context.matcher(config.selector)
        self._stages = StageChain(config.stages, context)
        self._drops = config.action == "drop"
        self._reason = config.drop_counter_reason
        self._context = context
        if self._stages.holds:
            # Only then does the pipeline have to ask this stage for what it holds.
            self.held_from = self._stages.held_from
            self.due = self._due

    @property
    def is_full(self) -> bool:
        """Whether a stage wants nothing more to be read for now."""
        return self._stages.is_full

    def run(self, entries: Entries) -> Entries:
        """The entries, those that match behind their stages; in the order in which they came."""
        takes = self._test(entries)
        rows = [row for row, taken in enumerate(takes) if taken]
        if not rows:
            return entries
        others = [row for row, taken in enumerate(takes) if not taken]
        if self._drops:
            self._context.drop(self._reason, len(rows))
            return entries.take(others)
        if not others:
            return self._stages.run(entries)
        matched = entries.take(rows)
        rest = entries.take(others)
        # The place of each entry, carried along as if it had been extracted.
        matched.extracted[_PLACE] = list(rows)
        rest.extracted[_PLACE] = list(others)
        matched = self._stages.run(matched)
        both = concatenated([matched, rest]) if matched.lines else rest
        places = both.extracted.pop(_PLACE)
        # What was held from an earlier read has no place here: it comes first.
        order = sorted(range(len(both)), key=lambda row: -1 if places[row] is None else places[row])
        return both if order == list(range(len(both))) else both.picked(order)

    def _due(self, now_ns: int) -> list[Entries]:
        out: list[Entries] = []
        for entries, first in self._stages.released(now_ns):
            entries.extracted.pop(_PLACE, None)
            out.append(self._stages.run(entries, first))
        return [entries for entries in out if entries.lines]


_PLACE: Final = "\0place"


def make(config: MatchConfig, context: StageContext) -> Stage:
    """The stage of a configuration."""
    return MatchStage(config, context)
