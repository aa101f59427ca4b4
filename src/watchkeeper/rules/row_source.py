"""The samples of one level of a group as rows of one source: a row for each evaluation, a column for each series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from watchkeeper.core.model.histogram import Histogram
from watchkeeper.core.model.stale import MISSING_BITS, STALE_BITS
from watchkeeper.metrics.interface import Appender, Columns, SampleBatch, Status
from watchkeeper.rules.output import NO_SERIES, Output, SeriesList

_NO_COLUMNS: Final[Columns] = np.empty(0, np.int32)


@dataclass(slots=True)
class Refusals:
    """Samples of one rule that the store did not take, by status."""

    counts: dict[Status, int] = field(default_factory=dict)

    def add(self, status: Status, amount: int) -> None:
        """Count more."""
        if amount and status is not Status.STORED:
            self.counts[status] = self.counts.get(status, 0) + amount


class RowSource:
    """Writes what the rules of a level gave, and ends the series that they give no longer. One thread at a time."""

    def __init__(self, appender: Appender, name: str, n_rules: int) -> None:
        self._appender = appender
        self._writer = appender.source(name)
        self._generation = self._writer.generation
        self._previous: list[SeriesList] = [NO_SERIES] * n_rules
        self._columns: list[Columns | None] = [_NO_COLUMNS] * n_rules
        self._overlaps = False  # Whether two rules give one series.

    def series_of(self, rule: int) -> SeriesList:
        """What the rule gave last, and what is ended when it gives it no longer."""
        return self._previous[rule]

    def take_over(self, rule: int, series: SeriesList) -> None:
        """Let a rule have given these series before, under another source."""
        self._previous[rule] = series
        self._columns[rule] = None

    def write(self, time_ms: int, outputs: Sequence[Output | None]) -> list[Refusals]:
        """Store one row; None stands for a rule that failed: its series get no sample, and no end. Raises WriteFailed.

        returns  what was refused, by rule
        """
        refused = [Refusals() for _ in outputs]
        before = self._placed_before(outputs)
        given = [(i, output) for i, output in enumerate(outputs) if output is not None]
        if not before and not any(len(output.series) for _, output in given):
            for i, output in given:
                self._previous[i], self._columns[i] = output.series, _NO_COLUMNS
            return refused
        columns = {i: self._place(i, output.series) for i, output in given}
        if before or any(output.series is not self._previous[i] for i, output in given):
            together = np.concatenate(list(columns.values()))
            self._overlaps = len(np.unique(together)) < len(together)
        row = np.full(self._writer.n_columns, MISSING_BITS, np.int64).view(np.float64)
        bits = row.view(np.int64)
        for ended in before:
            bits[ended] = STALE_BITS
        for i, output in reversed(given):  # Of two rules with one series the first counts.
            row[columns[i]] = output.values
        if self._overlaps:
            for i, output in given:
                other = bits[columns[i]] != output.values.view(np.int64)
                refused[i].add(Status.DUPLICATE, int(np.count_nonzero(other)))
        status = self._writer.append(time_ms, row)
        for i, output in given:
            n = len(output.series) - len(output.histograms)
            if status != Status.STORED and n:
                refused[i].counts = {status: n}
            if output.histograms:
                self._append_histograms(time_ms, output.series, output.histograms, refused[i])
            if status == Status.STORED or not n:
                self._previous[i], self._columns[i] = output.series, columns[i]
        return refused

    def _placed_before(self, outputs: Sequence[Output | None]) -> list[Columns]:
        """The columns of series that rules gave and that another list takes the place of."""
        writer = self._writer
        if writer.generation != self._generation:
            self._generation = writer.generation
            self._columns = [None] * len(self._columns)
        out: list[Columns] = []
        for i, output in enumerate(outputs):
            previous = self._previous[i]
            if output is not None and output.series is not previous and len(previous):
                known = self._columns[i]
                out.append(writer.columns(previous.label_sets) if known is None else known)
        return out

    def _place(self, rule: int, series: SeriesList) -> Columns:
        known = self._columns[rule]
        if series is self._previous[rule]:
            if known is None:
                known = self._columns[rule] = self._writer.columns(series.label_sets)
            return known
        return self._writer.columns(series.label_sets) if len(series) else _NO_COLUMNS

    def _append_histograms(
        self, time_ms: int, series: SeriesList, histograms: dict[int, Histogram], refused: Refusals
    ) -> None:
        rows = list(histograms)
        batch = SampleBatch(
            [series.label_sets[row] for row in rows],
            _NO_COLUMNS,
            np.empty(0, np.int64),
            np.empty(0),
            [(i, time_ms, histograms[row]) for i, row in enumerate(rows)],
        )
        for status, count in enumerate(np.bincount(self._appender.append(batch).histograms).tolist()):
            refused.add(Status(status), count)

    def close(self) -> None:
        """No more rows come."""
        self._writer.close()
