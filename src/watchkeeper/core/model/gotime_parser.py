"""Texts to times by Go's reference layouts.

Source: Go time/format.go, parse.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from watchkeeper.core.model.gotime import (
    MONTHS,
    SECOND_NS,
    UTC,
    WEEKDAYS,
    GoTime,
    NamedOffset,
    go_date,
    local_time,
    offset_of_name,
    zone_at,
)
from watchkeeper.core.model.gotime_fast import fast_layout
from watchkeeper.core.model.gotime_layout import Element, Part, take_apart
from watchkeeper.core.model.labels import quote

_DIGITS: Final = "0123456789"
_FRACTION: Final = re.compile(r"[.,]([0-9]+)")
_ZONE_NAME: Final = re.compile(r"ChST|MeST|GMT(?:[+-][0-9]{1,2})?|[+-][0-9]{2}(?![0-9])|[A-Z]{3,5}(?![A-Z])")
_OFFSETS: Final = {
    part: re.compile(form)
    for form, parts in (
        (r"([+-])([0-9]{2})", (Part.OFFSET_SHORT, Part.ISO_OFFSET_SHORT)),
        (r"([+-])([0-9]{2})([0-9]{2})", (Part.OFFSET, Part.ISO_OFFSET)),
        (r"([+-])([0-9]{2}):([0-9]{2})", (Part.OFFSET_COLON, Part.ISO_OFFSET_COLON)),
        (r"([+-])([0-9]{2})([0-9]{2})([0-9]{2})", (Part.OFFSET_SECONDS, Part.ISO_OFFSET_SECONDS)),
        (r"([+-])([0-9]{2}):([0-9]{2}):([0-9]{2})", (Part.OFFSET_COLON_SECONDS, Part.ISO_OFFSET_COLON_SECONDS)),
    )
    for part in parts
}
_MONTH_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class TimeError(ValueError):
    """A text that is not as its layout says; the words are Go's."""


class _BadError(ValueError):
    """The text does not go on as the layout does."""


class _RangeError(ValueError):
    """A number is too large or too small for what it counts."""


def parse_time(layout: str, text: str, zone: dt.tzinfo = UTC) -> GoTime:
    """The moment that a text tells. Raises TimeError.

    zone   of texts without one, and for names of zones (`CET`); an offset in the text counts in any case
    What the layout does not have is 0 or the first: the year too.
    """
    fast = fast_layout(layout)
    found = fast.read(text) if fast is not None else None
    if found is None:
        return _Reader(layout, text).read(zone)
    seconds, nanoseconds, offset_s = found
    if offset_s is None:
        if zone is UTC:
            return GoTime(seconds * SECOND_NS + nanoseconds, UTC)
        return local_time(seconds, nanoseconds, zone)
    seconds -= offset_s
    zulu = text[-1] == "Z"
    return GoTime(seconds * SECOND_NS + nanoseconds, UTC if zulu else _zone_of(offset_s, zone, seconds))


def _zone_of(offset_s: int, zone: dt.tzinfo, unix_s: int) -> dt.tzinfo:
    """The zone that a text's offset stands for: the given one, where that is its offset then."""
    if zone is UTC and offset_s == 0:
        return UTC
    return zone if zone_at(zone, unix_s)[0] == offset_s else NamedOffset("", offset_s)


class _Reader:
    """One text being read."""

    def __init__(self, layout: str, text: str) -> None:
        self.layout = layout
        self.text = text
        self.rest = text
        self.year = self.hour = self.minute = self.second = self.nanosecond = 0
        self.month = self.day = self.year_day = -1
        self.half = ""  # AM or PM.
        self.offset_s: int | None = None
        self.zone_name = ""
        self.is_utc = False

    def read(self, zone: dt.tzinfo) -> GoTime:
        elements = take_apart(self.layout)
        for i, element in enumerate(elements):
            self._skip(element)
            if element.part is None:
                break
            hold = self.rest
            try:
                self._part(element.part, element, elements[i + 1])
            except _BadError:
                raise self._error(element.text, hold) from None
            except _RangeError as error:
                raise TimeError(f"parsing time {quote(self.text)}: {error} out of range") from None
        if self.rest:
            raise TimeError(f"parsing time {quote(self.text)}: extra text: {quote(self.rest)}")
        return self._moment(zone)

    def _error(self, element: str, at: str) -> TimeError:
        where = f"parsing time {quote(self.text)} as {quote(self.layout)}"
        return TimeError(f"{where}: cannot parse {quote(at)} as {quote(element)}")

    def _skip(self, element: Element) -> None:
        """Past literal text; a space stands for any number of them."""
        prefix, rest = element.prefix, self.rest
        while prefix:
            if prefix[0] == " ":
                if rest and rest[0] != " ":
                    raise self._error(element.prefix, rest)
                prefix, rest = prefix.lstrip(" "), rest.lstrip(" ")
            elif rest[:1] != prefix[0]:
                raise self._error(element.prefix, rest)
            else:
                prefix, rest = prefix[1:], rest[1:]
        self.rest = rest

    def _part(self, part: Part, element: Element, following: Element) -> None:
        match part:
            case Part.YEAR:
                year = int(self._digits(2))
                self.year = year + (1900 if year >= 69 else 2000)
            case Part.LONG_YEAR:
                self.year = int(self._digits(4))
            case Part.MONTH | Part.LONG_MONTH:
                self.month = self._lookup(MONTHS, 3 if part is Part.MONTH else 0) + 1
            case Part.WEEKDAY | Part.LONG_WEEKDAY:
                self._lookup(WEEKDAYS, 3 if part is Part.WEEKDAY else 0)
            case Part.NUMBER_MONTH | Part.ZERO_MONTH:
                self.month = self._number(part is Part.ZERO_MONTH, 1, 12, "month")
            case Part.DAY | Part.UNDER_DAY | Part.ZERO_DAY:
                if part is Part.UNDER_DAY and self.rest[:1] == " ":
                    self.rest = self.rest[1:]
                self.day = self._number(part is Part.ZERO_DAY, 0, 99, "day")
            case Part.UNDER_YEAR_DAY | Part.ZERO_YEAR_DAY:
                self._read_year_day(part)
            case Part.HOUR:
                self.hour = self._number(False, 0, 23, "hour")
            case Part.HOUR_12 | Part.ZERO_HOUR_12:
                self.hour = self._number(part is Part.ZERO_HOUR_12, 0, 12, "hour")
            case Part.MINUTE | Part.ZERO_MINUTE:
                self.minute = self._number(part is Part.ZERO_MINUTE, 0, 59, "minute")
            case Part.SECOND | Part.ZERO_SECOND:
                self.second = self._number(part is Part.ZERO_SECOND, 0, 59, "second")
                if not (following.prefix == "" and following.part in (Part.FRACTION_ZEROS, Part.FRACTION_NINES)):
                    self._fraction(0)
            case Part.PM | Part.LOWER_PM:
                self.half = self._half("AM", "PM") if part is Part.PM else self._half("am", "pm")
            case Part.FRACTION_ZEROS:
                self._fraction(element.n_digits)
            case Part.FRACTION_NINES:
                self._fraction(0)
            case Part.ZONE_NAME:
                self._read_zone_name()
            case _:
                self._read_offset(part)

    # --- the parts ---

    def _digits(self, count: int) -> str:
        found = self.rest[:count]
        if len(found) < count or any(char not in _DIGITS for char in found):
            raise _BadError
        self.rest = self.rest[count:]
        return found

    def _number(self, two_digits: bool, least: int, most: int, what: str) -> int:
        """One or two digits."""
        if self.rest[:1] not in tuple(_DIGITS):
            raise _BadError
        if self.rest[1:2] not in tuple(_DIGITS):
            if two_digits:
                raise _BadError
            found = int(self._digits(1))
        else:
            found = int(self._digits(2))
        if not least <= found <= most:
            raise _RangeError(what)
        return found

    def _lookup(self, names: list[str], length: int) -> int:
        """Which of the names comes, in any case; of each its first `length` letters count, all of them for 0."""
        for i, name in enumerate(names):
            wanted = name[:length] if length else name
            if self.rest[: len(wanted)].lower() == wanted.lower():
                self.rest = self.rest[len(wanted) :]
                return i
        raise _BadError

    def _half(self, *choices: str) -> str:
        found = self.rest[:2]
        if found not in choices:
            raise _BadError
        self.rest = self.rest[2:]
        return found.upper()

    def _read_year_day(self, part: Part) -> None:
        if part is Part.ZERO_YEAR_DAY:
            self.year_day = int(self._digits(3))
            return
        blanks = len(self.rest[:2]) - len(self.rest[:2].lstrip(" "))
        self.rest = self.rest[blanks:]
        count = 1
        while count < 3 and self.rest[count : count + 1] in tuple(_DIGITS):
            count += 1
        self.year_day = int(self._digits(count))

    def _fraction(self, n_digits: int) -> None:
        """Digits behind a point or comma: exactly `n_digits`, or for 0 as many as there are, also none."""
        found = _FRACTION.match(self.rest)
        digits = found[1] if found else ""
        if n_digits:
            digits = digits[:n_digits]
            if len(digits) < n_digits:
                raise _BadError
        if digits:
            self.nanosecond = int(digits[:9].ljust(9, "0"))
            self.rest = self.rest[1 + len(digits) :]

    def _read_offset(self, part: Part) -> None:
        if part.value[0] == "Z" and self.rest[:1] == "Z":
            self.rest = self.rest[1:]
            self.is_utc = True
            return
        found = _OFFSETS[part].match(self.rest)
        if found is None:
            raise _BadError
        sign, *numbers = found.groups()
        hours, minutes, seconds = (*map(int, numbers), 0, 0)[:3]
        for number, most, what in ((hours, 24, "hour"), (minutes, 60, "minute"), (seconds, 60, "second")):
            if number > most:
                raise _RangeError(f"time zone offset {what}")
        offset_s = (hours * 60 + minutes) * 60 + seconds
        self.offset_s = -offset_s if sign == "-" else offset_s
        self.rest = self.rest[found.end() :]

    def _read_zone_name(self) -> None:
        if self.rest.startswith("UTC"):
            self.rest = self.rest[3:]
            self.is_utc = True
            return
        found = _ZONE_NAME.match(self.rest)
        name = found.group() if found else ""
        # Names of four or five letters end in T, but for Bali's.
        if not name or (name.isalpha() and name.isupper() and len(name) > 3 and name[-1] != "T" and name != "WITA"):
            raise _BadError
        self.zone_name = name
        self.rest = self.rest[len(name) :]

    # --- the whole ---

    def _moment(self, zone: dt.tzinfo) -> GoTime:
        if self.half == "PM" and self.hour < 12:
            self.hour += 12
        elif self.half == "AM" and self.hour == 12:
            self.hour = 0
        self._settle_day()
        if self.is_utc:
            return self._in(UTC)
        if self.offset_s is not None:
            moment = GoTime(self._in(UTC).unix_ns - self.offset_s * 1_000_000_000, UTC)
            offset_s, name = zone_at(zone, moment.unix_ns // 1_000_000_000)
            if offset_s == self.offset_s and self.zone_name in ("", name):
                return moment.in_zone(zone)
            return moment.in_zone(NamedOffset(self.zone_name, self.offset_s))
        if self.zone_name:
            clock_s = self._in(UTC).unix_ns // SECOND_NS
            known_s = offset_of_name(zone, self.zone_name, clock_s)
            if known_s is not None:
                return GoTime((clock_s - known_s) * SECOND_NS + self.nanosecond, zone)
            hours = self.zone_name.removeprefix("GMT")
            shift_s = int(hours) * 3600 if hours != self.zone_name and hours else 0
            return self._in(NamedOffset(self.zone_name, shift_s))
        return self._in(zone)

    def _in(self, zone: dt.tzinfo) -> GoTime:
        return go_date(self.year, self.month, self.day, self.hour, self.minute, self.second, self.nanosecond, zone)

    def _settle_day(self) -> None:
        leap = self.year % 4 == 0 and (self.year % 100 != 0 or self.year % 400 == 0)
        days = [*_MONTH_DAYS[:1], 29 if leap else 28, *_MONTH_DAYS[2:]]
        if self.year_day >= 0:
            if not 1 <= self.year_day <= 365 + leap:
                self._fail("day-of-year out of range")
            left, month = self.year_day, 0
            while left > days[month]:
                left -= days[month]
                month += 1
            if self.month not in (-1, month + 1):
                self._fail("day-of-year does not match month")
            if self.day not in (-1, left):
                self._fail("day-of-year does not match day")
            self.month, self.day = month + 1, left
        self.month = 1 if self.month < 0 else self.month
        self.day = 1 if self.day < 0 else self.day
        if not 1 <= self.day <= days[self.month - 1]:
            self._fail("day out of range")

    def _fail(self, problem: str) -> None:
        raise TimeError(f"parsing time {quote(self.text)}: {problem}")
