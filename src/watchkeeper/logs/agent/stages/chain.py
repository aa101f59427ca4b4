"""Stages one after the other: of a job, and of a `match` inside of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from watchkeeper.logs.agent.entries import Entries
from watchkeeper.logs.agent.stages.stage import HoldingStage, Stage, StageContext, is_holding
from watchkeeper.logs.agent.stages.table import StageSetting


class StageChain:
    """Stages in their order, and which of them keep lines back."""

    def __init__(self, settings: Sequence[StageSetting], context: StageContext) -> None:
        """Raises ValueError where a stage can't be made."""
        self._stages: list[Stage] = [setting.make(context) for setting in settings]
        self._find_holding()

    def _find_holding(self) -> None:
        self._holding: list[tuple[int, HoldingStage]] = [
            (i, stage) for i, stage in enumerate(self._stages) if is_holding(stage)
        ]

    def __iter__(self) -> Iterator[Stage]:
        return iter(self._stages)

    def replace(self, i: int, stage: Stage) -> None:
        """Puts another stage in the place of one."""
        self._stages[i] = stage
        self._find_holding()

    @property
    def holds(self) -> bool:
        """Whether some stage keeps lines back."""
        return bool(self._holding)

    @property
    def is_full(self) -> bool:
        """Whether some stage wants nothing more to be read for now."""
        return any(getattr(stage, "is_full", False) for _, stage in self._holding)

    def run(self, entries: Entries, first: int = 0) -> Entries:
        """The entries behind the stages from `first` on; none where a stage left none."""
        for stage in self._stages[first:]:
            if not entries.lines:
                break
            entries = stage.run(entries)
        return entries

    def released(self, now_ns: int) -> Iterator[tuple[Entries, int]]:
        """What stages have held for long enough, each with the number of the stage that follows."""
        for i, stage in self._holding:
            for entries in stage.due(now_ns):
                yield entries, i + 1

    def held_from(self, origin: str) -> int | None:
        """Where in an origin the first line starts that is held; None where none is."""
        found = [stage.held_from(origin) for _, stage in self._holding]
        return min((at for at in found if at is not None), default=None)
