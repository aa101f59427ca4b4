"""Runs a script: every `eval` over blocks cut in several ways, and in the other forms that must answer the same.

An instant query is asked again as a range query around its time; a log query from the other end, and by a count of its
lines. Every query is printed in both layouts and must parse to the same tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from watchkeeper.core.model.errors import QueryError
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.testlang import CaseResult, ExpectKind, almost_equal, annotation_problems, failure_problems
from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.answer import Answer, LogStreams, Matrix, QueryLimits, Request, Scalar, Vector
from watchkeeper.logs.logql.engine import Engine
from watchkeeper.logs.logql.parser import parse
from watchkeeper.logs.logql.printer import format_query, pretty
from watchkeeper.logs.logql.testlang.comparison import Points, compare_lines, compare_series
from watchkeeper.logs.logql.testlang.memory_store import Cut, MemoryStore
from watchkeeper.logs.logql.testlang.script import (
    Clear,
    Eval,
    EvalLogs,
    ExpectedLines,
    Load,
    Range,
    parse_script,
)

AROUND_NS: Final = 60_000_000_000  # An instant query is asked again over this long before and after its time.
LIMITS: Final = QueryLimits()

Series = list[tuple[Labels, Points]]


def run_script(text: str, engine: Engine) -> list[CaseResult]:
    """One result for each `eval`, in order. Raises ScriptError for a text that is not a script."""
    return list(_results(text, engine))


def _results(text: str, engine: Engine) -> Iterator[CaseResult]:
    store = MemoryStore()
    for command in parse_script(text):
        match command:
            case Clear():
                store.clear()
            case Load():
                for labels, entries in command.streams:
                    store.load(labels, entries)
            case Eval() | EvalLogs():
                yield CaseResult(command.line, command.query, tuple(_problems(command, store, engine)))


def _problems(command: Eval | EvalLogs, store: MemoryStore, engine: Engine) -> list[str]:
    """The problems of the first form of a case that has any; an engine that breaks down is one too."""
    try:
        expr = parse(command.query)
    except QueryError as error:
        return failure_problems(error, command.wants(ExpectKind.FAIL))
    if parse(format_query(expr)) != expr or parse(pretty(expr)) != expr:
        return [f"printed as {format_query(expr)}, which is another query"]
    for cut in Cut:
        asking = _Asking(expr, command.query, store, cut, engine)
        try:
            problems = asking.metric(command) if isinstance(command, Eval) else asking.logs(command)
        except Exception as error:
            problems = [f"internal error: {type(error).__name__}: {error}"]
        if problems:
            return [f"{cut.value}: {problem}" for problem in problems]
    return []


@dataclass(frozen=True, slots=True)
class _Asking:
    """One query over one cut of the entries."""

    expr: ast.Expr
    query: str
    store: MemoryStore
    cut: Cut
    engine: Engine

    def run(self, request: Request) -> Answer | QueryError:
        try:
            return self.engine.run(request, self.store.cut(self.cut), LIMITS)
        except QueryError as error:
            return error

    # --- metric queries ---

    def metric(self, case: Eval) -> list[str]:
        if case.range is not None:
            times = case.range
            outcome = self.ask_range(times)
            return self.check(case, outcome, _expected_over(case, times))
        outcome = self.run(Request(self.expr, self.query, case.at_ns, case.at_ns, instant=True))
        expected: Series = [
            (one.labels, {case.at_ns: one.values[0]}) for one in case.series if one.values[0] is not None
        ]
        problems = self.check(case, outcome, expected)
        if problems or case.wants(ExpectKind.FAIL):
            return problems
        return [f"as range: {problem}" for problem in self.around(case, expected)]

    def ask_range(self, times: Range) -> Answer | QueryError:
        return self.run(Request(self.expr, self.query, times.start_ns, times.end_ns, times.step_ns))

    def around(self, case: Eval, expected: Series) -> list[str]:
        """Over a range: at the time of the instant the answer is the same, in the order of labels."""
        at_ns = case.at_ns
        outcome = self.ask_range(Range(at_ns - AROUND_NS, at_ns + AROUND_NS, AROUND_NS))
        if isinstance(outcome, QueryError):
            return [f"failed: {outcome}"]
        middle: Series = [(labels, {at_ns: points[at_ns]}) for labels, points in _series(outcome) if at_ns in points]
        if case.scalar is not None:
            expected = [(Labels(), {at_ns: case.scalar})]
        return compare_series(expected, middle, ordered=False)

    def check(self, case: Eval, outcome: Answer | QueryError, expected: Series) -> list[str]:
        failures = case.wants(ExpectKind.FAIL)
        if isinstance(outcome, QueryError):
            return failure_problems(outcome, failures)
        if failures:
            return ["did not fail"]
        if case.scalar is not None:
            data = outcome.data
            if isinstance(data, Scalar) and almost_equal(data.value, case.scalar):
                return []
            return [f"expected the scalar {case.scalar}, got {data.value if isinstance(data, Scalar) else data}"]
        if isinstance(outcome.data, LogStreams | Scalar):
            return [f"expected series, got {type(outcome.data).__name__}"]
        ordered = bool(case.wants(ExpectKind.ORDERED))
        problems = compare_series(expected, _series(outcome), ordered=ordered)
        return problems + annotation_problems("warning", outcome.warnings, case.wants(ExpectKind.WARN))

    # --- log queries ---

    def logs(self, case: EvalLogs) -> list[str]:
        outcome = self.ask_lines(case)
        failures = case.wants(ExpectKind.FAIL)
        if isinstance(outcome, QueryError):
            return failure_problems(outcome, failures)
        if failures:
            return ["did not fail"]
        if not isinstance(outcome.data, LogStreams):
            return [f"expected lines, got {type(outcome.data).__name__}"]
        problems = compare_lines(case.streams, outcome.data.streams)
        n_lines = sum(len(stream.entries) for stream in case.streams)
        if problems or n_lines >= case.limit or case.interval_ns:
            return problems
        return self.reversed(case) or self.counted(case, n_lines)

    def ask_lines(self, case: EvalLogs) -> Answer | QueryError:
        times = case.range
        return self.run(
            Request(
                self.expr,
                self.query,
                times.start_ns,
                times.end_ns,
                limit=case.limit,
                forward=case.forward,
                interval_ns=case.interval_ns,
            )
        )

    def reversed(self, case: EvalLogs) -> list[str]:
        """The same query from the other end."""
        turned = tuple(
            ExpectedLines(one.labels, one.structured, one.parsed, tuple(reversed(one.entries))) for one in case.streams
        )
        outcome = self.ask_lines(replace(case, forward=not case.forward))
        if isinstance(outcome, QueryError):
            return [f"from the other end: failed: {outcome}"]
        assert isinstance(outcome.data, LogStreams)
        return [f"from the other end: {problem}" for problem in compare_lines(turned, outcome.data.streams)]

    def counted(self, case: EvalLogs, n_lines: int) -> list[str]:
        """How many lines there are, as a metric query; a line with an error would fail it."""
        if any("__error__" in one.parsed for one in case.streams):
            return []
        assert isinstance(self.expr, ast.LogQuery)
        times = case.range
        window = ast.LogRange(self.expr, times.end_ns - times.start_ns)
        expr = ast.VectorAggregation(ast.VectorOp.SUM, ast.RangeAggregation(ast.RangeOp.COUNT_OVER_TIME, window))
        at_ns = times.end_ns - 1  # A window holds its end and not its start, a log query's range the start.
        outcome = self.run(Request(expr, format_query(expr), at_ns, at_ns, instant=True))
        if isinstance(outcome, QueryError):
            return [f"counted: failed: {outcome}"]
        expected: Series = [(Labels(), {at_ns: float(n_lines)})] if n_lines else []
        return [f"counted: {problem}" for problem in compare_series(expected, _series(outcome), ordered=False)]


def _expected_over(case: Eval, times: Range) -> Series:
    return [
        (
            one.labels,
            {times.start_ns + i * times.step_ns: value for i, value in enumerate(one.values) if value is not None},
        )
        for one in case.series
    ]


def _series(answer: Answer) -> Series:
    data = answer.data
    if isinstance(data, Vector):
        return [
            (labels, {data.time_ns: value}) for labels, value in zip(data.labels, data.values.tolist(), strict=True)
        ]
    if isinstance(data, Matrix):
        times = data.times_ns.tolist()
        return [
            (labels, {at: value for at, value, there in zip(times, values, present, strict=True) if there})
            for labels, values, present in zip(data.labels, data.values.tolist(), data.present.tolist(), strict=True)
        ]
    if isinstance(data, Scalar):
        return [(Labels(), {data.time_ns: data.value})]
    return []
