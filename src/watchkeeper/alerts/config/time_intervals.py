"""`time_intervals` and the older `mute_time_intervals`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from watchkeeper.alerts.time_interval import (
    WEEKDAYS,
    Period,
    Range,
    Ranges,
    TimeInterval,
    format_time_of_day,
    parse_days_of_month,
    parse_months,
    parse_time_of_day,
    parse_weekdays,
    parse_years,
    zone_of,
)
from watchkeeper.core.config.decode import Place, SectionPlace
from watchkeeper.core.config.kinds import ListOf, Nested, Text
from watchkeeper.core.config.schema import Invalid, Kind, section, setting


class RangeKind(Kind[Range]):
    """`first:last`, or one of them alone."""

    def __init__(self, label: str, parse: Callable[[str], Range], show: Callable[[int], Any] = str) -> None:
        self.label = label
        self.parse = parse
        self.show = show

    def read(self, at: Place) -> Range:
        try:
            return self.parse(at.scalar("a range"))
        except ValueError as error:
            raise Invalid(str(error)) from None

    def write(self, value: Range) -> str:
        first, last = map(self.show, value)
        return f"{first}" if first == last else f"{first}:{last}"


class TimeOfDay(Kind[int]):
    """`09:30`, up to `24:00`, as minutes."""

    label = "time of day"
    placeholder = 0

    def read(self, at: Place) -> int:
        try:
            return parse_time_of_day(at.scalar("a time of day"))
        except ValueError as error:
            raise Invalid(str(error)) from None

    def write(self, value: int) -> str:
        return format_time_of_day(value)


class Location(Kind[str]):
    """The name of a time zone, `Europe/Berlin`, `UTC` or `Local`."""

    label = "time zone"

    def read(self, at: Place) -> str:
        text = at.scalar("a time zone")
        if text not in ("", "UTC", "Local"):
            try:
                zone_of(text)
            except ValueError as error:
                raise Invalid(str(error)) from None
        return text


@section
class TimeRangeConfig:
    """A part of the day; its end is not in it."""

    start_time: int | None = setting(TimeOfDay(), default=None)
    end_time: int | None = setting(TimeOfDay(), default=None)

    def checked(self, at: SectionPlace) -> TimeRangeConfig:
        """Reports a missing end, and ends in the wrong order."""
        if not at.given("start_time") or not at.given("end_time"):
            at.report("", "both start and end times must be provided", involves=("start_time", "end_time"))
        elif self.start_time is not None and self.end_time is not None and self.start_time >= self.end_time:
            at.report("end_time", "start time cannot be equal or greater than end time", involves=("start_time",))
        return self


@section
class PeriodConfig:
    """One period: every field that is given must hold."""

    times: tuple[TimeRangeConfig, ...] | None = setting(ListOf(Nested(TimeRangeConfig)), default=None)
    weekdays: tuple[Range, ...] | None = setting(
        ListOf(RangeKind("weekdays", parse_weekdays, WEEKDAYS.__getitem__), flow=True), default=None
    )
    days_of_month: tuple[Range, ...] | None = setting(
        ListOf(RangeKind("days of month", parse_days_of_month), flow=True), default=None
    )
    months: tuple[Range, ...] | None = setting(ListOf(RangeKind("months", parse_months), flow=True), default=None)
    years: tuple[Range, ...] | None = setting(ListOf(RangeKind("years", parse_years), flow=True), default=None)
    location: str = setting(Location(), default="")

    def checked(self, at: SectionPlace) -> PeriodConfig:
        """Warns of lists that no time is in, which upstream takes too."""
        for key in ("times", "weekdays", "days_of_month", "months", "years"):
            if at.given(key) and getattr(self, key) == () and not at.is_broken(key):
                at.warn(key, "an empty list: no time is in this interval")
        if any(not 1 <= month <= 12 for both in self.months or () for month in both):
            at.warn("months", "months are numbered from 1 to 12")
        return self

    @property
    def period(self) -> Period:
        """The same as what is asked whether a time lies in it."""
        times: Ranges = None
        if self.times is not None:
            times = tuple((item.start_time or 0, item.end_time or 0) for item in self.times)
        return Period(times, self.weekdays, self.days_of_month, self.months, self.years, self.location)


@section
class TimeIntervalConfig:
    """A named interval; one of its periods is enough."""

    name: str = setting(Text(filled=True))
    time_intervals: tuple[PeriodConfig, ...] = setting(ListOf(Nested(PeriodConfig)), default=())

    def checked(self, at: SectionPlace) -> TimeIntervalConfig:
        """Reports a name that another interval of either block has."""
        at.claim("time interval", "name", self.name, f'time interval "{self.name}" is not unique')
        return self

    @property
    def interval(self) -> TimeInterval:
        """The same as what is asked whether a time lies in it."""
        return TimeInterval(self.name, tuple(item.period for item in self.time_intervals))
