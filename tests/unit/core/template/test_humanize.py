"""Durations in words."""

from __future__ import annotations

import math

import pytest

from watchkeeper.core.template.humanize import humanize_duration, scaled_down


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0s"),
        (0.0125, "12.5ms"),
        (-0.0125, "-12.5ms"),
        (1e-30, "1e-06ys"),
        (59.9999, "60s"),
        (61.7, "1m 1s"),
        (-3900, "-1h 5m 0s"),
        (90061, "1d 1h 1m 1s"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert humanize_duration(seconds) == text


def test_small_numbers_keep_four_digits() -> None:
    assert [scaled_down(value) for value in (1.0, 0.5, 0.00123456)] == ["1", "500m", "1.235m"]
