"""Template functions over times: `date`, `toDate`, `unixEpoch` and the like. The local zone is UTC.

Source: Loki pkg/logql/log/fmt.go; sprig date.go.
"""

from __future__ import annotations

import time

from watchkeeper.core.model.gotime import UTC, ZERO_TIME, GoTime, find_zone
from watchkeeper.core.model.gotime_parser import TimeError, parse_time
from watchkeeper.core.model.labels import quote
from watchkeeper.core.template.values import ValueProblem

_UNITS_NS = {5: 86_400_000_000_000, 10: 1_000_000_000, 13: 1_000_000, 16: 1000, 19: 1}  # By the count of digits.


def now() -> GoTime:
    """The time now."""
    return GoTime(time.time_ns())


def date(layout: str, moment: object) -> str:
    """A time, or a count of seconds, by a layout; the time now for anything else."""
    if isinstance(moment, int) and not isinstance(moment, bool):
        moment = GoTime(moment * 1_000_000_000)
    elif not isinstance(moment, GoTime):
        moment = now()
    return moment.in_zone(UTC).format(layout)


def to_date(layout: str, text: str) -> GoTime:
    """The time that a text tells by a layout; Go's zero time where it does not."""
    return _parsed(layout, text, "UTC")


def to_date_in_zone(layout: str, zone: str, text: str) -> GoTime:
    """The same, of a text in a zone; UTC where there is no such zone."""
    return _parsed(layout, text, zone)


def _parsed(layout: str, text: str, zone_name: str) -> GoTime:
    try:
        zone = find_zone(zone_name)
    except LookupError:
        zone = UTC
    try:
        return parse_time(layout, text, zone)
    except TimeError:
        return ZERO_TIME


def unix_to_time(text: str) -> GoTime:
    """The time of a count since 1970: of days, seconds, or smaller units, by how many digits it has."""
    sign = text[:1] in ("+", "-")
    if not text.isascii() or not text[sign:].isdecimal():
        raise ValueProblem(f"unable to parse time '{text}': strconv.ParseInt: parsing {quote(text)}: invalid syntax")
    unit_ns = _UNITS_NS.get(len(text))
    if unit_ns is None:
        raise ValueProblem(f"unable to parse time '{text}': unknown number of digits")
    return GoTime(int(text) * unit_ns)


def unix_epoch(moment: GoTime) -> str:
    """Seconds since 1970."""
    return str(moment.unix_ns // 1_000_000_000)


def unix_epoch_millis(moment: GoTime) -> str:
    """Milliseconds since 1970."""
    return str(moment.unix_ns // 1_000_000)


def unix_epoch_nanos(moment: GoTime) -> str:
    """Nanoseconds since 1970."""
    return str(moment.unix_ns)
