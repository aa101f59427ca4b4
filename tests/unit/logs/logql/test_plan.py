"""What is done before blocks are read: order of stages, needles, labels that are made at all."""

from __future__ import annotations

from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.parser import parse
from watchkeeper.logs.logql.plan import Pipeline, RangePlan, plan_lines, plan_range
from watchkeeper.logs.logql.series import SeriesLabels


def lines(stages: str) -> Pipeline:
    query = parse('{app="x"} ' + stages)
    assert isinstance(query, ast.LogQuery)
    return plan_lines(query)


def names(pipeline: Pipeline) -> list[str]:
    return [type(stage).__name__ for stage in (*pipeline.first, *pipeline.stages)]


def ranged(text: str) -> RangePlan:
    expr = parse(text)
    if isinstance(expr, ast.VectorAggregation):
        assert isinstance(expr.expr, ast.RangeAggregation)
        return plan_range(expr.expr, expr.grouping or ast.Grouping(()))
    assert isinstance(expr, ast.RangeAggregation)
    return plan_range(expr, expr.grouping)


def test_line_filters_come_first_up_to_a_stage_that_changes_lines() -> None:
    assert names(lines('| json | a="1" |= "x" != "y"')) == ["LineFilter", "LineFilter", "Json", "LabelFilter"]
    assert names(lines('| json | line_format "{{.a}}" | logfmt |= "x"')) == [
        "Json",
        "LineFormat",
        "LineFilter",
        "Logfmt",
    ]


def test_needles() -> None:
    assert lines('|= "abc" |~ "de.*fg" != "no" |> "<_>h<_>i"').needles[:2] == (
        b"abc",
        *lines('|~ "de.*fg"').needles[:1],
    )
    assert b"h" in lines('|> "<_>h<_>i"').needles
    assert lines('|= "a" or "b"').needles == ()
    assert lines('| json |= "x"').needles == (b"x",)
    assert lines('| line_format "{{.a}}" |= "x"').needles == ()


def test_a_log_query_makes_all_labels() -> None:
    assert lines("| json").metadata is None
    assert not lines("| json").drops_rows
    assert lines('|= "x"').drops_rows


def test_a_sum_makes_only_labels_that_are_looked_at() -> None:
    plan = ranged('sum by (level) (count_over_time({app="x"} | json | status >= 500 [1m]))')
    assert plan.labels == SeriesLabels(by=("level",))
    assert plan.pipeline.metadata == {"level", "status"}
    assert not plan.keeps_errors


def test_an_unwrapped_label_is_no_label_of_the_series() -> None:
    assert ranged('sum_over_time({app="x"} | json | unwrap n [1m])').labels == SeriesLabels(without=frozenset({"n"}))
    assert ranged('max_over_time({app="x"} | json | unwrap n [1m]) without (a)').labels.without == {"a", "n"}
    assert ranged('max_over_time({app="x"} | json | unwrap n [1m]) by (n)').labels.by == ("n",)


def test_what_nobody_looks_at_is_left_out() -> None:
    assert ranged('sum(count_over_time({app="x"} | json | line_format "{{.a}}" [1m]))').pipeline.is_empty
    assert names(ranged('sum(count_over_time({app="x"} | json | a="1" [1m]))').pipeline) == ["Json", "LabelFilter"]
    assert names(ranged('sum(bytes_over_time({app="x"} | json | line_format "{{.a}}" [1m]))').pipeline) == [
        "Json",
        "LineFormat",
    ]
    assert names(ranged('count_over_time({app="x"} | json | line_format "{{.a}}" [1m])').pipeline) == ["Json"]


def test_queries_that_deal_with_errors() -> None:
    assert ranged('count_over_time({app="x"} | json | __error__="" [1m])').keeps_errors
    assert ranged('sum_over_time({app="x"} | json | unwrap n | __error__!="" [1m])').keeps_errors
    assert ranged('sum by (__error__) (count_over_time({app="x"} | json [1m]))').keeps_errors
