"""The sections of a unit test file.

Source of the format: Prometheus, "Unit testing for rules".
"""

from __future__ import annotations

import math
import re
from dataclasses import field
from typing import Any, Final

from watchkeeper.core.config.decode import Load, Place, SectionPlace, read_section
from watchkeeper.core.config.document import MappingNode, compose, is_null
from watchkeeper.core.config.go_kinds import parse_time_ns
from watchkeeper.core.config.kinds import Boolean, Duration, ListOf, MapOf, Nested, Number, Text
from watchkeeper.core.config.schema import Invalid, Kind, section, setting
from watchkeeper.core.model.errors import ConfigError, ConfigProblem, QueryError
from watchkeeper.core.model.labels import Labels
from watchkeeper.metrics.promql.parser import parse_metric
from watchkeeper.metrics.promql.testlang.series import SeriesLine, SeriesValue, parse_series, parse_values

DEFAULT_INTERVAL_MS: Final = 60_000
MAX_STEPS: Final = 1_000_000  # Evaluations of one test; a year at an interval of 1s should not take a day.
_SECONDS: Final = re.compile(r"-?[0-9]{1,11}(\.[0-9]+)?")


class StartTime(Kind[int]):
    """A count of seconds since 1970, or an RFC 3339 time; as milliseconds."""

    label = "time"

    def read(self, at: Place) -> int:
        text = at.scalar("a time")
        if _SECONDS.fullmatch(text):
            return round(float(text) * 1000)
        try:
            return parse_time_ns(text) // 1_000_000
        except ValueError:
            raise Invalid(f'not a valid time: "{text[:60]}", expected seconds or 2026-11-28T10:00:00Z') from None

    def write(self, value: int) -> Any:
        return value / 1000


class SampleValue(Number):
    """A number, `.nan` too."""

    def read(self, at: Place) -> float:
        return math.nan if at.scalar("a number").lower() == ".nan" else super().read(at)

    def write(self, value: float) -> Any:
        return value if not math.isfinite(value) else super().write(value)


@section
class InputSeries:
    """One series and its values, one for each interval."""

    series: str = setting(Text(), default="")
    values: str = setting(Text(), default="")
    line: SeriesLine = field(default_factory=lambda: SeriesLine(Labels()))

    def checked(self, at: SectionPlace) -> InputSeries:
        """With its notation read."""
        try:
            line = parse_series(self.series)
        except QueryError as error:
            at.report("series", str(error))
            return self
        try:
            line = SeriesLine(line.labels, line.values + parse_values(self.values))
        except QueryError as error:
            at.report("values", str(error))
            return self
        return InputSeries(series=self.series, values=self.values, line=line)


@section
class ExpectedAlert:
    """A firing alert; `alertname` need not be among its labels."""

    exp_labels: dict[str, str] = setting(MapOf(Text(), empty=""), default_factory=dict)
    exp_annotations: dict[str, str] = setting(MapOf(Text(), empty=""), default_factory=dict)


@section
class AlertRuleTest:
    """All alerts of a name that fire at a time."""

    eval_time_ms: int = setting(Duration(), key="eval_time", default=0)
    alertname: str = setting(Text(), default="")
    exp_alerts: tuple[ExpectedAlert, ...] = setting(ListOf(Nested(ExpectedAlert)), default=())
    line: int = field(default=1)

    def checked(self, at: SectionPlace) -> AlertRuleTest:
        """Reports a missing name."""
        if not self.alertname:
            at.report("alertname", "an item under alert_rule_test misses required attribute alertname")
        return AlertRuleTest(
            eval_time_ms=self.eval_time_ms,
            alertname=self.alertname,
            exp_alerts=self.exp_alerts,
            line=at.place.node.line,
        )


@section
class ExpectedSample:
    """One sample: its metric, and its value or histogram."""

    labels: str = setting(Text(), default="")
    value: float = setting(SampleValue(), default=0.0)
    histogram: str = setting(Text(), default="")
    metric: Labels = field(default_factory=Labels)
    native: SeriesValue | None = field(default=None)

    def checked(self, at: SectionPlace) -> ExpectedSample:
        """With its notations read."""
        try:
            metric = parse_metric(self.labels)
        except QueryError as error:
            at.report("labels", f'labels "{self.labels}": {error}')
            return self
        native = None
        if self.histogram:
            try:
                values = parse_values(self.histogram)
                if len(values) != 1 or values[0].histogram is None:
                    at.report("histogram", "expected one histogram, such as {{schema:0 count:1 sum:2 buckets:[1]}}")
                    return self
                native = values[0]
            except QueryError as error:
                at.report("histogram", str(error))
                return self
        return ExpectedSample(
            labels=self.labels, value=self.value, histogram=self.histogram, metric=metric, native=native
        )


@section
class ExprTest:
    """What an expression gives at a time."""

    expr: str = setting(Text(), default="")
    eval_time_ms: int = setting(Duration(), key="eval_time", default=0)
    exp_samples: tuple[ExpectedSample, ...] = setting(ListOf(Nested(ExpectedSample)), default=())
    line: int = field(default=1)

    def checked(self, at: SectionPlace) -> ExprTest:
        """With its place."""
        return ExprTest(
            expr=self.expr, eval_time_ms=self.eval_time_ms, exp_samples=self.exp_samples, line=at.place.node.line
        )


@section
class UnitTest:
    """One test: its own samples, and what is to come of them."""

    name: str = setting(Text(), default="")
    interval_ms: int = setting(Duration(), key="interval", default=0)
    input_series: tuple[InputSeries, ...] = setting(ListOf(Nested(InputSeries)), default=())
    start_timestamp_ms: int = setting(StartTime(), key="start_timestamp", default=0)
    alert_rule_test: tuple[AlertRuleTest, ...] = setting(ListOf(Nested(AlertRuleTest)), default=())
    promql_expr_test: tuple[ExprTest, ...] = setting(ListOf(Nested(ExprTest)), default=())
    external_labels: dict[str, str] = setting(MapOf(Text(), empty=""), default_factory=dict)
    external_url: str = setting(Text(), default="")
    line: int = field(default=1)

    def checked(self, at: SectionPlace) -> UnitTest:
        """With its place."""
        return UnitTest(
            **{name: getattr(self, name) for name in self.__dataclass_fields__ if name != "line"},
            line=at.place.node.line,
        )

    @property
    def last_ms(self) -> int:
        """The latest time, from the start, that anything is asked of."""
        alerts = [case.eval_time_ms for case in self.alert_rule_test]
        return max(alerts + [case.eval_time_ms for case in self.promql_expr_test], default=0)


@section
class UnitTestFile:
    """A file of tests. An interval of 0 is a minute."""

    rule_files: tuple[str, ...] = setting(ListOf(Text()), default=())
    evaluation_interval_ms: int = setting(Duration(), key="evaluation_interval", default=DEFAULT_INTERVAL_MS)
    fuzzy_compare: bool = setting(Boolean(), default=False)
    group_eval_order: tuple[str, ...] = setting(ListOf(Text()), default=())
    tests: tuple[UnitTest, ...] = setting(ListOf(Nested(UnitTest)), default=())

    def checked(self, at: SectionPlace) -> UnitTestFile:
        """Reports what can't be run: a group that stands twice in the order, tests that would not end."""
        for name in sorted({name for name in self.group_eval_order if self.group_eval_order.count(name) > 1}):
            at.report("group_eval_order", f"group name repeated in evaluation order: {name}")
        for i, test in enumerate(self.tests):
            if test.last_ms // self.interval_ms > MAX_STEPS:
                problem = f"test {i + 1} would take more than {MAX_STEPS} evaluations"
                at.report("tests", f"{problem}; a longer evaluation_interval or an earlier eval_time is needed")
        return self

    @property
    def interval_ms(self) -> int:
        """How often rules are evaluated."""
        return self.evaluation_interval_ms or DEFAULT_INTERVAL_MS


def read_unit_file(
    text: str, file: str, *, lenient: bool = False, warnings: list[ConfigProblem] | None = None
) -> UnitTestFile:
    """The tests of a text. Raises ConfigError with all its problems; `warnings` is given what can be passed over."""
    load = Load(file, lenient=lenient)
    root = compose(text, file)
    if root is None or is_null(root):
        root = MappingNode(1, 1)
    place = Place(load, root, "")
    try:
        made = read_section(UnitTestFile, place)
    except Invalid as error:
        place.report(str(error))
        made = UnitTestFile()
    if load.problems or not isinstance(made, UnitTestFile):
        raise ConfigError(load.problems)
    if warnings is not None:
        warnings += load.warnings
    return made
