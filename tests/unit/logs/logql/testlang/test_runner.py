"""A script's cases are held against what the engine answers: what is wrong is found, and said how."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from watchkeeper.core.model.labels import Labels
from watchkeeper.core.testlang import CaseResult, almost_equal
from watchkeeper.logs.logql.engine import Engine
from watchkeeper.logs.logql.testlang.comparison import compare_series
from watchkeeper.logs.logql.testlang.entries import Entry
from watchkeeper.logs.logql.testlang.memory_store import Cut, MemoryStore
from watchkeeper.logs.logql.testlang.runner import run_script

LOAD = """
load
  {app="a"}
    10s "one"
    20s "two" trace="t"
  {app="b"}
    10s "one"
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = Engine(1)
    yield engine
    engine.close()


def run(engine: Engine, text: str) -> CaseResult:
    (result,) = run_script(LOAD + text, engine)
    return result


GOOD = [
    'eval instant at 20s count_over_time({app="a"}[20s])\n  {app="a"} 1\n  {app="a", trace="t"} 1',
    'eval range from 10s to 20s step 10s sum(count_over_time({app="a"}[10s]))\n  {} 1 1',
    "eval instant at 0s 2 * 2\n  4",
    'eval logs from 0s to 1m {app="a"}\n  {app="a"}\n    10s "one"\n  {app="a"} meta {trace="t"}\n    20s "two"',
    "eval instant at 0s sum(\n  expect fail regex: syntax error",
    'eval logs from 0s to 1m {app="nothing"}',
]


@pytest.mark.parametrize("text", GOOD)
def test_cases_that_hold(engine: Engine, text: str) -> None:
    result = run(engine, text)
    assert result.problems == ()
    assert result.passed


BAD = [
    ('eval instant at 20s count_over_time({app="b"}[20s])\n  {app="b"} 2', "expected 2@20s, got 1@20s"),
    ('eval instant at 20s count_over_time({app="b"}[20s])', 'unexpected series {app="b"}: 1@20s'),
    ('eval instant at 20s count_over_time({app="b"}[20s])\n  {app="c"} 1', 'missing series {app="c"}'),
    ("eval instant at 0s 2 * 2\n  5", "expected the scalar 5.0, got 4.0"),
    ('eval range from 10s to 20s step 10s count_over_time({app="b"}[10s])\n  {app="b"} 1 1', "expected 1@10s 1@20s"),
    ('eval instant at 20s sort_desc(count_over_time({app=~"a|b"} | trace="" [20s]) * on (app) group_left () '
     '(label_replace(vector(1), "app", "a", "", "") or label_replace(vector(2), "app", "b", "", "")))\n'
     '  expect ordered\n  {app="a"} 1\n  {app="b"} 2', "wrong order"),
    ('eval logs from 0s to 1m {app="b"}', 'unexpected stream {app="b"}: 10s "one"'),
    ('eval logs from 0s to 1m {app="b"}\n  {app="b"}\n    10s "two"', 'expected 10s "two", got 10s "one"'),
    ('eval logs from 0s to 1m {app="b"}\n  {app="b"} parsed {x="y"}\n    10s "one"', "missing stream"),
    ('eval logs from 0s to 1m {app="b"}\n  {app="b"} meta {x="y"}\n    10s "one"', 'missing stream {app="b"} meta'),
    ('eval logs from 0s to 1m {app="b"}\n  expect fail', "did not fail"),
    ("eval instant at 0s 1\n  expect fail", "did not fail"),
    ("eval instant at 0s sum(", "failed: parse error"),
    ("eval instant at 0s sum(\n  expect fail msg: other", "failed with another text"),
    ('eval instant at 0s {app="b"}', "failed: log queries are not supported as an instant query type"),
    ('eval instant at 20s count_over_time({app="b"}[20s])\n  {app="b"} 1\n  expect warn msg: x', "missing warning: x"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "problem"), BAD)
def test_cases_that_do_not_hold(engine: Engine, text: str, problem: str) -> None:
    result = run(engine, text)
    assert not result.passed
    assert any(problem in found for found in result.problems), result.problems


def test_clear_forgets(engine: Engine) -> None:
    assert run(engine, 'clear\neval logs from 0s to 1m {app="a"}').passed


class BrokenEngine(Engine):
    def run(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
        raise RuntimeError("broken")


def test_an_engine_that_breaks_down_fails_its_case() -> None:
    broken = BrokenEngine(1)
    results = run_script("eval instant at 0s 1\n  1\neval instant at 0s 2\n  2", broken)
    broken.close()
    assert [result.passed for result in results] == [False, False]
    assert results[0].problems == ("in one open block: internal error: RuntimeError: broken",)


@pytest.mark.parametrize(
    ("first", "second", "equal"),
    [
        (1.0, 1.0000001, True),
        (1.0, 1.001, False),
        (0.0, 1e-12, False),
        (float("nan"), float("nan"), True),
        (float("nan"), 1.0, False),
        (float("inf"), float("inf"), True),
        (float("inf"), 1e300, False),
    ],
)
def test_numbers(first: float, second: float, equal: bool) -> None:
    assert almost_equal(first, second) is equal


def test_a_label_set_that_stands_twice() -> None:
    twice = [(Labels(), {0: 1.0}), (Labels(), {0: 1.0})]
    assert compare_series([(Labels(), {0: 1.0})], twice, ordered=False) == ["a label set stands twice: {}, {}"]


@pytest.mark.parametrize("cut", list(Cut))
def test_cuts_hold_the_same_rows(cut: Cut) -> None:
    store = MemoryStore()
    entries = [Entry(i * 7 % 10, f"line {i}".encode(), (("n", str(i)),) if i % 2 else ()) for i in range(10)]
    store.load(Labels.of(app="a"), entries)
    store.load(Labels.of(app="b"), entries[:1])
    found = []
    for part in store.cut(cut).select((), 2, 8):
        block, rows = part.load()
        times = block.times[rows]
        assert (np.diff(times) >= 0).all()
        assert part.whole == (len(rows) == block.n_rows)
        found += list(zip(times.tolist(), block.lines(rows), strict=True))
    expected = [(entry.time_ns, entry.line) for entry in entries if 2 <= entry.time_ns < 8]
    assert sorted(found) == sorted(expected)
    assert [stream.labels for stream in store.cut(cut).streams((), 0, 1)] == [Labels.of(app="a"), Labels.of(app="b")]
