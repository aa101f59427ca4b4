"""Runs a script: every `eval` as it stands, as a range query around its time, and with its time pinned by `@`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from watchkeeper.core.model.errors import QueryError
from watchkeeper.core.testlang import CaseResult, ExpectKind, almost_equal, annotation_problems, failure_problems
from watchkeeper.metrics.interface import Querier
from watchkeeper.metrics.promql.parser import ALL_OPTIONS, parse
from watchkeeper.metrics.promql.testlang.comparison import (
    Answer,
    AnswerSeries,
    ExpectedSeries,
    compare_series,
)
from watchkeeper.metrics.promql.testlang.memory_store import MemoryStore
from watchkeeper.metrics.promql.testlang.pinning import depends_on_range, other_times, pinned
from watchkeeper.metrics.promql.testlang.script import Clear, Eval, Load, Times, parse_script
from watchkeeper.metrics.promql.testlang.series import SeriesError

AROUND_MS: Final = 60_000  # An instant query is asked again over this long before and after its time.


class ScriptEngine(Protocol):
    """What answers the queries of a script. Raises QueryError for a query that fails."""

    def instant(self, querier: Querier, query: str, time_ms: int) -> Answer:
        """The answer at one time."""
        ...

    def range(self, querier: Querier, query: str, start_ms: int, end_ms: int, step_ms: int) -> Answer:
        """The answer at each step from start to end."""
        ...


def run_script(text: str, engine: ScriptEngine) -> list[CaseResult]:
    """One result for each `eval`, in order. Raises ScriptError for a text that is not a script."""
    return list(_results(text, engine))


def _results(text: str, engine: ScriptEngine) -> Iterator[CaseResult]:
    store = MemoryStore()
    for command in parse_script(text):
        match command:
            case Clear():
                store.clear()
            case Load():
                try:
                    store.load(command.series, command.interval_ms, with_nhcb=command.with_nhcb)
                except (SeriesError, ValueError) as error:
                    yield CaseResult(command.line, "load", (str(error),))
            case Eval():
                yield CaseResult(command.line, command.query, tuple(_problems(_Case(command, engine, store))))


def _problems(case: _Case) -> list[str]:
    """The case's problems; an engine that breaks down is one too, and the next cases still run."""
    try:
        return case.problems()
    except Exception as error:
        return [f"internal error: {type(error).__name__}: {error}"]


@dataclass(frozen=True, slots=True)
class _Case:
    case: Eval
    engine: ScriptEngine
    store: MemoryStore

    def problems(self) -> list[str]:
        """Those of the first form of the query that has any."""
        case = self.case
        if case.times is not None:
            times = case.times
            outcome = self.ask_range(case.query, times)
            return self.check(outcome, self.expected_over(times))
        found = self.check_at(case.query, case.at_ms)
        if found or case.wants(ExpectKind.FAIL):
            return found
        found = [f"as range: {problem}" for problem in self.check_around(case.query, case.at_ms)]
        return found or self.check_pinned()

    def check_pinned(self) -> list[str]:
        """The query with `@`, at several other times."""
        query = pinned(parse(self.case.query, ALL_OPTIONS), self.case.at_ms)
        if query is None:
            return []
        for time_ms in other_times(self.case.at_ms):
            found = self.check_at(query, time_ms) or [
                f"as range: {problem}" for problem in self.check_around(query, time_ms)
            ]
            if found:
                return [f"as {query} at {time_ms / 1000:g}s: {problem}" for problem in found]
        return []

    def check_at(self, query: str, time_ms: int) -> list[str]:
        try:
            outcome: Answer | QueryError = self.engine.instant(self.store, query, time_ms)
        except QueryError as error:
            outcome = error
        return self.check(outcome, self.expected_at(time_ms))

    def ask_range(self, query: str, times: Times) -> Answer | QueryError:
        try:
            return self.engine.range(self.store, query, times.start_ms, times.end_ms, times.step_ms)
        except QueryError as error:
            return error

    def check_around(self, query: str, time_ms: int) -> list[str]:
        """The query over a range: at `time_ms` the answer must be the same. Range vectors and strings can't be asked
        so, and the order of a range's answer is always that of its labels."""
        case = self.case
        if case.string is not None or case.range_vector is not None or case.wants(ExpectKind.ORDERED):
            return []
        if depends_on_range(parse(query, ALL_OPTIONS)):
            return []
        times = Times(time_ms - AROUND_MS, time_ms + AROUND_MS, AROUND_MS)
        answer = self.ask_range(query, times)
        if isinstance(answer, QueryError):
            return [f"failed: {answer}"]
        middle = tuple(
            AnswerSeries(series.labels, {time_ms: series.points[time_ms]})
            for series in answer.series
            if time_ms in series.points
        )
        if case.scalar is None:
            return compare_series(self.expected_at(time_ms), middle, ordered=False)
        points = [series.points[time_ms] for series in middle]
        return self.compare_scalar(points[0] if points and isinstance(points[0], float) else None)

    # --- what is expected ---

    def expected_at(self, time_ms: int) -> list[ExpectedSeries]:
        if self.case.range_vector is not None:
            return self.expected_over(self.case.range_vector)
        return [
            ExpectedSeries(line.labels, {time_ms: line.values[0]} if line.values else {}) for line in self.case.series
        ]

    def expected_over(self, times: Times) -> list[ExpectedSeries]:
        return [
            ExpectedSeries(
                line.labels,
                {
                    times.start_ms + i * times.step_ms: value
                    for i, value in enumerate(line.values)
                    if value.number is not None or value.histogram is not None
                },
            )
            for line in self.case.series
        ]

    # --- checks ---

    def check(self, outcome: Answer | QueryError, expected: Sequence[ExpectedSeries]) -> list[str]:
        case = self.case
        failures = case.wants(ExpectKind.FAIL)
        if isinstance(outcome, QueryError):
            return failure_problems(outcome, failures)
        if failures:
            return ["did not fail"]
        if case.string is not None:
            same = outcome.string == case.string
            return [] if same else [f"expected the string {case.string!r}, got {outcome.string!r}"]
        if case.scalar is not None:
            return self.compare_scalar(outcome.scalar) + self.check_annotations(outcome)
        if outcome.scalar is not None or outcome.string is not None:
            return ["expected a vector, got a scalar or a string"]
        ordered = bool(case.wants(ExpectKind.ORDERED))
        return compare_series(expected, outcome.series, ordered=ordered) + self.check_annotations(outcome)

    def compare_scalar(self, found: float | None) -> list[str]:
        wanted = self.case.scalar
        if wanted is not None and found is not None and almost_equal(wanted, found):
            return []
        return [f"expected the scalar {wanted}, got {found}"]

    def check_annotations(self, answer: Answer) -> list[str]:
        problems: list[str] = []
        for kind, refused, found in (
            (ExpectKind.WARN, ExpectKind.NO_WARN, answer.warnings),
            (ExpectKind.INFO, ExpectKind.NO_INFO, answer.infos),
        ):
            expects = self.case.wants(kind)
            if self.case.wants(refused):
                problems += [f"unexpected {kind.value}: {text}" for text in found]
            if expects:
                problems += annotation_problems(kind.value, found, expects)
        return problems
