"""Go's times: written and read by reference layouts."""

from __future__ import annotations

import datetime as dt

import pytest

from watchkeeper.core.model.gotime import (
    LAYOUTS,
    UTC,
    ZERO_TIME,
    GoTime,
    NamedOffset,
    civil_of_days,
    days_of_civil,
    find_zone,
    go_date,
)
from watchkeeper.core.model.gotime_parser import TimeError, parse_time

MOMENT = GoTime(1_700_000_000_123_456_789)  # 2023-11-14 22:13:20.123456789 UTC, a Tuesday.
BERLIN = find_zone("Europe/Berlin")


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        (LAYOUTS["ANSIC"], "Tue Nov 14 22:13:20 2023"),
        (LAYOUTS["RFC850"], "Tuesday, 14-Nov-23 22:13:20 UTC"),
        (LAYOUTS["RFC1123Z"], "Tue, 14 Nov 2023 22:13:20 +0000"),
        (LAYOUTS["RFC3339"], "2023-11-14T22:13:20Z"),
        (LAYOUTS["RFC3339Nano"], "2023-11-14T22:13:20.123456789Z"),
        (LAYOUTS["Kitchen"], "10:13PM"),
        (LAYOUTS["StampMilli"], "Nov 14 22:13:20.123"),
        ("January 2 2006 3 4 5 pm", "November 14 2023 10 13 20 pm"),
        ("002 __2 01 1 06", "318 318 11 11 23"),
        ("15:04:05.00 .999999", "22:13:20.12 .123456"),
        ("05,000", "20,123"),
        ("Z07 Z0700 Z07:00 -07 -0700 -07:00 -070000 -07:00:00", "Z Z Z +00 +0000 +00:00 +000000 +00:00:00"),
        ("Janet Monkey 17", "Janet Monkey 117"),
        ("no layout at all", "no layout at all"),
        ("", ""),
    ],
)
def test_format(layout: str, text: str) -> None:
    assert MOMENT.format(layout) == text


def test_format_in_zones() -> None:
    layout = "2006-01-02T15:04:05Z07:00 MST -0700"
    assert MOMENT.in_zone(BERLIN).format(layout) == "2023-11-14T23:13:20+01:00 CET +0100"
    kathmandu = NamedOffset("", 5 * 3600 + 45 * 60)
    assert MOMENT.in_zone(kathmandu).format(layout) == "2023-11-15T03:58:20+05:45 +0545 +0545"
    west = NamedOffset("XYZ", -(3600 + 30 * 60))
    assert MOMENT.in_zone(west).format(layout) == "2023-11-14T20:43:20-01:30 XYZ -0130"


def test_text_of_a_time() -> None:
    assert str(MOMENT) == "2023-11-14 22:13:20.123456789 +0000 UTC"
    assert str(ZERO_TIME) == "0001-01-01 00:00:00 +0000 UTC"
    assert ZERO_TIME.is_zero
    assert not MOMENT.is_zero


def test_calendar_agrees_with_datetime() -> None:
    first = dt.date(1, 1, 1).toordinal()
    epoch = dt.date(1970, 1, 1).toordinal()
    for ordinal in range(first, dt.date(9999, 12, 31).toordinal(), 97):
        date = dt.date.fromordinal(ordinal)
        assert civil_of_days(ordinal - epoch) == (date.year, date.month, date.day)
        assert days_of_civil(date.year, date.month, date.day) == ordinal - epoch


def test_weekday_and_day_of_year() -> None:
    civil = go_date(2024, 12, 31).civil()
    assert (civil.weekday, civil.year_day) == (2, 366)
    assert go_date(1969, 12, 31).civil().weekday == 3


def test_values_out_of_range_carry_over() -> None:
    assert go_date(2023, 14, 1) == go_date(2024, 2, 1)
    assert go_date(2023, 1, 0, 24) == go_date(2023, 1, 1)


@pytest.mark.parametrize(
    ("layout", "text", "expected"),
    [
        ("2006-01-02T15:04:05Z07:00", "2023-11-14T22:13:20Z", 1_700_000_000_000_000_000),
        ("2006-01-02T15:04:05Z07:00", "2023-11-14T22:13:20.5Z", 1_700_000_000_500_000_000),
        ("2006-01-02T15:04:05.000Z07:00", "2023-11-14T22:13:20.123Z", 1_700_000_000_123_000_000),
        ("2006-01-02T15:04:05.999999999Z07:00", "2023-11-15T03:43:20+05:30", 1_700_000_000_000_000_000),
        ("02/Jan/2006:15:04:05 -0700", "14/Nov/2023:14:13:20 -0800", 1_700_000_000_000_000_000),
        ("Jan 2, 2006 at 3:04pm (MST)", "Nov 14, 2023 at 10:13pm (UTC)", 1_699_999_980_000_000_000),
        ("06-1-2 15h4m5s", "23-11-14 22h13m20s", 1_700_000_000_000_000_000),
        ("2006 002", "2023 318", 1_699_920_000_000_000_000),
        ("2006__2", "1970  2", 86_400_000_000_000),
        ("2006__2x", "197032x", 31 * 86_400_000_000_000),
        ("Mon Jan _2 15:04:05 2006", "tue NOV 14 22:13:20 2023", 1_700_000_000_000_000_000),
        ("2006-01-02   15:04", "2023-11-14 22:13", 1_699_999_980_000_000_000),
        ("3:04PM 2006", "12:00AM 1970", 0),
        ("3:04PM 2006", "12:30PM 1970", 45_000_000_000_000),
        ("2006", "69", None),
        ("06", "69", -31_536_000_000_000_000),
    ],
)
def test_parse(layout: str, text: str, expected: int | None) -> None:
    if expected is None:
        with pytest.raises(TimeError):
            parse_time(layout, text)
    else:
        assert parse_time(layout, text).unix_ns == expected


def test_a_text_without_a_year_is_of_year_0() -> None:
    assert parse_time("Jan _2 15:04:05", "Mar  3 04:05:06").civil().year == 0


def test_zones_of_texts() -> None:
    local = parse_time("2006-01-02 15:04", "2023-07-01 12:00", BERLIN)
    assert str(local) == "2023-07-01 12:00:00 +0200 CEST"
    named = parse_time("2006-01-02 15:04 MST", "2023-07-01 12:00 CEST", BERLIN)
    assert named == local
    unknown = parse_time("2006-01-02 15:04 MST", "2023-07-01 12:00 PDT", BERLIN)
    assert str(unknown) == "2023-07-01 12:00:00 +0000 PDT"
    assert str(parse_time("2006-01-02 15:04 MST", "2023-01-01 12:00 CEST", BERLIN)) == "2023-01-01 11:00:00 +0100 CET"
    assert str(parse_time("Jan _2 15:04 MST", "Jul  1 12:00 CET", BERLIN)) == "0000-07-01 11:53:28 +0053 LMT"
    assert str(parse_time("15:04 MST", "12:00 GMT+3")) == "0000-01-01 12:00:00 +0300 GMT+3"
    same = parse_time("2006-01-02 15:04 -0700", "2023-07-01 12:00 +0200", BERLIN)
    assert same == local
    assert same.zone is BERLIN
    other = parse_time("2006-01-02 15:04 -0700", "2023-07-01 12:00 +0300", BERLIN)
    assert other.zone == NamedOffset("", 10_800)


def test_changes_of_the_clock() -> None:
    assert go_date(2023, 3, 26, 3, 0, zone=BERLIN).unix_ns == go_date(2023, 3, 26, 1, 0).unix_ns
    assert go_date(2023, 3, 26, 1, 59, zone=BERLIN).unix_ns == go_date(2023, 3, 26, 0, 59).unix_ns
    # A time that the clock shows twice is one of both, one that it skips is next to it.
    assert go_date(2023, 10, 29, 2, 30, zone=BERLIN).unix_ns in (
        go_date(2023, 10, 29, 0, 30).unix_ns,
        go_date(2023, 10, 29, 1, 30).unix_ns,
    )
    assert go_date(2023, 3, 26, 2, 30, zone=BERLIN).unix_ns in (
        go_date(2023, 3, 26, 0, 30).unix_ns,
        go_date(2023, 3, 26, 1, 30).unix_ns,
    )


@pytest.mark.parametrize(
    ("layout", "text", "problem"),
    [
        ("2006-01-02", "x", 'parsing time "x" as "2006-01-02": cannot parse "x" as "2006"'),
        ("2006-01-02", "2023/01/01", 'parsing time "2023/01/01" as "2006-01-02": cannot parse "/01/01" as "-"'),
        ("2006-01-02", "2023-13-01", 'parsing time "2023-13-01": month out of range'),
        ("2006-01-02", "2023-02-29", 'parsing time "2023-02-29": day out of range'),
        ("2006-01-02", "2023-01-01 12", 'parsing time "2023-01-01 12": extra text: " 12"'),
        ("15:04", "25:00", 'parsing time "25:00": hour out of range'),
        ("15:04:05", "12:60:00", 'parsing time "12:60:00": minute out of range'),
        ("15:04:05", "12:00:60", 'parsing time "12:00:60": second out of range'),
        ("Jan", "Foo", 'parsing time "Foo" as "Jan": cannot parse "Foo" as "Jan"'),
        ("-0700", "+2500", 'parsing time "+2500": time zone offset hour out of range'),
        ("Z07:00", "0100", 'parsing time "0100" as "Z07:00": cannot parse "0100" as "Z07:00"'),
        ("MST", "ABCD", 'parsing time "ABCD" as "MST": cannot parse "ABCD" as "MST"'),
        ("PM", "xx", 'parsing time "xx" as "PM": cannot parse "xx" as "PM"'),
        ("05.000", "05.12", 'parsing time "05.12" as "05.000": cannot parse ".12" as ".000"'),
        ("2006 002", "2023 366", 'parsing time "2023 366": day-of-year out of range'),
        ("2006 01 002", "2023 01 032", 'parsing time "2023 01 032": day-of-year does not match month'),
    ],
)
def test_texts_that_are_not_as_the_layout(layout: str, text: str, problem: str) -> None:
    with pytest.raises(TimeError) as caught:
        parse_time(layout, text)
    assert str(caught.value) == problem


@pytest.mark.parametrize("name", [name for name in LAYOUTS if name not in ("Kitchen", "TimeOnly")])
def test_named_layouts_read_what_they_wrote(name: str) -> None:
    layout = LAYOUTS[name]
    text = MOMENT.format(layout)
    assert parse_time(layout, text).format(layout) == text


def test_zones() -> None:
    assert find_zone("") is UTC
    assert find_zone("Local") is UTC
    for name in ("Nowhere/Land", "../etc/passwd", "\0"):
        with pytest.raises(LookupError):
            find_zone(name)


@pytest.mark.parametrize("year", [-5, 0, 1, 9999, 10_000, 200_000])
def test_years_beyond_a_calendar(year: int) -> None:
    moment = go_date(year, 6, 1, zone=BERLIN)
    assert moment.civil().year == year
