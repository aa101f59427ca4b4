"""LogQL as a language of rules."""

from __future__ import annotations

import pytest

from tests.oracle.log_memory import Entry, MemoryLogs
from watchkeeper.core.model.errors import LimitExceeded, ParseError, QueryCanceled, TypeMismatch
from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.logql.answer import QueryLimits
from watchkeeper.logs.logql.engine import Engine
from watchkeeper.rules.logql import NO_METRIC, LogQL

S = 1_000_000_000
LINES = [
    Entry(Labels.of(app=app), (100 + i) * S, b"level=error status=500" if i % 2 else b"level=info status=200")
    for app in ("a", "b")
    for i in range(10)
]


@pytest.fixture
def language() -> LogQL:
    logs = MemoryLogs(LINES)
    return LogQL(Engine(1), lambda: logs, lambda: QueryLimits(max_query_series=10))


def test_a_metric_query_gives_a_sample_for_each_series(language: LogQL) -> None:
    samples = language.compile('sum by (app) (count_over_time({app=~".+"} |= "error" [1m])) > 2').evaluate(120_000)
    assert list(samples.labels) == [Labels.of(app="a"), Labels.of(app="b")]
    assert samples.values.tolist() == [5.0, 5.0]
    assert samples.warnings == ()


def test_the_time_is_the_end_of_the_range(language: LogQL) -> None:
    expression = language.compile('sum(count_over_time({app="a"}[5s]))')
    assert expression.evaluate(104_000).values.tolist() == [5.0]
    assert len(expression.evaluate(90_000).values) == 0


def test_a_number_is_one_sample_without_labels(language: LogQL) -> None:
    samples = language.compile("1 + 1").evaluate(0)
    assert list(samples.labels) == [Labels()]
    assert samples.values.tolist() == [2.0]


def test_the_text_is_the_printers(language: LogQL) -> None:
    assert language.compile('sum  by(app)(rate( {app="a"}[1m] ))').text == ('sum by (app)(rate({app="a"}[1m]))')


def test_the_end_of_the_process_ends_evaluations(language: LogQL) -> None:
    expression = language.compile('sum(count_over_time({app="a"}[1m]))')
    language.cancel()
    with pytest.raises(QueryCanceled):
        expression.evaluate(120_000)


def test_lines_are_no_samples(language: LogQL) -> None:
    with pytest.raises(TypeMismatch, match="a rule needs a metric query") as raised:
        language.compile('{app="a"} |= "error"')
    assert raised.value.message == NO_METRIC


def test_what_is_no_query_has_a_place(language: LogQL) -> None:
    with pytest.raises(ParseError, match="line 1, col "):
        language.compile('sum(rate({app="a"}[5m])')


def test_limits_of_the_tenant_hold() -> None:
    logs = MemoryLogs(LINES)
    language = LogQL(Engine(1), lambda: logs, lambda: QueryLimits(max_query_series=1))
    with pytest.raises(LimitExceeded):
        language.compile('count_over_time({app=~".+"}[1m])').evaluate(120_000)
