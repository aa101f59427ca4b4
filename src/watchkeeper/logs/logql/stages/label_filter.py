"""`| status >= 500 and path="/"`: conditions on labels, worked out once for each text that differs."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final, TypeAlias, assert_never

import numpy as np

from watchkeeper.core.kernels import line_fields
from watchkeeper.core.kernels.texts import Texts
from watchkeeper.logs.lines.units import UnitError, parse_go_duration_ns, sizes_bytes
from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.columns import Column, Mask
from watchkeeper.logs.logql.rows import BlockRows, Lazy
from watchkeeper.logs.logql.stages.line_filter import ip_matcher
from watchkeeper.logs.logql.stages.stage import FILTER_ERROR

Condition: TypeAlias = Callable[[BlockRows, Mask], Mask]
"""Which rows pass, of those that are asked; what it says of others means nothing."""

_OPERATORS: Final[dict[ast.CompareOp, Callable[[Any, Any], Any]]] = {
    ast.CompareOp.EQ: operator.eq,
    ast.CompareOp.NE: operator.ne,
    ast.CompareOp.GT: operator.gt,
    ast.CompareOp.GE: operator.ge,
    ast.CompareOp.LT: operator.lt,
    ast.CompareOp.LE: operator.le,
}


class LabelFilter:
    """A condition, or several joined by `and` and `or`."""

    def __init__(self, filter: ast.LabelFilter) -> None:
        self._condition = condition(filter)

    def run(self, rows: BlockRows) -> None:
        """Drops rows; marks those whose label is no number where one is needed, and keeps them."""
        if len(rows):
            rows.keep(self._condition(rows, np.ones(len(rows), np.bool_)))


def condition(filter: ast.LabelFilter) -> Condition:
    """The test of a filter."""
    match filter:
        case ast.StringFilter(matcher=matcher):

            def by_text(rows: BlockRows, asked: Mask) -> Mask:
                found = rows.get(matcher.name)
                if isinstance(found, Column):
                    return found.passes(matcher)
                return np.full(len(rows), matcher.matches(found or ""), np.bool_)

            return by_text
        case ast.NumberFilter(name=name, op=op, value=value):
            return _numeric(name, _OPERATORS[op], value)
        case ast.DurationFilter(name=name, op=op, value_ns=value_ns):
            return _converted(name, durations_ns, _OPERATORS[op], value_ns)
        case ast.BytesFilter(name=name, op=op, value_bytes=value_bytes):
            return _converted(name, sizes_bytes, _OPERATORS[op], value_bytes)
        case ast.IpFilter(name=name, negated=negated, pattern=pattern):
            return _by_address(name, pattern, negated=negated)
        case ast.AndFilter(lhs=lhs, rhs=rhs):
            first, second = condition(lhs), condition(rhs)

            def both(rows: BlockRows, asked: Mask) -> Mask:
                passed = first(rows, asked) & asked
                return passed & second(rows, passed) if passed.any() else passed

            return both
        case ast.OrFilter(lhs=lhs, rhs=rhs):
            first, second = condition(lhs), condition(rhs)

            def either(rows: BlockRows, asked: Mask) -> Mask:
                passed = first(rows, asked) & asked
                left = asked & ~passed
                return passed | (second(rows, left) & left) if left.any() else passed

            return either
        case _:
            assert_never(filter)


def numbers_at_once(rows: BlockRows, name: str) -> tuple[np.ndarray[Any, np.dtype[np.float64]], Mask] | None:
    """A label as numbers without its texts, where its encoding allows: the numbers, and which rows have it."""
    label = rows.parsed.get(name)
    if (
        isinstance(label, Lazy)
        and label.numbers is not None
        and name not in rows.structured
        and name not in rows.stream
    ):
        return label.numbers(rows)
    return None


def _numeric(name: str, compare: Callable[[Any, Any], Any], value: float) -> Condition:
    def test(rows: BlockRows, asked: Mask) -> Mask:
        at_once = numbers_at_once(rows, name)
        if at_once is not None:
            numbers, has = at_once
            return np.asarray(compare(numbers, value) & has)
        column = rows.column(name)
        if column is None:
            return np.zeros(len(rows), np.bool_)
        floats, errors = column.values.floats()
        by_value = np.append(compare(floats, value), False)
        out = by_value[column.codes]
        _mark(rows, column, errors, asked, out)
        return np.asarray(out)

    return test


def durations_ns(texts: Texts) -> tuple[Any, dict[int, str]]:
    """Each text's duration: int64 ns; 0 where it is none, and the error's text of those."""
    found, read = line_fields.durations(texts)
    errors: dict[int, str] = {}
    for i in np.flatnonzero(read == 0).tolist():
        try:
            found[i] = parse_go_duration_ns(texts[i].decode("utf-8", "replace"))
        except UnitError as error:
            errors[i] = str(error)
    return found, errors


def _converted(
    name: str,
    convert: Callable[[Texts], tuple[Any, dict[int, str]]],
    compare: Callable[[Any, Any], Any],
    value: int,
) -> Condition:
    def test(rows: BlockRows, asked: Mask) -> Mask:
        column = rows.column(name)
        if column is None:
            return np.zeros(len(rows), np.bool_)
        numbers, errors = convert(column.values.texts)
        out = np.append(compare(numbers, value), False)[column.codes]
        _mark(rows, column, errors, asked, out)
        return np.asarray(out)

    return test


def _mark(rows: BlockRows, column: Column, errors: dict[int, str], asked: Mask, passed: Mask) -> None:
    """Give rows whose text is no number an error, and let them pass. An error that a row has already stays."""
    if not errors:
        return
    wrong = np.zeros(len(column.values) + 1, np.bool_)
    wrong[list(errors)] = True
    where = wrong[column.codes] & asked
    passed |= where
    where = where & ~rows.failed
    for code in np.unique(column.codes[where]).tolist():
        rows.fail(where & (column.codes == code), FILTER_ERROR, errors[code])


def _by_address(name: str, pattern: str, *, negated: bool) -> Condition:
    matcher = ip_matcher(pattern)

    def test(rows: BlockRows, asked: Mask) -> Mask:
        failed = rows.failed
        column = rows.column(name)
        if column is None:
            return failed
        by_value = np.zeros(len(column.values) + 1, np.bool_)
        for code in column.used().tolist():
            by_value[code] = matcher.in_text(column.values.string(code)) != negated
        return np.asarray(by_value[column.codes] | failed)

    return test
