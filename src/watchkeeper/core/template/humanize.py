"""Numbers as people read them, as Prometheus's and Alertmanager's templates write them.

Source: Prometheus common helpers/templates.
"""

from __future__ import annotations

import math
from typing import Final

from watchkeeper.core.template.formatting import sprintf

_MIN_INT64: Final = -(1 << 63)
_MAX_INT64: Final = (1 << 63) - 1
_SMALL: Final = ("m", "u", "n", "p", "f", "a", "z", "y")


def digits(value: float) -> str:
    """With four digits, as `%.4g` writes it: `1.235`, `+Inf`, `NaN`."""
    return sprintf("%.4g", (value,))


def scaled_down(value: float) -> str:
    """What is below 1 with the prefix that leaves at least 1 in front of it: `4m`."""
    prefix = ""
    for smaller in _SMALL:
        if abs(value) >= 1:
            break
        prefix = smaller
        value *= 1000
    return f"{digits(value)}{prefix}"


def int64(value: float) -> int:
    """As a conversion of Go's: what does not fit becomes the smallest number."""
    if not math.isfinite(value) or not _MIN_INT64 <= value <= _MAX_INT64:
        return _MIN_INT64
    return int(value)


def humanize_duration(seconds: float) -> str:
    """`1d 2h 3m 4s`, `12.5ms`."""
    if not math.isfinite(seconds):
        return digits(seconds)
    if seconds == 0:
        return f"{digits(seconds)}s"
    if abs(seconds) < 1:
        return f"{scaled_down(seconds)}s"
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    minutes, rest_s = divmod(int64(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{sign}{days}d {hours}h {minutes}m {rest_s}s"
    if hours:
        return f"{sign}{hours}h {minutes}m {rest_s}s"
    if minutes:
        return f"{sign}{minutes}m {rest_s}s"
    return f"{sign}{digits(seconds)}s"
