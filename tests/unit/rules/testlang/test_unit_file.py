"""Unit test files: sections and what is wrong with them."""

from __future__ import annotations

import math

import pytest

from watchkeeper.core.model.errors import ConfigError
from watchkeeper.core.model.labels import Labels
from watchkeeper.rules.testlang.unit_file import read_unit_file


def problems(text):
    with pytest.raises(ConfigError) as caught:
        read_unit_file(text, "t.yml")
    return [str(problem) for problem in caught.value.problems]


def test_everything():
    tests = read_unit_file(
        """
rule_files: [a.yml, 'b/*.yml']
evaluation_interval: 30s
fuzzy_compare: true
group_eval_order: [x, y]
tests:
- name: first
  interval: 15s
  start_timestamp: 2026-11-28T10:00:00Z
  external_labels: {a: b}
  external_url: http://x
  input_series:
  - series: m{a="b"}
    values: 1+1x2 _ stale
  alert_rule_test:
  - eval_time: 1m
    alertname: A
    exp_alerts: [{exp_labels: {a: b, c: ~}, exp_annotations: {d: e}}]
  promql_expr_test:
  - expr: m
    eval_time: 2m
    exp_samples:
    - {labels: 'm{a="b"}', value: 1.5}
    - {labels: '{}', value: .nan}
    - {labels: h, histogram: '{{schema:1 count:2 sum:3 buckets:[2]}}'}
""",
        "t.yml",
    )
    (test,) = tests.tests
    assert (tests.interval_ms, tests.fuzzy_compare, tests.group_eval_order) == (30_000, True, ("x", "y"))
    assert (test.name, test.line, test.interval_ms, test.start_timestamp_ms) == ("first", 7, 15_000, 1795860000000)
    assert test.last_ms == 120_000
    (series,) = test.input_series
    assert series.line.labels == Labels.of(__name__="m", a="b")
    assert [value.number for value in series.line.values][:4] == [1, 2, 3, None]
    (alert,) = test.alert_rule_test
    assert (alert.line, alert.alertname, alert.exp_alerts[0].exp_labels) == (16, "A", {"a": "b", "c": ""})
    samples = test.promql_expr_test[0].exp_samples
    assert samples[0].metric == Labels.of(__name__="m", a="b")
    assert math.isnan(samples[1].value)
    assert samples[2].native is not None
    assert samples[2].native.histogram.count == 2


def test_an_empty_file_has_no_tests():
    for text in ("", "# nothing", "{}", "tests:"):
        tests = read_unit_file(text, "t.yml")
        assert (tests.tests, tests.interval_ms) == ((), 60_000)


def test_a_start_in_seconds():
    assert read_unit_file("tests: [{start_timestamp: 1.5}]", "t.yml").tests[0].start_timestamp_ms == 1500
    assert read_unit_file("tests: [{start_timestamp: -60}]", "t.yml").tests[0].start_timestamp_ms == -60_000
    assert "not a valid time" in problems("tests: [{start_timestamp: soon}]")[0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- a", "t.yml:1:1: expected a mapping, found a list"),
        ("test: []", 't.yml:1:1: test: unknown key "test"; did you mean "tests"?'),
        ("group_eval_order: [a, b, a]", "group name repeated in evaluation order: a"),
        ("evaluation_interval: often", 'not a valid duration string: "often"'),
        ("tests: [{interval: -1m}]", "t.yml:1:20: tests[0].interval: not a valid duration"),
        ("tests: [{alert_rule_test: [{eval_time: 1m}]}]", "misses required attribute alertname"),
        ("tests: [{input_series: [{series: 'm{', values: '1'}]}]", "tests[0].input_series[0].series: 1:3: parse error"),
        ("tests: [{input_series: [{series: m, values: '1 two'}]}]", "values: not a value of a series: 'two'"),
        ("tests: [{input_series: [{series: m, values: 1x9999999}]}]", "values: more than 1000000 values in one series"),
        ("tests: [{input_series: [{series: m, values: '{{schema:1'}]}]", "a histogram that does not end in }}"),
        ("tests: [{promql_expr_test: [{exp_samples: [{labels: 'm{'}]}]}]", 'exp_samples[0].labels: labels "m{": 1:3'),
        ("tests: [{promql_expr_test: [{exp_samples: [{value: many}]}]}]", 'expected a number, found "many"'),
        ("tests: [{promql_expr_test: [{exp_samples: [{histogram: '1'}]}]}]", "expected one histogram, such as {{"),
        ("tests: [{promql_expr_test: [{exp_samples: [{histogram: '{{x:1}}'}]}]}]", "bad histogram descriptor"),
        ("tests: [{promql_expr_test: [{eval_time: 100y}]}]", "test 1 would take more than 1000000 evaluations"),
    ],
)
def test_what_is_wrong(text, problem):
    assert problem in "\n".join(problems(text))
