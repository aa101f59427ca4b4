"""Canonical text and layout of queries."""

from __future__ import annotations

import pytest

from watchkeeper.metrics.promql.parser import ALL_OPTIONS, parse
from watchkeeper.metrics.promql.printer import format_number, pretty, to_text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("SUM(rate(x[5m])) BY (job)", "sum by (job) (rate(x[5m]))"),
        ("sum without() (x)", "sum without () (x)"),
        ("topk(3,x)", "topk(3, x)"),
        ("-(1)", "-(1)"),
        ("- x", "-x"),
        ('{__name__="x"}', '{__name__="x"}'),
        ('x{b="2",a!="1"}', 'x{a!="1",b="2"}'),
        ('{"a.b","c.d"="e"}', '{"c.d"="e",__name__="a.b"}'),
        ("x{}", "x"),
        ("x offset 300 @ 1234", "x @ 1234.000 offset 5m"),
        ("x offset -5m", "x offset -5m"),
        ("x[90m] @ start()", "x[1h30m] @ start()"),
        ("x[1h:90s] offset 1d", "x[1h:1m30s] offset 1d"),
        ("x[1h:]", "x[1h:]"),
        ("1e6 + 0.1 + Inf + 5m", "1000000 + 0.1 + +Inf + 5m"),
        ('"a\\"\\n"', '"a\\"\\n"'),
        ("a+on()group_left b", "a + on () group_left () b"),
        ("a==bool ignoring(x)b", "a == bool ignoring (x) b"),
        ("a + fill(0) b", "a + fill (0) b"),
        ("a + fill_left(0) fill_right(1) b", "a + fill_left (0) fill_right (1) b"),
        ("x[(5m+step())*2]", "x[(5m + step()) * 2]"),
        ("rate(x[5m] smoothed @ 5)", "rate(x[5m] smoothed @ 5.000)"),
        ("x anchored offset 1m", "x anchored offset 1m"),
        ("time()", "time()"),
    ],
)
def test_canonical_form(text: str, canonical: str) -> None:
    printed = to_text(parse(text, ALL_OPTIONS))
    assert printed == canonical
    assert to_text(parse(printed, ALL_OPTIONS)) == canonical


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (1e21, "1" + "0" * 21), (1.5e-7, "0.00000015"), (float("nan"), "NaN"), (float("-inf"), "-Inf")],
)
def test_numbers_have_no_exponent(value: float, text: str) -> None:
    assert format_number(value) == text


def test_short_queries_stay_on_a_line() -> None:
    assert pretty(parse("sum(rate(x[5m]))by(job)")) == "sum by (job) (rate(x[5m]))"


def test_long_queries_are_split_at_their_outermost_parts() -> None:
    text = (
        'sum by (namespace, pod) (rate(container_cpu_usage_seconds_total{job="kubelet", image!="", pod!=""}[5m]))'
        " / on (namespace, pod) group_left (node) topk by (namespace, pod) (1, max by (namespace, pod, node) "
        '(kube_pod_info{node!=""}))'
    )
    assert pretty(parse(text)) == (
        "  sum by (namespace, pod) (\n"
        '    rate(container_cpu_usage_seconds_total{image!="",job="kubelet",pod!=""}[5m])\n'
        "  )\n"
        "/ on (namespace, pod) group_left (node)\n"
        '  topk by (namespace, pod) (1, max by (namespace, pod, node) (kube_pod_info{node!=""}))'
    )


def test_layout_of_calls_parentheses_signs_and_subqueries() -> None:
    metric = "a_metric_with_a_name_that_is_long_enough_to_fill_most_of_a_line_of_text_on_its_own_alone"
    text = f'-(label_replace({metric}, "a_destination", "$1", "a_source", "(.*)"))[1h:1m]'
    expr = parse(f"max_over_time({text[1:]})")
    laid_out = pretty(expr)
    assert laid_out.splitlines()[0] == "max_over_time("
    assert all(len(line) <= 100 for line in laid_out.splitlines())
    assert parse(laid_out) == expr
    signed = parse(f"-({metric} + {metric})")
    assert pretty(signed) == f"-(\n    {metric}\n  +\n    {metric}\n)"
