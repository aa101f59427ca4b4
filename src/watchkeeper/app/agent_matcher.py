"""The selector of the agent's `match` stage: LogQL's matchers and line filters as a test of entries.

The agent itself does not know the language; this is handed in to it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from typing import Final

from watchkeeper.core.model.errors import QueryError
from watchkeeper.core.model.regex import compile_re2
from watchkeeper.logs.agent.entries import Entries
from watchkeeper.logs.agent.stages.stage import RowTest
from watchkeeper.logs.logql.ast import LineFilter, LineFilterOp, LineText, LogQuery
from watchkeeper.logs.logql.parser import parse_log_query

_ANY: Final = '{__any__=~".+",'

LineTest = Callable[[bytes], bool]


def row_test(text: str) -> RowTest:
    """Which entries a selector with line filters takes. Raises ValueError where it is none, or asks for more."""
    query = _parsed(text)
    tests: list[LineTest] = []
    for stage in query.stages:
        if not isinstance(stage, LineFilter):
            raise ValueError(f"{text}: only line filters (|=, !=, |~, !~) may follow the selector of a match stage")
        tests.append(line_test(stage))
    predicates = [(matcher.name, matcher.predicate()) for matcher in query.matchers]

    def rows(entries: Entries) -> Sequence[bool]:
        takes = [all(test(labels.get(name, "")) for name, test in predicates) for labels in entries.sets]
        found = [takes[code] for code in entries.set_of]
        for test in tests:
            found = [taken and test(line) for taken, line in zip(found, entries.lines, strict=True)]
        return found

    return rows


def _parsed(text: str) -> LogQuery:
    try:
        return parse_log_query(text)
    except QueryError as error:
        first = error
    # A query must not ask for every stream; a stage may, as with `{app!="x"}`: it gets one more matcher for the parser.
    try:
        query = parse_log_query(text.replace("{", _ANY, 1))
    except QueryError:
        raise ValueError(str(first)) from None
    return dataclasses.replace(query, matchers=query.matchers[1:])


def line_test(stage: LineFilter) -> LineTest:
    """One line filter. Raises ValueError for one that a match stage can't have."""
    tests: list[LineTest] = []
    for one in stage.alternatives:
        if not isinstance(one, LineText):
            raise ValueError("ip() can't be used in the selector of a match stage")
        tests.append(_positive(stage.op.positive, one))
    if stage.op.is_negative:
        return lambda line: not any(test(line) for test in tests)
    if len(tests) == 1:
        return tests[0]
    return lambda line: any(test(line) for test in tests)


def _positive(op: LineFilterOp, text: LineText) -> LineTest:
    if op is LineFilterOp.CONTAINS:
        needle = text.needle
        return lambda line: needle in line
    if op is LineFilterOp.MATCHES:
        search = compile_re2(text.text).search
        return lambda line: search(line) is not None
    parts = [re.escape(part) for part in text.needle.split(b"<_>")]
    like = re.compile(b".*".join(parts), re.DOTALL).fullmatch
    return lambda line: like(line) is not None
