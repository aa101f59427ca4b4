"""Runs the tests of one file: rules are evaluated as time goes on, and what fires is looked at on the way.

Source of the semantics: Prometheus cmd/promtool/unittest.go.
"""

from __future__ import annotations

import glob
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from watchkeeper.core.model.duration import format_duration_ms
from watchkeeper.core.model.errors import ConfigProblem, QueryError
from watchkeeper.core.model.histogram import Histogram
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.metrics.promql.engine import Engine, EngineOptions
from watchkeeper.metrics.promql.parser import DEFAULT_OPTIONS, ParserOptions
from watchkeeper.metrics.scrape.clock import SystemClock
from watchkeeper.rules.alerting import AlertingRule
from watchkeeper.rules.files.load import load_rule_files
from watchkeeper.rules.files.loaded import LoadedGroup
from watchkeeper.rules.group import Group, Surroundings
from watchkeeper.rules.interface import Samples
from watchkeeper.rules.promql import PromQL
from watchkeeper.rules.settings import GlobalSettings, RuleOptions
from watchkeeper.rules.telemetry import GroupMetrics, RuleMetrics
from watchkeeper.rules.testlang.comparison import (
    FiringAlert,
    Sample,
    compare_alerts,
    compare_samples,
    metric_text,
    value_text,
)
from watchkeeper.rules.testlang.outcome import Failure, TestOutcome
from watchkeeper.rules.testlang.store import Point, UnitStore
from watchkeeper.rules.testlang.unit_file import AlertRuleTest, ExprTest, UnitTest, UnitTestFile

ALERT_NAME = "alertname"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How tests are run.

    chosen    which tests, by name
    parser    what of the language is on
    lenient   keys of rule files that are not known do not count
    debug     outcomes hold all samples that there were in the end
    """

    chosen: Callable[[str], bool] = field(default=lambda name: True)
    parser: ParserOptions = DEFAULT_OPTIONS
    lenient: bool = False
    debug: bool = False


def rule_paths(tests: UnitTestFile, directory: Path) -> tuple[list[str], list[str]]:
    """The rule files, and the patterns that no file matches; both relative to the directory of the tests."""
    found: list[str] = []
    empty: list[str] = []
    for pattern in tests.rule_files:
        paths = sorted(glob.glob(str(directory / pattern))) if pattern else []
        found += paths
        if not paths:
            empty.append(pattern)
    return found, empty


def run_unit_tests(
    tests: UnitTestFile, directory: Path, options: RunOptions, warnings: list[ConfigProblem] | None = None
) -> list[TestOutcome]:
    """What became of each chosen test. Raises ConfigError where a rule file can't be used."""
    paths, _ = rule_paths(tests, directory)
    outcomes: list[TestOutcome] = []
    for i, test in enumerate(tests.tests):
        name = test.name or f"unnamed#{i}"
        if not options.chosen(test.name):
            continue
        began_s = time.monotonic()
        run = _Run(test, tests, paths, options, None if outcomes else warnings)
        failures = run.failures()
        outcomes.append(
            TestOutcome(
                name,
                test.line,
                len(test.alert_rule_test) + len(test.promql_expr_test),
                tuple(failures),
                time.monotonic() - began_s,
                tuple(run.dump()) if options.debug else (),
            )
        )
    return outcomes


def in_order(groups: Sequence[LoadedGroup], order: Sequence[str]) -> list[LoadedGroup]:
    """The groups in the order that a test file gives; those that it does not name come with the first."""
    place = {name: i for i, name in enumerate(order)}
    return sorted(groups, key=lambda group: place.get(group.name, 0))


class _Run:
    """One test with its own store, engine and rules."""

    def __init__(
        self,
        test: UnitTest,
        tests: UnitTestFile,
        paths: Sequence[str],
        options: RunOptions,
        warnings: list[ConfigProblem] | None,
    ) -> None:
        self.test = test
        self.tests = tests
        self.start_ms = test.start_timestamp_ms
        interval_ms = test.interval_ms or tests.interval_ms
        self.store = UnitStore([item.line for item in test.input_series], self.start_ms, interval_ms)
        engine = Engine(EngineOptions(default_step_ms=tests.interval_ms, parser=options.parser), Registry())
        self.language = PromQL(engine, self.store)
        loaded = load_rule_files(paths, self.language, lenient=options.lenient, warnings=warnings)
        around = Surroundings(self.store, lambda alerts: None, SystemClock(), RuleOptions(), self._query)
        around.settings = GlobalSettings(interval_ms, 0, Labels(test.external_labels.items()), test.external_url)
        metrics = RuleMetrics(Registry())
        self.groups = [
            Group(group, around, GroupMetrics(metrics, f"{group.file};{group.name}"), restored=True)
            for group in in_order(loaded, tests.group_eval_order)
        ]

    def _query(self, text: str, time_ms: int) -> Samples:
        return self.language.compile(text).evaluate(time_ms)

    def failures(self) -> list[Failure]:
        """Runs it: all that does not hold. A rule that fails ends the test."""
        failures: list[Failure] = []
        step_ms = self.tests.interval_ms
        waiting = sorted(self.test.alert_rule_test, key=lambda case: case.eval_time_ms)
        for past_ms in range(0, self.test.last_ms + 1, step_ms):
            self.store.advance(self.start_ms + past_ms)
            broken = self._evaluate(past_ms)
            if broken:
                return failures + broken
            while waiting and waiting[0].eval_time_ms < past_ms + step_ms:
                case = waiting.pop(0)
                difference = compare_alerts(_expected_alerts(case), self._firing(case.alertname))
                if difference is not None:
                    what = f"alert {case.alertname} at {format_duration_ms(case.eval_time_ms)}"
                    failures.append(Failure(case.line, what, difference))
        for expression in self.test.promql_expr_test:
            failures += self._check_expression(expression)
        return failures

    def _evaluate(self, past_ms: int) -> list[Failure]:
        """Evaluates all groups; the rules that failed."""
        failures: list[Failure] = []
        for group in self.groups:
            group.evaluate(self.start_ms + past_ms)
            for rule in group.rules:
                if rule.last_error:
                    place = f"{group.loaded.file}:{rule.loaded.line}"
                    what = f"rule {rule.name} ({place}) at {format_duration_ms(past_ms)} failed: {rule.last_error}"
                    failures.append(Failure(self.test.line, what))
        return failures

    def _firing(self, name: str) -> list[FiringAlert]:
        """The alerts of this name that fire, of all groups."""
        return [
            FiringAlert(alert.labels, alert.annotations)
            for group in self.groups
            for rule in group.rules
            if isinstance(rule, AlertingRule) and rule.name == name
            for alert in rule.alert_views()
            if alert.state == "firing"
        ]

    def _check_expression(self, case: ExprTest) -> list[Failure]:
        what = f"expression {case.expr} at {format_duration_ms(case.eval_time_ms)}"
        try:
            samples = self._query(case.expr, self.start_ms + case.eval_time_ms)
        except QueryError as error:
            return [Failure(case.line, f"{what} failed: {error}")]
        got = [
            Sample(labels, 0.0 if row in samples.histograms else value, samples.histograms.get(row))
            for row, (labels, value) in enumerate(zip(samples.labels, samples.values.tolist(), strict=True))
        ]
        expected = [
            Sample(item.metric, item.value)
            if item.native is None
            else Sample(item.metric, item.value, item.native.histogram, item.native.is_hint_given)
            for item in case.exp_samples
        ]
        difference = compare_samples(expected, got, fuzzy=self.tests.fuzzy_compare)
        return [] if difference is None else [Failure(case.line, what, difference)]

    def dump(self) -> list[str]:
        """All samples in the end, a series a line, with times from the start."""
        return [
            f"{metric_text(labels)} "
            + " ".join(
                f"{value_text(_sample(labels, value))}@{format_duration_ms(time_ms - self.start_ms)}"
                for time_ms, value in points
            )
            for labels, points in self.store.dump()
        ]


def _sample(labels: Labels, value: Point) -> Sample:
    return Sample(labels, 0.0, value) if isinstance(value, Histogram) else Sample(labels, value)


def _expected_alerts(case: AlertRuleTest) -> list[FiringAlert]:
    return [
        FiringAlert(
            Labels({**alert.exp_labels, ALERT_NAME: case.alertname}.items()), Labels(alert.exp_annotations.items())
        )
        for alert in case.exp_alerts
    ]
