"""What is valid and surely not meant."""

from __future__ import annotations

import pytest

from watchkeeper.metrics.promql.parser import ALL_OPTIONS, parse
from watchkeeper.rules.files.lint import LINTS, lint, possible_labels
from watchkeeper.rules.files.load import read_rules
from watchkeeper.rules.files.rule_file import Reading
from watchkeeper.rules.files.syntax import LogQLSyntax, PromQLSyntax


def found(text, *names, language=None):
    groups = read_rules(text, "r.yml", Reading(language or PromQLSyntax())).groups
    return [str(finding) for finding in lint(groups, names or LINTS)]


def test_rules_that_give_the_same_series():
    text = """
groups:
- name: a
  labels: {x: y}
  rules:
  - {record: m, expr: up}
  - {record: m, expr: up, labels: {x: z}}
  - {alert: m, expr: up}
- name: b
  rules:
  - {record: m, expr: down, labels: {x: y}}
  - {record: m, expr: down}
"""
    assert found(text, "duplicate-rules") == [
        'r.yml:11: duplicate-rules: record "m" has the name and labels of the rule in line 6; '
        "might cause inconsistency while recording"
    ]
    assert found(text, "bool-comparison") == []


def test_an_alert_that_always_fires():
    text = """
groups:
- name: a
  rules:
  - {alert: A, expr: (up > bool 1)}
  - {alert: B, expr: up > 1}
  - {alert: C, expr: (up > bool 1) == 1}
  - {record: m, expr: up > bool 1}
"""
    (one,) = found(text)
    assert one.startswith('r.yml:5: bool-comparison: alert "A" compares with bool')


def test_labels_that_an_expression_removes():
    text = """
groups:
- name: a
  rules:
  - alert: A
    expr: sum by (job) (up) > 1
    labels: {x: "{{ $labels.instance }}"}
    annotations: {a: "{{ $labels.job }} {{ .Labels.pod }} {{ $value }}"}
  - alert: B
    expr: up > 1
    annotations: {a: "{{ $labels.anything }}"}
"""
    assert found(text) == [
        'r.yml:5: template-labels: labels of alert "A" use $labels.instance, which its expression removes (left: job)',
        'r.yml:5: template-labels: annotations of alert "A" use $labels.pod, which its expression removes (left: job)',
    ]


def test_another_language_is_left_alone():
    text = """groups: [{name: a, rules: [{alert: A, expr: 'sum(count_over_time({a="b"}|="x"[5m]))',
        annotations: {x: "{{ $labels.z }}"}}]}]"""
    assert found(text, language=LogQLSyntax()) == []


@pytest.mark.parametrize(
    ("expr", "labels"),
    [
        ("up", None),
        ("1", ""),
        ("vector(1)", ""),
        ("time()", ""),
        ("sum(up)", ""),
        ("sum by (a, b) (up)", "a b"),
        ("sum without (a) (up)", None),
        ("sum without (a) (sum by (a, b) (up))", "b"),
        ("-(sum by (a) (up)) > 1", "a"),
        ("1 < sum by (a) (up)", "a"),
        ("topk(1, sum by (a) (up))", "a"),
        ("topk by (b) (1, up)", None),
        ('count_values by (a) ("v", up)', "a v"),
        ("rate(up[5m])", None),
        ("abs(sum by (a) (up))", "a"),
        ("histogram_quantile(0.9, sum by (a, le) (up))", "a le"),
        ("max_over_time(sum by (a) (up)[5m:1m])", "a"),
        ('label_replace(sum by (a) (up), "x", "$1", "a", "(.*)")', None),
        ("absent(up)", None),
        ("up / on (a, b) up", "a b"),
        ("up / ignoring (a) up", None),
        ("sum by (a, b) (up) / ignoring (a) up", "b"),
        ("up * on (a) group_left (x) up", None),
        ("sum by (a, b) (up) * on (a) group_left (x) up", "a b x"),
        ("up * on (a) group_right (x) sum by (a, c) (up)", "a c x"),
        ("sum by (a) (up) and up", "a"),
        ("sum by (a) (up) unless on (b) up", "a"),
        ("sum by (a) (up) or sum by (b) (up)", "a b"),
        ("sum by (a) (up) or up", None),
    ],
)
def test_the_labels_that_an_expression_can_give(expr, labels):
    possible = possible_labels(parse(expr, ALL_OPTIONS))
    assert possible == (None if labels is None else set(labels.split()))
