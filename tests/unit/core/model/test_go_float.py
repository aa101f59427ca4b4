"""Floats as Go writes them."""

from __future__ import annotations

import math

import pytest

from watchkeeper.core.model.go_float import format_exponent, format_plain, format_shortest


@pytest.mark.parametrize(
    ("value", "shortest", "plain"),
    [
        (0.0, "0", "0"),
        (-0.0, "-0", "-0"),
        (1.0, "1", "1"),
        (-1.5, "-1.5", "-1.5"),
        (123456.0, "123456", "123456"),
        (1234567.0, "1.234567e+06", "1234567"),
        (1e6, "1e+06", "1000000"),
        (1e21, "1e+21", "1000000000000000000000"),
        (0.0001, "0.0001", "0.0001"),
        (0.00001, "1e-05", "0.00001"),
        (1.7976931348623157e308, "1.7976931348623157e+308", "17976931348623157" + "0" * 292),
        (5e-324, "5e-324", "0." + "0" * 323 + "5"),
        (0.1 + 0.2, "0.30000000000000004", "0.30000000000000004"),
        (math.inf, "+Inf", "+Inf"),
        (-math.inf, "-Inf", "-Inf"),
        (math.nan, "NaN", "NaN"),
    ],
)
def test_texts(value: float, shortest: str, plain: str) -> None:
    assert format_shortest(value) == shortest
    assert format_plain(value) == plain


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0e+00"),
        (-0.0, "-0e+00"),
        (1.0, "1e+00"),
        (-0.25, "-2.5e-01"),
        (100.0, "1e+02"),
        (123456789.0, "1.23456789e+08"),
        (5e-324, "5e-324"),
        (math.inf, "+Inf"),
        (math.nan, "NaN"),
    ],
)
def test_texts_with_an_exponent(value: float, text: str) -> None:
    assert format_exponent(value) == text
