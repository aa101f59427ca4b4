"""One source of a head: its open rows and sealed chunks, and the writer that scrape loops and rule groups hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from watchkeeper.core.model.labels import Labels
from watchkeeper.metrics.interface import Columns, Status, Values
from watchkeeper.metrics.tsdb.chunk import RowChunk
from watchkeeper.metrics.tsdb.wal import Refs

if TYPE_CHECKING:
    from watchkeeper.metrics.tsdb.head import Head

NO_TIME: Final = -(1 << 63)
DEAD_SHARE: Final = 8  # Columns are renumbered when more than an eighth of them had no sample in a whole run.


class Run:
    """Rows that are not sealed yet, the first a key row. Only the writer adds; readers look at `times` first, whose
    length says how many rows are whole."""

    __slots__ = ("bodies", "is_ended", "refs", "segment", "times")

    def __init__(self, refs: Refs, segment: int) -> None:
        self.refs = refs
        self.is_ended = False
        self.segment = segment  # Of the WAL: where the first row is.
        self.times: list[int] = []
        self.bodies: list[bytes] = []


class Layout(NamedTuple):
    """Sealed chunks, then runs, in time order. Rows are added to the last run, unless it is ended."""

    chunks: tuple[RowChunk, ...] = ()
    runs: tuple[Run, ...] = ()

    @property
    def parts(self) -> list[RowChunk | Run]:
        """All of them."""
        return [*self.chunks, *self.runs]


class Source:
    """State of one source. The head's lock guards every change; `layout` is replaced, never changed."""

    __slots__ = (
        "generation",
        "id",
        "is_open",
        "last_ms",
        "layout",
        "logged_columns",
        "logged_segment",
        "name",
        "prev",
        "refs",
        "run_rows",
        "sequence",
    )

    def __init__(self, id_: int, name: str, run_rows: int) -> None:
        self.id = id_
        self.name = name
        self.run_rows = run_rows
        self.refs: Refs = np.zeros(0, np.uint32)
        self.prev: npt.NDArray[np.float64] = np.zeros(0, np.float64)
        self.last_ms = NO_TIME
        self.generation = 0
        self.sequence = 0
        self.logged_segment = -1
        self.logged_columns = 0
        self.is_open = True
        self.layout = Layout()

    @property
    def closed_runs(self) -> tuple[Run, ...]:
        """The runs that get no more rows."""
        runs = self.layout.runs
        return runs if not runs or runs[-1].is_ended else runs[:-1]

    def open_run(self) -> Run | None:
        """The run that takes the next row; None where a new one must be started."""
        runs = self.layout.runs
        return None if not runs or runs[-1].is_ended else runs[-1]

    def start_run(self, segment: int) -> Run:
        """Start a run with the present columns."""
        run = Run(self.refs, segment)
        chunks, runs = self.layout
        self.layout = Layout(chunks, (*runs, run))
        return run

    def end_run(self) -> None:
        """Let the next row start a new run, so that the present one can be sealed."""
        run = self.open_run()
        if run is not None and run.times:
            run.is_ended = True


class Writer:
    """A `SourceWriter` on a head."""

    __slots__ = ("_head", "_source")

    def __init__(self, head: Head, source: Source) -> None:
        self._head = head
        self._source = source

    def columns(self, label_sets: Sequence[Labels]) -> Columns:
        """The column of each label set, made where it is new."""
        return self._head.columns(self._source, label_sets)

    @property
    def n_columns(self) -> int:
        """How many columns a row has now."""
        return len(self._source.refs)

    @property
    def generation(self) -> int:
        """Changes, at the end of an `append`, when columns were renumbered."""
        return self._source.generation

    def append(self, time_ms: int, row: Values) -> Status:
        """Store one row; on return its WAL record is written. Raises WriteFailed, and then nothing is stored."""
        return self._head.append_row(self._source, time_ms, row)

    def close(self) -> None:
        """The source has gone; what it stored stays."""
        self._head.close_source(self._source)
