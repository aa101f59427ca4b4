"""What merging, retention and deletes have in common: the store's parts, and a rebuild of some segments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from watchkeeper.logs.store.deletes import Deletes
from watchkeeper.logs.store.flush import Flusher
from watchkeeper.logs.store.head import Head
from watchkeeper.logs.store.memory import give_back
from watchkeeper.logs.store.metrics import StoreMetrics
from watchkeeper.logs.store.options import StoreOptions
from watchkeeper.logs.store.overrides import Overrides
from watchkeeper.logs.store.rebuild import Keep, Rebuild, keep_all
from watchkeeper.logs.store.segment import Segment
from watchkeeper.logs.store.segments import Segments
from watchkeeper.logs.store.settings import StoreSettings


@dataclass(slots=True)
class Workshop:
    """The parts of one store. `is_stopping` tells long work to give up."""

    head: Head
    segments: Segments
    flusher: Flusher
    settings: StoreSettings
    options: StoreOptions
    metrics: StoreMetrics
    clock_ns: Callable[[], int]
    overrides: Overrides
    deletes: Deletes
    is_stopping: bool = False

    def rebuild(self, inputs: Sequence[Segment], *, keep: Keep = keep_all, join: bool = False) -> Rebuild:
        """Segments made of these, which serve instead of them now. Raises OSError, UnavailableError or Stopped."""
        work = Rebuild(
            self.segments,
            self.options,
            inputs,
            keep=keep,
            join=join,
            first_log=self.head.first_segment(),
            now_ns=self.clock_ns(),
            should_stop=lambda: self.is_stopping,
        )
        work.run()
        give_back()
        return work
