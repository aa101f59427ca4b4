"""One target's series in the store: a parsed body becomes a row, and what has no place in a row becomes a batch.

A scrape is prepared first and written after, so that a scrape that breaks a limit leaves nothing behind. A scrape whose
series are those of the last one costs one copy into the row: the plan of the last scrape is used again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.model.histogram import Histogram
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.metadata import Exemplar
from watchkeeper.core.model.stale import MISSING_BITS, STALE, STALE_BITS
from watchkeeper.core.wire.exposition import Exposition, ExpositionParser
from watchkeeper.metrics.interface import Appender, Columns, SampleBatch, Status, Times, Values
from watchkeeper.metrics.scrape.cache import DROPPED, LabelsForgotten, Numbers, SeriesCache
from watchkeeper.metrics.scrape.limits import MAX_AHEAD_MS, Limits
from watchkeeper.metrics.scrape.report import report_labels
from watchkeeper.metrics.scrape.rewrite import SeriesRewriter

MIN_SPARE_SERIES: Final = 1000  # So many series may be known without being there, before the parser is compacted.
_NOTHING: Final[Columns] = np.empty(0, np.int32)


@dataclass(frozen=True, slots=True)
class SourceRules:
    """What a scrape config says about the samples of a target."""

    rewriter: SeriesRewriter
    limits: Limits = field(default_factory=Limits)
    honor_timestamps: bool = True
    track_timestamps_staleness: bool = False
    extra_metrics: bool = False
    inject_created: bool = False


@dataclass(slots=True)
class Refusals:
    """Samples that were dropped, by reason."""

    duplicate: int = 0
    out_of_order: int = 0
    out_of_bounds: int = 0
    exemplars: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether all samples were stored."""
        return not (self.duplicate or self.out_of_order or self.out_of_bounds or self.exemplars)

    def count(self, status: int, amount: int = 1) -> None:
        """Add samples that the store refused."""
        if status == Status.DUPLICATE:
            self.duplicate += amount
        elif status == Status.OUT_OF_BOUNDS:
            self.out_of_bounds += amount
        elif status != Status.STORED:
            self.out_of_order += amount


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Where the samples of a body go in a row.

    take        which values, None for all
    put         the columns they go to: a slice where these are consecutive
    columns     int32: the same columns as an array
    repeats     positions of values whose series stood in the body before, and of the value that counts
    """

    take: npt.NDArray[np.intp] | None
    put: slice | Columns
    columns: Columns
    repeats: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]] | None = None


@dataclass(slots=True)
class Prepared:
    """A scrape ready to be written, and what its report says of it."""

    plan: Plan | None = None
    values: Values | None = None
    zeros: SampleBatch | None = None
    batch: SampleBatch | None = None
    batch_live: frozenset[Labels] = frozenset()
    batch_known: frozenset[Labels] | None = None
    n_markers: int = 0
    scraped: int = 0
    post_relabel: int = 0
    added: int = 0
    refused: Refusals = field(default_factory=Refusals)


class RenumberedError(Exception):
    """The store renumbered the columns between `prepare` and `write`: prepare again."""


@dataclass(frozen=True, slots=True, eq=False)
class TimedSeries:
    """The series with their own times in one body, for as long as the next bodies have the same."""

    numbers: Numbers
    labels: list[Labels]
    codes: Columns
    present: frozenset[Labels]


class ScrapeSource:
    """The parser, the numbering and the writer of one target. It outlives the loop that feeds it."""

    def __init__(self, appender: Appender, name: str, target_labels: Labels, rules: SourceRules) -> None:
        self._appender = appender
        self._writer = appender.source(name)
        self._writer_generation = self._writer.generation
        self._target_labels = target_labels
        self._rules = rules
        self._cache = SeriesCache()
        self._parser: ExpositionParser | None = None
        self._parser_kind: object = None
        self._parser_generation = 0
        self._is_dirty = False
        self._was_renumbered = False  # Since the last row.
        self._known_is_lost = False  # Since the last good scrape.
        self._plan: Plan | None = None
        self._live = _NOTHING
        self._known = _NOTHING
        self._report = _NOTHING
        self._batch_live: frozenset[Labels] = frozenset()
        self._batch_known: frozenset[Labels] = frozenset()
        self._timed: TimedSeries | None = None
        self._created: Times = np.empty(0, np.int64)
        self._has_row = False

    # --- what may change between two scrapes

    def reconfigure(self, rules: SourceRules) -> None:
        """Go on under another configuration: all labels are worked out again, and what no longer passes goes stale."""
        if rules.extra_metrics != self._rules.extra_metrics:
            # The columns of the extra series have no other way to end.
            self._live = np.concatenate((self._live, self._report))
            self._report = _NOTHING
        self._rules = rules
        self._is_dirty = True

    def use_parser(self, kind: object, make: Callable[[], ExpositionParser]) -> None:
        """Parse with a parser of this kind; another one than before starts afresh."""
        if self._parser is None or kind != self._parser_kind:
            self._parser = make()
            self._parser_kind = kind
            self._parser_generation = self._parser.generation
            self._forget()

    def _forget(self) -> None:
        self._cache.clear()
        self._plan = None
        self._timed = None
        self._created = np.empty(0, np.int64)

    # --- one scrape

    def prepare(self, body: bytes, time_ms: int) -> tuple[Prepared, Exposition]:
        """Parse and plan; nothing is stored but new columns. Raises ExpositionError and TargetError."""
        parser = self._parser
        assert parser is not None, "BUG: prepare before use_parser"
        if self._writer.generation != self._writer_generation:
            self._follow_writer()
        self._place_report()
        if self._is_dirty:
            parser.reset()
            self._forget()
            self._is_dirty = False
        exposition = parser.parse(body)
        self._parser_generation = parser.generation
        try:
            return self._prepare(exposition, time_ms), exposition
        except LabelsForgotten:
            # The first exemplar or own timestamp of a series that had none: this target needs its labels kept.
            self._cache.keep_all_labels()
            parser.reset()
            self._forget()
            exposition = parser.parse(body)
            return self._prepare(exposition, time_ms), exposition

    def _follow_writer(self) -> None:
        """The store renumbered the columns: ask for all of them again."""
        self._writer_generation = self._writer.generation
        self._is_dirty = True
        self._was_renumbered = self._known_is_lost = True
        self._live = self._known = self._report = _NOTHING

    def _prepare(self, exposition: Exposition, time_ms: int) -> Prepared:
        rules, cache = self._rules, self._cache
        out = Prepared(values=exposition.values, scraped=exposition.n_samples)
        out.refused.duplicate = exposition.duplicates
        plan, self._plan = self._plan, None
        # What follows may raise. Then the parser knows series that we do not: it must start afresh, unless we learnt.
        self._is_dirty = True
        if not rules.rewriter.may_drop:
            rules.limits.check_samples(exposition.n_samples - exposition.duplicates)
        if exposition.new or exposition.n_series > cache.n_series:
            cache.learn(exposition.n_series, exposition.new, rules.rewriter.rewrite)
        self._is_dirty = False

        timed = exposition.timed if rules.honor_timestamps else None
        numbers = exposition.index
        is_simple = timed is None and not (
            exposition.histograms or exposition.exemplars or self._batch_live or self._batch_known
        )
        if rules.limits.samples and rules.rewriter.may_drop:
            rules.limits.check_samples(self._count_kept(exposition))
        if timed is not None:
            positions = np.flatnonzero(~timed)
            untimed = positions.astype(np.int32) if numbers is None else numbers[positions]
            plan = self._make_plan(untimed, positions)
        elif plan is None or not exposition.repeated:
            plan = self._make_plan(numbers, None)
        out.plan = plan
        out.post_relabel += len(plan.columns) + exposition.duplicates
        if plan.repeats is not None:
            again, first = plan.repeats
            bits = exposition.values.view(np.int64)
            out.refused.duplicate += int(np.count_nonzero(bits[again] != bits[first]))
            out.post_relabel += len(again)
        if plan.columns is not self._known:
            out.added += self._count_added(plan.columns)
        if not is_simple:
            self._prepare_batch(exposition, timed, time_ms, out)
        if rules.inject_created and exposition.created is not None:
            out.zeros = self._zeros(exposition, timed, time_ms)
        self._cache.settle()
        if timed is None:
            self._plan = plan
        self._compact(exposition)
        return out

    def _count_kept(self, exposition: Exposition) -> int:
        index = exposition.index
        numbers = np.arange(exposition.n_series, dtype=np.int32) if index is None else index
        n_kept = int(np.count_nonzero(self._cache.kept(numbers)))
        return n_kept + sum(self._cache.is_kept(number) for number, _, _ in exposition.histograms)

    def _make_plan(self, numbers: Numbers | None, positions: npt.NDArray[np.intp] | None) -> Plan:
        """The plan for samples without own times: of `numbers`, that stand at `positions` of the body (None: all)."""
        columns = self._cache.place(numbers, self._writer)
        take = positions
        kept = columns != DROPPED
        if not kept.all():
            chosen = np.flatnonzero(kept)
            columns = columns[chosen]
            take = chosen if positions is None else positions[chosen]
        repeats = None
        unique, first, group = np.unique(columns, return_index=True, return_inverse=True)
        if len(unique) < len(columns):
            # Relabelling made one series of several, or own times are not honoured: the first sample counts.
            source = np.arange(len(columns)) if take is None else take
            is_first = np.zeros(len(columns), np.bool_)
            is_first[first] = True
            again = np.flatnonzero(~is_first)
            repeats = (source[again], source[first[group[again]]])
            columns, take = columns[is_first], source[is_first]
        put: slice | Columns = columns
        if len(columns) and int(columns[-1]) - int(columns[0]) == len(columns) - 1 and (np.diff(columns) == 1).all():
            put = slice(int(columns[0]), int(columns[-1]) + 1)
        if len(columns) == len(self._known) and np.array_equal(columns, self._known):
            columns = self._known  # Known by identity from here on.
        return Plan(take, put, columns, repeats)

    def _count_added(self, columns: Columns) -> int:
        if self._known_is_lost:
            return 0
        is_known = np.zeros(self._writer.n_columns, np.bool_)
        is_known[self._known] = True
        return len(columns) - int(np.count_nonzero(is_known[columns]))

    def _compact(self, exposition: Exposition) -> None:
        """Give up numbers of series that went away, where these have become the most."""
        parser = self._parser
        assert parser is not None
        n_present = len(exposition.values) + len(exposition.histograms)
        if parser.n_series > 2 * n_present + MIN_SPARE_SERIES:
            new_numbers = parser.compact()
            if new_numbers is not None:
                self._cache.renumber(new_numbers)
                kept = np.flatnonzero(new_numbers >= 0)
                if len(self._created):
                    created = np.zeros(len(kept), np.int64)
                    sources = kept[kept < len(self._created)]
                    created[new_numbers[sources]] = self._created[sources]
                    self._created = created
                self._plan = None
                self._timed = None

    # --- samples that do not fit a row

    def _prepare_batch(
        self, exposition: Exposition, timed: npt.NDArray[np.bool_] | None, time_ms: int, out: Prepared
    ) -> None:
        rules, cache = self._rules, self._cache
        label_sets: list[Labels] = []
        code_of: dict[Labels, int] = {}
        live: frozenset[Labels] = frozenset()
        present: frozenset[Labels] = frozenset()

        def series_of(number: int) -> int:
            # By labels, not by number: relabelling may have made one series of two.
            labels = cache.labels(number)
            code = code_of.setdefault(labels, len(label_sets))
            if code == len(label_sets):
                label_sets.append(labels)
            return code

        series, times, values, starts = _NOTHING, np.empty(0, np.int64), np.empty(0), None
        if timed is not None:
            assert exposition.times is not None
            positions = np.flatnonzero(timed)
            numbers = positions.astype(np.int32) if exposition.index is None else exposition.index[positions]
            kept = cache.kept(numbers)
            in_bounds = exposition.times[positions] <= time_ms + MAX_AHEAD_MS
            out.post_relabel += int(np.count_nonzero(kept))
            out.refused.out_of_bounds += int(np.count_nonzero(kept & ~in_bounds))
            positions, numbers = positions[kept & in_bounds], numbers[kept & in_bounds]
            timed_series = self._timed_series(numbers)
            label_sets, series, present = timed_series.labels.copy(), timed_series.codes, timed_series.present
            if exposition.histograms or exposition.exemplars:
                code_of.update(zip(label_sets, range(len(label_sets)), strict=True))
            times, values = exposition.times[positions], exposition.values[positions]
            starts = None if exposition.created is None else exposition.created[positions]
            if rules.track_timestamps_staleness:
                live = present

        histograms: list[tuple[int, int, Histogram]] = []
        with_histogram: set[int] = set()
        tracked: list[Labels] = []
        for number, own_time_ms, histogram in exposition.histograms:
            if not cache.is_kept(number):
                continue
            out.post_relabel += 1
            at_ms = own_time_ms if own_time_ms is not None and rules.honor_timestamps else None
            if at_ms is not None and at_ms > time_ms + MAX_AHEAD_MS:
                out.refused.out_of_bounds += 1
                continue
            fitted = rules.limits.fit_histogram(histogram)
            histograms.append((series_of(number), time_ms if at_ms is None else at_ms, fitted))
            with_histogram.add(number)
            if at_ms is None or rules.track_timestamps_staleness:
                tracked.append(cache.labels(number))
        if with_histogram:
            present = present.union([cache.labels(number) for number in with_histogram])
            live = live.union(tracked)

        exemplars: list[tuple[int, Exemplar]] = []
        for number, exemplar in exposition.exemplars:
            if not cache.is_kept(number) or (exemplar.time_ms is None and number in with_histogram):
                continue  # Upstream takes no exemplar of a native histogram without a time.
            if exemplar.time_ms is None:
                exemplar = Exemplar(exemplar.labels, exemplar.value, time_ms)
            exemplars.append((series_of(number), exemplar))

        if present is not self._batch_known:
            out.added += len(present - self._batch_known)
        out.batch_known = present
        if label_sets:
            out.batch = SampleBatch(label_sets, series, times, values, histograms, starts, exemplars)
        self._end_batch_series(live, time_ms, out)

    def _timed_series(self, numbers: Numbers) -> TimedSeries:
        known = self._timed
        if known is None or not np.array_equal(numbers, known.numbers):
            distinct, inverse = np.unique(numbers, return_inverse=True)
            code_of: dict[Labels, int] = {}
            codes = [code_of.setdefault(self._cache.labels(number), len(code_of)) for number in distinct.tolist()]
            series = np.array(codes, np.int32)[inverse]
            known = TimedSeries(numbers, list(code_of), series, frozenset(code_of))
            self._timed = known
        return known

    def _end_batch_series(self, live: frozenset[Labels], time_ms: int, out: Prepared) -> None:
        """Add stale markers for series that the last batch had and this one has not."""
        out.batch_live = live
        if live is self._batch_live:
            return
        gone = sorted(self._batch_live - live)
        if not gone:
            return
        known = list(out.batch.labels) if out.batch is not None else []
        batch = out.batch or SampleBatch([], _NOTHING, np.empty(0, np.int64), np.empty(0))
        at = np.arange(len(known), len(known) + len(gone), dtype=np.int32)
        batch.labels = known + gone
        batch.series = np.concatenate((batch.series, at))
        batch.times = np.concatenate((batch.times, np.full(len(gone), time_ms, np.int64)))
        markers = np.full(len(gone), STALE_BITS, np.int64).view(np.float64)
        batch.values = np.concatenate((batch.values, markers))
        if batch.start_times is not None:
            batch.start_times = np.concatenate((batch.start_times, np.zeros(len(gone), np.int64)))
        out.batch = batch
        out.n_markers += len(gone)

    def _zeros(self, exposition: Exposition, timed: npt.NDArray[np.bool_] | None, time_ms: int) -> SampleBatch | None:
        """A zero at its start time for each counter whose start time is new."""
        assert exposition.created is not None, "BUG: no start times"
        index, starts = exposition.index, exposition.created
        numbers = np.arange(exposition.n_series, dtype=np.int32) if index is None else index
        if len(self._created) < exposition.n_series:
            grown = np.zeros(exposition.n_series, np.int64)
            grown[: len(self._created)] = self._created
            self._created = grown
        times = np.full(len(numbers), time_ms, np.int64)
        if timed is not None and exposition.times is not None:
            times = np.where(timed, exposition.times, time_ms)
        is_new = (starts > 0) & (starts < times) & (starts != self._created[numbers]) & self._cache.kept(numbers)
        if not is_new.any():
            return None
        fresh = zip(numbers[is_new].tolist(), starts[is_new].tolist(), strict=True)
        start_of = {self._cache.labels(number): start_ms for number, start_ms in fresh}
        self._created[numbers] = starts
        at = np.arange(len(start_of), dtype=np.int32)
        return SampleBatch(list(start_of), at, np.array(list(start_of.values()), np.int64), np.zeros(len(at)))

    # --- writing

    def write(self, prepared: Prepared, time_ms: int, report: list[float]) -> Refusals:
        """Store a prepared scrape with its report series; an empty one ends all series. Raises as the store does."""
        writer, plan = self._writer, prepared.plan
        if plan is not None and writer.generation != self._writer_generation:
            raise RenumberedError
        self._place_report()
        row = np.full(writer.n_columns, MISSING_BITS, np.int64).view(np.float64)
        columns = _NOTHING if plan is None else plan.columns
        if self._was_renumbered:
            # Which of the other columns had a value is not known any more, so each of them is ended.
            row.view(np.int64)[:] = STALE_BITS
        elif columns is not self._live:
            row.view(np.int64)[self._live] = STALE_BITS
        n_samples = 0
        if plan is not None and prepared.values is not None:
            values = prepared.values
            row[plan.put] = values if plan.take is None else values[plan.take]
            n_samples = len(columns)
        row[self._report] = report
        if prepared.zeros is not None:
            # Before the samples that they come before; one that the store can't take any more is nobody's loss.
            self._appender.append(prepared.zeros)
        # The batch comes after the row: a row that fails must not leave half a scrape.
        status = writer.append(time_ms, row)
        refused = prepared.refused
        refused.count(status, n_samples)
        if status == Status.STORED:
            self._has_row = True
            self._was_renumbered = False
            self._live = columns
            if plan is not None:
                self._known = columns
                self._known_is_lost = False
        if prepared.batch is not None:
            self._write_batch(prepared.batch, prepared.n_markers, refused)
        self._batch_live = prepared.batch_live
        if prepared.batch_known is not None:
            self._batch_known = prepared.batch_known
        return refused

    def _write_batch(self, batch: SampleBatch, n_markers: int, refused: Refusals) -> None:
        result = self._appender.append(batch)
        if result.stored_all:
            return
        # Markers that the store can't take are nobody's loss; they stand last.
        n_samples = len(batch.values) - n_markers
        for statuses in (result.samples[:n_samples], result.histograms):
            for status, count in enumerate(np.bincount(statuses).tolist()):
                refused.count(status, count)
        refused.exemplars += int(np.count_nonzero(result.exemplars))

    def nothing(self, time_ms: int) -> Prepared:
        """What a failed scrape writes: the end of every series."""
        out = Prepared()
        self._end_batch_series(frozenset(), time_ms, out)
        return out

    def end(self, time_ms: int) -> None:
        """The target has gone: markers for all its series, the report's included, and the writer is given up."""
        if self._has_row:
            self._place_report()
            self.write(self.nothing(time_ms), time_ms, [STALE] * len(self._report))
        self._writer.close()

    def close(self) -> None:
        """The server stops: no markers."""
        self._writer.close()

    def _place_report(self) -> None:
        if self._writer.generation != self._writer_generation:
            self._follow_writer()
        if not len(self._report):
            self._report = self._writer.columns(report_labels(self._target_labels, extra=self._rules.extra_metrics))

    @property
    def size_bytes(self) -> int:
        """What the parser holds."""
        return 0 if self._parser is None else self._parser.size_bytes
