"""A group of rules: evaluated together, at one time, in an order that lets each see what it reads of the others.

All here is synchronous; when a group is due, and on which threads it runs, is its runner's matter.
Source of the semantics: Prometheus rules/group.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from watchkeeper.core.disk.wal import WriteFailed
from watchkeeper.core.index.label_hash import hash_labels
from watchkeeper.core.model.errors import (
    DuplicateSample,
    OutOfBounds,
    OutOfOrder,
    QueryCanceled,
    TooOld,
    WatchkeeperError,
)
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.stale import STALE
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.metrics.interface import Appender, Querier, SampleBatch, Status
from watchkeeper.metrics.scrape.clock import Clock
from watchkeeper.rules.alerting import AlertingRule
from watchkeeper.rules.files.loaded import LoadedGroup
from watchkeeper.rules.interface import Notify
from watchkeeper.rules.order import levels_of
from watchkeeper.rules.output import Output
from watchkeeper.rules.recording import RecordingRule
from watchkeeper.rules.restore import restore_rule
from watchkeeper.rules.row_source import Refusals, RowSource
from watchkeeper.rules.rule import Moment, Rule
from watchkeeper.rules.settings import GlobalSettings, RuleOptions
from watchkeeper.rules.telemetry import GroupMetrics
from watchkeeper.rules.template import Query
from watchkeeper.rules.views import GroupView

log = get_logger("rule manager")

_WHY: Final = {
    Status.OUT_OF_ORDER: OutOfOrder.reason,
    Status.DUPLICATE: DuplicateSample.reason,
    Status.TOO_OLD: TooOld.reason,
    Status.OUT_OF_BOUNDS: OutOfBounds.reason,
}
_TOLD: Final = {
    Status.OUT_OF_ORDER: "Error on ingesting out-of-order result from rule evaluation",
    Status.DUPLICATE: "Error on ingesting results from rule evaluation with different value but same timestamp",
    Status.TOO_OLD: "Error on ingesting too old result from rule evaluation",
    Status.OUT_OF_BOUNDS: "Error on ingesting out-of-bounds result from rule evaluation",
}


class Surroundings:
    """What all groups of a manager share.

    settings   of the configuration file; replaced by a reload
    is_ending  set when the server stops: no further rule is begun
    """

    def __init__(self, appender: Appender, notify: Notify, clock: Clock, options: RuleOptions, query: Query) -> None:
        self.appender = appender
        self.notify = notify
        self.clock = clock
        self.options = options
        self.query = query
        self.settings = GlobalSettings()
        self.is_ending = False


class Level:
    """Rules that need nothing of each other, and the source of what they record."""

    def __init__(self, group: Group, numbers: Sequence[int], name: str) -> None:
        self.rules: tuple[Rule, ...] = tuple(group.rules[i] for i in numbers)
        self.outputs: list[Output | None] = [None] * len(self.rules)
        self.source = RowSource(group.around.appender, name, len(self.rules))
        self.duration_s = 0.0  # Of all rules the last time, one after the other.


class Group:
    """Rules with their state. One thread at a time evaluates it, or several one level of it."""

    def __init__(self, loaded: LoadedGroup, around: Surroundings, metrics: GroupMetrics, *, restored: bool) -> None:
        self.loaded = loaded
        self.around = around
        self.metrics = metrics
        settings = around.settings
        self.interval_ms = loaded.interval_ms or settings.interval_ms
        self.offset_ms = settings.query_offset_ms if loaded.query_offset_ms is None else loaded.query_offset_ms
        self.rules: tuple[Rule, ...] = tuple(
            RecordingRule(rule) if rule.kind == "record" else AlertingRule(rule, restored=restored)
            for rule in loaded.rules
        )
        levels = levels_of(loaded.rules)
        names = [self.key if len(levels) == 1 else f"{self.key} ({n + 1}/{len(levels)})" for n in range(len(levels))]
        self.levels = tuple(Level(self, rules, name) for rules, name in zip(levels, names, strict=True))
        self.evaluation_s = 0.0
        self.last_evaluation_s: float | None = None
        self._orphans: list[Labels] = []  # Series of rules that are gone, which nobody has ended yet.
        metrics.interval.set(self.interval_ms / 1000)
        metrics.rules.set(len(self.rules))

    @property
    def key(self) -> str:
        """`file;name`."""
        return f"{self.loaded.file};{self.loaded.name}"

    @property
    def must_restore(self) -> bool:
        """Whether an alert's state of before a restart has yet to be read."""
        return any(isinstance(rule, AlertingRule) and not rule.restored for rule in self.rules)

    def is_same(self, loaded: LoadedGroup, settings: GlobalSettings) -> bool:
        """Whether a group of these settings would do what this one does."""
        offset_ms = settings.query_offset_ms if loaded.query_offset_ms is None else loaded.query_offset_ms
        return (self.loaded, self.interval_ms, self.offset_ms) == (
            loaded,
            loaded.interval_ms or settings.interval_ms,
            offset_ms,
        )

    def due_ms(self, now_ms: int) -> int:
        """The newest time, not after now, at which the group is due: every interval, at a place of its own in it."""
        place_ms = hash_labels(Labels.of(file=self.loaded.file, name=self.loaded.name)) % self.interval_ms
        return now_ms - (now_ms - place_ms) % self.interval_ms

    # --- evaluation

    def moment(self, time_ms: int) -> Moment:
        """One evaluation."""
        around = self.around
        return Moment(
            time_ms,
            self.offset_ms,
            self.interval_ms,
            self.loaded.limit,
            around.settings,
            around.query,
            lambda: around.is_ending,
        )

    def evaluate(self, time_ms: int) -> None:
        """Evaluate all rules at a time in ms. Never raises for a rule's failure."""
        at = self.moment(time_ms)
        for level in self.levels:
            for i in range(len(level.rules)):
                self.evaluate_rule(level, i, at)
            self.write(level, at)
        self.finish(at)

    def evaluate_rule(self, level: Level, i: int, at: Moment) -> None:
        """Evaluate one rule of a level; what it gives waits for `write`. Rules of one level may run side by side."""
        if self.around.is_ending:
            level.outputs[i] = None
            return
        rule, clock, metrics = level.rules[i], self.around.clock, self.metrics
        wall_s, began_s = clock.wall_s(), clock.monotonic_s()
        metrics.evaluations.inc()
        try:
            level.outputs[i] = rule.evaluate(at)
            rule.settle("")
            if isinstance(rule, AlertingRule):
                alerts = rule.due_alerts(at, self.around.options.resend_delay_ms)
                if alerts:
                    self.around.notify(alerts)
        except QueryCanceled as error:
            self._fail(level, i, str(error))
        except WatchkeeperError as error:
            metrics.exceeded.note(error)
            self._fail(level, i, str(error))
            self._warn("Evaluating rule failed", rule, err=error)
        except Exception as error:  # A fault of ours must not take the other rules with it.
            self._fail(level, i, f"internal error: {error}")
            log.exception("A rule failed for a reason of our own", group=self.key, rule=rule.name)
        rule.evaluation_s = clock.monotonic_s() - began_s
        rule.last_evaluation_s = wall_s
        metrics.evaluation_duration.observe(rule.evaluation_s)

    def _fail(self, level: Level, i: int, error: str) -> None:
        level.outputs[i] = None
        level.rules[i].settle(error)
        self.metrics.failures.inc()

    def _warn(self, text: str, rule: Rule, **more: object) -> None:
        loaded = self.loaded
        log.warn(text, file=loaded.file, group=loaded.name, name=rule.name, **more)

    def write(self, level: Level, at: Moment) -> None:
        """Store what the rules of a level gave."""
        level.duration_s = sum(rule.evaluation_s for rule in level.rules)
        try:
            refused = level.source.write(at.sample_ms, level.outputs)
        except (WriteFailed, OSError, ValueError) as error:
            for rule, output in zip(level.rules, level.outputs, strict=True):
                if output is not None and len(output.series):
                    rule.settle(str(error))
                    self.metrics.failures.inc()
                    self._warn("Rule sample appending failed", rule, err=error)
            return
        for rule, one in zip(level.rules, refused, strict=True):
            if one.counts:
                self._note_refusals(rule, one)

    def _note_refusals(self, rule: Rule, refused: Refusals) -> None:
        for status, count in refused.counts.items():
            rule.settle(_WHY[status])
            self._warn(_TOLD[status], rule, num_dropped=count)

    def finish(self, at: Moment) -> None:
        """All levels are written: end what nobody records any more, and sum up."""
        outputs = [output for level in self.levels for output in level.outputs if output is not None]
        self.metrics.samples.set(sum(len(output.series) for output in outputs))
        for level in self.levels:
            level.outputs = [None] * len(level.rules)
        if self._orphans:
            orphans, self._orphans = self._orphans, []
            self._end_series(orphans, at.sample_ms)

    def _end_series(self, series: Sequence[Labels], time_ms: int) -> None:
        """Stale markers; a series that another rule goes on with has a sample of that time and keeps it."""
        n = len(series)
        batch = SampleBatch(series, np.arange(n, dtype=np.int32), np.full(n, time_ms, np.int64), np.full(n, STALE))
        try:
            self.around.appender.append(batch)
        except (WriteFailed, OSError) as error:
            log.warn("Stale sample appending for previous configuration failed", group=self.key, err=error)

    def note_iteration(self, began_s: float, duration_s: float) -> None:
        """One evaluation of the group is over.

        began_s   seconds since the epoch
        """
        metrics = self.metrics
        self.evaluation_s, self.last_evaluation_s = duration_s, began_s
        metrics.group_duration.observe(duration_s)
        metrics.last_duration.set(duration_s)
        metrics.last_rule_duration_sum.set(sum(rule.evaluation_s for rule in self.rules))
        metrics.last_evaluation.set(began_s)

    def restore(self, querier: Querier, now_ms: int) -> None:
        """Let alerts have begun when they did before a restart."""
        for rule in self.rules:
            if isinstance(rule, AlertingRule) and not rule.restored:
                restore_rule(rule, querier, now_ms, self.around.options, self.key)

    # --- from one configuration to the next

    def take_over(self, old: Group) -> None:
        """Go on where a group of the same key stopped: rules of the same name and labels keep alerts and series."""
        self.evaluation_s, self.last_evaluation_s = old.evaluation_s, old.last_evaluation_s
        before: dict[object, list[tuple[Rule, RowSource, int]]] = {}
        for rule, source, i in old._places():
            before.setdefault(rule.identity, []).append((rule, source, i))
        for rule, source, i in self._places():
            candidates = before.get(rule.identity)
            if not candidates:
                if isinstance(rule, AlertingRule):
                    rule.restored = True
                continue
            old_rule, old_source, old_i = candidates.pop(0)
            source.take_over(i, old_source.series_of(old_i))
            if isinstance(rule, AlertingRule) and isinstance(old_rule, AlertingRule):
                rule.take_over(old_rule)
        self._orphans = old._orphans
        for rest in before.values():
            for _, source, i in rest:
                self._orphans.extend(source.series_of(i).label_sets)

    def _places(self) -> Iterable[tuple[Rule, RowSource, int]]:
        """Each rule with its source and its number there, in the order of the file."""
        of_rule = {id(rule): (level.source, i) for level in self.levels for i, rule in enumerate(level.rules)}
        return ((rule, *of_rule[id(rule)]) for rule in self.rules)

    def end(self, time_ms: int) -> None:
        """The group has gone from the configuration: end all its series at this time in ms."""
        series = [one for _, source, i in self._places() for one in source.series_of(i).label_sets]
        series += self._orphans
        if series:
            self._end_series(list(dict.fromkeys(series)), time_ms - self.offset_ms)

    def close(self) -> None:
        """No more evaluations come. Series are not ended: another group, or this one after a restart, goes on."""
        for level in self.levels:
            level.source.close()

    def view(self) -> GroupView:
        """As the API shows it."""
        loaded = self.loaded
        return GroupView(
            loaded.file,
            loaded.name,
            self.interval_ms,
            loaded.limit,
            self.offset_ms,
            tuple(rule.view() for rule in self.rules),
            self.evaluation_s,
            self.last_evaluation_s,
        )
