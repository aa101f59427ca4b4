"""Numbers with units."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from watchkeeper.core.kernels.texts import Texts
from watchkeeper.logs.lines import units


def texts(*values: str) -> Texts:
    return Texts.of(value.encode() for value in values)


def test_a_column_of_durations_is_seconds() -> None:
    found, errors = units.seconds(texts("250ms", "1h1m1.5s", "-2us", "3µs", "0", "1d", "", "5"))
    np.testing.assert_array_equal(found, [0.25, 3661.5, -2e-6, 3e-6, 0, 0, 0, 0])
    assert errors == {
        5: 'time: unknown unit "d" in duration "1d"',
        6: 'time: invalid duration ""',
        7: 'time: missing unit in duration "5"',
    }


def test_a_column_of_sizes_is_bytes() -> None:
    found, errors = units.sizes_bytes(
        texts("1.5MB", "2KiB", "2 kib", "7", "7b", "1,000B", "1.5 xb", "-1B", "17EB", "32EiB")
    )
    np.testing.assert_array_equal(found, [1.5e6, 2048, 2048, 7, 7, 1000, 0, 0, 1.7e19, 0])
    assert errors == {
        6: "unhandled size name: xb",
        7: 'strconv.ParseFloat: parsing "": invalid syntax',
        9: "too large: 32EiB",
    }


def test_a_column_of_numbers_is_read() -> None:
    found, errors = units.floats(texts("1", "-2.5e3", "0x1p-2", "1_000", "+Inf", " 1", "1e999"))
    np.testing.assert_array_equal(found, [1, -2500, 0.25, 1000, math.inf, 0, 0])
    assert errors == {
        5: 'strconv.ParseFloat: parsing " 1": invalid syntax',
        6: 'strconv.ParseFloat: parsing "1e999": value out of range',
    }
    assert math.isnan(units.floats(texts("NaN"))[0][0])


@pytest.mark.parametrize(
    ("parse", "text", "number"),
    [
        (units.parse_duration_ns, "1d", 86_400 * 10**9),
        (units.parse_duration_ns, "1w2d", 9 * 86_400 * 10**9),
        (units.parse_duration_ns, "1.5s", 1_500_000_000),
        (units.parse_go_duration_ns, "-9223372036854775808ns", -(2**63)),
        (units.parse_go_duration_ns, "000000000000000000000001s", 10**9),
        (units.parse_bytes, "1TiB", 2**40),
        (units.parse_bytes, "42", 42),
    ],
)
def test_single_texts_are_read(parse: Callable[[str], int], text: str, number: int) -> None:
    assert parse(text) == number


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (units.parse_duration_ns, "1x"),
        (units.parse_go_duration_ns, "9223372036854775808ns"),
        (units.parse_go_duration_ns, "."),
        (units.parse_go_duration_ns, "-"),
        (units.parse_bytes, ""),
        (units.parse_bytes, "kB"),
        (units.parse_float, "0x"),
        (units.parse_float, "0x1p99999"),
    ],
)
def test_other_texts_are_refused(parse: Callable[[str], float], text: str) -> None:
    with pytest.raises(units.UnitError):
        parse(text)
