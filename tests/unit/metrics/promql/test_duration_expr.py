"""Duration expressions with the times of a query put in."""

from __future__ import annotations

import pytest

from watchkeeper.core.model.errors import ParseError
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.duration_expr import resolve_durations
from watchkeeper.metrics.promql.parser import parse
from watchkeeper.metrics.promql.printer import to_text


def resolved(text: str) -> str:
    return to_text(resolve_durations(parse(text), step_ms=15_000, range_ms=3_600_000, query=text))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("x[5m]", "x[5m]"),
        ("x[5m + 30]", "x[5m30s]"),
        ("x[2m * (10 + 5)]", "x[30m]"),
        ("x[-5m + 35m]", "x[30m]"),
        ("x[1h30m % 1h]", "x[30m]"),
        ("x[2 ^ 3 ^ 2s]", "x[8m32s]"),
        ("x[step()]", "x[15s]"),
        ("x[range() / 2]", "x[30m]"),
        ("x[max_of(min_of(step() + 1, 1h), 1ms)]", "x[16s]"),
        ("x offset (-step() * 2)", "x offset -30s"),
        ("x offset -(min_of(step(), 2s) - 5)", "x offset 3s"),
        ("x[1h:step() * 2] offset step()", "x[1h:30s] offset 15s"),
        ("sum(rate(x[step() * 4]) + on () -(y))", "sum(rate(x[1m]) + on () -(y))"),
    ],
)
def test_values(text: str, answer: str) -> None:
    assert resolved(text) == answer


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x[step() - 15]", "1:3: parse error: duration must be greater than 0"),
        ("x[1h:-range()]", "1:6: parse error: duration must be greater than 0"),
        ("x[1m / (step() - 15s)]", "1:8: parse error: division by zero"),
        ("x[1m % (step() - 15s)]", "1:8: parse error: modulo by zero"),
        ("x[10 ^ 300 * 10 ^ 300]", "1:3: parse error: duration is out of range"),
        ("x[10 ^ 1000]", "1:3: parse error: duration is out of range"),
        ("x[(-1) ^ 0.5]", "1:3: parse error: duration is out of range"),
    ],
)
def test_errors(text: str, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        resolved(text)
    assert str(caught.value) == message


def test_a_tree_without_expressions_is_returned_as_it_is() -> None:
    expr = parse("sum(rate(x[5m] offset 1m))")
    assert resolve_durations(expr, step_ms=0, range_ms=0, query="") is expr
    assert isinstance(expr, ast.Aggregation)
