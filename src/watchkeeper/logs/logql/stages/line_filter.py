"""`|= "text"`, `|~ "regex"`, `|> "pattern"` and their negations: lines that hold, or do not hold, something."""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np

from watchkeeper.core.kernels.line_regex import Automaton, Unsupported
from watchkeeper.core.kernels.texts import Texts
from watchkeeper.core.model.errors import ExecutionError
from watchkeeper.core.model.regex import compile_re2
from watchkeeper.logs.lines.ip import IpError, IpMatcher
from watchkeeper.logs.lines.pattern import LinePattern
from watchkeeper.logs.logql.ast import LineFilter as LineFilterNode
from watchkeeper.logs.logql.ast import LineFilterOp, LineIp, LineText
from watchkeeper.logs.logql.columns import Mask
from watchkeeper.logs.logql.rows import BlockRows

Test: TypeAlias = Callable[[BlockRows], Mask]

_WILDCARD: Final = b"<_>"


class Way(enum.Enum):
    """How an alternative of a line filter is looked for. Lines that a stage made anew are searched as they are."""

    SEARCH = "search"  # In blocks as they lie: lines are not restored.
    PARTS = "parts"  # Its texts in blocks as they lie; lines that hold them all are restored.
    RE2 = "re2"  # In restored lines, one by one.
    ADDRESSES = "addresses"  # In restored lines.
    NONE = "none"  # Not at all: an empty text is in every line.


class LineFilter:
    """One filter with its alternatives.

    needles  texts that every line that passes holds
    ways     how each alternative is looked for
    """

    def __init__(self, node: LineFilterNode) -> None:
        self._negative = node.op.is_negative
        op = node.op.positive
        alternatives = [(each, needle_of(op, each)) for each in node.alternatives]
        self.needles: tuple[bytes, ...] = ()
        if len(alternatives) == 1 and not self._negative:
            self.needles = alternatives[0][1]
        self._everything = any(
            isinstance(each, LineText) and not each.text and op is not LineFilterOp.LIKE for each, _ in alternatives
        )
        found = [] if self._everything else [_test(op, each) for each in node.alternatives]
        self._tests = [test for _, test in found]
        self.ways: tuple[Way, ...] = tuple(way for way, _ in found) or (Way.NONE,)

    def run(self, rows: BlockRows) -> None:
        """Drops rows."""
        if self._everything:
            if self._negative:
                rows.keep(np.zeros(len(rows), np.bool_))
            return
        passed = self._tests[0](rows)
        for test in self._tests[1:]:
            passed |= test(rows)
        rows.keep(~passed if self._negative else passed)


def needle_of(op: LineFilterOp, each: LineText | LineIp) -> tuple[bytes, ...]:
    """Texts that stand in every line that the alternative lets pass."""
    if isinstance(each, LineIp) or not each.text:
        return ()
    if op is LineFilterOp.CONTAINS:
        return (each.needle,)
    if op is LineFilterOp.LIKE:
        return tuple(part for part in each.needle.split(_WILDCARD) if part)
    automaton = automaton_of(each.text)
    return () if automaton is None else automaton.required


@functools.lru_cache(maxsize=128)  # Each may keep megabytes of states for each thread.
def automaton_of(expression: str) -> Automaton | None:
    """The kernel's automaton of an expression, or None where RE2 has to be asked."""
    try:
        return Automaton.regex(expression)
    except Unsupported:
        return None


def searched(rows: BlockRows, automaton: Automaton) -> Mask:
    """Which rows' lines match; lines of the block are not restored for it."""
    if rows.own_lines:
        return rows.block.search(automaton, rows.rows).view(np.bool_)
    return automaton.search(rows.lines).view(np.bool_)


def ip_matcher(pattern: str) -> IpMatcher:
    """The matcher of `ip("…")`. Raises ExecutionError where it is none."""
    try:
        return IpMatcher(pattern)
    except IpError as error:
        raise ExecutionError(str(error)) from None


def _test(op: LineFilterOp, each: LineText | LineIp) -> tuple[Way, Test]:
    if isinstance(each, LineIp):
        matcher = ip_matcher(each.pattern)
        return Way.ADDRESSES, lambda rows: matcher.in_lines(rows.lines)
    if op is LineFilterOp.CONTAINS:
        literal = Automaton.literal(each.needle)
        return Way.SEARCH, lambda rows: searched(rows, literal)
    if op is LineFilterOp.LIKE:
        return Way.PARTS, like(each.text)
    automaton = automaton_of(each.text)
    if automaton is not None:
        return Way.SEARCH, functools.partial(searched, automaton=automaton)
    compiled = compile_re2(each.text)
    return Way.RE2, lambda rows: _by_re2(rows.lines, compiled)


def _by_re2(lines: Texts, compiled: Any) -> Mask:
    """Line by line: only for expressions that the automaton has no way to run."""
    search = compiled.search
    return np.fromiter((search(line) is not None for line in lines), np.bool_, len(lines))


def like(pattern: str) -> Test:
    """The test of a pattern of texts and `<_>`. Lines are restored only where all texts stand somewhere in them."""
    tested = LinePattern(pattern)
    literals = [Automaton.literal(text) for text in tested.parts if text]

    def test(rows: BlockRows) -> Mask:
        out = np.ones(len(rows), np.bool_)
        if rows.own_lines:
            for literal in literals:
                out &= searched(rows, literal)
        places = np.flatnonzero(out)
        if len(places):
            out[places] = tested.matches(rows.lines_at(None if len(places) == len(rows) else places))
        return out

    return test
