"""Durations and sizes as queries write them, and arithmetic of plain numbers."""

from __future__ import annotations

import math

import pytest

from watchkeeper.core.model.go_duration import format_go_duration
from watchkeeper.logs.lines.units import UnitError, parse_bytes
from watchkeeper.logs.logql.ast import BinaryOp
from watchkeeper.logs.logql.folding import fold
from watchkeeper.logs.logql.units import format_bytes, format_duration_ns, parse_query_duration_ns

S = 10**9


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("5m", 300 * S),
        ("1d", 86_400 * S),
        ("1w2d3h4m5s6ms", 788_645 * S + 6_000_000),
        ("1y", 365 * 86_400 * S),
        ("1.5h", 5400 * S),
        ("1m1.5s", 61_500_000_000),
        ("10us", 10_000),
        ("3ns", 3),
        ("0", 0),
    ],
)
def test_durations(text: str, nanoseconds: int) -> None:
    assert parse_query_duration_ns(text) == nanoseconds
    assert parse_query_duration_ns(format_duration_ns(nanoseconds)) == nanoseconds
    assert parse_query_duration_ns(format_go_duration(nanoseconds)) == nanoseconds


@pytest.mark.parametrize("text", ["", "5", "m", "5x", "1.d", "1h-", "-"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(UnitError):
        parse_query_duration_ns(text)


@pytest.mark.parametrize(
    ("nanoseconds", "shortest", "go"),
    [
        (0, "0s", "0s"),
        (90 * S, "1m30s", "1m30s"),
        (3600 * S, "1h", "1h0m0s"),
        (1_500_000, "1500us", "1.5ms"),
        (1_000_001, "1000001ns", "1.000001ms"),
        (-60 * S, "-1m", "-1m0s"),
        (7 * 86_400 * S, "1w", "168h0m0s"),
        (999, "999ns", "999ns"),
        (1500, "1500ns", "1.5µs"),
    ],
)
def test_durations_as_texts(nanoseconds: int, shortest: str, go: str) -> None:
    assert format_duration_ns(nanoseconds) == shortest
    assert format_go_duration(nanoseconds) == go


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0B"),
        (999, "999B"),
        (1000, "1.0kB"),
        (1500, "1.5kB"),
        (1536, "1536B"),
        (20_000_000, "20MB"),
        (12_500, "12500B"),
        (3 * 10**18, "3.0EB"),
        (2**64 - 1, f"{2**64 - 1}B"),
    ],
)
def test_sizes(size_bytes: int, text: str) -> None:
    assert format_bytes(size_bytes) == text
    if size_bytes < 2**53:
        assert parse_bytes(text) == size_bytes


@pytest.mark.parametrize(
    ("op", "lhs", "rhs", "expected"),
    [
        (BinaryOp.ADD, 1, 2, 3),
        (BinaryOp.SUB, 1, 2, -1),
        (BinaryOp.MUL, 3, 2, 6),
        (BinaryOp.DIV, 3, 2, 1.5),
        (BinaryOp.DIV, 3, 0, math.nan),
        (BinaryOp.MOD, -7, 3, -1),
        (BinaryOp.MOD, 7, 0, math.nan),
        (BinaryOp.MOD, math.inf, 3, math.nan),
        (BinaryOp.POW, 2, 10, 1024),
        (BinaryOp.POW, 10, 400, math.inf),
        (BinaryOp.POW, -10, 401, -math.inf),
        (BinaryOp.POW, -8, 0.5, math.nan),
        (BinaryOp.POW, 0, -1, math.inf),
        (BinaryOp.POW, -0.0, -3, -math.inf),
        (BinaryOp.EQL, 1, 1, 1),
        (BinaryOp.NEQ, 1, 1, 0),
        (BinaryOp.GTR, 2, 1, 1),
        (BinaryOp.GTE, 1, 1, 1),
        (BinaryOp.LSS, 2, 1, 0),
        (BinaryOp.LTE, 1, 1, 1),
    ],
)
def test_folding(op: BinaryOp, lhs: float, rhs: float, expected: float) -> None:
    found = fold(op, float(lhs), float(rhs))
    assert found == expected or (math.isnan(found) and math.isnan(expected))


@pytest.mark.parametrize("op", [BinaryOp.AND, BinaryOp.OR, BinaryOp.UNLESS])
def test_sets_are_not_of_numbers(op: BinaryOp) -> None:
    with pytest.raises(ValueError, match="not of numbers"):
        fold(op, 1.0, 2.0)
