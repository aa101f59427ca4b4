"""Functions of templates for moments and durations."""

from __future__ import annotations

from typing import Any

from watchkeeper.core.model.gotime import ZERO_TIME, GoTime, find_zone
from watchkeeper.core.model.gotime_parser import parse_time
from watchkeeper.core.template.humanize import humanize_duration as duration_text
from watchkeeper.core.template.times import Duration
from watchkeeper.core.template.values import ValueProblem, type_name


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
    return duration_text(_seconds(value))


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
