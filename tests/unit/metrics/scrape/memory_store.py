"""A store that remembers what the scraper wrote: as rows arrive, and as samples of series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from watchkeeper.core.model.histogram import Histogram
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.stale import is_stale, missing_mask
from watchkeeper.metrics.interface import AppendResult, SampleBatch, Status

STALE = "stale"
"""How a marker shows in `MemoryStore.samples`."""


def shown(value: float) -> float | str:
    """A value that compares equal to itself."""
    if is_stale(value):
        return STALE
    return "nan" if value != value else value


@dataclass
class MemoryWriter:
    store: MemoryStore
    name: str
    column_of: dict[Labels, int] = field(default_factory=dict)
    generation: int = 0
    last_ms: int = -1
    is_closed: bool = False
    n_rows: int = 0

    @property
    def n_columns(self) -> int:
        return len(self.column_of)

    def columns(self, label_sets: Sequence[Labels]) -> np.ndarray:
        return np.array([self.column_of.setdefault(labels, len(self.column_of)) for labels in label_sets], np.int32)

    def append(self, time_ms: int, row: np.ndarray) -> Status:
        assert not self.is_closed
        assert row.shape == (self.n_columns,)
        if self.store.error is not None:
            raise self.store.error
        if time_ms <= self.last_ms:
            return Status.OUT_OF_ORDER
        self.last_ms = time_ms
        self.n_rows += 1
        missing = missing_mask(row)
        for labels, column in self.column_of.items():
            if not missing[column]:
                self.store.put(labels, time_ms, float(row[column]))
        return Status.STORED

    def renumber(self) -> None:
        """Columns in another order, and a new generation."""
        self.column_of = {labels: i for i, labels in enumerate(reversed(self.column_of))}
        self.generation += 1

    def close(self) -> None:
        self.is_closed = True


@dataclass
class MemoryStore:
    """An `Appender`. `samples` has (time, value) pairs by series, in order of arrival."""

    samples: dict[Labels, list[tuple[int, float | str]]] = field(default_factory=dict)
    histograms: dict[Labels, list[tuple[int, Histogram]]] = field(default_factory=dict)
    exemplars: list[tuple[Labels, object]] = field(default_factory=list)
    batches: list[SampleBatch] = field(default_factory=list)
    writers: list[MemoryWriter] = field(default_factory=list)
    error: Exception | None = None

    def source(self, name: str) -> MemoryWriter:
        self.writers.append(MemoryWriter(self, name))
        return self.writers[-1]

    def put(self, labels: Labels, time_ms: int, value: float) -> Status:
        kept = self.samples.setdefault(labels, [])
        if kept and kept[-1][0] > time_ms:
            return Status.OUT_OF_ORDER
        if kept and kept[-1][0] == time_ms:
            return Status.STORED if kept[-1][1] == shown(value) else Status.DUPLICATE
        kept.append((time_ms, shown(value)))
        return Status.STORED

    def append(self, batch: SampleBatch, *, all_or_nothing: bool = False) -> AppendResult:
        assert len(set(batch.labels)) == len(batch.labels)
        self.batches.append(batch)
        statuses = [
            self.put(batch.labels[series], time_ms, value)
            for series, time_ms, value in zip(
                batch.series.tolist(), batch.times.tolist(), batch.values.tolist(), strict=True
            )
        ]
        for series, time_ms, histogram in batch.histograms:
            self.histograms.setdefault(batch.labels[series], []).append((time_ms, histogram))
        for series, exemplar in batch.exemplars:
            self.exemplars.append((batch.labels[series], exemplar))
        return AppendResult(
            np.array(statuses, np.uint8),
            np.zeros(len(batch.histograms), np.uint8),
            np.zeros(len(batch.exemplars), np.uint8),
        )

    def of(self, name: str, **labels: str) -> list[float | str]:
        """The values of the one series that has this name and these labels."""
        found = [
            samples
            for series, samples in self.samples.items()
            if series.name == name and all(series.get(key) == value for key, value in labels.items())
        ]
        assert len(found) == 1, f"{len(found)} series {name} {labels} in {[str(series) for series in self.samples]}"
        return [value for _, value in found[0]]

    def names(self) -> set[str]:
        """All metric names that have samples."""
        return {series.name for series, samples in self.samples.items() if samples}
