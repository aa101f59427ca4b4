"""An alerting rule: each sample of its expression is an alert, which pends, fires and ends.

An alert's texts are expanded when they are needed and kept for as long as nothing that they depend on changes.
Source: Prometheus rules/alerting.go.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.alerts.interface import Alert
from watchkeeper.core.model.histogram import Histogram
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import EMPTY, METRIC_NAME, Labels
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.template.errors import TemplateError
from watchkeeper.rules.active import FIRING, INACTIVE, NEVER, PENDING, ActiveAlerts
from watchkeeper.rules.files.loaded import LoadedRule
from watchkeeper.rules.interface import Samples
from watchkeeper.rules.order import ALERTS, ALERTS_FOR_STATE
from watchkeeper.rules.output import NO_OUTPUT, NO_SERIES, Output, SeriesList
from watchkeeper.rules.recording import relabelled
from watchkeeper.rules.rule import Moment, Rule, RuleError
from watchkeeper.rules.same_labels import are_same
from watchkeeper.rules.settings import GlobalSettings
from watchkeeper.rules.template import NOTHING, SPENT, Effort, Expander, Needs, Query, needs
from watchkeeper.rules.views import AlertState, AlertView, RuleView

log = get_logger("rule manager")

ALERT_NAME: Final = "alertname"
ALERT_STATE: Final = "alertstate"
SAME_LABELS: Final = "vector contains metrics with the same labelset after applying alert labels"
VALID_FOR: Final = 4  # Times the interval or the resend delay: two evaluations or sendings may fail.
MANY: Final = 1000  # Alerts of one rule that are told at one time.
GOLDEN: Final = (5**0.5 - 1) / 2
STATES: Final[Mapping[int, AlertState]] = {INACTIVE: "inactive", PENDING: "pending", FIRING: "firing"}
_NS: Final = 1_000_000

Rows = npt.NDArray[np.intp]


class AlertingRule(Rule):
    """Gives ALERTS and ALERTS_FOR_STATE, and tells of alerts that fire or ended.

    restored   whether the state of before a restart has been read: until then nothing is written over it
    """

    def __init__(self, loaded: LoadedRule, *, restored: bool = True) -> None:
        super().__init__(loaded)
        self.restored = restored
        self._lock = threading.Lock()  # Guards the alerts and what is derived from them.
        self._alerts = ActiveAlerts()
        self._label_needs = _needs_of(loaded.labels, loaded.name)
        self._note_needs = _needs_of(loaded.annotations, loaded.name)
        self._has_templates = any("{{" in text for _, text in loaded.labels)
        self._settings = GlobalSettings()
        self._seen: LabelSets | None = None  # With `_rows` what the alerts of these label sets are.
        self._rows: Rows = np.empty(0, np.intp)
        self._histograms: dict[int, Histogram] = {}
        self._query: Query = _no_query
        self._written: tuple[Rows, npt.NDArray[np.int8]] | None = None
        self._series = NO_SERIES
        self._series_labels: dict[tuple[Labels, int], Labels] = {}

    # --- evaluation

    def evaluate(self, at: Moment) -> Output:
        """The synthetic samples. Raises QueryError; RuleError for equal label sets and more alerts than the limit."""
        samples = self.loaded.expression.evaluate(at.sample_ms)
        n = len(samples.labels)
        if not n and not len(self._alerts):
            self._seen = None
            return NO_OUTPUT
        if 0 < at.limit < n:  # Before anything is made for each of them.
            with self._lock:
                raise self._over(at.limit, n)
        self._follow(at.settings)
        self._query = at.query
        effort = Effort()
        known = self._seen is not None and not self._label_needs_more and are_same(self._seen, samples.labels)
        labels = [] if known else self._labels_of(samples, at, effort)
        with self._lock:
            if not known:
                self._rows = self._place(labels, samples.labels, at.time_ms)
                self._seen = samples.labels
            self._take_values(samples, at.time_ms)
            output = self._advance(at)
        if self._note_needs.query:
            self._expand_all(effort, at)
        self._warn_of(effort)
        return output

    @property
    def _label_needs_more(self) -> bool:
        return self._label_needs != NOTHING

    def _follow(self, settings: GlobalSettings) -> None:
        """Another configuration: templates may say something else."""
        if settings is not self._settings:
            before, self._settings = self._settings, settings
            if (before.external_labels, before.external_url) != (settings.external_labels, settings.external_url):
                with self._lock:
                    self._seen = None
                    self._alerts.annotations = [None] * len(self._alerts)

    def _labels_of(self, samples: Samples, at: Moment, effort: Effort) -> list[Labels]:
        """The labels of the alert of each sample. Raises RuleError, also where their templates take too long."""
        own = self.loaded.labels
        if not self._has_templates:
            found = relabelled(samples.labels, {**dict(own), METRIC_NAME: "", ALERT_NAME: self.name})
        else:
            found = []
            for row, (labels, value) in enumerate(zip(samples.labels, samples.values.tolist(), strict=True)):
                at.go_on()
                expander = self._expander(labels, samples.histograms.get(row, value), at.time_ms, effort)
                over = {name: expander.expand(text, self.name) for name, text in own}
                if effort.is_spent:
                    raise RuleError(SPENT)  # Labels that say so would make other alerts of them.
                found.append(Labels({**labels.as_dict(), **over, METRIC_NAME: "", ALERT_NAME: self.name}.items()))
        if len(set(found)) < len(found):
            raise RuleError(SAME_LABELS)
        return found

    def _place(self, labels: Sequence[Labels], sources: LabelSets, time_ms: int) -> Rows:
        """The row of each alert; those that are new, or that had ended, begin now."""
        alerts = self._alerts
        state, row_of = alerts.state, alerts.row_of
        begun = [one for one in labels if (row := row_of.get(one)) is None or state[row] == INACTIVE]
        if begun:
            alerts.add(begun, time_ms)
            self._written = None
        rows = [row_of[one] for one in labels]
        for row, source in zip(rows, sources, strict=True):
            if alerts.sources[row] != source:
                alerts.sources[row] = source
                alerts.annotations[row] = None
        return np.array(rows, np.intp)

    def _take_values(self, samples: Samples, time_ms: int) -> None:
        alerts, rows, notes = self._alerts, self._rows, self._note_needs
        values = samples.values
        if samples.histograms or self._histograms:
            values = values.copy()
            values[list(samples.histograms)] = 0.0
            self._histograms = {int(rows[i]): histogram for i, histogram in samples.histograms.items()}
        if notes.query:
            changed = rows[:0]  # All are expanded anew when the states are known; until then the old texts are shown.
        elif notes.now or self._histograms:
            changed = rows
        elif notes.value:
            changed = rows[alerts.values[rows].view(np.int64) != np.ascontiguousarray(values).view(np.int64)]
        else:
            changed = rows[:0]
        for row in changed.tolist():
            alerts.annotations[row] = None
        alerts.values[rows] = values
        alerts.seen[rows] = time_ms

    def _advance(self, at: Moment) -> Output:
        alerts, loaded = self._alerts, self.loaded
        present = np.zeros(len(alerts), np.bool_)
        present[self._rows] = True
        alive, gone = alerts.advance(
            present, at.time_ms, for_ms=loaded.for_ms, keep_firing_for_ms=loaded.keep_firing_for_ms
        )
        if gone.any():
            alerts.remove(gone)
            numbers = np.cumsum(~gone) - 1
            self._rows = numbers[self._rows]
            self._histograms = {int(numbers[row]): one for row, one in self._histograms.items() if not gone[row]}
            alive = alive[~gone]
            self._written = None
        rows = np.flatnonzero(alive)
        if 0 < at.limit < len(rows):
            raise self._over(at.limit, len(rows))
        return self._output(rows) if self.restored else NO_OUTPUT

    def _over(self, limit: int, n: int) -> RuleError:
        """What is to be raised where there are more alerts than the limit; there are none any more."""
        self._alerts = ActiveAlerts()
        self._seen = self._written = None
        self._rows = self._rows[:0]
        self._histograms = {}
        return RuleError(f"exceeded limit of {limit} with {n} alerts")

    def _output(self, rows: Rows) -> Output:
        if not len(rows):
            self._written = None
            return NO_OUTPUT
        alerts = self._alerts
        state = alerts.state[rows]
        written = self._written
        if written is None or not (np.array_equal(written[0], rows) and np.array_equal(written[1], state)):
            known = self._series_labels
            alive = [alerts.labels[row] for row in rows.tolist()]
            wanted = [*zip(alive, state.tolist(), strict=True), *((labels, -1) for labels in alive)]
            self._series_labels = {key: known.get(key) or self._series_of(*key) for key in wanted}
            self._series = SeriesList(list(self._series_labels.values()))
            self._written = rows, state
        since_s = (alerts.active[rows] // 1000).astype(np.float64)
        return Output(self._series, np.concatenate((np.ones(len(rows)), since_s)))

    def _series_of(self, labels: Labels, state: int) -> Labels:
        more = {METRIC_NAME: ALERTS_FOR_STATE} if state < 0 else {METRIC_NAME: ALERTS, ALERT_STATE: STATES[state]}
        return Labels({**labels.as_dict(), ALERT_NAME: self.name, **more}.items())

    # --- texts

    def _expander(self, labels: Labels, value: float | Histogram, time_ms: int, effort: Effort) -> Expander:
        settings = self._settings
        return Expander(
            labels, value, time_ms, self._query, settings.external_labels, settings.external_url, effort=effort
        )

    def _annotations_of(self, row: int, effort: Effort) -> Labels:
        """The expanded annotations of one alert, kept until something they depend on changes."""
        known = self._alerts.annotations[row]
        return self._expanded(row, effort) if known is None else known

    def _shown_annotations(self, row: int, effort: Effort) -> Labels:
        """The same for who only wants to see: of what asks queries, the texts of the last evaluation."""
        if self._note_needs.query:
            return self._alerts.annotations[row] or EMPTY
        return self._annotations_of(row, effort)

    def _expanded(self, row: int, effort: Effort) -> Labels:
        alerts = self._alerts
        value = self._histograms.get(row, float(alerts.values[row]))
        expander = self._expander(alerts.sources[row], value, int(alerts.seen[row]), effort)
        texts = [(name, expander.expand(text, self.name)) for name, text in self.loaded.annotations]
        found = alerts.annotations[row] = Labels(texts)
        return found

    def _expand_all(self, effort: Effort, at: Moment) -> None:
        """Expand what asks queries, which nobody may wait for who only wants to see."""
        for row in self._rows.tolist():
            at.go_on()
            self._expanded(row, effort)

    def _warn_of(self, effort: Effort) -> None:
        if effort.n_failed:
            log.warn("Expanding alert template failed", alert=self.name, err=effort.failure, count=effort.n_failed)

    # --- telling

    def due_alerts(self, at: Moment, resend_delay_ms: int) -> list[Alert]:
        """What Alertmanager is to be told now, which from here on counts as told."""
        alerts = self._alerts
        if not len(alerts):
            return []
        due = alerts.due(at.time_ms, resend_delay_ms)
        if not len(due):
            return []
        if len(due) > MANY:
            # Queues may hold fewer and let go of the first: let those be others each time.
            due = np.roll(due, int(at.time_ms / at.interval_ms * GOLDEN % 1 * len(due)))
        with self._lock:
            alerts.sent[due] = at.time_ms
            alerts.valid_until[due] = at.time_ms + VALID_FOR * max(at.interval_ms, resend_delay_ms)
            ends = np.where(alerts.resolved[due] != NEVER, alerts.resolved[due], alerts.valid_until[due])
            url = at.settings.link(at.settings.external_url, self.loaded.expression.text)
            effort = Effort()
            told = [
                Alert(
                    alerts.labels[row],
                    self._annotations_of(row, effort),
                    fired_ms * _NS,
                    end_ms * _NS,
                    at.time_ms * _NS,
                    url,
                )
                for row, fired_ms, end_ms in zip(
                    due.tolist(), alerts.fired[due].tolist(), ends.tolist(), strict=True
                )
            ]  # fmt: skip
        self._warn_of(effort)
        return told

    # --- state that outlives the rule

    def take_over(self, old: AlertingRule) -> None:
        """Go on with the alerts of the rule that this one replaces. The old one is not evaluated any more."""
        self._alerts = old._alerts
        if not self._note_needs.query:
            self._alerts.annotations = [None] * len(self._alerts)
        self._query, self._settings = old._query, old._settings
        self.restored = old.restored
        self.evaluation_s, self.last_evaluation_s = old.evaluation_s, old.last_evaluation_s
        self.health, self.last_error = old.health, old.last_error

    def active_since(self) -> dict[Labels, int]:
        """When each alert that is pending or fires began to be, in ms."""
        with self._lock:
            alerts = self._alerts
            rows = np.flatnonzero(alerts.state != INACTIVE).tolist()
            return {alerts.labels[row]: int(alerts.active[row]) for row in rows}

    def set_active_since(self, times_ms: Mapping[Labels, int]) -> None:
        """Let alerts have begun at these times."""
        with self._lock:
            for labels, time_ms in times_ms.items():
                row = self._alerts.row_of.get(labels)
                if row is not None:
                    self._alerts.active[row] = time_ms

    # --- views

    @property
    def state(self) -> AlertState:
        """The worst of its alerts' states; unknown before the first evaluation."""
        if self.last_evaluation_s is None:
            return "unknown"
        return STATES[int(self._alerts.state.max(initial=INACTIVE))]

    def alert_views(self) -> tuple[AlertView, ...]:
        """The alerts that are pending or firing, in order of their labels."""
        with self._lock:
            alerts, effort = self._alerts, Effort()
            rows = sorted(np.flatnonzero(alerts.state != INACTIVE).tolist(), key=alerts.labels.__getitem__)
            return tuple(
                AlertView(
                    alerts.labels[row],
                    self._shown_annotations(row, effort),
                    STATES[int(alerts.state[row])],
                    int(alerts.active[row]),
                    float(alerts.values[row]),
                    _time_or_none(int(alerts.fired[row])),
                    _time_or_none(int(alerts.keep_since[row])),
                )
                for row in rows
            )

    def view(self) -> RuleView:
        """As the API shows it."""
        loaded, plain = self.loaded, super().view()
        return RuleView(
            plain.kind,
            plain.name,
            plain.query,
            plain.labels,
            plain.health,
            plain.last_error,
            plain.evaluation_s,
            plain.last_evaluation_s,
            loaded.for_ms,
            loaded.keep_firing_for_ms,
            loaded.annotations,
            self.state,
            self.alert_views(),
            plain.line,
        )


def _needs_of(texts: Sequence[tuple[str, str]], name: str) -> Needs:
    value = query = now = False
    for _, text in texts:
        try:
            one = needs(text, name)
        except TemplateError:
            continue  # Its text is the error, whatever the sample is.
        value, query, now = value or one.value, query or one.query, now or one.now
    return Needs(value, query, now)


def _time_or_none(time_ms: int) -> int | None:
    return None if time_ms == NEVER else time_ms


def _no_query(text: str, time_ms: int) -> Samples:
    raise AssertionError("BUG: a template before the first evaluation")
