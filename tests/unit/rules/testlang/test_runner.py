"""Unit tests of rules as they run; what the scripts beside have no case for."""

from __future__ import annotations

from pathlib import Path

import pytest

from watchkeeper.core.model.errors import ConfigError
from watchkeeper.metrics.promql.parser import ALL_OPTIONS
from watchkeeper.rules.testlang.runner import RunOptions, rule_paths, run_unit_tests
from watchkeeper.rules.testlang.unit_file import read_unit_file


def run(tmp_path: Path, rules: str, tests: str, **options: object) -> list[str]:
    """What does not hold."""
    (tmp_path / "rules.yml").write_text(f"groups: [{{name: g, rules: [{rules}]}}]")
    file = read_unit_file(f"rule_files: [rules.yml]\n{tests}", "t.yml")
    outcomes = run_unit_tests(file, tmp_path, RunOptions(**options))  # type: ignore[arg-type]
    return [failure.what for outcome in outcomes for failure in outcome.failures]


def test_a_test_begins_at_its_start_time(tmp_path: Path) -> None:
    rules = (
        "{alert: A, expr: m == 1, annotations: {x: '{{ $value | humanize }} at {{ now }}'}}, {record: t, expr: time()}"
    )
    tests = """
tests:
- start_timestamp: 1970-01-02T00:00:00Z
  interval: 1m
  input_series: [{series: m, values: 0 1}]
  alert_rule_test:
  - {eval_time: 0, alertname: A}
  - {eval_time: 1m, alertname: A, exp_alerts: [{exp_annotations: {x: 1 at 86460}}]}
  promql_expr_test:
  - {expr: t, eval_time: 1m, exp_samples: [{labels: t, value: 86460}]}
  - {expr: m offset 1m, eval_time: 1m, exp_samples: [{labels: m, value: 0}]}
"""
    assert run(tmp_path, rules, tests) == []


def test_rules_see_nothing_of_the_future(tmp_path: Path) -> None:
    rules = "{record: ahead, expr: 'count_over_time(m[30s] offset -1m)'}"
    tests = """
tests:
- interval: 1m
  input_series: [{series: m, values: 1 2 3}]
  promql_expr_test:
  - {expr: 'count_over_time(ahead[10m])', eval_time: 2m, exp_samples: []}
"""
    assert run(tmp_path, rules, tests) == []


def test_keep_firing_for(tmp_path: Path) -> None:
    rules = "{alert: A, expr: m == 1, keep_firing_for: 2m}"
    tests = """
tests:
- interval: 1m
  input_series: [{series: m, values: 1 0 0 0 0}]
  alert_rule_test:
  - {eval_time: 2m, alertname: A, exp_alerts: [{}]}
  - {eval_time: 4m, alertname: A}
"""
    assert run(tmp_path, rules, tests) == []


def test_histograms(tmp_path: Path) -> None:
    rules = "{record: doubled, expr: h * 2}"
    tests = """
tests:
- interval: 1m
  input_series: [{series: h, values: '{{schema:0 count:3 sum:4 buckets:[1 2]}}x3'}]
  promql_expr_test:
  - expr: doubled
    eval_time: 1m
    exp_samples: [{labels: doubled, histogram: '{{schema:0 count:6 sum:8 buckets:[2 4]}}'}]
  - expr: h
    eval_time: 1m
    exp_samples: [{labels: h, histogram: '{{schema:0 count:3 sum:4 buckets:[2 1]}}'}]
  - {expr: histogram_count(doubled), eval_time: 2m, exp_samples: [{labels: '{}', value: 6}]}
"""
    assert run(tmp_path, rules, tests) == ["expression h at 1m"]


def test_fuzzy_numbers(tmp_path: Path) -> None:
    tests = "tests: [{promql_expr_test: [{expr: 0.1 + 0.2, exp_samples: [{labels: '{}', value: 0.3}]}]}]"
    assert run(tmp_path, "", tests) == ["expression 0.1 + 0.2 at 0s"]
    assert run(tmp_path, "", f"fuzzy_compare: true\n{tests}") == []


def test_a_rule_that_fails_ends_its_test(tmp_path: Path) -> None:
    rules = '{record: x, expr: \'label_replace(m, "a", "", "a", ".*")\'}'
    tests = """
tests:
- interval: 1m
  input_series: [{series: 'm{a="1"}', values: 1x9}, {series: 'm{a="2"}', values: _x2 1x9}]
  promql_expr_test: [{expr: '1', eval_time: 5m, exp_samples: [{labels: '{}', value: 2}]}]
- promql_expr_test: [{expr: '1', eval_time: 5m, exp_samples: [{labels: '{}', value: 3}]}]
"""
    first, second = run(tmp_path, rules, tests)
    assert first.startswith(f"rule x ({tmp_path}/rules.yml:1) at 2m failed: ")
    assert second == "expression 1 at 5m"


def test_experimental_functions_must_be_switched_on(tmp_path: Path) -> None:
    tests = "tests: [{promql_expr_test: [{expr: 'limitk(1, vector(1))', exp_samples: [{labels: '{}', value: 1}]}]}]"
    assert len(run(tmp_path, "", tests)) == 1
    assert run(tmp_path, "{record: a, expr: 'limitk(1, m)'}", tests, parser=ALL_OPTIONS) == []


def test_rule_files_are_found_beside_the_tests(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("b/2.yml", "b/1.yml", "a.yml"):
        (tmp_path / name).write_text("")
    file = read_unit_file(f"rule_files: ['b/*.yml', '{tmp_path}/a.yml', c.yml, '']", "t.yml")
    assert rule_paths(file, tmp_path) == (
        [f"{tmp_path}/{name}" for name in ("b/1.yml", "b/2.yml", "a.yml")],
        ["c.yml", ""],
    )


def test_a_rule_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="field 'expr' must be set in rule"):
        run(tmp_path, "{record: a}", "tests: [{}]")
