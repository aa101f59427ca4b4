"""An appender that stores, and then hands what was stored to the spools of the remotes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.packed_labels import pack
from watchkeeper.core.model.stale import MISSING_BITS
from watchkeeper.metrics.interface import (
    Appender,
    AppendResult,
    Columns,
    SampleBatch,
    SourceWriter,
    Status,
    Values,
)
from watchkeeper.metrics.remote.spool import Feed, Kinds, Rewrite, Spool


@dataclass(frozen=True, slots=True, eq=False)
class Outlet:
    """One remote as writers see it. A changed configuration makes a new one."""

    spool: Spool
    rewrite: Rewrite
    kinds: Kinds


class Outlets:
    """The remotes there are now; `version` changes with them."""

    __slots__ = ("current", "saw", "version")

    def __init__(self, saw: Callable[[int, int], None]) -> None:
        self.current: tuple[Outlet, ...] = ()
        self.version = 0
        self.saw = saw

    def replace(self, outlets: Sequence[Outlet]) -> None:
        """From now on these."""
        self.current = tuple(outlets)
        self.version += 1


class Tee:
    """An `Appender`. Without remotes it costs one comparison for each row or batch."""

    def __init__(self, appender: Appender, outlets: Outlets) -> None:
        self._appender = appender
        self._outlets = outlets

    def source(self, name: str) -> TeeWriter:
        """A writer for a source of the store."""
        return TeeWriter(self._appender.source(name), self._outlets)

    def append(self, batch: SampleBatch, *, all_or_nothing: bool = False) -> AppendResult:
        """As the store does; what it took goes to the remotes too."""
        result = self._appender.append(batch, all_or_nothing=all_or_nothing)
        outlets = self._outlets.current
        if outlets:
            stored = [result.samples == 0, result.histograms == 0, result.exemplars == 0]
            if all_or_nothing and (result.samples.any() or result.histograms.any()):
                return result
            for outlet in outlets:
                outlet.spool.write_batch(batch, stored, outlet.rewrite, outlet.kinds)
            if len(batch.times):
                self._outlets.saw(int(batch.times.max()), int(stored[0].sum()) + int(stored[1].sum()))
        return result


class TeeWriter:
    """A `SourceWriter`. When the remotes change, its generation does, so that it is told all labels again."""

    __slots__ = ("_feeds", "_followed", "_inner", "_inner_followed", "_known", "_outlets")

    def __init__(self, inner: SourceWriter, outlets: Outlets) -> None:
        self._inner = inner
        self._outlets = outlets
        self._reset()

    def _reset(self) -> None:
        self._followed = self.generation
        self._inner_followed = self._inner.generation
        self._feeds: tuple[tuple[Outlet, Feed], ...] = tuple(
            (outlet, Feed(outlet.spool.new_source())) for outlet in self._outlets.current
        )
        self._known = np.zeros(0, np.bool_)

    def columns(self, label_sets: Sequence[Labels]) -> Columns:
        """The column of each label set, made where it is new."""
        columns = self._inner.columns(label_sets)
        if self.generation != self._followed:
            self._reset()
        if self._feeds and len(columns):
            self._learn(label_sets, columns)
        return columns

    def _learn(self, label_sets: Sequence[Labels], columns: Columns) -> None:
        known = np.zeros(max(self._inner.n_columns, len(self._known)), np.bool_)
        known[: len(self._known)] = self._known
        self._known = known
        rows = np.flatnonzero(~known[columns]).tolist()
        numbers = columns.tolist()
        # The same set may be asked for twice in one call.
        fresh = list({numbers[row]: row for row in rows}.items())
        known[columns] = True
        for outlet, feed in self._feeds:
            sent: list[int] = []
            packed: list[bytes] = []
            for column, row in fresh:
                labels = outlet.rewrite(label_sets[row])
                if labels is not None:
                    sent.append(column)
                    packed.append(pack(labels))
            if sent:
                feed.add(sent, packed)

    @property
    def n_columns(self) -> int:
        """How many columns a row has now."""
        return self._inner.n_columns

    @property
    def generation(self) -> int:
        """Changes when columns were renumbered, or when the remotes changed."""
        return self._inner.generation + (self._outlets.version << 32)

    def append(self, time_ms: int, row: Values) -> Status:
        """Store one row; what is stored is in the spools on return."""
        # The columns may be renumbered by the append: the row belongs to the ones before it. Where they were, and
        # nobody has asked since, no label is known. New remotes do not matter: the old ones still get their rows.
        feeds = self._feeds if self._inner.generation == self._inner_followed else ()
        status = self._inner.append(time_ms, row)
        if feeds and status is Status.STORED:
            row = np.ascontiguousarray(row)
            for outlet, feed in feeds:
                if outlet.spool.is_open:
                    outlet.spool.write_row(feed, time_ms, row)
            self._outlets.saw(time_ms, int(np.count_nonzero(row.view(np.uint64) != np.uint64(MISSING_BITS))))
        return status

    def close(self) -> None:
        """The source has gone."""
        self._inner.close()
        self._feeds = ()
