"""The stages of a job, one after the other."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from watchkeeper.logs.agent.entries import Entries
from watchkeeper.logs.agent.stages.stage import FOREVER_NS, Stage, StageContext, is_holding
from watchkeeper.logs.agent.stages.table import StageSetting


class Pipeline:
    """Runs entries through stages. Several sources of a job may share it: one works at a time."""

    def __init__(self, settings: Sequence[StageSetting], context: StageContext) -> None:
        """Raises ValueError where a stage can't be made."""
        self.stages: list[Stage] = [setting.make(context) for setting in settings]
        self.names = [setting.name for setting in settings]
        self._holding = [(i, stage) for i, stage in enumerate(self.stages) if is_holding(stage)]
        self._lock = threading.Lock()

    def replace_stage(self, i: int, stage: Stage) -> None:
        """Puts another stage in the place of one."""
        self.stages[i] = stage
        self._holding = [(i, stage) for i, stage in enumerate(self.stages) if is_holding(stage)]

    @property
    def holds(self) -> bool:
        """Whether some stage keeps lines back; entries then need to say where their lines start."""
        return bool(self._holding)

    @property
    def is_full(self) -> bool:
        """Whether some stage wants nothing more to be read for now."""
        return any(getattr(stage, "is_full", False) for _, stage in self._holding)

    def run(self, entries: Entries) -> list[Entries]:
        """What comes out, in order."""
        with self._lock:
            return self._through(entries, 0)

    def _through(self, entries: Entries, first: int) -> list[Entries]:
        for stage in self.stages[first:]:
            if not entries.lines:
                return []
            entries = stage.run(entries)
        return [entries] if entries.lines else []

    def due(self, now_ns: int) -> list[Entries]:
        """What stages have held for long enough, behind the stages that follow."""
        out: list[Entries] = []
        with self._lock:
            for i, stage in self._holding:
                for entries in stage.due(now_ns):  # type: ignore[attr-defined]
                    out += self._through(entries, i + 1)
        return out

    def flush(self) -> list[Entries]:
        """All that is held."""
        return self.due(FOREVER_NS)

    def held_from(self, origin: str) -> int | None:
        """Where in an origin the first line starts that is held; None where none is."""
        with self._lock:
            found = [stage.held_from(origin) for _, stage in self._holding]  # type: ignore[attr-defined]
        return min((at for at in found if at is not None), default=None)
