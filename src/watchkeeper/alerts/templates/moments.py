"""Functions of templates for moments and durations."""

from __future__ import annotations

import math
import re
from typing import Any, Final

from watchkeeper.core.model.gotime import ZERO_TIME, GoTime, find_zone
from watchkeeper.core.model.gotime_parser import parse_time
from watchkeeper.core.template.times import Duration
from watchkeeper.core.template.values import ValueProblem, type_name

_SMALL: Final = ("m", "u", "n", "p", "f", "a", "z", "y")


def date(layout: str, moment: GoTime) -> str:
    """The moment as the layout writes 2006-01-02 15:04:05."""
    return moment.format(layout)


def tz(name: str, moment: GoTime) -> GoTime:
    """The moment in a zone, `Europe/Berlin`."""
    return moment.in_zone(find_zone(name))


def to_date(layout: str, text: str) -> GoTime:
    """The moment that a text tells; the zero time where it is not of the layout."""
    try:
        return must_to_date(layout, text)
    except ValueProblem:
        return ZERO_TIME


def must_to_date(layout: str, text: str) -> GoTime:
    """The moment that a text tells."""
    try:
        return parse_time(layout, text)
    except ValueError as error:
        raise ValueProblem(str(error)) from None


def humanize_duration(value: Any) -> str:
    """`1h 5m 0s`, `12.5ms`; from seconds as a number or text, or from a duration."""
    seconds = _seconds(value)
    if not math.isfinite(seconds):
        return "NaN" if math.isnan(seconds) else f"{'+' if seconds > 0 else '-'}Inf"
    if seconds == 0:
        return "0s"
    if abs(seconds) < 1:
        power = 0
        while power < len(_SMALL) and abs(seconds) < 1:
            seconds *= 1000
            power += 1
        return f"{_four_digits(seconds)}{_SMALL[power - 1]}s"
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    minutes, rest_s = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{sign}{days}d {hours}h {minutes}m {rest_s}s"
    if hours:
        return f"{sign}{hours}h {minutes}m {rest_s}s"
    if minutes:
        return f"{sign}{minutes}m {rest_s}s"
    return f"{sign}{_four_digits(seconds)}s"


def _seconds(value: Any) -> float:
    match value:
        case Duration():
            return value / 1e9
        case bool():
            pass
        case int() | float():
            return float(value)
        case str():
            try:
                return float(value)
            except ValueError:
                raise ValueProblem(f'strconv.ParseFloat: parsing "{value[:60]}": invalid syntax') from None
    raise ValueProblem(f"can't convert {type_name(value)} to float")


def _four_digits(value: float) -> str:
    """As `%.4g` writes it."""
    return re.sub(r"e([+-])(\d)$", r"e\g<1>0\2", f"{value:.4g}")
