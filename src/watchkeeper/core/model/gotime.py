"""Times as Go has them: nanoseconds with a zone, written and read by reference layouts (`2006-01-02T15:04:05Z07:00`).

Years may be 0 or negative: a text without a year is read as of year 0.
Source: Go time/time.go and format.go.
"""

from __future__ import annotations

import datetime as dt
import functools
import zoneinfo
from dataclasses import dataclass
from typing import Final

from watchkeeper.core.model.gotime_layout import Element, Part, take_apart

UTC: Final = dt.UTC
SECOND_NS: Final = 1_000_000_000
_DAY_S: Final = 86_400
_MONTHS_TEXT: Final = "January February March April May June July August September October November December"
MONTHS: Final = _MONTHS_TEXT.split()
WEEKDAYS: Final = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

LAYOUTS: Final = {
    "ANSIC": "Mon Jan _2 15:04:05 2006",
    "UnixDate": "Mon Jan _2 15:04:05 MST 2006",
    "RubyDate": "Mon Jan 02 15:04:05 -0700 2006",
    "RFC822": "02 Jan 06 15:04 MST",
    "RFC822Z": "02 Jan 06 15:04 -0700",
    "RFC850": "Monday, 02-Jan-06 15:04:05 MST",
    "RFC1123": "Mon, 02 Jan 2006 15:04:05 MST",
    "RFC1123Z": "Mon, 02 Jan 2006 15:04:05 -0700",
    "RFC3339": "2006-01-02T15:04:05Z07:00",
    "RFC3339Nano": "2006-01-02T15:04:05.999999999Z07:00",
    "Kitchen": "3:04PM",
    "Stamp": "Jan _2 15:04:05",
    "StampMilli": "Jan _2 15:04:05.000",
    "StampMicro": "Jan _2 15:04:05.000000",
    "StampNano": "Jan _2 15:04:05.000000000",
    "DateTime": "2006-01-02 15:04:05",
    "DateOnly": "2006-01-02",
    "TimeOnly": "15:04:05",
}
"""Go's named layouts."""

STRING_LAYOUT: Final = "2006-01-02 15:04:05.999999999 -0700 MST"


@dataclass(frozen=True, slots=True)
class Civil:
    """A moment on the clock and calendar of its zone. `weekday` is 0 on Sunday, `year_day` 1 on January 1st."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    nanosecond: int
    weekday: int
    year_day: int
    offset_s: int
    zone_name: str


@dataclass(frozen=True, slots=True)
class GoTime:
    """A moment: nanoseconds since 1970 in UTC (any size), and the zone that it is shown in."""

    unix_ns: int
    zone: dt.tzinfo = UTC

    def civil(self) -> Civil:
        """Date and time of day in the zone."""
        seconds, nanosecond = divmod(self.unix_ns, SECOND_NS)
        offset_s, name = zone_at(self.zone, seconds)
        days, of_day = divmod(seconds + offset_s, _DAY_S)
        year, month, day = civil_of_days(days)
        hour, rest = divmod(of_day, 3600)
        minute, second = divmod(rest, 60)
        year_day = days - days_of_civil(year, 1, 1) + 1
        weekday = (days + 4) % 7  # 1970 began on a Thursday.
        return Civil(year, month, day, hour, minute, second, nanosecond, weekday, year_day, offset_s, name)

    def format(self, layout: str) -> str:
        """As the layout writes 2006-01-02 15:04:05 -0700."""
        civil = self.civil()
        out: list[str] = []
        for element in take_apart(layout):
            out.append(element.prefix)
            if element.part is not None:
                out.append(_write(element.part, element, civil))
        return "".join(out)

    def in_zone(self, zone: dt.tzinfo) -> GoTime:
        """The same moment, shown in another zone."""
        return GoTime(self.unix_ns, zone)

    @property
    def is_zero(self) -> bool:
        """Whether this is Go's zero time, the start of year 1."""
        return self.unix_ns == ZERO_NS

    def __str__(self) -> str:
        return self.format(STRING_LAYOUT)


def find_zone(name: str) -> dt.tzinfo:
    """The zone of a name (`Europe/Berlin`); `UTC`, `Local` and the empty name are UTC. Raises LookupError."""
    if name in ("", "UTC", "Local"):
        return UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise LookupError(f"unknown time zone {name}") from None


def go_date(
    year: int,
    month: int,
    day: int,
    hour: int = 0,
    minute: int = 0,
    second: int = 0,
    nanosecond: int = 0,
    zone: dt.tzinfo = UTC,
) -> GoTime:
    """The moment when a zone's clock shows this; values out of range carry over (month 13 is next January)."""
    carry, month0 = divmod(month - 1, 12)
    days = days_of_civil(year + carry, month0 + 1, 1) + day - 1
    return local_time(days * _DAY_S + hour * 3600 + minute * 60 + second, nanosecond, zone)


def local_time(seconds: int, nanosecond: int, zone: dt.tzinfo) -> GoTime:
    """The moment when a zone's clock shows what UTC's does so many seconds after 1970."""
    # The offset depends on the moment, which depends on the offset: from a first guess there is at most one more.
    offset_s, _ = zone_at(zone, seconds)
    other_s, _ = zone_at(zone, seconds - offset_s)
    if other_s != offset_s:
        again_s, _ = zone_at(zone, seconds - other_s)
        offset_s = other_s if again_s == other_s else offset_s
    return GoTime((seconds - offset_s) * SECOND_NS + nanosecond, zone)


def zone_at(zone: dt.tzinfo, unix_s: int) -> tuple[int, str]:
    """Offset from UTC in seconds, and the zone's short name, at a moment."""
    if zone is UTC:
        return 0, "UTC"
    moment = _EPOCH + dt.timedelta(seconds=min(max(unix_s, _FIRST_S), _LAST_S))
    local = moment.astimezone(zone)
    offset = local.utcoffset()
    offset_s = 0 if offset is None else offset.days * _DAY_S + offset.seconds
    name = "" if isinstance(zone, dt.timezone) else local.tzname() or ""
    if isinstance(zone, NamedOffset):
        name = zone.name
    # Zones without a short name have their offset for one, which Go takes for no name.
    return offset_s, "" if name[:1] in ("+", "-") else name


def offset_of_name(zone: dt.tzinfo, name: str, clock_s: int) -> int | None:
    """The offset in seconds that a zone has under a short name (`CET`), None where it never had that name.

    clock_s   what the zone's clock shows, as seconds since 1970; the offset of that time is preferred
    """
    offsets = [offset_s for known, offset_s in _names_of(zone) if known == name]
    for offset_s in offsets:
        then_s, then = zone_at(zone, clock_s - offset_s)
        if then == name:
            return then_s
    return offsets[0] if offsets else None


@functools.lru_cache(maxsize=64)
def _names_of(zone: dt.tzinfo) -> tuple[tuple[str, int], ...]:
    """The short names and offsets that a zone has had, the first first; by a look at every month since 1880."""
    found: dict[tuple[str, int], None] = {}
    for year in range(1880, 2038):
        for month in range(1, 13):
            offset_s, name = zone_at(zone, days_of_civil(year, month, 1) * _DAY_S)
            found[name, offset_s] = None
    return tuple(found)


class NamedOffset(dt.tzinfo):
    """A fixed offset with the name that it was read with, which may be empty."""

    def __init__(self, name: str, offset_s: int) -> None:
        self.name = name
        self.offset_s = offset_s

    def utcoffset(self, moment: dt.datetime | None) -> dt.timedelta:
        """The offset, at all times."""
        return dt.timedelta(seconds=self.offset_s)

    def dst(self, moment: dt.datetime | None) -> dt.timedelta:
        """None is known of."""
        return dt.timedelta(0)

    def tzname(self, moment: dt.datetime | None) -> str:
        """The name."""
        return self.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NamedOffset) and (self.name, self.offset_s) == (other.name, other.offset_s)

    def __hash__(self) -> int:
        return hash((self.name, self.offset_s))


def days_of_civil(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01, in the Gregorian calendar also before it was there."""
    year -= month <= 2
    era, of_era = divmod(year, 400)
    year_day = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + year_day - 719_468


def civil_of_days(days: int) -> tuple[int, int, int]:
    """Year, month and day of a number of days since 1970-01-01."""
    era, of_era = divmod(days + 719_468, 146_097)
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    year_day = of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * year_day + 2) // 153
    month = shifted + (3 if shifted < 10 else -9)
    return year + era * 400 + (month <= 2), month, year_day - (153 * shifted + 2) // 5 + 1


_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_S: Final = days_of_civil(1, 1, 3) * _DAY_S  # What datetime can hold, with room for an offset.
_LAST_S: Final = days_of_civil(9999, 12, 29) * _DAY_S
ZERO_NS: Final = days_of_civil(1, 1, 1) * _DAY_S * SECOND_NS
ZERO_TIME: Final = GoTime(ZERO_NS)


def _write(part: Part, element: Element, civil: Civil) -> str:
    match part:
        case Part.LONG_YEAR:
            return f"{civil.year:04d}" if civil.year >= 0 else f"-{-civil.year:04d}"
        case Part.YEAR:
            return f"{max(civil.year, 0) % 100:02d}"
        case Part.LONG_MONTH:
            return MONTHS[civil.month - 1]
        case Part.MONTH:
            return MONTHS[civil.month - 1][:3]
        case Part.LONG_WEEKDAY:
            return WEEKDAYS[civil.weekday]
        case Part.WEEKDAY:
            return WEEKDAYS[civil.weekday][:3]
        case Part.PM:
            return "PM" if civil.hour >= 12 else "AM"
        case Part.LOWER_PM:
            return "pm" if civil.hour >= 12 else "am"
        case Part.ZONE_NAME:
            return civil.zone_name or _offset(Part.OFFSET, civil.offset_s)
        case Part.FRACTION_ZEROS | Part.FRACTION_NINES:
            digits = f"{civil.nanosecond:09d}"[: element.n_digits].ljust(element.n_digits, "0")
            if part is Part.FRACTION_NINES:
                digits = digits.rstrip("0")
            return element.text[0] + digits if digits else ""
    if part in _NUMBERS:
        attribute, form = _NUMBERS[part]
        return format(getattr(civil, attribute), form)
    if part in (Part.HOUR_12, Part.ZERO_HOUR_12):
        hour = civil.hour % 12 or 12
        return f"{hour:02d}" if part is Part.ZERO_HOUR_12 else str(hour)
    return _offset(part, civil.offset_s)


_NUMBERS: Final = {
    Part.NUMBER_MONTH: ("month", "d"),
    Part.ZERO_MONTH: ("month", "02d"),
    Part.DAY: ("day", "d"),
    Part.UNDER_DAY: ("day", "2d"),
    Part.ZERO_DAY: ("day", "02d"),
    Part.UNDER_YEAR_DAY: ("year_day", "3d"),
    Part.ZERO_YEAR_DAY: ("year_day", "03d"),
    Part.HOUR: ("hour", "02d"),
    Part.MINUTE: ("minute", "d"),
    Part.ZERO_MINUTE: ("minute", "02d"),
    Part.SECOND: ("second", "d"),
    Part.ZERO_SECOND: ("second", "02d"),
}


def _offset(part: Part, offset_s: int) -> str:
    form = part.value
    if form[0] == "Z" and offset_s == 0:
        return "Z"
    minutes, seconds = divmod(abs(offset_s), 60)
    colon = ":" if ":" in form else ""
    text = f"{'-' if offset_s <= -60 else '+'}{minutes // 60:02d}"
    if len(form) > 3:
        text += f"{colon}{minutes % 60:02d}"
    if part.name.endswith("SECONDS"):
        text += f"{colon}{seconds:02d}"
    return text
