"""Times and durations as templates see them: Go's time.Time, time.Duration, time.Month and time.Weekday."""

from __future__ import annotations

import datetime as dt
from typing import Final

from watchkeeper.core.model.go_duration import format_go_duration
from watchkeeper.core.model.gotime import MONTHS, SECOND_NS, UTC, WEEKDAYS, ZERO_NS, GoTime, go_date
from watchkeeper.core.template.values import Function, GoType, expose, function


class Duration(int):
    """Nanoseconds."""

    __slots__ = ()

    def __str__(self) -> str:
        """As Go writes it: `1h30m0s`."""
        return format_go_duration(self)


class Month(int):
    """1 is January."""

    __slots__ = ()

    def __str__(self) -> str:
        return MONTHS[self - 1]


class Weekday(int):
    """0 is Sunday."""

    __slots__ = ()

    def __str__(self) -> str:
        return WEEKDAYS[self]


class Location:
    """A zone."""

    __slots__ = ("zone",)

    def __init__(self, zone: dt.tzinfo) -> None:
        self.zone = zone

    def __str__(self) -> str:
        return "UTC" if self.zone is UTC else str(getattr(self.zone, "key", "") or getattr(self.zone, "name", ""))


# So that the annotations below name types that are known; the methods follow.
expose(Duration, GoType("time.Duration", text=format_go_duration, kind="int"))
expose(Month, GoType("time.Month", text=str, kind="int"))
expose(Weekday, GoType("time.Weekday", text=str, kind="int"))
expose(GoTime, GoType("time.Time", text=str))
expose(Location, GoType("*time.Location", text=str))


# --- of a moment ---------------------------------------------------------------------------------------------------


def _add(moment: GoTime, duration: Duration) -> GoTime:
    return GoTime(moment.unix_ns + duration, moment.zone)


def _sub(moment: GoTime, other: GoTime) -> Duration:
    return Duration(min(max(moment.unix_ns - other.unix_ns, -(1 << 63)), (1 << 63) - 1))


def _add_date(moment: GoTime, years: int, months: int, days: int) -> GoTime:
    c = moment.civil()
    year, month, day = c.year + years, c.month + months, c.day + days
    return go_date(year, month, day, c.hour, c.minute, c.second, c.nanosecond, moment.zone)


def _truncate(moment: GoTime, to: Duration) -> GoTime:
    return moment if to <= 0 else GoTime(moment.unix_ns - (moment.unix_ns - ZERO_NS) % to, moment.zone)


def _round(moment: GoTime, to: Duration) -> GoTime:
    if to <= 0:
        return moment
    over = (moment.unix_ns - ZERO_NS) % to
    return GoTime(moment.unix_ns - over + (to if 2 * over >= to else 0), moment.zone)


def _format(moment: GoTime, layout: str) -> str:
    return moment.format(layout)


def _before(moment: GoTime, other: GoTime) -> bool:
    return moment.unix_ns < other.unix_ns


def _after(moment: GoTime, other: GoTime) -> bool:
    return moment.unix_ns > other.unix_ns


def _equal(moment: GoTime, other: GoTime) -> bool:
    return moment.unix_ns == other.unix_ns


def _compare(moment: GoTime, other: GoTime) -> int:
    return (moment.unix_ns > other.unix_ns) - (moment.unix_ns < other.unix_ns)


def _in(moment: GoTime, place: Location) -> GoTime:
    return moment.in_zone(place.zone)


_TIME_METHODS: Final = {
    "Add": function(_add, method=True),
    "AddDate": function(_add_date, method=True),
    "After": function(_after, method=True),
    "Before": function(_before, method=True),
    "Compare": function(_compare, method=True),
    "Day": Function(lambda moment: moment.civil().day, ()),
    "Equal": function(_equal, method=True),
    "Format": function(_format, method=True),
    "Hour": Function(lambda moment: moment.civil().hour, ()),
    "In": function(_in, method=True),
    "IsZero": Function(lambda moment: moment.is_zero, ()),
    "Local": Function(lambda moment: moment.in_zone(UTC), ()),
    "Location": Function(lambda moment: Location(moment.zone), ()),
    "Minute": Function(lambda moment: moment.civil().minute, ()),
    "Month": Function(lambda moment: Month(moment.civil().month), ()),
    "Nanosecond": Function(lambda moment: moment.unix_ns % SECOND_NS, ()),
    "Round": function(_round, method=True),
    "Second": Function(lambda moment: moment.civil().second, ()),
    "String": Function(str, ()),
    "Sub": function(_sub, method=True),
    "Truncate": function(_truncate, method=True),
    "UTC": Function(lambda moment: moment.in_zone(UTC), ()),
    "Unix": Function(lambda moment: moment.unix_ns // SECOND_NS, ()),
    "UnixMicro": Function(lambda moment: moment.unix_ns // 1000, ()),
    "UnixMilli": Function(lambda moment: moment.unix_ns // 1_000_000, ()),
    "UnixNano": Function(lambda moment: moment.unix_ns, ()),
    "Weekday": Function(lambda moment: Weekday(moment.civil().weekday), ()),
    "Year": Function(lambda moment: moment.civil().year, ()),
    "YearDay": Function(lambda moment: moment.civil().year_day, ()),
}

# --- of a duration -------------------------------------------------------------------------------------------------


def _truncate_duration(duration: Duration, to: Duration) -> Duration:
    return duration if to <= 0 else Duration(abs(duration) // to * to * (-1 if duration < 0 else 1))


def _round_duration(duration: Duration, to: Duration) -> Duration:
    if to <= 0:
        return duration
    size = abs(duration)
    down = size // to * to
    rounded = down + to if 2 * (size - down) >= to else down
    return Duration(-rounded if duration < 0 else rounded)


def _whole(duration: Duration, unit_ns: int) -> int:
    return abs(duration) // unit_ns * (-1 if duration < 0 else 1)


_DURATION_METHODS: Final = {
    "Abs": Function(lambda duration: Duration(abs(duration)), ()),
    "Hours": Function(lambda duration: duration / (3600 * SECOND_NS), ()),
    "Microseconds": Function(lambda duration: _whole(duration, 1000), ()),
    "Milliseconds": Function(lambda duration: _whole(duration, 1_000_000), ()),
    "Minutes": Function(lambda duration: duration / (60 * SECOND_NS), ()),
    "Nanoseconds": Function(int, ()),
    "Round": function(_round_duration, method=True),
    "Seconds": Function(lambda duration: duration / SECOND_NS, ()),
    "String": Function(str, ()),
    "Truncate": function(_truncate_duration, method=True),
}
_STRING_METHOD: Final = {"String": Function(str, ())}

expose(Duration, GoType("time.Duration", methods=_DURATION_METHODS, text=format_go_duration, kind="int"))
expose(Month, GoType("time.Month", methods=_STRING_METHOD, text=str, kind="int"))
expose(Weekday, GoType("time.Weekday", methods=_STRING_METHOD, text=str, kind="int"))
expose(GoTime, GoType("time.Time", methods=_TIME_METHODS, text=str))
expose(Location, GoType("*time.Location", methods=_STRING_METHOD, text=str))
