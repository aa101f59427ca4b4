"""Running scripts: what counts as a case that does not hold."""

from __future__ import annotations

from watchkeeper.core.model.errors import ExecutionError
from watchkeeper.metrics.interface import Budget, Querier
from watchkeeper.metrics.promql.parser import parse_selector
from watchkeeper.metrics.promql.testlang.comparison import Answer
from watchkeeper.metrics.promql.testlang.engine_adapter import EngineAdapter
from watchkeeper.metrics.promql.testlang.memory_store import MemoryStore
from watchkeeper.metrics.promql.testlang.runner import run_script
from watchkeeper.metrics.promql.testlang.series import parse_series


def problems(script: str) -> list[tuple[str, ...]]:
    return [result.problems for result in run_script(script, EngineAdapter())]


def test_a_case_that_holds_and_cases_that_do_not() -> None:
    script = """
load 1m
	a{x="1"} 1 2 3
	a{x="2"} 4 5 6

eval instant at 1m sum(a)
	{} 7

eval instant at 1m sum(a)
	{} 8

eval instant at 1m sum(a
	{} 7

eval instant at 1m a
	expect fail

eval range from 0m to 2m step 1m a{x="1"}
	a{x="1"} 1 _ 3
"""
    assert problems(script) == [
        (),
        ("differs  {} at 60s: expected 8, got 7",),
        ("failed: 1:6: parse error: unclosed left parenthesis",),
        ("did not fail",),
        ('differs  a{x="1"} at 60s: expected nothing, got 2',),
    ]


def test_annotations() -> None:
    script = """
load 1m
	a 1 2 3

eval instant at 2m quantile(2, a)
	expect warn
	{} Inf

eval instant at 2m quantile(2, a)
	expect no_warn
	{} Inf

eval instant at 2m quantile(2, a)
	expect warn msg: another
	{} Inf

eval instant at 2m quantile(0.5, a)
	expect warn
	{} 3
"""
    holds, refused, other, missing = problems(script)
    assert holds == ()
    assert refused == ("unexpected warn: PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)",)
    assert [problem.split(":")[0] for problem in other] == ["missing warn", "unexpected warn"]
    assert missing == ("missing warn: any",)


def test_results_of_other_kinds() -> None:
    script = """
eval instant at 1m 1 + 1
	2

eval instant at 1m 1 + 1
	{} 2

eval instant at 1m "a"
	expect string "b"

eval instant at 1m vector(2)
	2
"""
    assert problems(script) == [
        (),
        ("expected a vector, got a scalar or a string",),
        ("expected the string 'b', got 'a'",),
        ("expected the scalar 2.0, got None",),
    ]


def test_a_classic_histogram_whose_counts_fall_fails_its_load() -> None:
    script = 'load_with_nhcb 1m\n\tx_bucket{le="1"} 5\n\tx_bucket{le="2"} 4\n'
    assert problems(script) == [("bucket counts of a classic histogram that fall",)]


class BrokenEngine:
    """Answers instants well, ranges not at all, and breaks down over one query."""

    def instant(self, querier: Querier, query: str, time_ms: int) -> Answer:
        if query == "boom":
            raise RuntimeError("no idea")
        return Answer()

    def range(self, querier: Querier, query: str, start_ms: int, end_ms: int, step_ms: int) -> Answer:
        raise ExecutionError("no ranges")


def test_an_engine_that_fails_costs_its_cases_only() -> None:
    results = run_script("eval instant at 0 boom\n\neval instant at 0 quiet\n", BrokenEngine())
    assert [result.problems for result in results] == [
        ("internal error: RuntimeError: no idea",),
        ("as range: failed: no ranges",),
    ]


def test_the_store() -> None:
    store = MemoryStore()
    store.load(
        [parse_series('a{x="1"} 1 _ 3'), parse_series('a{x="2"} _ _ _ 9'), parse_series("b {{count:1}}x2")], 1000
    )
    store.load([parse_series('a{x="1"}@st -5s')], 1000)
    series = store.select(parse_selector("a"), 0, 2000, Budget())
    assert [str(labels) for labels in series.labels] == ['{__name__="a", x="1"}']
    assert series.times.tolist() == [0, 2000]
    assert series.values.tolist() == [1, 3]
    assert series.start_times is not None
    assert series.start_times.tolist() == [-5000, 0]
    both = store.select(parse_selector('{__name__=~"a|b"}'), 0, 9000, Budget())
    assert both.value_lo.tolist() == [0, 2, 3]
    assert both.value_hi.tolist() == [2, 3, 3]
    assert both.histograms[2].times.tolist() == [0, 1000, 2000]
    assert store.label_values("x", [], 0, 9000) == ["1", "2"]
    assert store.label_names([parse_selector("b")], 0, 9000) == ["__name__"]
    assert len(store.series([], 3000, 9000)) == 1
    empty = store.select(parse_selector("nothing"), 0, 9000, Budget())
    assert len(empty.labels) == len(empty.value_lo) == len(empty.value_hi) == 0
