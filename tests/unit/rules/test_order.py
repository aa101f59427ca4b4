"""The levels that rules are cut into."""

from __future__ import annotations

from tests.unit.rules.harness import alert, record
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.metrics.promql.engine import Engine, EngineOptions
from watchkeeper.rules.order import levels_of
from watchkeeper.rules.promql import PromQL, reads

LANGUAGE = PromQL(Engine(EngineOptions(), Registry()), None)  # type: ignore[arg-type]


def levels(*rules: str) -> list[tuple[int, ...]]:
    """Of recording rules `name = expression`, or alerts `! expression`."""
    made = []
    for rule in rules:
        name, _, expr = rule.partition(" = ")
        made.append(record(LANGUAGE, name, expr) if expr else alert(LANGUAGE, "A", rule.removeprefix("! ")))
    return levels_of(made)


def test_independent_rules_are_one_level():
    assert levels("a = m", "b = m", "! m > 1") == [(0, 1, 2)]


def test_no_rules():
    assert levels() == []


def test_a_reader_is_behind_its_writer():
    assert levels("a = m", "b = a", "c = b + a", "d = m") == [(0, 3), (1,), (2,)]


def test_a_reader_before_its_writer_is_not_behind_it():
    # `c` is behind `a`, so `b`, which `c` reads from last time, must not be written before.
    assert levels("a = m", "c = a + b", "b = m") == [(0,), (1, 2)]


def test_writers_of_one_metric_keep_their_order():
    assert levels("x = m", "r = x", "r = n") == [(0,), (1, 2)]


def test_alerts_are_read_by_name():
    assert levels("! m", "a = count(ALERTS)", "! n") == [(0,), (1, 2)]


def test_a_selector_without_a_name_reads_everything():
    assert levels("a = m", 'b = {job="x"}', "c = m") == [(0,), (1, 2)]


def test_a_rule_that_reads_itself_is_no_cycle():
    assert levels("a = a + 1", "b = m") == [(0, 1)]


def test_names_that_are_known_say_the_same_as_the_selectors():
    for expr in (
        "a + b", "a{x='1'} offset 5m", "rate(a[5m])", '{__name__="a", b="c"}', '{__name__=~"a|b"}', '{x="1"}',
        '{__name__!="a", x="1"}', "1 + 1", "max_over_time(a[5m:1m])", "absent(b)", "ALERTS or a",
    ):  # fmt: skip
        expression = LANGUAGE.compile(expr)
        for metric in ("a", "b", "c", "ALERTS", "target_info"):
            assert expression.reads(metric) is reads(expression.tree, metric), (expr, metric)
