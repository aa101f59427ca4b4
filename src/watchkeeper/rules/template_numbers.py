"""Template functions over numbers and times.

Source: Prometheus template/template.go and common helpers/templates, whose error texts these are.
"""

from __future__ import annotations

import math
from typing import Final

from watchkeeper.core.model.duration import parse_duration_ms
from watchkeeper.core.model.gotime import GoTime
from watchkeeper.core.template.formatting import show
from watchkeeper.core.template.humanize import digits, int64, scaled_down
from watchkeeper.core.template.humanize import humanize_duration as duration_text
from watchkeeper.core.template.times import Duration
from watchkeeper.core.template.values import ValueProblem, exposed, type_name
from watchkeeper.logs.lines.units import parse_float

_MIN_INT64: Final = -(1 << 63)
_MAX_INT64: Final = (1 << 63) - 1
_LARGE: Final = ("k", "M", "G", "T", "P", "E", "Z", "Y")
_BINARY: Final = ("ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")


def _to_float(value: object) -> float:
    match value:
        case bool():
            pass
        case Duration():
            return int(value) / 1e9
        case float() | int():
            return float(value)
        case str() if exposed(value) is None:  # Not a text of a type of its own.
            return parse_float(value)
        case _:
            pass
    raise ValueProblem(f"can't convert {type_name(value)} to float")


def _is_special(value: float) -> bool:
    return math.isnan(value) or math.isinf(value)


def _scaled(value: float, step: float, prefixes: tuple[str, ...]) -> str:
    """With the prefix that leaves less than one step in front of it."""
    prefix = ""
    for larger in prefixes:
        if abs(value) < step:
            break
        prefix = larger
        value /= step
    return f"{digits(value)}{prefix}"


def humanize(number: object) -> str:
    """With a prefix of thousands: `1.235M`, `4m`."""
    value = _to_float(number)
    if value == 0 or _is_special(value):
        return digits(value)
    return _scaled(value, 1000, _LARGE) if abs(value) >= 1 else scaled_down(value)


def humanize1024(number: object) -> str:
    """With a prefix of steps of 1024: `1.5Mi`."""
    value = _to_float(number)
    if abs(value) <= 1 or _is_special(value):
        return digits(value)
    return _scaled(value, 1024, _BINARY)


def humanize_percentage(number: object) -> str:
    """A share of 1 in percent."""
    return f"{digits(_to_float(number) * 100)}%"


def humanize_duration(number: object) -> str:
    """Seconds as `1d 2h 3m 4s`."""
    return duration_text(_to_float(number))


# --- times ---------------------------------------------------------------------------------------------------------


def _time_of(seconds: float) -> GoTime:
    if _is_special(seconds):
        raise ValueProblem("value is NaN or Inf")
    nanoseconds = seconds * 1e9
    if nanoseconds > _MAX_INT64 or nanoseconds < _MIN_INT64:
        shown = show(seconds)
        raise ValueProblem(f"{shown} cannot be represented as a nanoseconds timestamp since it overflows int64")
    whole = abs(int64(nanoseconds)) // 1_000_000 * 1_000_000  # Milliseconds, cut towards zero.
    return GoTime(-whole if nanoseconds < 0 else whole)


def to_time(number: object) -> GoTime:
    """Seconds since 1970 as a time that has methods."""
    return _time_of(_to_float(number))


def humanize_timestamp(number: object) -> str:
    """Seconds since 1970 as a time."""
    value = _to_float(number)
    return digits(value) if _is_special(value) else str(_time_of(value))


def to_duration(number: object) -> Duration:
    """Seconds as a duration that has methods."""
    return Duration(int64(_to_float(number) * 1e9))


def parse_duration(text: str) -> float:
    """`1h30m` in seconds."""
    return parse_duration_ms(text) / 1000
