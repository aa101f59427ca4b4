"""Which times lie in an interval, and which texts are fields of one."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from watchkeeper.alerts.time_interval import (
    Period,
    TimeInterval,
    format_time_of_day,
    parse_days_of_month,
    parse_months,
    parse_time_of_day,
    parse_weekdays,
    parse_years,
    zone_of,
)


def ns(text, zone="UTC"):
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 10**9


NIGHT = Period(times=((0, 390), (1320, 1440)))
WORK = Period(times=((540, 1020),), weekdays=((1, 5),))
IN_BERLIN = Period(times=((540, 1020),), location="Europe/Berlin")
IN_NEW_YORK = Period(times=((0, 60),), days_of_month=((1, 1),), location="America/New_York")


@pytest.mark.parametrize(
    ("period", "time", "is_in"),
    [
        (Period(), "2026-11-28T12:00:00", True),
        (NIGHT, "2026-11-28T00:00:00", True),
        (NIGHT, "2026-11-28T06:29:59", True),
        (NIGHT, "2026-11-28T06:30:00", False),
        (NIGHT, "2026-11-28T21:59:59", False),
        (NIGHT, "2026-11-28T23:59:59", True),
        (Period(times=()), "2026-11-28T12:00:00", False),
        (WORK, "2026-11-27T09:00:00", True),  # A Friday.
        (WORK, "2026-11-27T17:00:00", False),
        (WORK, "2026-11-28T09:00:00", False),
        (Period(weekdays=((0, 0),)), "2026-11-29T23:00:00", True),
        (Period(weekdays=((6, 6),)), "2026-11-29T00:00:00", False),
        (Period(days_of_month=((1, 7),)), "2026-11-07T23:59:00", True),
        (Period(days_of_month=((1, 7),)), "2026-11-08T00:00:00", False),
        (Period(days_of_month=((-1, -1),)), "2026-11-30T00:00:00", True),
        (Period(days_of_month=((-1, -1),)), "2026-10-30T00:00:00", False),
        (Period(days_of_month=((-1, -1),)), "2028-02-29T00:00:00", True),
        (Period(days_of_month=((-1, -1),)), "2026-02-28T00:00:00", True),
        (Period(days_of_month=((-3, -2),)), "2026-02-27T00:00:00", True),
        (Period(days_of_month=((25, -1),)), "2026-02-25T00:00:00", True),
        (Period(days_of_month=((30, 31),)), "2026-02-28T00:00:00", False),
        (Period(days_of_month=((28, 31),)), "2026-02-28T00:00:00", True),
        (Period(days_of_month=((-31, -31),)), "2026-02-01T00:00:00", False),
        (Period(days_of_month=((-31, -31),)), "2026-01-01T00:00:00", True),
        (Period(days_of_month=((1, 1), (15, 15))), "2026-01-15T00:00:00", True),
        (Period(months=((1, 3), (12, 12))), "2026-12-01T00:00:00", True),
        (Period(months=((1, 3), (12, 12))), "2026-04-01T00:00:00", False),
        (Period(years=((2026, 2027),)), "2027-12-31T23:59:59", True),
        (Period(years=((2026, 2027),)), "2028-01-01T00:00:00", False),
        (IN_BERLIN, "2026-01-15T08:00:00", True),  # UTC+1 in winter.
        (IN_BERLIN, "2026-01-15T16:00:00", False),
        (IN_BERLIN, "2026-07-15T07:00:00", True),  # UTC+2 in summer.
        (IN_BERLIN, "2026-07-15T15:00:00", False),
        (IN_NEW_YORK, "2026-01-01T05:30:00", True),  # Day and time are those of the zone.
        (IN_NEW_YORK, "2026-01-01T00:30:00", False),
        (Period(weekdays=((6, 6),), months=((11, 11),)), "2026-11-28T12:00:00", True),
        (Period(weekdays=((6, 6),), months=((10, 10),)), "2026-11-28T12:00:00", False),
    ],
)
def test_all_fields_of_a_period_must_hold(period, time, is_in):
    assert period.contains(ns(time)) is is_in


def test_the_clock_change_is_the_zones():
    morning = Period(times=((120, 180),), location="Europe/Berlin")
    assert not morning.contains(ns("2026-03-29T01:30:00"))  # 02:00 to 03:00 does not exist that day.
    assert morning.contains(ns("2026-10-25T00:30:00"))  # And it is twice that one.
    assert morning.contains(ns("2026-10-25T01:30:00"))


def test_the_machines_own_zone(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert Period(times=((540, 541),), location="Local").contains(0)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_one_period_of_an_interval_is_enough():
    interval = TimeInterval("odd", (WORK, Period(weekdays=((6, 6),))))
    assert interval.contains(ns("2026-11-27T10:00:00"))
    assert interval.contains(ns("2026-11-28T03:00:00"))
    assert not interval.contains(ns("2026-11-29T10:00:00"))
    assert not TimeInterval("none").contains(0)


@pytest.mark.parametrize("now_ns", [0, -(10**18), 2**63 - 1, 10**30])
def test_any_clock_can_be_asked_about(now_ns):
    assert Period(years=((1, 9999),), location="Pacific/Kiritimati").contains(now_ns)


def test_texts_of_fields():
    assert parse_time_of_day("00:00") == 0
    assert parse_time_of_day("24:00") == 1440
    assert format_time_of_day(parse_time_of_day("09:05")) == "09:05"
    assert parse_weekdays("Monday:FRIDAY") == (1, 5)
    assert parse_weekdays("sunday") == (0, 0)
    assert parse_days_of_month("1:-1") == (1, -1)
    assert parse_days_of_month("-3:-1") == (-3, -1)
    assert parse_days_of_month("+5") == (5, 5)
    assert parse_months("January:3") == (1, 3)
    assert parse_years("2026") == (2026, 2026)


@pytest.mark.parametrize(
    ("parse", "text", "problem"),
    [
        (parse_time_of_day, "9:00", "couldn't parse timestamp 9:00, invalid format"),
        (parse_time_of_day, "24:01", "couldn't parse timestamp 24:01, invalid format"),
        (parse_time_of_day, "12:60", "couldn't parse timestamp 12:60, invalid format"),
        (parse_time_of_day, "٠٩:٠٠", "couldn't parse timestamp ٠٩:٠٠, invalid format"),
        (parse_weekdays, "mon", "mon is not a valid weekday"),
        (parse_weekdays, "friday:monday", "start day cannot be before end day"),
        (parse_weekdays, "monday:", " is not a valid weekday"),
        (parse_weekdays, "a:b:c", "couldn't parse range a:b:c, invalid format"),
        (parse_days_of_month, "0", "0 is not a valid day of the month: out of range"),
        (parse_days_of_month, "1:32", "32 is not a valid day of the month: out of range"),
        (parse_days_of_month, "-1:1", "end day must be negative if start day is negative"),
        (parse_days_of_month, "20:-25", "end day -25 is always before start day 20"),
        (parse_days_of_month, "²", "² is not a valid day of the month"),
        (parse_months, "march:january", "end month january is before start month march"),
        (parse_months, "jan", "jan is not a valid month"),
        (parse_years, "2030:2026", "end year 2026 is before start year 2030"),
        (parse_years, "9" * 5000, f"{'9' * 60} is not a valid year"),
        (zone_of, "Mars/Olympus", "unknown time zone Mars/Olympus"),
        (zone_of, "../../etc/passwd", "unknown time zone ../../etc/passwd"),
        (zone_of, "\0", "unknown time zone \0"),
    ],
)
def test_texts_that_are_no_fields(parse, text, problem):
    with pytest.raises(ValueError) as caught:
        parse(text)
    assert str(caught.value) == problem
