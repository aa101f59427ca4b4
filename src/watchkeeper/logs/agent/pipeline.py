"""The stages of a job, one after the other."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from watchkeeper.logs.agent.entries import Entries
from watchkeeper.logs.agent.stages.chain import StageChain
from watchkeeper.logs.agent.stages.stage import FOREVER_NS, StageContext
from watchkeeper.logs.agent.stages.table import StageSetting


class Pipeline:
    """Runs entries through stages. Several sources of a job may share it: one works at a time."""

    def __init__(self, settings: Sequence[StageSetting], context: StageContext) -> None:
        """Raises ValueError where a stage can't be made."""
        self.stages = StageChain(settings, context)
        self.names = [setting.name for setting in settings]
        self._lock = threading.Lock()

    @property
    def holds(self) -> bool:
        """Whether some stage keeps lines back; entries then need to say where their lines start."""
        return self.stages.holds

    @property
    def is_full(self) -> bool:
        """Whether some stage wants nothing more to be read for now."""
        return self.stages.is_full

    def run(self, entries: Entries) -> list[Entries]:
        """What comes out, in order."""
        with self._lock:
            return _filled([self.stages.run(entries)])

    def due(self, now_ns: int) -> list[Entries]:
        """What stages have held for long enough, behind the stages that follow."""
        with self._lock:
            return _filled([self.stages.run(entries, first) for entries, first in self.stages.released(now_ns)])

    def flush(self) -> list[Entries]:
        """All that is held."""
        return self.due(FOREVER_NS)

    def held_from(self, origin: str) -> int | None:
        """Where in an origin the first line starts that is held; None where none is."""
        with self._lock:
            return self.stages.held_from(origin)


def _filled(several: Sequence[Entries]) -> list[Entries]:
    return [entries for entries in several if entries.lines]
