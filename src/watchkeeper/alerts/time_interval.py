"""Whether a time lies in a named interval: times of day, weekdays, days of month, months and years of one zone.

Fields of a period must all hold, one period of an interval is enough.
"""

from __future__ import annotations

import calendar
import datetime as dt
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

Range: TypeAlias = tuple[int, int]
"""First and last, both included; of times of day the end is not."""

Ranges: TypeAlias = tuple[Range, ...] | None
"""None where a field is not given, and holds at all times; an empty list holds at none."""

WEEKDAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTHS: Final = tuple(name.lower() for name in calendar.month_name[1:])

_NS: Final = 1_000_000_000
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LAST_S: Final = 253_402_300_799  # The end of the year 9999: later times than Python knows are taken as this.


@dataclass(frozen=True, slots=True)
class Period:
    """One element of an interval.

    times           minutes of the day, the end not included
    weekdays        0 is Sunday
    days_of_month   negative ones count from the end: -1 is the last day
    location        a zone's name; UTC where empty, `Local` for the machine's own
    """

    times: Ranges = None
    weekdays: Ranges = None
    days_of_month: Ranges = None
    months: Ranges = None
    years: Ranges = None
    location: str = ""

    def contains(self, now_ns: int) -> bool:
        """Whether a time, in nanoseconds since 1970, lies in it."""
        now = _at(now_ns, self.location)
        return (
            _holds(self.years, now.year)
            and _holds(self.months, now.month)
            and self._has_day(now)
            and _holds(self.weekdays, now.isoweekday() % 7)
            and (self.times is None or any(lo <= now.hour * 60 + now.minute < hi for lo, hi in self.times))
        )

    def _has_day(self, now: dt.datetime) -> bool:
        if self.days_of_month is None:
            return True
        n_days = calendar.monthrange(now.year, now.month)[1]
        for first, last in self.days_of_month:
            begin = n_days + first + 1 if first < 0 else first
            end = n_days + last + 1 if last < 0 else last
            # A day that this month does not have is not moved into it: the 30th is no day of February.
            if begin <= n_days and begin <= now.day <= end:
                return True
        return False


@dataclass(frozen=True, slots=True)
class TimeInterval:
    """A named interval, as routes mention it."""

    name: str
    periods: tuple[Period, ...] = ()

    def contains(self, now_ns: int) -> bool:
        """Whether a time, in nanoseconds since 1970, lies in any of its periods."""
        return any(period.contains(now_ns) for period in self.periods)


def _holds(ranges: Ranges, value: int) -> bool:
    return ranges is None or any(first <= value <= last for first, last in ranges)


def _at(now_ns: int, location: str) -> dt.datetime:
    moment = _EPOCH + dt.timedelta(seconds=min(max(now_ns // _NS, 0), _LAST_S - 86_400))
    if not location or location == "UTC":
        return moment
    return moment.astimezone(None if location == "Local" else zone_of(location))


@lru_cache(maxsize=256)
def zone_of(location: str) -> zoneinfo.ZoneInfo:
    """The zone of this name. Raises ValueError where there is none."""
    try:
        return zoneinfo.ZoneInfo(location)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"unknown time zone {location}") from None


def parse_time_of_day(text: str) -> int:
    """Minutes of `09:30`; 1440 for `24:00`. Raises ValueError."""
    hour, _, minute = text.partition(":")
    digits = len(text) == 5 and text.isascii() and hour.isdigit() and minute.isdigit() and len(hour) == 2
    if not digits or int(minute) > 59 or int(hour) * 60 + int(minute) > 1440:
        raise ValueError(f"couldn't parse timestamp {text[:60]}, invalid format")
    return int(hour) * 60 + int(minute)


def format_time_of_day(minutes: int) -> str:
    """`09:30`."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def parse_weekdays(text: str) -> Range:
    """`monday:friday`, `sunday`. Raises ValueError."""
    first, last = _both(text, lambda word: _index(WEEKDAYS, word, "weekday"))
    if first > last:
        raise ValueError("start day cannot be before end day")
    return first, last


def parse_days_of_month(text: str) -> Range:
    """`1:5`, `-3:-1`, `15`. Raises ValueError."""
    first, last = _both(text, lambda word: _number(word, "day of the month"))
    for day in (first, last):
        if day == 0 or not -31 <= day <= 31:
            raise ValueError(f"{day} is not a valid day of the month: out of range")
    if first < 0 < last:
        raise ValueError("end day must be negative if start day is negative")
    # The shortest month has 28 days: what is the wrong way round there, may be right in none.
    if (first if first > 0 else 28 + first) > (last if last > 0 else 28 + last):
        raise ValueError(f"end day {last} is always before start day {first}")
    return first, last


def parse_months(text: str) -> Range:
    """`january:march`, `5:8`, `december`. Numbers that no month has are taken. Raises ValueError."""

    def month(word: str) -> int:
        if word in MONTHS:
            return MONTHS.index(word) + 1
        return _number(word, "month")

    first, last = _both(text, month)
    if first > last:
        begin, _, end = text.lower().partition(":")
        raise ValueError(f"end month {end} is before start month {begin}")
    return first, last


def parse_years(text: str) -> Range:
    """`2026:2028`, `2027`. Raises ValueError."""
    first, last = _both(text, lambda word: _number(word, "year"))
    if first > last:
        raise ValueError(f"end year {last} is before start year {first}")
    return first, last


def _both(text: str, read: Callable[[str], int]) -> Range:
    words = text.lower().split(":")
    if len(words) > 2:
        raise ValueError(f"couldn't parse range {text[:60]}, invalid format")
    return read(words[0]), read(words[-1])


def _index(names: tuple[str, ...], word: str, what: str) -> int:
    if word not in names:
        raise ValueError(f"{word[:60]} is not a valid {what}")
    return names.index(word)


def _number(word: str, what: str) -> int:
    digits = word[1:] if word[:1] in ("-", "+") else word
    if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        raise ValueError(f"{word[:60]} is not a valid {what}")
    return int(word)
