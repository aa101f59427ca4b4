"""Times and durations in templates."""

from __future__ import annotations

from typing import Any

import pytest

from watchkeeper.core.model.gotime import GoTime, find_zone
from watchkeeper.core.template.errors import TemplateError
from watchkeeper.core.template.template import Template
from watchkeeper.core.template.times import Duration, Location

DATA: dict[str, Any] = {
    "t": GoTime(1_700_000_000_123_456_789),
    "berlin": GoTime(1_700_000_000_000_000_000, find_zone("Europe/Berlin")),
    "later": GoTime(1_700_000_090_123_456_789),
    "d": Duration(5_415_000_000_000),
    "place": Location(find_zone("Europe/Berlin")),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{.t}}", "2023-11-14 22:13:20.123456789 +0000 UTC"),
        ('{{.t.Format "2006-01-02"}} {{.berlin.Format "15:04 MST"}}', "2023-11-14 23:13 CET"),
        ("{{.t.Unix}} {{.t.UnixMilli}} {{.t.UnixMicro}}", "1700000000 1700000000123 1700000000123456"),
        ("{{.t.UnixNano}} {{.t.Nanosecond}}", "1700000000123456789 123456789"),
        ("{{.t.Year}} {{.t.Month}} {{.t.Day}} {{.t.Hour}} {{.t.Minute}} {{.t.Second}}", "2023 November 14 22 13 20"),
        ("{{.t.Weekday}} {{.t.YearDay}} {{printf `%d` .t.Month}}", "Tuesday 318 11"),
        ("{{.berlin}} {{.berlin.UTC}} {{.berlin.Location}}",
         "2023-11-14 23:13:20 +0100 CET 2023-11-14 22:13:20 +0000 UTC Europe/Berlin"),
        ("{{.t.In .place | printf `%v`}}", "2023-11-14 23:13:20.123456789 +0100 CET"),
        ("{{.later.Sub .t}} {{(.later.Sub .t).Seconds}}", "1m30s 90"),
        ("{{.t.Add .d}}", "2023-11-14 23:43:35.123456789 +0000 UTC"),
        ("{{(.t.AddDate 0 3 20).Format `2006-01-02`}}", "2024-03-05"),
        ("{{.t.Before .later}} {{.t.After .later}} {{.t.Equal .t}} {{.t.Compare .later}}", "true false true -1"),
        ("{{.t.IsZero}} {{if .t}}yes{{end}}", "false yes"),
        ("{{.d}} {{.d.Hours}} {{.d.Minutes}} {{.d.Seconds}}", "1h30m15s 1.5041666666666667 90.25 5415"),
        ("{{.d.Milliseconds}} {{.d.Microseconds}}", "5415000 5415000000"),
        ("{{.t.Truncate .d | printf `%s`}}", "2023-11-14 21:25:00 +0000 UTC"),
        ("{{.d.Round (.later.Sub .t)}} {{.d.Truncate (.later.Sub .t)}} {{.d.Abs}}", "1h30m0s 1h30m0s 1h30m15s"),
        ("{{gt .d 5}} {{eq .d .d}} {{if .d}}yes{{end}}", "true true yes"),
        ("{{printf `%d %v %T %T` .d .d .d .t}}", "5415000000000 1h30m15s time.Duration time.Time"),
        ("{{eq .t .t}} {{eq .t .later}}", "true false"),
    ],
)  # fmt: skip
def test_methods(text: str, expected: str) -> None:
    assert Template.parse(text).execute(DATA) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{$t := .t}}{{$t.Nope}}", "can't evaluate field Nope in type time.Time"),
        ("{{$t := .t}}{{$t.unix_ns}}", "can't evaluate field unix_ns in type time.Time"),
        ("{{.t.Format 1}}", "expected string; found 1"),
        ("{{.t.Add 5}}", "can't handle 5 for arg of type time.Duration"),
        ("{{.t.Sub .d}}", "wrong type for value; expected time.Time; got time.Duration"),
        ("{{lt .t .later}}", "error calling lt: invalid type for comparison"),
    ],
)
def test_errors(text: str, expected: str) -> None:
    with pytest.raises(TemplateError) as caught:
        Template.parse(text).execute(DATA)
    assert str(caught.value).endswith(expected)
